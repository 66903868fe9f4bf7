"""What the selects above the queue offer, with how many leads each choice would show."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.desk import Desk
from console.wording import LEVELS
from db.queue import ANYWHERE, LOCAL, Facets, QueueFilter
from records import LeadState


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One line of a select."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One select: name of its URL parameter, its label, its lines."""

    name: str
    label: str
    options: tuple[Option, ...]


def choices(desk: Desk, wanted: QueueFilter, facets: Facets) -> tuple[Choice, ...]:
    """The five selects. What is chosen stays in its list even when nothing is left there."""
    everything = {"": "全部"}
    districts = {LOCAL: "本市与待定", ANYWHERE: "全部"}
    states = {state.value: facets.states.get(state.value, 0) for state in LeadState}
    return (
        _choice("state", "状态", wanted.state.value, {}, states),
        _choice("platform", "平台", wanted.platform, everything, facets.platforms, desk.platforms),
        _choice("category", "类别", wanted.category, everything, facets.categories, desk.categories),
        _choice("district", "区划", wanted.district, districts, facets.districts),
        _choice("level", "级别", wanted.level, everything, facets.levels, LEVELS),
    )


def _choice(
    name: str,
    label: str,
    chosen: str,
    wide: Mapping[str, str],
    counts: Mapping[str, int],
    names: Mapping[str, str] | None = None,
) -> Choice:
    lines = dict(wide)
    for value, count in {**counts, **({} if chosen in wide else {chosen: counts.get(chosen, 0)})}.items():
        if value:
            lines[value] = f"{(names or {}).get(value, value)} {count}"
    return Choice(
        name=name,
        label=label,
        options=tuple(Option(value=value, text=text, chosen=value == chosen) for value, text in lines.items()),
    )
