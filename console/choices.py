"""What the selects above the queue offer, with how many leads each choice would show."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.desk import Desk
from console.language import _, word
from console.wording import LEVELS, count_text
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


def choices(desk: Desk, wanted: QueueFilter, facets: Facets | None) -> tuple[Choice, ...]:
    """The five selects. What is chosen stays in its list even when nothing is left there.

    Before anything is counted they offer what is chosen, and of states, platforms and categories all there are.
    """
    everything = {"": _("全部")}
    districts = {LOCAL: _("本市与待定"), ANYWHERE: _("全部")}
    counts: dict[str, dict[str, int | None]] = {
        "state": {state.value: facets.states.get(state.value, 0) if facets else None for state in LeadState},
        "platform": {**(facets.platforms if facets else dict.fromkeys(desk.platforms))},
        "category": {**(facets.categories if facets else dict.fromkeys(desk.categories))},
        "district": {**(facets.districts if facets else {})},
        "level": {**(facets.levels if facets else {})},
    }
    for name, chosen in (("category", wanted.category), ("platform", wanted.platform), ("level", wanted.level)):
        counts[name].setdefault(chosen, 0 if facets else None)
    if wanted.district not in districts:
        counts["district"].setdefault(wanted.district, 0 if facets else None)
    return (
        _choice("state", _("状态"), wanted.state.value, {}, counts["state"]),
        _choice("platform", _("平台"), wanted.platform, everything, counts["platform"], desk.platforms),
        _choice("category", _("类别"), wanted.category, everything, counts["category"], desk.categories),
        _choice("district", _("区划"), wanted.district, districts, counts["district"]),
        _choice("level", _("级别"), wanted.level, everything, counts["level"], LEVELS),
    )


def _choice(
    name: str,
    label: str,
    chosen: str,
    wide: Mapping[str, str],
    counts: Mapping[str, int | None],
    names: Mapping[str, str] | None = None,
) -> Choice:
    lines = dict(wide)
    for value, count in counts.items():
        if value:
            shown = word((names or {}).get(value, value))
            lines[value] = shown if count is None else f"{shown} {count_text(count)}"
    return Choice(
        name=name,
        label=label,
        options=tuple(Option(value=value, text=text, chosen=value == chosen) for value, text in lines.items()),
    )
