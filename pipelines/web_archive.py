"""Listings out of a web archive (WARC 1.0 and 1.1, ISO 28500, plain or gzip): record after record, none trusted.

warcio reads a record; where one begins and ends is found here, because a broken one must not take the rest with it.
"""

import mmap
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from crawler import Definition, canonical, definitions, detect_encoding, read_any, read_unknown, recognise
from pipelines.bulk_files import ImportRefused, Row
from records import Listing, Page

#: `--platform`: pages of sites that no definition knows are read by the general reader.
AUTO = "auto"
#: Bytes of one record, of its head, and of one body once unpacked.
_RECORD, _HEAD, _BODY = 64 << 20, 64 << 10, 10 << 20
#: Bytes that one gzip member may unpack to, and how many times its own length from so many bytes on.
_MEMBER, _RATIO, _SMALL = 8 << 30, 300, 64 << 20
_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b\x08"
_START = re.compile(rb"(?:\A|\n)WARC/[01]\.\d{1,2}\r?\n")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
#: What follows a record: two empty lines, and then the next one or nothing.
_BETWEEN = re.compile(rb"(?:\r?\n){2,}(?=WARC/|\Z)|\s{0,4}\Z")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
#: Content-Encoding → zlib's window bits, in the order tried: deflate comes with a header and without.
_WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
_PAGES = ("text/html", "application/xhtml+xml", "application/json", "text/json", "text/javascript",
          "application/javascript", "application/x-javascript", "text/plain")  # fmt: skip


def is_archive(path: Path) -> bool:
    """True for the names that web archives have."""
    return path.name.lower().endswith((".warc", ".warc.gz"))


def archive_rows(path: Path, platform: str) -> Iterator[Row]:
    """A row for every listing in every page, and one that says why for every record that gave none.

    What is no page (pictures, styles, requests, notes of the archiver) is passed over. `platform`: AUTO, or the key of
    the only platform that is wanted; empty for all that have a definition. Raises ImportRefused.
    """
    known = definitions()
    if platform and platform != AUTO and platform not in known:
        raise ImportRefused(f"--platform {platform}：没有这个平台的定义；网页存档可用 auto")
    number = 0
    try:
        for given in _records(path):
            number += 1
            yield from [_bad(number, given)] if isinstance(given, str) else _read(number, given, known, platform)
    except OSError as error:
        raise ImportRefused(f"{path.name}：{error.strerror or type(error).__name__}") from error
    if not number:
        raise ImportRefused(f"{path.name}：不是 WARC 网页存档，或是空的")


# --- from bytes to records --------------------------------------------------------------------------------------------


def _records(path: Path) -> Iterator[bytes | str]:
    """Every record whole, or one Chinese sentence in place of what is broken."""
    with path.open("rb") as file:
        if not file.read(1):
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            if raw[:3] != _GZIP:
                yield from _split(raw)
                return
            for member in _members(raw):
                if isinstance(member, str):
                    yield member
                    continue
                with member, mmap.mmap(member.fileno(), 0, access=mmap.ACCESS_READ) as unpacked:
                    yield from _split(unpacked)


def _split(data: mmap.mmap) -> Iterator[bytes | str]:
    at = _start(data, 0)
    if at < 0 or at > 4:  # a few line ends do no harm
        yield "不是 WARC 记录的字节，已跳过"
    while at >= 0:
        end, broken = _extent(data, at)
        if broken:
            yield broken
        elif end - at <= _RECORD:
            yield data[at:end]
        # behind a record that is whole stands the next; inside one that lies about its length it may stand anywhere
        between = None if broken and end < 0 else _BETWEEN.match(data, end)
        at = _start(data, at + 5) if between is None else between.end() if between.end() < len(data) else -1


def _start(data: mmap.mmap, at: int) -> int:
    found = _START.search(data, at)
    return -1 if found is None else found.start() + (data[found.start()] == 0x0A)


def _extent(data: mmap.mmap, at: int) -> tuple[int, str]:
    """Where the record at `at` ends (-1: nobody knows), and what is wrong with it."""
    head = _END_OF_HEAD.search(data, at, min(len(data), at + _HEAD))
    length = _LENGTH.search(data, at, head.start()) if head else None
    if head is None or length is None:
        return -1, "记录头没有结束，或没有写明长度"
    end = head.end() + int(length[1])
    if end > len(data) or _BETWEEN.match(data, end) is None:
        return -1, "记录的长度与所写不符，或文件被截断"
    return end, f"记录有 {end - at} 字节，过大" if end - at > _RECORD else ""


def _members(raw: mmap.mmap) -> Iterator[IO[bytes] | str]:
    """Every gzip member unpacked into a file of its own; behind a broken one the search goes on."""
    at = 0
    while 0 <= at < len(raw):
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115  closed by whoever takes it
        end, broken = _unpack(raw, at, unpacked)
        if unpacked.tell():
            unpacked.flush()
            yield unpacked
        else:
            unpacked.close()
        if broken:
            yield broken
            end = _next_member(raw, at + 1)
        at = end
        if at < len(raw) and at >= 0 and raw[at : at + 3] != _GZIP:
            if raw[at:].strip(b"\0"):
                yield "不是 gzip 的字节，已跳过"
            at = _next_member(raw, at)


def _unpack(raw: mmap.mmap, at: int, into: IO[bytes]) -> tuple[int, str]:
    """Writes what the member at `at` holds, as far as it goes; where it ends, and what is wrong with it."""
    unpacking, read = zlib.decompressobj(31), at
    waiting = b""
    try:
        while not unpacking.eof:
            if not waiting:
                waiting = raw[read : read + _CHUNK]
                read += len(waiting)
                if not waiting:
                    return -1, "gzip 被截断"
            into.write(unpacking.decompress(waiting, 16 * _CHUNK))
            waiting = unpacking.unconsumed_tail
            if into.tell() > _MEMBER or (into.tell() > _SMALL and into.tell() > _RATIO * (read - at)):
                into.truncate(into.seek(0))
                return -1, "gzip 解压后过大（压缩炸弹）"
    except zlib.error:
        return -1, "gzip 损坏"
    return read - len(unpacking.unused_data), ""


def _next_member(raw: mmap.mmap, at: int) -> int:
    """The next place where a gzip member with a WARC record in it begins; -1 for none."""
    while (at := raw.find(_GZIP, at)) >= 0:
        try:
            if zlib.decompressobj(31).decompress(raw[at : at + _CHUNK], 5) == b"WARC/":
                return at
        except zlib.error:
            pass  # three bytes that happen to stand there
        at += 1
    return -1


# --- from a record to listings ----------------------------------------------------------------------------------------


def _bad(number: int, why: str) -> Row:
    return Row(line=number, cells=None, problem=why)


def _read(number: int, raw: bytes, known: Mapping[str, Definition], platform: str) -> Iterator[Row]:
    try:
        page = _page(raw)
    except _Unreadable as refused:
        yield _bad(number, str(refused))
        return
    if page is None:
        return
    found, why = _listings(page, known, platform)
    if not found:
        yield _bad(number, f"{why}：{page.final_url[:300]}")
    for listing in found:
        yield Row(line=number, cells=None, listing=listing, page=page)


def _listings(page: Page, known: Mapping[str, Definition], platform: str) -> tuple[list[Listing], str]:
    if page.status >= 300:
        return [], f"应答状态为 {page.status}"
    fitting = [one for one in known.values() if one.allows(page.final_url)]
    if platform not in ("", AUTO):
        fitting = [one for one in fitting if one.key == platform]
        if not fitting:
            return [], f"不属于平台 {platform}"
    for definition in fitting:
        if found := read_any(definition, page):
            return found, ""
    if fitting and platform != AUTO:
        wall = recognise(fitting[0], page)
        return [], wall[1] if wall else "未读出商品"
    if platform != AUTO:
        return [], "没有适用的平台定义（可用 --platform auto）"
    key = "auto_" + re.sub(r"[^a-z0-9]+", "_", (urlsplit(page.final_url).hostname or "").lower()).strip("_")
    return [replace(one, platform=key[:60]) for one in read_unknown(page).listings], "未读出商品"


class _Unreadable(ValueError):
    """A record that holds no page; says why, in Chinese."""


def _page(raw: bytes) -> Page | None:
    """The page of a record; None for what is no page and need not be. Raises _Unreadable."""
    record = _parsed(raw)
    kind, address = record.rec_type, str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
    if kind == "revisit":
        raise _Unreadable(f"只引用另一条记录，没有正文：{address[:300]}")
    if kind not in ("response", "resource"):
        return None
    if not canonical(address):
        raise _Unreadable(f"不是网页地址：{address[:300]}")
    said = record.http_headers
    if kind == "response" and said is None:
        raise _Unreadable(f"不是 HTTP 应答：{address[:300]}")
    stated = (said.get_header("Content-Type") if said else record.content_type) or ""
    media_type, _, parameters = str(stated).partition(";")
    if media_type.strip().lower() not in ("", *_PAGES):
        return None
    body = _body(record, address)
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", parameters, re.IGNORECASE)
    return Page(
        url=address,
        final_url=address,
        status=_status(said, address),
        body=body,
        media_type=media_type.strip().lower() or "text/html",
        headers=tuple((str(name), str(value)) for name, value in said.headers) if said else (),
        encoding=detect_encoding(body, charset[1] if charset else ""),
        fetched_at=_moment(record.rec_headers.get_header("WARC-Date")),
        fetched_by="file",
    )


def _parsed(raw: bytes) -> Any:
    from warcio.archiveiterator import ArchiveIterator  # here and below: nothing else needs it
    from warcio.exceptions import ArchiveLoadFailed
    from warcio.statusandheaders import StatusAndHeadersParserException

    try:
        return next(ArchiveIterator(BytesIO(raw)))
    except (ArchiveLoadFailed, StatusAndHeadersParserException, StopIteration, ValueError, EOFError) as error:
        raise _Unreadable(f"记录读不出（{type(error).__name__}）") from error


def _body(record: Any, address: str) -> bytes:
    """The body, freed of chunks and compression, where it really has them: many archivers keep the header alone."""
    said = record.http_headers
    body: bytes = record.raw_stream.read()
    if said and "chunked" in str(said.get_header("Transfer-Encoding") or "").lower():
        body = _joined(body, address)
    for coding in reversed(str(said.get_header("Content-Encoding") or "").lower().split(",") if said else []):
        body = _inflated(body, coding.strip(), address)
    if len(body) > _BODY:
        raise _Unreadable(f"正文超过 {_BODY >> 20} MB：{address[:300]}")
    return body


def _joined(body: bytes, address: str) -> bytes:
    """The chunks of a body one after another; a body without any as it is."""
    parts: list[bytes] = []
    at = 0
    while size := _CHUNK_SIZE.match(body, at):
        length = int(size[1], 16)
        if not length:
            return b"".join(parts)
        parts.append(body[size.end() : size.end() + length])
        at = size.end() + length + 2  # each ends with a line end
    if not parts:
        return body
    raise _Unreadable(f"分块的正文不完整：{address[:300]}")


def _inflated(body: bytes, coding: str, address: str) -> bytes:
    if coding in ("", "identity") or not body:
        return body
    if coding == "br":
        return _unbrotlied(body, address)
    if coding not in _WINDOWS:
        raise _Unreadable(f"正文以 {coding[:20]} 压缩，不能解开：{address[:300]}")
    for window in _WINDOWS[coding]:
        inflating = zlib.decompressobj(window)
        try:
            inflated = inflating.decompress(body, _BODY + 1)
        except zlib.error:
            continue
        if not inflating.eof and len(inflated) <= _BODY:
            raise _Unreadable(f"压缩的正文不完整：{address[:300]}")
        return inflated
    if coding == "deflate" or body[:3] != _GZIP:  # it had been unpacked before it was kept
        return body
    raise _Unreadable(f"压缩的正文已损坏：{address[:300]}")


def _unbrotlied(body: bytes, address: str) -> bytes:
    import brotli

    inflating = brotli.Decompressor()
    try:
        inflated: bytes = inflating.process(body, output_buffer_limit=_BODY + 1)
    except brotli.error:
        return body  # without a mark of its own: it had been unpacked before it was kept
    if not inflating.is_finished() and len(inflated) <= _BODY:
        raise _Unreadable(f"压缩的正文不完整：{address[:300]}")
    return inflated


def _status(said: Any, address: str) -> int:
    if said is None:
        return 200
    code = str(said.get_statuscode())
    if not re.fullmatch(r"[1-5]\d\d", code, re.ASCII):
        raise _Unreadable(f"应答状态读不出：{address[:300]}")
    return int(code)


def _moment(stated: Any) -> datetime:
    """When the page was had. Raises _Unreadable: evidence without a time is none."""
    try:
        found = datetime.fromisoformat(str(stated or ""))
    except ValueError:
        raise _Unreadable("没有可读的 WARC-Date") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
