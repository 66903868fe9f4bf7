"""Names known to everybody in the thinnest company: what a seller writes who hides nothing."""

import pytest

from keywords import Matcher


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("弩箭 一套", "tool_crossbow"),
        ("鸟媒 转让", "tool_lure"),
        ("鸟网 全新 自提", "tool_net"),
        ("狼皮 一张 家里的", "bigcat"),
        ("豹皮 一块", "bigcat"),
        ("棕熊 一只 野生", "bear"),
        ("白鹤 一只 活体", "bird_live"),
        ("猫头鹰 崽", "raptor"),
        ("阿卡 一串 老件", "red_coral"),
        ("像牙手串 老料", "ivory"),
        ("春兰 下山 一麻袋", "other_taxa"),
    ],
)
def test_a_name_with_little_beside_it_is_found(matcher: Matcher, title: str, category: str) -> None:
    judged = matcher.explain(title)
    assert judged.level.is_hit and judged.category == category


@pytest.mark.parametrize("title", ["金龙鱼丝苗米", "老虎 鯉魚 老帽", "弩箭 皮肤 手游", "野牛皮带 男士", "北极熊 书皮"])
def test_the_same_names_in_ordinary_goods_are_not(matcher: Matcher, title: str) -> None:
    assert not matcher.explain(title).level.is_hit
