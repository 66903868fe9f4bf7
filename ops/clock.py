"""The clock: schedule rows in, planned scans and digests out. It never crawls.

`due` is pure. APScheduler only ticks; what has been done stands in PostgreSQL, unique per schedule and Shanghai
date, so that two clocks, a clock that was killed and a clock that came late all give one scan and one digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from db.schedules import Schedule
from records import SHANGHAI, shanghai


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """One start that is wanted now, or that can no longer be made up for."""

    schedule: Schedule
    #: The Shanghai date that it counts for.
    planned_for: date
    #: True when its window has passed: to be written down as 未运行, not run.
    missed: bool


def due(schedules: Iterable[Schedule], done: set[tuple[int, date]], now: datetime) -> list[Due]:
    """What should have started by `now` and is not in `done` (schedule id, Shanghai date), oldest first.

    Looks back two days: long enough for a weekend without power to show as missed nights on Monday, and short
    enough that a restored backup does not plan a year.
    """
    today = shanghai(now).date()
    found: list[Due] = []
    for schedule in schedules:
        for day in (today - timedelta(days=2), today - timedelta(days=1), today):
            if not schedule.enabled or day.isoweekday() not in schedule.weekdays or (schedule.id, day) in done:
                continue
            start = _start(schedule, day)
            if schedule.since <= start <= now:
                missed = now > start + timedelta(minutes=schedule.late_minutes)
                found.append(Due(schedule=schedule, planned_for=day, missed=missed))
    return sorted(found, key=lambda one: (one.planned_for, one.schedule.at_minute, one.schedule.id))


def next_start(schedules: Iterable[Schedule], now: datetime) -> datetime | None:
    """The next moment at which something starts by itself; None where nothing is enabled."""
    today = shanghai(now).date()
    starts = (
        _start(schedule, today + timedelta(days=ahead))
        for schedule in schedules
        if schedule.enabled
        for ahead in range(8)
        if (today + timedelta(days=ahead)).isoweekday() in schedule.weekdays
    )
    return min((start for start in starts if start > now), default=None)


def minute_of(clock_time: str) -> int:
    """`HH:MM` as minutes after midnight."""
    hours, _, minutes = clock_time.partition(":")
    return int(hours) * 60 + int(minutes)


def _start(schedule: Schedule, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(minutes=schedule.at_minute)
