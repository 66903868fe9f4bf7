"""Names of the protected lists that are rarely written, and ways of speaking that leave it to a person to look."""

import pytest

from keywords import Matcher, builtin
from records import Level


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(builtin())


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("绿翅金鸠 两只", "bird_live"),
        ("黄颈亚马逊 刚断奶", "bird_live"),
        ("乌灰鹞 亚成", "raptor"),
        ("蔗林龟 三只", "reptile_live"),
        ("潮汕蝾螈 一对", "reptile_live"),
        ("鼋苗 五只", "reptile_live"),
        ("青石爬鮡 野生", "other_taxa"),
        ("海南长臂猿 小的", "other_taxa"),
        ("棱皮龟 一只", "hawksbill"),
        ("红鬣羚 角", "antelope"),
        ("山獐 香囊", "musk"),
        ("麂子夹 六个", "tool_clamp"),
        ("踩铗 山猪用", "tool_clamp"),
        ("吊脚套 十根", "tool_snare"),
        ("晕鱼器 背负", "tool_electric"),
        ("锦纶鸟网 两片", "tool_net"),
        ("闹鱼药 一斤", "tool_poison"),
    ],
)
def test_a_rare_name_is_found_where_little_is_said_beside_it(matcher: Matcher, text: str, category: str) -> None:
    found = matcher.explain(text)
    assert (found.level.is_hit, found.category) == (True, category)


def test_a_rare_name_is_no_less_than_a_common_one(matcher: Matcher) -> None:
    """Seldom written is not doubtful: it may be urgent, and is found in letters and turned round."""
    assert matcher.explain("大鸨 活体 一对 包真 加V").level is Level.HIGH
    assert not matcher.explain("dizhi 发我 da bao 一张").level.is_hit  # 地址, 打包: no 帝雉, no 大鸨
    for text in ("heiguan 活体 一对 加V", "黑guan 活体 一对", "鹳黑 活体 一对 加V"):
        assert matcher.explain(text).category == "bird_live", text


@pytest.mark.parametrize(
    "text",
    [
        "求个鹤顶红老件，懂的看图报价",
        "找一只苍鹰，拍片租用，要有手续",
        "玳瑁标本，学校淘汰，档案号在",
        "仿犀角杯，打灯也透，行家走眼",
        "一颗老牙，猎人后代说狼或豹",
        "老酒一瓶，瓶上说加了麝香",
        "家里野猪多，什么药管用，求合法的",
        "脉冲器，围栏上的，改了能打大的",
        "老鼠药，黄鼠狼吃了也倒",
        "古弩一把，弦断，当摆件",
    ],
)
def test_what_is_left_open_is_for_a_person_to_look_at(matcher: Matcher, text: str) -> None:
    assert matcher.explain(text).level is Level.REVIEW


@pytest.mark.parametrize(
    "text",
    [
        "小鹿夹子 发夹 一对",
        "找一副羽毛球拍",
        "钢丝绳 3mm 铝扣 晾衣架用",
        "麻将 竹背 一副",
        "黄山雀舌 茶叶 半斤",
        "金太阳 取暖器",
        "美洲豹 车标",
    ],
)
def test_what_only_sounds_like_it_stays_ordinary(matcher: Matcher, text: str) -> None:
    assert not matcher.explain(text).level.is_hit


def test_a_word_does_not_run_over_the_end_of_a_sentence(matcher: Matcher) -> None:
    assert matcher.explain("鸟类调查用雾网，课题组清仓").level is Level.REVIEW  # no 网课


def test_one_word_of_a_show_is_about_goods_that_somebody_wants(matcher: Matcher) -> None:
    assert matcher.explain("求砗磲原壳一个，做展览，要合法").level is Level.REVIEW
