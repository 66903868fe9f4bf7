"""A filter of the queue as an address, and back."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from console.language import N_
from db.queue import ANYWHERE, LOCAL, QueueFilter
from records import SHANGHAI, LeadState, shanghai

Word = Annotated[str, Query(max_length=80)]
#: An empty field of a form says nothing.
_Blank = BeforeValidator(lambda given: given if given != "" else None)
Day = Annotated[Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))] | None, _Blank]
Price = Annotated[Annotated[Decimal, Field(ge=0, le=10**13, decimal_places=2)] | None, _Blank]
Score = Annotated[Annotated[int, Field(ge=0, le=1000)] | None, _Blank]
Number = Annotated[Annotated[int, Field(ge=1, le=2**62)] | None, _Blank]

#: One of db.queue.SORTS.
Sort = Literal["", "new", "hits"]
#: The orders as people read them.
SORT_NAMES = {"": N_("最重的在前"), "new": N_("新发现的在前"), "hits": N_("条数多的在前")}


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A filter and the address that brings it back."""

    wanted: QueueFilter

    def query(self, **changes: object) -> str:
        """URL parameters of this filter with some of them changed; defaults are left out."""
        values = {**self.parameters, **changes}
        return urlencode({key: value for key, value in values.items() if value not in ("", None)})

    @property
    def parameters(self) -> dict[str, object]:
        """Every URL parameter with its value; empty ones filter nothing."""
        wanted = self.wanted
        return {
            "state": "" if wanted.state is LeadState.CANDIDATE else wanted.state.value,
            "platform": wanted.platform,
            "category": wanted.category,
            "district": wanted.district,
            "level": wanted.level,
            **self.more,
            "q": wanted.text,
            "sort": wanted.sort,
        }

    @property
    def more(self) -> dict[str, object]:
        """The parameters that stand behind 更多."""
        wanted = self.wanted
        return {
            "min": wanted.min_score or "",
            "price_from": "" if wanted.min_price is None else wanted.min_price,
            "price_to": "" if wanted.max_price is None else wanted.max_price,
            "from": _day(wanted.since),
            "to": _day(wanted.until and wanted.until - timedelta(days=1)),
            "by": wanted.screened_by or "",
        }

    @property
    def narrowed(self) -> bool:
        """True where more than state and district limit the list."""
        parameters = self.parameters
        return any(parameters[key] not in ("", None) for key in parameters if key not in ("state", "district", "sort"))

    @property
    def narrowed_more(self) -> bool:
        """True where something behind 更多 limits the list."""
        return any(value not in ("", None) for value in self.more.values())


def view_of(
    state: LeadState = LeadState.CANDIDATE,
    platform: Word = "",
    category: Word = "",
    district: Word = LOCAL,
    level: Word = "",
    q: Word = "",
    sort: Sort = "",
    least: Annotated[Score, Query(alias="min")] = None,
    price_from: Price = None,
    price_to: Price = None,
    first_day: Annotated[Day, Query(alias="from")] = None,
    last_day: Annotated[Day, Query(alias="to")] = None,
    by: Number = None,
) -> View:
    """The filter that the URL carries."""
    return View(
        wanted=QueueFilter(
            state=state,
            platform=platform,
            category=category,
            district=district,
            level=level,
            min_score=least or 0,
            min_price=price_from,
            max_price=price_to,
            since=begin_of(first_day),
            until=begin_of(last_day and last_day + timedelta(days=1)),
            screened_by=by,
            text=q.replace("\x00", "").strip(),
            sort=sort,
        )
    )


TheView = Annotated[View, Depends(view_of)]


def midnight(moment: datetime) -> datetime:
    """The beginning of the day in China on which `moment` falls."""
    return shanghai(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def everything() -> View:
    """Candidates of every district, in the queue's own order."""
    return View(wanted=QueueFilter(district=ANYWHERE))


def begin_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), SHANGHAI)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{shanghai(moment):%Y-%m-%d}"
