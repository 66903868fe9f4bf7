"""A platform held against its own last runs: which number is not as it was. Pure."""

from collections.abc import Callable, Collection, Sequence
from statistics import median

from records import FIELD_LABELS, Figures, Finding

#: Runs before which there is nothing to be held against.
ENOUGH_RUNS = 3
#: Fewer cards say nothing about the share of a field, fewer items or new ones nothing about a fall.
_ENOUGH_CARDS = 10
#: Below this share of what is usual a number has fallen.
_FALLEN = 0.5
#: Shares of repeated pages, unread cards and walled queries may rise by so much.
_REPEATED, _UNREAD, _WALLED = 0.3, 0.2, 0.2

Share = Callable[[Figures], float]


def deviations(tonight: Figures, before: Sequence[Figures], may_be_zero: Collection[str] = ()) -> tuple[Finding, ...]:
    """What went from what to what; `before` are the platform's last runs in which nothing deviated.

    `may_be_zero`: keys of what was declared to be zero now and then without anything being wrong.
    """
    found = [_repeated(tonight, before)]
    if len(before) >= ENOUGH_RUNS:
        found += [_items(tonight, before), _new(tonight, before), _unread(tonight, before), _walled(tonight, before)]
        found += [_field(key, tonight, before) for key in FIELD_LABELS]
    return tuple(one for one in found if one is not None and one.key not in may_be_zero)


def share(part: float, whole: float) -> float:
    """0 to 1; 0 where there is no whole."""
    return part / whole if whole else 0.0


def _usual(before: Sequence[Figures], number: Share) -> float:
    return median(number(one) for one in before) if before else 0.0


def _items(tonight: Figures, before: Sequence[Figures]) -> Finding | None:
    usual = _usual(before, lambda one: one.cards)
    fallen = tonight.cards < usual * _FALLEN if usual >= _ENOUGH_CARDS else not tonight.cards and usual >= ENOUGH_RUNS
    return Finding(key="items", sentence=f"读到的商品从平时约 {usual:g} 条降到 {tonight.cards} 条") if fallen else None


def _new(tonight: Figures, before: Sequence[Figures]) -> Finding | None:
    usual = _usual(before, lambda one: one.new)
    if usual < _ENOUGH_CARDS or tonight.new:
        return None
    return Finding(key="new", sentence=f"新增商品从平时约 {usual:g} 条降到 0 条")


def _field(key: str, tonight: Figures, before: Sequence[Figures]) -> Finding | None:
    usual = _usual(before, lambda one: covered(key, one))
    now = covered(key, tonight)
    if tonight.cards < _ENOUGH_CARDS or usual < _FALLEN or now >= usual * _FALLEN:
        return None
    return Finding(key=key, sentence=f"有{FIELD_LABELS[key]}的商品从平时的 {usual:.0%} 降到 {now:.0%}")


def covered(key: str, figures: Figures) -> float:
    """The share of cards that show the field `key`."""
    return share(getattr(figures.measures, key), figures.cards)


def unread(figures: Figures) -> float:
    """The share of cards that gave no listing."""
    return share(figures.measures.unread, figures.cards + figures.measures.unread)


def _unread(tonight: Figures, before: Sequence[Figures]) -> Finding | None:
    usual, now = _usual(before, unread), unread(tonight)
    if tonight.cards + tonight.measures.unread < _ENOUGH_CARDS or now <= usual + _UNREAD:
        return None
    return Finding(key="title", sentence=f"读不出标题、链接或编号的卡片从平时的 {usual:.0%} 升到 {now:.0%}")


def repeated(figures: Figures) -> float:
    """The share of pages that another query had been shown already."""
    return share(figures.measures.repeated, figures.pages)


def _repeated(tonight: Figures, before: Sequence[Figures]) -> Finding | None:
    usual, now = _usual(before, repeated), repeated(tonight)
    if tonight.measures.repeated < ENOUGH_RUNS or now < usual + _REPEATED:
        return None
    return Finding(key="repeated", sentence=f"不同的检索返回同一页，占读到的页面的 {now:.0%}（平时 {usual:.0%}）")


def _walled(tonight: Figures, before: Sequence[Figures]) -> Finding | None:
    usual = _usual(before, lambda one: share(one.walled, one.queries))
    now = share(tonight.walled, tonight.queries)
    if now <= usual + _WALLED:
        return None
    return Finding(key="walled", sentence=f"被拦截的检索任务从平时的 {usual:.0%} 升到 {now:.0%}")
