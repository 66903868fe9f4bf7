"""The views of a text, quickly: most titles hold nothing to fold beside letters, and of the rest only spaces and signs.

Bytes are translated ten times as fast as characters, so ASCII, letters and all, is done as bytes wherever nothing else
asks for more.
"""

import re
from collections.abc import Iterable
from functools import cache

from keywords.folding import MARKS, Folding, Skeleton, folding, without_markup

#: What lies beyond is always intricate; a class of characters is quick for the first plane only.
_PLANE = 0x10000
_ASCII = range(0x80)
#: Where markup may begin, and a remark end.
_MARKUP = frozenset(map(ord, MARKS))


class Skimmer:
    """Answers as Folding does, sooner for an ordinary title. Immutable, so threads may share it."""

    def __init__(self, tables: Folding) -> None:
        self._tables = tables
        intricate = {code for code, piece in enumerate(tables.table[:_PLANE]) if piece != code}
        asked = _ranges(intricate - {*_ASCII} | _MARKUP - {ord("\\"), ord("[")})
        self._intricate = re.compile(f"[\\\\\\[{asked}\U00010000-\U0010ffff]").search
        dropped = [code for code in _ASCII if tables.table[code] is None]
        self._dropped = bytes(dropped)
        self._legible = re.compile(f"[^{re.escape(''.join(map(chr, dropped)))}]+").finditer
        rest = bytes(range(0x80, 0x100))
        self._lower = bytes(_number(tables.table[code], code) for code in _ASCII) + rest
        self._folded = tables.fold("".join(map(chr, _ASCII))).encode("latin-1") + rest

    def bytes_of(self, raw: str) -> bytes:
        """The skeleton of `raw` without its markup, as UTF-8."""
        if self._intricate(raw) is None:
            return raw.encode().translate(self._lower, self._dropped)
        return self._tables.skeleton(without_markup(raw)).encode()

    def skeleton(self, raw: str) -> str:
        """The same as text."""
        return self.bytes_of(raw).decode()

    def located(self, hidden: str) -> Skeleton:
        """The skeleton of a text without markup, with the origin of each character."""
        if self._intricate(hidden) is not None:
            return self._tables.located(hidden)
        origin: list[int] = []
        for piece in self._legible(hidden):
            origin += range(*piece.span())
        return Skeleton(text=hidden.encode().translate(self._lower, self._dropped).decode(), origin=origin)

    def fold(self, hidden: str) -> str:
        """The fold of a text without markup."""
        if self._intricate(hidden) is not None:
            return self._tables.fold(hidden)
        return hidden.encode().translate(self._folded).decode()


@cache
def skimmer() -> Skimmer:
    """The skimmer of the built-in folding; made once."""
    return Skimmer(folding())


def _number(piece: int | str | None, code: int) -> int:
    return piece if isinstance(piece, int) else code


def _ranges(codes: Iterable[int]) -> str:
    """The inside of a class of characters; ASCII among them must need no escape."""
    found: list[list[int]] = []
    for code in sorted(codes):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in found)
