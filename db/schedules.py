"""What runs every day without a hand: rows of ours, not pickled jobs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert as upsert

from db.tables import digests, scans, schedules

_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """One row: what, when, and how late it may still start."""

    id: int = 0
    name: str
    #: scan or digest.
    job: str
    #: Minutes after midnight, Asia/Shanghai.
    at_minute: int
    #: ISO weekdays, 1 Monday … 7 Sunday.
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    #: Minutes after `at_minute` until which a missed start is made up for.
    late_minutes: int = 360
    #: Platforms and limits of a scan.
    options: dict[str, Any]
    enabled: bool = True
    #: Starts before this moment were never wanted; aware.
    since: datetime = _ALWAYS


def every(conn: Connection) -> list[Schedule]:
    """All schedules by name."""
    return [_schedule(row) for row in conn.execute(select(schedules).order_by(schedules.c.name)).all()]


def save(conn: Connection, schedule: Schedule) -> int:
    """Insert or replace the schedule of that name; its id."""
    values = {
        "name": schedule.name,
        "job": schedule.job,
        "at_minute": schedule.at_minute,
        "weekdays": list(schedule.weekdays),
        "late_minutes": schedule.late_minutes,
        "options": schedule.options,
        "enabled": schedule.enabled,
        "since": schedule.since,
    }
    statement = upsert(schedules).values(values).on_conflict_do_update(index_elements=["name"], set_=values)
    return int(conn.execute(statement.returning(schedules.c.id)).scalar_one())


def done(conn: Connection, since: date) -> set[tuple[int, date]]:
    """(schedule id, Shanghai date) of what has been planned or made since a date; a digest counts for every one."""
    planned = conn.execute(
        select(scans.c.schedule_id, scans.c.planned_for).where(
            scans.c.schedule_id.is_not(None), scans.c.planned_for >= since
        )
    ).all()
    made = conn.execute(select(digests.c.for_date).where(digests.c.for_date >= since)).scalars().all()
    tellers = conn.execute(select(schedules.c.id).where(schedules.c.job == "digest")).scalars().all()
    return {(row.schedule_id, row.planned_for) for row in planned} | {(one, day) for one in tellers for day in made}


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        id=row.id,
        name=row.name,
        job=row.job,
        at_minute=row.at_minute,
        weekdays=tuple(row.weekdays),
        late_minutes=row.late_minutes,
        options=row.options,
        enabled=row.enabled,
        since=row.since,
    )
