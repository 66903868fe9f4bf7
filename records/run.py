"""How a platform fared in a night: what was counted, what deviates, what was not seen."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from records.measures import Measures
from records.scan import Outcome

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
