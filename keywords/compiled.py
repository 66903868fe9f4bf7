"""The built-in lexicon as a build leaves it: read, checked and spelled out, so that a process need not do it again.

The file is data: JSON beside the other tables, written by scripts/compile_lexicon.py, which `make setup` runs and the
wheel carries. It names what it was made from; where it is missing, stale or damaged all is made anew, only later.
"""

import base64
import dataclasses
import hashlib
import json
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from keywords.patterns import Meaning, Spelled, Stuffing
from keywords.returning import undisturbed
from keywords.terms import Lexicon, Term
from keywords.variants import Spelling

#: Beside the other tables, but never committed.
FILE = "builtin.json"
#: What a meaning is: an exclusion, a term as written, or from _FIRST on a spelling or the partners of a pair.
_EXCLUSION, _WRITTEN, _FIRST = range(3)


class Compiled(NamedTuple):
    """The built-in lexicon and all its spellings."""

    lexicon: Lexicon
    spelled: Spelled


class Lines(Sequence[str]):
    """Texts in one string: fifty thousand strings are four megabytes, and few of them are asked for again."""

    def __init__(self, joined: str, ends: Sequence[int]) -> None:
        """`ends`: where the line after each begins."""
        self._joined = joined
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: Any) -> Any:
        return self._joined[self._ends[index - 1] if index else 0 : self._ends[index] - 1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._joined.split("\n"))


class Meanings(Sequence[Sequence[Meaning]]):
    """By pattern what it stands for, made when it is asked: of fifty thousand a process meets a few hundred."""

    def __init__(self, data: Mapping[str, Any], texts: Sequence[str], lexicon: Lexicon) -> None:
        self._texts, self._lexicon = texts, lexicon
        # Arrays, since a hundred thousand numbers are four megabytes as objects, even for a moment.
        self._places, self._owners, self._forms = (_unpacked(data[key]) for key in ("places", "owners", "forms"))
        self._kinds = [_form(*kind) for kind in data["kinds"]]

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, index: Any) -> Any:
        places = range(self._places[index], self._places[index + 1])
        return tuple(self._meaning(self._texts[index], place) for place in places)

    def _meaning(self, text: str, place: int) -> Meaning:
        owner, form = self._owners[place], self._forms[place]
        if form == _EXCLUSION:
            return Meaning(exclusion=self._lexicon.exclusions[owner])
        term = self._lexicon.terms[owner]
        if form == _WRITTEN:
            return Meaning(term=term)
        spelling, partners = self._kinds[form - _FIRST]
        return Meaning(term=term, spelling=spelling._replace(text=text) if spelling else None, partners=partners)


def _form(spelled: Sequence[Any] | None, partners: Sequence[str]) -> tuple[Spelling | None, tuple[str, ...]]:
    if spelled is None:
        return None, tuple(partners)
    technique, tier, weak, joints = spelled
    return Spelling("", technique, tier, weak, frozenset(joints)), tuple(partners)


def written(lexicon: Lexicon, spelled: Spelled) -> str:
    """The content of the file, for this release of the rooms and the lexicon."""
    shapes: dict[str, int] = {}
    words: dict[str, int] = {}
    shape = [shapes.setdefault(json.dumps(_shape(term, words)), len(shapes)) for term in lexicon.terms]
    body = {
        "lexicon": dataclasses.replace(lexicon, terms=()).to_data(),
        "terms": "\n".join(term.text for term in lexicon.terms),
        "shape": _packed(shape),
        "shapes": [json.loads(one) for one in shapes],
        "words": "\n".join(words),
        "texts": "\n".join(spelled.texts),
        "ends": _packed(_ends(spelled.texts)),
        **_meanings(lexicon, spelled),
        "factors": "\n".join(spelled.factors),
        "factor_ends": _packed(_ends(spelled.factors)),
        "stuffing": spelled.stuffing,
    }
    told = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"{_sources()} {hashlib.sha256(told.encode()).hexdigest()}\n{told}\n"


def _shape(term: Term, words: dict[str, int]) -> list[Any]:
    """Its company as numbers of words: a thousand companies are made of a few thousand, and each would be a string."""
    values = dataclasses.asdict(term)
    values["company"] = [words.setdefault(word, len(words)) for word in term.company]
    return [values[field.name] for field in dataclasses.fields(Term) if field.name != "text"]


def _meanings(lexicon: Lexicon, spelled: Spelled) -> dict[str, Any]:
    owner_of = {id(one): place for place, one in enumerate((*lexicon.terms, *lexicon.exclusions))}
    kinds: dict[str, int] = {}
    places, owners, forms = [0], [], []
    for meanings in spelled.meanings:
        for term, spelling, exclusion, partners in meanings:
            owner = owner_of[id(term or exclusion)]
            owners.append(owner if term else owner - len(lexicon.terms))
            told = [*spelling[1:-1], sorted(spelling.joints)] if spelling else None
            if exclusion or not (told or partners):
                forms.append(_EXCLUSION if exclusion else _WRITTEN)
            else:
                forms.append(_FIRST + kinds.setdefault(json.dumps([told, partners]), len(kinds)))
        places.append(len(owners))
    numbers = {"places": _packed(places), "owners": _packed(owners), "forms": _packed(forms)}
    return {**numbers, "kinds": [json.loads(one) for one in kinds]}


def _ends(texts: Iterable[str]) -> list[int]:
    return list(accumulate(len(text) + 1 for text in texts))


def _packed(numbers: Sequence[int]) -> str:
    """Numbers of four bytes, the lowest first, in base 64."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}I", *numbers)).decode()


def _unpacked(text: str) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(base64.b64decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


@cache
@undisturbed()
def compiled() -> Compiled | None:
    """What the build left; None where it left nothing or something else than this release would make."""
    path = Path(str(files("keywords") / "tables" / FILE))
    if not path.exists():
        return None
    head, _, told = path.read_bytes().partition(b"\n")
    body = told.removesuffix(b"\n")
    if head.decode("ascii", "replace") != f"{_sources()} {hashlib.sha256(body).hexdigest()}":
        return None
    data = json.loads(body)
    lexicon = dataclasses.replace(Lexicon.from_data(data["lexicon"]), terms=_terms(data))
    texts = Lines(data["texts"], _unpacked(data["ends"]))
    factors = Lines(data["factors"], _unpacked(data["factor_ends"]))
    stuffing = Stuffing(*data["stuffing"]) if data["stuffing"] else None
    partners = frozenset(part for _, parts in data["kinds"] for part in parts)
    meanings = Meanings(data, texts, lexicon)
    return Compiled(lexicon, Spelled(texts, meanings, factors, stuffing, partners))


def _terms(data: Mapping[str, Any]) -> tuple[Term, ...]:
    shapes = [[tuple(value) if isinstance(value, list) else value for value in shape] for shape in data["shapes"]]
    names = [field.name for field in dataclasses.fields(Term) if field.name != "text"]
    words = data["words"].split("\n")
    kept: list[dict[str, Any]] = [dict(zip(names, shape, strict=True)) for shape in shapes]
    for one in kept:
        one["company"] = tuple(words[place] for place in one["company"])
    texts = data["terms"].split("\n")
    # Fifty thousand of them: each field is set as `Term(...)` sets it, without a call for each term.
    place_of = {name: getattr(Term, name).__set__ for name in (*names, "text")}
    told = [[(place_of[name], value) for name, value in one.items()] for one in kept]
    terms = []
    for text, shape in zip(texts, _unpacked(data["shape"]), strict=True):
        term = object.__new__(Term)
        place_of["text"](term, text)
        for set_field, value in told[shape]:
            set_field(term, value)
        terms.append(term)
    return tuple(terms)


def _sources() -> str:
    """Sha256 hex of all that the file is made from: the lexicon, the tables and the code of this room."""
    room = Path(str(files("keywords")))
    digest = hashlib.sha256()
    for path in sorted((*room.glob("*.py"), *room.glob("lexicon/*.yml"), *room.glob("tables/*.json"))):
        if path.name != FILE:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
