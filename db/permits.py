"""Permits: robots.txt as last answered, rulings on it, and the sessions that people supplied."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db import audit
from db.tables import platform_sessions, queries, robots, robots_rulings, scans
from records import KeptRobots, RobotsRuling, SuppliedSession, shanghai_date

# --- robots.txt -------------------------------------------------------------------------------------------------------


def kept_robots(conn: Connection, origin: str) -> KeptRobots | None:
    """The last answer of an origin; None where it was never asked."""
    row = conn.execute(select(robots).where(robots.c.origin == origin)).first()
    if row is None:
        return None
    return KeptRobots(origin=row.origin, status=row.status, body=row.body, why=row.why, fetched_at=row.fetched_at)


def keep_robots(conn: Connection, kept: KeptRobots) -> None:
    """Put an answer in the place of an older one of its origin."""
    facts = {"status": kept.status, "body": kept.body, "sha256": kept.sha256, "why": kept.why}
    row = upsert(robots).values(origin=kept.origin, fetched_at=kept.fetched_at, **facts)
    newer = facts | {"fetched_at": kept.fetched_at}
    conn.execute(
        row.on_conflict_do_update(
            index_elements=["origin"], set_=newer, where=robots.c.fetched_at <= row.excluded.fetched_at
        )
    )


# --- rulings ----------------------------------------------------------------------------------------------------------


def rule(conn: Connection, ruling: RobotsRuling) -> None:
    """Write a decision on a platform's robots.txt, and its audit row."""
    conn.execute(
        insert(robots_rulings).values(
            platform=ruling.platform,
            allow=ruling.allow,
            ruled_by=ruling.by,
            basis=ruling.basis,
            until=ruling.until,
            ruled_at=ruling.at,
        )
    )
    detail = {"basis": ruling.basis, "until": str(ruling.until or "")}
    action = "robots.allow" if ruling.allow else "robots.obey"
    audit.record(conn, actor=ruling.by, action=action, subject=ruling.platform, detail=detail, at=ruling.at)


def rulings(conn: Connection, platforms: Collection[str] = (), *, before: datetime | None = None) -> list[RobotsRuling]:
    """Every decision, the newest first: on these platforms (else on all), made not after `before`."""
    statement = select(robots_rulings).order_by(robots_rulings.c.id.desc())
    if platforms:
        statement = statement.where(robots_rulings.c.platform.in_(platforms))
    if before is not None:
        statement = statement.where(robots_rulings.c.ruled_at <= before)
    return [
        RobotsRuling(
            platform=row.platform, allow=row.allow, by=row.ruled_by, basis=row.basis, until=row.until, at=row.ruled_at
        )
        for row in conn.execute(statement)
    ]


def in_force(conn: Connection, platforms: Collection[str], at: datetime) -> list[RobotsRuling]:
    """The decisions that lift robots.txt of these platforms (else of all) at that moment, one a platform, sorted."""
    last: dict[str, RobotsRuling] = {}
    for ruling in rulings(conn, platforms, before=at):
        last.setdefault(ruling.platform, ruling)
    on = shanghai_date(at)
    return [ruling for _, ruling in sorted(last.items()) if ruling.holds(on)]


def told(conn: Connection, platforms: Collection[str], at: datetime) -> tuple[tuple[str, str], ...]:
    """Platform and sentence for what people decided that holds for these (else all) at that moment."""
    lifted = [(one.platform, one.sentence) for one in in_force(conn, platforms, at)]
    return *lifted, *((one.platform, f"使用{one.name}") for one in in_use(conn, platforms, at))


# --- sessions ---------------------------------------------------------------------------------------------------------

#: What may be read of a session by whoever shows that it was used: all but its secret.
_OPEN = [column for column in platform_sessions.c if column.name != "sealed"]


def supply(conn: Connection, session: SuppliedSession, sealed: bytes) -> SuppliedSession:
    """Keep a session (its `id` is given here) in place of the platform's older ones, and write its audit row."""
    _withdraw(conn, platform_sessions.c.platform == session.platform, by=session.by, at=session.supplied_at)
    given = conn.execute(
        insert(platform_sessions)
        .values(
            platform=session.platform,
            sealed=sealed,
            approval=session.approval,
            basis=session.basis,
            supplied_by=session.by,
            until=session.until,
            supplied_at=session.supplied_at,
        )
        .returning(platform_sessions)
    ).one()
    detail = {"approval": session.approval, "basis": session.basis, "until": str(session.until), "session": given.id}
    audit.record(
        conn, actor=session.by, action="session.supply", subject=session.platform, detail=detail, at=session.supplied_at
    )
    return _session(given)


def revoke(conn: Connection, session_id: int, *, by: str, at: datetime) -> SuppliedSession | None:
    """Take a session back: its secret is gone, its row stays. None where there is none to be taken back."""
    taken = _withdraw(conn, platform_sessions.c.id == session_id, by=by, at=at)
    for one in taken:
        audit.record(
            conn, actor=by, action="session.revoke", subject=one.platform, detail={"session": session_id}, at=at
        )
    return taken[0] if taken else None


def sessions(conn: Connection, platforms: Collection[str] = ()) -> list[SuppliedSession]:
    """Every session of these platforms (else of all), the newest first; what was revoked too."""
    statement = select(*_OPEN).order_by(platform_sessions.c.id.desc())
    if platforms:
        statement = statement.where(platform_sessions.c.platform.in_(platforms))
    return [_session(row) for row in conn.execute(statement)]


def sealed(conn: Connection, session_id: int) -> bytes:
    """The secret of a session, still encrypted; empty once it was taken back."""
    found = conn.execute(select(platform_sessions.c.sealed).where(platform_sessions.c.id == session_id)).scalar()
    return bytes(found or b"")


def in_use(conn: Connection, platforms: Collection[str], at: datetime) -> list[SuppliedSession]:
    """The sessions that these platforms (else all) were asked with at that moment, one a platform, sorted."""
    last: dict[str, SuppliedSession] = {}
    for one in sessions(conn, platforms):
        if one.supplied_at <= at and (one.revoked_at is None or one.revoked_at > at):
            last.setdefault(one.platform, one)
    on = shanghai_date(at)
    return [one for _, one in sorted(last.items()) if on <= one.until]


def outlived(conn: Connection) -> list[SuppliedSession]:
    """Sessions that a slice began with before they were taken back, its queries not all ended yet; the newest first.

    A slice keeps what it began with. Whether it still lives is told by the lock of its platform.
    """
    slices = (
        select(queries.c.platform, func.min(queries.c.started_at).label("began"))
        .join(scans, scans.c.id == queries.c.scan_id)
        .where(scans.c.finished_at.is_(None))
        .group_by(queries.c.scan_id, queries.c.platform, queries.c.attempt)
        .having(func.count().filter(queries.c.outcome.is_(None)) > 0)
        .subquery()
    )
    kept = slices.c.began.between(platform_sessions.c.supplied_at, platform_sessions.c.revoked_at)
    statement = select(platform_sessions).join(slices, slices.c.platform == platform_sessions.c.platform)
    return [_session(row) for row in conn.execute(statement.where(kept).order_by(platform_sessions.c.id.desc()))]


def _withdraw(conn: Connection, which: Any, *, by: str, at: datetime) -> list[SuppliedSession]:
    taken = conn.execute(
        update(platform_sessions)
        .where(which, platform_sessions.c.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=by, sealed=None)
        .returning(platform_sessions)
    )
    return [_session(row) for row in taken]


def _session(row: Row[Any]) -> SuppliedSession:
    return SuppliedSession(
        id=row.id,
        platform=row.platform,
        approval=row.approval,
        basis=row.basis,
        by=row.supplied_by,
        until=row.until,
        supplied_at=row.supplied_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
