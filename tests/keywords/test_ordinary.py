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
    """象牙海岸|线 is no ivory; 老象牙白|玉 is ivory still."""
    assert not judged("象牙海岸线风光 拼团八日").level.is_hit
    assert judged("老象牙白玉手串").level.is_hit


@pytest.mark.parametrize("title", ["说是麝香 一小瓶 没闻过", "人家说这是熊掌 挂了好多年", "药丸三粒 含穿山甲 硅胶盒装"])
def test_what_is_passed_on_of_a_name_is_company_for_it(title: str) -> None:
    assert judged(title).level is Level.REVIEW


def test_what_is_told_of_a_name_stands_right_before_it() -> None:
    assert not judged("说是明天发货 熊掌拖鞋").level.is_hit


def test_a_likeness_is_no_denial_where_the_seller_asks() -> None:
    assert judged("河里捞的 像娃娃鱼 有人认识吗").level is Level.REVIEW
    assert not judged("像象牙一样白 树脂手串").level.is_hit


def test_goods_with_papers_are_seen_beside_others_that_need_none() -> None:
    assert judged("玄凤和小太阳 都有脚环 小太阳带证 专用标识可查").level is Level.REVIEW
    assert not judged("玄凤 手养 会吹口哨").level.is_hit


def test_denials_are_seen_together_but_one_word_denies_in_one_direction() -> None:
    """不卖野味 and 谢绝野生动物 take back both; 豹骨不收 犀角一支 offers the horn."""
    assert not judged("小馆不卖野味，谢绝野生动物", "现杀土鸡 真空包好").level.is_hit
    assert judged("豹骨不收 犀角一支 打灯红").level.is_hit


def test_a_single_character_that_begins_another_word_is_no_company() -> None:
    assert not judged("穿山索道图纸 甲级院画的").level.is_hit
    assert judged("穿山那种 甲一斤 炮好").level.is_hit


def test_of_weak_names_in_the_description_the_title_says_what_is_sold() -> None:
    assert not judged("长焦镜头一支 成色好", "拍过猫头鹰育雏，面交试机").level.is_hit
    assert judged("出两只小的 会转头", "猫头鹰，喂肉，面交").level.is_hit


def test_goods_in_the_description_do_not_explain_a_name_in_the_title() -> None:
    assert judged("象牙筷子一双", "塞在羽绒服里带回来，象牙的不掉色").level.is_hit


def test_toys_in_the_description_say_nothing_of_goods_named_outright_in_the_title() -> None:
    assert judged("云豹标本 站姿", "从旧玩具箱里翻出来的").level.is_hit
    assert not judged("云豹标本 玩具", "从旧玩具箱里翻出来的").level.is_hit


def test_a_name_with_talk_of_its_trade_outweighs_one_word_of_other_goods() -> None:
    assert judged("犀角扳指 配衬衫 好看").level.is_hit
    assert not judged("犀角 衬衫").level.is_hit


def test_other_goods_do_not_explain_three_words_of_the_talk() -> None:
    title = "菜单外的要单独问，带刺的、树上飞的都有，现杀"
    assert judged(title + "，土鸡也有").level.is_hit


def test_a_counted_name_among_goods_of_other_people_is_no_part_of_them() -> None:
    assert judged("积木 老豹皮一张 绘本 拼图").level.is_hit
    assert judged("充电器 犀牛角切片30克 数据线").level.is_hit
    assert not judged("积木 豹皮 绘本 拼图").level.is_hit


@pytest.mark.parametrize("title", ["不知是什么牙 白的 一串", "老皮子 也许是啥兽皮", "看不出牙还是骨 小摆件"])
def test_what_nobody_can_name_reaches_a_person(title: str) -> None:
    assert judged(title).level is Level.REVIEW


@pytest.mark.parametrize(
    "title", ["什么牙膏好用", "问下什么角度合适 支架", "这是什么皮肤 手游", "真不是什么牙 就是椰壳"]
)
def test_and_questions_about_other_things_do_not(title: str) -> None:
    assert not judged(title).level.is_hit


@pytest.mark.parametrize("title", ["河狸 帆布包 公益", "抹香鲸 充气艇 水上", "寿带鸟 工笔 装裱", "松鸡 威士忌 一瓶"])
def test_a_bare_name_of_an_animal_is_no_offer(title: str) -> None:
    assert not judged(title).level.is_hit


# --- what the goods came with, and what the parcel is said to hold ---


@pytest.mark.parametrize(
    "text",
    [
        "象牙筷子四双 行李箱夹着过来的",
        "犀角碗一只 卡车司机捎回来",
        "虎骨两根 羽绒服里塞着带的",
        "犀角碗 坤甸寄出 写木雕",
        "象牙手镯 走快递 品名树脂",
    ],
)
def test_what_goods_came_with_or_are_declared_as_explains_nothing(matcher: Matcher, text: str) -> None:
    assert matcher.explain(text).level.is_hit


@pytest.mark.parametrize("text", ["象牙筷 行李箱 拉杆箱", "犀角碗 木雕", "犀角碗 写意木雕"])
def test_other_goods_beside_a_name_still_explain_it(matcher: Matcher, text: str) -> None:
    assert not matcher.explain(text).level.is_hit


@pytest.mark.parametrize("text", ["红[狗头]隼 一只", "象[玫瑰]牙[玫瑰]手串", "穿[捂脸]山[捂脸]甲 鳞片"])
def test_faces_written_out_between_characters_are_passed_over(matcher: Matcher, text: str) -> None:
    assert matcher.explain(text).level.is_hit
    assert matcher.assess(Listing(platform="demo", item_id="1", url="", title=text)).level.is_hit


def test_other_words_in_brackets_are_read(matcher: Matcher) -> None:
    assert not any(match.counts for match in matcher.explain("象[全新]牙[八折]刷").matches)


# --- written for who looks twice ---


def test_a_character_escaped_as_in_a_link_is_that_character(matcher: Matcher) -> None:
    found = matcher.explain("%E8%B1%A1%e7%89%99 手把件").matches
    assert [(one.term, one.surface) for one in found if one.counts] == [("象牙手把件", "%E8%B1%A1%e7%89%99 手把件")]
    assert matcher.assess(Listing(platform="d", item_id="1", url="", title="%E8%B1%A1%E7%89%99 手串")).level.is_hit
    for text in ("100%纯棉", "%E8%B1", "%ED%A0%80%ED%B0%80", "%E8%B1%A1%E7%89%99%E7%99%BD 连衣裙"):
        assert not matcher.explain(text).level.is_hit


def test_two_ways_of_hiding_one_name_are_company_for_each_other(matcher: Matcher) -> None:
    """凶胆 alone may be anything; who writes 凶胆 and 雄丹 wants to be found."""
    assert matcher.explain("凶胆 雄丹 随便念").level.is_hit
    assert matcher.assess(Listing(platform="d", item_id="1", url="", title="凶胆 雄丹 随便念")).level.is_hit
    assert not matcher.explain("凶胆 凶胆 随便念").level.is_hit
    assert not matcher.explain("凶胆 随便念").level.is_hit


def test_a_weak_name_stuffed_between_all_its_characters_is_read(matcher: Matcher) -> None:
    assert matcher.explain("红2嘴2相2思 一对 情侣鸟").level.is_hit
    assert matcher.assess(Listing(platform="d", item_id="1", url="", title="红2嘴2相2思 一对 情侣鸟")).level.is_hit
    assert not matcher.explain("红2嘴相思 一对 情侣鸟").level.is_hit


@pytest.mark.parametrize("text", ["鹰眼石摆件 蓝虎睛 三百克", "小天鹅 滚筒 8公斤", "草根切片 跟穿山甲没关系 泡酒"])
def test_gems_machines_and_what_has_nothing_to_do_with_it_are_left_alone(matcher: Matcher, text: str) -> None:
    assert not matcher.explain(text).level.is_hit


def test_who_asks_not_to_be_reported_is_no_news(matcher: Matcher) -> None:
    asked, told = (matcher.explain(f"凤头鹰 一架 {word}") for word in ("别举报", "市民举报"))
    assert asked.score > told.score
    assert asked.level.is_hit


def test_a_network_adapter_is_none_of_the_cats_that_catch_boar(matcher: Matcher) -> None:
    assert not matcher.explain("电猫 网络电力猫 一对 不用布线").level.is_hit


@pytest.mark.parametrize(
    "title",
    [
        "路虎骨架油封 拆车 神行2代",
        "瑞虎8 骨架油封 原装",
        "捷豹皮带涨紧轮",
        "猎豹皮卡 柴油版 六成新",
        "雪豹皮划艇 单人",
        "象牙岭徒步 集合照片",
        "海龟岛民宿转让",
        "犀角书店 停业清仓",
        "虎骨乐队 巡演签名黑胶",
    ],
)
def test_that_a_car_a_place_or_a_shop_bears_a_name(title: str) -> None:
    assert judged(title).level is Level.NONE


@pytest.mark.parametrize(
    "title", ["象牙镇纸 老料 带包浆", "穿山甲村里收的 鳞片两斤", "老虎骨架 一副 泡酒", "象牙岛上收的手串"]
)
def test_that_no_place_is_where_something_was_got_or_made(title: str) -> None:
    assert judged(title).level is not Level.NONE


def test_that_letters_may_spell_the_word_beside_them() -> None:
    assert judged("西郊 xijiao 班车 月票转").level is Level.NONE
    assert judged("xijiao 手串 老料 按克").level is not Level.NONE


@pytest.mark.parametrize("title", ["印象足道 美容卡", "空气狗狗玩偶", "对象牙齿不好 求推荐"])
def test_that_two_characters_on_a_seam_of_common_words_are_no_name(title: str) -> None:
    assert judged(title).level is Level.NONE


def test_that_a_guess_needs_more_than_an_old_year() -> None:
    """护古 sounds as 虎骨 does, and a rubbing of the Qianlong era is old: that is all there is."""
    assert judged("护古轩藏 乾隆御碑旧拓").level is Level.NONE


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("木刻大象 一只", "朋友从肯尼亚带的，象牙是木头另插的"),
        ("蜜袋鼯笼子 一套用品", "不卖活体"),
        ("晾被子铁夹子 大号二十只", ""),
        ("黄铜金钱龟 招财摆件 一斤", ""),
        ("牦牛绒 藏绒被子 六斤", ""),
        ("气步枪锦标赛 冠军奖牌 纪念", ""),
    ],
)
def test_that_a_word_beside_it_says_what_else_it_is(title: str, description: str) -> None:
    assert judged(title, description).level is Level.NONE


def test_that_one_kind_of_goods_beside_a_name_is_no_bait() -> None:
    """A shade of ink is called so; among three kinds of cosmetics a branch of coral is hidden."""
    assert judged("赤珊瑚 钢笔墨水 百乐 分装").level is Level.NONE
    assert judged("睫毛膏 散粉 红珊瑚原枝 卸妆水").level is not Level.NONE


@pytest.mark.parametrize("title", ["金雕标本 一只 酒店大堂拆下", "画眉 寄养 半月", "小天鹅火锅 代金券"])
def test_that_where_it_stood_and_who_keeps_it_is_told_from_what_it_is(title: str) -> None:
    assert (judged(title).level is Level.NONE) is ("标本" not in title)
