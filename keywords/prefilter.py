"""Most titles are cleared before Python reads them: what the compiled prefilter knows of a lexicon.

Where it is not compiled, or from another source, the sieve of the scanner does its work alone, in four to fifteen times
as long. Both judge alike; tests/keywords/test_prefilter.py holds them against each other.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from keywords.company import Company
from keywords.expressions import DIGIT
from keywords.folding import LEGIBLE, MARKS, Folding
from keywords.parts import characters, is_sounded
from keywords.patterns import STUFFED, Stuffing
from keywords.phrasing import LONGEST, SHORTEST, Phrasing, spoken
from keywords.readings import triggers
from keywords.terms import Term

if TYPE_CHECKING:
    from keywords.scanning import Owner

try:
    from keywords import _prefilter
except ImportError:  # no C compiler at setup, or another Python
    _prefilter = None  # type: ignore[assignment]

#: What is compiled, by scripts/compile_prefilter.py, and what that includes.
SOURCE, INCLUDED = (Path(str(files("keywords") / name)) for name in ("_prefilter.pyx", "_patterns.pxi"))
#: As the compiled half has them.
_SKIPPED, _OTHER, _LOOK, _OPENED, _UNSURE, _FIRST = range(6)
_UNKNOWN, _NOTHING, _READ, _JOINED, _TRIPLE = range(5)
_LEFT, _FILLED, _RIGHT, _LATIN = 1, 2, 4, 8
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Right-to-left override: what stands beside a weak term may be written the other way round.
TURNED = "\u202e"
#: Where remarks may begin.
_OPENS = "(（【［"


def source_hash() -> str:
    """Sha256 hex of the source."""
    return hashlib.sha256(SOURCE.read_bytes() + INCLUDED.read_bytes()).hexdigest()


def built_from() -> str:
    """The same of what was compiled; empty where nothing was."""
    return getattr(_prefilter, "BUILT_FROM", "")


class Learner:
    """Tells of a pattern what it asks for. Asked once for each, when it is first found."""

    def __init__(
        self,
        company: Company,
        own: Callable[[int], "Owner"],
        parts: Mapping[str, int],
        longer: Mapping[str, Iterable[str]],
        alphabet: Mapping[str, int],
        is_name: Callable[[int], bool],
    ) -> None:
        """`parts`: numbers of the parts of pairs; `longer`: by name what a strong term goes on with after it;
        `is_name`: tells what is found where all its gaps are filled alike.
        """
        self._company, self._own, self._parts, self._longer, self._alphabet = company, own, parts, longer, alphabet
        self.is_name = is_name
        self._numbers: dict[str, int] = {}
        #: By identity of the set, which the company keeps alive.
        self._bits: dict[int, bytes] = {}
        self._weak: dict[int, _prefilter.Weak] = {}

    def __call__(self, number: int) -> "bool | _prefilter.Asked":
        """True for what is read whatever stands beside it, False for what no term is."""
        owner = self._own(number)
        if owner.alone or (owner.weak and owner.sounded):
            return True
        if not owner.weak and not owner.pairs:
            return False
        rests = [rest[0] for one in owner.heard if one.term for rest in self._longer.get(one.term.text, ())]
        return _prefilter.Asked(
            tuple(map(self._told, owner.weak)),
            _bits(self._alphabet[char] for char in rests if char in self._alphabet) if rests else None,
            array("I", sorted(self._parts[part] for part in owner.pairs)) if owner.pairs else None,
        )

    def _told(self, term: Term) -> "_prefilter.Weak":
        if id(term) not in self._weak:
            heard = self._company.heard_of(term)
            self._weak[id(term)] = _prefilter.Weak(
                self._number(term.category),
                self._number(term.text),
                term.everyday,
                term.alone,
                array("I", sorted(heard.companions)),
                self._set(heard.words),
                self._set(heard.talk) if heard.talk else None,
                heard.expressions,
                self._letters(heard.expressions),
            )
        return self._weak[id(term)]

    def _letters(self, expressions: int) -> bytes | None:
        needed = self._company.letters(expressions)
        if needed is None:
            return None
        chars = {*needed, *"0123456789"} - {DIGIT} if DIGIT in needed else needed
        return _bits(self._alphabet[char] for char in chars) if chars <= self._alphabet.keys() else None

    def _number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def _set(self, numbers: frozenset[int]) -> bytes:
        if id(numbers) not in self._bits:
            self._bits[id(numbers)] = _bits(numbers)
        return self._bits[id(numbers)]


def prefilter(
    numbers: Mapping[str, int],
    last: int,
    stuffing: Stuffing | None,
    tables: Folding,
    company: Company,
    learner: Callable[[Mapping[str, int]], Learner],
    phrasing: Phrasing | None,
) -> Callable[[str], bool] | None:
    """Answers True for a text in which nothing counts; None where it is not compiled.

    `numbers`: of every text that a reading may tell; those from `last` on stand for no term.
    """
    if built_from() != source_hash():
        return None
    alphabet = _alphabet(numbers, stuffing, company, phrasing)
    number = _numbering(alphabet, tables)
    kinds, joined = _kinds(numbers, last, alphabet)
    texts = list(numbers)
    unheard = "".join(char for char, place in alphabet.items() if ord(char) >= LEGIBLE or number[ord(char)] != place)
    heard = re.compile(f"[{re.escape(unheard)}]").search if unheard else None
    # Most are in order as they come, and sorting notices.
    order = [one for one in sorted(range(len(texts)), key=texts.__getitem__) if not (heard and heard(texts[one]))]
    findings = [one for one in order if one < last or kinds[one] != _NOTHING]
    beside = [one for one in order if one >= last and kinds[one] == _NOTHING]
    made = _prefilter.Prefilter(
        number,
        _sides(alphabet, stuffing),
        ([texts[one] for one in findings], array("I", findings)),
        ([texts[one] for one in beside], array("I", beside)),
        kinds,
        joined,
        company.window,
        learner(alphabet),
        company.expressed,
        _gate(alphabet, phrasing) if phrasing else None,
        SHORTEST,
        LONGEST,
    )
    clears: Callable[[str], bool] = made.clears
    return clears


def _alphabet(
    numbers: Iterable[str], stuffing: Stuffing | None, company: Company, phrasing: Phrasing | None
) -> dict[str, int]:
    told = {*STUFFED, *"".join(numbers), *"".join(characters().values()), *company.characters()}
    told |= phrasing.gate.keys() if phrasing else set()
    if stuffing is not None:
        told |= {*stuffing.lefts, *stuffing.rights}
    return {char: place for place, char in enumerate(sorted(told), _FIRST)}


def _gate(alphabet: Mapping[str, int], phrasing: Phrasing) -> "array[int]":
    # What may be no Han character is passed over, as the quick question does, and the rest errs to asking.
    gate = array("i", [0]) * (len(alphabet) + _FIRST)
    for char, place in alphabet.items():
        gate[place] = phrasing.gate.get(char, phrasing.unknown) if spoken(char) else 0
    return gate


def _kinds(numbers: Mapping[str, int], last: int, alphabet: Mapping[str, int]) -> tuple[bytearray, dict[int, int]]:
    """What is known beforehand: what asks for another reading, and the parts of characters with what they make."""
    kinds = bytearray([_UNKNOWN]) * last + bytearray([_NOTHING]) * (len(numbers) - last)
    joined: dict[int, int] = {}
    for text in triggers():
        kinds[numbers[text]] = _TRIPLE if text.isascii() and numbers[text] >= last else _READ
    for text, char in characters().items():
        if is_sounded(text) or numbers[text] < last or kinds[numbers[text]] == _READ:
            kinds[numbers[text]] = _READ
        else:
            kinds[numbers[text]], joined[numbers[text]] = _JOINED, alphabet[char]
    return kinds, joined


def _sides(alphabet: Mapping[str, int], stuffing: Stuffing | None) -> bytes:
    sides = bytearray(len(alphabet) + _FIRST)
    lefts, rights = (stuffing.lefts, stuffing.rights) if stuffing else ("", "")
    for chars, side in ((lefts, _LEFT), (STUFFED, _FILLED), (rights, _RIGHT), (_LETTERS, _LATIN)):
        for char in chars:
            sides[alphabet[char]] |= side
    return bytes(sides)


def _numbering(alphabet: Mapping[str, int], tables: Folding) -> "array[int]":
    """Code point to small number, as far as anything legible stands."""
    kinds = bytes((_SKIPPED, _OTHER)) + bytes([_UNSURE]) * 254
    number = array("H", list(tables.widths[:LEGIBLE].translate(kinds)))
    for char, place in alphabet.items():
        if ord(char) < LEGIBLE:
            number[ord(char)] = place
    for source, target in tables.folded():
        if source < LEGIBLE:
            number[source] = alphabet.get(chr(target), _OTHER)
    for chars, kind in ((MARKS + "\n", _LOOK), (_OPENS, _OPENED)):
        for char in chars:
            number[ord(char)] = kind if number[ord(char)] == _SKIPPED else _UNSURE
    number[ord(TURNED)] = _UNSURE
    return number


def _bits(numbers: Iterable[int]) -> bytes:
    """A bit for each number, the lowest first."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found.to_bytes(found.bit_length() // 8 + 1, "little")
