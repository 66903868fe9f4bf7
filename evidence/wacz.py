"""`capture.wacz` (WACZ 1.1.1): the captured files as a web archive that players and archives read by themselves.

What a capture wrote down of an exchange becomes a `request` and a `response`, the body decoded as the client received
it: the headers that told of its coding and length are renamed `X-Archive-Orig-…`, since they would be untrue of it now.
Bodies of which nothing was written down are `resource` records, which claim nothing more; a `response` would have to
make up a status line. A `metadata` record beside each page says how it was captured and what is missing. Everything in
it follows from what it is given: same captures, same bytes.
"""

import hashlib
import json
import re
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO, Final
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from evidence.manifest import canonical
from evidence.package import FileAltered
from evidence.plain_zip import PlainZip

#: Version of the WACZ specification that this keeps to.
WACZ: Final = "1.1.1"
WARC: Final = "archive/data.warc.gz"
_INDEX: Final = "indexes/index.cdx"
_PAGES: Final = "pages/pages.jsonl"
_BLOCK: Final = 1 << 20
#: Headers that told how a body came over the wire; it is decoded now.
_OF_THE_WIRE: Final = frozenset(("content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive"))
_PHRASES: Final = {one.value: one.phrase for one in HTTPStatus}
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_NOTHING: Final = hashlib.sha256(b"").hexdigest()
#: Record ids follow from contents; this is where those of ours begin.
_SPACE: Final = uuid.UUID("6d1a3c52-6f2e-5d0c-9c53-0b7d0f1e5a11")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was said around a body, as the capture wrote it down."""

    status: int
    #: Name and value, in order.
    headers: tuple[tuple[str, str], ...]
    method: str
    asked: tuple[tuple[str, str], ...]
    #: Address of the server; empty where nobody told.
    peer: str
    #: Protocol and cipher; empty for none.
    encryption: str
    #: When it was asked for.
    at: datetime
    #: From Content-Type, lower case, without parameters.
    media_type: str
    #: True where the body is a text that the browser turned into UTF-8.
    recoded: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One body that a capture received."""

    url: str
    media_type: str
    #: Where it lies, and what it must be there; None: there was no body, and no sha256.
    path: Path | None
    sha256: str
    #: In bytes.
    size: int
    #: None where nothing was written down of it.
    answer: Answer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One capture as a web archive tells of it: its page first."""

    #: Address and title of the page.
    url: str
    title: str
    at: datetime
    received: tuple[Received, ...]
    #: What is known of how it was made: becomes the metadata record.
    told: dict[str, Any]


def write_wacz(into: BinaryIO, visits: Sequence[Visit], *, software: str) -> None:
    """Writes the whole file. Bodies pass through in blocks; the archive itself waits in a temporary file.

    Raises FileAltered, naming the body that is not what it must be.
    """
    with tempfile.TemporaryFile() as warc:
        lines = _write_warc(warc, visits, software)
        small = {
            _INDEX: "".join(sorted(lines)).encode(),
            _PAGES: "".join(_pages(visits)).encode(),
        }
        resources = [_resource(WARC, _blocks(warc))] + [_resource(path, [body]) for path, body in small.items()]
        package = _json(_datapackage(visits, resources, software))
        small["datapackage.json"] = package
        seal = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}
        small["datapackage-digest.json"] = _json(seal)
        out = PlainZip(into)
        out.write(WARC, resources[0]["bytes"], _blocks(warc))
        for path, body in small.items():
            out.write(path, len(body), [body])
        out.close()


def index_key(url: str) -> str:
    """How the index calls an address: host turned round, then path and query, in lower case."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port else ""
    query = f"?{'&'.join(sorted(parts.query.split('&')))}" if parts.query else ""
    return f"{','.join(reversed(host.split('.')))}{port}){parts.path or '/'}{query}".lower()


def _write_warc(warc: IO[bytes], visits: Sequence[Visit], software: str) -> list[str]:
    """Every record; returns the index lines of those that a player looks for."""
    writer = WARCWriter(warc, gzip=True, warc_version="1.1")
    lines = []
    earliest = min((visit.at for visit in visits), default=datetime(1970, 1, 1, tzinfo=UTC))
    about = {"software": software, "format": "WARC File Format 1.1", "conformsTo": f"WACZ {WACZ}"}
    _record(writer, _small("warcinfo", "", earliest, "application/warc-fields", _fields(about)))
    for visit in visits:
        for number, one in enumerate(visit.received):
            start = warc.tell()
            identity = _write_received(writer, visit, one)
            lines.append(_line(visit, one, start, warc.tell() - start))
            if number == 0:
                told = _small("metadata", visit.url, visit.at, "application/json", canonical(visit.told))
                _record(writer, told, refers_to=identity)
    return lines


def _write_received(writer: Any, visit: Visit, one: Received) -> str:
    """The record of a body, and of the request before it where that is known; the body's record id.

    Raises FileAltered where the body is not what it was: an archive must not vouch for it.
    """
    with one.path.open("rb") if one.path else BytesIO() as body:
        if (found := _digest_of(b"", body)) != (one.sha256 or _NOTHING):
            raise FileAltered(f"{one.sha256}（{one.url}）：现为 {found}")
        body.seek(0)
        if one.answer is None:
            head = _Head(kind="resource", url=one.url, at=visit.at, media_type=one.media_type, sha256=one.sha256)
            return _record(writer, (head, body, one.size))
        told = answer_head(one.answer)
        head = _Head(
            kind="response",
            url=one.url,
            at=one.answer.at,
            media_type="application/http; msgtype=response",
            sha256=one.sha256 or _NOTHING,
            block=_digest_of(told.headers_buff, body),
            more=(("WARC-IP-Address", one.answer.peer), ("WARC-Cipher-Suite", one.answer.encryption)),
        )
        body.seek(0)
        identity = _record(writer, (head, body, one.size), http=told)
    asked = request_head(one.url, one.answer)
    head = _Head(
        kind="request",
        url=one.url,
        at=one.answer.at,
        media_type="application/http; msgtype=request",
        sha256=_NOTHING,
        block=hashlib.sha256(asked.headers_buff).hexdigest(),
        more=(("WARC-Concurrent-To", identity),),
    )
    _record(writer, (head, BytesIO(), 0), http=asked)
    return identity


def answer_head(answer: Answer) -> StatusAndHeaders:
    """The answer's head as the archive has it, on the bytes that follow."""
    headers: list[tuple[str, str]] = []
    for name, value in _lines(answer.headers):
        about_coding = name.lower() in _OF_THE_WIRE
        recoded = answer.recoded and name.lower() == "content-type"
        headers.append((f"X-Archive-Orig-{name}" if about_coding or recoded else name, value))
        if recoded:
            headers.append(("Content-Type", f"{answer.media_type}; charset=utf-8"))
    return _head_of(f"{answer.status} {_PHRASES.get(answer.status, '')}".strip(), "HTTP/1.1", headers)


def request_head(url: str, answer: Answer) -> StatusAndHeaders:
    """The request's head, as far as the client told of it."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = list(_lines(answer.asked))
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", parts.netloc))
    return _head_of(f"{_printed(target)} HTTP/1.1", answer.method, headers)


def _head_of(statusline: str, protocol: str, headers: list[tuple[str, str]]) -> StatusAndHeaders:
    head = StatusAndHeaders(statusline, headers, protocol=protocol)
    head.compute_headers_buffer()
    return head


def _lines(headers: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """One line a value; Chromium gives several of one name in one. No header may begin another."""
    for name, values in headers:
        for value in values.split("\n"):
            if _TOKEN.fullmatch(name):
                yield name, _printed(value)


def _printed(value: str) -> str:
    return "".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in value).strip()


def _digest_of(head: bytes, body: IO[bytes]) -> str:
    digest = hashlib.sha256(head)
    while block := body.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    kind: str
    url: str
    at: datetime
    media_type: str
    #: Of the payload.
    sha256: str
    #: Of head and payload together; empty where there is no head.
    block: str = ""
    #: Further headers of the record; empty values are left out.
    more: tuple[tuple[str, str], ...] = ()

    @property
    def moment(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def identity(self) -> str:
        return f"<urn:uuid:{uuid.uuid5(_SPACE, f'{self.kind} {self.url} {self.moment} {self.sha256}')}>"


def _small(kind: str, url: str, at: datetime, media_type: str, body: bytes) -> tuple[_Head, IO[bytes], int]:
    head = _Head(kind=kind, url=url, at=at, media_type=media_type, sha256=hashlib.sha256(body).hexdigest())
    return head, BytesIO(body), len(body)


def _record(
    writer: Any, given: tuple[_Head, IO[bytes], int], *, refers_to: str = "", http: StatusAndHeaders | None = None
) -> str:
    """Writes a record from its head, its body and the body's length; returns its id."""
    head, body, size = given
    heads = {
        "WARC-Record-ID": head.identity,
        "WARC-Date": head.moment,
        "WARC-Block-Digest": f"sha256:{head.block or head.sha256}",
        "WARC-Payload-Digest": f"sha256:{head.sha256}",
    }
    heads |= {name: value for name, value in (*head.more, ("WARC-Refers-To", refers_to)) if value}
    record = writer.create_warc_record(
        head.url,
        head.kind,
        payload=body,
        length=size,
        warc_content_type=head.media_type,
        warc_headers_dict=heads,
        http_headers=http,
    )
    writer.write_record(record)
    return head.identity


def _line(visit: Visit, one: Received, offset: int, length: int) -> str:
    told = {
        "url": one.url,
        "digest": f"sha256:{one.sha256 or _NOTHING}",
        "mime": one.media_type,
        **({"status": str(one.answer.status)} if one.answer else {}),
        "offset": offset,
        "length": length,
        "filename": WARC.rpartition("/")[2],
    }
    stamp = (one.answer.at if one.answer else visit.at).astimezone(UTC).strftime("%Y%m%d%H%M%S")
    return f"{index_key(one.url)} {stamp} {json.dumps(told, ensure_ascii=False)}\n"


def _pages(visits: Sequence[Visit]) -> Iterator[str]:
    yield json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}) + "\n"
    for visit in visits:
        identity = uuid.uuid5(_SPACE, f"page {visit.url} {visit.at.isoformat()}").hex
        told = {"id": identity, "url": visit.url, "title": visit.title, "ts": _moment(visit.at)}
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _datapackage(visits: Sequence[Visit], resources: list[dict[str, Any]], software: str) -> dict[str, Any]:
    told: dict[str, Any] = {"profile": "data-package", "wacz_version": WACZ, "software": software}
    if visits:
        first = visits[0]
        told |= {"title": first.title, "created": _moment(max(visit.at for visit in visits))}
        told |= {"mainPageUrl": first.url, "mainPageDate": _moment(first.at)}
    return told | {"resources": resources}


def _resource(path: str, blocks: Iterator[bytes] | list[bytes]) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    name = path.rpartition("/")[2]
    return {"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": size}


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(_BLOCK):
        yield block


def _fields(told: dict[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
