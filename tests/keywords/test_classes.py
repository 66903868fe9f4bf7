"""Rules by class: what is denied, what an exclusion cuts off, pairs, and the kind of goods that names a listing."""

import pytest

from keywords import Matcher, builtin
from keywords.files import read_category
from keywords.terms import Lexicon
from tests.conftest import ROOT
from tests.keywords.conftest import lexicon_of

LEXICON = ROOT / "keywords" / "lexicon"


def _counts(lexicon: Lexicon, title: str) -> list[str]:
    return [match.term for match in Matcher(lexicon).explain(title).matches if match.counts]


# --- what is denied ---


def test_denying_another_kind_denies_nothing(matcher: Matcher) -> None:
    said = matcher.explain("泰国请回的虎爪一枚 不是熊爪")
    assert said.level.is_hit
    assert not any(part.points < 0 for part in said.parts)


def test_denying_what_the_listing_is_about_lowers_it(matcher: Matcher) -> None:
    said = matcher.explain("正经山羊绒 不是什么藏羚羊绒沙图什")
    assert not said.level.is_hit
    assert any(part.points < 0 for part in said.parts)


def test_a_simile_beside_another_match_denies_nothing(matcher: Matcher) -> None:
    assert matcher.explain("高原大花皮一张 斑像烟圈 牧民手里拿的").level.is_hit


# --- what an exclusion cuts off ---


def test_an_exclusion_takes_the_second_piece_of_a_broken_term() -> None:
    title = "红·珊瑚绒 睡衣"
    assert _counts(lexicon_of("红珊瑚"), title)
    assert not _counts(lexicon_of("红珊瑚", exclusions=("珊瑚绒",)), title)


def test_an_exclusion_does_not_cut_a_term_that_is_whole() -> None:
    assert _counts(lexicon_of("红珊瑚", exclusions=("珊瑚绒",)), "红珊瑚绒线穿的项链")


# --- pairs ---


@pytest.mark.parametrize(
    ("title", "found"),
    [("野猪 钢丝 套 批发", True), ("野猪 套装拼图", False), ("野猪 一套", True), ("野猪拼图 套餐", False)],
)
def test_a_single_character_of_a_pair_is_a_word_or_counts(title: str, found: bool) -> None:
    assert bool(_counts(lexicon_of("野猪 套"), title)) is found


@pytest.mark.parametrize("title", ["抓斑鸠 夜里拉网", "拉网 二十米 斑鸠鹌鹑都行", "细丝粘网 林子里收斑鸠"])
def test_prey_and_tool_stand_in_any_order(matcher: Matcher, title: str) -> None:
    said = matcher.explain(title)
    assert said.level.is_hit
    assert said.category == "tool_net"


def test_a_pair_is_composed_once_whatever_its_order() -> None:
    _, terms = read_category(LEXICON / "tool_clamp.yml")
    pairs = [frozenset(term.text.split()) for term in terms if " " in term.text]
    assert len(pairs) == len(set(pairs))
    assert frozenset(("野猪", "铁夹")) in pairs


# --- what the listing is about ---


def test_a_tool_named_outright_goes_before_one_that_is_put_together(matcher: Matcher) -> None:
    assert matcher.explain("诱鸟机 野鸡斑鸠竹鸡 配粘网用").category == "tool_lure"


def test_a_claim_to_age_asks_for_a_person(matcher: Matcher) -> None:
    """An antique may be lawful: it is never accused by the program alone, however the seller praises it."""
    assert matcher.explain("象牙观音 包真 加微信 人字纹").level.name == "HIGH"
    assert matcher.explain("清代象牙观音 包真 加微信 人字纹").level.name == "REVIEW"


def test_the_classes_cost_no_patterns() -> None:
    """Pairs share the pattern of a part: terms may be many where the automaton stays small."""
    from keywords.folding import folding
    from keywords.patterns import patterns

    lexicon = builtin()
    pairs = sum(" " in term.text for term in lexicon.terms)
    assert pairs > 3000
    written = patterns(lexicon, folding())
    letters = sum(not any("\u3400" <= char <= "\u9fff" for char in text) for text in written)
    assert len(written) - letters < 70_000
    # Pinyin, other romanisations and names in other languages have a measure of their own.
    assert letters < 9_000


def test_what_never_counts_or_is_named_outright_costs_no_pattern() -> None:
    """熊但 holds a sentence together and is cancelled everywhere; in 虎骨九 stands 虎骨."""
    from keywords.folding import folding
    from keywords.patterns import patterns

    written = patterns(builtin(), folding())
    assert "熊胆" in written and "熊单" in written and "熊但" not in written
    assert "虎骨" in written and "虎骨九" not in written


@pytest.mark.parametrize(("title", "hit"), [("快排 接头 气动 8mm", False), ("快排 气瓶 秃子 打鸟", True)])
def test_two_words_of_every_day_are_no_company_for_each_other(matcher: Matcher, title: str, hit: bool) -> None:
    assert matcher.explain(title).level.is_hit is hit
