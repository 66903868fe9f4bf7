"""The figures of an evaluation, counted by hand on a few rows."""

import pytest

from keywords import Matcher, builtin
from keywords.evaluating import LABELS, Evaluation, Rate, Sample, evaluate, reason
from keywords.explaining import explain
from records import Level
from tests.keywords.conftest import lexicon_of

_MATCHER = Matcher(builtin())


def sample(line: int, label: str, category: str, title: str, technique: str = "", description: str = "") -> Sample:
    return Sample(
        line=line,
        label=LABELS[label],
        category=category,
        technique=technique,
        title=title,
        description=description,
    )


ROWS = (
    sample(2, "可疑", "ivory", "出一条老象牙手串 包真 加V", "overt"),
    sample(3, "可疑", "ivory", "老 象 牙 手 串 包真", "space"),
    sample(4, "可疑", "ivory", "木头梳子一把", "space"),
    sample(5, "可疑", "rhino", "象牙手镯一只", "code_word"),
    sample(6, "待核", "ivory", "猛犸牙手串 有证", ""),
    sample(7, "正常", "ivory", "象牙白连衣裙", "colour"),
    sample(8, "正常", "pangolin", "穿山甲片 干货 药用", "trap"),
    sample(9, "可疑", "pangolin", "转一个穿山", "across_fields", "甲片 干货"),
)


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return evaluate(iter(ROWS), _MATCHER)


def test_recall_by_technique_and_group(result: Evaluation) -> None:
    assert result.techniques == {
        "overt": Rate(hits=1, of=1),
        "space": Rate(hits=1, of=2),
        "code_word": Rate(hits=1, of=1),
        "across_fields": Rate(hits=1, of=1),
    }
    assert result.groups == {
        "overt": Rate(hits=1, of=1),
        "disguised": Rate(hits=2, of=3),
        "code_word": Rate(hits=1, of=1),
        "all": Rate(hits=4, of=5),
    }


def test_precision_and_recall_by_category(result: Evaluation) -> None:
    by_key = {one.key: one for one in result.categories}
    # raised as ivory: lines 2, 3, 5 and 6; line 5 is said to be rhino
    assert by_key["ivory"].precision == Rate(hits=3, of=4)
    assert by_key["ivory"].recall == Rate(hits=3, of=4)
    assert by_key["ivory"].right == Rate(hits=3, of=3)
    assert (by_key["rhino"].recall, by_key["rhino"].right) == (Rate(hits=1, of=1), Rate(hits=0, of=1))
    # raised as pangolin: line 9, and line 8, which is labelled ordinary
    assert by_key["pangolin"].precision == Rate(hits=1, of=2)
    assert result.confusion == (("rhino", "ivory", 1),)
    assert result.category_right == Rate(hits=4, of=5)


def test_levels_borderline_and_confusables(result: Evaluation) -> None:
    review, high = result.levels
    assert review.precision == Rate(hits=5, of=6)
    assert review.recall == Rate(hits=4, of=5)
    assert review.confusables == Rate(hits=1, of=2)
    raised = [_MATCHER.explain(f"{row.title}\n{row.description}") for row in ROWS if row.label == "suspicious"]
    levels = [one.level for one in raised]
    assert high.recall == Rate(hits=levels.count(Level.HIGH), of=5)
    assert high.precision == Rate(hits=levels.count(Level.HIGH), of=levels.count(Level.HIGH))
    assert (result.borderline_at_review, result.borderline_raised) == (Rate(hits=1, of=1), Rate(hits=1, of=1))
    assert result.confusables_raised == Rate(hits=1, of=2)


def test_failures_are_named_with_their_reason(result: Evaluation) -> None:
    assert [(one.sample.line, one.kind) for one in result.failures] == [
        (4, "missed"),
        (5, "wrong_category"),
        (8, "raised"),
    ]
    assert result.failures[0].why == "没有命中任何词条"
    assert "命中" in result.failures[2].why and "穿山甲" in result.failures[2].why


def test_a_cancelled_match_says_what_cancelled_it() -> None:
    assert "未计入：排除语“象牙白" in reason(_MATCHER.explain("象牙白连衣裙"), builtin())


def test_nothing_is_no_division_by_zero() -> None:
    empty = evaluate([], _MATCHER)
    assert (empty.rows, empty.groups["all"].value, empty.failures) == (0, None, ())
    assert empty.confusables_raised.to_data() == {"hits": 0, "of": 0, "value": None}


@pytest.mark.parametrize(
    ("technique", "group"),
    [
        ("overt", "overt"),
        ("plain + medicine", "overt"),
        ("明写", "overt"),
        ("code_word", "code_word"),
        ("暗语", "code_word"),
        ("slang", "code_word"),
        ("homophone", "disguised"),
        ("", ""),
    ],
)
def test_every_way_of_writing_has_its_group(technique: str, group: str) -> None:
    assert sample(1, "可疑", "ivory", "x", technique).group == group


def test_a_weak_word_alone_is_told_what_company_it_wants() -> None:
    term = next(term for term in builtin().terms if term.text == "血牙")
    assert term.strength == "weak"
    told = explain(_MATCHER, "血牙")
    assert not told.assessment.level.is_hit
    wanting = told.wanting[0]
    group = next(group for group in builtin().contexts if group.company and "ivory" in group.categories)
    assert (
        "手串" in wanting
        and f"{group.name}（{group.words[0]}" in wanting
        and builtin().category_name(term.category) in wanting
    )
    # and what it asks for does help
    assert _MATCHER.explain("血牙 手串").matches[0].counts
    assert 0 not in explain(_MATCHER, "血牙 手串").wanting


def test_a_counting_match_under_the_line_says_why() -> None:
    told = explain(_MATCHER, "仿象牙手串 树脂")
    assert not told.assessment.level.is_hit
    assert str(builtin().scoring.review) in told.verdict and "树脂" in told.verdict
    assert explain(_MATCHER, "老象牙手串 包真").verdict == ""


def test_where_nothing_was_found_the_nearest_terms_are_named() -> None:
    words = Matcher(lexicon_of("盔犀鸟头骨", "象牙", "野猪 套环"))
    assert _near(words, "盔犀的鸟头骨") == {"盔犀鸟头骨": "只有其中的“鸟头骨”"}
    assert _near(words, "象的牙膏") == {"象牙": "“象”与“牙”之间隔着“的”"}
    assert _near(words, "套环若干") == {"野猪 套环": "只有“套环”，没有“野猪”"}
    assert _near(words, "黄杨木梳子") == {}
    assert _near(words, "象牙手串") == {}


def _near(words: Matcher, text: str) -> dict[str, str]:
    return {one.term: one.detail for one in explain(words, text).near}
