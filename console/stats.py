"""统计分析: hits and leads of some days as charts, each beside the table of which it is drawn, and as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from starlette.responses import HTMLResponse, Response

from console.access import FiguresReader, TheDesk
from console.accounts import Visitor
from console.choices import Choice, Option
from console.desk import Desk
from console.language import N_, _, word
from console.rendering import page
from console.views import Day, Word
from console.wording import LEVELS, grouped
from db import exports
from db.figures import LOCAL, Answer, Figures, Wanted, figures
from db.nights import Night, nights
from db.statistics import Period
from db.walls import transaction_as
from records import Labels, LeadState, Level, shanghai_date
from reports import By, precision, write_figures

routes = APIRouter(prefix="/stats")

#: Days that are shown where the address names none, and the most that it may name.
USUAL, MOST = 30, 366
#: What one may choose with one click: days up to today.
SPANS = (7, 30, 90, 365)
#: Lines of a chart: more than these become unreadable, and the table has them all.
MOST_DRAWN = 25

_STATES = tuple(state for state in LeadState if state is not LeadState.MERGED)
_FILES: Mapping[str, tuple[str, str]] = {
    "xlsx": (N_("统计分析.xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (N_("统计分析.csv"), "text/csv; charset=utf-8"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The filter as the address gave it."""

    #: None where it named none.
    first: date | None
    last: date | None
    platform: str
    category: str
    district: str
    level: str
    state: str

    def wanted(self, today: date) -> Wanted:
        """With the days that it left open: up to today, and USUAL of them."""
        last = self.last or today
        first = self.first or last - timedelta(days=USUAL - 1)
        return Wanted(
            period=Period(first=first, last=last),
            platform=self.platform,
            category=self.category,
            district=self.district,
            level=self.level,
            state=self.state,
        )


def asked(
    first: Annotated[Day, Query(alias="from")] = None,
    last: Annotated[Day, Query(alias="to")] = None,
    platform: Word = "",
    category: Word = "",
    district: Word = "",
    level: Word = "",
    state: Word = "",
) -> Asked:
    """The filter of the address; 400 for a state or level that there is not."""
    if (state and state not in _STATES) or level not in ("", Level.HIGH, Level.REVIEW):
        raise HTTPException(400)
    kept = [text.replace("\x00", "") for text in (platform, category, district)]
    return Asked(first=first, last=last, platform=kept[0], category=kept[1], district=kept[2], level=level, state=state)


TheQuestion = Annotated[Asked, Depends(asked)]


@routes.get("")
def show(request: Request, desk: TheDesk, visitor: FiguresReader, question: TheQuestion) -> Response:
    """The charts and their tables; what cannot be counted is said in place of them."""
    today = shanghai_date(desk.now())
    wanted = question.wanted(today)
    refusal = _refusal(wanted)
    context: dict[str, Any] = {
        "wanted": wanted,
        "query": lambda **more: _query(wanted, **more),
        "spans": [(days, today - timedelta(days=days - 1), today) for days in SPANS],
        "refusal": refusal,
        "told": None,
        "Answer": Answer,
        "answers": tuple(Answer),
        "levels": (Level.HIGH.value, Level.REVIEW.value),
        "precision": precision,
        "MOST_DRAWN": MOST_DRAWN,
    }
    if not refusal:
        told, seen, as_of = _read(desk, visitor, wanted, today)
        if told.too_many:
            context["refusal"] = _("所选日期内的疑似信息或线索超过 20 万条，没有统计。请缩短日期。")
        else:
            context |= {"told": told, "nights": seen, "as_of": as_of, "dark": [one for one in seen if not one.seen]}
    context["choices"] = _choices(desk, wanted, context["told"])
    return HTMLResponse(page(request, "stats.html", context), status_code=400 if refusal else 200)


@routes.get("/export")
def export(
    desk: TheDesk,
    visitor: FiguresReader,
    question: TheQuestion,
    kind: Annotated[Literal["xlsx", "csv"], Query()] = "xlsx",
    by: Annotated[By, Query()] = "day",
) -> Response:
    """The same figures as a file. They name nobody, so nothing is masked and nobody is asked why."""
    today = shanghai_date(desk.now())
    wanted = question.wanted(today)
    if _refusal(wanted):
        raise HTTPException(400)
    told, seen, as_of = _read(desk, visitor, wanted, today)
    if told.too_many:
        raise HTTPException(400)
    name, media_type = _FILES[kind]
    labels = Labels(platforms=desk.platforms, categories=desk.categories)
    with TemporaryDirectory(prefix="xunwang-") as folder:
        path = Path(folder) / f"figures.{kind}"
        write_figures(path, kind, by, told, seen, wanted, labels=labels, as_of=as_of)
        body = path.read_bytes()
    stem, _dot, ending = name.partition(".")
    days = f"{wanted.period.first:%Y%m%d}-{wanted.period.last:%Y%m%d}"
    disposition = f"attachment; filename=\"figures.{ending}\"; filename*=UTF-8''{quote(f'{stem}-{days}.{ending}')}"
    return Response(body, media_type=media_type, headers={"Content-Disposition": disposition})


def _read(desk: Desk, visitor: Visitor, wanted: Wanted, today: date) -> tuple[Figures, list[Night], Any]:
    """Everything of one moment, and that moment."""
    first, last = wanted.period.first, wanted.period.last
    assert first is not None and last is not None
    with transaction_as(desk.engine, visitor.user, snapshot=True) as conn:
        told = figures(conn, wanted)
        return told, nights(conn, first, last, today=today, platform=wanted.platform), exports.moment(conn)


def _refusal(wanted: Wanted) -> str:
    """Why these days cannot be counted; empty where they can."""
    first, last = wanted.period.first, wanted.period.last
    assert first is not None and last is not None
    if last < first:
        return _("开始日期在结束日期之后，没有统计。")
    if (last - first).days >= MOST:
        return _("一次最多统计 %(days)s 天，没有统计。请缩短日期。", days=MOST)
    return ""


def _query(wanted: Wanted, **changes: object) -> str:
    """The address of this filter with some of it changed."""
    values = {
        "from": wanted.period.first,
        "to": wanted.period.last,
        "platform": wanted.platform,
        "category": wanted.category,
        "district": wanted.district,
        "level": wanted.level,
        "state": wanted.state,
        **changes,
    }
    return urlencode({key: value for key, value in values.items() if value not in ("", None)})


def _choices(desk: Desk, wanted: Wanted, told: Figures | None) -> Sequence[Choice]:
    """The five selects with the hits that each choice would show; what is chosen stays, even where nothing is left.

    Without `told` nothing was counted, or only some of it: then only what is chosen stays, without a number.
    """
    every = {"": _("全部")}
    fields: tuple[tuple[str, str, dict[str, str], Mapping[str, str]], ...] = (
        ("platform", _("平台"), every, desk.platforms),
        ("category", _("类别"), every, desk.categories),
        ("district", _("区划"), {**every, LOCAL: _("本市与待定")}, {}),
        ("level", _("级别"), every, LEVELS),
        ("state", _("状态"), every, {}),
    )
    return [_choice(name, label, wide, names, wanted, told) for name, label, wide, names in fields]


def _choice(
    name: str, label: str, wide: dict[str, str], names: Mapping[str, str], wanted: Wanted, told: Figures | None
) -> Choice:
    chosen, counts = getattr(wanted, name), dict(told.facets[name]) if told else {}
    if chosen and chosen not in wide:
        counts.setdefault(chosen, 0)
    lines = dict(wide)
    for value, count in counts.items():
        if value:
            lines[value] = (
                f"{word(names.get(value, value))} {grouped(count)}" if told else word(names.get(value, value))
            )
    return Choice(
        name=name,
        label=label,
        options=tuple(Option(value=value, text=text, chosen=value == chosen) for value, text in lines.items()),
    )
