"""A text as the judge sees it, and what was found in it."""

import itertools
from typing import NamedTuple

from keywords.boundaries import Cut, cut
from keywords.folding import Folding, references, without_markup
from keywords.patterns import Meaning
from keywords.skimming import skimmer


class Found(NamedTuple):
    """One pattern found: where in the skeleton and where in the raw text."""

    meaning: Meaning
    start: int
    end: int
    raw_start: int
    raw_end: int
    #: True when letters or digits stood inside and were taken out.
    stuffed: bool = False
    #: True when a character of it is written in parts.
    split: bool = False
    #: In which other reading of the text it stands; empty where the text was read as it is.
    reading: str = ""
    #: True where a longer term goes on as the text does: 兄胆|粉, since 熊胆粉 is one.
    continued: bool = False

    def covers(self, other: "Found") -> bool:
        """True when `other` lies inside and is shorter."""
        return self.start <= other.start and other.end <= self.end and self.end - self.start > other.end - other.start


class View:
    """A text with what the resolver needs of it; made only for texts in which something was found."""

    __slots__ = ("_cuts", "fold", "folding", "origin", "raw", "references", "seen", "seen_at", "skeleton")

    def __init__(self, raw: str, tables: Folding) -> None:
        hidden = without_markup(raw)
        skim = skimmer()
        located = skim.located(hidden)
        self.raw = raw
        self.folding = tables
        self.skeleton = located.text
        self.origin = located.origin
        self.references = references(raw)
        #: Folded, same length.
        self.fold = skim.fold(hidden)
        #: Raw index to index into `seen`, with one more for the end.
        self.seen_at: list[int] | range = range(len(raw) + 1)
        #: The fold without invisible characters: what jieba reads.
        self.seen = self.fold
        if tables.has_unseen(hidden):
            self._leave_unseen_out(hidden)
        self._cuts: dict[tuple[int, int], Cut] = {}

    def _leave_unseen_out(self, hidden: str) -> None:
        seen: list[str] = []
        places: list[int] = []
        for char, source in zip(self.fold, hidden, strict=True):
            places.append(len(seen))
            if not self.folding.is_unseen(source):
                seen.append(char)
        places.append(len(seen))
        self.seen_at, self.seen = places, "".join(seen)

    def cut(self, start: int, end: int) -> Cut:
        """Words around the raw [start, end); asked for one place by its term, its disguises and its exclusion."""
        place = self.seen_at[start], self.seen_at[end - 1] + 1
        known = self._cuts.get(place)
        if known is None:
            known = self._cuts[place] = cut(self.seen, *place)
        return known

    def gaps(self, found: Found) -> list[str]:
        """The raw pieces between the characters of a finding that are not part of it."""
        places = sorted({self.origin[index] for index in range(found.start, found.end)})
        return [self.fold[left + 1 : right] for left, right in itertools.pairwise(places) if right - left > 1]


def stuttered(skeleton: str, start: int, end: int) -> bool:
    """麝麝香香: both characters of a name are written again on its outside."""
    if end - start != 2 or start < 1 or end >= len(skeleton) or skeleton[start:end].isascii():
        return False
    first, last = skeleton[start], skeleton[end - 1]
    return first != last and (skeleton[start - 1], skeleton[end]) == (first, last)


def whole_latin(view: View, start: int, end: int) -> bool:
    """False when a Latin edge of skeleton [start, end) continues as a Latin word: xiangya in xiangyang."""
    skeleton, origin, text = view.skeleton, view.origin, view.fold
    if is_latin(skeleton[start]) and (first := origin[start]) and is_latin(text[first - 1]):
        return False
    if not is_latin(skeleton[end - 1]):
        return True
    last = origin[end - 1] + 1
    return last == len(text) or not is_latin(text[last])


def is_latin(char: str) -> bool:
    """True for a letter of a folded text."""
    return "a" <= char <= "z"
