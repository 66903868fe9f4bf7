"""Texts that are read a second time in another way: without laughter, down their lines, from their end."""

import time

import pytest

from keywords import Matcher, builtin
from keywords.folding import without_markup
from keywords.readings import is_lined, triggers
from records import Assessment, Listing

_MATCHER = Matcher(builtin())


def _both(title: str, description: str = "") -> Assessment:
    """Judged alone and in a batch, which must agree."""
    listing = Listing(platform="set", item_id="1", url="", title=title, description=description)
    alone = _MATCHER.assess(listing)
    assert list(_MATCHER.assess_many([listing] * 300)) == [alone] * 300
    return alone


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("虎嘻嘻嘻皮哈哈 一张 别问", "tiger"),
        ("麝呵呵呵香 一颗 23克", "musk"),
        ("xxx犀aaaa角bbbb杯 老的", "rhino"),
        ("熊啊啊胆啊啊 一枚 金的", "bear"),
        ("犀的的的角 切片", "rhino"),
        ("砗888磲 珠子 原料", "giant_clam"),
        ("羚啊羊呀角 一支 透光", "antelope"),
    ],
)
def test_laughter_inside_a_name_is_passed_over(title: str, category: str) -> None:
    found = _both(title)
    assert found.level.is_hit and found.category == category
    match = next(match for match in found.matches if match.technique in ("stuffed", "filled", "pair"))
    assert match.surface == title[match.start : match.end] and match.counts


@pytest.mark.parametrize(
    "title",
    [
        "大象哈哈哈牙刷",
        "虎啊骨头汤",
        "哈哈哈哈镜 儿童",
        "aaa电池 牙刷 一板",
        "大象888牙刷",
        "足金999 虎 牙签",
        "羊啊角落里的你",
    ],
)
def test_laughter_joins_no_other_words(title: str) -> None:
    assert not _both(title).level.is_hit


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("犀啦牛啦角啦 一根 干的", "rhino"),
        ("穿嘀山嘀甲 半斤", "pangolin"),
        ("狼pp牙pp 带根 两颗", "bigcat"),
        ("雪测试豹测试皮 一张", "bigcat"),
        ("藏z羚z羊z绒 披肩", "antelope"),
        ("捕abc兽xyzw夹 一百个", "tool_clamp"),
        ("砗〇磲 桶珠", "giant_clam"),
        ("红y嘴y相y思 刚网的 三只", "bird_live"),
    ],
)
def test_the_same_in_every_gap_of_a_name_is_passed_over(title: str, category: str) -> None:
    found = _both(title)
    assert found.level.is_hit and found.category == category
    assert any(match.technique in ("filled", "stuffed") and match.counts for match in found.matches)


@pytest.mark.parametrize(
    "title",
    [
        "象棋好牙刷好 两件套",  # twice the same, but no name between
        "买一送一 大牙杯一个一",
        "虎头帽骨瓷杯帽",  # the same stands in no gap
        "随叫随到 家电清洗",
        "大象L码牙刷M码",
        "nike运动adidas外套",
    ],
)
def test_what_stands_twice_by_chance_joins_nothing(title: str) -> None:
    assert not _both(title).level.is_hit


def test_the_heads_of_lines() -> None:
    found = _both("穿得少的老客都懂", "山高路远只发快递\n甲方价格私聊")
    [match] = [match for match in found.matches if match.technique == "acrostic"]
    assert (match.term, match.field) == ("穿山甲", "title+description") and found.level.is_hit


def test_two_heads_alone_are_chance_unless_the_seller_says_so() -> None:
    lines = "虎年生的娃\n骨气总要有\n送人都说好"
    assert not _both("闲置出", lines).level.is_hit
    assert _both("看每行第一个字", lines).level.is_hit


def test_what_stands_in_the_lines_stands_for_itself() -> None:
    found = _both("穿的外套一件", "山里象牙手串一条\n甲级货")
    assert {match.technique for match in found.matches if match.counts} >= {"acrostic"}
    assert any(match.term.startswith("象牙") and match.counts for match in found.matches)


def test_a_title_to_be_read_from_its_end() -> None:
    found = _both("串手牙象料老 倒过来看")
    assert found.level.is_hit and found.category == "ivory"
    assert not _both("串手牙膏料老 倒过来看").level.is_hit


@pytest.mark.parametrize("title", ["犀。角。杯 老的", "穿；山；甲 鳞片"])
def test_even_separators(title: str) -> None:
    assert _both(title).level.is_hit


@pytest.mark.parametrize("title", ["大象。牙刷。毛巾", "象棋。牙签。筷子"])
def test_separators_between_words_are_separators(title: str) -> None:
    assert not _both(title).level.is_hit


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("虎&amp;骨", "虎骨"),
        ("虎&middot;骨", "虎骨"),
        ("虎[b]骨[/b]", "虎骨"),
        (r"\u864e\u9aa8", "虎骨"),
        ("红【珊】瑚【珠】", "红珊瑚珠"),
        ("穿(别)山(问)甲(价)", "穿山甲"),
        ("l@0hu", "laohu"),
    ],
)
def test_more_markup(raw: str, read: str) -> None:
    hidden = without_markup(raw)
    assert len(hidden) == len(raw)
    assert "".join(char for char in hidden if char.isalnum()) == read


def test_marks_that_are_none_stay() -> None:
    for text in ("a@b", "5$ 一个", "[现货] 杯子", "C:\\u盘", "AT&T 手机"):
        assert not _both(text).level.is_hit and len(without_markup(text)) == len(text)


@pytest.mark.parametrize("piece", ["哈哈", "aaa", "虎哈哈骨\n", "xiang ya ", "ㄒㄧㄤ", "倒过来看", "象[b]", "\\u8c61"])
def test_time_is_linear(piece: str) -> None:
    def spent(count: int) -> float:
        text = piece * count
        begun = time.process_time()
        _MATCHER.explain(text)
        return time.process_time() - begun

    spent(200)
    short, long = min(spent(1000) for _ in range(3)), min(spent(8000) for _ in range(3))
    assert long < 8 * 4 * max(short, 0.002)


def test_what_asks_for_another_reading_is_in_the_sieve() -> None:
    assert triggers() <= set(_MATCHER._scanner.factors)
    assert is_lined("一\n二\n三") and not is_lined("一\n二")
