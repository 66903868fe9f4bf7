"""Rows of what was captured, and of what is still to be captured. The files are in the store before these rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from db import looks
from db.tables import capture_files, captures, captures_due, evidence_files, listings
from records import FileRole


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKept:
    """One file of a capture, already in the store."""

    #: page, dom, screenshot, picture.
    role: str
    sha256: str
    #: In bytes.
    size: int
    media_type: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureKept:
    """One capture whose files are all in the store."""

    listing_id: int
    #: Of the listing as captured.
    fingerprint: str
    url: str
    captured_at: datetime
    method: str
    gaps: tuple[str, ...]
    files: tuple[FileKept, ...]
    #: The attended extraction that it was made in; None for a patrol's.
    extraction_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureDue:
    """A hit that was stored without its page having been captured."""

    listing_id: int
    platform: str
    item_id: str
    url: str
    reason: str
    due_since: datetime


def keep_captures(conn: Connection, kept: Sequence[CaptureKept], at: datetime) -> int:
    """Writes the captures that are not there yet and takes their listings off the list of what is due.

    One capture stands for each state (fingerprint) of a listing: the first one; it is never replaced. Returns how
    many are new.
    """
    new = 0
    for capture in sorted(kept, key=lambda one: one.listing_id):
        new += _keep(conn, capture, at) is not None
    ids = [capture.listing_id for capture in kept]
    conn.execute(delete(captures_due).where(captures_due.c.listing_id.in_(ids)))
    return new


def keep_attended(conn: Connection, kept: CaptureKept, at: datetime, *, extraction_id: int) -> int:
    """Writes the capture of an attended extraction beside whatever a patrol kept of the same state; its id."""
    # a second one of the same state in the same extraction is told by its time
    mark = f"{kept.fingerprint}:{kept.captured_at.isoformat()}"
    capture_id = _keep(conn, replace(kept, fingerprint=mark, extraction_id=extraction_id), at)
    if capture_id is None:
        raise AssertionError("two captures of one extraction at the same moment")
    return capture_id


def mark_due(conn: Connection, hits: Sequence[tuple[int, str]], *, reason: str, at: datetime) -> None:
    """Asks for a capture of those listings (id, fingerprint) that have none in this state."""
    conn.execute(
        text(
            "insert into captures_due (listing_id, reason, due_since) "
            "select wanted.id, :reason, :at "
            "from unnest(cast(:ids as bigint[]), cast(:fingerprints as text[])) as wanted (id, fingerprint) "
            "where not exists (select from captures c"
            "  where c.listing_id = wanted.id and c.fingerprint = wanted.fingerprint) "
            "order by wanted.id on conflict do nothing"
        ),
        {"ids": [one for one, _ in hits], "fingerprints": [one for _, one in hits], "reason": reason, "at": at},
    )


def due(conn: Connection, platform: str, *, limit: int) -> list[CaptureDue]:
    """What is to be captured on that platform, the longest waiting first."""
    statement = (
        select(captures_due, listings.c.platform, listings.c.item_id, listings.c.url)
        .join(listings, listings.c.id == captures_due.c.listing_id)
        .where(listings.c.platform == platform)
        .order_by(captures_due.c.due_since, captures_due.c.listing_id)
        .limit(limit)
    )
    return [CaptureDue(**row._mapping) for row in conn.execute(statement)]


def known_files(conn: Connection, names: Iterable[str]) -> set[str]:
    """Those of the sha256 names that a row refers to: what `Store.sweep` asks."""
    statement = text("select sha256 from evidence_files where sha256 = any(cast(:names as text[]))")
    return set(conn.execute(statement, {"names": list(names)}).scalars())


def total_size(conn: Connection) -> int:
    """Bytes of every file that a row refers to."""
    return int(conn.execute(select(func.coalesce(func.sum(evidence_files.c.size), 0))).scalar_one())


def all_files(conn: Connection) -> list[str]:
    """Every sha256 name that a row refers to."""
    return list(conn.execute(select(evidence_files.c.sha256).order_by(evidence_files.c.sha256)).scalars())


def latest_files(conn: Connection, limit: int) -> list[str]:
    """Names of the files that were stored last, the latest first."""
    statement = select(evidence_files.c.sha256).order_by(evidence_files.c.stored_at.desc()).limit(limit)
    return list(conn.execute(statement).scalars())


def _keep(conn: Connection, capture: CaptureKept, at: datetime) -> int | None:
    """Id of the new capture; None where that state has one."""
    head = insert(captures).values(
        listing_id=capture.listing_id,
        fingerprint=capture.fingerprint,
        url=capture.url,
        captured_at=capture.captured_at,
        method=capture.method,
        gaps=list(capture.gaps),
        extraction_id=capture.extraction_id,
    )
    capture_id = conn.execute(head.on_conflict_do_nothing().returning(captures.c.id)).scalar_one_or_none()
    if capture_id is None:
        return None
    files = sorted({file.sha256: file for file in capture.files}.values(), key=lambda file: file.sha256)
    if files:
        rows = [
            {"sha256": file.sha256, "size": file.size, "media_type": file.media_type, "stored_at": at} for file in files
        ]
        conn.execute(insert(evidence_files).on_conflict_do_nothing(), rows)
        members = [
            {"capture_id": capture_id, "position": position, "role": f.role, "sha256": f.sha256, "url": f.url}
            for position, f in enumerate(capture.files)
        ]
        conn.execute(insert(capture_files), members)
        looks.ask(conn, [file.sha256 for file in files if file.role == FileRole.PICTURE])
    return int(capture_id)
