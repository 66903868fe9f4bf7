"""Regular expressions of the lexicon, most of which are not asked: a text without a character that one needs has none.

Which characters an expression needs is read from its parse; of what the parse leaves open nothing is assumed.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Generic, TypeVar

from keywords.terms import ContextGroup

#: Stands among the needed characters for any decimal digit.
DIGIT = "\\d"
#: Characters more than which tell too little, and as how many a digit counts, which is in half of all texts.
_MANY, _AS_MANY = 200, 40
Owner = TypeVar("Owner")


class Expressions(Generic[Owner]):
    """Expressions with their owners, in order. Immutable, so threads may share it."""

    def __init__(self, owned: Iterable[tuple[Owner, str]]) -> None:
        #: Compiled when first asked, which most are not: together they are a tenth of a start.
        self.owned = list(owned)
        self._compiled: dict[int, re.Pattern[str]] = {}
        #: A bit for each expression: those that need nothing, and by character those that it is enough for.
        self._always = 0
        #: As `needs` has it, and by bits what `possible` looks for.
        self._needed: list[frozenset[str] | None] = []
        self._seen: dict[int, re.Pattern[str] | None] = {}
        self._enough: dict[str, int] = {}
        for place, (_, pattern) in enumerate(self.owned):
            needed = needs(pattern)
            self._needed.append(needed)
            if needed is None:
                self._always |= 1 << place
                continue
            for char in needed:
                self._enough[char] = self._enough.get(char, 0) | 1 << place
        self._digits = self._enough.pop(DIGIT, 0)

    def likely(self, text: str) -> int:
        """A bit for each expression that may be found in `text`."""
        enough, bits = self._enough, self._always
        for char in enough.keys() & set(text):
            bits |= enough[char]
        return bits | self._digits if self._digits and _DIGITS(text) else bits

    def possible(self, skeleton: str, bits: int) -> bool:
        """False where none of these expressions can be found in a text of that skeleton; sooner told than `likely`."""
        seen = self._seen[bits] if bits in self._seen else self._look_for(bits)
        return seen is None or seen.search(skeleton) is not None

    def _look_for(self, bits: int) -> re.Pattern[str] | None:
        letters = self.letters(bits)
        return self._seen.setdefault(bits, re.compile(f"[{''.join(sorted(letters))}]") if letters else None)

    def characters(self) -> set[str]:
        """Every character that one of them may need, but for digits."""
        return set(self._enough)

    def letters(self, bits: int) -> frozenset[str] | None:
        """Of which one, or any digit for `\\d`, is in every skeleton that these are found in; None where any may be."""
        needed = [chars for place, chars in enumerate(self._needed) if bits >> place & 1]
        # Whatever is no letter or digit is not in the skeleton.
        told = all(chars is not None and all(char == DIGIT or char.isalnum() for char in chars) for chars in needed)
        return frozenset[str]().union(*filter(None, needed)) if told else None

    def chosen(self, bits: int) -> Iterator[tuple[Owner, re.Pattern[str]]]:
        """The expressions of these bits, in order."""
        while bits:
            lowest = bits & -bits
            place = lowest.bit_length() - 1
            yield self.owned[place][0], self._compiled.get(place) or self._compile(place)
            bits ^= lowest

    def _compile(self, place: int) -> re.Pattern[str]:
        return self._compiled.setdefault(place, re.compile(self.owned[place][1]))


_DIGITS = re.compile(r"\d").search


def of_groups(groups: Iterable[ContextGroup]) -> Expressions[ContextGroup]:
    """All expressions of context groups."""
    return Expressions((group, pattern) for group in groups for pattern in group.patterns)


@cache
def needs(pattern: str) -> frozenset[str] | None:
    """Characters of which every text that `pattern` is found in holds one; None where that cannot be told."""
    tree = _parser.parse(pattern)
    return None if tree.state.flags & re.IGNORECASE else _of_sequence(tree)


def _of_sequence(steps: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    told = [needed for step in steps if (needed := _of_step(*step)) is not None]
    return min(told, key=_telling, default=None)


def _telling(chars: frozenset[str]) -> int:
    """How little the characters tell; least of all those that a skeleton does not show."""
    unseen = any(not char.isalnum() for char in chars - {DIGIT})
    return len(chars) + _AS_MANY * (DIGIT in chars) + _MANY * unseen


def _of_step(kind: Any, value: Any) -> frozenset[str] | None:
    name = str(kind)
    if name == "LITERAL":
        return frozenset((chr(value),))
    if name == "IN":
        return _of_class(value)
    if name == "SUBPATTERN":
        return None if value[1] & re.IGNORECASE else _of_sequence(value[3])
    if name == "BRANCH":
        ways = [_of_sequence(way) for way in value[1]]
        return None if None in ways else frozenset().union(*filter(None, ways))
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        return _of_sequence(value[2]) if value[0] else None
    return None


def _of_class(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    chars: set[str] = set()
    for kind, value in items:
        name = str(kind)
        if name == "LITERAL":
            chars.add(chr(value))
        elif name == "RANGE" and value[1] - value[0] < _MANY:
            chars |= set(map(chr, range(value[0], value[1] + 1)))
        elif name == "CATEGORY" and str(value) == "CATEGORY_DIGIT":
            chars.add(DIGIT)
        else:
            return None
    return frozenset(chars)
