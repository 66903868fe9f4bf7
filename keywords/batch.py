"""Many texts at once: which of them can hold a finding at all, told by numpy for a whole block in a dozen steps.

The block is joined, every code point becomes a small number (skipped ones 0), and neighbouring numbers are looked up
among the beginnings of the sieve's pieces. What passes is read again by the ordinary path, so that a batch judges
exactly as one text after the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keywords.folding import LEGIBLE, Folding, is_marked, without_markup
from keywords.patterns import STUFFED, Stuffing
from keywords.readings import SAME, is_lined
from keywords.returning import give_back

#: Small numbers with a meaning of their own; those from _FIRST on are characters of the pieces.
_SKIPPED, _BREAK, _SEVERAL, _OTHER, _FIRST = range(5)

_HASHED = 1 << 20
#: Characters of a piece that are compared.
_HEAD = 6
#: What a character may be beside the beginning of a piece.
_ALWAYS, _LEFT, _FILLED, _RIGHT = 1, 2, 4, 8

Array = np.ndarray[Any, Any]


class Sieve:
    """Tells the texts apart that the scanner has to read. Immutable, so threads may share it."""

    def __init__(self, pieces: Sequence[str], stuffing: Stuffing | None, tables: Folding) -> None:
        filling = {*STUFFED, *(char for piece in pieces for char in piece if char.isascii())}
        alphabet = {*filling, *"".join(pieces)}
        if stuffing is not None:
            alphabet |= {*stuffing.lefts, *stuffing.rights}
        numbers = {char: number for number, char in enumerate(sorted(alphabet), _FIRST)}
        self._size = len(numbers) + _FIRST
        self._number = _numbering(numbers, tables)
        self._kind = np.zeros(self._size, dtype=np.uint8)
        self._kind[_SEVERAL] = _ALWAYS
        for chars, kind in (
            ([piece for piece in pieces if len(piece) == 1], _ALWAYS),
            (filling, _FILLED),
            (stuffing.lefts if stuffing else "", _LEFT),
            (stuffing.rights if stuffing else "", _RIGHT),
        ):
            for char in chars:
                self._kind[numbers[char]] |= kind
        self._longest = max(map(len, pieces), default=0)
        self._begin(numbers, [piece for piece in pieces if len(piece) > 1])
        give_back()

    def _begin(self, numbers: dict[str, int], pieces: list[str]) -> None:
        """Tables of hashed pairs and triples, that stay near the processor; then the whole beginnings by their size."""
        # The beginnings of all pieces as one table: as lists of numbers they would be ten megabytes.
        table = np.array(pieces, dtype=f"<U{_HEAD}").view("<u4").reshape(len(pieces), _HEAD)
        small = np.zeros(max(map(ord, numbers)) + 1, dtype=np.uint16)
        for char, number in numbers.items():
            small[ord(char)] = number
        heads = small[table]
        sizes = np.minimum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)), _HEAD)
        self._pair, self._third = np.zeros(_HASHED, dtype=bool), np.zeros(_HASHED, dtype=bool)
        self._pair[_hashed(heads[:, 0], heads[:, 1])] = True
        longer = heads[sizes > 2]
        self._third[_hashed(_hashed(longer[:, 0], longer[:, 1]), longer[:, 2])] = True
        # What is longer than three characters is pinyin, whose beginnings are in every English title.
        self._heads = {size: np.unique(self._key(heads[sizes == size, :size].T)) for size in np.unique(sizes).tolist()}

    def _key(self, columns: Iterable[Array]) -> Array:
        """One number for the characters of each row; it may wrap round, which lets a text pass and loses none."""
        key: Array = np.zeros(1, dtype=np.uint64)
        for column in columns:
            key = np.add(key * np.uint64(self._size), column, dtype=np.uint64, casting="unsafe")
        return key

    def passing(self, texts: Sequence[str]) -> list[bool]:
        """For every text: False when nothing in it can be a finding."""
        codes, breaks = self._coded(texts)
        kinds = self._kind.take(codes, mode="clip")
        begun = np.flatnonzero(self._pair.take(_hashed(codes[:-1], codes[1:]), mode="clip"))
        places = [np.flatnonzero((kinds & _ALWAYS).view(bool)), begun[self._confirmed(codes, begun)]]
        spots = _stuffed(kinds)
        if len(spots):
            places.append(self._across(codes, spots))
        places += [*self._filled(codes, kinds), _latin(kinds)]
        passing = np.zeros(len(texts), dtype=bool)
        passing[np.searchsorted(breaks, np.concatenate(places))] = True
        # Several lines may spell something down their heads, which no piece of the sieve tells.
        return [passed or is_lined(text) for passed, text in zip(passing.tolist(), texts, strict=True)]

    def _coded(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """The numbers of all that is not skipped, and where each text ends among them."""
        joined = "\n".join(texts) + "\n"
        if is_marked(joined):
            joined = "\n".join([without_markup(text) if is_marked(text) else text for text in texts]) + "\n"
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        codes = self._number.take(points, mode="clip")
        codes[np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1) - 1] = _BREAK
        codes = codes[codes != _SKIPPED]
        return codes, np.flatnonzero(codes == _BREAK)

    def _across(self, codes: Array, spots: Array) -> Array:
        """Places from which a piece runs across stuffing that was taken out: 象1牙."""
        kept = np.ones(len(codes), dtype=bool)
        kept[spots] = False
        origin = np.flatnonzero(kept)
        codes = codes[kept]
        # Where each stuffing stood, and every place before it from which a piece may run across.
        after = np.unique(spots - np.arange(len(spots)))
        starts = np.unique((after[:, None] - np.arange(1, self._longest)).ravel())
        starts = starts[(starts >= 0) & (starts < len(codes) - 1)]
        starts = starts[self._pair.take(_hashed(codes[starts], codes[starts + 1]))]
        found: Array = origin[starts[self._confirmed(codes, starts)]]
        return found

    def _filled(self, codes: Array, kinds: Array) -> Iterator[Array]:
        """Places before what stands again behind one more character, where pieces run on without it: 穿一山一甲."""
        padded = np.concatenate((codes, np.zeros(2 * SAME + 2, dtype=codes.dtype)))
        for width in range(1, SAME + 1):
            again = codes[: -(width + 1)] == codes[width + 1 :]
            whole = again[1 : len(again) - width + 1].copy()
            for step in range(1, width):
                whole &= again[1 + step : len(whole) + 1 + step]
            spots = np.flatnonzero(whole)
            spots = spots[(kinds[spots] & _LEFT).astype(bool) & (kinds[spots + width + 1] & _RIGHT).astype(bool)]
            first, second, third = (padded[spots + step * (width + 1)] for step in range(3))
            yield spots[self._pair.take(_hashed(first, second)) | self._pair.take(_hashed(second, third))]

    def _confirmed(self, codes: Array, places: Array) -> Array:
        """By place at which a piece may begin, whether one does."""
        padded = np.concatenate((codes, np.zeros(_HEAD, dtype=codes.dtype)))
        pairs = padded[places], padded[places + 1]
        found = _among(self._heads[2], self._key(pairs)) if 2 in self._heads else np.zeros(len(places), dtype=bool)
        likely = np.flatnonzero(self._third.take(_hashed(_hashed(*pairs), padded[places + 2])) & ~found)
        places = places[likely]
        for size, known in self._heads.items():
            if size > 2:
                found[likely] |= _among(known, self._key([padded[places + step] for step in range(size)]))
        return found


def _stuffed(kinds: Array) -> Array:
    """Places of one or two letters or digits between a left and a right neighbour; in order."""
    filled, left, right = ((kinds & kind).astype(bool) for kind in (_FILLED, _LEFT, _RIGHT))
    single = left[:-2] & filled[1:-1] & right[2:]
    double = left[:-3] & filled[1:-2] & filled[2:-1] & right[3:]
    firsts = np.flatnonzero(double) + 1
    spots: Array = np.unique(np.concatenate((np.flatnonzero(single) + 1, firsts, firsts + 1)))
    return spots


def _latin(kinds: Array) -> Array:
    """Places of one character between letters and digits, three or more of them on one side: 懒qwer猴zxcv蜂."""
    filled = np.concatenate((np.zeros(3, dtype=bool), (kinds & _FILLED).astype(bool), np.zeros(3, dtype=bool)))
    before, after = filled[2:-4], filled[4:-2]
    many = (filled[:-6] & filled[1:-5]) | (filled[5:-1] & filled[6:])
    spots: Array = np.flatnonzero(before & after & many & ((kinds & _LEFT) > 0) & ((kinds & _RIGHT) > 0))
    return spots


def _among(known: Array, keys: Array) -> Array:
    """Whether each key is one of the known, which are in order."""
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    same: Array = known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys
    return same


def _hashed(firsts: Array, seconds: Array) -> Array:
    """A place in a table of _HASHED for each two numbers side by side."""
    mixed: Array = firsts.astype(np.uint32) * np.uint32(40_503) + seconds.astype(np.uint32) * np.uint32(2_654_435_761)
    mixed ^= mixed >> np.uint32(15)
    mixed &= np.uint32(_HASHED - 1)
    return mixed


def _numbering(numbers: dict[str, int], tables: Folding) -> Array:
    """Code point to small number; the last is for all that lies beyond, which may be anything."""
    widths = np.frombuffer(tables.widths, dtype=np.uint8)[: LEGIBLE + 1]
    number = np.full(len(widths), _OTHER, dtype=np.uint16)
    number[widths == 0] = _SKIPPED
    number[widths > 1] = _SEVERAL
    number[LEGIBLE] = _SEVERAL
    for char, small in numbers.items():
        if ord(char) < LEGIBLE:
            number[ord(char)] = small
    for source, target in tables.folded():
        number[source] = numbers.get(chr(target), _OTHER)
    return number
