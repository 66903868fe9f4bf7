"""A stream of texts in blocks."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

One = TypeVar("One")

#: Texts of a block, and characters after which a block is closed early: one text may be a megabyte.
_TEXTS = 1024
_CHARACTERS = 1 << 18


def blocks(texts: Iterable[One], size: Callable[[One], int]) -> Iterator[list[One]]:
    """`texts` in blocks of a thousand or of a quarter of a million characters, as `size` counts them; read lazily."""
    block: list[One] = []
    characters = 0
    for text in texts:
        block.append(text)
        characters += size(text)
        if len(block) == _TEXTS or characters >= _CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block
