"""Other goods named beside a hidden thing are bait for the search: they take nothing back."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from keywords.candidates import Candidate, Context
from keywords.view import View

#: Ways of hiding a name that no honest seller of other goods uses.
_HIDING = frozenset(("gap", "stuffed", "filled", "split", "repeated", "zhuyin", "acrostic", "turned"))
#: Groups of words for goods that have nothing to do with any category.
_OTHERS = frozenset(("goods", "wear"))
#: And those that have nothing to do with what is hidden among them.
_GOODS = frozenset((*_OTHERS, "forage", "deterrent", "fishing", "birdware"))
#: Of a row of names without a sentence, what goods are also called: 玩具球, 二手书.
_ROW = _GOODS | {"toy", "education"}
#: And beside a counted name what these are made of, or who they are for.
_BESIDE = _ROW | {"imitation", "other_material"}
#: A title of so many pieces is a row of goods; with fewer the name may tell what the other is like.
_PIECES = 4
#: Skeleton characters from which a name says by itself what is sold: 红珊瑚原枝, but 象牙 may be a colour.
_TELLING = 3
#: How far behind a name its count may stand: 犀牛角切片50克.
_FAR = 6
#: After a name: so many of it, or so heavy (穿山甲鳞片200克 among children's clothes).
_COUNTED = re.compile(r"[\d一二两三四五六七八九十半几]+\.?\d*(?:[只枚颗条根片对张块克斤kg]|公斤|厘米|cm)")
_PIECE = re.compile(r"[^\s,，、;；/|｜+]+")


class Bait(NamedTuple):
    """The groups whose words count for nothing, and where the row stands from which they are seen."""

    groups: frozenset[str]
    #: Skeleton start and end of the name's own line or piece, in which a word that is no goods still counts.
    start: int
    end: int

    def holds(self, context: Context) -> bool:
        """True for a word that is there to be found by."""
        return context.group.key in self.groups and (
            context.group.key in _GOODS or not self.start <= context.start < self.end
        )


def strung(view: View, heaviest: Sequence[Candidate], contexts: Iterable[Context]) -> Bait | None:
    """The bait beside what weighs most; None where other words may well say what the goods are.

    Hidden, so that no search finds it; or named outright and as a word of its own among other goods (四件套 犀角杯
    台灯, 口红 粉底 红珊瑚原枝 眉笔): what has nothing to do with each other has nothing to do with it either.
    """
    if any(item.disguised and item.technique in _HIDING for item in heaviest):
        return Bait(_OTHERS, 0, 0)
    row_words = [context for context in contexts if context.group.key in _ROW]
    goods = [context for context in row_words if context.group.key in _GOODS]
    for item in heaviest:
        if item.weak or item.term.kind != "term" or not row_words:
            continue
        first, last = _line(view, item)
        pieces = [piece.span() for piece in _PIECE.finditer(view.raw, first, last)]
        raw_start, raw_end = item.found.raw_start, item.found.raw_end
        counted = _counted_apart(view, item, pieces, row_words)
        if counted is not None:
            return counted
        own = [span for span in pieces if span[0] == raw_start and raw_end <= span[1]]
        # A short name must be the whole piece; of a telling one the piece may go on: 野生麂|子腿.
        size = item.found.end - item.found.start
        rest = own[0][1] - own[0][0] - (raw_end - raw_start) if own else 1
        row = len(pieces) >= _PIECES and size >= _TELLING and rest <= size
        both = any(one.end <= item.found.start for one in goods) and any(one.start >= item.found.end for one in goods)
        # 腮红 红珊瑚 资生堂 names a shade; beside two kinds of goods it is neither's.
        kinds = [span for span in pieces if span not in own and any(_within(view, one, span) for one in goods)]
        title = first == 0 and len(pieces) > _PIECES
        apart = bool(own) and len(kinds) > (0 if title else 1)
        if (row and apart) or (both and own and not rest):
            places = [at for at, raw in enumerate(view.origin) if first <= raw < last]
            return Bait(_ROW if row else _OTHERS, places[0], places[-1] + 1)
    return None


def _within(view: View, context: Context, span: tuple[int, int]) -> bool:
    return span[0] <= view.origin[context.start] < span[1]


def _counted_apart(
    view: View, item: Candidate, pieces: Sequence[tuple[int, int]], others: Sequence[Context]
) -> Bait | None:
    """A name that is counted or weighed in a piece of its own, and in the other pieces what it has nothing to do with:
    手机壳 犀牛角切片50克 充电器, 玩具 老虎皮一张 积木."""
    found = item.found
    own = next((span for span in pieces if 0 <= found.raw_start - span[0] <= 1 and found.raw_end <= span[1]), None)
    if own is None or not _COUNTED.search(view.fold, found.raw_start, min(own[1], found.raw_end + _FAR)):
        return None
    places = [view.origin[one.start] for one in others]
    before, after = any(at < own[0] for at in places), any(at >= own[1] for at in places)
    if not (before or after) or not ((before and after) or found.end - found.start >= _TELLING):
        return None
    inside = [at for at, raw in enumerate(view.origin) if own[0] <= raw < own[1]]
    return Bait(_BESIDE, inside[0], inside[-1] + 1)


def _line(view: View, item: Candidate) -> tuple[int, int]:
    """Raw start and end of the line on which the name stands."""
    start = view.raw.rfind("\n", 0, item.found.raw_start) + 1
    end = view.raw.find("\n", item.found.raw_end)
    return start, end if end >= 0 else len(view.raw)
