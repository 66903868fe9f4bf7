"""The score, its parts, and what moves it."""

import pickle
import sys
from dataclasses import replace
from datetime import date

import pytest

from keywords import Matcher, builtin, lint
from keywords.lint import reviewed
from keywords.terms import Lexicon, Term
from records import Level, Listing
from tests.keywords.conftest import lexicon_of


def _parts(matcher: Matcher, text: str) -> dict[str, int]:
    return {part.label: part.points for part in matcher.explain(text).parts}


def test_the_parts_are_readable_and_add_up(matcher: Matcher) -> None:
    assessment = matcher.explain("出一条象牙 手串 加V")
    parts = {part.label: part.points for part in assessment.parts}
    assert parts["命中“象牙手串”"] == 40
    assert parts["紧邻“加V”"] == 12
    assert assessment.score == sum(parts.values())
    assert assessment.level is Level.HIGH


def test_a_term_may_begin_in_the_title_and_end_in_the_description(matcher: Matcher) -> None:
    listing = Listing(
        platform="demo", item_id="1", url="https://example.invalid/1", title="老物件 象", description="牙 手串 包真"
    )
    assessment = matcher.assess(listing)
    match = next(m for m in assessment.matches if m.counts)
    assert (match.field, match.surface) == ("title+description", "象\n牙 手串")
    assert f"{listing.title}\n{listing.description}"[match.start : match.end] == match.surface
    apart = Listing(platform="d", item_id="1", url="https://example.invalid/1", title="毛绒大象", description="牙刷架")
    assert not matcher.assess(apart).level.is_hit


def test_fields_are_named_and_offsets_start_anew(matcher: Matcher) -> None:
    listing = Listing(
        platform="demo",
        item_id="1",
        url="https://example.invalid/1",
        title="老物件出手",
        description="其实是象牙 懂的来",
    )
    match = next(m for m in matcher.assess(listing).matches if m.counts)
    assert (match.field, match.start, match.end) == ("description", 3, 5)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("仿象牙 手串", Level.NONE),
        ("象牙手串 树脂 仿真", Level.NONE),
        ("仿象牙 懂的来 包真 加V", Level.HIGH),  # the word of imitation is only a cover
        ("象牙手串 不是树脂 包真", Level.HIGH),
        ("象牙色 非洲料 手串 包真", Level.REVIEW),  # an exclusion clears its span, not the listing
        ("拒绝象牙制品 公益海报", Level.NONE),
        ("毛绒 穿山甲 公仔", Level.NONE),
        ("猛犸象牙手串 包真 加V 懂的来", Level.REVIEW),  # borderline: never more than review
        ("猛犸象牙", Level.REVIEW),
        ("熊胆粉 国药准字", Level.REVIEW),
        ("牙雕图录 博物馆 画册", Level.NONE),
        ("虎骨酒", Level.REVIEW),  # declared content is a hit whatever is in the bottle
        ("白料", Level.NONE),
        ("白料 雕件 勒兹纹 懂的来", Level.HIGH),
        ("香牙膏", Level.NONE),
        ("清香牙膏", Level.NONE),
        ("狩猎夹克", Level.NONE),
        ("聊天网站", Level.NONE),
        ("大象牙刷", Level.NONE),
        ("爆炸麻雀战 连环画", Level.NONE),  # a term of three characters on a seam
        ("互联网麻雀战", Level.NONE),
    ],
)
def test_levels(matcher: Matcher, text: str, level: Level) -> None:
    assert matcher.explain(text).level is level


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("求购 象牙手串", "wanted"),
        ("象牙走私案 新闻", "information"),
        ("象牙的秘密 精装绘本", "information"),
        ("象牙手串 包真", "sale"),
        ("象牙筷 维修", "service"),
    ],
)
def test_directions(matcher: Matcher, text: str, direction: str) -> None:
    assert matcher.explain(text).direction == direction


def test_buying_is_still_a_hit(matcher: Matcher) -> None:
    assert matcher.explain("求购 象牙手串").level.is_hit


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("象牙白连衣裙", "排除语“象牙白”（颜色名）"),
        ("大象 牙刷", "跨词"),
        ("虎牙", "弱词，附近没有本类语境"),
        ("狼牙棒", "在词语“狼牙棒”之中"),
        ("象。牙", "字间间隔过长或跨句"),
    ],
)
def test_what_did_not_match_is_explained(matcher: Matcher, text: str, why: str) -> None:
    told = [match.cancelled_by for match in matcher.explain(text).matches]
    assert any(reason.startswith(why) for reason in told), told


def test_pairs_match_in_any_order_within_their_window(matcher: Matcher) -> None:
    for text in ("套子 抓野猪", "抓野猪用的套子"):
        match = next(m for m in matcher.explain(text).matches if m.counts and m.technique == "pair")
        assert match.surface in text
    assert not any(m.technique == "pair" for m in matcher.explain("套子" + "很长的一段话" * 5 + "野猪").matches)


def test_a_homophone_alone_stays_at_review(matcher: Matcher) -> None:
    assessment = matcher.explain("捕寿夹子")
    assert assessment.level in (Level.NONE, Level.REVIEW)


def test_a_weak_term_hides_no_strong_one() -> None:
    base = lexicon_of("象牙")
    weak = replace(lexicon_of("象牙某某").terms[0], strength="weak", variants=())
    finder = Matcher(replace(base, terms=(*base.terms, weak)))
    assert [m.term for m in finder.explain("象牙某某").matches if m.counts] == ["象牙"]


def test_the_built_in_lexicon_is_sound() -> None:
    lexicon: Lexicon = builtin()
    assert len(lexicon.categories) == 25
    assert lexicon.category_name("ivory") == "象牙"
    assert lexicon.category_name("unknown") == "unknown"
    assert lexicon.version.startswith("builtin-")
    assert all(category.law and category.search for category in lexicon.categories)
    assert [problem for problem in lint(lexicon) if problem.severity == "error"] == []


@pytest.mark.parametrize(
    ("terms", "exclusions", "kind"),
    [
        (("牙",), (), "one_character"),
        (("***",), (), "empty"),
        (("象牙", "象*牙"), (), "duplicate"),
        (("象牙",), ("象牙",), "swallowed"),
    ],
)
def test_lint_names_what_is_wrong(terms: tuple[str, ...], exclusions: tuple[str, ...], kind: str) -> None:
    problems = lint(lexicon_of(*terms, exclusions=exclusions), dictionary=False)
    assert [problem.kind for problem in problems] == [kind]


def test_lint_finds_ordinary_words_and_seams() -> None:
    found = lint(lexicon_of("委员", variants=()))
    assert any(problem.kind == "in_a_word" and "委员会" in problem.detail for problem in found)


def test_lint_hears_a_term_that_an_exclusion_takes_away() -> None:
    found = lint(lexicon_of("大猫", "阿大猫", exclusions=("阿大猫",), variants=()))
    assert {problem.kind for problem in found if problem.term == "阿大猫"} == {"swallowed"}


def test_a_dry_run_over_ordinary_words_finds_nothing_new() -> None:
    assert [str(problem) for problem in lint(builtin())] == []


def test_what_was_reviewed_is_still_there_to_review(monkeypatch: pytest.MonkeyPatch) -> None:
    from keywords import lint as linting

    known = reviewed()
    assert known and all(known.values())
    monkeypatch.setattr(sys.modules[linting.__module__], "reviewed", dict)
    found = lint(builtin())
    assert {(problem.term, problem.text) for problem in found} == set(known)
    assert {problem.kind for problem in found} == {"collision"}


@pytest.mark.parametrize("text", ["象牙手串 加V", "象牙手串 加v", "象牙手串 ➕V 加V"])
def test_one_phrase_counts_once(matcher: Matcher, text: str) -> None:
    """加V is a word of the group and matched by its pattern too."""
    given = [part for part in matcher.explain(text).parts if "V" in part.label.upper()]
    assert len({part.label for part in given}) == len(given)
    assert given[0].points == 12
    assert len(given) == text.upper().count("V")


def test_a_word_inside_a_longer_ordinary_one_says_nothing(matcher: Matcher) -> None:
    assert any("老药" in label for label in _parts(matcher, "虎骨 老药 一两"))
    assert not any("老药" in label for label in _parts(matcher, "虎骨 老药铺 一两"))


@pytest.mark.parametrize(("text", "raised"), [("虎牙 保真 吊坠", True), ("虎牙 不保真 吊坠", False)])
def test_a_denied_word_raises_nothing(matcher: Matcher, text: str, raised: bool) -> None:
    assert any("保真" in label for label in _parts(matcher, text)) is raised


@pytest.mark.parametrize(("text", "hit"), [("画眉 活体", True), ("画眉 生活体验", False)])
def test_company_must_be_a_word_itself(matcher: Matcher, text: str, hit: bool) -> None:
    assert matcher.explain(text).level.is_hit is hit


def test_a_number_is_company_for_a_weak_term_and_not_for_a_code_word(matcher: Matcher) -> None:
    assert matcher.explain("麝香 35克").level.is_hit
    assert not matcher.explain("指环 35克").level.is_hit
    assert matcher.explain("能过指环的羊绒披肩").level.is_hit


def test_company_of_one_character_must_stand_nearer(matcher: Matcher) -> None:
    assert matcher.explain("黑瞎子的胆").level.is_hit
    assert not matcher.explain("黑瞎子这个外号是从小就有的，说的是他有胆量").level.is_hit


@pytest.mark.parametrize(
    "text", ["非象牙 树脂材质", "不是象牙 是牛骨", "绝非象牙 仿制", "仿象牙 梳子", "不含象牙 植物果核"]
)
def test_what_is_denied_of_the_goods_lowers(matcher: Matcher, text: str) -> None:
    assert not matcher.explain(text).level.is_hit


def test_declared_content_counts_whatever_is_in_it(matcher: Matcher) -> None:
    assert matcher.explain("虎骨酒 一坛 其实是牛骨").level.is_hit


@pytest.mark.parametrize("text", ["砗磲料 按克", "麝香 60元/克", "麝香 两钱"])
def test_a_price_by_weight_raises(matcher: Matcher, text: str) -> None:
    assert any(label.startswith(("论克论斤", "紧邻")) for label in _parts(matcher, text))


def test_papers_make_a_weak_term_a_case_for_a_person(matcher: Matcher) -> None:
    assert not matcher.explain("苏卡达").level.is_hit
    assert matcher.explain("苏卡达 人工繁育许可证 专用标识").level is Level.REVIEW


def test_a_term_ends_with_its_last_day() -> None:
    lexicon = replace(lexicon_of(), terms=(Term(text="象牙", category="ivory", until="2026-11-23"),))
    assert Matcher(lexicon, on=date(2026, 11, 23)).explain("象牙").level.is_hit
    ended = Matcher(lexicon, on=date(2026, 11, 24))
    assert not ended.explain("象牙").level.is_hit
    assert not pickle.loads(pickle.dumps(ended)).explain("象牙").level.is_hit
    assert Matcher(lexicon).explain("象牙").level.is_hit


def test_guesses_without_a_second_signal_stay_at_review() -> None:
    finder = Matcher(lexicon_of("捕兽夹"))
    guess = finder.explain("捕寿夹")
    assert [match.tier for match in guess.matches if match.counts] == ["T2"]
    assert guess.level is not Level.HIGH


def test_a_short_guess_needs_company(matcher: Matcher) -> None:
    assert not matcher.explain("橡丫").level.is_hit
    assert not matcher.explain("相牙").level.is_hit
    assert matcher.explain("相牙 手串").level.is_hit


# --- hidden names among other goods, meat, packages, spaced names ---


def test_a_string_of_other_goods_takes_nothing_back_from_a_hidden_name(matcher: Matcher) -> None:
    hidden = matcher.explain("粘q鸟q网 5米的 钓鱼竿 渔具 连衣裙 女装")
    assert hidden.category == "tool_net" and hidden.level.is_hit
    assert not any(part.label.startswith("其他商品") for part in hidden.parts)
    plain = matcher.explain("粘鸟网 连衣裙 女装")
    assert any(part.label.startswith("其他商品") for part in plain.parts)


@pytest.mark.parametrize("title", ["四件套 犀角杯 台灯 卷发棒", "扫地机 熊胆 耳机 羽毛球拍 杯"])
def test_a_name_by_itself_between_other_goods_is_what_is_sold(matcher: Matcher, title: str) -> None:
    judged = matcher.explain(title)
    assert judged.level.is_hit and not any(part.label.startswith("其他商品") for part in judged.parts)


@pytest.mark.parametrize(
    "title",
    [
        "四件套 台灯 犀角杯",  # at the end: it may be what the lamp looks like
        "四件套犀角杯 台灯",  # no word of its own
        "连衣裙 红木珊瑚 台灯",  # nothing is named
    ],
)
def test_elsewhere_other_goods_go_on_lowering(matcher: Matcher, title: str) -> None:
    assert not matcher.explain(title).level.is_hit


def test_what_is_sold_killed_is_meat_but_a_pangolin_stays_one(matcher: Matcher) -> None:
    assert matcher.explain("眼镜蛇 过山峰 泡酒 活杀").category == "bushmeat"
    assert matcher.explain("眼镜蛇 过山峰 活体").category == "reptile_live"
    assert matcher.explain("穿山甲 冻货 一条 现杀").category == "pangolin"


def test_an_empty_package_is_none_of_what_was_in_it(matcher: Matcher) -> None:
    assert not matcher.explain("安宫牛黄丸 空盒 收藏").level.is_hit
    assert matcher.explain("安宫牛黄丸 空盒 收藏 另有一盒未拆").level.is_hit


def test_an_exclusion_with_a_space_inside_softens_and_no_more(matcher: Matcher) -> None:
    assert not matcher.explain("八哥 犬 断奶").level.is_hit
    carved = matcher.explain("象牙 白 手串")
    assert carved.level.is_hit and "象牙" in {match.term for match in carved.matches if match.counts}
    assert not matcher.explain("象牙 白 婚鞋").level.is_hit


def test_what_leans_names_a_category_there_is() -> None:
    keys = {category.key for category in builtin().categories}
    leaning = [group for group in builtin().contexts if group.leans]
    assert leaning
    assert all(group.leans in keys and group.leans in group.categories for group in leaning)


def test_a_word_on_the_seam_of_two_others_takes_nothing_back(matcher: Matcher) -> None:
    """发带 (a ribbon) in 直发 带检疫; set with spaces throughout it is a word all the same."""
    assert matcher.explain("养殖梅花鹿肉 鹿场直发 带检疫").level.is_hit
    assert not matcher.explain("大 象 滑 梯 宝宝 室内 折叠").level.is_hit


def test_a_code_word_that_sounds_like_a_name_keeps_the_company_of_the_name(matcher: Matcher) -> None:
    """象丫 is written down with a company of its own; it is 象牙 heard wrongly as well."""
    assert matcher.explain("象丫 平安扣 包老").category == "ivory"
    assert not matcher.explain("象丫 照片").level.is_hit


@pytest.mark.parametrize(
    "title",
    [
        "虎尾兰 金边 四盆 带土",
        "犀角丹参 种苗",
        "老坛酒 高粱 自酿 十斤 懂的来",
        "虎标万金油 香港买 红白两罐",
        "红珊瑚豆盆景 结果",
        "环境教育教具 玳瑁海龟 生命周期",
        "葡萄套袋 防鸟 防虫 一百个",
        "狼爪冲锋衣 男 L",
        "电鱼灯 夜钓灯",
    ],
)
def test_plants_brands_and_tools_named_after_animals_are_left_alone(matcher: Matcher, title: str) -> None:
    assert not matcher.explain(title).level.is_hit
