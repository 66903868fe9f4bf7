"""Where the ordinary listings of a market come from: made up from word groups, or from a file of titles."""

import gzip
import io
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demo.dice import Dice
from demo.folding import fold
from demo.wares import Group

#: Titles kept of a larger file: enough for variety, small enough to stay out of the way.
TITLES_KEPT = 200_000
_TITLE_SECTION = "综合"
_TITLE_PRICE = (5, 2000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """An ordinary thing on offer, without seller and time."""

    title: str
    section: str
    #: Whole yuan.
    price: int


class Stock(Protocol):
    """What a market asks of its source of ordinary listings."""

    def thing(self, index: int) -> Thing:
        """The thing at `index`, always the same."""

    def holding(self, words: tuple[str, ...], indices: range) -> Iterable[int]:
        """Those of `indices`, in their order, whose title may hold every folded word; a few too many are allowed."""


class MadeUp:
    """Things put together from groups: make, noun, detail."""

    def __init__(self, seed: int, market: str, groups: tuple[Group, ...]) -> None:
        self._of = (seed, market, "thing")
        self._groups = groups

    def thing(self, index: int) -> Thing:
        group, noun, dice = self._noun(index)
        title = f"{dice.pick(group.makes)}{noun} {dice.pick(group.details)}"
        return Thing(title=title, section=group.section, price=dice.between(*group.price))

    def _noun(self, index: int) -> tuple[Group, str, Dice]:
        dice = Dice(*self._of, index)
        group = dice.pick(self._groups)
        return group, dice.pick(group.nouns), dice

    def holding(self, words: tuple[str, ...], indices: range) -> Iterator[int]:
        nouns = {noun for group in self._groups for noun in group.nouns}
        for word in words:
            nouns &= self._nouns_beside(word)
        if not nouns:
            return iter(())
        return (index for index in indices if self._noun(index)[1] in nouns)

    def _nouns_beside(self, word: str) -> set[str]:
        """The nouns in whose titles `word` can stand: in the noun itself, or in what its group puts around it."""
        beside: set[str] = set()
        for group in self._groups:
            around = any(word in fold(piece) for piece in (*group.makes, *group.details))
            beside.update(noun for noun in group.nouns if around or word in fold(noun))
        return beside


class Titled:
    """Things from a file of titles, each title once until the file is used up, then again from its start.

    The markets of a town share one file without meeting: market number m takes the titles 3i + m. The order is
    shuffled by an affine map, which can be read backwards: that is how a search finds its listings at any size.
    """

    def __init__(self, seed: int, number: int, of: int, titles: tuple[str, ...]) -> None:
        self._seed, self._number, self._of = seed, number, of
        self._titles = titles
        count = len(titles)
        step = Dice(seed, "titles").between(count // 3, count) | 1
        while math.gcd(step, count) != 1:
            step += 2
        self._step, self._back = step, pow(step, -1, count) if count > 1 else 0

    def thing(self, index: int) -> Thing:
        title = self._titles[(index * self._of + self._number) * self._step % len(self._titles)]
        price = Dice(self._seed, self._number, "price", index).between(*_TITLE_PRICE)
        return Thing(title=title, section=_TITLE_SECTION, price=price)

    def holding(self, words: tuple[str, ...], indices: range) -> Iterator[int]:
        found = [
            number
            for number, title in enumerate(self._titles)
            if all(word in folded for folded in [fold(title)] for word in words)
        ]
        return iter(sorted(index for number in found for index in self._indices_of(number, indices)))

    def _indices_of(self, number: int, indices: range) -> Iterator[int]:
        """Every index of `indices` that carries title `number`."""
        count = len(self._titles)
        place = number * self._back % count
        first = indices.start * self._of + self._number
        place += (first - place + count - 1) // count * count
        for at in range(place, indices.stop * self._of + self._number, count):
            if at % self._of == self._number:
                yield at // self._of


def read_titles(path: Path, *, wanted: int, seed: int) -> tuple[str, ...]:
    """At most `wanted` titles of a file: the first of them, then an even sample of all (reservoir).

    Plain text holds one title a line. A `.tsv` (also `.tsv.gz`) has a header with `text`; where it has `kind` too,
    only rows of kind `title` count. Raises ValueError when there is no title in it.
    """
    wanted = min(wanted, TITLES_KEPT)
    kept: list[str] = []
    for number, title in enumerate(_each_title(path)):
        if number < wanted:
            kept.append(title)
        elif (place := Dice(seed, "sample", number).below(number + 1)) < wanted:
            kept[place] = title
    if not kept:
        raise ValueError(f"no titles in {path.name}")
    return tuple(kept)


def _each_title(path: Path) -> Iterator[str]:
    names = path.name.removesuffix(".gz")
    with _open(path) as lines:
        header = next(lines, "").rstrip("\r\n").split("\t") if names.endswith(".tsv") else None
        if header is not None and "text" not in header:
            raise ValueError(f"{path.name} has no column named text")
        for line in lines:
            title = _title(line.rstrip("\r\n"), header).strip()
            if title:
                yield title


@contextmanager
def _open(path: Path) -> Iterator[io.TextIOWrapper]:
    # Only a line feed ends a line here: titles may hold U+2028 or a lone carriage return.
    with (
        gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n") as lines,
    ):
        yield lines


def _title(line: str, header: list[str] | None) -> str:
    if header is None:
        return line
    row = dict(zip(header, line.split("\t"), strict=False))
    return row.get("text", "") if row.get("kind", "title") == "title" else ""
