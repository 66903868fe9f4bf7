"""Whether a weak term can have company at all: told from the skeleton alone, before anything is judged.

One ordinary title in twenty holds a code word (一体机, 夹子) and nothing beside it. This errs to yes and never to no,
so that what it turns away is what `requiring.require_company` would have cancelled.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from keywords.expressions import of_groups
from keywords.folding import folding, without_markup
from keywords.skimming import skimmer
from keywords.terms import ContextGroup, Lexicon, Term

#: Other words of talk beside which an everyday word, or a name that is only nearly heard, is believed.
TALK = 2
#: Findings from which a text is judged in full: comparing each with each must not grow with a long text.
_MANY = 12


class Reading(NamedTuple):
    """A skeleton and what stands in it."""

    skeleton: str
    #: Number of the text found, start, end; overlapping ones too.
    hits: list[tuple[int, int, int]]
    #: The numbers alone.
    numbers: set[int]


class Place(NamedTuple):
    """A weak finding in the skeleton."""

    term: Term
    start: int
    end: int


@lru_cache(maxsize=4096)
def folded(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each word with its skeleton; the same for every listing."""
    return tuple(map(_folded_word, words))


@cache
def _folded_word(word: str) -> tuple[str, str]:
    # One object a word: a thousand companies are made of a few thousand words.
    return word, folding().skeleton(word)


def reach(size: int, window: int) -> int:
    """How far a companion of so many characters may stand. A single one says little, so it must stand much nearer."""
    return window if size > 1 else window // 3


def company_words(lexicon: Lexicon) -> list[str]:
    """The skeletons of all words that are company for one term alone."""
    words = {word for company in {term.company for term in lexicon.terms} for word in company}
    return sorted({_folded_word(word)[1] for word in words} - {""})


def context_words(groups: Iterable[ContextGroup]) -> list[str]:
    """The skeletons of all words of context groups."""
    return sorted({text for group in groups for _, text in folded(group.words)} - {""})


class Heard(NamedTuple):
    """What is company for one term, by number of the word."""

    companions: frozenset[int]
    #: Words of the contexts that speak for it, and a bit for each such expression.
    words: frozenset[int]
    expressions: int
    #: Words of which two are talk of its category; for everyday words alone.
    talk: frozenset[int]


class Company:
    """The words and expressions that are company, by category. Immutable, so threads may share it."""

    def __init__(self, lexicon: Lexicon, numbers: Mapping[str, int]) -> None:
        """`numbers`: of every text that is told of a skeleton, all company among them."""
        #: Skeleton characters on each side in which company stands.
        self.window = lexicon.scoring.window
        self._groups = [group for group in lexicon.contexts if group.company]
        self._expressions = of_groups(self._groups)
        self._owners: dict[int, list[ContextGroup]] = {}
        for group in self._groups:
            for _, text in folded(group.words):
                if text:
                    self._owners.setdefault(numbers[text], []).append(group)
        self._numbers = {text: numbers[text] for text in company_words(lexicon)}
        #: By identity of the term, whose hash costs more than the rest; the lexicon keeps them alive.
        self._lexicon = lexicon
        self._heard: dict[int, Heard] = {}
        #: By identity of the company, which the terms of a class share.
        self._companions: dict[int, frozenset[int]] = {}
        self._talk: dict[str, frozenset[int]] = {}
        self._speaking: dict[tuple[str, bool, bool], tuple[frozenset[int], int]] = {}

    def possible(self, raw: str, reading: Reading, places: Sequence[Place]) -> bool:
        """False when none of the findings has anything beside it. They are terms of the lexicon itself."""
        if len(places) > _MANY:
            return True
        told, expressions = reading.numbers, 0
        for place in places:
            heard = self._heard.get(id(place.term)) or self.heard_of(place.term)
            # Nineteen in twenty have no word beside them at all.
            if not (told.isdisjoint(heard.words) and told.isdisjoint(heard.companions)) and self._beside(
                place, heard, reading.hits
            ):
                return True
            talk = len(heard.talk & told) if heard.talk else 0
            if (talk or len(places) > 1) and self._among(place, places, talk, reading.skeleton):
                return True
            expressions |= heard.expressions
        return bool(expressions) and self._expressed(raw, reading.skeleton, expressions)

    def _expressed(self, raw: str, skeleton: str, expressions: int) -> bool:
        return self._expressions.possible(skeleton, expressions) and self.expressed(raw, expressions)

    def expressed(self, raw: str, expressions: int) -> bool:
        """True where one of the expressions, a bit for each, is found."""
        fold = skimmer().fold(without_markup(raw))
        likely = self._expressions.likely(fold) & expressions
        return any(pattern.search(fold) for _, pattern in self._expressions.chosen(likely))

    def _among(self, place: Place, places: Sequence[Place], talk: int, skeleton: str) -> bool:
        """True where other findings of its category may be company, as `requiring` has it; `talk`: such words found."""
        term, first, last = place
        others: set[str] = set()
        for other, start, end in places:
            apart = end <= first or last <= start
            another = other.text != term.text or skeleton[start:end] != skeleton[first:last]
            if apart and other.category == term.category and another:
                if not (other.everyday and (term.everyday or other.alone)):
                    if first - self.window <= start and end <= last + self.window:
                        return True
                elif term.everyday and not other.alone:
                    others.add(other.text)
        return talk + len(others) >= TALK and term.everyday and not term.alone

    def _beside(self, place: Place, heard: Heard, hits: Sequence[tuple[int, int, int]]) -> bool:
        """True where one of the words found is company for the term at its place."""
        companions, words = heard.companions, heard.words
        _, first, last = place
        low, high = first - self.window, last + self.window
        for number, start, end in hits:
            if number in words and low <= start and end <= high and not (first <= start and end <= last):
                return True
            if number in companions and (end <= first or last <= start):
                far = reach(end - start, self.window)
                if first - far <= start and end <= last + far:
                    return True
        return False

    def characters(self) -> set[str]:
        """All that `letters` may name, but for digits."""
        return self._expressions.characters()

    def letters(self, expressions: int) -> frozenset[str] | None:
        """Of which one stands wherever these expressions are found, `\\d` for a digit; None where any may."""
        return self._expressions.letters(expressions)

    def heard_of(self, term: Term) -> Heard:
        """What is company for a term of the lexicon itself."""
        companions = self._companions.get(id(term.company))
        if companions is None:
            told = frozenset(self._numbers[text] for _, text in folded(term.company) if text)
            companions = self._companions.setdefault(id(term.company), told)
        words, expressions = (frozenset[int](), 0) if term.alone else self._speaking_for(term)
        talk = self._talk_of(term.category) if term.everyday and not term.alone else frozenset[int]()
        return self._heard.setdefault(id(term), Heard(companions, words, expressions, talk))

    def _talk_of(self, category: str) -> frozenset[int]:
        if category not in self._talk:
            words = (number for number, groups in self._owners.items() if any(is_talk(one, category) for one in groups))
            self._talk[category] = frozenset(words)
        return self._talk[category]

    def _speaking_for(self, term: Term) -> tuple[frozenset[int], int]:
        # Hundreds of terms share one answer.
        key = term.category, term.kind == "code", term.everyday
        if key not in self._speaking:
            words = (number for number, groups in self._owners.items() if any(_speaks(one, term) for one in groups))
            bits = (1 << at for at, (group, _) in enumerate(self._expressions.owned) if _speaks(group, term))
            self._speaking[key] = frozenset(words), sum(bits)
        return self._speaking[key]


def is_talk(group: ContextGroup, category: str) -> bool:
    """True when words of the group are talk of that category: no mere numbers, nor what any seller may say."""
    return group.company and not (group.bare or group.hints or group.caps) and category in group.categories


def _speaks(group: ContextGroup, term: Term) -> bool:
    """True when a word of the group is company for the term. A mere number is too little for a code word."""
    concerned = not group.categories or term.category in group.categories
    return concerned and not (group.bare and term.kind == "code") and (group.hints or not term.everyday)
