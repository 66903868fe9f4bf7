"""What the seller leaves open reaches a person; what he denies, deals in otherwise or only compares with does not."""

import pytest

from keywords import Matcher, builtin
from records import Level

_MATCHER = Matcher(builtin())


def level(text: str) -> Level:
    return _MATCHER.explain(text).level


def category(text: str) -> str:
    return _MATCHER.explain(text).category


@pytest.mark.parametrize(
    "text",
    [
        "仿豹骨摆件 树脂的 跟真的没区别",
        "羚羊角笔架 摊主说是真的 可能是树脂",
        "熊爪烟斗 合成料 手感跟真的差不多",
        "麝香锦囊 邻居讲里面有 没拆过",
    ],
)
def test_hearsay_and_a_copy_that_nobody_tells_apart_reach_a_person(text: str) -> None:
    assert level(text) is Level.REVIEW


@pytest.mark.parametrize("text", ["仿豹骨摆件 树脂的", "豹子毛绒公仔 跟真的一样", "明说是树脂 仿熊爪摆件"])
def test_a_copy_that_is_called_one_does_not_nor_a_toy(text: str) -> None:
    assert level(text) is Level.NONE


@pytest.mark.parametrize(
    "text", ["犀角虎骨一律不收 只收铜炉", "熊胆、虎骨的勿扰", "店里没有虎骨 就是枸杞酒", "不卖犀角 只修老木器"]
)
def test_what_is_not_dealt_in_is_not_offered(text: str) -> None:
    assert level(text) is Level.NONE


@pytest.mark.parametrize("text", ["手续没有，犀角一支", "别的不收\n犀角一支", "豹骨不收 犀角一支"])
def test_a_denial_of_something_else_denies_nothing(text: str) -> None:
    assert level(text).is_hit


def test_one_word_of_the_news_beside_papers_is_about_the_goods() -> None:
    assert level("法院拍卖来的犀角杯 手续齐全") is Level.REVIEW
    assert level("海关查获走私犀角 新闻讨论") is Level.NONE


def test_what_the_goods_are_held_against_is_not_their_category() -> None:
    assert category("比象牙贵 鹤顶红牌子 盔犀鸟头料") == "hornbill"
    assert category("不是犀角 熊胆一枚") == "bear"


def test_a_tool_is_one_whatever_it_is_for_unless_somebody_cooks() -> None:
    assert category("弓弩 打野猪用") == "tool_crossbow"
    assert category("野猪肉 后腿 红烧 弹弓打的") == "bushmeat"


def test_an_ordinary_name_tells_what_is_meant_unless_it_is_one_of_two() -> None:
    told = _MATCHER.explain("老烟嘴 牛骨的 哪种动物").parts
    assert any("牛骨" in part.label and part.points < -50 for part in told)
    assert level("老镯子 牛骨还是牙 材质不明").is_hit


@pytest.mark.parametrize("text", ["画眉笼 空笼 老竹子", "百灵鸟粮 五斤", "鹦鹉站架 不锈钢"])
def test_what_birds_live_in_is_no_bird(text: str) -> None:
    assert level(text) is Level.NONE


def test_a_bird_with_its_cage_is() -> None:
    assert level("画眉 野生的 刚下山 送画眉笼").is_hit


@pytest.mark.parametrize("word", ["塑料", "高压", "老虎"])
def test_a_short_word_of_the_dictionary_means_nothing_more_to_those_who_know(word: str) -> None:
    assert not any(m.term == word and not m.cancelled_by for m in _MATCHER.explain(f"{word} 懂的来").matches)


def test_what_any_animal_weighs_or_how_old_it_is_is_no_jargon() -> None:
    assert {"三个月", "两个月", "七钱"}.isdisjoint(term.text for term in builtin().terms)


def test_denials_without_end_take_linear_time() -> None:
    assert level("不是犀角 一律不收 " * 3_000) in Level


@pytest.mark.parametrize("text", ["九成新手机 懂的来 同城面交", "吉他效果器 懂的私", "旧书桌 自用闲置 懂的都懂"])
def test_that_one_knows_says_nothing_by_itself(text: str) -> None:
    """懂的 in 懂的来 is no word beside it; of ordinary goods one in three would be raised."""
    assert level(text) is Level.NONE


def test_of_a_skin_purses_and_coats_are_made() -> None:
    assert level("豹皮大衣 女装").is_hit
    assert level("麝香 女装 钱包 夹克") is Level.NONE


@pytest.mark.parametrize("extra", ["1983年产", "战利品 南非", "收藏用 原封"])
def test_an_old_year_or_a_far_country_calls_for_a_person_and_raises_nothing(extra: str) -> None:
    assert level("犀角杯 包浆 保真 懂的来") is Level.HIGH
    assert level(f"犀角杯 包浆 保真 懂的来 {extra}") is Level.REVIEW
    assert level(f"木头茶杯 {extra}") is Level.NONE


def test_a_sign_that_means_a_word_is_found_whole_or_not_at_all() -> None:
    """鹰 in 🦉 is no eagle, and a span that is part of a sign is none."""
    for match in _MATCHER.explain("🦉活的 三只 出").matches:
        assert "猫头鹰" in match.term or not match.surface.startswith("🦉")


@pytest.mark.parametrize(
    "text",
    ["老梳子 不知是玳瑁还是树脂", "旧藏袍 镶边豹皮还是印花 自己看图", "老手镯 赛璐珞还是玳瑁 没试过"],
)
def test_one_of_two_materials_is_no_denial(text: str) -> None:
    assert level(text).is_hit


def test_a_seller_who_explains_is_no_hearsay() -> None:
    assert level("卖家说明：非虎骨，是青梅酒") is Level.NONE


def test_animals_named_in_a_row_are_goods_of_all_kinds() -> None:
    assert category("🐘🐯 四样 老客私聊") == "trade_generic" and category("🐻🦏 老物件 看图") == "trade_generic"
    assert level("🐘🐯🐻 儿童认知卡片") is Level.NONE
