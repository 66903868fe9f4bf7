"""One overlapping Aho-Corasick over terms, generated spellings and exclusions; the findings are still raw."""

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import ahocorasick_rs
from ahocorasick_rs import Implementation

from keywords.company import Company, Place, Reading, company_words, context_words, folded
from keywords.compiled import compiled
from keywords.expressions import of_groups
from keywords.folding import folding
from keywords.parts import characters, is_sounded, rejoined
from keywords.patterns import Meaning, Spelled, fillable, longer, spell, stuffable
from keywords.phrasing import Phrasing
from keywords.prefilter import TURNED, Learner, prefilter
from keywords.readings import is_filled, is_lined, others, triggers, unfilled, without
from keywords.returning import give_back, undisturbed
from keywords.skimming import skimmer
from keywords.terms import ContextGroup, Lexicon, Term
from keywords.variants import Spelling
from keywords.view import Found, View, stuttered, whole_latin

#: More findings than any honest listing has; what follows them in a text is not read.
_MOST = 20_000
#: Spellings in letters, of the whole name or a part of it.
SOUNDED = frozenset(("pinyin", "mixed", "romanised"))
#: Number of a pattern, or what it means; start and end in a skeleton.
_Number = tuple[int, int, int]
_Hit = tuple[Meaning, int, int]


class Owner(NamedTuple):
    """What a pattern stands for, sorted so that the quick questions come first."""

    #: Terms and exclusions that stand for themselves, each with its place among the meanings.
    plain: tuple[tuple[int, Meaning], ...]
    #: Of those, terms that need no company, and those that do.
    alone: bool
    weak: tuple[Term, ...]
    #: True when one of those is a name in letters, which may say enough by the way it is written.
    sounded: bool
    #: Names that are only heard, which a longer strong term may go on from.
    heard: tuple[Meaning, ...]
    #: Pairs by one of their other parts, with their places too.
    pairs: dict[str, tuple[tuple[int, Meaning], ...]]


class Scanner:
    """Finds patterns in skeletons. Built once for a lexicon; immutable afterwards."""

    @undisturbed()
    def __init__(self, lexicon: Lexicon, phrasing: Phrasing | None = None) -> None:
        """`phrasing`: of a listing whose weak terms have no company; None where it is not asked."""
        self._phrasing = phrasing
        spelled = _spelled(lexicon)
        self._meanings = spelled.meanings
        #: From this number on a text stands for no term.
        self._last = len(spelled.meanings)
        self._pair_window = lexicon.scoring.pair_window
        # One automaton for all, since each more pushes the others out of the processor's cache. Patterns come first.
        numbers = {text: number for number, text in enumerate(spelled.texts)}
        told = company_words(lexicon), context_words(lexicon.contexts), characters(), sorted(triggers())
        for text in itertools.chain(sorted(spelled.partners), *told):
            numbers.setdefault(text, len(numbers))
        self._parts = {numbers[part]: part for part in spelled.partners}
        self._characters = {numbers[parts]: char for parts, char in characters().items()}
        self._asking = frozenset(numbers[text] for text in triggers())
        self._company = Company(lexicon, numbers)
        self.contexts = ContextScanner(lexicon.contexts, numbers)
        # The small form: a DFA of either takes forty megabytes and 0.1 s more to build, and saves 0.2 µs a title.
        self._find = ahocorasick_rs.AhoCorasick(
            list(numbers), implementation=Implementation.ContiguousNFA
        ).find_matches_as_indexes
        #: Without any of these pieces a text holds no finding.
        self.factors = spelled.factors
        self._skim = skimmer().bytes_of
        self._longer = longer(lexicon)
        #: Made of a pattern when it is first found.
        self._owners: dict[int, Owner] = {}
        self.stuffing = spelled.stuffing
        self._stuffed = self.stuffing.whole() if self.stuffing else None
        self._inner = self.stuffing.inner() if self.stuffing else None
        self._junk = self.stuffing.junk() if self.stuffing else None
        self._fills = self.stuffing.filling() if self.stuffing else re.compile("(?!)")
        parts = {part: number for number, part in self._parts.items()}
        self.clears = prefilter(
            numbers,
            self._last,
            self.stuffing,
            folding(),
            self._company,
            lambda alphabet: Learner(self._company, self._own, parts, self._longer, alphabet, self._is_name),
            phrasing,
        )
        self._sieve = None if self.clears else _sieve(self.factors)
        # The automata were made of lists and tables three times their size.
        give_back()

    def read(self, raw: str) -> Reading | None:
        """None for most texts: nothing in them can be a finding that counts. Quick where nothing is compiled."""
        if self._sieve is None:
            return self.read_passed(raw)
        skimmed = self._skim(raw)
        return self._passed(raw, skimmed.decode()) if self._sieve(skimmed) else self._filled(raw, skimmed.decode())

    def read_passed(self, raw: str) -> Reading | None:
        """The same for a text that the prefilter did not clear, or the sieve let through."""
        return self._passed(raw, self._skim(raw).decode())

    def _passed(self, raw: str, skeleton: str) -> Reading | None:
        reading = self.reading(skeleton)
        promising = self._promising(raw, reading) or any(self._split_hits(reading))
        if promising or (self._asked(raw, reading) and self._otherwise(raw, reading)):
            return reading
        return self._filled(raw, skeleton)

    def _asked(self, raw: str, reading: Reading) -> bool:
        """True where something asks for another reading of the text."""
        asking = is_lined(raw) or not self._asking.isdisjoint(reading.numbers)
        return asking or self._fills.search(reading.skeleton) is not None

    def _otherwise(self, raw: str, reading: Reading) -> bool:
        return any(self._junk_hits(reading)) or any(self._other_hits(raw, reading))

    def _filled(self, raw: str, skeleton: str) -> Reading | None:
        """None where nothing stands across stuffing or down the heads of the lines."""
        again = is_lined(raw) or self._fills.search(skeleton)
        if again and self._otherwise(raw, reading := self.reading(skeleton)):
            return reading
        if self._stuffed is None or self._stuffed.search(skeleton) is None:
            return None
        assert self._inner is not None
        likely = self._sieve is None or self._sieve(self._inner.sub("", skeleton).encode())
        if likely and any(self._stuffed_hits(skeleton)):
            return self.reading(skeleton)
        return None

    def reading(self, skeleton: str) -> Reading:
        """All that stands in a skeleton."""
        hits = self._find(skeleton, overlapping=True)
        return Reading(skeleton, hits, {number for number, _, _ in hits})

    def _promising(self, raw: str, reading: Reading) -> bool:
        """False where only exclusions were found, parts of pairs, or weak terms that nothing can keep company."""
        weak: list[Place] = []
        parts: set[str] | None = None
        view: View | None = None
        owners, last = self._owners, self._last
        for index, start, end in reading.hits:
            if index >= last:
                continue
            owner = owners[index] if index in owners else self._own(index)
            if owner.alone:
                return True
            if owner.weak:
                if owner.sounded:
                    view = view or View(raw, folding())
                    if whole_latin(view, start, end):
                        return True
                    continue
                if stuttered(reading.skeleton, start, end):
                    return True
                if owner.heard and any(self._goes_on(meaning, reading.skeleton, end) for meaning in owner.heard):
                    return True
                weak += [Place(term, start, end) for term in owner.weak]
            if owner.pairs:
                parts = self._parts_in(reading) if parts is None else parts
                for _, meaning in self._pairs(owner, parts, reading.skeleton, start, end):
                    assert meaning.term is not None
                    if meaning.term.strength == "strong":
                        return True
                    weak.append(Place(meaning.term, start, end))
        # What stands right to left may turn out to be written plainly; the judge looks at that.
        if not weak or TURNED in raw or self._company.possible(raw, reading, weak):
            return bool(weak)
        return self._phrasing is not None and self._phrasing.may_speak(reading.skeleton)

    def _parts_in(self, reading: Reading) -> set[str]:
        """Every part of a pair that stands in the text."""
        return {self._parts[index] for index in self._parts.keys() & reading.numbers}

    def _pairs(
        self, owner: Owner, parts: set[str], skeleton: str, start: int, end: int
    ) -> Iterator[tuple[int, Meaning]]:
        """The pairs whose other parts stand near enough to the anchor at [start, end)."""
        low, high = max(0, start - self._pair_window), end + self._pair_window
        for part in owner.pairs.keys() & parts:
            for place, meaning in owner.pairs[part]:
                if all(
                    skeleton.find(one, end, high) >= 0 or skeleton.find(one, low, start) >= 0
                    for one in meaning.partners
                ):
                    yield place, meaning

    def _own(self, index: int) -> Owner:
        plain: list[tuple[int, Meaning]] = []
        weak: list[Term] = []
        alone = sounded = False
        pairs: dict[str, list[tuple[int, Meaning]]] = {}
        for place, meaning in enumerate(self._meanings[index]):
            if meaning.partners:
                pairs.setdefault(meaning.partners[0], []).append((place, meaning))
                continue
            plain.append((place, meaning))
            if meaning.term is not None:
                if _needs_company(meaning.term, meaning.spelling):
                    weak.append(meaning.term)
                    sounded = sounded or (meaning.spelling is not None and meaning.spelling.technique in SOUNDED)
                else:
                    alone = True
        heard = tuple(one for _, one in plain if one.term and one.spelling and one.term.text in self._longer)
        paired = {part: tuple(ones) for part, ones in pairs.items()}
        owner = Owner(tuple(plain), alone, tuple(weak), sounded, heard, paired)
        return self._owners.setdefault(index, owner)

    def scan(self, view: View, reading: Reading | None = None) -> list[Found]:
        """All findings, overlapping ones too, by start and then longest first."""
        reading = reading or self.reading(view.skeleton)
        found = self._matches(view, reading)
        if self._stuffed is not None and self._stuffed.search(view.skeleton):
            found += _located(view, self._stuffed_hits(view.skeleton), stuffed=True)
        found += _located(view, self._junk_hits(reading), stuffed=True)
        found += _located(view, self._split_hits(reading), split=True)
        for meaning, first, last, technique in self._other_hits(view.raw, reading):
            found += _located(view, [(meaning, first, last)], reading=technique)
        return sorted(found, key=lambda item: (item.start, -item.end))

    def _matches(self, view: View, reading: Reading) -> list[Found]:
        origin, skeleton = view.origin, view.skeleton
        found: list[Found] = []
        parts: set[str] | None = None
        for index, start, end in self._patterns_among(reading.hits):
            owner = self._owners.get(index) or self._own(index)
            meanings: Iterable[tuple[int, Meaning]] = owner.plain
            if owner.pairs:
                parts = self._parts_in(reading) if parts is None else parts
                meanings = sorted((*owner.plain, *self._pairs(owner, parts, skeleton, start, end)), key=_place)
            raw_start, raw_end = origin[start], origin[end - 1] + 1
            found += [
                Found(meaning, start, end, raw_start, raw_end, continued=self._goes_on(meaning, skeleton, end))
                for _, meaning in meanings
            ]
        return found

    def _patterns_in(self, text: str) -> Iterator[_Number]:
        """The patterns in a skeleton that was made of another."""
        return self._patterns_among(self._find(text, overlapping=True))

    def _patterns_among(self, hits: Iterable[_Number]) -> Iterator[_Number]:
        """Without company and the like, and no more than are looked at."""
        return islice((hit for hit in hits if hit[0] < self._last), _MOST)

    def _goes_on(self, meaning: Meaning, skeleton: str, end: int) -> bool:
        """True where a name that is only heard is followed by what a longer strong term follows it with."""
        if meaning.spelling is None or meaning.term is None:
            return False
        rest = self._longer.get(meaning.term.text)
        return rest is not None and (skeleton[end : end + 1] in rest or skeleton[end : end + 2] in rest)

    def _stuffed_hits(self, skeleton: str) -> Iterator[_Hit]:
        """Terms that appear when letters and digits between Han characters are taken out: 象1牙, 熊0胆."""
        assert self._inner is not None
        return self._across(skeleton, [hit.span() for hit in self._inner.finditer(skeleton)])

    def _junk_hits(self, reading: Reading) -> Iterator[_Hit]:
        """Terms that appear when laughter is passed over: two calls, or one in each of two gaps. 虎啊骨 is none."""
        skeleton = reading.skeleton
        if self._junk is None or self._asking.isdisjoint(reading.numbers):
            return
        runs = [hit.span() for hit in self._junk.finditer(skeleton)]
        for meaning, first, last in self._across(skeleton, runs) if runs else ():
            inside = [end - start for start, end in runs if first < start and end < last]
            if len(inside) > 1 or max(inside, default=0) > 1:
                yield meaning, first, last

    def _across(self, skeleton: str, runs: Sequence[tuple[int, int]]) -> Iterator[_Hit]:
        """Terms that appear when these runs are taken out."""
        cut = {index for run in runs for index in range(*run)}
        shorter = without(skeleton, cut)
        kept, starts = shorter.places, [start for start, _ in runs]
        for index, start, end in self._patterns_in(shorter.text):
            first, last = kept[start], kept[end - 1] + 1
            if last - first > end - start:
                # Between two characters it may be chance, between three it is meant.
                meant = bisect_left(starts, last) - bisect_left(starts, first) > 1
                for meaning in self._meanings[index]:
                    # An exclusion is never read across stuffing.
                    if meaning.term and (stuffable(meaning.term) or (meant and not any(meaning[1:]))):
                        yield meaning, first, last

    def _split_hits(self, reading: Reading) -> Iterator[_Hit]:
        """Terms that appear when characters written in parts are put together: 犭虎皮, 石车石渠."""
        chars = self._characters
        if chars.keys().isdisjoint(reading.numbers):
            return
        found = [(start, end, chars[index]) for index, start, end in reading.hits if index in chars]
        whole = rejoined(reading.skeleton, found)
        for index, start, end in self._patterns_in(whole.text):
            first, last = whole.span(start, end)
            sounded = is_sounded(reading.skeleton[first:last])
            if sounded or last - first > end - start:
                for meaning in self._meanings[index]:
                    plain = meaning.spelling is None or (sounded and meaning.spelling.technique in SOUNDED)
                    if meaning.term is not None and plain and not meaning.partners:
                        yield meaning, first, last

    def _other_hits(self, raw: str, reading: Reading) -> Iterator[tuple[Meaning, int, int, str]]:
        """Terms, as written, in the other readings of a text."""
        yield from self._filled_hits(reading.skeleton)
        for second in others(raw, reading.skeleton) if self._asked(raw, reading) else ():
            for index, start, end in self._patterns_in(second.text):
                if end - start >= second.least:
                    places = second.places[start], second.places[end - 1]
                    for meaning in self._meanings[index]:
                        if meaning.term is not None and stuffable(meaning.term) and not any(meaning[1:]):
                            yield meaning, min(places), max(places) + 1, second.technique

    def _filled_hits(self, skeleton: str) -> Iterator[tuple[Meaning, int, int, str]]:
        """Names, as written, of which every gap is filled: 穿一山一甲."""
        for second in unfilled(skeleton) if self._fills.search(skeleton) else ():
            for index, start, end in self._patterns_in(second.text):
                places = second.places[start:end]
                if end - start > 1 and is_filled(skeleton, places) and self._fills.match(skeleton, places[0]):
                    for meaning in self._meanings[index]:
                        if fillable(meaning):
                            yield meaning, places[0], places[-1] + 1, second.technique

    def _is_name(self, index: int) -> bool:
        return index < self._last and any(map(fillable, self._meanings[index]))


def _sieve(factors: Iterable[str]) -> Callable[[bytes], list[_Number]]:
    """Finds the factors in a skeleton; over bytes, whose places nobody has to translate into those of characters."""
    found: Callable[[bytes], list[_Number]] = ahocorasick_rs.BytesAhoCorasick(
        [piece.encode() for piece in factors], implementation=Implementation.ContiguousNFA
    ).find_matches_as_indexes
    return found


def _spelled(lexicon: Lexicon) -> Spelled:
    """As the build left it, where it is of these terms and exclusions; spellings depend on nothing else."""
    kept = compiled()
    if kept is not None:
        ours = kept.lexicon
        if (lexicon.terms, lexicon.exclusions) == (ours.terms, ours.exclusions):
            return kept.spelled
    return spell(lexicon, folding())


class ContextScanner:
    """Finds the words that raise or lower the score; run only where a term was found."""

    def __init__(self, groups: Sequence[ContextGroup], numbers: Mapping[str, int]) -> None:
        """`numbers`: of every text that a reading may tell, these groups' words among them."""
        self._owners: dict[int, list[tuple[ContextGroup, str]]] = {}
        for group in groups:
            for word, text in folded(group.words):
                if text:
                    self._owners.setdefault(numbers[text], []).append((group, word))
        self._expressions = of_groups(groups)

    def scan(self, view: View, reading: Reading) -> Iterator[tuple[ContextGroup, str, int, int]]:
        """Group, word, and its start and end in the skeleton; overlapping ones too."""
        owners = self._owners
        for index, start, end in reading.hits:
            if index in owners and whole_latin(view, start, end):
                for group, word in owners[index]:
                    yield group, word, start, end
        expressions = self._expressions
        for group, pattern in expressions.chosen(expressions.likely(view.fold)):
            for hit in pattern.finditer(view.fold):
                start = _skeleton_index(view, hit.start())
                yield group, hit[0].strip(), start, max(start + 1, _skeleton_index(view, hit.end()))


def _located(view: View, hits: Iterable[_Hit], **how: Any) -> list[Found]:
    """Findings of another way to read a text, with their places in the raw one."""
    origin = view.origin
    return [Found(meaning, first, last, origin[first], origin[last - 1] + 1, **how) for meaning, first, last in hits]


def _place(owned: tuple[int, Meaning]) -> int:
    return owned[0]


def _needs_company(term: Term, spelling: Spelling | None) -> bool:
    return term.strength == "weak" or (spelling is not None and spelling.weak)


def _skeleton_index(view: View, raw: int) -> int:
    return bisect_left(view.origin, raw)
