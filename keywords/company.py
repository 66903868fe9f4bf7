"""Whether a weak term can have company at all: told from the skeleton alone, before anything is judged.

One ordinary title in twenty holds a code word (一体机, 夹子) and nothing beside it. This errs to yes and never to no,
so that what it turns away is what `scoring.require_company` would have cancelled.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import ahocorasick_rs
from ahocorasick_rs import Implementation

from keywords.folding import folding, without_markup
from keywords.terms import ContextGroup, Lexicon, Term

#: Findings from which a text is judged in full: comparing each with each must not grow with a long text.
_MANY = 12


class Place(NamedTuple):
    """A weak finding in the skeleton."""

    term: Term
    start: int
    end: int


@lru_cache(maxsize=4096)
def folded(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each word with its skeleton; the same for every listing."""
    return tuple((word, folding().skeleton(word)) for word in words)


def reach(text: str, window: int) -> int:
    """How far a companion may stand. One of a single character says little, so it must stand much nearer."""
    return window if len(text) > 1 else window // 3


class Company:
    """The words and expressions that are company, by category. Immutable, so threads may share it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._window = lexicon.scoring.window
        self._fold = folding().fold
        #: By identity of the term, whose hash costs more than the rest; the lexicon keeps them alive.
        self._lexicon = lexicon
        self._companions: dict[int, tuple[str, ...]] = {}
        owners: dict[str, list[ContextGroup]] = {}
        self._patterns: list[tuple[ContextGroup, re.Pattern[str]]] = []
        for group in lexicon.contexts:
            if group.company:
                for _, text in folded(group.words):
                    owners.setdefault(text, []).append(group)
                self._patterns += [(group, re.compile(pattern)) for pattern in group.patterns]
        owners.pop("", None)
        self._owners = [tuple(groups) for groups in owners.values()]
        self._automaton = (
            ahocorasick_rs.AhoCorasick(list(owners), implementation=Implementation.ContiguousNFA) if owners else None
        )

    def possible(self, raw: str, skeleton: str, places: Sequence[Place]) -> bool:
        """False when none of the findings has anything beside it. They are terms of the lexicon itself."""
        if len(places) > _MANY or self._each_other(places):
            return True
        if any(self._companion(skeleton, place) for place in places):
            return True
        # An everyday word with companions of its own counts beside those alone.
        open_ones = [place for place in places if not (place.term.kind == "code" and place.term.company)]
        return bool(open_ones) and (
            self._words(skeleton, open_ones) or self._expressions(self._fold(without_markup(raw)), open_ones)
        )

    def _each_other(self, places: Sequence[Place]) -> bool:
        return len(places) > 1 and any(
            one.term.category == other.term.category and one.term.text != other.term.text
            for one in places
            for other in places
        )

    def _companion(self, skeleton: str, place: Place) -> bool:
        companions = self._companions.get(id(place.term))
        if companions is None:
            companions = tuple(text for _, text in folded(place.term.company))
            self._companions[id(place.term)] = companions
        for text in companions:
            if text in skeleton:
                far = reach(text, self._window)
                before = skeleton.find(text, max(0, place.start - far), place.start)
                if before >= 0 or skeleton.find(text, place.end, place.end + far) >= 0:
                    return True
        return False

    def _words(self, skeleton: str, places: Sequence[Place]) -> bool:
        if self._automaton is None:
            return False
        for index, start, end in self._automaton.find_matches_as_indexes(skeleton, overlapping=True):
            for place in places:
                inside = place.start <= start and end <= place.end
                near = place.start - self._window <= start and end <= place.end + self._window
                if near and not inside and any(_speaks(group, place.term) for group in self._owners[index]):
                    return True
        return False

    def _expressions(self, fold: str, places: Sequence[Place]) -> bool:
        return any(
            pattern.search(fold)
            for group, pattern in self._patterns
            if any(_speaks(group, place.term) for place in places)
        )


def _speaks(group: ContextGroup, term: Term) -> bool:
    """True when a word of the group is company for the term. A mere number is too little for a code word."""
    concerned = not group.categories or term.category in group.categories
    return concerned and not (group.bare and term.kind == "code")
