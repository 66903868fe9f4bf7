"""Scans and their queries: planned once, each query ended once."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Row, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db.tables import canaries, queries, runs, scans
from db.turns import turn
from records import CANARY, Measures, Outcome, Query, QueryKind, QueryReport, ScanStatus, night_status, scan_status


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanRow:
    """One scan as lists and digests show it."""

    id: int
    #: The Shanghai date that it is the scan of.
    planned_for: date
    #: nightly, foreground or demo.
    kind: str
    options: dict[str, Any]
    planned_at: datetime
    #: None while a query has not ended.
    finished_at: datetime | None
    #: Derived from the outcomes.
    status: ScanStatus
    #: Outcome value → number of queries; the values add up to the number planned ("" stands for not ended).
    outcomes: dict[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryRow:
    """One query of a scan with its end and its cost."""

    query: Query
    #: None until it has ended.
    outcome: Outcome | None
    note: str
    requests: int
    pages: int
    cards: int
    new: int
    card_only: int
    hits: int
    measures: Measures = field(default_factory=Measures)
    started_at: datetime | None
    finished_at: datetime | None


def plan(
    conn: Connection,
    planned: list[Query],
    *,
    planned_for: date,
    kind: str,
    at: datetime,
    schedule_id: int | None = None,
    options: dict[str, Any] | None = None,
) -> int | None:
    """Write a scan and its queries; its id, or None where the schedule already has a scan for that date."""
    statement = (
        upsert(scans)
        .values(schedule_id=schedule_id, planned_for=planned_for, kind=kind, options=options or {}, planned_at=at)
        .on_conflict_do_nothing(index_elements=["schedule_id", "planned_for"])
        .returning(scans.c.id)
    )
    scan_id = conn.execute(statement).scalar_one_or_none()
    if scan_id is None:
        return None
    add_queries(conn, scan_id, planned)
    return int(scan_id)


def add_queries(conn: Connection, scan_id: int, planned: list[Query]) -> None:
    """Add queries to a scan; those that it already has stay as they are."""
    if planned:
        rows = [
            {"scan_id": scan_id, "platform": q.platform, "kind": q.kind, "text": q.text, "region": q.region}
            for q in planned
        ]
        conn.execute(upsert(queries).on_conflict_do_nothing(), rows)


def unfinished(conn: Connection, scan_id: int, platform: str, *, whole_nights: int = 0) -> list[Query]:
    """The queries of one platform that have not ended, in the order planned.

    `whole_nights`: nights after which a list is read to its end again, whatever is known of it, a third sooner or
    later by its name (`db.turns`); 0 for never.
    """
    rows = conn.execute(
        select(queries)
        .where(queries.c.scan_id == scan_id, queries.c.platform == platform, queries.c.outcome.is_(None))
        .order_by(queries.c.id)
    ).all()
    return [
        _query(row, read_before=_read_before(conn, row) and not (whole_nights and _is_due(conn, row, whole_nights)))
        for row in rows
    ]


def _is_due(conn: Connection, row: Row[Any], nights: int) -> bool:
    """Whether it is this list's turn to be read to its end: changes behind its first pages are seen by that alone."""
    whole = conn.execute(_LAST_WHOLE, {"query": row.id}).scalar()
    name = f"{row.platform}:{row.kind}:{row.region}:{row.text}"
    return whole is None or int(whole) >= turn(crc32(name.encode()), nights)


#: Nights since a query's list was read to its last page; null where it never was.
_LAST_WHOLE = text(
    "select tonight.planned_for - max(scan.planned_for) from queries now"
    " join scans tonight on tonight.id = now.scan_id"
    " join queries was on was.platform = now.platform and was.kind = now.kind and was.text = now.text"
    " and was.region = now.region and was.to_end and was.id <> now.id"
    " join scans scan on scan.id = was.scan_id where now.id = :query group by tonight.planned_for"
)


def _read_before(conn: Connection, row: Row[Any]) -> bool:
    """Whether the last run that began with the same query read it to its end.

    A run that began and never ended (a killed process; an earlier attempt at this very row) counts: what it stored of
    the first pages would look like “known from here on” and hide what it never reached.
    """
    last = conn.execute(
        select(queries.c.outcome)
        .where(
            queries.c.platform == row.platform,
            queries.c.kind == row.kind,
            queries.c.text == row.text,
            queries.c.region == row.region,
            queries.c.started_at.is_not(None),
        )
        .order_by(queries.c.started_at.desc(), queries.c.id.desc())
        .limit(1)
    ).scalar()
    return last in (Outcome.SEARCHED, Outcome.EMPTY)


def begin_slice(conn: Connection, scan_id: int, platform: str) -> int:
    """Start another attempt at a platform's unfinished queries; its number. Older attempts may no longer write."""
    attempt = conn.execute(
        select(func.coalesce(func.max(queries.c.attempt), 0) + 1).where(
            queries.c.scan_id == scan_id, queries.c.platform == platform
        )
    ).scalar_one()
    conn.execute(
        update(queries)
        .where(queries.c.scan_id == scan_id, queries.c.platform == platform, queries.c.outcome.is_(None))
        .values(attempt=attempt)
    )
    return int(attempt)


def started(conn: Connection, query_id: int, at: datetime) -> None:
    """Note when the running attempt began with a query."""
    conn.execute(update(queries).where(queries.c.id == query_id, queries.c.outcome.is_(None)).values(started_at=at))


def ended(conn: Connection, report: QueryReport, *, attempt: int) -> bool:
    """Write the one end of a query; False where another attempt has taken over or it has ended already."""
    done = conn.execute(
        update(queries)
        .where(queries.c.id == report.query.id, queries.c.outcome.is_(None), queries.c.attempt == attempt)
        .values(
            outcome=report.outcome,
            note=report.note,
            requests=report.requests,
            pages=report.pages,
            cards=report.cards,
            new=report.new,
            card_only=report.card_only,
            hits=report.hits,
            to_end=report.to_end,
            measures=report.measures.to_data(),
            started_at=report.started_at,
            finished_at=report.finished_at,
        )
    ).rowcount
    return bool(done == 1)


def in_progress(conn: Connection, scan_id: int, platform: str) -> int | None:
    """The query of a platform that was begun last and has not ended; None where none was begun."""
    return conn.execute(
        select(queries.c.id)
        .where(
            queries.c.scan_id == scan_id,
            queries.c.platform == platform,
            queries.c.outcome.is_(None),
            queries.c.started_at.is_not(None),
        )
        .order_by(queries.c.started_at.desc(), queries.c.id.desc())
        .limit(1)
    ).scalar()


def end_one(conn: Connection, query_id: int, outcome: Outcome, note: str, at: datetime) -> None:
    """End one query from outside, unless it has ended already."""
    conn.execute(
        update(queries)
        .where(queries.c.id == query_id, queries.c.outcome.is_(None))
        .values(outcome=outcome, note=note, finished_at=at)
    )


def jobs_of(conn: Connection, worker_id: int) -> set[int]:
    """Ids of the queue's jobs that count as being done by a worker."""
    held = text("select id from procrastinate_jobs where status = 'doing' and worker_id = :worker")
    return set(conn.execute(held, {"worker": worker_id}).scalars())


def end_rest(conn: Connection, scan_id: int, platform: str, outcome: Outcome, note: str, at: datetime) -> int:
    """Give every query of a platform that has not ended the same outcome; how many there were."""
    return conn.execute(
        update(queries)
        .where(queries.c.scan_id == scan_id, queries.c.platform == platform, queries.c.outcome.is_(None))
        .values(outcome=outcome, note=note, finished_at=at)
    ).rowcount


def left_open(conn: Connection) -> list[int]:
    """Scans that have not ended and have no slice in the queue, oldest first: run by hand, or nobody's."""
    open_ones = select(scans.c.id).where(scans.c.finished_at.is_(None))
    queued = text(
        "select (args->>'scan_id')::bigint from procrastinate_jobs"
        " where task_name = 'slice' and status in ('todo', 'doing') and args ? 'scan_id'"
    )
    waiting = set(conn.execute(queued).scalars())
    return [scan_id for scan_id in sorted(conn.execute(open_ones).scalars()) if scan_id not in waiting]


def hold(conn: Connection, scan_id: int) -> None:
    """One judgement of a scan at a time, until the transaction ends."""
    conn.execute(select(scans.c.id).where(scans.c.id == scan_id).with_for_update())


def options(conn: Connection, scan_id: int) -> dict[str, Any]:
    """What a scan was planned with. Raises NoResultFound where there is none."""
    return dict(conn.execute(select(scans.c.options).where(scans.c.id == scan_id)).scalar_one())


def close_if_done(conn: Connection, scan_id: int, at: datetime) -> bool:
    """Mark a scan finished when its last query has ended; True when it is finished."""
    hold(conn, scan_id)
    left = conn.execute(
        select(func.count()).where(queries.c.scan_id == scan_id, queries.c.outcome.is_(None))
    ).scalar_one()
    if left or _canary_open(conn, scan_id):
        return False
    conn.execute(update(scans).where(scans.c.id == scan_id, scans.c.finished_at.is_(None)).values(finished_at=at))
    return True


def platforms(conn: Connection, scan_id: int, *, unfinished_only: bool = False) -> list[str]:
    """Keys of the platforms of a scan, sorted; `unfinished_only`: with an open query, or not judged; CANARY first."""
    found = select(queries.c.platform).where(queries.c.scan_id == scan_id).distinct().order_by(queries.c.platform)
    if unfinished_only:
        held = and_(runs.c.scan_id == queries.c.scan_id, runs.c.platform == queries.c.platform)
        left = or_(queries.c.outcome.is_(None), runs.c.judged_at.is_(None))
        found = found.select_from(queries.outerjoin(runs, held)).where(left)
    canary = [CANARY] if unfinished_only and _canary_open(conn, scan_id) else []
    return canary + list(conn.execute(found).scalars())


def _canary_open(conn: Connection, scan_id: int) -> bool:
    open_ones = select(func.count()).where(canaries.c.scan_id == scan_id, canaries.c.ended_at.is_(None))
    return bool(conn.execute(open_ones).scalar_one())


def query_rows(conn: Connection, scan_id: int) -> list[QueryRow]:
    """Every query of a scan, by platform, in the order planned."""
    rows = conn.execute(
        select(queries).where(queries.c.scan_id == scan_id).order_by(queries.c.platform, queries.c.id)
    ).all()
    return [_query_row(row) for row in rows]


def latest(conn: Connection, limit: int = 20, *, kind: str | None = None) -> list[ScanRow]:
    """The newest scans first."""
    statement = select(scans.c.id).order_by(scans.c.id.desc()).limit(limit)
    found = conn.execute(statement.where(scans.c.kind == kind) if kind else statement).all()
    return [scan_row(conn, row.id) for row in found]


def scan_row(conn: Connection, scan_id: int) -> ScanRow:
    """One scan with its outcomes counted. Raises NoResultFound where there is none."""
    row = conn.execute(select(scans).where(scans.c.id == scan_id)).one()
    counted = conn.execute(
        select(queries.c.platform, func.coalesce(queries.c.outcome, "").label("outcome"), func.count().label("number"))
        .where(queries.c.scan_id == scan_id)
        .group_by(queries.c.platform, queries.c.outcome)
        .order_by(queries.c.platform, queries.c.outcome)
    ).all()
    outcomes: dict[str, int] = {}
    ends: dict[str, list[Outcome | None]] = {}
    for platform, value, number in counted:
        outcomes[value] = outcomes.get(value, 0) + number
        ends.setdefault(platform, []).append(Outcome(value) if value else None)
    return ScanRow(
        id=row.id,
        planned_for=row.planned_for,
        kind=row.kind,
        options=row.options,
        planned_at=row.planned_at,
        finished_at=row.finished_at,
        status=_status(conn, row, ends),
        outcomes=outcomes,
    )


def _status(conn: Connection, scan: Row[Any], ends: dict[str, list[Outcome | None]]) -> ScanStatus:
    """From the judged runs and the canary; a run without a judgement still goes on, unless its scan is an old one."""
    known = select(runs.c.platform, runs.c.status).where(runs.c.scan_id == scan.id, runs.c.status.is_not(None))
    judged = {platform: ScanStatus(status) for platform, status in conn.execute(known)}
    canary = conn.execute(select(canaries.c.led, canaries.c.ended_at).where(canaries.c.scan_id == scan.id)).first()
    if scan.finished_at is None and (len(judged) < len(ends) or (canary and canary.ended_at is None)):
        return ScanStatus.RUNNING
    platforms = [judged.get(key) or scan_status(outcomes) for key, outcomes in ends.items()]
    return night_status(platforms, canary=canary.led if canary else None)


def _query(row: Row[Any], *, read_before: bool = False) -> Query:
    return Query(
        id=row.id,
        platform=row.platform,
        kind=QueryKind(row.kind),
        text=row.text,
        region=row.region,
        read_before=read_before,
    )


def _query_row(row: Row[Any]) -> QueryRow:
    return QueryRow(
        query=_query(row),
        outcome=Outcome(row.outcome) if row.outcome else None,
        note=row.note,
        requests=row.requests,
        pages=row.pages,
        cards=row.cards,
        new=row.new,
        card_only=row.card_only,
        hits=row.hits,
        measures=Measures.from_data(row.measures),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


__all__ = [
    "QueryRow",
    "ScanRow",
    "add_queries",
    "begin_slice",
    "close_if_done",
    "end_one",
    "end_rest",
    "ended",
    "hold",
    "in_progress",
    "jobs_of",
    "latest",
    "left_open",
    "options",
    "plan",
    "platforms",
    "query_rows",
    "scan_row",
    "started",
    "unfinished",
]
