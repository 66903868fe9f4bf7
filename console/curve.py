"""A price over time as the numbers of a small drawing: a step at each change, drawn by the server, without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from db.prices import Price

WIDTH, HEIGHT, MARGIN = 360, 84, 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """One change: where it is drawn, in units of the drawing, and what it was."""

    x: float
    y: float
    price: Price


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A drawing of WIDTH × HEIGHT units; y goes down."""

    #: For `points` of a polyline.
    line: str
    dots: tuple[Dot, ...]
    lowest: Price
    highest: Price


def curve(prices: Sequence[Price], until: datetime) -> Curve | None:
    """The prices as steps, the last one held until `until`; None where there are fewer than two."""
    if len(prices) < 2:
        return None
    begin, end = prices[0].seen_at, max(until, prices[-1].seen_at)
    lowest, highest = min(prices, key=lambda one: one.amount), max(prices, key=lambda one: one.amount)
    seconds = (end - begin).total_seconds() or 1.0
    # two prices in a row differ, so the span is never nothing
    span = float(highest.amount - lowest.amount)
    dots = [
        Dot(
            x=_rounded(MARGIN + (WIDTH - 2 * MARGIN) * (one.seen_at - begin).total_seconds() / seconds),
            y=_rounded(MARGIN + (HEIGHT - 2 * MARGIN) * float(highest.amount - one.amount) / span),
            price=one,
        )
        for one in prices
    ]
    corners = [(dots[0].x, dots[0].y)]
    for before, dot in pairwise(dots):
        corners += [(dot.x, before.y), (dot.x, dot.y)]
    corners.append((WIDTH - MARGIN, dots[-1].y))
    line = " ".join(f"{x:g},{y:g}" for x, y in corners)
    return Curve(line=line, dots=tuple(dots), lowest=lowest, highest=highest)


def _rounded(value: float) -> float:
    return round(value, 1)
