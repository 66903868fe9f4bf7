"""Listings handed over as a file (平台数据报送, an archive, an export) go through `receive`, a batch a transaction."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from db import imports
from db.engine import Connection, run
from pipelines.bulk_columns import BadRow, complete, guessed, listing_of
from pipelines.bulk_files import ImportRefused, Row, rows_of
from pipelines.receive import receive
from pipelines.reception import Assessor, Received, Reception
from pipelines.web_archive import archive_rows, is_archive
from records import Capture, CapturedFile, FileRole, Listing, Page, Sighting, Source

_METHOD = "移送的数据行，原样保存，非系统抓取"
_ARCHIVED = "移送的网页存档中的应答，原样保存，非系统抓取"
#: Bytes of pages that a batch may hold.
_HELD = 64 << 20
_GAP = "未经系统访问原页面"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOrder:
    """How to read a file, and on what grounds it came."""

    #: Platform of rows that name none.
    platform: str = ""
    source: Source = Source.ASSIGNED
    #: Our name → the file's column, where the names of the columns do not tell.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: The letter or legal basis under which the data came, for the audit.
    basis: str = ""
    #: Who imports, for the audit.
    by: str = "xunwang"
    #: Rows a transaction.
    batch: int = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What became of a file."""

    received: Received
    #: Rows read, without the header; those of an earlier attempt that broke off included.
    rows: int
    #: Rows that hold no listing.
    bad: int
    #: Where these stand with line number and reason; None where there are none.
    errors: Path | None
    #: Rows that an earlier attempt had stored already.
    resumed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What an import would do."""

    rows: int
    bad: int
    #: Rows that would be hits.
    hits: int
    #: Our name → the file's column.
    columns: Mapping[str, str]
    #: The first listings as read.
    first: tuple[Listing, ...]
    #: The first refused rows: line number and reason.
    refused: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reached:
    """How far an import has come. In the audit as it stands here."""

    rows: int = 0
    bad: int = 0
    #: Length of the error file in bytes; what stands behind it is of a batch that was not stored.
    errors: int = 0
    received: Received = field(default_factory=Received)

    def detail(self) -> dict[str, int]:
        return {"rows": self.rows, "bad": self.bad, "errors": self.errors} | asdict(self.received)


def import_listings(
    path: Path, reception: Reception, order: ImportOrder, told: Callable[[int], None] = lambda _rows: None
) -> Imported:
    """Takes every row of the file through `receive`; running it again doubles nothing.

    How far it came stands in the audit, written in the transaction of each batch: after a crash the same call (same
    bytes, platform and columns) goes on behind the last batch stored. Bad rows go into `<name>.errors.tsv` beside the
    file (line number, reason); the others pass. `told` gets the number of rows done so far. Raises ImportRefused.
    """
    rows, columns = _opened(path, order)
    digest = _digest(path)
    about = {"file": path.name, "sha256": digest, "basis": order.basis, "source": order.source.value}
    about |= {"platform": order.platform, "columns": json.dumps(columns.first, ensure_ascii=False, sort_keys=True)}
    key = hashlib.sha256(f"{digest}\n{order.platform}\n{about['columns']}".encode("utf-8", "surrogatepass")).hexdigest()
    begun = partial(imports.begin, key=key, about=about, by=order.by, at=reception.now())
    found = run(reception.engine, begun, patience=reception.patience)
    work = _Import(path=path, reception=reception, order=order, columns=columns, key=key, digest=digest)
    reached = _stored(found)
    done = work.go_on(rows, reached, told)
    errors = work.errors if done.bad else None
    return Imported(received=done.received, rows=done.rows, bad=done.bad, errors=errors, resumed=reached.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    """How the rows of one file are read."""

    order: ImportOrder
    #: Our name → the file's column, as the first readable row has it.
    first: Mapping[str, str]
    #: True where each row names its own columns (JSONL).
    each: bool

    def listing(self, row: Row) -> Listing:
        """Raises BadRow."""
        if row.listing is not None:
            return row.listing
        if row.problem or row.cells is None:
            raise BadRow(row.problem)
        columns = guessed([str(name) for name in row.cells], self.order.columns) if self.each else self.first
        return listing_of(row.cells, columns, self.order.platform)


def survey(
    path: Path, matcher: Assessor, order: ImportOrder, told: Callable[[int], None] = lambda _rows: None
) -> Survey:
    """Reads and judges the whole file and stores nothing. Raises ImportRefused."""
    rows, columns = _opened(path, order)
    read, hits, bad = 0, 0, 0
    first: list[Listing] = []
    refused: list[tuple[int, str]] = []
    while chunk := _chunk(rows, order.batch):
        good, wrong = _sorted(chunk, columns.listing)
        hits += sum(found.level.is_hit for found in matcher.assess_many(good))
        read, bad = read + len(chunk), bad + len(wrong)
        first, refused = (first + good)[:3], (refused + wrong)[:5]
        told(read)
    return Survey(rows=read, bad=bad, hits=hits, columns=columns.first, first=tuple(first), refused=tuple(refused))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Import:
    """One file on its way in."""

    path: Path
    reception: Reception
    order: ImportOrder
    columns: _Columns
    key: str
    digest: str

    @property
    def errors(self) -> Path:
        """The error file."""
        return self.path.with_name(self.path.name + ".errors.tsv")

    def go_on(self, rows: Iterator[Row], reached: _Reached, told: Callable[[int], None]) -> _Reached:
        """Everything behind `reached`."""
        _cut(self.errors, reached.errors)
        for _ in islice(rows, reached.rows):
            pass
        while chunk := _chunk(rows, self.order.batch):
            reached = self._take(chunk, reached)
            told(reached.rows)
        if reached.rows:
            self._note(reached, end=True)
        return reached

    def _take(self, chunk: list[Row], before: _Reached) -> _Reached:
        at = self.reception.now()
        good, refused = _sorted(chunk, lambda row: self._sighting(row, at))
        length = before.errors + _append(self.errors, refused)
        ahead = replace(before, rows=before.rows + len(chunk), bad=before.bad + len(refused), errors=length)
        whole = False

        def beside(conn: Connection, taken: int, received: Received) -> None:
            nonlocal whole
            whole = taken == len(good)
            if whole:
                done = replace(ahead, received=before.received + received)
                imports.reached(conn, self.key, done.detail(), by=self.order.by, at=at, end=False)

        received = receive(good, self.reception, beside=beside)
        done = replace(ahead, received=before.received + received)
        if not whole:  # in parts, or nothing at all: a crash before this line repeats the batch, which doubles nothing
            self._note(done, end=False)
        return done

    def _note(self, reached: _Reached, *, end: bool) -> None:
        note = partial(
            imports.reached,
            key=self.key,
            progress=reached.detail(),
            by=self.order.by,
            at=self.reception.now(),
            end=end,
        )
        run(self.reception.engine, note, patience=self.reception.patience)

    def _sighting(self, row: Row, at: datetime) -> Sighting:
        listing = self.columns.listing(row)
        page, unit = (row.page, "条记录") if row.page else (_page_of(row, listing.url, at), "行")
        kept = CapturedFile(role=FileRole.PAGE, body=page.body, media_type=page.media_type, url=page.final_url)
        origin = f"{self.path.name} 第 {row.line} {unit}；文件 SHA-256 {self.digest}"
        method = f"{_ARCHIVED if row.page else _METHOD}：{origin}"
        capture = Capture(captured_at=page.fetched_at, url=page.final_url, files=(kept,), method=method, gaps=(_GAP,))
        return Sighting(listing=listing, page=page, capture=capture, source=self.order.source, note=origin)


def _page_of(row: Row, url: str, at: datetime) -> Page:
    """A row of cells as the page that it stands for."""
    body = json.dumps(row.cells, ensure_ascii=True, default=str, sort_keys=True).encode()
    return Page(
        url=url, final_url=url, status=200, body=body, media_type="application/json", fetched_at=at, fetched_by="file"
    )


def _chunk(rows: Iterator[Row], most: int) -> list[Row]:
    """The next rows, fewer where their pages are big."""
    chunk: list[Row] = []
    held = 0
    for row in rows:
        if row.page is not None and (not chunk or chunk[-1].page is not row.page):
            held += len(row.page.body)
        chunk.append(row)
        if len(chunk) == most or held > _HELD:
            break
    return chunk


def _opened(path: Path, order: ImportOrder) -> tuple[Iterator[Row], _Columns]:
    """The rows, and the columns as the first readable row names them."""
    rows = archive_rows(path, order.platform) if is_archive(path) else rows_of(path)
    held: list[Row] = []
    for row in rows:
        held.append(row)
        if row.cells or len(held) == order.batch:
            break
    header = next((list(row.cells) for row in held if row.cells), [])
    columns = guessed([str(name) for name in header], order.columns)
    each = path.suffix.lower() in (".jsonl", ".ndjson")
    if header and not each and not complete(columns):
        raise ImportRefused(f"{path.name}：列名是 {'、'.join(map(str, header))[:300]}")
    return _chained(held, rows), _Columns(order=order, first=columns, each=each)


def _chained(held: list[Row], rows: Iterator[Row]) -> Iterator[Row]:
    yield from held
    yield from rows


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stored(detail: Mapping[str, Any]) -> _Reached:
    counts = {one.name: int(detail.get(one.name, 0)) for one in fields(Received)}
    rows, bad, errors = (int(detail.get(name, 0)) for name in ("rows", "bad", "errors"))
    return _Reached(rows=rows, bad=bad, errors=errors, received=Received(**counts))


def _sorted(chunk: list[Row], read: Callable[[Row], Any]) -> tuple[list[Any], list[tuple[int, str]]]:
    good: list[Any] = []
    bad: list[tuple[int, str]] = []
    for row in chunk:
        try:
            good.append(read(row))
        except BadRow as reason:
            bad.append((row.line, str(reason)))
    return good, bad


def _cut(errors: Path, length: int) -> None:
    if not length:
        errors.unlink(missing_ok=True)
    elif errors.exists() and errors.stat().st_size > length:
        os.truncate(errors, length)


def _append(errors: Path, refused: list[tuple[int, str]]) -> int:
    """Adds refused rows to the error file, on the disk before their batch is; returns the bytes added."""
    if not refused:
        return 0
    body = "".join(f"{line}\t{' '.join(reason.split())}\n" for line, reason in refused).encode("utf-8", "replace")
    with errors.open("ab") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return len(body)
