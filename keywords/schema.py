"""What a file of the lexicon may hold; anything else is refused."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from keywords.terms import Edges, Effect, ExclusionKind, Variant
from records import Fault


class LexiconBroken(Fault):
    """词库文件有错，无法读取。

    A lexicon file is broken and cannot be read.
    """

    code: ClassVar[str] = "E-KEYWORDS-001"
    remedy: ClassVar[tuple[str, str]] = (
        "按提示改正该文件后重试，或恢复原文件。",
        "Correct the file named above, or put the original back.",
    )


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(Strict):
    text: str = Field(min_length=1, max_length=64)
    variants: tuple[Variant, ...] | None = None
    not_variants: tuple[str, ...] = ()
    company: tuple[str, ...] = ()
    until: date | None = None
    note: str = ""


class LawEntry(BaseModel):
    # `from` is no name for a field in Python.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    text: str
    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")


class SearchEntry(Strict):
    #: How many terms a night may ask for on one platform; 0: all.
    budget: int = Field(default=0, ge=0)
    terms: tuple[str, ...] = Field(min_length=1)


class ComposedRule(Strict):
    """Every word of `of` followed by every word of `parts` is a term."""

    #: True where the two need only stand near each other, in either order: 野猪 … 钢丝扣. A pair is one term more, but
    #: no pattern more: all pairs of a word share it.
    near: bool = False
    of: tuple[str, ...] = Field(min_length=1)
    parts: tuple[str, ...] = Field(min_length=1)
    group: Literal["strong", "weak", "code", "review", "review_weak"] = "strong"
    #: None unless asked for: what disguises them is generated for the species alone.
    variants: tuple[Variant, ...] = ()
    #: Compounds that are ordinary words or stand in a group of their own.
    leave_out: tuple[str, ...] = ()


class CodedRule(Strict):
    """Names of one class that all keep the same company: every nickname of the elephant beside every part of it."""

    of: tuple[str, ...] = Field(min_length=1)
    #: Words; `@name` stands for a list under `companies`, or for the words of a context group.
    company: tuple[str, ...] = Field(min_length=1)
    #: `review_code`: borderline goods that are everyday words, like code words.
    group: Literal["weak", "code", "review_weak", "review_code", "foreign_code"] = "code"
    #: None unless asked for: hundreds of nicknames are disguise enough.
    variants: tuple[Variant, ...] = ()
    not_variants: tuple[str, ...] = ()


class ForeignBlock(Strict):
    """Names in other languages and provinces, and of species that few have heard of. Nothing is generated."""

    strong: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    #: Both need company: weak ones any of their category, everyday words (`code`) what stands here.
    weak: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    company: tuple[str, ...] = ()


class CategoryFile(Strict):
    key: str = Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")
    name: str
    protection: str = ""
    #: Names of law.yml, or citations of its own.
    law: tuple[str | LawEntry, ...] = Field(min_length=1)
    search: SearchEntry
    strong: tuple[str | Entry, ...] = ()
    weak: tuple[str | Entry, ...] = ()
    #: Code words: weak by nature.
    code: tuple[str | Entry, ...] = ()
    #: Borderline goods: strong words whose sale may be lawful.
    review: tuple[str | Entry, ...] = ()
    #: Borderline goods whose name alone says too little.
    review_weak: tuple[str | Entry, ...] = ()
    compose: tuple[ComposedRule, ...] = ()
    #: Short strong names that are seldom written: spelt in letters and turned round, but nobody mishears them. Those of
    #: which the letters are a common word's stand under `foreign`: da bao is 打包, not 大鸨.
    rare: tuple[str, ...] = ()
    #: Terms that are names known to everybody: whatever a careless ear hears for them is generated.
    heard: tuple[str, ...] = ()
    #: Lists of companions that entries and classes name as `@name`.
    companies: dict[str, tuple[str, ...]] = {}
    coded: tuple[CodedRule, ...] = ()
    foreign: tuple[ForeignBlock, ...] = ()
    must_match: tuple[str, ...] = Field(min_length=1)
    must_not_match: tuple[str, ...] = Field(min_length=1)


class ExclusionBlock(Strict):
    why: str
    kind: ExclusionKind = "hard"
    edges: Edges = "both"
    words: tuple[str, ...]


class ContextBlock(Strict):
    key: str
    name: str
    effect: Effect
    points: int = Field(ge=0, le=100)
    more: int = Field(default=0, ge=0)
    most: int = Field(default=0, ge=0)
    company: bool = False
    bare: bool = False
    hints: bool = False
    caps: bool = False
    codes: bool = False
    field: bool = False
    leans: str = ""
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    direction: Literal["", "sale", "wanted", "service", "information"] = ""


class ScoringFile(Strict):
    review: int
    high: int
    points: dict[str, int]
    window: int
    pair_window: int
    gap: int
    disbelief: int
