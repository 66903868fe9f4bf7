"""Leave to ask: what a date has cost on a platform, the platform's next moment, for all workers; the kill switch.

Asked over the lease of the platform, in one statement a request: as transactions of their own over other connections
these questions cost more than the reading of a page.
"""

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from db import audit
from db.locks import Lease
from db.tables import halts
from records import Halt, Spent

_COUNTED = """
    counted as (
        insert into spending (platform, "on", requests, pages, seconds, bytes)
        values (%(platform)s, %(on)s, %(requests)s, %(pages)s, %(seconds)s, %(bytes)s)
        on conflict (platform, "on") do update
           set requests = spending.requests + excluded.requests, pages = spending.pages + excluded.pages,
               seconds = spending.seconds + excluded.seconds, bytes = spending.bytes + excluded.bytes
        returning requests, pages, seconds, bytes),
    halted as (select halted_by, why, halted_at from halts where lifted_at is null limit 1)
"""
_RESERVED = """
    reserved as (
        insert into pacing (platform, next_at)
        values (%(platform)s, clock_timestamp() + %(delay)s * interval '1 second')
        on conflict (platform) do update
           set next_at = greatest(pacing.next_at, clock_timestamp()) + %(delay)s * interval '1 second'
        returning extract(epoch from next_at - %(delay)s * interval '1 second' - clock_timestamp()))
"""
_COUNT = f"with {_COUNTED} select * from counted left join halted on true"  # noqa: S608 - words of our own
_TAKE = f"with {_COUNTED}, {_RESERVED} select * from counted cross join reserved left join halted on true"  # noqa: S608


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What was found as a turn was taken."""

    #: All that was spent on the platform that date, this turn included.
    total: Spent
    #: Seconds until the moment just reserved (0 or more).
    wait: float
    #: Who stopped all crawling, while it is stopped.
    halt: Halt | None


def take(lease: Lease, platform: str, on: date, spent: Spent, *, delay: float) -> Taken:
    """Count what was and is to be spent on a platform on a Shanghai date, and reserve its next moment.

    `delay` is the time in seconds that the platform rests after that moment.
    """
    *counted, wait, by, why, at = lease.ask(_TAKE, _given(platform, on, spent) | {"delay": float(delay)})
    return Taken(total=_spent(counted), wait=max(0.0, float(wait)), halt=Halt(by=by, why=why, at=at) if at else None)


def count(lease: Lease, platform: str, on: date, spent: Spent) -> tuple[Spent, Halt | None]:
    """Count what was spent on a platform on a Shanghai date; all that was spent on it that date, and who stopped all
    crawling, while it is stopped."""
    *counted, by, why, at = lease.ask(_COUNT, _given(platform, on, spent))
    return _spent(counted), Halt(by=by, why=why, at=at) if at else None


def halted(conn: Connection) -> Halt | None:
    """Who stopped all crawling, while it is stopped."""
    found = conn.execute(
        select(halts.c.halted_by, halts.c.why, halts.c.halted_at).where(halts.c.lifted_at.is_(None)).limit(1)
    ).one_or_none()
    return Halt(by=found.halted_by, why=found.why, at=found.halted_at) if found else None


def halt(conn: Connection, *, by: str, why: str, at: datetime) -> bool:
    """Stop all crawling, and write it into the audit; False where it is stopped already."""
    _alone(conn)
    if halted(conn):
        return False
    conn.execute(insert(halts).values(halted_by=by, why=why, halted_at=at))
    audit.record(conn, actor=by, action="crawl.halt", subject="crawl", detail={"why": why}, at=at)
    return True


def lift(conn: Connection, *, by: str, why: str, at: datetime) -> bool:
    """Let crawling go on, and write it into the audit; False where it was not stopped."""
    _alone(conn)
    lifted = conn.execute(update(halts).where(halts.c.lifted_at.is_(None)).values(lifted_at=at)).rowcount
    if lifted:
        audit.record(conn, actor=by, action="crawl.resume", subject="crawl", detail={"why": why}, at=at)
    return bool(lifted)


def _given(platform: str, on: date, spent: Spent) -> dict[str, object]:
    return {"platform": platform, "on": on, **asdict(spent)}


def _spent(counted: list[Any]) -> Spent:
    return Spent(**dict(zip((one.name for one in fields(Spent)), counted, strict=True)))


def _alone(conn: Connection) -> None:
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("xunwang halt", 0))))
