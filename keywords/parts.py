"""Characters written in parts: 犭虎皮, 石車石渠, 月旦; or told in words: 羊加令.

They are put together again and the text is read once more.
So is what is spelt in bopomofo, as pinyin: ㄒㄧㄤㄧㄚ.

So that every term is found in parts, however many of its characters are split, and no pattern is spent on it.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from keywords.alike import RADICALS, SPLIT
from keywords.folding import folding
from keywords.telling import told
from keywords.zhuyin import spelled

_TWO = 2
#: Parts that are words when they are turned round.
_TURNED = frozenset((
    "代王", "弓奴", "分米", "鸟雀", "牛尾", "长大", "耳食", "电刀", "介虫", "心田", "川马",
    "十日", "原虫", "白玉", "虎王", "龙王", "南木", "石山", "二人", "半丝", "青气",
))  # fmt: skip
#: Parts side by side that are words of their own.
_WORDS = frozenset(("手足", "人本", "水工", "玉龙", "金夹", "丝面", "手皮", "才皮", "人牛"))


class Rejoined(NamedTuple):
    """A skeleton in which parts were put together."""

    text: str
    #: Start and end of each of its characters in the skeleton.
    spans: list[tuple[int, int]]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """[start, end) in the skeleton; longer where a character was put together."""
        return self.spans[start][0], self.spans[end - 1][1]


@cache
def characters() -> dict[str, str]:
    """Folded parts to the character that they make, and bopomofo to pinyin.

    Radicals that no keyboard gives also as what is typed for them.
    """
    skeleton = folding().skeleton
    made: dict[str, str] = {}
    for char, ways in SPLIT.items():
        for parts in ways:
            for one in (parts, *_typed(parts)):
                text = skeleton(one)
                if len(text) > 1 and text not in _WORDS:
                    made.setdefault(text, skeleton(char))
    # 良犭牙, 令羊角: the other way round, where that is no word.
    for text, char in list(made.items()):
        if len(text) == _TWO and text[::-1] not in _TURNED:
            made.setdefault(text[::-1], char)
    for words, char in told():
        made.setdefault(skeleton(words), skeleton(char))
    return made | spelled()


def is_sounded(text: str) -> bool:
    """True where bopomofo stands."""
    return any("\u3105" <= char <= "\u3129" for char in text)


def _typed(parts: str) -> Iterable[str]:
    for radical, others in RADICALS.items():
        if radical in parts:
            yield from (parts.replace(radical, other) for other in others)


def rejoined(skeleton: str, found: Iterable[tuple[int, int, str]]) -> Rejoined:
    """`found`: start, end and character of all parts in the skeleton; of overlapping ones the first and longest."""
    text: list[str] = []
    spans: list[tuple[int, int]] = []
    place = 0
    for start, end, char in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= place:
            text += [skeleton[place:start], char]
            spans += [*((at, at + 1) for at in range(place, start)), *[(start, end)] * len(char)]
            place = end
    text.append(skeleton[place:])
    spans += ((at, at + 1) for at in range(place, len(skeleton)))
    return Rejoined("".join(text), spans)
