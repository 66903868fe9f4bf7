"""Purges as they were begun, gone on with and ended, and the tombstones that they left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from db.tables import holds, purges, tombstones


@dataclass(frozen=True, kw_only=True, slots=True)
class Purge:
    """One purge."""

    id: int
    #: The Shanghai date whose night it is; None: by command.
    for_date: date | None
    begun_at: datetime
    #: None while it is to be gone on with.
    finished_at: datetime | None
    by: str
    #: db.purgeable.Class → subjects that went; of files, and of what the sweep took.
    counts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """What stands where something was."""

    id: int
    purge_id: int
    kind: str
    subject: str
    rule: str
    rows: int
    sha256: str
    detail: Mapping[str, Any]
    at: datetime


def begin(conn: Connection, for_date: date | None, *, by: str, at: datetime) -> Purge | None:
    """The purge of that night, begun now or earlier; None where it has ended. By command (no date): a new one."""
    row = insert(purges).values(for_date=for_date, begun_at=at, begun_by=by)
    conn.execute(row.on_conflict_do_nothing(index_elements=["for_date"]))
    same = purges.c.for_date == for_date if for_date else purges.c.for_date.is_(None)
    found = conn.execute(select(purges).where(same).order_by(purges.c.id.desc()).limit(1)).one()
    return None if found.finished_at else _purge(found)


def count(conn: Connection, purge_id: int, kind: str, added: int) -> None:
    """Adds to what the purge counts, in the transaction of the batch."""
    conn.execute(
        text(
            "update purges set counts = counts || jsonb_build_object(cast(:kind as text),"
            " coalesce(cast(counts->>:kind as bigint), 0) + :added) where id = :id"
        ),
        {"kind": kind, "added": added, "id": purge_id},
    )


def end(conn: Connection, purge_id: int, at: datetime) -> Purge:
    """Ends it; as it stands then."""
    done = update(purges).where(purges.c.id == purge_id).values(finished_at=at).returning(*purges.c)
    return _purge(conn.execute(done).one())


def latest(conn: Connection, limit: int = 1) -> list[Purge]:
    """The newest ones first."""
    return [_purge(row) for row in conn.execute(select(purges).order_by(purges.c.id.desc()).limit(limit))]


def finished(conn: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Class → how many went in purges that ended in (since, until]."""
    rows = conn.execute(select(purges.c.counts).where(purges.c.finished_at > since, purges.c.finished_at <= until))
    sums: dict[str, int] = {}
    for row in rows:
        for kind, number in row.counts.items():
            sums[kind] = sums.get(kind, 0) + int(number)
    return sums


def held(conn: Connection) -> int:
    """How many holds stand."""
    return int(conn.execute(select(func.count()).select_from(holds).where(holds.c.lifted_at.is_(None))).scalar_one())


def stones(conn: Connection, *, limit: int, before: int = 0) -> list[Tombstone]:
    """The newest tombstones first; those before number `before` where it is given."""
    statement = select(tombstones).order_by(tombstones.c.id.desc()).limit(limit)
    if before:
        statement = statement.where(tombstones.c.id < before)
    return [
        Tombstone(
            id=row.id,
            purge_id=row.purge_id,
            kind=row._mapping["class"],
            subject=row.subject,
            rule=row.rule,
            rows=row.rows,
            sha256=row.sha256,
            detail=row.detail,
            at=row.at,
        )
        for row in conn.execute(statement)
    ]


def _purge(row: Row[Any]) -> Purge:
    return Purge(
        id=row.id,
        for_date=row.for_date,
        begun_at=row.begun_at,
        finished_at=row.finished_at,
        by=row.begun_by,
        counts=row.counts,
    )
