"""What Python sees of the compiled half; _prefilter.pyx says what the arguments are."""

from array import array
from collections.abc import Callable

BUILT_FROM: str

class Weak:
    def __init__(
        self,
        category: int,
        term: int,
        everyday: bool,
        alone: bool,
        companions: array[int],
        words: bytes,
        talk: bytes | None,
        expressions: int,
        letters: bytes | None,
    ) -> None: ...

class Asked:
    def __init__(self, weak: tuple[Weak, ...], after: bytes | None, parts: array[int] | None) -> None: ...

class Prefilter:
    def __init__(
        self,
        number: array[int],
        sides: bytes,
        findings: tuple[list[str], array[int]],
        beside: tuple[list[str], array[int]],
        kinds: bytearray,
        characters: dict[int, int],
        window: int,
        learn_of: Callable[[int], bool | Asked],
        expressed: Callable[[str, int], bool],
        gate: array[int] | None,
        shortest: int,
        longest: int,
    ) -> None: ...
    def clears(self, raw: str) -> bool: ...
