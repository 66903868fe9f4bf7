"""Chance that is the same every time: choices drawn from a hash of what they are for."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A short row of choices that depend on the given words alone.

    One hash gives 384 bits, spent by division: many times cheaper than seeding a generator for each listing.
    """

    __slots__ = ("_left",)

    def __init__(self, *of: object) -> None:
        text = "\x1f".join(map(str, of))
        self._left = int.from_bytes(blake2b(text.encode(), digest_size=48).digest(), "big")

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not including, `bound`."""
        self._left, number = divmod(self._left, bound)
        return number

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[self.below(len(choices))]

    def chance(self, share: float) -> bool:
        """True in `share` (0 to 1) of all cases, to a millionth."""
        return self.below(1_000_000) < share * 1_000_000

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)
