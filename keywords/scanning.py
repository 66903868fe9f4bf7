"""One overlapping Aho-Corasick over terms, generated spellings and exclusions; the findings are still raw."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import ahocorasick_rs

from keywords.folding import Folding, folding, without_markup
from keywords.terms import ContextGroup, Exclusion, Lexicon, Term
from keywords.variants import Spelling, spellings

#: Han characters with one or two letters or digits between them: 象1牙.
#: More findings than any honest listing has; what follows them in a text is not read.
_MOST = 20_000
_STUFFING = "[0-9a-z]{1,2}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What one pattern of the automaton stands for: a term as written or disguised, or an exclusion."""

    term: Term | None = None
    spelling: Spelling | None = None
    exclusion: Exclusion | None = None
    #: The other parts of a pair, folded; this pattern is its longest part.
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One pattern found: where in the skeleton and where in the raw text."""

    meaning: Meaning
    start: int
    end: int
    raw_start: int
    raw_end: int
    #: True when letters or digits stood inside and were taken out.
    stuffed: bool = False

    def covers(self, other: "Found") -> bool:
        """True when `other` lies inside and is shorter."""
        return self.start <= other.start and other.end <= self.end and self.end - self.start > other.end - other.start


class View:
    """A text with what the resolver needs of it; made only for texts in which something was found."""

    __slots__ = ("fold", "folding", "origin", "raw", "seen", "seen_at", "skeleton")

    def __init__(self, raw: str, tables: Folding) -> None:
        hidden = without_markup(raw)
        located = tables.located(hidden)
        self.raw = raw
        self.folding = tables
        self.skeleton = located.text
        self.origin = located.origin
        #: Folded, same length.
        self.fold = tables.fold(hidden)
        #: Raw index to index into `seen`, with one more for the end.
        self.seen_at: list[int] | range = range(len(raw) + 1)
        #: The fold without invisible characters: what jieba reads.
        self.seen = self.fold
        if tables.has_unseen(hidden):
            self._leave_unseen_out(hidden)

    def _leave_unseen_out(self, hidden: str) -> None:
        seen: list[str] = []
        places: list[int] = []
        for char, source in zip(self.fold, hidden, strict=True):
            places.append(len(seen))
            if not self.folding.is_unseen(source):
                seen.append(char)
        places.append(len(seen))
        self.seen_at, self.seen = places, "".join(seen)

    def gaps(self, found: Found) -> list[str]:
        """The raw pieces between the characters of a finding that are not part of it."""
        places = sorted({self.origin[index] for index in range(found.start, found.end)})
        return [self.fold[left + 1 : right] for left, right in itertools.pairwise(places) if right - left > 1]


class Scanner:
    """Finds patterns in skeletons. Built once for a lexicon; immutable afterwards."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.folding = folding()
        self._table = self.folding._skeleton
        self._meanings: list[tuple[Meaning, ...]] = []
        patterns = _patterns(lexicon, self.folding)
        self._texts = list(patterns)
        self._meanings = [tuple(meanings) for meanings in patterns.values()]
        # A DFA takes 60 ms to build and halves the time of every scan.
        self._automaton = (
            ahocorasick_rs.AhoCorasick(self._texts, implementation=ahocorasick_rs.Implementation.DFA)
            if self._texts
            else None
        )
        self._stuffed = _stuffing(lexicon, self.folding)

    def suspicious(self, raw: str) -> bool:
        """False for most texts: nothing in them can be a finding. The fast path."""
        if self._automaton is None:
            return False
        skeleton = without_markup(raw).translate(self._table)
        found = self._automaton.find_matches_as_indexes(skeleton, overlapping=True)
        if found and self._promising(found, skeleton):
            return True
        if self._stuffed is None or self._stuffed.search(skeleton) is None:
            return False
        bare = self._stuffed.sub("", skeleton)
        return bool(self._automaton.find_matches_as_indexes(bare, overlapping=True))

    def _promising(self, found: list[tuple[int, int, int]], skeleton: str) -> bool:
        """False where there are only exclusions, or halves of pairs."""
        return any(
            meaning.term is not None and all(part in skeleton for part in meaning.partners)
            for index, _, _ in found
            for meaning in self._meanings[index]
        )

    def scan(self, view: View) -> list[Found]:
        """All findings, overlapping ones too, by start and then longest first."""
        found = list(self._matches(view, view.skeleton, None))
        if self._stuffed is not None and self._stuffed.search(view.skeleton):
            found += self._without_stuffing(view)
        return sorted(found, key=lambda item: (item.start, -item.end))

    def _matches(self, view: View, skeleton: str, origin: list[int] | None) -> Iterator[Found]:
        if self._automaton is None:
            return
        for index, start, end in islice(self._automaton.find_matches_as_indexes(skeleton, overlapping=True), _MOST):
            first, last = (start, end) if origin is None else (origin[start], origin[end - 1] + 1)
            for meaning in self._meanings[index]:
                yield Found(
                    meaning=meaning,
                    start=first,
                    end=last,
                    raw_start=view.origin[first],
                    raw_end=view.origin[last - 1] + 1,
                    stuffed=last - first > end - start,
                )

    def _without_stuffing(self, view: View) -> list[Found]:
        """Findings that appear when letters and digits between Han characters are taken out: 象1牙, 熊0胆."""
        assert self._stuffed is not None
        cut = {index for hit in self._stuffed.finditer(view.skeleton) for index in range(*hit.span())}
        origin = [index for index in range(len(view.skeleton)) if index not in cut]
        skeleton = "".join(view.skeleton[index] for index in origin)
        return [
            item
            for item in self._matches(view, skeleton, origin)
            if item.stuffed and (item.meaning.term is None or item.meaning.term.strength == "strong")
        ]


class ContextScanner:
    """Finds the words that raise or lower the score; run only where a term was found."""

    def __init__(self, groups: Iterable[ContextGroup]) -> None:
        tables = folding()
        self._owners: list[list[tuple[ContextGroup, str]]] = []
        by_text: dict[str, list[tuple[ContextGroup, str]]] = {}
        self._patterns: list[tuple[ContextGroup, re.Pattern[str]]] = []
        for group in groups:
            for word in group.words:
                by_text.setdefault(tables.skeleton(word), []).append((group, word))
            self._patterns += [(group, re.compile(pattern)) for pattern in group.patterns]
        by_text.pop("", None)
        self._owners = list(by_text.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(by_text)) if by_text else None

    def scan(self, view: View) -> Iterator[tuple[ContextGroup, str, int, int]]:
        """Group, word, and its start and end in the skeleton; overlapping ones too."""
        if self._automaton is not None:
            for index, start, end in self._automaton.find_matches_as_indexes(view.skeleton, overlapping=True):
                if whole_latin(view, start, end):
                    for group, word in self._owners[index]:
                        yield group, word, start, end
        for group, pattern in self._patterns:
            for hit in pattern.finditer(view.fold):
                start = _skeleton_index(view, hit.start())
                yield group, hit[0].strip(), start, max(start + 1, _skeleton_index(view, hit.end()))


def whole_latin(view: View, start: int, end: int) -> bool:
    """False when a Latin edge of skeleton [start, end) continues as a Latin word: xiangya in xiangyang."""
    first, last = view.origin[start], view.origin[end - 1]
    text = view.fold
    before = text[first - 1] if first else " "
    after = text[last + 1] if last + 1 < len(text) else " "
    if _is_latin(view.skeleton[start]) and _is_latin(before):
        return False
    return not (_is_latin(view.skeleton[end - 1]) and _is_latin(after))


def _is_latin(char: str) -> bool:
    return "a" <= char <= "z"


def _skeleton_index(view: View, raw: int) -> int:
    low, high = 0, len(view.origin)
    while low < high:
        middle = (low + high) // 2
        if view.origin[middle] < raw:
            low = middle + 1
        else:
            high = middle
    return low


def _patterns(lexicon: Lexicon, tables: Folding) -> dict[str, list[Meaning]]:
    """Pattern text to its meanings. What the lexicon writes out itself silences generated spellings."""
    own: dict[str, list[Meaning]] = {}
    for exclusion in lexicon.exclusions:
        own.setdefault(tables.skeleton(exclusion.text), []).append(Meaning(exclusion=exclusion))
    simple: list[tuple[Term, str]] = []
    for term in lexicon.terms:
        parts = [tables.skeleton(part) for part in term.text.split()] if not term.text.isascii() else []
        if len(parts) > 1:
            anchor = max(parts, key=len)
            others = tuple(part for part in parts if part is not anchor)
            own.setdefault(anchor, []).append(Meaning(term=term, partners=others))
            continue
        text = tables.skeleton(term.text)
        own.setdefault(text, []).append(Meaning(term=term))
        simple.append((term, text))
    own.pop("", None)
    generated: dict[str, Meaning] = {}
    for term, text in simple:
        refused = {tables.skeleton(word) for word in term.not_variants}
        for spelling in spellings(term, text):
            if spelling.text in own or spelling.text in refused:
                continue
            rival = generated.get(spelling.text)
            if rival is None or _better(spelling, rival):
                generated[spelling.text] = Meaning(term=term, spelling=spelling)
    return {**own, **{text: [meaning] for text, meaning in generated.items()}}


def _better(spelling: Spelling, rival: Meaning) -> bool:
    assert rival.spelling is not None
    return (spelling.tier, spelling.weak) < (rival.spelling.tier, rival.spelling.weak)


def _stuffing(lexicon: Lexicon, tables: Folding) -> re.Pattern[str] | None:
    """Where letters or digits stand between two neighbouring characters of some strong term."""
    pairs: dict[str, set[str]] = {}
    for term in lexicon.terms:
        text = tables.skeleton(term.text)
        if term.strength == "strong" and " " not in term.text:
            for left, right in itertools.pairwise(text):
                if not left.isascii() and not right.isascii():
                    pairs.setdefault(right, set()).add(left)
    if not pairs:
        return None
    lefts = "".join(sorted(set().union(*pairs.values())))
    rights = "".join(sorted(pairs))
    return re.compile(f"(?<=[{lefts}]){_STUFFING}(?=[{rights}])")
