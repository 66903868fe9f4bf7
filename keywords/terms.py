"""词库: categories, terms, exclusions, contexts and the numbers of the score, as one frozen value."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Strength = Literal["strong", "weak"]
#: `term` as sold; `code` a code word; `review` borderline goods: always a person's decision, never more.
Kind = Literal["term", "code", "review"]
#: `hard` takes the match away; `soft` lowers the score.
ExclusionKind = Literal["hard", "soft"]
#: Which of its own edges must be word boundaries for an exclusion to count.
Edges = Literal["both", "none"]
Effect = Literal["up", "down"]
Variant = Literal["pinyin", "mixed", "initial", "repeated", "homophone", "heard", "reversed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """词条."""

    #: As written in the lexicon. A space makes a pair: all parts must stand close together, in any order.
    text: str
    category: str
    #: A weak term needs company of its own category.
    strength: Strength = "strong"
    kind: Kind = "term"
    #: Spellings that are generated for it.
    variants: tuple[Variant, ...] = ()
    #: Generated spellings that are ordinary words and are left out (除味, 爆皮).
    not_variants: tuple[str, ...] = ()
    #: Words that are company for this term beside the contexts of its category.
    company: tuple[str, ...] = ()
    #: True when nothing but its own company is company for it.
    alone: bool = False
    #: Last day (ISO) on which the term counts; empty: no end.
    until: str = ""

    @property
    def everyday(self) -> bool:
        """True for a word of every day, which counts beside companions of its own, hints and others of its kind."""
        return bool(self.company) and (self.alone or self.kind == "code")


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """排除语: an ordinary phrase that contains a term."""

    text: str
    kind: ExclusionKind = "hard"
    edges: Edges = "both"
    #: Shown to the inspector: 颜色名, 水果.
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextGroup:
    """语境词: words that raise or lower the score."""

    key: str
    #: As shown in the parts of the score.
    name: str
    effect: Effect
    #: Points of the first word of the group; further words give `more` each, up to `most` in all.
    points: int
    more: int = 0
    most: int = 0
    #: True when a word of this group is company for a weak term.
    company: bool = False
    #: True when it is company for code words that have companions of their own: 懂的来 tells that 白货 means something.
    hints: bool = False
    #: True when that company is a mere number, too little for a code word: 一对, 35克.
    bare: bool = False
    #: Category keys that it speaks for; empty: all.
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    #: Regular expressions over the folded text.
    patterns: tuple[str, ...] = ()
    #: What the group says of the listing's direction; empty: nothing.
    direction: str = ""
    #: True when it speaks where code words alone were found: 和田玉 says what 白料 means.
    codes: bool = False
    #: True when it speaks of the matches in its own field alone: a bread box in the description is what it comes in.
    field: bool = False
    #: True when the words call for a person's decision: at most review (licences, antiques).
    caps: bool = False
    #: Category that the words name by themselves where several are found; empty: none.
    leans: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """The numbers of the score (keywords/lexicon/scoring.yml)."""

    #: Score from which a listing is 疑似信息, and from which it is urgent.
    review: int
    high: int
    #: Points by name: strong, weak, code, review, second, variant, homophone, adjacent, …
    points: Mapping[str, int]
    #: Skeleton characters on each side of a weak term in which its company must stand.
    window: int
    #: Skeleton characters that the parts of a pair may be apart.
    pair_window: int
    #: Longest run of visible characters between two characters of a term.
    gap: int
    #: Raising points by evasive, authentic and contact words from which lowering words are no longer believed.
    disbelief: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """法律依据: one citation and the days on which it is the valid one."""

    text: str
    #: First and last day (ISO) of validity, both included; empty: open.
    since: str = ""
    until: str = ""

    def valid_on(self, day: date) -> bool:
        """True when this is the text to cite for what happened on `day`."""
        return self.since <= day.isoformat() and (not self.until or day.isoformat() <= self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """类别."""

    key: str
    name: str
    #: Protection level as printed on a lead; empty for tools.
    protection: str = ""
    #: Legal basis, most specific first.
    law: tuple[Law, ...] = ()
    #: Search terms for the crawler, most fruitful first.
    search: tuple[str, ...] = ()
    #: How many of them a night may ask for on one platform; 0: all.
    nightly: int = 0
    #: Texts that must reach the review level with this category, and texts that must not.
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()

    def law_on(self, day: date) -> tuple[str, ...]:
        """The citations valid on `day`, most specific first."""
        return tuple(law.text for law in self.law if law.valid_on(day))


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """词库: everything a Matcher needs, and the version under which its findings are kept."""

    version: str
    categories: tuple[Category, ...]
    terms: tuple[Term, ...]
    exclusions: tuple[Exclusion, ...]
    contexts: tuple[ContextGroup, ...]
    scoring: Scoring

    def category_name(self, key: str) -> str:
        """The Chinese name of a category; the key itself where the lexicon does not know it."""
        return next((category.name for category in self.categories if category.key == key), key)

    def category(self, key: str) -> Category:
        """The category of that key. Raises KeyError."""
        for category in self.categories:
            if category.key == key:
                return category
        raise KeyError(key)

    def search_terms(self, key: str, on: date | None = None) -> tuple[str, ...]:
        """What the crawler searches for in one category on one night, most fruitful first.

        Of a category with more terms than its nightly budget the best three quarters of the budget are asked every
        night, and the others take turns by date.
        """
        category = self.category(key)
        budget = category.nightly
        if not budget or len(category.search) <= budget:
            return category.search
        always = budget - budget // 4
        turn, others = category.search[:always], category.search[always:]
        first = (on.toordinal() if on else 0) * (budget // 4) % len(others)
        return turn + (others[first:] + others[:first])[: budget // 4]

    def in_force(self, day: date) -> "Lexicon":
        """This lexicon without the terms that had ended before `day`; itself where none had."""
        terms = tuple(term for term in self.terms if not term.until or day.isoformat() <= term.until)
        return self if len(terms) == len(self.terms) else dataclasses.replace(self, terms=terms)

    def with_additions(self, additions: "Additions", version: str) -> "Lexicon":
        """A new lexicon under `version` with what an analyst added. Weights and categories stay."""
        contexts = tuple(
            dataclasses.replace(group, words=group.words + additions.words_for(group.key)) for group in self.contexts
        )
        return dataclasses.replace(
            self,
            version=version,
            terms=self.terms + additions.terms,
            exclusions=self.exclusions + additions.exclusions,
            contexts=contexts,
        )

    def to_data(self) -> dict[str, Any]:
        """The whole lexicon as JSON-safe data; `from_data` reads it back to an equal lexicon."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "Lexicon":
        """The lexicon that `to_data` wrote. Raises TypeError or KeyError on anything else."""
        return Lexicon(
            version=data["version"],
            categories=tuple(_category(item) for item in data["categories"]),
            terms=tuple(Term(**_tuples(item)) for item in data["terms"]),
            exclusions=tuple(Exclusion(**_tuples(item)) for item in data["exclusions"]),
            contexts=tuple(ContextGroup(**_tuples(item)) for item in data["contexts"]),
            scoring=Scoring(**data["scoring"]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Additions:
    """What one file of an analyst adds to a lexicon."""

    terms: tuple[Term, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    #: Pairs of context group key and word.
    contexts: tuple[tuple[str, str], ...] = ()

    def words_for(self, group: str) -> tuple[str, ...]:
        """The words added to one context group."""
        return tuple(word for key, word in self.contexts if key == group)


def _category(item: Mapping[str, Any]) -> Category:
    # Releases of before 2026-11-23 kept a citation as a bare string.
    law = tuple(Law(text=one) if isinstance(one, str) else Law(**one) for one in item["law"])
    return Category(**{**_tuples(item), "law": law})


def _plain(value: Any) -> Any:
    # dataclasses.asdict copies every text deeply, which takes five times as long
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return {field: _plain(getattr(value, field)) for field in value.__dataclass_fields__}


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
