"""Every way of hiding a name that this project knows, applied to any term: a listing for each, always the same."""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import cycle

from keywords import Lexicon
from keywords.alike import ALIKE, HEARD, SPLIT
from keywords.terms import Term
from keywords.variants import _sounds

#: What a seller of such goods writes beside the name; `{}` is the name. Two ways for each kind of goods.
_CARVED = ("{} 手串一条 老料", "{} 一块 38克 懂的来")
_DRUG = ("{} 老药材 按克", "{} 一份 泡酒用 私聊")
_LIVE = ("{} 一对 手养 面交", "{} 幼体 15厘米 包活")
_MEAT = ("{} 山里打的 冻货", "{} 三斤 饭店拿货")
_TOOL = ("{} 野猪 上山用", "{} 现货 野兔 一个")
_BIRD = ("{} 斑鸠 现货", "{} 一套 山上用")
COMPANY: dict[str, tuple[str, str]] = {
    "ivory": _CARVED, "rhino": _CARVED, "hornbill": _CARVED, "hawksbill": _CARVED, "giant_clam": _CARVED,
    "red_coral": _CARVED, "tiger": (_CARVED[1], _DRUG[1]), "bigcat": (_CARVED[0], _DRUG[1]), "bear": _DRUG,
    "musk": _DRUG, "antelope": _DRUG, "pangolin": _DRUG, "other_taxa": (_LIVE[0], "{} 野生 一只 私聊"),
    "bird_live": _LIVE, "raptor": _LIVE, "reptile_live": _LIVE, "bushmeat": _MEAT, "tool_clamp": _TOOL,
    "tool_snare": _TOOL, "tool_electric": _TOOL, "tool_crossbow": _BIRD, "tool_lure": _BIRD, "tool_net": _BIRD,
    "tool_poison": _BIRD, "trade_generic": _CARVED,
}  # fmt: skip
_LETTERS = "1608xqo35k"
_MARKS = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "v": "ǖǘǚǜ"}


def toneless(char: str) -> str:
    """The syllable of a character; the character itself where none is known."""
    return _sounds().reading.get(char, char).rstrip("12345")


def toned(char: str) -> str:
    """The syllable with its mark, as dictionaries write it."""
    syllable = _sounds().reading.get(char, char)
    bare, tone = syllable.rstrip("12345"), int(syllable[-1]) if syllable[-1:].isdigit() else 5
    vowel = next((one for one in "aeo" if one in bare), "") or next((one for one in bare[::-1] if one in "iuv"), "")
    return bare.replace(vowel, _MARKS[vowel][tone - 1], 1) if vowel and tone < 5 else bare


def _between(sign: str) -> Callable[[str], str]:
    return lambda name: sign.join(name)


def _pinyin(name: str) -> str:
    return "".join(map(toneless, name))


def _spaced_pinyin(name: str) -> str:
    return " ".join(map(toneless, name))


def _toned(name: str) -> str:
    return " ".join(map(toned, name))


def _capitals(name: str) -> str:
    return " ".join(toneless(char).capitalize() for char in name)


def _mixed_first(name: str) -> str:
    return toneless(name[0]) + name[1:]


def _mixed_last(name: str) -> str:
    return name[:-1] + toneless(name[-1])


def _mixed_apart(name: str) -> str:
    return f"{name[:-1]} {toneless(name[-1])}"


def _split(name: str) -> str:
    parts = [SPLIT.get(char, (char,))[0] for char in name]
    return "".join(parts)


def _split_spaced(name: str) -> str:
    return " ".join(SPLIT.get(char, (char,))[0] for char in name)


def _swapped(table: dict[str, str], name: str) -> str:
    for place, char in enumerate(name):
        if char in table:
            return name[:place] + table[char][0] + name[place + 1 :]
    return name


def _heard(name: str) -> str:
    return _swapped(HEARD, name)


def _alike(name: str) -> str:
    return _swapped(ALIKE, name)


def _full_width(name: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in " ".join(name))


def _entities(name: str) -> str:
    return "".join(f"&#{ord(char)};" for char in name)


def _hex_entity(name: str) -> str:
    return name[0] + "".join(f"&#x{ord(char):x};" for char in name[1:])


def _tagged(name: str) -> str:
    return f"{name[0]}<b>{name[1:]}</b>"


def _doubled(name: str) -> str:
    return "".join(char * 2 for char in name)


def _digits(name: str) -> str:
    return "".join(char + digit for char, digit in zip(name, cycle(_LETTERS), strict=False))[:-1]


def _one_digit(name: str) -> str:
    return f"{name[0]}1{name[1:]}"


def _marked(name: str) -> str:
    return "".join(char + "\u0336" for char in name)


def _emoji_between(name: str) -> str:
    return "🔥".join(name)


def _upright(name: str) -> str:
    return "\n".join(name)


def _bracketed(name: str) -> str:
    return "".join(f"【{char}】" for char in name)


TECHNIQUES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "space": _between(" "),
    "two spaces": _between("  "),
    "star": _between("*"),
    "dot": _between("·"),
    "slash": _between("/"),
    "plus": _between("+"),
    "comma": _between("，"),
    "zero width": _between("\u200b"),
    "joiner": _between("\u200d"),
    "soft hyphen": _between("\u00ad"),
    "emoji between": _emoji_between,
    "bracketed": _bracketed,
    "upright": _upright,
    "pinyin": _pinyin,
    "spaced pinyin": _spaced_pinyin,
    "capitals": _capitals,
    "toned": _toned,
    "mixed first": _mixed_first,
    "mixed last": _mixed_last,
    "mixed apart": _mixed_apart,
    "split": _split,
    "split spaced": _split_spaced,
    "heard": _heard,
    "alike": _alike,
    "full width": _full_width,
    "entities": _entities,
    "hex entity": _hex_entity,
    "tags": _tagged,
    "doubled": _doubled,
    "digits": _digits,
    "one digit": _one_digit,
    "struck out": _marked,
    "reversed": lambda name: name[::-1],
}


#: Ways in which only names that are often written are changed, and the variants that ask for that.
MISHEARD = ("heard", "alike")
ASKING = frozenset(("homophone", "heard"))


def names(lexicon: Lexicon) -> list[Term]:
    """Names of two or three Han characters that are strong or known to everybody: those of which disguises are made."""
    return [
        term
        for term in lexicon.terms
        if (term.strength == "strong" or "heard" in term.variants)
        and term.kind == "term"
        and 2 <= len(term.text) <= 3
        and all("\u4e00" <= char <= "\u9fff" and unicodedata.name(char, "") for char in term.text)
        and term.variants
    ]


def disguised(term: Term, technique: str) -> Iterator[tuple[str, str]]:
    """Title and description of listings in which the name is written so; none where it cannot be, or nobody asked."""
    if technique in MISHEARD and ASKING.isdisjoint(term.variants):
        return
    written = TECHNIQUES[technique](term.text)
    if technique == "plain" or written != term.text:
        for company in COMPANY[term.category]:
            yield company.format(written), ""


def halved(term: Term) -> tuple[str, str]:
    """The name half in the title and half in the description."""
    head, _, rest = COMPANY[term.category][0].partition(" ")
    return f"{rest} {term.text[:1]}", f"{term.text[1:]} {head.format('')}".strip()
