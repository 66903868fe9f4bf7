"""`capture.wacz` (WACZ 1.1.1): the captured files as a web archive that players and archives read by themselves.

The store holds bodies as the clients received them, decoded, without the head of their answers. So they are `resource`
records, which claim nothing more; a `response` would have to make up a status line. A `metadata` record beside each
page says how it was captured and what is missing. Everything in it follows from what it is given: same captures, same
bytes.
"""

import hashlib
import json
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO, Final
from urllib.parse import urlsplit

from warcio.warcwriter import WARCWriter

from evidence.manifest import canonical
from evidence.plain_zip import PlainZip

#: Version of the WACZ specification that this keeps to.
WACZ: Final = "1.1.1"
WARC: Final = "archive/data.warc.gz"
_INDEX: Final = "indexes/index.cdx"
_PAGES: Final = "pages/pages.jsonl"
_BLOCK: Final = 1 << 20
#: Record ids follow from contents; this is where those of ours begin.
_SPACE: Final = uuid.UUID("6d1a3c52-6f2e-5d0c-9c53-0b7d0f1e5a11")


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One body that a capture received."""

    url: str
    media_type: str
    #: Where it lies, and what it must be there.
    path: Path
    sha256: str
    #: In bytes.
    size: int


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
    """Writes the whole file. Bodies pass through in blocks; the archive itself waits in a temporary file."""
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
            with one.path.open("rb") as body:
                head = _Head(kind="resource", url=one.url, at=visit.at, media_type=one.media_type, sha256=one.sha256)
                identity = _record(writer, (head, body, one.size))
            lines.append(_line(visit, one, start, warc.tell() - start))
            if number == 0:
                told = _small("metadata", visit.url, visit.at, "application/json", canonical(visit.told))
                _record(writer, told, refers_to=identity)
    return lines


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    kind: str
    url: str
    at: datetime
    media_type: str
    sha256: str

    @property
    def moment(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def identity(self) -> str:
        return f"<urn:uuid:{uuid.uuid5(_SPACE, f'{self.kind} {self.url} {self.moment} {self.sha256}')}>"


def _small(kind: str, url: str, at: datetime, media_type: str, body: bytes) -> tuple[_Head, IO[bytes], int]:
    head = _Head(kind=kind, url=url, at=at, media_type=media_type, sha256=hashlib.sha256(body).hexdigest())
    return head, BytesIO(body), len(body)


def _record(writer: Any, given: tuple[_Head, IO[bytes], int], *, refers_to: str = "") -> str:
    """Writes a record from its head, its body and the body's length; returns its id."""
    head, body, size = given
    heads = {
        "WARC-Record-ID": head.identity,
        "WARC-Date": head.moment,
        "WARC-Block-Digest": f"sha256:{head.sha256}",
        "WARC-Payload-Digest": f"sha256:{head.sha256}",
    }
    if refers_to:
        heads["WARC-Refers-To"] = refers_to
    record = writer.create_warc_record(
        head.url,
        head.kind,
        payload=body,
        length=size,
        warc_content_type=head.media_type,
        warc_headers_dict=heads,
    )
    writer.write_record(record)
    return head.identity


def _line(visit: Visit, one: Received, offset: int, length: int) -> str:
    told = {
        "url": one.url,
        "digest": f"sha256:{one.sha256}",
        "mime": one.media_type,
        "offset": offset,
        "length": length,
        "filename": WARC.rpartition("/")[2],
    }
    stamp = visit.at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
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
