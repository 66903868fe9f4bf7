"""Spellings by which sellers hide a term, generated when a Matcher is built: expanding here is almost free later."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, product
from typing import NamedTuple

from keywords.terms import Term

#: Parts into which sellers split a character (犭虎皮, 石車). Ours, by hand: general tables are too noisy.
_SPLIT = {
    "虎": ("犭虎", "虍几"),
    "狼": ("犭良",),
    "猎": ("犭昔",),
    "猫": ("犭苗",),
    "狐": ("犭瓜",),
    "狸": ("犭里",),
    "獐": ("犭章",),
    "胆": ("月旦",),
    "膏": ("高月",),
    "胶": ("月交",),
    "麝": ("鹿射",),
    "麂": ("鹿几",),
    "砗": ("石车",),
    "磲": ("石渠",),
    "玳": ("王代",),
    "瑁": ("王冒",),
    "珊": ("王册",),
    "瑚": ("王胡",),
    "粘": ("米占",),
    "粉": ("米分",),
    "鳞": ("鱼粦",),
    "豹": ("豸勺",),
    "鹤": ("隺鸟",),
    "鹦": ("婴鸟",),
    "鹉": ("武鸟",),
    "羚": ("羊令",),
    "酒": ("氵酉",),
    "捕": ("扌甫",),
    "铁": ("钅失",),
    "鞭": ("革便",),
    "穿": ("穴牙",),
    "炮": ("火包",),
    "弩": ("奴弓",),
    "象": ("亻象", "犭象"),
    "犀": ("尸牛", "尸水牛"),
    "骨": ("月骨",),
    "牌": ("片卑",),
    "雕": ("周隹", "周鸟"),
    "熊": ("能灬",),
    "隼": ("隹十",),
    "鸮": ("号鸟",),
    "鹞": ("䍃鸟",),
    "鸠": ("九鸟",),
    "鸡": ("又鸟",),
    "鸭": ("甲鸟",),
    "鹩": ("尞鸟",),
    "鲮": ("鱼夌",),
    "鲤": ("鱼里",),
    "鲸": ("鱼京",),
    "鲨": ("沙鱼",),
    "鲵": ("鱼儿",),
    "鳄": ("鱼咢",),
    "鲟": ("鱼寻",),
    "蟒": ("虫莽",),
    "蜥": ("虫析",),
    "蛇": ("虫它",),
    "猴": ("犭侯",),
    "狍": ("犭包",),
    "獾": ("犭雚",),
    "獭": ("犭赖",),
    "猞": ("犭舍",),
    "猪": ("犭者",),
    "狮": ("犭师",),
    "貂": ("豸召",),
    "貉": ("豸各",),
    "绒": ("纟戎",),
    "枪": ("木仓",),
    "弹": ("弓单",),
    "钢": ("钅冈",),
    "铗": ("钅夹",),
    "套": ("大镸",),
    "笼": ("竹龙",),
    "诱": ("讠秀",),
    "饵": ("饣耳",),
    "药": ("艹约",),
    "香": ("禾日",),
    "顶": ("丁页",),
    "镯": ("钅蜀",),
    "猬": ("犭胃",),
    "猁": ("犭利",),
    "狲": ("犭孙",),
    "猕": ("犭弥",),
    "猩": ("犭星",),
    "猿": ("犭袁",),
    "狒": ("犭弗",),
    "豺": ("豸才",),
    "豚": ("月豕",),
    "驴": ("马户",),
    "驼": ("马它",),
    "鹌": ("奄鸟",),
    "鹑": ("享鸟",),
    "鹧": ("庶鸟",),
    "鸪": ("古鸟",),
    "鹭": ("路鸟",),
    "鹳": ("雚鸟",),
    "鸢": ("弋鸟",),
    "鹫": ("就鸟",),
    "鸽": ("合鸟",),
    "鹅": ("我鸟",),
    "鸦": ("牙鸟",),
    "鹊": ("昔鸟",),
    "鹂": ("丽鸟",),
    "鹛": ("眉鸟",),
    "鹀": ("巫鸟",),
    "鹎": ("卑鸟",),
    "雀": ("少隹",),
    "雉": ("矢隹",),
    "雁": ("厂亻隹",),
    "鹰": ("广隹鸟",),
    "龟": ("刀电", "勹电"),
    "蜴": ("虫易",),
    "蚺": ("虫冉",),
    "蝮": ("虫复",),
    "蝰": ("虫奎",),
    "蛙": ("虫圭",),
    "蛤": ("虫合",),
    "蚧": ("虫介",),
    "螺": ("虫累",),
    "蝶": ("虫枼",),
    "鳖": ("敝鱼",),
    "鳘": ("敏鱼",),
    "鳗": ("鱼曼",),
    "掌": ("尚手",),
    "脐": ("月齐",),
    "腿": ("月退",),
    "膝": ("月桼",),
    "角": ("勹用", "刀用"),
    "网": ("冂乂",),
    "媒": ("女某",),
    "箭": ("竹前",),
    "铅": ("钅几口",),
    "镖": ("钅票",),
    "铳": ("钅充",),
    "炸": ("火乍",),
    "阱": ("阝井",),
    "绳": ("纟黾",),
    "链": ("钅连",),
    "捉": ("扌足",),
    "抓": ("扌爪",),
    "珠": ("王朱",),
    "料": ("米斗",),
    "杯": ("木不",),
    "披": ("扌皮",),
    "瓶": ("并瓦",),
    "钱": ("钅戋",),
    "缅": ("纟面",),
    "陆": ("阝击",),
    "蜂": ("虫夆",),
    "猛": ("犭孟",),
    "犸": ("犭马",),
    "独": ("犭虫",),
    "毒": ("龶母",),
}
#: Characters drawn alike. Hand-picked for the characters of the lexicon; automatic lists offer 牙→才.
_ALIKE = {
    "象": "像橡蟓潒",
    "牙": "芽伢呀岈",
    "甲": "曱钾岬",
    "麝": "麛",
    "鸟": "乌",
    "弩": "驽",
    "磲": "碟渠",
    "骨": "滑",
    "鹤": "鹳",
    "豹": "貌",
    "夹": "央",
    "珊": "跚姗",
    "瑚": "煳",
    "虎": "虏",
    "犀": "墀屖",
    "网": "冈罔",
    "羚": "玲铃",
    "熊": "能態",
    "胆": "但",
    "鳞": "磷",
    "隼": "準",
    "猎": "借",
    "套": "奎",
    "麂": "麀",
    "龟": "黾",
}
#: Characters heard alike in another tone, for names of two characters. By hand: of all tones there are too many.
_HEARD = {
    "象": "相想享响湘祥乡",
    "牙": "雅丫压鸭亚",
    "虎": "糊湖胡护呼互户壶",
    "骨": "故固孤姑顾",
    "皮": "批劈屁",
    "鞭": "变遍",
    "豹": "包宝饱",
    "狼": "浪朗",
    "熊": "凶兄胸",
    "胆": "单丹蛋旦担弹",
    "掌": "章张涨账仗丈",
    "爪": "抓罩",
    "穿": "传船",
    "山": "闪善扇",
    "甲": "家加佳价嘉夹",
    "鳞": "临林",
    "麝": "蛇舌奢",
    "香": "相像湘享想",
    "羚": "领岭令",
    "角": "教叫交脚",
    "犀": "洗喜戏",
    "牛": "扭妞纽",
    "鹤": "喝何",
    "顶": "丁定",
    "盔": "奎亏",
    "玳": "呆",
    "瑁": "毛猫",
    "砗": "扯",
    "珊": "闪善",
    "瑚": "虎互",
    "猫": "毛茂帽",
    "鹰": "影赢硬",
    "隼": "顺孙",
    "鹦": "影应",
    "鹉": "五屋物",
    "画": "花华",
    "眉": "美妹",
    "龟": "鬼贵柜",
    "陆": "炉卢",
    "星": "心新",
    "蜥": "洗戏",
    "蟒": "忙茫",
    "蛇": "舍射",
    "狸": "里理丽力",
    "麂": "鸡机",
    "鼠": "书树叔",
    "竹": "猪主",
    "斑": "板办",
    "鸠": "酒就九",
    "猪": "竹主",
    "鸡": "几记级",
    "兔": "图突",
    "鸭": "牙压",
    "雀": "缺",
    "猎": "裂咧",
    "夹": "甲假价",
    "捕": "不部布",
    "兽": "手收",
    "电": "点典",
    "鱼": "雨玉语",
    "网": "王忘旺",
    "粘": "沾占詹",
    "弩": "奴怒",
    "弓": "共",
    "枪": "抢墙",
    "弹": "单蛋",
    "套": "讨掏",
    "诱": "有优",
    "媒": "美妹",
    "毒": "读度",
    "猴": "后厚",
    "獭": "他塔",
    "懒": "蓝兰",
    "鲸": "静景",
    "鲵": "你",
    "鲟": "寻",
    "蚌": "棒",
    "海": "害还",
    "野": "也夜爷",
    "味": "未为围",
    "獾": "换欢",
    "刺": "次",
    "狐": "虎胡",
    "鹿": "路录",
    "燕": "烟",
    "雕": "掉刁",
    "鹩": "了聊",
    "哥": "各",
    "灵": "领零",
    "百": "白柏",
}
#: Longest term whose every mixture of Han and Latin is generated.
_MIXED_LENGTH = 3
#: Longest term of which a homophone or look-alike is guessed.
_GUESSED_LENGTH = 4


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


@cache
def _sounds() -> _Sounds:
    table = json.loads((files("keywords") / "tables" / "sounds.json").read_text(encoding="utf-8"))
    reading: dict[str, str] = {}
    chars: dict[str, str] = {}
    for syllable, listed in table.items():
        common, _, rare = listed.partition("|")
        chars[syllable] = common
        for char in common + rare:
            reading[char] = syllable
    return _Sounds(reading=reading, chars=chars)


def spellings(term: Term, skeleton: str) -> Iterator[Spelling]:
    """Every spelling of `term` whose skeleton is `skeleton`, the term's own not among them."""
    latin = [_latin(char) for char in skeleton]
    wanted = set(term.variants)
    if "split" in wanted:
        yield from _split(skeleton)
        yield from _repeated(skeleton)
    if "reversed" in wanted and _reversible(skeleton):
        # Three characters turned round say nothing else; two are often a word: 牙象, 酒虎.
        yield Spelling(text=skeleton[::-1], technique="reversed", tier="T2", weak=len(skeleton) < 3)
    if all(latin) and len(skeleton) >= 2:
        if "pinyin" in wanted:
            yield _pinyin(latin)
        if "mixed" in wanted:
            yield from _mixed(skeleton, latin)
        if "initial" in wanted and len(skeleton) >= 3:
            yield from _initials(skeleton, latin)
    # Of a long term nobody changes one character for another: what is left says enough to be searched for.
    if "homophone" in wanted and len(skeleton) <= _GUESSED_LENGTH:
        yield from _one_changed(skeleton)


def _reversible(skeleton: str) -> bool:
    """False where the reverse says the same or something else: 狒狒, 牙X."""
    if len(skeleton) == 2 and not all("\u3400" <= char <= "\u9fff" for char in skeleton):
        return False
    return len(skeleton) >= 2 and skeleton[::-1] != skeleton and not skeleton.isascii()


def _latin(char: str) -> str:
    return _sounds().reading.get(char, "").rstrip("12345")


def _pinyin(latin: list[str]) -> Spelling:
    # Two syllables collide with names and English (湘雅 xiangya, "he like" 河狸科): they need company.
    return Spelling(text="".join(latin), technique="pinyin", weak=len(latin) < 3, joints=_joints(latin))


def _mixed(skeleton: str, latin: list[str]) -> Iterator[Spelling]:
    size = len(skeleton)
    if size <= _MIXED_LENGTH:
        choices = [mask for mask in product((False, True), repeat=size) if any(mask) and not all(mask)]
    else:
        choices = [tuple(place == index for place in range(size)) for index in range(size)]
    for mask in choices:
        pieces = [latin[i] if mask[i] else skeleton[i] for i in range(size)]
        yield Spelling(text="".join(pieces), technique="mixed", joints=_joints(pieces))


def _initials(skeleton: str, latin: list[str]) -> Iterator[Spelling]:
    for index, syllable in enumerate(latin):
        pieces = [*skeleton[:index], syllable[0], *skeleton[index + 1 :]]
        yield Spelling(text="".join(pieces), technique="initial", tier="T2")


def _split(skeleton: str) -> Iterator[Spelling]:
    for index, char in enumerate(skeleton):
        for parts in _SPLIT.get(char, ()):
            yield Spelling(text=skeleton[:index] + parts + skeleton[index + 1 :], technique="split")
    whole = "".join(_SPLIT[char][0] if char in _SPLIT else char for char in skeleton)
    if sum(char in _SPLIT for char in skeleton) > 1:
        yield Spelling(text=whole, technique="split")


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


def _one_changed(skeleton: str) -> Iterator[Spelling]:
    """Same-tone homophones and look-alikes, one character changed."""
    sounds = _sounds()
    for index, char in enumerate(skeleton):
        before, after = skeleton[:index], skeleton[index + 1 :]
        short = len(skeleton) < 3
        for other in sounds.chars.get(sounds.reading.get(char, ""), ""):
            if other != char:
                yield Spelling(text=before + other + after, technique="homophone", tier="T2", weak=short)
        for other in _HEARD.get(char, "") if len(skeleton) == 2 else "":
            if other not in sounds.chars.get(sounds.reading.get(char, ""), ""):
                yield Spelling(text=before + other + after, technique="homophone", tier="T2", weak=short)
        for other in _ALIKE.get(char, ""):
            yield Spelling(text=before + other + after, technique="lookalike", tier="T2", weak=short)


def _joints(pieces: list[str]) -> frozenset[int]:
    return _seams(tuple(map(len, pieces[:-1])))


@cache
def _seams(sizes: tuple[int, ...]) -> frozenset[int]:
    # Ten thousand spellings share a few hundred of these.
    return frozenset(accumulate(sizes))
