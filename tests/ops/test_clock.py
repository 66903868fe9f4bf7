"""What is due, told by a pure function: fake nights, time zones, clocks that jump."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.schedules import Schedule
from ops.clock import due, minute_of, next_start
from records import SHANGHAI

NIGHTLY = Schedule(
    id=1, name="夜间监测", job="scan", at_minute=minute_of("02:00"), options={}, since=datetime(2026, 11, 1, tzinfo=UTC)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def done_until(day: date) -> set[tuple[int, date]]:
    return {(1, day - timedelta(days=back)) for back in range(5)}


@pytest.mark.parametrize(
    ("now", "done", "expected"),
    [
        ("2026-11-23 01:59:59", date(2026, 11, 22), []),  # a moment too early
        ("2026-11-23 02:00:00", date(2026, 11, 22), [(date(2026, 11, 23), False)]),
        ("2026-11-23 02:00:00", date(2026, 11, 23), []),  # already planned: by this clock or another
        ("2026-11-23 07:59:00", date(2026, 11, 22), [(date(2026, 11, 23), False)]),  # late, made up for
        ("2026-11-23 08:01:00", date(2026, 11, 22), [(date(2026, 11, 23), True)]),  # too late: written down as missed
        ("2026-11-23 03:00:00", date(2026, 11, 21), [(date(2026, 11, 22), True), (date(2026, 11, 23), False)]),
    ],
)
def test_due(now: str, done: date, expected: list[tuple[date, bool]]) -> None:
    found = due([NIGHTLY], done_until(done), at(now))
    assert [(one.planned_for, one.missed) for one in found] == expected


def test_a_schedule_made_this_afternoon_missed_nothing() -> None:
    fresh = Schedule(id=1, name="x", job="scan", at_minute=120, options={}, since=at("2026-11-23 15:00"))
    assert due([fresh], set(), at("2026-11-23 15:01")) == []
    assert [one.planned_for for one in due([fresh], set(), at("2026-11-24 02:01"))] == [date(2026, 11, 24)]


def test_weekdays_and_switch() -> None:
    mondays = Schedule(id=1, name="x", job="scan", at_minute=120, weekdays=(1,), options={})
    assert [d.planned_for for d in due([mondays], set(), at("2026-11-24 02:30"))] == [date(2026, 11, 23)]
    off = Schedule(id=1, name="x", job="scan", at_minute=120, options={}, enabled=False)
    assert due([off], set(), at("2026-11-24 02:30")) == []


@given(st.lists(st.integers(0, 90), min_size=1, max_size=400))
def test_one_start_a_shanghai_date_whatever_the_clock_does(jumps: list[int]) -> None:
    """A clock that ticks at random moments, jumps back an hour now and then, and shares its memory: no night twice."""
    moment = at("2026-11-20 00:00").astimezone(UTC)
    done: set[tuple[int, date]] = set(done_until(date(2026, 11, 19)))
    started: list[date] = []
    for number, minutes in enumerate(jumps):
        moment += timedelta(minutes=minutes if number % 7 else -60)
        for one in due([NIGHTLY], done, moment):
            done.add((1, one.planned_for))
            started.append(one.planned_for)
    assert len(started) == len(set(started))


def test_next_start_is_in_the_future() -> None:
    assert next_start([NIGHTLY], at("2026-11-23 02:00")) == at("2026-11-24 02:00")
    assert next_start([], at("2026-11-23 02:00")) is None
