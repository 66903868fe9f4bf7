"""How a listing is put: likeness to what people labelled as trade in protected wildlife, whatever words it uses.

Code words change faster than a lexicon; how such goods are talked of (剥好晒干, 带毛前手, 懂的来) does not. A linear
model over runs of one and two characters, present or not, the sum of a text divided by √(runs + 20): logistic
regression, learnt by scripts/phrasing.py and kept as numbers. It is company for weak terms that have none, takes from
what weak terms alone found where all else is put as ordinary goods are, and leans between categories. By itself it
raises nothing.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate, pairwise
from math import sqrt
from pathlib import Path

TABLE = Path(str(files("keywords") / "tables" / "phrasing.tsv"))
#: Added to the number of runs of a text, so that few of them do not say much.
DAMPING = 20
#: Han characters of the shortest text that is asked, for three words are put in no way at all; and as many characters
#: of the skeleton as are read of a long one.
SHORTEST, LONGEST = 10, 1000
_UNSAID = re.compile("[^㐀-鿿]+")
#: Logits by which another category must be the likelier one to be believed over what was found.
_FAR = 2.5
#: Characters of a stretch that is shown, and how many stretches.
_STRETCH, _SHOWN = 6, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How one text is put."""

    #: Logit of its being such trade; below nought it is rather put as ordinary goods are.
    likeness: float
    #: True where that is enough to be company for what has none.
    speaks: bool
    #: The runs that it was told by.
    runs: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrasing:
    """Weights of runs of characters. Treated as constant: build it with `phrasing()` or `read`."""

    #: Thousandths of a logit by run, those of any text, and the logit from which phrasing speaks.
    weights: Mapping[str, int]
    offset: int
    speaks: int
    #: By run what it says of categories, number and tenths of a logit of each ("3:12 17:-5"); and those of any text.
    kinds: Mapping[str, str]
    categories: tuple[tuple[str, int], ...]
    #: The quick question, a sum over all characters that must not be below nought; of a character it does not know.
    gate: Mapping[str, int]
    unknown: int

    def may_speak(self, skeleton: str) -> bool:
        """False for nearly all texts of ordinary goods, and for next to none in which phrasing speaks."""
        text = spoken(skeleton)
        gate, unknown = self.gate, self.unknown
        return len(text) >= SHORTEST and sum([gate.get(char, unknown) for char in text]) >= 0

    def manner(self, skeleton: str) -> Manner | None:
        """How a text is put; None for one that is too short to tell."""
        text = spoken(skeleton)
        if len(text) < SHORTEST:
            return None
        weights = self.weights
        runs = [run for run in _runs(text) if run in weights]
        likeness = self.offset + sum([weights[run] for run in runs]) / sqrt(len(runs) + DAMPING)
        return Manner(likeness=likeness / 1000, speaks=likeness >= self.speaks, runs=runs)

    def likeliest(self, manner: Manner) -> str:
        """The category whose listings are put most like it."""
        kinds = self._told(manner)
        return max(kinds, key=kinds.__getitem__)

    def leaning(self, manner: Manner, category: str, among: Container[str]) -> str:
        """The category that it is put like by far, of those in `among`; `category` where none is."""
        kinds = self._told(manner)
        least = kinds.get(category, 0) + _FAR
        likely = [name for name, told in kinds.items() if told >= least and name in among]
        return max(likely, key=kinds.__getitem__, default=category)

    def _told(self, manner: Manner) -> dict[str, float]:
        """Logit of each category."""
        sums = [0] * len(self.categories)
        for run in manner.runs:
            if run in self.kinds:
                for number, tenths in _numbered(self.kinds[run]):
                    sums[number] += tenths
        divisor = 10 * sqrt(len(manner.runs) + DAMPING)
        return {name: offset / 10 + told / divisor for (name, offset), told in zip(self.categories, sums, strict=True)}

    def stretches(self, skeleton: str) -> tuple[str, ...]:
        """The stretches that tell most of such trade, in the order of the text."""
        get, text = self.weights.get, f" {skeleton[:LONGEST]}"
        told = [get(one + other, 0) + get(other, 0) for one, other in pairwise(text)]
        sums = list(accumulate(told, initial=0))
        taken: list[tuple[int, int]] = []
        for _ in range(_SHOWN):
            most, start, end = max(_stretches(sums, taken), default=(0, 0, 0))
            if most > 0:
                taken.append((start, end))
        return tuple(skeleton[start:end] for start, end in sorted(taken))


def spoken(skeleton: str) -> str:
    """The Han characters that are read: letters and digits spell, count and brand, and put nothing."""
    return _UNSAID.sub("", skeleton[:LONGEST])


def _runs(text: str) -> set[str]:
    """Its characters and pairs of neighbours."""
    return {*text, *map("".join, pairwise(text))}


def _stretches(sums: Sequence[int], taken: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """What it tells, start and end of every stretch that touches none of the taken ones. `sums`: up to each place."""
    return [
        (sums[end] - sums[start], start, end)
        for start in range(len(sums) - 2)
        for end in range(start + 2, min(start + _STRETCH + 1, len(sums)))
        if all(end <= first or last <= start for first, last in taken)
    ]


@cache
def phrasing() -> Phrasing:
    """The weights of this release, read once."""
    return read(TABLE)


def read(path: Path) -> Phrasing:
    """The weights in a file that scripts/phrasing.py wrote."""
    _, offset, kinds, unknown, *runs = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return Phrasing(
        weights={run: int(weight) for run, weight, _, _ in runs if weight},
        offset=int(offset[1]),
        speaks=int(offset[2]),
        kinds={run: told for run, _, _, told in runs if told},
        categories=tuple((name, int(tenths)) for name, tenths in (one.split(":") for one in kinds[1:])),
        gate={run: int(gate) for run, _, gate, _ in runs if gate},
        unknown=int(unknown[1]),
    )


@lru_cache(maxsize=4096)
def _numbered(told: str) -> tuple[tuple[int, int], ...]:
    # Of ten thousand runs a night meets a few thousand.
    numbers = map(int, told.replace(":", " ").split(" "))
    return tuple(zip(numbers, numbers, strict=True))
