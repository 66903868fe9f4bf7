"""Web archives: whatever is broken in one, every whole page gives its listings and every broken record its reason."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import brotli
import pytest
from sqlalchemy import Engine
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler import page_from_file, saved_pages
from pipelines import ImportOrder, ImportRefused, import_listings, survey
from pipelines.web_archive import archive_rows
from tests.pipelines.made import SmallMatcher, one, reception, rows

SITE = "https://shop.example"
CARD = """<li class="item"><a href="/item/{n}.html"><img src="/pic/{n}.jpg"></a>
<a class="title" href="/item/{n}.html">{title} {n}</a><span class="price">￥{price}.00</span></li>"""


def page(first: int, title: str = "象牙手串 老料") -> str:
    """A list page of eight cards."""
    cards = "".join(CARD.format(n=n, title=title, price=100 + n) for n in range(first, first + 8))
    return f"<html><head><title>市场</title></head><body><ul>{cards}</ul></body></html>"


def record(
    body: bytes,
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (("Content-Type", "text/html; charset=utf-8"),),
    kind: str = "response",
    status: str = "200 OK",
) -> bytes:
    """One record as warcio, not our code, writes it."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False)
    http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if kind == "response" else None
    dated = {"WARC-Date": "2026-11-20T01:02:03Z"}
    # with a length warcio needs no scratch file, which it would leave to the garbage collector
    made = writer.create_warc_record(
        url, kind, payload=io.BytesIO(body), length=len(body), http_headers=http, warc_headers_dict=dated
    )
    writer.write_record(made)
    return out.getvalue()


def good(number: int) -> bytes:
    """A record with a page whose items nothing else has."""
    return record(page(number * 100).encode(), f"{SITE}/list?page={number}")


def read(path: Path, content: bytes, platform: str = "auto") -> tuple[list[str], list[str]]:
    """Item addresses and reasons."""
    path.write_bytes(content)
    found = list(archive_rows(path, platform))
    return [r.listing.url for r in found if r.listing], [r.problem for r in found if not r.listing]


def urls(*numbers: int) -> list[str]:
    """The addresses on those pages."""
    return [f"{SITE}/item/{n * 100 + k}.html" for n in numbers for k in range(8)]


def packed(*records: bytes) -> bytes:
    """Every record a gzip member, as archivers write them."""
    return b"".join(map(gzip.compress, records))


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("a.warc", b"".join),
        ("a.warc.gz", lambda records: packed(*records)),
        ("whole.warc.gz", lambda records: gzip.compress(b"".join(records))),
    ],
)
def test_plain_by_record_and_as_one_gzip(tmp_path: Path, name: str, wrap: Callable[[list[bytes]], bytes]) -> None:
    found, reasons = read(tmp_path / name, wrap([good(1), good(2), good(3)]))
    assert (found, reasons) == (urls(1, 2, 3), [])


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        (lambda b: b"%x\r\n" % 100 + b[:100] + b"\r\n" + b"%x;q=1\r\n" % len(b[100:]) + b[100:] + b"\r\n0\r\n\r\n",
         {"Transfer-Encoding": "chunked"}),
        (gzip.compress, {"Content-Encoding": "gzip"}),
        (zlib.compress, {"Content-Encoding": "deflate"}),
        (lambda b: zlib.compress(b)[2:-4], {"Content-Encoding": "deflate"}),
        (brotli.compress, {"Content-Encoding": "br"}),
        (lambda b: b, {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}),
    ],
    ids=["chunked", "gzip", "deflate", "raw deflate", "br", "unpacked before it was kept"],
)  # fmt: skip
def test_bodies_as_they_went_over_the_wire(
    tmp_path: Path, code: Callable[[bytes], bytes], headers: dict[str, str]
) -> None:
    told = [("Content-Type", "text/html; charset=utf-8"), *headers.items()]
    content = record(code(page(100).encode()), f"{SITE}/l", headers=told)
    assert read(tmp_path / "a.warc", content) == (urls(1), [])


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16"])
def test_a_wrong_charset_is_seen_through(tmp_path: Path, encoding: str) -> None:
    title = "象牙手串 收藏"
    content = record(page(100, title).encode(encoding), f"{SITE}/l")  # declared as UTF-8
    (tmp_path / "a.warc").write_bytes(content)
    found = [row.listing.title for row in archive_rows(tmp_path / "a.warc", "auto") if row.listing]
    assert found == [f"{title} {n}" for n in range(100, 108)]


def cut_length(raw: bytes, by: int) -> bytes:
    """The record with another Content-Length in its own head."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    lines = [
        b"Content-Length: %d" % (int(line.split(b":")[1]) + by) if line.lower().startswith(b"content-length") else line
        for line in head.split(b"\r\n")
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + rest


BOMB = record(b"\0" * (80 << 20), f"{SITE}/bomb")
HOSTILE: dict[str, tuple[bytes, str]] = {
    "too short a length": (cut_length(good(9), -7), "长度与所写不符"),
    "too long a length": (cut_length(good(9), 5_000), "长度与所写不符"),
    "a length of a gigabyte": (cut_length(good(9), 1 << 30), "长度与所写不符"),
    "no length": (good(9).replace(b"Content-Length", b"Content-Lenght", 1), "没有写明长度"),
    "a length that is no number": (good(9).replace(b"Content-Length: ", b"Content-Length: x", 1), "没有写明"),
    "an endless head": (b"WARC/1.0\r\nWARC-Type: response\r\nX: " + b"x" * 200_000 + b"\r\n\r\n\r\n\r\n", "没有结束"),
    "a record of 80 MB": (BOMB, "过大"),
    "no HTTP in it": (record(b"shop.example. 60 IN A 192.0.2.1", "dns:shop.example", kind="resource"), "不是网页地址"),
    "a revisit": (record(b"", f"{SITE}/again", kind="revisit"), "只引用另一条记录"),
    "an HTTP head of rubbish": (good(9).replace(b"HTTP/1.1 200 OK", b"\xff\xfe rubbish!!!!!", 1), "读不出"),
    "a status of rubbish": (record(page(900).encode(), f"{SITE}/x", status="2O0 OK"), "状态"),
    "a page that is not there": (record(page(900).encode(), f"{SITE}/x", status="404 Not Found"), "404"),
    "no date": (good(9).replace(b"WARC-Date: 2026", b"WARC-Date: year", 1), "WARC-Date"),
    "a file address": (record(page(900).encode(), "file:///etc/passwd"), "不是网页地址"),
    "chunks that break off": (
        record(b"40\r\n" + page(900).encode()[:64] + b"\r\nzz\r\n", f"{SITE}/x",
               headers=[("Content-Type", "text/html"), ("Transfer-Encoding", "chunked")]), "分块"),
    "gzip that breaks off": (
        record(gzip.compress(page(900).encode())[:-30], f"{SITE}/x",
               headers=[("Content-Type", "text/html"), ("Content-Encoding", "gzip")]), "不完整"),
    "a bomb in the body": (
        record(gzip.compress(b" " * (50 << 20)), f"{SITE}/x",
               headers=[("Content-Type", "text/html"), ("Content-Encoding", "gzip")]), "超过 10 MB"),
    "an unknown compression": (
        record(page(900).encode(), f"{SITE}/x", headers=[("Content-Type", "text/html"), ("Content-Encoding", "zork")]),
        "不能解开"),
    "nothing to read": (record("<p>关于我们</p>".encode(), f"{SITE}/about"), "未读出商品"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["warc", "warc.gz"])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_record_has_a_reason_and_takes_nothing_with_it(tmp_path: Path, what: str, kind: str) -> None:
    raw, reason = HOSTILE[what]
    parts = [good(1), raw, good(2), good(3)]
    found, reasons = read(tmp_path / f"a.{kind}", packed(*parts) if kind == "warc.gz" else b"".join(parts))
    assert found == urls(1, 2, 3)
    assert len(reasons) == 1
    assert reason in reasons[0] or "压缩炸弹" in reasons[0]


def damaged(raw: bytes) -> bytes:
    """A gzip member with its middle turned over."""
    member = bytearray(gzip.compress(raw))
    middle = len(member) // 2
    member[middle : middle + 40] = bytes(255 - byte for byte in member[middle : middle + 40])
    return bytes(member)


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        (damaged(good(9)), "gzip 损坏"),
        # what stands behind the cut is read on as if it belonged there: one time in thirty it seems to end first
        (gzip.compress(good(9))[:-40], "gzip "),
        (b"\0garbage between two members\0", "不是 gzip"),
        (b"\x1f\x8b\x08 and no more", "gzip 损坏"),
        (gzip.compress(b"\0" * (100 << 20)), "压缩炸弹"),
    ],
    ids=["damaged", "cut", "garbage", "false start", "bomb"],
)
def test_broken_gzip_between_whole_members(tmp_path: Path, between: bytes, reason: str) -> None:
    found, reasons = read(tmp_path / "a.warc.gz", packed(good(1)) + between + packed(good(2), good(3)))
    assert found == urls(1, 2, 3)
    assert any(reason in one for one in reasons)


@pytest.mark.parametrize("kind", ["warc", "warc.gz"])
def test_a_file_cut_anywhere_keeps_what_stands_before_the_cut(tmp_path: Path, kind: str) -> None:
    parts = [good(1), good(2)]
    whole = packed(*parts) if kind == "warc.gz" else b"".join(parts)
    first = len(packed(parts[0]) if kind == "warc.gz" else parts[0])
    for cut in range(first + 20, len(whole) - 8, len(parts[1]) // 7):
        found, reasons = read(tmp_path / f"a.{kind}", whole[:cut])
        assert found == urls(1)
        assert reasons


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x1f\x8b\x08", b"PK\x03\x04" + b"\0" * 5000])
def test_what_is_no_archive_is_refused_or_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(content)
    try:
        found = list(archive_rows(path, ""))
    except ImportRefused as refused:
        assert "不是 WARC" in str(refused.detail)
    else:
        assert [row.listing for row in found] == [None]


def test_what_is_no_page_is_passed_over_and_a_strange_site_needs_a_word(tmp_path: Path) -> None:
    picture = record(b"\xff\xd8\xff", f"{SITE}/a.jpg", headers=[("Content-Type", "image/jpeg")])
    note = record(b"software: x", "urn:x", kind="warcinfo")
    asked = record(b"GET / HTTP/1.1\r\n\r\n", f"{SITE}/", kind="request")
    path = tmp_path / "a.warc"
    assert read(path, note + asked + picture + good(1)) == (urls(1), [])
    found, reasons = read(path, picture + good(1), platform="")
    assert (found, len(reasons)) == ([], 1)
    assert "没有适用的平台定义" in reasons[0]
    with pytest.raises(ImportRefused):
        list(archive_rows(path, "no_such_platform"))


def test_the_definition_that_fits_the_host_reads_the_page(tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    content = b""
    for saved in saved_pages():
        kept = page_from_file(saved.path, saved.definition)
        meant = [one["item_id"] for one in saved.read()["listings"]]
        if meant and saved.definition.allows(kept.final_url) and kept.final_url not in found:
            found[kept.final_url] = meant
            content += record(kept.body, kept.final_url, headers=[("Content-Type", kept.media_type)])
    assert len(found) > 2
    (tmp_path / "a.warc").write_bytes(content)
    read_back: dict[str, list[str]] = {}
    for row in archive_rows(tmp_path / "a.warc", ""):
        assert row.listing is not None, row.problem
        assert row.page is not None
        read_back.setdefault(row.page.final_url, []).append(row.listing.item_id)
    assert read_back == found


@pytest.mark.db
def test_an_archive_becomes_leads_with_its_own_bytes_as_evidence(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "handed.warc.gz"
    path.write_bytes(packed(good(1), *(HOSTILE[name][0] for name in ("no date", "a revisit")), good(2)))
    order = ImportOrder(platform="auto", basis="调证函1号", batch=5)
    seen = survey(path, SmallMatcher(), order)
    assert (seen.rows, seen.bad, seen.hits) == (18, 2, 16)
    desk = reception(engine, tmp_path / "e")
    done = import_listings(path, desk, order)
    assert (done.rows, done.bad, done.received.new, done.received.hits) == (18, 2, 16, 16)
    assert done.errors is not None
    assert [line.split("\t")[0] for line in done.errors.read_text("utf-8").splitlines()] == ["2", "3"]
    kept = rows(engine, "select distinct sha256 from capture_files")
    assert {name for (name,) in kept} == {_sha(page(n * 100).encode()) for n in (1, 2)}
    assert (
        one(engine, "select count(distinct captured_at) from captures where captured_at = '2026-11-20T01:02:03Z'") == 1
    )
    assert rows(engine, "select distinct platform from listings") == [("auto_shop_example",)]
    again = import_listings(path, desk, order)
    assert (again.received.new, again.bad) == (0, 2)
    assert one(engine, "select count(*) from listings") == 16


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
