"""Spellings by which sellers hide a term, generated when a Matcher is built: expanding here is almost free later."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, combinations, permutations, product, zip_longest
from typing import NamedTuple

from keywords.alike import ALIKE, HEARD
from keywords.boundaries import OFTEN, frequency
from keywords.romanising import romanised
from keywords.terms import Term

#: Longest term whose every mixture of Han and Latin is generated; in a longer one a shorter name stands plainly.
_MIXED_LENGTH = 3
#: Longest term of which a homophone or look-alike is guessed.
_GUESSED_LENGTH = 3
#: Said between the characters of a name, to be passed over in reading: 象哈牙哈手链, 穿你山我甲.
_FILLERS = "哈呵嘿嘻啊呀哦呢嗯哎你我它咱喵汪哒嘞呗咦"
#: Of those, which are mixed within one name.
_MIXED_FILLERS = "哈啊呀你我"
#: Digits by the characters for which they are read aloud, and the longest term in which one is.
_DIGITS = {
    "0": "灵羚鲮铃", "1": "一", "2": "饵耳二", "3": "山珊杉三", "4": "丝思狮四", "5": "鹉五武舞", "6": "陆鹿六",
    "7": "漆七", "8": "八", "9": "酒鸠鹫九", "100": "百",
}  # fmt: skip
_NUMBERED_LENGTH = 4
#: Characters tried for one, where one of a name is changed and where two are: of two characters, or of more.
_HEARD_ONE, _HEARD_TWO, _HEARD_OF_MORE = 16, 9, 7
#: Characters of the same tone tried for one, of two characters or of more: others nobody is offered first in typing.
_SAME_OF_TWO, _SAME_OF_MORE = 10, 5
#: Generated spellings that are guesses: single characters, no ordinary word, or nothing.
GUESSES = frozenset(("homophone", "lookalike", "reversed"))
#: Words that bind a sentence: with one of them two characters that sound like a name are that sentence (还贵, 图就).
_BINDING = frozenset(
    "的了着过就还都也很不没是在有和与把被给让用要会能可又再才只已这那你我他她它们吗呢吧啊呀从到对为以所于及而但或"
)


class Spelling(NamedTuple):
    """One generated spelling of a term."""

    text: str
    technique: str
    tier: str = "T1"
    #: True when it is too short or too common to count without company.
    weak: bool = False
    #: Places inside `text` where the original may have been interrupted; empty: anywhere.
    joints: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sounds:
    #: Character to toned syllable (`xiang4`).
    reading: dict[str, str]
    #: Toned syllable to its frequent characters.
    chars: dict[str, str]
    #: What a careless ear hears, to the frequent characters so heard, the most frequent first.
    near: dict[str, str]


@cache
def _table() -> dict[str, str]:
    table: dict[str, str] = json.loads((files("keywords") / "tables" / "sounds.json").read_text(encoding="utf-8"))
    return table


@cache
def _sounds() -> _Sounds:
    table = _table()
    reading: dict[str, str] = {}
    chars: dict[str, str] = {}
    for syllable, listed in table.items():
        common, _, rare = listed.partition("|")
        chars[syllable] = common
        for char in common + rare:
            reading[char] = syllable
    near: dict[str, str] = {}
    for syllable, common in chars.items():
        near[_loose(syllable)] = near.get(_loose(syllable), "") + common
    ordered = {heard: "".join(sorted(ones, key=lambda char: -frequency(char))) for heard, ones in near.items()}
    return _Sounds(reading=reading, chars=chars, near=ordered)


@cache
def syllables() -> frozenset[str]:
    """Every syllable of pinyin, without its tone."""
    return frozenset(syllable.rstrip("12345") for syllable in _table())


def _loose(syllable: str) -> str:
    """A syllable without tone, and without what half the country does not tell apart: sh and s, n and l, -ng and -n."""
    bare = syllable.rstrip("12345")
    for sharp, flat in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")):
        if bare.startswith(sharp):
            bare = flat + bare[len(sharp) :]
            break
    return bare.removesuffix("g") if bare.endswith("ng") else bare


def spellings(term: Term, skeleton: str) -> Iterator[Spelling]:
    """Every spelling of `term` whose skeleton is `skeleton`, the term's own not among them."""
    latin = [toneless(char) for char in skeleton]
    wanted = set(term.variants)
    if "repeated" in wanted:
        yield from _repeated(skeleton)
    if "reversed" in wanted and _reversible(skeleton):
        # Three characters turned round say nothing else; two are often a word: 牙象, 酒虎.
        yield Spelling(text=skeleton[::-1], technique="reversed", tier="T2", weak=len(skeleton) < 3)
    if all(latin) and len(skeleton) >= 2:
        if "pinyin" in wanted:
            yield _pinyin(latin)
        if "mixed" in wanted and len(skeleton) <= _MIXED_LENGTH:
            yield from _mixed(skeleton, latin)
        if "initial" in wanted and len(skeleton) == 3:
            yield from _initials(skeleton, latin)
    if {"homophone", "heard"} & wanted and len(skeleton) <= _NUMBERED_LENGTH:
        yield from _numbered(skeleton)
    # Of a long term nobody changes one character for another: what is left says enough to be searched for.
    if "homophone" in wanted and len(skeleton) <= _GUESSED_LENGTH:
        yield from _one_changed(skeleton)
    if "heard" in wanted:
        if all(latin) and len(skeleton) == len("象牙"):
            yield from (one._replace(weak=True) for one in _initials(skeleton, latin))
        toned = [_sounds().reading.get(char, "") for char in skeleton]
        for text in romanised(skeleton, toned) if all(toned) else ():
            yield Spelling(text=text, technique="romanised", tier="T2", weak=True)
        yield from _heard(skeleton)
        yield from _drawn(skeleton)
        yield from _filled(skeleton)


def binds(text: str, meant: str) -> bool:
    """True when a character of a short guess that was put for another holds sentences together."""
    return len(text) <= _GUESSED_LENGTH and any(char in _BINDING and char not in meant for char in text)


def _reversible(skeleton: str) -> bool:
    """False where the reverse says the same or something else, 狒狒, 牙X, or is in everybody's mouth: 头盔 of 盔头."""
    if len(skeleton) == 2 and not all("\u3400" <= char <= "\u9fff" for char in skeleton):
        return False
    turned = skeleton[::-1]
    return len(skeleton) >= 2 and turned != skeleton and not skeleton.isascii() and frequency(turned) < OFTEN


def toneless(char: str) -> str:
    """The pinyin of a character without its tone; empty where none is known."""
    return _sounds().reading.get(char, "").rstrip("12345")


def _pinyin(latin: list[str]) -> Spelling:
    # Two syllables collide with names and English (湘雅 xiangya, "he like" 河狸科): they need company.
    return Spelling(text="".join(latin), technique="pinyin", weak=len(latin) < 3, joints=_joints(latin))


def _mixed(skeleton: str, latin: list[str]) -> Iterator[Spelling]:
    for chosen in product(*zip(skeleton, latin, strict=True)):
        pieces = list(chosen)
        if pieces not in (latin, [*skeleton]):
            yield Spelling(text="".join(pieces), technique="mixed", joints=_joints(pieces))


def _initials(skeleton: str, latin: list[str]) -> Iterator[Spelling]:
    for index, syllable in enumerate(latin):
        pieces = [*skeleton[:index], syllable[0], *skeleton[index + 1 :]]
        yield Spelling(text="".join(pieces), technique="initial", tier="T2")


def _repeated(skeleton: str) -> Iterator[Spelling]:
    """穿穿山山甲甲: inner characters written twice. The outer ones may be as they like, the word stands inside."""
    inner = range(1, len(skeleton) - 1)
    if not inner or skeleton.isascii():
        return
    choices = product((1, 2), repeat=len(inner)) if len(skeleton) <= _MIXED_LENGTH else [(2,) * len(inner)]
    for times in choices:
        if max(times) > 1:
            middle = "".join(skeleton[place] * count for place, count in zip(inner, times, strict=True))
            yield Spelling(text=skeleton[0] + middle + skeleton[-1], technique="repeated")


def _filled(skeleton: str) -> Iterator[Spelling]:
    """Of a well-known name every gap holds a character that says nothing: what it means is left to the reader.

    The same in several gaps is read without a pattern (`readings.unfilled`).
    """
    gaps = len(skeleton) - 1
    fillers = [(one,) for one in _FILLERS] if gaps == 1 else permutations(_MIXED_FILLERS, gaps) if gaps == 2 else ()
    for chosen in fillers:
        pieces = zip_longest(skeleton, chosen, fillvalue="")
        text = "".join(char + filler for char, filler in pieces)
        yield Spelling(text=text, technique="filled", tier="T2", weak=gaps < 2)


def _numbered(skeleton: str) -> Iterator[Spelling]:
    """One character as the digit that sounds like it: 虎骨9, 6龟, 0羊角."""
    for digit, chars in _DIGITS.items():
        for at, char in enumerate(skeleton):
            if char in chars:
                text = skeleton[:at] + digit + skeleton[at + 1 :]
                yield Spelling(text=text, technique="homophone", tier="T2", weak=len(skeleton) < 3)


def _one_changed(skeleton: str) -> Iterator[Spelling]:
    """Same-tone homophones and look-alikes, one character changed."""
    sounds = _sounds()
    for index, char in enumerate(skeleton):
        before, after = skeleton[:index], skeleton[index + 1 :]
        short = len(skeleton) < 3
        for other in _same_tone(char)[: _SAME_OF_TWO if short else _SAME_OF_MORE]:
            if other != char:
                yield Spelling(text=before + other + after, technique="homophone", tier="T2", weak=short)
        for other in HEARD.get(char, "") if short else "":
            if other not in sounds.chars.get(sounds.reading.get(char, ""), ""):
                yield Spelling(text=before + other + after, technique="homophone", tier="T2", weak=short)
        for other in ALIKE.get(char, ""):
            yield Spelling(text=before + other + after, technique="lookalike", tier="T2", weak=short)


def _heard(skeleton: str) -> Iterator[Spelling]:
    """Heard alike whatever the tone: one character of a name, or two of those that are likeliest.

    Of a name of two characters what only nearly sounds alike could be anything.
    """
    likely = [_close_to(char)[: _HEARD_TWO if len(skeleton) == 2 else _HEARD_OF_MORE] for char in skeleton]
    alike = [_close_to(char) if len(skeleton) == 2 else _alike_to(char) for char in skeleton]
    changes = [{index: other} for index, others in enumerate(alike) for other in others[:_HEARD_ONE]]
    if len(skeleton) <= _GUESSED_LENGTH:
        for first, second in combinations(range(len(skeleton)), 2):
            changes += [{first: one, second: two} for one, two in product(likely[first], likely[second])]
    for change in changes:
        text = "".join(change.get(index, char) for index, char in enumerate(skeleton))
        yield Spelling(text=text, technique="homophone", tier="T2", weak=True)


def _drawn(skeleton: str) -> Iterator[Spelling]:
    """One or two characters of a well-known name as what is drawn alike: 悔龟, 橡芽, 玲甪."""
    often = 5 if len(skeleton) == 2 else 3
    for index, char in enumerate(skeleton):
        for other in ALIKE.get(char, ""):
            text = skeleton[:index] + other + skeleton[index + 1 :]
            yield Spelling(text=text, technique="lookalike", tier="T2", weak=True)
    for first, second in combinations(range(len(skeleton)), 2):
        pairs = product(ALIKE.get(skeleton[first], "")[:often], ALIKE.get(skeleton[second], "")[:often])
        for one, two in pairs:
            text = skeleton[:first] + one + skeleton[first + 1 : second] + two + skeleton[second + 1 :]
            yield Spelling(text=text, technique="lookalike", tier="T2", weak=True)


@cache
def _same_tone(char: str) -> str:
    """The frequent characters of the same syllable and tone, itself among them, the most frequent first."""
    sounds = _sounds()
    return "".join(sorted(sounds.chars.get(sounds.reading.get(char, ""), ""), key=lambda one: -frequency(one)))


@cache
def _close_to(char: str) -> str:
    """Chosen by hand, and then of the same tone, the most frequent first."""
    sounds = _sounds()
    syllable = sounds.reading.get(char, "")
    near = sounds.near.get(_loose(syllable), "") if syllable else ""
    same = "".join(sorted(sounds.chars.get(syllable, ""), key=near.find))
    return "".join(dict.fromkeys(HEARD.get(char, "") + same)).replace(char, "")


@cache
def _alike_to(char: str) -> str:
    """What a character may be heard as at all, the likeliest first."""
    sounds = _sounds()
    syllable = sounds.reading.get(char, "")
    near = sounds.near.get(_loose(syllable), "") if syllable else ""
    return "".join(dict.fromkeys(_close_to(char) + near)).replace(char, "")


def _joints(pieces: list[str]) -> frozenset[int]:
    return _seams(tuple(map(len, pieces[:-1])))


@cache
def _seams(sizes: tuple[int, ...]) -> frozenset[int]:
    # Ten thousand spellings share a few hundred of these.
    return frozenset(accumulate(sizes))
