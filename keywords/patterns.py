"""Every way in which a lexicon's words may stand in a text, as the patterns of one automaton."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from keywords.boundaries import frequency
from keywords.folding import Folding
from keywords.parts import characters
from keywords.readings import filling, junk, triggers
from keywords.terms import Exclusion, Lexicon, Term
from keywords.variants import GUESSES, Spelling, binds, spellings

#: What sellers put between the Han characters of a word: 象1牙.
STUFFED = "0123456789abcdefghijklmnopqrstuvwxyz〇"
_STUFFING = "[0-9a-z〇]{1,2}"
#: Characters of a weak name from which all gaps are not filled by chance: 皮老角老骨 lists, 红x嘴x相x思 hides.
_LONG = 3
#: Longest term that goes on from a name which everybody knows.
_LONGEST = 5
_HAN = re.compile("[\u3400-\u9fff]").search
#: Characters of a factor: rare enough that of two hundred ordinary texts one holds any.
FACTOR = 3


class Meaning(NamedTuple):
    """What one pattern of the automaton stands for: a term as written or disguised, or an exclusion."""

    term: Term | None = None
    spelling: Spelling | None = None
    exclusion: Exclusion | None = None
    #: The other parts of a pair, folded; this pattern is its longest part.
    partners: tuple[str, ...] = ()


class Spelled(NamedTuple):
    """A lexicon written out: all that a scanner is built from."""

    #: The patterns, and in the same order what each stands for.
    texts: Sequence[str]
    meanings: Sequence[Sequence[Meaning]]
    #: See `factors`.
    factors: Sequence[str]
    stuffing: "Stuffing | None"
    #: Every other part of a pair.
    partners: frozenset[str]


def spell(lexicon: Lexicon, tables: Folding) -> Spelled:
    """Every spelling of a lexicon; takes the better part of a second for the built-in one."""
    # In order, which the prefilter wants; sorted by whoever compiles, not at every start.
    known = dict(sorted(patterns(lexicon, tables).items()))
    meanings = [tuple(meanings) for meanings in known.values()]
    partners = frozenset(part for ones in meanings for meaning in ones for part in meaning.partners)
    return Spelled(list(known), meanings, factors(known), stuffing(lexicon, tables), partners)


def patterns(lexicon: Lexicon, tables: Folding) -> dict[str, list[Meaning]]:
    """Skeleton text to what it stands for. A generated spelling never takes a text that somebody wrote down."""
    own: dict[str, list[Meaning]] = {}
    for exclusion in lexicon.exclusions:
        own.setdefault(tables.skeleton(exclusion.text), []).append(Meaning(exclusion=exclusion))
    simple: list[tuple[Term, str]] = []
    for term in lexicon.terms:
        parts = [tables.skeleton(part) for part in parts_of(term)]
        if len(parts) > 1:
            anchor = max(parts, key=len)
            others = tuple(part for part in parts if part is not anchor)
            own.setdefault(anchor, []).append(Meaning(term=term, partners=others))
            continue
        text = tables.skeleton(term.text)
        own.setdefault(text, []).append(Meaning(term=term))
        simple.append((term, text))
    own.pop("", None)
    plain = {(text, term.category) for term, text in simple if term.strength == "strong"}
    generated: dict[tuple[str, str], Meaning] = {}
    for term, text in simple:
        refused = {tables.skeleton(word) for word in term.not_variants}
        for spelling in spellings(term, text):
            written = own.get(spelling.text)
            if spelling.text in refused or (written is not None and _written(written, term.category)):
                continue
            if _says_nothing(term, spelling) or _names(spelling.text, term.category, plain):
                continue
            # By category: a new term may silence spellings of its own category, never those of another.
            rival = generated.get((spelling.text, term.category))
            if rival is None or _better(spelling, rival):
                generated[spelling.text, term.category] = Meaning(term=term, spelling=spelling)
    for (text, _), meaning in generated.items():
        own.setdefault(text, []).append(meaning)
    return own


def parts_of(term: Term) -> list[str]:
    """The parts of a pair; one for any other term. What is written without Han characters is a phrase: ngà voi."""
    return term.text.split() if _HAN(term.text) else [term.text]


def _written(meanings: Iterable[Meaning], category: str) -> bool:
    """True when somebody wrote the text down as an exclusion or as a term of that category.

    As a code word it has company of its own; where it also sounds like a name it keeps the company of that name too.
    """
    return any(
        meaning.term is None
        or (meaning.spelling is None and meaning.term.category == category and meaning.term.kind != "code")
        for meaning in meanings
    )


def _says_nothing(term: Term, spelling: Spelling) -> bool:
    """True for a guess that never counts, whatever stands around it: 熊但."""
    return spelling.technique in GUESSES and binds(spelling.text, term.text)


def _names(text: str, category: str, plain: Set[tuple[str, str]]) -> bool:
    """True where a strong term of the category stands in a generated spelling as it is: 虎骨 in 虎骨九."""
    size = len(text)
    return any((text[at : at + span], category) in plain for span in range(2, size) for at in range(size - span + 1))


def _better(spelling: Spelling, rival: Meaning) -> bool:
    assert rival.spelling is not None
    return (spelling.tier, spelling.weak) < (rival.spelling.tier, rival.spelling.weak)


def factors(known: Mapping[str, Sequence[Meaning]]) -> list[str]:
    """Pieces of which every term as it may be written holds at least one: a text without any cannot hold a finding.

    Fewer and shorter than the patterns, so that the automaton over them is small and quick. Latin patterns stay whole:
    a piece of pinyin is in every English title. With them go the parts of characters, of which a term may be made, and
    what asks for another reading.
    """
    chosen: set[str] = set(characters()) | triggers()
    long: set[str] = set()
    for text, meanings in known.items():
        if any(meaning.term is not None and not meaning.partners for meaning in meanings):
            if len(text) < FACTOR or text.isascii():
                chosen.add(text)
            else:
                long.add(text)
    _choose_of_pairs(known, chosen, long)
    for text in sorted(long, key=lambda one: (len(one), one)):
        places = range(len(text) - FACTOR + 1)
        # Two characters that somebody writes as they are stand for all names that hold them.
        for at in places:
            if text[at : at + FACTOR] in chosen or text[at : at + FACTOR - 1] in chosen:
                break
            if text[at + 1 : at + FACTOR] in chosen:
                break
        else:
            weights = [_weight(char) for char in text]
            rarest = min(places, key=lambda at: sum(weights[at : at + FACTOR]))
            chosen.add(text[rarest : rarest + FACTOR])
    return sorted(chosen)


def _choose_of_pairs(known: Mapping[str, Sequence[Meaning]], chosen: set[str], long: set[str]) -> None:
    """All parts of a pair must stand in a text, so the rarest is enough: 弹弓 of 弹弓 不锈钢."""
    for text, meanings in known.items():
        for meaning in meanings:
            parts = (text, *meaning.partners)
            if meaning.partners and chosen.isdisjoint(parts) and long.isdisjoint(parts):
                # A single character, or two letters, stand in many titles.
                telling = [part for part in parts if len(part) > 1 + part.isascii()] or parts
                part = min(telling, key=lambda one: (frequency(one), one))
                (chosen if len(part) <= FACTOR or part.isascii() else long).add(part)


def _weight(char: str) -> int:
    """How ordinary a character is: Latin most of all, then those of the first level of GB 2312."""
    return 2 if char < "\x80" else char in _common()


@cache
def _common() -> frozenset[str]:
    table = json.loads((files("keywords") / "tables" / "sounds.json").read_text(encoding="utf-8"))
    return frozenset("".join(listed.partition("|")[0] for listed in table.values()))


class Stuffing(NamedTuple):
    """Where letters or digits stand between two neighbouring characters of some such term: 象1牙, 熊0胆."""

    #: Characters that such a term has before and after the place.
    lefts: str
    rights: str

    def whole(self) -> re.Pattern[str]:
        """Finds the stuffed place: the quick way to tell whether there is any, since most texts have few digits."""
        return re.compile(f"[0-9a-z〇](?<=[{self.lefts}].)[0-9a-z〇]?(?=[{self.rights}])")

    def inner(self) -> re.Pattern[str]:
        """Finds the stuffing alone."""
        return re.compile(f"(?<=[{self.lefts}]){_STUFFING}(?=[{self.rights}])")

    def junk(self) -> re.Pattern[str]:
        """Finds laughter and the like in such a place."""
        return junk(self.lefts, self.rights)

    def filling(self) -> re.Pattern[str]:
        """Finds where all gaps of a name may be filled alike."""
        return filling(self.lefts, self.rights)


def stuffable(term: Term) -> bool:
    """True for strong terms, and for weak ones whose disguises somebody asked for: 虎66皮."""
    return term.strength == "strong" or "reversed" in term.variants


def longer(lexicon: Lexicon) -> dict[str, frozenset[str]]:
    """By names that everybody knows: what strong terms go on with after them, one or two characters."""
    rest: dict[str, set[str]] = {term.text: set() for term in lexicon.terms if "heard" in term.variants}
    for term in lexicon.terms:
        text = term.text
        if 2 < len(text) <= _LONGEST and term.strength == "strong" and " " not in text:
            for size in (2, 3):
                if text[:size] in rest and 0 < len(text) - size < 3:
                    rest[text[:size]].add(text[size:])
    return {text: frozenset(ones) for text, ones in rest.items() if ones}


def fillable(meaning: Meaning) -> bool:
    """True for a name as somebody wrote it down; a weak one if it is long enough not to come about by chance."""
    if meaning.term is None or any(meaning[1:]):
        return False
    size = len(meaning.term.text)
    return stuffable(meaning.term) or size > _LONG or (size == _LONG and meaning.term.kind == "term")


def stuffing(lexicon: Lexicon, tables: Folding) -> Stuffing | None:
    """None when no such term has two Han characters side by side."""
    lefts: set[str] = set()
    rights: set[str] = set()
    for term in lexicon.terms:
        text = tables.skeleton(term.text)
        if stuffable(term) and " " not in term.text and _HAN(text):
            for left, right in itertools.pairwise(text):
                if not left.isascii() and not right.isascii():
                    lefts.add(left)
                    rights.add(right)
    return Stuffing("".join(sorted(lefts)), "".join(sorted(rights))) if lefts else None
