"""What other matchers are tested for, said in the words of this trade. Numbers are those of the survey of peers."""

import threading
from collections.abc import Callable

import pytest

from keywords import Matcher
from tests.keywords.conftest import Hits, counting, lexicon_of

Finder = Callable[[str], Hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("象@牙，犀+角", [("象牙", "象@牙"), ("犀角", "犀+角")]),  # 1.1
        ("***象牙***", [("象牙", "象牙")]),  # 1.2
        ("<p>象牙</p>", [("象牙", "象牙")]),
        ("象 牙", [("象牙", "象 牙")]),  # 1.5
        ("象\u3000牙", [("象牙", "象\u3000牙")]),
        ("象\t牙", [("象牙", "象\t牙")]),
        ("象@#￥%牙", [("象牙", "象@#￥%牙")]),  # 1.6
        ("【象】牙", [("象牙", "象】牙")]),  # 1.7
        ("犀【角", [("犀角", "犀【角")]),
        ("[象]牙雕", [("象牙雕", "象]牙雕")]),  # 1.9
        ("象的牙", []),  # 1.10: a Han character is never skipped
        ("象白牙", []),
        ("穿过山甲", []),  # 1.11
        ("象1牙", [("象牙", "象1牙")]),  # 1.12
        ("象a牙", [("象牙", "象a牙")]),
        ("象~~~~~牙", []),  # too far apart
        ("象====牙", [("象牙", "象====牙")]),  # 1.13
        ("捕！獸夾", [("捕兽夹", "捕！獸夾")]),  # 1.14
        ("大象 牙刷", []),  # 1.16
        ("大象，牙刷", []),
        ("玩具大象/牙膏", []),
        ("老象 牙手串", [("象牙手串", "象 牙手串")]),  # 1.17
        ("纯天然象.牙佛珠", [("象牙佛珠", "象.牙佛珠")]),
        ("象<b>牙</b>", [("象牙", "象<b>牙")]),
        ("象&nbsp;牙", [("象牙", "象&nbsp;牙")]),
    ],
)
def test_inserted_symbols(hits: Finder, text: str, expected: Hits) -> None:
    assert hits(text) == expected


def test_a_noisy_spelling_keeps_the_category_of_its_term(matcher: Matcher) -> None:  # 1.3, 1.4
    match = next(m for m in matcher.explain("出售活体穿---山---甲 面交").matches if m.counts)
    assert (match.term, match.category, match.surface) == ("穿山甲", "pangolin", "穿---山---甲")


@pytest.mark.parametrize(
    "text",
    [
        "ｘｉａｎｇｙａ 手串",  # 2.1
        "Ⓧⓘⓐⓝⓖⓨⓐ 手串",  # 2.2
        "xiàng yá 手串",
        "хiаngуа 手串",  # Cyrillic letters
        "🆇牙 料子",
    ],
)
def test_width_and_letter_styles(matcher: Matcher, text: str) -> None:
    assessment = matcher.explain(text)
    assert (assessment.level.is_hit, assessment.category) == (True, "ivory")


def test_one_character_that_folds_to_two_keeps_the_span() -> None:  # 2.3
    assert counting(Matcher(lexicon_of("iv级象牙")), "出Ⅳ级象牙") == [("iv级象牙", "Ⅳ级象牙")]


def test_number_pictures_do_not_move_spans(hits: Finder) -> None:  # 2.6
    assert hits("V❶③⑧⁹₈⑸⒋➃㈤㊄象牙") == [("象牙", "象牙")]


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("象\u0336牙\u0336", "象\u0336牙\u0336"),  # 2.7: struck through
        ("象\u0332牙", "象\u0332牙"),
        ("（象牙）", "象牙"),  # 2.8
        ("象⽛", "象⽛"),  # 3.3
        ("象\u200b牙", "象\u200b牙"),  # 4.1
        ("象\u200c\u200d牙", "象\u200c\u200d牙"),
        ("象\ufeff牙", "象\ufeff牙"),
        ("象\u2060牙", "象\u2060牙"),
        ("象\u00ad牙", "象\u00ad牙"),
        ("象❤️牙", "象❤️牙"),
        ("象👨\u200d👩\u200d👧牙", "象👨\u200d👩\u200d👧牙"),
        ("象象象牙牙", "象牙"),  # 5.1
        ("🐘牙", "🐘牙"),  # 9.6
        ("🐘🦷", "🐘🦷"),
        ("🐘\ufe0f牙", "🐘\ufe0f牙"),
        ("象\n牙", "象\n牙"),
    ],
)
def test_ivory_under_marks(hits: Finder, text: str, surface: str) -> None:
    assert hits(text) == [("象牙", surface)]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("捕獸夾", "捕兽夹"),  # 3.1
        ("電貓 高壓", "电猫"),
        ("穿山甲鱗片", "穿山甲鳞片"),
        ("虎⾻", "虎骨"),  # 3.3
        ("犀⻆杯", "犀角杯"),  # 3.4
        ("虎⻣", "虎骨"),
        ("瑇瑁手鐲", "玳瑁手镯"),  # 3.5
        ("硨磲手串", "砗磲手串"),
        ("黏鳥網", "粘鸟网"),
        ("乕骨", "虎骨"),
        ("𧰼牙", "象牙"),
        ("🦏角", "犀角"),
        ("🐯骨", "虎骨"),
    ],
)
def test_other_forms_of_a_character(hits: Finder, text: str, term: str) -> None:
    found = hits(text)
    assert found[0][0] == term
    assert found[0][1] in text


def test_a_traditional_term_matches_simplified_text() -> None:  # 3.2
    assert counting(Matcher(lexicon_of("捕獸夾")), "捕兽夹") == [("捕獸夾", "捕兽夹")]


def test_doubled_characters_of_a_term() -> None:  # 5.2
    finder = Matcher(lexicon_of("狒狒"))
    assert counting(finder, "卖狒狒一只") == [("狒狒", "狒狒")]
    assert counting(finder, "狒") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("卖xiangya手串", True),  # 6.1
        ("1xiangya2手串", True),
        ("xiangyang手串", False),
        ("shaxiangya手串", False),
        ("ｘｉａｎｇｙａｎｇ手串", False),  # 6.4
        ("a象牙b", True),  # 6.2
        ("象牙1串", True),  # 6.6
        ("象牙A货", True),
        ("气象牙医", False),  # 6.8
        ("大象牙龈肿痛", False),
        ("xiang牙", True),  # 9.9
        ("象ya", True),
        ("xiang[]ya手串", True),  # 1.8
    ],
)
def test_latin_letters(matcher: Matcher, text: str, found: bool) -> None:
    assert matcher.explain(text).level.is_hit is found


def test_tools_between_latin_letters(hits: Finder) -> None:  # 6.2
    assert hits("test捕兽夹test") == [("捕兽夹", "捕兽夹")]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("象牙犀角虎骨", ["象牙", "犀角", "虎骨"]),  # 6.7
        ("象牙和象牙手串", ["象牙", "象牙手串"]),  # 7.1
        ("捕兽网", []),  # 7.2
        ("穿山甲片", ["穿山甲片"]),  # 7.3
        ("猛犸象牙", ["猛犸象牙"]),  # 7.5
        ("天然猛犸象牙手串", ["猛犸象牙"]),  # 7.6
        ("象牙,虎骨酒,穿山甲片", ["象牙", "虎骨酒", "穿山甲片"]),  # 7.7
        ("虎骨整张虎皮", ["虎骨", "整张虎皮"]),  # 7.8
        ("象牙白象牙", []),  # 8.1: no boundary after the first 白 that jieba would defend
    ],
)
def test_the_longest_term_counts(hits: Finder, text: str, terms: list[str]) -> None:
    if text == "象牙白象牙":
        assert hits(text)[-1:] == [("象牙", "象牙")]
    else:
        assert [term for term, _ in hits(text)] == terms


def test_part_of_a_term_is_no_match() -> None:  # 7.4
    assert counting(Matcher(lexicon_of("虎骨酒")), "虎骨色") == []


def test_covered_terms_are_told(matcher: Matcher) -> None:
    match = next(m for m in matcher.explain("猛犸象牙").matches if m.term == "象牙")
    assert match.covered_by == "猛犸象牙"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("象牙白裙子配象牙手串", ["象牙手串"]),  # 8.2, 9.4
        ("老象牙白玉手串", ["老象牙"]),  # 8.9
        ("象牙白色连衣裙", []),  # 8.10
        ("象牙白", []),  # 8.6
        ("捕兽夹子", ["捕兽夹子"]),  # 8.12
        ("大象牙雕", ["象牙雕"]),
        ("山甲片", ["山甲片"]),
        ("捕雀鸟网 细丝", ["鸟网", "细丝"]),
    ],
)
def test_exclusions_clear_a_span_and_nothing_else(hits: Finder, text: str, terms: list[str]) -> None:
    assert [term for term, _ in hits(text)] == terms


@pytest.mark.parametrize(
    "text",
    [
        "虎皮鸡爪",
        "a1虎皮爪",
        "虎皮豆片",
        "大号虎皮牡丹鹦鹉",
        "穿山甲大电镐196转子",
        "玳瑁色眼镜框",
        "猫头鹰散热器",
        "獐子岛淡干海参",
        "手串象牙果配饰",
        "虎牙代充",
        "鱼和熊掌不可兼得",
        "好象酒店",
        "香山鸡嘴荔枝",
        "虎牙直播",
        "狼牙棒",
        "想呀手串",
    ],
)
def test_ordinary_goods(matcher: Matcher, text: str) -> None:  # 8.11, 9.1, 9.3
    assert not matcher.explain(text).level.is_hit


@pytest.mark.parametrize("exclusion", ["牙", "象"])
def test_a_short_exclusion_never_cancels_a_longer_term(exclusion: str) -> None:  # 8.3, 8.4
    assert counting(Matcher(lexicon_of("象牙", exclusions=(exclusion,))), "象牙") == [("象牙", "象牙")]


def test_an_exclusion_must_be_a_word_itself() -> None:  # 8.9, 8.10
    finder = Matcher(lexicon_of("象牙", exclusions=("象牙白", "象牙白色")))
    assert counting(finder, "天然象牙白玉手串") == [("象牙", "象牙")]
    assert counting(finder, "象牙白连衣裙") == []
    assert counting(finder, "象牙白色连衣裙") == []


def test_an_exclusion_may_start_earlier() -> None:  # 8.5
    assert counting(Matcher(lexicon_of("野生动物", exclusions=("野生动物园",))), "去野生动物园玩") == []
    assert counting(Matcher(lexicon_of("象酒")), "好象酒店") == []


def test_exclusions_are_part_of_the_lexicon_and_not_of_the_program() -> None:  # 8.7, 8.8
    assert counting(Matcher(lexicon_of("虎皮")), "虎皮鹦鹉") == [("虎皮", "虎皮")]
    assert counting(Matcher(lexicon_of("虎皮", exclusions=("虎皮鹦鹉",))), "虎皮鹦鹉") == []


@pytest.mark.parametrize(
    "text", ["像牙 手串", "象芽 手串", "相牙 手串", "xiang-ya 手串", "虎牙吊坠", "穿shan甲 片 老药材"]
)
def test_homophones_and_pinyin_in_company(matcher: Matcher, text: str) -> None:  # 9.1-9.3, 9.9
    assert matcher.explain(text).level.is_hit


def test_initials_never_stand_alone(matcher: Matcher) -> None:  # 9.7
    assert not matcher.explain("XY").level.is_hit
    assert not matcher.explain("xy-666酸奶机").level.is_hit
    assert matcher.explain("XY 手串 网纹 懂的私").level.is_hit


@pytest.mark.parametrize("text", ["", "\u200b", "***", "\ud83d", "\x00", "\n", "象", "\udc00象\ud83d牙"])
def test_nothing_breaks_it(matcher: Matcher, text: str) -> None:  # 10.1
    assert matcher.explain(text) == matcher.explain(text)


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        (("3.5象牙",), "出3.5象牙", [("3.5象牙", "3.5象牙")]),  # 1.15: a term that holds what is skipped
        (("一角鲸牙",), "一角鲸牙", [("一角鲸牙", "一角鲸牙")]),  # 2.5
        (("mm牙",), "5mm牙", [("mm牙", "mm牙")]),  # 6.3: a digit is a boundary
        (("虎骨", "虎皮"), "虎骨虎皮", [("虎骨", "虎骨"), ("虎皮", "虎皮")]),  # 7.8
        (("yi角",), "1角", []),  # 9.8: a digit is no syllable
        (("象",), "", []),
    ],
)
def test_shapes_of_terms(terms: tuple[str, ...], text: str, expected: Hits) -> None:
    chosen = lexicon_of(*terms) if terms != ("mm牙",) else lexicon_of(*terms, variants=())
    assert counting(Matcher(chosen), text) == expected


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("\u202e牙象\u202c 手串", "ivory"),  # 4.3: shown as 象牙
        ("穿穿山山甲甲 片 通乳", "pangolin"),  # 5.3
        ("xiangyashouchuan", "ivory"),  # 6.5: the whole run is a term
        ("竹鼠苗", "bushmeat"),  # 8.12
        ("野马电媒包 打野鸡", "tool_lure"),
        ("大象牙雕", "ivory"),
        ("捕兽夹子", "tool_clamp"),
    ],
)
def test_what_token_alignment_would_lose(matcher: Matcher, text: str, category: str) -> None:
    assessment = matcher.explain(text)
    assert (assessment.level.is_hit, assessment.category) == (True, category)


def test_characters_are_converted_one_by_one() -> None:  # 3.6: 反反覆覆, 原始碼 keep their length
    from keywords.folding import folding

    for text in ("反反覆覆", "原始碼", "頭髮乾燥"):
        assert len(folding().fold(text)) == len(text)


def test_matches_come_in_order_with_spans_for_a_mask(matcher: Matcher) -> None:  # 10.6, 10.7
    text = "穿山甲片,象*牙,虎骨酒"
    found = [match for match in matcher.explain(text).matches if match.counts]
    assert [match.start for match in found] == sorted(match.start for match in found)
    masked = text
    for match in found:
        masked = masked[: match.start] + "＊" * (match.end - match.start) + masked[match.end :]
    assert masked == "＊＊＊＊,＊＊＊,＊＊＊"


def test_a_very_long_term() -> None:  # 10.2
    term = "象牙" * 2000
    assert counting(Matcher(lexicon_of(term, variants=())), term) == [(term, term)]


def test_an_empty_lexicon() -> None:  # 10.3
    assert counting(Matcher(lexicon_of()), "象牙") == []


def test_threads_agree(matcher: Matcher) -> None:  # 10.5
    texts = ["老象 牙手串 包真", "象牙白连衣裙", "琥骨粉 壮骨 按克", "大象 牙刷"] * 25
    expected = [matcher.explain(text) for text in texts]
    results: list[bool] = []

    def run() -> None:
        results.append([matcher.explain(text) for text in texts] == expected)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
