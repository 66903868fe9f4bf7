"""A text read a second time in another way, where something in it asks for that: laughter left out (虎嘻嘻嘻骨哈哈哈),
down the heads of its lines, or from its end (倒过来看).

What asks for the first and the last are pieces of the sieve, so that an ordinary title pays nothing.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from keywords.folding import folding, without_markup

#: What is laughed, sighed and called between the characters of a name.
_CALLS = "哈呵嘿嘻嘎咯啊呀哦呢嗯哎诶嘞呗咦喵汪哒吖噢喔唉嗨啦嘤噗"
#: What is written three times for no reason but to part what stands around it: 象的的的牙, 虎666骨.
_THRICE = "的了吧吗嘛么个那这好真想爱我你他她天上下一不来去看说就要是有在" + "12345678abcdefghijklmnopqrstuvwxyz"
#: A run of these is passed over in reading. One call alone is, where another gap has one too.
_JUNK = f"(?:[{_CALLS}]{{1,9}}|([{_THRICE}])\\2{{2,9}})"
#: Characters of what stands in every gap of a name, the same in each: 穿一山一甲, 鹰咕咕羽咕咕扇咕咕.
SAME = 4
#: Letters and digits that do, whatever they are: 懒qwer猴zxcv蜂.
_LATIN = "[0-9a-z]{1,12}"
#: Says that a line is to be read from its end.
_TURNED = (
    "倒过来", "倒着看", "倒着读", "倒着念", "反着看", "反着读", "反着念", "反过来念", "反过来读", "倒序读", "从右往左",
    "从右到左", "从后往前", "从后面往前", "倒读", "反读",
)  # fmt: skip
#: Says that the beginnings are to be read by themselves.
_HEADED = (
    "每行首字", "每句首字", "首字连", "藏头", "竖着看", "竖着读", "竖着念", "竖读", "头一个字", "第一个字", "开头的字",
    "句首", "行首", "打头的字", "打头字",
)  # fmt: skip
_TURNS, _HEADS = (re.compile("|".join(words)).search for words in (_TURNED, _HEADED))
#: Lines of which the heads are read, and characters of a name that they spell unasked.
_LINES, _MANY_LINES, _UNASKED = 3, 40, 3
_PIECE = re.compile(r"[^\n]+")
_PHRASE = re.compile(r"[^\n\s,，.。;；、!！?？|/]+")


class Second(NamedTuple):
    """A skeleton read in another way."""

    text: str
    #: The place in the skeleton of each of its characters.
    places: Sequence[int]
    technique: str
    #: Characters of the shortest name that counts.
    least: int = 2


def triggers() -> set[str]:
    """Pieces of a skeleton without which nothing is read a second time, but for the heads of lines."""
    return {char * 2 for char in _CALLS} | {char * 3 for char in _THRICE} | {*_TURNED, *_HEADED}


def junk(lefts: str, rights: str) -> re.Pattern[str]:
    """Finds what is passed over between two neighbouring characters of some term: `lefts` and `rights`."""
    return re.compile(f"(?<=[{lefts}])({_JUNK})(?=[{rights}])")


def filling(lefts: str, rights: str) -> re.Pattern[str]:
    """Finds where all gaps of a name may be filled; `lefts` and `rights` are neighbours in some term."""
    both = "".join(sorted({*lefts} & {*rights})) or rights
    same = f"(.{{1,{SAME}}})[{rights}]\\1"
    return re.compile(
        f"[{lefts}](?:{same}|(?=[0-9a-z]+[{both}][0-9a-z]{{3}}|[0-9a-z]{{3}}){_LATIN}[{both}]{_LATIN}[{rights}])"
    )


def unfilled(skeleton: str) -> Iterator[Second]:
    """The text without each piece that stands twice beside one character, and without letters and digits."""
    size = len(skeleton)
    for width in range(1, SAME + 1):
        cut: set[int] = set()
        for at in range(size - 2 * width):
            if skeleton.startswith(skeleton[at : at + width], at + width + 1):
                cut.update(range(at, at + width), range(at + width + 1, at + 2 * width + 1))
        if cut:
            yield without(skeleton, cut)
    yield without(skeleton, {at for at, char in enumerate(skeleton) if char.isascii()})


def without(skeleton: str, cut: set[int]) -> Second:
    """The text without the characters at these places."""
    places = [at for at in range(len(skeleton)) if at not in cut]
    return Second("".join([skeleton[at] for at in places]), places, "filled")


def is_filled(skeleton: str, places: Sequence[int]) -> bool:
    """True where the same stands in all gaps between these places, or letters and digits in each of several.

    Where there is but one gap, the same must follow: 猎哦套哦.
    """
    gaps = [skeleton[one + 1 : other] for one, other in pairwise(places)]
    if not all(gaps):
        return False
    if len(gaps) == 1:
        return len(gaps[0]) <= SAME and skeleton.startswith(gaps[0], places[-1] + 1)
    return len({*gaps}) == 1 or all(gap.isascii() for gap in gaps)


def is_lined(raw: str) -> bool:
    """True for a text of several lines, whose heads may spell something."""
    return raw.count("\n") >= _LINES - 1


def others(raw: str, skeleton: str) -> Iterator[Second]:
    """The other readings of a text, but for that without laughter."""
    if _TURNS(skeleton):
        yield Second(skeleton[::-1], range(len(skeleton) - 1, -1, -1), "turned")
    asked = _HEADS(skeleton) is not None
    if is_lined(raw):
        yield from _heads(raw, _PIECE, 2 if asked else _UNASKED)
    if asked:
        yield from _heads(raw, _PHRASE, 2)


def _heads(raw: str, pieces: re.Pattern[str], least: int) -> Iterator[Second]:
    """The first character that is legible of each piece."""
    starts = [found.span() for found in pieces.finditer(raw)]
    if not _LINES <= len(starts) <= _MANY_LINES:
        return
    located = folding().located(without_markup(raw))
    places: list[int] = []
    index = 0
    for start, end in starts:
        index = bisect_left(located.origin, start, index)
        if index < len(located.origin) and located.origin[index] < end:
            places.append(index)
    yield Second("".join(located.text[place] for place in places), places, "acrostic", least)
