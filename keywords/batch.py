"""Many texts at once: which of them can hold a finding at all, told by numpy for a whole block in a dozen steps.

The block is joined, every code point becomes a small number (skipped ones 0), and neighbouring numbers are looked up
among the beginnings of the sieve's pieces. What passes is read again by the ordinary path, so that a batch judges
exactly as one text after the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keywords.folding import Folding, without_markup
from keywords.patterns import Stuffing

#: Texts of a block, and characters after which a block is closed early: one text may be a megabyte.
_TEXTS = 1024
_CHARACTERS = 1 << 18
#: Small numbers with a meaning of their own; those from _FIRST on are characters of the pieces.
_SKIPPED, _BREAK, _SEVERAL, _OTHER, _FIRST = range(5)

_BEGINNING, _WHOLE = 1, 2
_HASHED = 1 << 20
#: Characters of a piece that are compared.
_HEAD = 6
#: What a character may be beside the beginning of a piece.
_ALWAYS, _LEFT, _FILLED, _RIGHT = 1, 2, 4, 8

Array = np.ndarray[Any, Any]


class Sieve:
    """Tells the texts apart that the scanner has to read. Immutable, so threads may share it."""

    def __init__(self, pieces: Sequence[str], stuffing: Stuffing | None, tables: Folding) -> None:
        alphabet = {*"0123456789abcdefghijklmnopqrstuvwxyz", *"".join(pieces)}
        if stuffing is not None:
            alphabet |= {*stuffing.lefts, *stuffing.rights}
        numbers = {char: number for number, char in enumerate(sorted(alphabet), _FIRST)}
        self._size = len(numbers) + _FIRST
        self._number = _numbering(numbers, tables)
        self._kind = np.zeros(self._size, dtype=np.uint8)
        self._kind[_SEVERAL] = _ALWAYS
        for chars, kind in (
            ([piece for piece in pieces if len(piece) == 1], _ALWAYS),
            ([char for char in alphabet if char.isascii()], _FILLED),
            (stuffing.lefts if stuffing else "", _LEFT),
            (stuffing.rights if stuffing else "", _RIGHT),
        ):
            for char in chars:
                self._kind[numbers[char]] |= kind
        self._begin(numbers, [piece for piece in pieces if len(piece) > 1])

    def _begin(self, numbers: dict[str, int], pieces: list[str]) -> None:
        """Two tables of rows and columns, so that a pair of neighbours is one look-up; then the whole beginnings."""
        firsts = {char: row for row, char in enumerate(sorted({piece[0] for piece in pieces}), 1)}
        seconds = {char: column for column, char in enumerate(sorted({piece[1] for piece in pieces}), 1)}
        self._row = np.zeros(self._size, dtype=np.int32)
        self._column = np.zeros(self._size, dtype=np.int32)
        for char, row in firsts.items():
            self._row[numbers[char]] = row * (len(seconds) + 1)
        for char, column in seconds.items():
            self._column[numbers[char]] = column
        # One byte a pair, so that the table stays in the processor's cache: 1 a beginning, 2 a whole piece.
        self._pair = np.zeros((len(firsts) + 1) * (len(seconds) + 1), dtype=np.uint8)
        cells = np.array(
            [self._row[numbers[piece[0]]] + self._column[numbers[piece[1]]] for piece in pieces], dtype=int
        )
        sizes = np.array([len(piece) for piece in pieces], dtype=int)
        self._pair[cells] = _BEGINNING
        self._pair[cells[sizes == 2]] = _WHOLE
        thirds = np.array([numbers[piece[2]] for piece in pieces if len(piece) > 2], dtype=int)
        self._third = np.zeros(_HASHED, dtype=bool)
        self._third[_hashed(cells[sizes > 2], thirds)] = True
        # What is longer than three characters is pinyin, whose beginnings are in every English title.
        heads: dict[int, list[list[int]]] = {min(len(piece), _HEAD): [] for piece in pieces}
        for piece in pieces:
            heads[min(len(piece), _HEAD)].append([numbers[char] for char in piece[:_HEAD]])
        self._heads = {size: np.unique(self._key(np.array(rows).T)) for size, rows in heads.items()}

    def _key(self, columns: Iterable[Array]) -> Array:
        """One number for the characters of each row; it may wrap round, which lets a text pass and loses none."""
        key: Array = np.zeros(1, dtype=np.uint64)
        for column in columns:
            key = np.add(key * np.uint64(self._size), column, dtype=np.uint64, casting="unsafe")
        return key

    def passing(self, texts: Sequence[str]) -> list[bool]:
        """For every text: False when nothing in it can be a finding."""
        codes, breaks = self._coded(texts)
        kinds = self._kind[codes]
        special = kinds & _ALWAYS
        filled, left, right = kinds & _FILLED, kinds & _LEFT, kinds & _RIGHT
        # 象1牙, 象12牙: the marks are shifted so that those of one place meet in one bit.
        if len(codes) > 2:
            special[2:] |= (left[:-2] << 2) & (filled[1:-1] << 1) & right[2:]
        if len(codes) > 3:
            special[3:] |= (left[:-3] << 2) & (filled[1:-2] << 1) & (filled[2:-1] << 1) & right[3:]
        places = np.concatenate((np.flatnonzero(special), self._beginnings(codes)))
        passing = np.zeros(len(texts), dtype=bool)
        passing[np.searchsorted(breaks, places)] = True
        told: list[bool] = passing.tolist()
        return told

    def _coded(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """The numbers of all that is not skipped, and where each text ends among them."""
        joined = "\n".join([without_markup(text) for text in texts]) + "\n"
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        codes = self._number[points]
        codes[np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1) - 1] = _BREAK
        codes = codes[codes != _SKIPPED]
        return codes, np.flatnonzero(codes == _BREAK)

    def _beginnings(self, codes: Array) -> Array:
        """Places where a piece begins."""
        if len(codes) < 2:
            return np.zeros(0, dtype=np.int64)
        cells = self._row[codes[:-1]] + self._column[codes[1:]]
        places = np.flatnonzero(self._pair[cells])
        padded = np.concatenate((codes, np.zeros(_HEAD, dtype=codes.dtype)))
        begun = cells[places]
        whole = self._pair[begun] == _WHOLE
        places = places[whole | self._third[_hashed(begun.astype(np.int64), padded[places + 2])]]
        found = np.zeros(len(places), dtype=bool)
        for size, known in self._heads.items():
            keys = self._key([padded[places + step] for step in range(size)])
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            found |= known[at] == keys
        kept: Array = places[found]
        return kept


def _hashed(cells: Array, thirds: Array) -> Array:
    """A place in a table of _HASHED for a pair and the character after it."""
    mixed: Array = (cells * 40503 + thirds.astype(np.int64) * 8191) % _HASHED
    return mixed


def _numbering(numbers: dict[str, int], tables: Folding) -> Array:
    """Code point to small number, for all of Unicode."""
    widths = np.frombuffer(tables.widths, dtype=np.uint8)
    number = np.full(len(widths), _OTHER, dtype=np.uint16)
    number[widths == 0] = _SKIPPED
    number[widths > 1] = _SEVERAL
    for char, small in numbers.items():
        number[ord(char)] = small
    for source, target in tables.folded:
        number[source] = numbers.get(chr(target), _OTHER)
    return number


def blocks(texts: Iterable[Any], size: Any) -> Iterator[list[Any]]:
    """`texts` in blocks of a thousand or of a quarter of a million characters, as `size` counts them; read lazily."""
    block: list[Any] = []
    characters = 0
    for text in texts:
        block.append(text)
        characters += size(text)
        if len(block) == _TEXTS or characters >= _CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block
