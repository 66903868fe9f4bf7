"""jieba's word boundaries: evidence for the matcher, never its gate (DESIGN §4.4).

Segmentation runs in a small window around a candidate, with the HMM off: it invents words and moves edges (车电媒).
Windows of six characters give the same edges as whole texts in every case measured.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

#: Characters on each side of a candidate that decide its edges.
REACH = 6
#: Longest dictionary word that is looked for; longer ones are proverbs and names of no use here.
_LONGEST = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
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


@cache
def _dictionary() -> Any:
    """jieba's own dictionary and algorithm in a private Tokenizer, never jieba.dt; read-only, so threads may share it.

    The stock loader unmarshals a cache from the shared temporary folder, where anybody may have put it, and takes
    0.8 s; it also stores every prefix of every word, which bounded look-ups do not need.
    """
    # Imported at the first candidate that needs evidence: most texts never do.
    import jieba

    class Dictionary(jieba.Tokenizer):  # type: ignore[misc]
        FREQ: dict[str, int]

        def get_DAG(self, sentence: str) -> dict[int, list[int]]:
            known = self.FREQ
            size = len(sentence)
            return {
                start: [
                    end - 1 for end in range(start + 1, min(start + _LONGEST, size) + 1) if sentence[start:end] in known
                ]
                or [start]
                for start in range(size)
            }

    tokenizer = Dictionary()
    cells = (files("jieba") / "dict.txt").read_text(encoding="utf-8").split()
    tokenizer.FREQ = dict(zip(cells[0::3], map(int, cells[1::3]), strict=True))
    tokenizer.total = sum(tokenizer.FREQ.values())
    tokenizer.initialized = True
    return tokenizer


def cut(text: str, start: int, end: int) -> Cut:
    """Words around [start, end) of `text`, which must be folded and hold no invisible characters."""
    first = max(0, start - REACH)
    window = text[first : end + REACH]
    pieces = list(_dictionary().cut(window, HMM=False))
    starts = list(accumulate(map(len, pieces), initial=first))
    return Cut(edges=frozenset(starts), words=tuple(zip(starts, pieces, strict=False)))


def is_word(text: str) -> bool:
    """True when jieba's dictionary has `text`."""
    return bool(_dictionary().FREQ.get(text))


def words() -> dict[str, int]:
    """jieba's dictionary with its frequencies. Not to be changed."""
    frequencies: dict[str, int] = _dictionary().FREQ
    return frequencies
