"""jieba's word boundaries: evidence for the matcher, never its gate (DESIGN §4.4).

Segmentation runs in a small window around a candidate, with the HMM off: it invents words and moves edges (车电媒).
Windows of six characters give the same edges as whole texts in every case measured. The dictionary is jieba's and the
path through it the one that jieba.cut(HMM=False) takes, edge for edge (tests/keywords/test_engine_words.py); but jieba
is not imported: its loader parses five megabytes and every prefix in them before the first word, where a listing needs
the words of some twenty first characters.
"""

import json
import re
import zlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from itertools import accumulate
from math import inf, log
from pathlib import Path
from typing import NamedTuple

#: Characters on each side of a candidate that decide its edges.
REACH = 6
#: How often jieba saw a word from which it is in frequent use.
OFTEN = 100
#: And of three characters or more, which are seldom anything else.
_LONG_OFTEN = 20
#: Pairs of characters kept that begin no word.
_SEAMS = 50_000
#: With one of these a word only goes on to name the goods: 狗熊皮|子, 羚羊角|质, but not 海龟甲|板.
_ONWARD = frozenset(
    "子头骨架骼髓毛质肉革囊汁齿爪丝片巴蹄鼻液水血支弹管口托具器粉酒丸剂品物料壳苗蛋翅鳍尖段块皮牙角鳞甲刻雕类"
)
#: What jieba reads as one block; all else falls into single characters.
_BLOCK = re.compile(r"([\u4e00-\u9fd5a-zA-Z0-9+#&._%\-]+)")
_OF_BLOCK = re.compile(r"[\u4e00-\u9fd5a-zA-Z0-9+#&._%\-]").match
_LETTER = re.compile(r"[a-zA-Z0-9]")


class Cut(NamedTuple):
    """How a window around a candidate falls into words. Positions are those of the text that was given."""

    #: Start of each word, and the end of the last.
    edges: frozenset[int]
    #: Words with their start.
    words: tuple[tuple[int, str], ...]

    def holding(self, start: int, end: int) -> str:
        """The word that strictly contains [start, end); empty when there is none."""
        for begin, word in self.words:
            if begin <= start and end <= begin + len(word) and len(word) > end - start:
                return word
        return ""

    def at(self, position: int) -> str:
        """The word that position lies in; empty outside the window."""
        for begin, word in self.words:
            if begin <= position < begin + len(word):
                return word
        return ""


class _Dictionary:
    """jieba's dict.txt, parsed two characters at a time: a listing needs few of the words that begin with 大.

    Threads may share it: a parse done twice gives the same.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        total, self._places = _index(body)
        #: What a character that is no word costs: seen once in all.
        self.unseen = log(total)
        self._shares: dict[int, float] = {}
        #: What `single` and `longer` said; read without a call where thousands are asked.
        self.singles: dict[str, float] = {}
        self.pairs: dict[str, _Words] = {}
        #: Pairs that begin no word; there are as many as there are seams, so they are forgotten now and then.
        self.seams: set[str] = set()

    def single(self, char: str) -> float:
        """The logarithm of the share of a character as a word of its own; minus infinity where it is none."""
        share = self.singles.get(char)
        if share is None:
            count = self.count(char)
            share = self.singles[char] = self._share(count) if count else -inf
        return share

    def longer(self, pair: str) -> "_Words | None":
        """Words that begin with two characters; None where there are none."""
        found = self.pairs.get(pair)
        if found is None and pair not in self.seams:
            shares = {word: self._share(count) for word, count in self._counts(pair) if count}
            if shares:
                found = self.pairs[pair] = _Words(shares, max(map(len, shares)))
            else:
                if len(self.seams) >= _SEAMS:
                    self.seams.clear()
                self.seams.add(pair)
        return found

    def _share(self, count: int) -> float:
        # One number object for all words that were seen as often: most were seen three times.
        found = self._shares.get(count)
        if found is None:
            found = self._shares[count] = log(count) - self.unseen
        return found

    def _counts(self, pair: str) -> Iterator[tuple[str, int]]:
        if len(pair) < 2:
            return
        body, head = self._body, pair.encode("utf-8", "surrogatepass")
        for start, end in self._places.get(pair[0], ()):
            if body.startswith(head, start):
                yield _line(body, start)
            place = body.find(b"\n" + head, start, end)
            while place >= 0:
                yield _line(body, place + 1)
                place = body.find(b"\n" + head, place + 1, end)

    def count(self, word: str) -> int:
        """How often a word was seen; 0 for what is none."""
        line = b"\n" + word.encode("utf-8", "surrogatepass") + b" "
        for start, end in self._places.get(word[:1], ()):
            # A line is known by the break in front of it, which only the file's first does not have.
            first = not start and self._body.startswith(line[1:])
            place = -1 if first else self._body.find(line, max(0, start - 1), end)
            if first or place >= 0:
                return int(self._body[place + len(line) : end].split(maxsplit=1)[0])
        return 0

    def all_counts(self) -> dict[str, int]:
        """Every word and how often it was seen."""
        cells = self._body.decode("utf-8").split()
        return dict(zip(cells[0::3], map(int, cells[1::3]), strict=True))


class _Words(NamedTuple):
    """Words of one beginning."""

    #: The logarithm of each one's share.
    shares: dict[str, float]
    #: Characters of the longest.
    longest: int


def _line(body: bytes, start: int) -> tuple[str, int]:
    """The word of a line and how often it was seen."""
    end = body.find(b"\n", start)
    cells = body[start : end if end >= 0 else len(body)].decode("utf-8").split()
    return cells[0], int(cells[1])


def _index(body: bytes) -> tuple[int, dict[str, list[tuple[int, int]]]]:
    """The sum of all counts, and where the lines of each first character stand; from a table for the known file."""
    table = json.loads((files("keywords") / "tables" / "jieba.json").read_text(encoding="utf-8"))
    if (len(body), zlib.crc32(body)) != (table["bytes"], table["crc32"]):
        return index_of(body)
    ends = list(accumulate(table["sizes"]))
    places: dict[str, list[tuple[int, int]]] = {}
    for char, size, end in zip(table["first"], table["sizes"], ends, strict=True):
        places.setdefault(char, []).append((end - size, end))
    return table["total"], places


def index_of(body: bytes) -> tuple[int, dict[str, list[tuple[int, int]]]]:
    """The same from the file itself: for a jieba other than the one that the table was made from."""
    total, start, char = 0, 0, ""
    places: dict[str, list[tuple[int, int]]] = {}
    for line in body.splitlines(keepends=True):
        text = line.decode("utf-8")
        total += int(text.split()[1])
        if char != text[0]:
            char = text[0]
            places.setdefault(char, []).append((start, start))
        start += len(line)
        places[char][-1] = (places[char][-1][0], start)
    return total, places


@cache
def _dictionary() -> _Dictionary:
    # Found without being imported, and read only when the first candidate needs evidence: most texts never do.
    spec = find_spec("jieba")
    assert spec is not None and spec.submodule_search_locations is not None
    return _Dictionary((Path(spec.submodule_search_locations[0]) / "dict.txt").read_bytes())


def segments(text: str) -> list[str]:
    """The words of `text`; joined again they are `text`."""
    found: list[str] = []
    for index, block in enumerate(_BLOCK.split(text)):
        if index % 2:
            _cut_block(block, found)
        elif block:
            found += re.findall(r"\r\n|[\s\S]", block)
    return found


def _cut_block(block: str, found: list[str]) -> None:
    """The likeliest words of a block; neighbouring single letters and digits stay together."""
    ways = _ways(block)
    place, size, letters = 0, len(block), 0
    while place < size:
        end = ways[place]
        if end == place + 1 and _LETTER.match(block, place):
            letters += 1
        else:
            if letters:
                found.append(block[place - letters : place])
                letters = 0
            found.append(block[place:end])
        place = end
    if letters:
        found.append(block[size - letters :])


def _ways(block: str) -> list[int]:
    """For every place the end of the word that the likeliest path takes there; the longer of equals."""
    dictionary = _dictionary()
    singles, pairs, seams = dictionary.singles, dictionary.pairs, dictionary.seams
    size = len(block)
    best = [0.0] * (size + 1)
    ways = [0] * size
    for start in range(size - 1, -1, -1):
        char, pair = block[start], block[start : start + 2]
        share = singles[char] if char in singles else dictionary.single(char)
        way, most = start + 1, share + best[start + 1]
        known = pairs[pair] if pair in pairs else None if pair in seams else dictionary.longer(pair)
        if known is not None:
            shares, longest = known
            for end in range(start + 2, min(start + longest, size) + 1):
                word = block[start:end]
                if word in shares and (sum_ := shares[word] + best[end]) >= most:
                    way, most = end, sum_
        # Only what begins no word at all stands alone without being one.
        ways[start], best[start] = way, most if most > -inf else best[start + 1] - dictionary.unseen
    return ways


def cut(text: str, start: int, end: int) -> Cut:
    """Words around [start, end) of `text`, which must be folded and hold no invisible characters."""
    first = max(0, start - REACH)
    pieces = segments(text[first : end + REACH])
    starts = list(accumulate(map(len, pieces), initial=first))
    return Cut(frozenset(starts), tuple(zip(starts, pieces, strict=False)))


def parted(text: str, start: int, end: int, place: int) -> bool:
    """True where every way to cut the window around [start, end) has an edge at `place`: no word spans it.

    False says nothing. A few look-ups, where `cut` weighs all ways against each other.
    """
    first, last = max(0, start - REACH), min(len(text), end + REACH)
    if place <= first or place >= last or not _OF_BLOCK(text, place) or not _OF_BLOCK(text, place - 1):
        return True
    if text[place] < "\x80" and text[place - 1] < "\x80":
        return False  # single letters and digits join
    dictionary = _dictionary()
    for begin in range(place - 1, first - 1, -1):
        known = dictionary.longer(text[begin : begin + 2])
        if known is not None:
            shares, longest = known
            for stop in range(max(place + 1, begin + 2), min(begin + longest, last) + 1):
                if text[begin:stop] in shares:
                    return False
    return True


def is_word(text: str) -> bool:
    """True when jieba's dictionary has `text`."""
    if len(text) < 2:
        return frequency(text) > 0
    known = _dictionary().longer(text[:2])
    return known is not None and text in known.shares


def frequency(text: str) -> int:
    """How often jieba's dictionary saw `text` as a word; 0 where it does not know it."""
    return _dictionary().count(text)


def leads_away(word: str) -> bool:
    """True for a word in frequent use that says something else than its first character: 甲板, but not 甲片, 皮子."""
    return len(word) > 1 and word[1] not in _ONWARD and frequency(word) >= (OFTEN if len(word) == 2 else _LONG_OFTEN)


@cache
def words() -> dict[str, int]:
    """jieba's whole dictionary with its frequencies. Not to be changed."""
    return _dictionary().all_counts()
