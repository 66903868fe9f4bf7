"""How well a matcher does on texts that people have labelled: rows in, figures out. Pure.

Raised means level review or higher. Recall asks whether a row was raised at all; whether it got the right category is
a figure of its own. Precision of a category asks how many of the rows raised under it belong there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import tee
from typing import Literal

from keywords.matcher import Matcher
from keywords.terms import Lexicon
from records import Assessment, Level, Listing

#: `suspicious` must be raised; `borderline` should reach a person; `confusable` is ordinary goods.
Label = Literal["suspicious", "borderline", "confusable"]
FailureKind = Literal["missed", "raised", "wrong_category"]

#: What people write in the label column.
LABELS: dict[str, Label] = {
    **dict.fromkeys(("suspicious", "positive", "可疑", "疑似", "涉嫌"), "suspicious"),
    **dict.fromkeys(("borderline", "review", "待核", "待核实"), "borderline"),
    **dict.fromkeys(("confusable", "benign", "negative", "normal", "正常", "无关"), "confusable"),
}
#: Techniques that hide nothing, as people write them; `plain + medicine` is plain as well.
_OVERT = ("overt", "plain", "明写", "原词")
_CODE = ("code", "slang", "暗语", "黑话", "行话")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One labelled text."""

    #: Line in the file it came from, from 1.
    line: int
    label: Label
    #: Key of the category; of a confusable the category it might be taken for, or empty.
    category: str
    #: How it is written: `overt`, `code_word`, or the name of a disguise; empty where nobody said.
    technique: str = ""
    title: str
    description: str = ""

    @property
    def group(self) -> str:
        """`overt`, `code_word`, `disguised`, or empty where nobody said how it is written."""
        name = self.technique.strip().lower()
        if not name:
            return ""
        if name.startswith(_OVERT):
            return "overt"
        return "code_word" if name.startswith(_CODE) else "disguised"

    def listing(self) -> Listing:
        """The listing that the matcher is asked about."""
        return Listing(
            platform="labelled", item_id=str(self.line), url="", title=self.title, description=self.description
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Between 0 and 1; None of nothing."""
        return self.hits / self.of if self.of else None

    def to_data(self) -> dict[str, float | int | None]:
        """As `--json` prints it; the value to four places."""
        return {"hits": self.hits, "of": self.of, "value": None if self.value is None else round(self.value, 4)}


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryFigures:
    """One category."""

    key: str
    #: Rows raised under it that belong there.
    precision: Rate
    #: Suspicious and borderline rows of it that were raised, under whatever category.
    recall: Rate
    #: Of these the ones that got this category.
    right: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelFigures:
    """One level, and everything above it."""

    level: Level
    #: Rows at the level that are suspicious or borderline.
    precision: Rate
    #: Suspicious rows that reach the level.
    recall: Rate
    #: Confusable rows that reach it.
    confusables: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A row that did not come out as labelled, and why."""

    sample: Sample
    kind: FailureKind
    assessment: Assessment
    #: In Chinese: what was found, what cancelled it, how the score came about.
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """All figures of one set."""

    rows: int
    lexicon_version: str
    matcher_version: str
    categories: tuple[CategoryFigures, ...]
    #: Recall of suspicious rows by technique as written in the set, in its order of first appearance.
    techniques: dict[str, Rate]
    #: The same for overt, disguised, code_word, and for all suspicious rows.
    groups: dict[str, Rate]
    levels: tuple[LevelFigures, ...]
    #: Borderline rows at level review: seen by a person, accused by nobody.
    borderline_at_review: Rate
    borderline_raised: Rate
    confusables_raised: Rate
    #: Raised suspicious and borderline rows that got their category.
    category_right: Rate
    #: Category of the row and category it got, where they differ, most frequent first.
    confusion: tuple[tuple[str, str, int], ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    sample: Sample
    assessment: Assessment

    @property
    def wanted(self) -> bool:
        return self.sample.label != "confusable"

    @property
    def raised(self) -> bool:
        return self.assessment.level.is_hit

    @property
    def right(self) -> bool:
        return self.assessment.category == self.sample.category


def evaluate(samples: Iterable[Sample], matcher: Matcher) -> Evaluation:
    """Judge every sample and count. Costs one batch of the matcher."""
    asked, kept = tee(samples)
    judged = [
        _Judged(sample=sample, assessment=assessment)
        for sample, assessment in zip(kept, matcher.assess_many(one.listing() for one in asked), strict=True)
    ]
    suspicious = [one for one in judged if one.sample.label == "suspicious"]
    borderline = [one for one in judged if one.sample.label == "borderline"]
    found = [one for one in judged if one.wanted and one.raised]
    failed = (_failure(one, matcher.lexicon) for one in judged)
    return Evaluation(
        rows=len(judged),
        lexicon_version=matcher.lexicon.version,
        matcher_version=judged[0].assessment.matcher_version if judged else "",
        categories=_categories(judged),
        techniques=_by(suspicious, lambda one: one.sample.technique),
        groups=_groups(suspicious),
        levels=tuple(_level(judged, level) for level in (Level.REVIEW, Level.HIGH)),
        borderline_at_review=_rate(borderline, lambda one: one.assessment.level is Level.REVIEW),
        borderline_raised=_rate(borderline, lambda one: one.raised),
        confusables_raised=_rate((one for one in judged if not one.wanted), lambda one: one.raised),
        category_right=_rate(found, lambda one: one.right),
        confusion=_confusion(found),
        failures=tuple(failure for failure in failed if failure is not None),
    )


def reason(assessment: Assessment, lexicon: Lexicon) -> str:
    """Why a text got its level, in one line of Chinese: the sum, then every match with what took it away."""
    told = ["；".join(f"{part.label}{part.points:+d}" for part in assessment.parts)] if assessment.parts else []
    for match in assessment.matches:
        if match.cancelled_by:
            told.append(f"“{match.surface}”（{match.term}）未计入：{match.cancelled_by}")
        elif match.counts:
            told.append(f"“{match.surface}”（{match.term}，{lexicon.category_name(match.category)}）计入")
    return "；".join(told) or "没有命中任何词条"


def _rate(rows: Iterable[_Judged], hit: Callable[[_Judged], bool]) -> Rate:
    counted = [hit(one) for one in rows]
    return Rate(hits=sum(counted), of=len(counted))


def _by(rows: Sequence[_Judged], key: Callable[[_Judged], str]) -> dict[str, Rate]:
    names = dict.fromkeys(key(one) for one in rows)
    return {name: _rate((one for one in rows if key(one) == name), lambda one: one.raised) for name in names if name}


def _groups(suspicious: Sequence[_Judged]) -> dict[str, Rate]:
    found = _by(suspicious, lambda one: one.sample.group)
    ordered = {name: found[name] for name in ("overt", "disguised", "code_word") if name in found}
    return ordered | {"all": _rate(suspicious, lambda one: one.raised)}


def _categories(judged: Sequence[_Judged]) -> tuple[CategoryFigures, ...]:
    keys = {one.sample.category for one in judged if one.wanted}
    keys |= {one.assessment.category for one in judged if one.raised}
    return tuple(_category(judged, key) for key in sorted(keys))


def _category(judged: Sequence[_Judged], key: str) -> CategoryFigures:
    own = [one for one in judged if one.wanted and one.sample.category == key]
    under = (one for one in judged if one.raised and one.assessment.category == key)
    return CategoryFigures(
        key=key,
        precision=_rate(under, lambda one: one.wanted and one.right),
        recall=_rate(own, lambda one: one.raised),
        right=_rate((one for one in own if one.raised), lambda one: one.right),
    )


def _level(judged: Sequence[_Judged], level: Level) -> LevelFigures:
    reaching = (Level.HIGH,) if level is Level.HIGH else (Level.REVIEW, Level.HIGH)

    def at(one: _Judged) -> bool:
        return one.assessment.level in reaching

    return LevelFigures(
        level=level,
        precision=_rate((one for one in judged if at(one)), lambda one: one.wanted),
        recall=_rate((one for one in judged if one.sample.label == "suspicious"), at),
        confusables=_rate((one for one in judged if not one.wanted), at),
    )


def _confusion(found: Iterable[_Judged]) -> tuple[tuple[str, str, int], ...]:
    pairs = Counter((one.sample.category, one.assessment.category) for one in found if not one.right)
    return tuple((own, got, count) for (own, got), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0])))


def _failure(one: _Judged, lexicon: Lexicon) -> Failure | None:
    kind: FailureKind
    if one.wanted and not one.raised:
        kind = "missed"
    elif one.raised and not one.wanted:
        kind = "raised"
    elif one.raised and not one.right:
        kind = "wrong_category"
    else:
        return None
    return Failure(sample=one.sample, kind=kind, assessment=one.assessment, why=reason(one.assessment, lexicon))
