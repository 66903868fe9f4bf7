"""What a night's asking may cost on one platform, and when it may be done at all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from records.clock import shanghai
from records.scan import Outcome

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)[-–]([01]\d|2[0-4]):([0-5]\d)")
_DAY = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What was asked of a platform."""

    #: Everything sent: navigations, data, robots.txt and static parts of pages.
    requests: int = 0
    #: List pages and item pages.
    pages: int = 0
    #: Time that patrols took, waiting included.
    seconds: float = 0.0
    #: Bodies as they arrived.
    bytes: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})

    def __neg__(self) -> "Spent":
        return Spent(**{one.name: -getattr(self, one.name) for one in fields(self)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What one Shanghai date may cost on one platform. 0: no limit."""

    requests: int = 0
    pages: int = 0
    minutes: int = 0
    megabytes: int = 0

    def stricter(self, own: Iterable[tuple[str, int]]) -> "Budget":
        """This budget with every limit of `own` that is lower."""
        least = {name: _least(getattr(self, name), limit) for name, limit in own}
        return Budget(**{one.name: least.get(one.name, getattr(self, one.name)) for one in fields(self)})

    def used_up(self, spent: Spent) -> str:
        """Which limit allows no more after `spent`, one Chinese sentence; empty while all of them do."""
        limits = (
            ("请求", self.requests, spent.requests, "次"),
            ("页面", self.pages, spent.pages, "页"),
            ("时间", self.minutes, spent.seconds / 60, "分钟"),
            ("流量", self.megabytes, spent.bytes / 1024**2, "MB"),
        )
        return "；".join(
            f"该平台当日的{name}额度 {limit} {unit}已用完" for name, limit, used, unit in limits if 0 < limit <= used
        )


def _least(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


@dataclass(frozen=True, slots=True)
class Hours:
    """Allowed hours of a day in Beijing time, `HH:MM-HH:MM`, over midnight where the end is not after the start."""

    #: As written; empty: at any time.
    written: str = ""

    def __post_init__(self) -> None:
        if self.written and not self._span():
            raise ValueError(f"时段应写作 00:00-06:00（北京时间，起止不同），现为“{self.written}”")

    def allow(self, moment: datetime) -> bool:
        """True where the platform may be asked at `moment`; the end itself lies outside."""
        span = self._span()
        if not span:
            return True
        start, end = span
        local = shanghai(moment)
        minute = local.hour * 60 + local.minute
        return start <= minute < end if start < end else minute >= start or minute < end

    def _span(self) -> tuple[int, int] | None:
        found = _HOURS.fullmatch(self.written)
        if not found:
            return None
        hour, minute, to_hour, to_minute = map(int, found.groups())
        start, end = hour * 60 + minute, to_hour * 60 + to_minute
        return (start, end) if start != end and end <= _DAY else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Why nothing more may be asked of a platform now."""

    outcome: Outcome
    #: One Chinese sentence.
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Halt:
    """The kill switch, thrown: who stopped all crawling, when and why."""

    by: str
    why: str
    at: datetime

    @property
    def sentence(self) -> str:
        """As people read it."""
        return f"全部采集已叫停（{self.by}，{shanghai(self.at):%m-%d %H:%M}）：{self.why}"
