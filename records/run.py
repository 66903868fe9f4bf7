"""How a platform fared in a night: what was counted, what deviates, what was not seen."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self

from records.measures import Measures
from records.scan import Outcome

#: Key under which the planted listing of a night passes as a platform. No definition of this key is ever asked.
CANARY = "canary"
#: Fields of a card whose coverage is watched, as people read them.
FIELD_LABELS: Mapping[str, str] = {"price": "价格", "seller": "卖家", "pictures": "图片", "place": "所在地"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one platform gave in one run, all queries together."""

    queries: int = 0
    #: Queries that ended at a wall.
    walled: int = 0
    pages: int = 0
    cards: int = 0
    new: int = 0
    measures: Measures = field(default_factory=Measures)

    def to_data(self) -> dict[str, Any]:
        """JSON-safe; `from_data` reads it back."""
        counts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "measures"}
        return counts | {"measures": self.measures.to_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Figures as they were stored."""
        counts = {f.name: int(data.get(f.name, 0)) for f in fields(cls) if f.name != "measures"}
        return cls(**counts, measures=Measures.from_data(data.get("measures", {})))


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A number that is not as it was: 偏离."""

    #: items, new, title, price, seller, pictures, place, repeated or walled.
    key: str
    #: Which number went from what to what, in Chinese.
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """对照词: what an ordinary word gave on a platform that had nothing for the words of the trade."""

    word: str
    outcome: Outcome
    #: Cards on the first page.
    cards: int = 0
    note: str = ""
    requests: int = 0

    @property
    def works(self) -> bool:
        """True where the platform's search answers."""
        return self.cards > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseen:
    """Queries of one platform that ended alike without the platform having been wholly seen."""

    platform: str
    outcome: Outcome
    queries: int
    #: The note that most of them carry.
    why: str

    @property
    def told(self) -> str:
        """Without the note, which may quote a page."""
        return f"{self.queries} 个检索任务{self.outcome.label}"


def unseen(ends: Iterable[tuple[str, Outcome | None, str]]) -> tuple[Unseen, ...]:
    """What was not seen and why, from platform, outcome and note of every query; most queries first."""
    notes: dict[tuple[str, Outcome], Counter[str]] = {}
    for platform, outcome, note in ends:
        if outcome is not None and not outcome.healthy:
            notes.setdefault((platform, outcome), Counter())[note] += 1
    found = [
        Unseen(platform=platform, outcome=outcome, queries=counted.total(), why=counted.most_common(1)[0][0])
        for (platform, outcome), counted in notes.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.platform, -one.queries, one.outcome)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """覆盖说明: what a scan saw, and what it did not see and why."""

    planned: int
    #: Queries in which the platform was really seen.
    seen: int
    #: Of these, those for which the platform had nothing.
    empty: int
    unseen: tuple[Unseen, ...] = ()
    #: Queries that have not ended.
    open: int = 0
    #: Platform and what deviated there.
    findings: tuple[tuple[str, Finding], ...] = ()
    #: Listings of which only the card was read.
    card_only: int = 0
    #: Platform and what people decided about asking it: robots.txt lifted, a session supplied.
    permits: tuple[tuple[str, str], ...] = ()
    #: Platform and what came of reading own pages again, with how many that were due were not read.
    visits: tuple[tuple[str, str], ...] = ()
    #: Words that were not asked because the platform had nothing, or nothing new, for them lately.
    resting: int = 0
    #: Lists that were left where only known items remained.
    left_early: int = 0
    #: Of these, the one that waits longest: the Shanghai date on which it was read to its end. None where none was.
    left_since: date | None = None
    #: Region ("" for everywhere) → queries planned and seen there; empty where everything was asked everywhere.
    regions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    #: Platforms that cannot be narrowed down to a region, where others of the scan were.
    unnarrowed: tuple[str, ...] = ()
    #: None where no canary was planned.
    canary: bool | None = None
    #: Why it did not become a lead.
    canary_note: str = ""

    def lines(self, name: Callable[[str], str] = str, *, quoting: bool = True) -> list[str]:
        """In Chinese, one fact a line. `name`: platform key → name. `quoting` False leaves out what pages said."""
        lost = self.planned - self.seen - self.open
        told = [f"计划 {self.planned} 个检索任务，看到 {self.seen} 个，没有看到 {lost} 个"]
        told += [f"还有 {self.open} 个检索任务没有结束"] if self.open else []
        told += [self._by_region()] if self.regions else []
        if self.unnarrowed:
            told.append(f"{'、'.join(map(name, self.unnarrowed))}不能按地区筛选，只检索了全国")
        told += [f"{name(x.platform)}：{x.told}" + (f"：{x.why}" if quoting and x.why else "") for x in self.unseen]
        told += [f"{name(platform)}：{finding.sentence}" for platform, finding in self.findings]
        told += [f"{name(platform)}：{sentence}" for platform, sentence in (*self.permits, *self.visits)]
        if self.canary is not None:
            told.append(
                "金丝雀：已形成线索"
                if self.canary
                else f"金丝雀：没有形成线索，本次研判结果不可信（{self.canary_note}）"
            )
        if self.empty:
            told.append(f"{self.empty} 个检索任务平台无结果：确无此物还是被屏蔽，能分辨的已写在各自的说明里")
        if self.card_only:
            told.append(f"{self.card_only} 条商品信息仅见卡片，没有读详情页")
        if self.left_early:
            since = f"（其中最久的一个 {self.left_since} 通读过）" if self.left_since else ""
            told.append(f"{self.left_early} 个列表读到只剩已知商品处为止，其后的改动和下架本次未看{since}")
        if self.resting:
            told.append(f"{self.resting} 个词近日没有结果或没有新结果，本次轮休未问")
        return told

    def _by_region(self) -> str:
        parts = [
            f"{region or '全国'}计划 {planned} 个、看到 {seen} 个" for region, (planned, seen) in self.regions.items()
        ]
        return f"先本市后全国：{'；'.join(parts)}"
