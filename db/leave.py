"""Leave to ask: what a date has cost on a platform, counted for all workers, and the kill switch."""

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select, text, update

from db import audit
from db.tables import halts
from records import Halt, Spent

_ADD = text(
    """
    insert into spending (platform, "on", requests, pages, seconds, bytes)
    values (:platform, :on, :requests, :pages, :seconds, :bytes)
    on conflict (platform, "on") do update
       set requests = spending.requests + excluded.requests, pages = spending.pages + excluded.pages,
           seconds = spending.seconds + excluded.seconds, bytes = spending.bytes + excluded.bytes
    returning requests, pages, seconds, bytes
    """
)


def add(conn: Connection, platform: str, on: date, spent: Spent) -> Spent:
    """Count what was spent on a platform on a Shanghai date; all that was spent on it that date.

    Nobody else can count for that platform and date until the transaction ends.
    """
    return Spent(**conn.execute(_ADD, {"platform": platform, "on": on, **asdict(spent)}).mappings().one())


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


def _alone(conn: Connection) -> None:
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("xunwang halt", 0))))
