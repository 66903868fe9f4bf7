"""What the pictures of hits look like (`evidence.looks`): asked for as they are kept, written once somebody looked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert

from db.tables import capture_files, captures, lead_hits, leads, picture_looks, picture_smalls
from db.walls import in_sight
from records import Look

#: Notes of pictures that could not be looked at, as against those in which there is nothing to see.
BROKEN = ("missing", "unreadable", "too large", "its decoder broke off")

_SEEN = text(
    "update picture_looks set coarse = cast(cast(:coarse as bit(64)) as bigint), fine = cast(:fine as bit(512)),"
    " note = :note, looked_at = :at where sha256 = :sha256"
)


def ask(conn: Connection, names: Sequence[str]) -> None:
    """Has these files looked at; those that were looked at before are left alone."""
    if names:
        rows = [{"sha256": name} for name in sorted(set(names))]
        conn.execute(insert(picture_looks).on_conflict_do_nothing(), rows)


def due(conn: Connection, *, limit: int) -> list[str]:
    """Files that nobody has looked at."""
    waiting = select(picture_looks.c.sha256).where(picture_looks.c.looked_at.is_(None))
    return list(conn.execute(waiting.order_by(picture_looks.c.sha256).limit(limit)).scalars())


def keep(conn: Connection, seen: Mapping[str, Look], at: datetime) -> None:
    """Writes what was seen of each file (sha256); of one that was purged meanwhile nothing."""
    for sha256, look in sorted(seen.items()):
        facts = {"coarse": _bits(look.coarse, 64), "fine": _bits(look.fine, 512), "note": look.note, "at": at}
        changed = conn.execute(_SEEN, {**facts, "sha256": sha256})
        if look.small and changed.rowcount:
            small = insert(picture_smalls).values(sha256=sha256, body=look.small)
            conn.execute(small.on_conflict_do_nothing())


def small_of(conn: Connection, lead_id: int, capture_file_id: int) -> bytes | None:
    """The small copy of a picture, when it belongs to a hit of that very lead; None otherwise."""
    return conn.execute(
        select(picture_smalls.c.body)
        .join(capture_files, capture_files.c.sha256 == picture_smalls.c.sha256)
        .join(captures, captures.c.id == capture_files.c.capture_id)
        .join(lead_hits, lead_hits.c.listing_id == captures.c.listing_id)
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(capture_files.c.id == capture_file_id, leads.c.id == lead_id, in_sight(conn))
    ).scalar()


def firsts(conn: Connection, listing_ids: Sequence[int]) -> dict[int, int]:
    """Listing → the row in capture_files of its first picture that has a small copy, of its newest capture."""
    statement = (
        select(captures.c.listing_id, capture_files.c.id)
        .ext(distinct_on(captures.c.listing_id))
        .join(capture_files, capture_files.c.capture_id == captures.c.id)
        .join(picture_smalls, picture_smalls.c.sha256 == capture_files.c.sha256)
        .where(captures.c.listing_id.in_(list(listing_ids)), capture_files.c.role == text("'picture'"))
        .order_by(captures.c.listing_id, captures.c.captured_at.desc(), capture_files.c.position)
    )
    return {row.listing_id: row.id for row in conn.execute(statement)}


def unseen(conn: Connection, lead_id: int) -> int:
    """Pictures of the lead's hits that nobody has looked at yet, or could not: of these 举一反三 knows nothing."""
    statement = (
        select(func.count(picture_looks.c.sha256.distinct()))
        .join(capture_files, capture_files.c.sha256 == picture_looks.c.sha256)
        .join(captures, captures.c.id == capture_files.c.capture_id)
        .join(lead_hits, lead_hits.c.listing_id == captures.c.listing_id)
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(leads.c.id == lead_id, in_sight(conn), capture_files.c.role == text("'picture'"))
        .where(or_(picture_looks.c.looked_at.is_(None), picture_looks.c.note.in_(BROKEN)))
    )
    return int(conn.execute(statement).scalar_one())


def _bits(number: int | None, length: int) -> str | None:
    """As PostgreSQL reads them."""
    return None if number is None else f"{number:0{length}b}"
