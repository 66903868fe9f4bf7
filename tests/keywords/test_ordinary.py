"""What leaves ordinary goods alone, and what keeps doubtful ones in front of a person: rules of the engine."""

import pytest

from keywords import Matcher, builtin
from records import Assessment, Level, Listing

_MATCHER = Matcher(builtin())


def judged(title: str, description: str = "") -> Assessment:
    return _MATCHER.assess(Listing(platform="p", item_id="1", url="", title=title, description=description))


@pytest.mark.parametrize(
    "title",
    [
        "小店声明：不卖象牙、犀角、玳瑁等任何保护动物制品",
        "珠子不是什么牛角象牙 就是黄杨木 包浆厚",
        "象牙、犀角之类的一律不收 只收旧书",
    ],
)
def test_a_row_of_names_is_denied_as_a_whole(title: str) -> None:
    assert judged(title).level is Level.NONE


def test_a_denial_ends_where_its_row_ends() -> None:
    assert judged("不卖假货 象牙手串两条 懂的来").level.is_hit
    assert judged("不是牛角，犀角扳指一枚 打灯透红").level.is_hit


def test_a_term_gives_way_where_its_last_character_begins_another_word() -> None:
    """雄狮|皮球: and 狗熊皮子, 狗熊骨头 only go on naming the goods."""
    assert not judged("雄狮皮球 幼儿园用 五个").level.is_hit
    assert judged("狗熊皮子一张 硝好的").level.is_hit
    assert judged("狗熊骨头 半袋").level.is_hit


def test_an_exclusion_whose_last_word_goes_on_still_stands() -> None:
    """麝香葡萄|干 is no musk; 老象牙白|玉 is ivory still."""
    assert not judged("虎皮凤爪翅 即食 两袋").level.is_hit
    assert judged("老象牙白玉手串").level.is_hit


@pytest.mark.parametrize(
    "title", ["说是麝香 一小瓶 没闻过", "人家说这是熊掌 挂了好多年", "再造丸 里面含穿山甲 老铺子的"]
)
def test_what_is_passed_on_of_a_name_is_company_for_it(title: str) -> None:
    assert judged(title).level is Level.REVIEW


def test_what_is_told_of_a_name_stands_right_before_it() -> None:
    assert not judged("说是明天发货 熊掌拖鞋").level.is_hit


def test_a_likeness_is_no_denial_where_the_seller_asks() -> None:
    assert judged("手上这串像象牙 求鉴定 便宜出").level is Level.REVIEW
    assert not judged("像象牙一样白 树脂手串").level.is_hit


def test_goods_with_papers_are_seen_beside_others_that_need_none() -> None:
    assert judged("玄凤和小太阳 都有脚环 小太阳带证 专用标识可查").level is Level.REVIEW
    assert not judged("玄凤 手养 会吹口哨").level.is_hit
