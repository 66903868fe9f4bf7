"""The one clock: every time in the house is aware, kept in UTC and shown in Asia/Shanghai."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

#: What a room takes when it needs the time, so that a test can hand it another.
Now = Callable[[], datetime]


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def shanghai(moment: datetime) -> datetime:
    """The same moment on a clock in China. Refuses naive datetimes."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place here")
    return moment.astimezone(SHANGHAI)


def shanghai_date(moment: datetime) -> date:
    """The calendar day in China that `moment` falls on: nights, leads and reports are counted by it."""
    return shanghai(moment).date()
