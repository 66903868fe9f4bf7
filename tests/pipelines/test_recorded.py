"""What a capture wrote of its own making reaches manifest and web archive; judged by warcio and openssl's own sums."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from warcio.archiveiterator import ArchiveIterator

from crawler.circumstances import Course, written_down
from db import campaigns
from db.engine import transaction
from evidence.keys import KeyRing
from pipelines import receive
from pipelines.packaging import Maker, make_package
from records import Capture, CapturedFile, ClockCheck, Exchange, FileRole, Surroundings, Tls
from tests.pipelines.made import NIGHT, captured, listing, one, reception

pytestmark = pytest.mark.db

URL = "https://shop.example/item/1"
PAGE = "<title>象牙 手串</title>".encode("gbk")
DATA = '{"title":"象牙"}'.encode()
AT = NIGHT + timedelta(hours=6)
PLACE = {"host": "h", "os": "o", "commit": "c", "image_digest": "i", "hosts_file_sha256": "s"}


def exchange(url: str, body: bytes | None, *answered: tuple[str, str], **more: Any) -> Exchange:
    facts: dict[str, Any] = {"status": 200, "peer": "203.0.113.7", "asked": (("User-Agent", "xunwang"),)}
    facts |= {"tls": Tls(protocol="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", certificates=("PEM",))}
    return Exchange(url=url, body=body, answered=answered, began=NIGHT, ended=NIGHT, **(facts | more))


EXCHANGES = (
    exchange("https://shop.example/go?b=2&a=1", None, ("Location", URL), status=302, note="浏览器不给出正文"),
    exchange(URL, PAGE, ("Content-Type", "text/html; charset=gbk"), ("Content-Encoding", "gzip"),
             ("Date", "Mon, 23 Nov 2026 12:00:00 GMT"), ("Set-Cookie", "[withheld]")),
    exchange("https://shop.example/api", DATA, ("Content-Type", "text/plain"), ("Connection", "close\nclose"),
             ("X-Odd", "a\r\nInjected: yes"), ("bad name:", "x"), ("X-Chinese", "象牙"),
             client="browser", note="浏览器给出的正文是转成 UTF-8 的文本"),
    exchange("https://shop.example/blocked.js", None, status=0, note="按采集规则未放行", peer=""),
)  # fmt: skip


@pytest.fixture
def maker(engine: Engine, tmp_path: Path) -> Maker:
    desk = reception(engine, tmp_path / "store")
    with transaction(engine) as conn:
        campaigns.seed_districts(conn, [("370481", "滕州市"), ("undecided", "待定")])
    files = (CapturedFile(role=FileRole.PAGE, body=PAGE, media_type="text/html", url=URL),)
    course = Course(
        url="https://shop.example/go?b=2&a=1", final_url=URL, began=NIGHT, ended=NIGHT + timedelta(seconds=3),
        method="页面由浏览器取得；Chromium 156.0.0.1，视口 1366×900", exchanges=EXCHANGES, console=("error: x",),
        surroundings=Surroundings(
            clock=ClockCheck(source="ntp.example", offset_ms=-12, checked_at=NIGHT, note=""),
            machine={"host": "abc", "programs": "xunwang 1.2, scrapy 2.19.0", "resolver": "192.0.2.1"},
        ),
        user_agent="xunwang/1", robots="robots.txt 允许（RFC 9309）", delay=2.5, browser="新建的临时上下文",
    )  # fmt: skip
    made = captured(listing("1", "象牙 手串", description="老料 象牙"))
    assert made.capture is not None
    capture: Capture = replace(
        made.capture, url=URL, method=course.method, files=(*files, *written_down(course, files))
    )
    receive([replace(made, capture=capture)], desk)
    key = KeyRing(tmp_path / "keys").new(AT)
    return Maker(engine=engine, store=desk.store, key=key, by="王芳", unit="网监科", place=PLACE, at=AT)


@pytest.fixture
def package(maker: Maker) -> zipfile.ZipFile:
    lead = one(maker.engine, "select min(id) from leads")
    return zipfile.ZipFile(maker.store.path(make_package(maker, str(lead)).sha256))


def archive(package: zipfile.ZipFile) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(package.read("capture.wacz")))


def test_the_manifest_tells_what_was_recorded(package: zipfile.ZipFile) -> None:
    [told] = json.loads(package.read("manifest.json"))["captures"]
    assert told["source"]["requested_url"] == "https://shop.example/go?b=2&a=1" and told["source"]["final_url"] == URL
    assert told["source"]["redirects"] == [{"url": "https://shop.example/go?b=2&a=1", "status": 302, "to": URL}]
    assert told["source"]["resolver"] == "192.0.2.1"
    assert told["method"]["version"] == "1.2" and told["method"]["scrapy"] == "2.19.0"
    assert told["method"]["user_agent"] == "xunwang/1" and "2500 毫秒" in told["method"]["rate"]
    assert told["time"]["clock_offset"]["offset_ms"] == -12 and told["time"]["clock_offset"]["reliable"] is True
    assert told["time"]["clock_source"] == "ntp.example"
    assert told["time"]["end"]["beijing"].endswith("+08:00")
    assert [each["date"] for each in told["time"]["server_date"]] == ["Mon, 23 Nov 2026 12:00:00 GMT"]
    assert told["environment"]["host"] == "abc" and told["environment"]["clean_profile"] == "新建的临时上下文"
    assert told["environment"]["dns_answer"] == ["shop.example → 203.0.113.7"]
    assert "未采集" in told["environment"]["image_digest"]  # nobody recorded one
    assert told["encoding"]["declared"] == "gbk" and told["flags"]["truncated"] == "无"


def test_the_archive_holds_what_was_said_and_decoded_bodies(package: zipfile.ZipFile) -> None:
    records = []
    for record in ArchiveIterator(io.BytesIO(archive(package).read("archive/data.warc.gz")), check_digests="raise"):
        body = record.content_stream().read()
        uri, kind = record.rec_headers.get_header("WARC-Target-URI"), record.rec_type
        records.append((kind, uri, record.http_headers, body, record.rec_headers))
    answers = {uri: (head, body, about) for kind, uri, head, body, about in records if kind == "response"}
    assert set(answers) == {one.url for one in EXCHANGES if one.status}
    head, body, about = answers[URL]
    assert body == PAGE and head.get_statuscode() == "200"
    assert about.get_header("WARC-IP-Address") == "203.0.113.7"
    assert about.get_header("WARC-Cipher-Suite").startswith("TLSv1.3")
    assert head.get_header("Content-Encoding") is None and head.get_header("X-Archive-Orig-Content-Encoding") == "gzip"
    assert head.get_header("Set-Cookie") == "[withheld]"
    head, body, _ = answers["https://shop.example/api"]
    assert body == DATA and head.get_header("Content-Type") == "text/plain; charset=utf-8"
    assert head.get_header("Injected") is None
    assert [value for name, value in head.headers if name == "X-Odd"] == ["a", "Injected: yes"]
    head, body, _ = answers["https://shop.example/go?b=2&a=1"]
    assert (head.get_statuscode(), head.get_header("Location"), body) == ("302", URL, b"")
    asked = {uri: head for kind, uri, head, *_ in records if kind == "request"}
    assert set(asked) == set(answers)
    assert asked["https://shop.example/go?b=2&a=1"].get_header("Host") == "shop.example"
    assert "blocked.js" not in str([uri for _, uri, *_ in records])


def test_its_index_leads_to_every_answer_and_its_page_is_the_document(package: zipfile.ZipFile) -> None:
    wacz = archive(package)
    warc = wacz.read("archive/data.warc.gz")
    lines = [json.loads(line.split(" ", 2)[2]) for line in wacz.read("indexes/index.cdx").decode().splitlines()]
    assert len(lines) == 3
    for line in lines:
        piece = warc[line["offset"] : line["offset"] + line["length"]]
        first = next(iter(ArchiveIterator(io.BytesIO(piece))))
        assert first.rec_type == "response" and first.rec_headers.get_header("WARC-Target-URI") == line["url"]
        assert line["status"] == first.http_headers.get_statuscode()
    assert [json.loads(line)["url"] for line in wacz.read("pages/pages.jsonl").decode().splitlines()[1:]] == [URL]


def test_warcio_itself_finds_nothing_wrong(package: zipfile.ZipFile, tmp_path: Path) -> None:
    file = tmp_path / "data.warc.gz"
    file.write_bytes(archive(package).read("archive/data.warc.gz"))
    command = [sys.executable, "-c", "from warcio.cli import main; main()", "check", "-v", str(file)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("digest pass") == 8, checked.stdout
    file.write_bytes(gzip.decompress(file.read_bytes()).replace(DATA, DATA[::-1]))
    assert subprocess.run(command, capture_output=True).returncode != 0


def test_equal_captures_make_equal_archives(maker: Maker) -> None:
    lead = str(one(maker.engine, "select min(id) from leads"))
    made = [make_package(maker, lead).sha256 for _ in range(2)]
    both = [zipfile.ZipFile(maker.store.path(name)).read("capture.wacz") for name in made]
    assert hashlib.sha256(both[0]).digest() == hashlib.sha256(both[1]).digest()
