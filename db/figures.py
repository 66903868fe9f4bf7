"""Counts for the charts: hits and leads of some days, by day, platform, category and district, in one pass each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Date,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from db.statistics import Period, within
from db.tables import lead_hits, leads, listings
from db.walls import in_sight
from records import CANARY, ELSEWHERE, LeadState, Level, Verdict

#: Hits, and leads, that are counted at most; of more days than that a page asks for fewer.
MOST_COUNTED = 200_000

#: `district` of a filter: the city's own districts, 市本级 and 待定 together.
LOCAL = "local"


class Answer(StrEnum):
    """What people have said of a lead so far: the verdict that stands, or the screening that ended it."""

    TRUE = Verdict.TRUE.value
    FALSE = Verdict.FALSE.value
    DOUBT = Verdict.DOUBT.value
    DISMISSED = LeadState.DISMISSED.value
    OPEN = "未作结论"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Of what the figures are; an empty field filters nothing."""

    #: Both ends set.
    period: Period
    platform: str = ""
    category: str = ""
    #: Name of a district, or LOCAL.
    district: str = ""
    level: str = ""
    #: LeadState value.
    state: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """One day, platform, category or district, or all of them."""

    #: Level value → hits, each listing once.
    hits: Mapping[str, int] = field(default_factory=dict)
    #: Answer value → leads.
    leads: Mapping[str, int] = field(default_factory=dict)

    @property
    def all_hits(self) -> int:
        """Hits of every level."""
        return sum(self.hits.values())

    @property
    def all_leads(self) -> int:
        """Leads, whatever was said of them."""
        return sum(self.leads.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Everything that a page of charts shows."""

    #: day (ISO date), platform, category or district → its value → what was counted of it, the most hits first.
    by: Mapping[str, Mapping[str, Counted]]
    total: Counted
    #: Field of the filter → value → hits that it would show if it were chosen in place of the filter's own.
    facets: Mapping[str, Mapping[str, int]]
    #: True where there was more than MOST_COUNTED: then nothing else here is to be believed.
    too_many: bool

    def of_day(self, day: date) -> Counted:
        """What was counted of one day."""
        return self.by["day"].get(day.isoformat(), Counted())


_BY = ("day", "platform", "category", "district")
_FACETS = ("platform", "category", "district", "level", "state")
#: What the rows of all fields together are called.
_ALL = "all"


def figures(conn: Connection, wanted: Wanted) -> Figures:
    """The figures of the filter, of what the transaction may see.

    A hit is counted on the day on which it was first attached to a lead, under that lead, whichever number it has; a
    lead on the day on which it was first seen. Levels and answers are those of now: a listing that the lexicon no
    longer takes for a hit is none. What was merged counts under the lead that it went into.
    """
    hits = conn.execute(_counts(_cells(_hits(conn, wanted.period)), wanted)).all()
    made = conn.execute(_counts(_cells(_leads(conn, wanted.period)), wanted)).all()
    by: dict[str, dict[str, Counted]] = {}
    for kind in (*_BY, _ALL):
        own = _parts(hits, kind), _parts(made, kind)
        values = sorted({*own[0], *own[1]}, key=lambda one: (-sum(own[0].get(one, {}).values()), one))
        by[kind] = {one: Counted(hits=own[0].get(one, {}), leads=own[1].get(one, {})) for one in values}
    return Figures(
        by={kind: by[kind] for kind in _BY},
        total=by[_ALL].get("", Counted()),
        facets={kind: _facet(hits, kind) for kind in _FACETS},
        too_many=max(_everything(hits), _everything(made)) > MOST_COUNTED,
    )


def _hits(conn: Connection, period: Period) -> Subquery:
    """One row a hit, of MOST_COUNTED and one more at most."""
    other = lead_hits.alias("other")
    before = tuple_(other.c.added_at, other.c.lead_id) < tuple_(lead_hits.c.added_at, lead_hits.c.lead_id)
    again = exists().where(other.c.listing_id == lead_hits.c.listing_id, before)
    both = lead_hits.join(leads, leads.c.id == lead_hits.c.lead_id).join(
        listings, listings.c.id == lead_hits.c.listing_id
    )
    return (
        select(
            _day(lead_hits.c.added_at),
            leads.c.platform,
            listings.c.category,
            leads.c.district,
            listings.c.level,
            leads.c.state,
            listings.c.level.label("part"),
        )
        .select_from(both)
        .where(
            in_sight(conn),
            within(lead_hits.c.added_at, period),
            listings.c.level != Level.NONE.value,
            leads.c.platform != CANARY,
            ~again,
        )
        .limit(MOST_COUNTED + 1)
        .subquery("some")
    )


def _leads(conn: Connection, period: Period) -> Subquery:
    """One row a lead, of MOST_COUNTED and one more at most."""
    dismissed = leads.c.state == LeadState.DISMISSED
    answer = case(
        (leads.c.verdict != "", leads.c.verdict), (dismissed, Answer.DISMISSED.value), else_=Answer.OPEN.value
    )
    return (
        select(
            _day(leads.c.first_seen),
            leads.c.platform,
            leads.c.category,
            leads.c.district,
            leads.c.level,
            leads.c.state,
            answer.label("part"),
        )
        .where(
            in_sight(conn),
            within(leads.c.first_seen, period),
            leads.c.state != LeadState.MERGED,
            leads.c.platform != CANARY,
        )
        .limit(MOST_COUNTED + 1)
        .subquery("some")
    )


def _cells(some: Subquery) -> CTE:
    """Rows that agree in everything as one, with their number: few, however many rows there were."""
    grouped = list(some.c)
    return select(*grouped, func.count().label("n")).group_by(*grouped).cte("cells")


def _counts(cells: CTE, wanted: Wanted) -> Any:
    """Rows of kind, value, part, what the whole filter lets through (n), and what all but its own field does (others).

    The kind `all` has no part in n's filter: its `others` is everything of the period.
    """
    every: list[Select[Any]] = [
        select(
            literal(kind).label("kind"),
            cast(cells.c[kind], Text).label("value"),
            cells.c.part,
            _sum(cells, _own(cells, wanted, kind)),
            func.sum(cells.c.n).label("others"),
        )
        .where(and_(true(), *(_own(cells, wanted, other) for other in _FACETS if other != kind)))
        .group_by(cells.c[kind], cells.c.part)
        for kind in dict.fromkeys((*_BY, *_FACETS))
    ]
    through = and_(*(_own(cells, wanted, kind) for kind in _FACETS))
    every.append(
        select(
            literal(_ALL), literal(""), cells.c.part, _sum(cells, through), func.sum(cells.c.n).label("others")
        ).group_by(cells.c.part)
    )
    return union_all(*every)


def _sum(cells: CTE, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(cells.c.n).filter(condition), 0).label("n")


def _own(cells: CTE, wanted: Wanted, kind: str) -> ColumnElement[bool]:
    """What the filter says of one field."""
    value = getattr(wanted, kind, "")
    if not value:
        return true()
    if kind == "district" and value == LOCAL:
        return cells.c.district != ELSEWHERE
    return cells.c[kind] == value


def _day(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.timezone("Asia/Shanghai", moment), Date).label("day")


def _parts(rows: Any, kind: str) -> dict[str, dict[str, int]]:
    """Value → part → number, of what the whole filter lets through."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.kind == kind and row.n:
            found.setdefault(row.value, {})[row.part] = int(row.n)
    return found


def _facet(rows: Any, kind: str) -> dict[str, int]:
    """Value → number, of what all fields but this one let through; the most first."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.kind == kind:
            counts[row.value] = counts.get(row.value, 0) + int(row.others)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _everything(rows: Any) -> int:
    return sum(int(row.others) for row in rows if row.kind == _ALL)
