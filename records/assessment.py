"""研判: what the matcher found in a listing and why it counts."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How urgently a person should look."""

    NONE = "none"
    REVIEW = "review"
    HIGH = "high"

    @property
    def is_hit(self) -> bool:
        """True from the review level up: 疑似信息."""
        return self is not Level.NONE


#: `Match.technique` as people read it.
TECHNIQUES = {
    "plain": "原词",
    "pair": "组合词",
    "width": "全角或大小写",
    "traditional": "繁体或异体",
    "radical": "偏旁或特殊字符",
    "emoji": "表情符号",
    "gap": "夹符号或空格",
    "invisible": "夹零宽字符",
    "stuffed": "夹字母数字",
    "filled": "夹虚字",
    "pinyin": "拼音",
    "mixed": "汉字夹拼音",
    "initial": "首字母",
    "split": "拆字",
    "homophone": "谐音",
    "lookalike": "形近字",
    "reversed": "倒写",
    "repeated": "叠字",
    "markup": "网页标记",
    "bidi": "倒序控制符",
    "zhuyin": "注音",
    "acrostic": "藏头",
    "turned": "倒读",
    "romanised": "方言拼音",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """命中: one term found in one field."""

    #: Key of the category, for example `ivory`.
    category: str
    #: The term as it stands in the lexicon.
    term: str
    #: The characters of the original that were matched.
    surface: str
    #: `title`, `description`, or `title+description` (then offsets run over title + one newline + description).
    field: str
    #: Character offsets into the field as given: surface == field[start:end].
    start: int
    end: int
    #: How the original was disguised: `plain`, `width`, `traditional`, `gap`, `pinyin`, `homophone`, `split`, …
    technique: str = "plain"
    #: T1 always counts; T2 needs a second signal to rise above review; T3 is off by default.
    tier: str = "T1"
    #: `strong` or `weak` (a weak term needs company of its own category).
    strength: str = "strong"
    #: Empty when the match counts; else what cancelled or weakened it, in Chinese.
    cancelled_by: str = ""
    #: The longer term that covers this one; empty when none does.
    covered_by: str = ""

    @property
    def how(self) -> str:
        """How it was written, in Chinese: 原词, 谐音, 夹零宽字符 …"""
        return TECHNIQUES.get(self.technique, self.technique)

    @property
    def counts(self) -> bool:
        """True when neither an exclusion nor a longer term took it away."""
        return not self.cancelled_by and not self.covered_by


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One summand of the score, readable by an inspector: 命中“象牙”+40."""

    label: str
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """The whole judgement of one listing. `score` is the sum of the parts, cut to 0–100."""

    level: Level
    score: int
    parts: tuple[Part, ...]
    matches: tuple[Match, ...]
    #: Category of the heaviest match; empty at level none without a match.
    category: str = ""
    #: `sale`, `wanted`, `service`, `information`.
    direction: str = "sale"
    lexicon_version: str
    matcher_version: str
