"""Names heard wrongly and characters written in parts."""

import csv
from pathlib import Path
from typing import Any

import pytest

from keywords import Matcher, builtin
from keywords.alike import HEARD, SPLIT
from keywords.folding import folding
from keywords.parts import characters, is_sounded, rejoined
from keywords.terms import Term
from keywords.variants import spellings
from records import TECHNIQUES, Listing
from tests.keywords.conftest import lexicon_of

SETS = Path(__file__).with_name("sets")
Told = list[tuple[str, str, str]]


def told(text: str, *terms: str, **settings: Any) -> Told:
    matcher = Matcher(lexicon_of(*terms, **settings))
    return [(match.term, match.surface, match.technique) for match in matcher.explain(text).matches if match.counts]


# --- characters in parts ---


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("石车石渠 手串", "石车石渠"),
        ("王代·王冒 手镯", "王代·王冒"),
        ("玉代玉冒 手镯", "玉代玉冒"),  # for a radical that no keyboard gives
        ("砗石渠", "砗石渠"),  # one of two
        ("石\u200b车 石·渠 108颗", "石\u200b车 石·渠"),
        ("石車石渠", "石車石渠"),
    ],
)
def test_a_name_is_found_in_parts(text: str, surface: str) -> None:
    assert told(text, "砗磲", "玳瑁") == [("砗磲" if "石" in text else "玳瑁", surface, "split")]


@pytest.mark.parametrize("text", ["石车 渠", "石头车 石渠", "代王 王冒", "石。车石渠"])
def test_parts_that_do_not_make_the_name_are_left_alone(text: str) -> None:
    assert told(text, "砗磲", "玳瑁") == []


def test_a_weak_term_in_parts_needs_no_company_but_a_code_word_does() -> None:
    """Nobody takes a character apart who does not hide it; of a word of every day that says too little."""
    weak: dict[str, Any] = {"strength": "weak", "variants": ()}
    assert told("月旦子", "胆子", **weak) == [("胆子", "月旦子", "split")]
    assert told("胆子", "胆子", **weak) == []
    assert told("月旦子", "胆子", kind="code", company=("獠",), **weak) == []


def test_parts_that_are_words_of_their_own_make_nothing() -> None:
    assert characters().keys().isdisjoint(("手足", "可可", "人本", "水工"))
    assert all(len(parts) > 1 or is_sounded(parts) for parts in characters())
    assert {folding().skeleton(parts) for parts in characters()} == set(characters())


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("唬去口字旁 骨 泡酒十年", "tiger"),
        ("像去单人旁 芽去草字头 小雕件", "ivory"),
        ("石加车 石字加渠 108颗", "giant_clam"),
        ("王字旁加代 王字旁加冒 梳子", "hawksbill"),
        ("羊字旁一个令 羊角 一根", "antelope"),
        ("米字旁右边一个占 网 十米 打麻雀", "tool_net"),
        ("能加四点底 掌 前面一对", "bear"),
        ("反犬旁一个侯 两个月 抱奶瓶", "other_taxa"),
        ("虎字去掉下面 它的牙 一颗", "tiger"),
        ("犭里 山上的 5斤", "bushmeat"),
        ("老虎的虎，骨头的骨，三两", "tiger"),
    ],
)
def test_a_character_told_in_words_is_put_together(text: str, category: str) -> None:
    found = Matcher(builtin()).explain(text)
    assert found.level.is_hit and found.category == category


@pytest.mark.parametrize(
    "text", ["三点水加每是什么字 识字卡", "口字旁生字卡 一年级", "木加木等于林 拼字游戏", "鸟字旁偏旁部首挂图"]
)
def test_a_lesson_in_writing_is_left_alone(text: str) -> None:
    assert not Matcher(builtin()).explain(text).level.is_hit


def test_overlapping_parts_are_read_once_the_longest_first() -> None:
    whole = rejoined("红王古月a", [(1, 4, "瑚"), (1, 3, "王"), (2, 4, "胡")])
    assert whole.text == "红瑚a"
    assert [whole.span(at, at + 1) for at in range(3)] == [(0, 1), (1, 4), (4, 5)]
    assert rejoined("", []).text == ""


def test_a_text_without_parts_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from keywords import scanning

    monkeypatch.setattr(scanning, "rejoined", lambda *_: pytest.fail("nothing was written in parts"))
    assert Matcher(lexicon_of("象牙")).explain("象牙手串").level.is_hit


# --- names heard wrongly ---


def heard(name: str) -> set[str]:
    term = Term(text=name, category="ivory", variants=("heard",))
    return {one.text for one in spellings(term, name) if one.technique == "homophone"}


def test_one_or_two_characters_of_a_name_are_heard_in_any_tone() -> None:
    """s for sh, and two at once; of two characters only what is close, of three anything like it."""
    assert {"川三甲", "穿三甲", "传山假", "串善甲"} <= heard("穿山甲")
    assert {"湘芽", "乡丫", "向牙"} <= heard("象牙")
    assert not {"象牙", "穿山甲"} & (heard("象牙") | heard("穿山甲"))
    assert not any(len(one) != 2 for one in heard("象牙"))


def test_what_is_heard_needs_company() -> None:
    settings: dict[str, Any] = {"variants": ("heard",)}
    assert told("乡丫牌子 一块", "象牙", **settings) == [("象牙", "乡丫", "homophone")]
    assert told("乡丫 好听", "象牙", **settings) == []


def test_what_was_changed_must_stand_alone_and_the_rest_may_be_a_word() -> None:
    """果子|理 is no fruit that one knows; in 川|三甲 the changed 三 belongs to another word."""
    settings: dict[str, Any] = {"variants": ("heard",), "company": ("鳞",)}
    assert told("果子理 鳞", "果子狸", **settings) == [("果子狸", "果子理", "homophone")]
    assert told("果子理", "果子狸", **settings) == []
    assert told("川三甲 鳞", "穿山甲", **settings) == []
    assert told("川山假 鳞", "穿山甲", **settings) == [("穿山甲", "川山假", "homophone")]


def test_a_guess_beside_a_word_needs_company() -> None:
    settings: dict[str, Any] = {"variants": ("homophone",), "company": ("鳞",)}
    assert told("果子离 鳞", "果子狸", **settings) == [("果子狸", "果子离", "homophone")]
    assert told("果子离", "果子狸", **settings) == []


def test_a_word_of_its_own_must_be_in_company_twice_over(matcher: Matcher) -> None:
    """英武 is a word: that it talks is not enough, that it is hand-fed and wild as well is."""
    assert matcher.explain("英武 幼鸟 山里抓的 野生").level.is_hit
    assert not matcher.explain("英武 幼鸟").level.is_hit
    assert not matcher.explain("英武 一对").level.is_hit


def test_lexicon_names_what_everybody_knows() -> None:
    names = [term for term in builtin().terms if "heard" in term.variants]
    assert len(names) > 90
    assert max(len(term.text) for term in names) <= 4


def test_characters_by_hand_are_single_and_never_themselves() -> None:
    assert all(char not in others and len(set(others)) == len(others) for char, others in HEARD.items())
    assert all(len(char) == 1 for char in (*HEARD, *SPLIT))


# --- exclusions and pairs ---


def test_an_exclusion_takes_a_pair_whose_part_it_covers() -> None:
    assert told("鹦鹉 养在 繁育场里", "鹦鹉 繁育场")
    assert not told("玄凤鹦鹉 养在 繁育场里", "鹦鹉 繁育场", exclusions=("玄凤鹦鹉",))
    assert told("鹦鹉 养在 繁育场里", "鹦鹉 繁育场", exclusions=("鹦鹉",))  # no longer than the part itself


def test_every_way_of_writing_has_a_name_that_people_read() -> None:
    """Over the committed sets and what a variant can be."""
    matcher, found = Matcher(builtin()), set()
    for file in sorted(SETS.glob("*.tsv")):
        with file.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                listing = Listing(
                    platform="t", item_id="1", url="", title=row["title"], description=row.get("description") or ""
                )
                found |= {match.technique for match in matcher.assess(listing).matches}
    assert len(found) >= 14
    assert found <= set(TECHNIQUES)


# --- said between, said twice, and what only sounds like it ---


@pytest.mark.parametrize(
    ("text", "surface"),
    [("穿你山我甲 炒珠", "穿你山我甲"), ("穿哈山哈甲 炒珠", "穿哈山哈甲"), ("穿 呀 山 呀 甲", "穿 呀 山 呀 甲")],
)
def test_a_name_is_found_between_words_that_say_nothing(text: str, surface: str) -> None:
    assert told(text, "穿山甲", variants=("heard",)) == [("穿山甲", surface, "filled")]


def test_a_short_name_between_such_words_needs_company() -> None:
    matcher = Matcher(builtin())
    assert matcher.explain("象哈牙哈手链 小米珠").category == "ivory"
    assert not matcher.explain("象哈牙 照片").level.is_hit


@pytest.mark.parametrize("text", ["穿过山我甲乙", "穿你山", "穿山你我甲"])
def test_other_words_between_make_no_name(text: str) -> None:
    assert told(text, "穿山甲", variants=("heard",)) == []


def test_a_weak_name_written_twice_on_both_sides_needs_no_company() -> None:
    weak: dict[str, Any] = {"strength": "weak", "variants": ()}
    assert told("麝麝麝香香香", "麝香", **weak) == [("麝香", "麝香", "repeated")]
    assert told("麝麝香", "麝香", **weak) == told("麝香香", "麝香", **weak) == []
    assert told("麝香", "麝香", **weak) == []
    listing = Listing(platform="set", item_id="1", url="", title="麝麝麝香香香 带毛", description="")
    assert Matcher(builtin()).assess(listing).category == "musk"  # by the fast way too


@pytest.mark.parametrize("text", ["圈里人看图就知道 活体 幼鸟", "还贵 背甲 手镯"])
def test_what_binds_a_sentence_is_no_name_that_it_sounds_like(text: str) -> None:
    assert told(text, "秃鹫", "海龟", variants=("heard",)) == []


def test_real_after_imitation_is_no_real_thing() -> None:
    assert told("塑料仿真狼牙项链", "真狼牙") == []
    assert told("保真狼牙项链", "真狼牙") == [("真狼牙", "真狼牙", "plain")]


# --- turned round ---


def test_a_name_is_not_looked_for_in_a_word_of_everyday_that_is_its_reverse() -> None:
    assert told("牙象手串", "象牙") == [("象牙", "牙象", "reversed")]
    assert told("摩托车头盔 手串", "盔头") == []
    assert "reversed" not in {
        one.technique for one in spellings(Term(text="盔头", category="hornbill", variants=("reversed",)), "盔头")
    }
