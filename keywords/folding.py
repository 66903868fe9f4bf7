"""Three views of a text (DESIGN §4.1): raw, fold (same length) and skeleton (what is not a letter dropped).

The tables are made by scripts/keyword_tables.py; nothing is looked up in Unicode at run time, so that two machines with
different Pythons read a text alike.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import compress

from keywords.boundaries import is_word

_PLANE = 0x10000
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
#: End of the planes that hold Han characters; nothing legible stands beyond.
LEGIBLE = 0x32400
#: Faces as chats and markets write them where they are copied as text: 红[狗头]隼.
_FACES = (
    "微笑|撇嘴|色|发呆|得意|流泪|害羞|闭嘴|睡|大哭|尴尬|发怒|调皮|呲牙|惊讶|难过|囧|抓狂|吐|偷笑|愉快|白眼|傲慢|困|惊恐|憨笑|悠闲|咒骂|疑问|嘘|晕"
    "|衰|骷髅|敲打|再见|擦汗|抠鼻|鼓掌|坏笑|鄙视|委屈|快哭了|阴险|亲亲|可怜|笑脸|生病|脸红|破涕为笑|恐惧|失望|无语|嘿哈|捂脸|奸笑|机智|皱眉|耶|吃瓜"
    "|加油|汗|天啊|旺柴|好的|打脸|哇|翻白眼|让我看看|叹气|苦涩|裂开|嘴唇|爱心|心碎|拥抱|强|弱|握手|胜利|抱拳|勾引|拳头|合十|啤酒|咖啡|蛋糕|玫瑰|凋谢"
    "|菜刀|炸弹|便便|月亮|太阳|庆祝|礼物|红包|福|烟花|爆竹|猪头|跳跳|发抖|转圈|狗头|笑哭|二哈|喵喵|赞|飞吻|泣不成声|送心|比心|泪奔|捂嘴|泪|心|鲜花"
)
#: Tags of either kind, comments, and references by name or to characters that are blank or invisible, also such as were
#: escaped twice. What has a name is a sign or a letter of no name of ours.
_MARKUP = re.compile(
    rf"\[(?:{_FACES})\]"
    r"|<[/!]?[a-zA-Z][^<>\n]{0,80}>|<!--[^<>\n]{0,80}-->|\[/?(?:b|i|u|s|color|size|font|url|img)(?:=[^\[\]\n]{0,40})?\]"
    r"|&(?:amp;)?(?:nbsp|ensp|emsp|thinsp|zwnj|zwj|shy|amp(?=;)(?!;#)"
    r"|(?:lt|gt|quot|apos|middot|bull|hellip|[mn]dash|[lr][sd]quo|[lr]aquo|[lrud]arr|copy|reg|trade|times|deg|hearts|spades"
    r"|clubs|diams|para|sect|prime|infin|tilde|cent|pound|yen|euro|star)(?=;)"
    r"|#x0*(?:20|a0|ad|200[0-9a-f]|202[a-f]|206[0-9a-f]|3000|feff)(?![0-9a-f])"
    r"|#0*(?:32|160|173|819[2-9]|820[0-7]|823[2-9]|82(?:8[89]|9[0-9])|12288|65279)(?![0-9]));?",
    re.I,
)
#: References to any other character: &#29273;, &#x8c61;, \u8c61, and %E8%B1%A1 as links write it.
_REFERENCE = re.compile(
    r"&(?:amp;)?#(?:x([0-9a-f]{2,6})|([0-9]{2,7}))(?![0-9a-z]);?|\\u\{?([0-9a-f]{4,5})(?![0-9a-f])\}?"
    r"|%(e[3-9](?:%[89ab][0-9a-f]){2})",
    re.I,
)
_REFERS = re.compile(r"[&\\]|%[eE]").search
#: Signs that are letters to a reader where they stand in a word: l@ohu, ru$t. And the stroke that is a letter of
#: bopomofo, where no other stands beside it: 野猪ㄧ套.
_LETTERED = re.compile(r"(?<=[a-zA-Z])[@$](?=[a-zA-Z0])|(?<=[@$])0(?=[a-zA-Z])")
_STROKE = re.compile("(?<![ㄅ-ㄩˇˉˊˋ˙])ㄧ(?![ㄅ-ㄩ])")
_LETTER = {"@": "a", "$": "s", "0": "o"}
#: What any of this begins or ends with.
MARKS = "<&)@$\\[ㄧ%"
_MARKED = re.compile(r"[<&\\ㄧ]|%[eE]|\[(?:/?[bisucfu]|[㐀-鿿]{1,4}\])|[a-zA-Z][@$]|[@$]0").search
#: Words in brackets after one character each, at least twice: 穿(别)山(问)甲(价). Once alone it is a remark: 牙(非洲).
_ROW = re.compile(r"(?:[㐀-鿿][(（【［][^()（）【】［］<>&\n]{1,6}[)）】］]){2,}")
_REMARK = re.compile(r"[(（【［][^)）】］]+[)）】］]")
_ONE = re.compile("([㐀-鿿])[(【\\[]([㐀-鿿])[)】\\]](?=([㐀-鿿]?))")
_CLOSED = re.compile(r"[)）】］]").search
#: Stands for markup in the same-length views: takes no room on the line, like the tag it hides.
_HIDDEN = "\u200b"


@dataclass(frozen=True, kw_only=True, slots=True)
class Skeleton:
    """The skeleton of a text and where each of its characters came from."""

    text: str
    #: origin[i] is the index into the raw text of skeleton character i; one raw character may give several.
    origin: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Raw start and end of the skeleton's [start, end). `end` must exceed `start`."""
        return self.origin[start], self.origin[end - 1] + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Folding:
    """The tables, ready for str.translate. Treated as constant: build it with `folding()`.

    Lists for the first plane alone: up to the last selector they would be fifteen megabytes, most of it nothing.
    """

    #: By code point: a code point, a string, or None where the skeleton drops the character. For str.translate.
    table: list[int | str | None]
    #: By code point, all of them: how many characters it leaves in the skeleton.
    widths: bytes
    #: One character to one.
    _fold: list[int]
    #: What lies beyond the first plane: its skeleton, and the one character that it is.
    _beyond: dict[str, str]
    _fold_beyond: dict[str, str]
    #: Characters that take no room on the line.
    _unseen: frozenset[str]

    def skeleton(self, raw: str) -> str:
        """What the automaton reads: folded, without spaces, punctuation, marks and ornament."""
        return _BEYOND.sub(self._brought_home, raw).translate(self.table)

    def _brought_home(self, found: re.Match[str]) -> str:
        char = found[0]
        return self._beyond.get(char, char if self.widths[ord(char)] else "")

    def fold(self, raw: str) -> str:
        """Same length as `raw`: width, case, traditional forms, look-alikes, radicals, emoji that mean a word."""
        return _BEYOND.sub(lambda found: self._fold_beyond.get(found[0], found[0]), raw).translate(self._fold)

    def folded(self) -> Iterator[tuple[int, int]]:
        """Code points whose skeleton is one other character, with that one's."""
        for code, piece in enumerate(self.table):
            if isinstance(piece, int) and piece != code:
                yield code, piece
        for char, text in self._beyond.items():
            if len(text) == 1 and text != char:
                yield ord(char), ord(text)

    def located(self, raw: str) -> Skeleton:
        """The same text as `skeleton(raw)`, with the origin of each character."""
        widths = bytes(map(self.widths.__getitem__, map(ord, raw)))
        if max(widths, default=0) > 1:
            origin = [index for index, width in enumerate(widths) for _ in range(width)]
        else:
            origin = list(compress(range(len(raw)), widths))
        return Skeleton(text=self.skeleton(raw), origin=origin)

    def has_unseen(self, raw: str) -> bool:
        """True when some character takes no room on the line."""
        return not self._unseen.isdisjoint(raw)

    def is_unseen(self, char: str) -> bool:
        """True for marks, joiners, fillers and other characters that a reader does not notice."""
        return char in self._unseen

    def is_skipped(self, char: str) -> bool:
        """True for what the skeleton drops."""
        return not self.skeleton(char)


def without_markup(raw: str) -> str:
    """`raw` with tags, blank character references and rows of remarks hidden, same length: 象<b>牙</b>, 象&nbsp;牙.

    A reference to a character that is seen becomes that character at its first place: 象&#29273;.
    """
    if _CLOSED(raw):
        raw = _ROW.sub(_without_remarks, raw)
    if "@" in raw or "$" in raw:
        raw = _LETTERED.sub(lambda found: _LETTER[found[0]], raw)
    if "ㄧ" in raw:
        raw = _STROKE.sub(_HIDDEN, raw)
    if "<" in raw or "&" in raw or "[" in raw:
        raw = _MARKUP.sub(lambda found: _HIDDEN * len(found[0]), raw)
    return _REFERENCE.sub(_named, raw) if _REFERS(raw) else raw


def is_marked(text: str) -> bool:
    """True where there may be markup, or remarks stand after one character each."""
    return _MARKED(text) is not None or _ROW.search(text) is not None


def _without_remarks(row: re.Match[str]) -> str:
    # 红【珊】瑚【原】枝: what stands in the brackets belongs to the words around it.
    text = folding().fold(row.string)
    for found in _ONE.finditer(text, max(0, row.start() - 1), row.end() + 1):
        before, inside, after = found.groups()
        beside = (before + inside, *((inside + after, before + inside + after) if after else ()))
        if any(map(is_word, beside)):
            return row[0]
    return _REMARK.sub(lambda found: _HIDDEN * len(found[0]), row[0])


def references(raw: str) -> dict[int, int]:
    """First place of each reference to a character that is seen, and its end."""
    return {found.start(): found.end() for found in _REFERENCE.finditer(raw)} if _REFERS(raw) else {}


def _named(found: re.Match[str]) -> str:
    code = _escaped(found[4]) if found[4] else int(found[2]) if found[2] else int(found[1] or found[3], 16)
    # What stands beyond is no letter of ours, and a surrogate is no character at all.
    return chr(code) + _HIDDEN * (len(found[0]) - 1) if code < 0xD800 else found[0]


def _escaped(code: str) -> int:
    """The code point of three bytes of UTF-8 in hexadecimals with % between."""
    first, second, third = (int(byte, 16) for byte in code.split("%"))
    return (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F


@cache
def folding() -> Folding:
    """The folding built from keywords/tables/folding.json; made once."""
    table = json.loads((files("keywords") / "tables" / "folding.json").read_text(encoding="utf-8"))
    pairs = dict(zip(table["fold"][::2], table["fold"][1::2], strict=True))
    several: dict[str, str] = table["expand"]
    unseen = _codes(table["unseen"])
    dropped = unseen | _codes(table["skip"])
    widths = bytearray(b"\1") * (sys.maxunicode + 1)
    widths[LEGIBLE : max(unseen) + 1] = bytes(max(unseen) + 1 - LEGIBLE)
    for code in dropped:
        widths[code] = 0
    # A list beats a dict in str.translate: a missing key costs an exception per character.
    fold = list(range(_PLANE))
    skeleton: list[int | str | None] = [None if code in dropped else code for code in fold]
    beyond: dict[str, str] = {}
    for char, text in {**pairs, **several}.items():
        code = ord(char)
        if char in pairs and (code in dropped or ord(text) in dropped):
            text = ""
        widths[code] = len(text)
        if code >= _PLANE:
            beyond[char] = text
        else:
            skeleton[code] = ord(text) if len(text) == 1 else text or None
    for char, target in pairs.items():
        if ord(char) < _PLANE:
            fold[ord(char)] = ord(target)
    return Folding(
        table=skeleton,
        widths=bytes(widths),
        _fold=fold,
        _beyond=beyond,
        _fold_beyond={char: target for char, target in pairs.items() if ord(char) >= _PLANE},
        _unseen=frozenset(map(chr, unseen)),
    )


def _codes(ranges: list[list[int]]) -> set[int]:
    return {code for first, last in ranges for code in range(first, last + 1)}
