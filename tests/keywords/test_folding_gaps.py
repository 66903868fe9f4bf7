"""Disguises that only a table or a view of its own undoes: letters of other scripts, references, doubling, turning."""

import pytest

from keywords import Matcher
from keywords.folding import folding, without_markup
from keywords.variants import spellings
from tests.keywords.conftest import Hits, counting, lexicon_of

_FOLD = folding()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("хіаngуа", "xiangya"),  # Cyrillic
        ("ΧΙΑΝGΥΑ", "xiangya"),  # Greek capitals
        ("xɪᴀɴɢʏᴀ", "xiangya"),  # small capitals
        ("𝐱𝒾𝔞𝓷𝕘𝖞𝚊", "xiangya"),  # mathematical letters
        ("🅇🄸🅰🅝🅶🆈ⓐ", "xiangya"),  # squared and circled
        ("🇽🇮🇦🇳🇬🇾🇦", "xiangya"),  # regional indicators
        ("ｘｉａｎｇｙａ", "xiangya"),
        ("xiàngyá", "xiangya"),  # toned pinyin
        ("x̶i̶a̶n̶g̶y̶a̶", "xiangya"),
        ("⻁⾻", "虎骨"),
        ("犀⻆", "犀角"),
        ("象⽛", "象牙"),
        ("乕骨", "虎骨"),
        ("瑇瑁", "玳瑁"),
        ("黏網", "粘网"),
        ("🐘🦷", "象牙"),
        ("🐯🦴", "虎骨"),
        ("🦏角", "犀角"),
        ("🦣牙", "猛犸牙"),
        ("㈱①Ⅳ", "株1iv"),
        ("象\u200b\u202e\u2066\ufe0f\u0336\u20dd\u3164\U000e0041牙", "象牙"),
    ],
)
def test_what_a_reader_reads(text: str, folded: str) -> None:
    located = _FOLD.located(text)
    assert (located.text, _FOLD.skeleton(folded)) == (folded, folded)
    assert len(located.origin) == len(folded)
    for index, char in enumerate(folded):
        assert char in _FOLD.skeleton(text[located.origin[index]])


@pytest.mark.parametrize(
    "inside",
    [
        "&nbsp;",
        "&nbsp",
        "&amp;nbsp;",
        "&#8203;",
        "&#x200B;",
        "&#x200b",
        "&#160;",
        "&#32;",
        "<br/>",
        "</b><i>",
    ],
)
def test_markup_inside_a_word(inside: str) -> None:
    text = f"象{inside}牙"
    assert len(without_markup(text)) == len(text)
    assert counting(Matcher(lexicon_of("象牙")), text) == [("象牙", text)]


@pytest.mark.parametrize(
    "text",
    [
        "象&#29273;手串",
        "&#x8c61;&#x7259;手串",
        "象&amp;#29273;手串",
        "&#35937;牙手串",
        "象<!-- x -->牙手串",
        "&#x8C61;牙手串",
    ],
)
def test_a_reference_stands_for_its_character(text: str) -> None:
    assert counting(Matcher(lexicon_of("象牙")), text) == [("象牙", text.removesuffix("手串"))]


@pytest.mark.parametrize("text", ["象(别)牙(问)手串", "象（包邮）牙（好看）手串", "象【真】牙(的)手串"])
def test_a_remark_after_every_character_hides_nothing(text: str) -> None:
    [(term, surface)] = counting(Matcher(lexicon_of("象牙")), text)
    assert term == "象牙" and text.startswith(surface) and surface[-1] == "牙"


@pytest.mark.parametrize("text", ["象(非洲)牙手串", "象(别\n牙(问)手串", "象(一二三四五六七)牙(一二三四五六七)"])
def test_a_remark_alone_stays_a_remark(text: str) -> None:
    assert without_markup(text) == text
    assert counting(Matcher(lexicon_of("象牙")), text) == []


@pytest.mark.parametrize("reference", ["&#1600;", "&#320;", "&#x2f;"])
def test_a_reference_to_another_character_keeps_words_apart(reference: str) -> None:
    seen = without_markup(f"象{reference}牙")
    assert len(seen) == len(f"象{reference}牙")
    assert reference not in seen


@pytest.mark.parametrize("reference", ["&#x200bc;", "&#55357;", "&#9999999;", "&nb;", "< b", "<1>"])
def test_other_references_stay(reference: str) -> None:
    assert without_markup(f"象{reference}牙") == f"象{reference}牙"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("穿穿山山甲甲", [("穿山甲", "穿山山甲")]),
        ("穿山山甲", [("穿山甲", "穿山山甲")]),
        ("捕兽兽夹夹", [("捕兽夹", "捕兽兽夹")]),
        ("象象牙牙", [("象牙", "象牙")]),
        ("象象牙", [("象牙", "象牙")]),
        ("穿山甲", [("穿山甲", "穿山甲")]),
        ("穿过山山甲", []),
    ],
)
def test_doubled_characters(text: str, expected: Hits) -> None:
    assert counting(Matcher(lexicon_of("穿山甲", "象牙", "捕兽夹")), text) == expected


def test_doubling_is_a_disguise_and_breaks_no_doubled_term() -> None:
    finder = Matcher(lexicon_of("穿山甲", "狒狒", "猩猩手骨"))
    match = next(m for m in finder.explain("穿穿山山甲甲").matches if m.counts)
    assert (match.technique, match.tier) == ("repeated", "T1")
    assert counting(finder, "卖狒狒 猩猩手骨") == [("狒狒", "狒狒"), ("猩猩手骨", "猩猩手骨")]
    assert counting(finder, "狒 猩手骨") == []


def test_what_is_turned_by_a_control_reads_as_the_term() -> None:
    finder = Matcher(lexicon_of("象牙"))
    shown = finder.explain("\u202e牙象\u202c 老料")
    match = next(m for m in shown.matches if m.counts)
    assert (match.term, match.technique, match.surface, shown.level.is_hit) == ("象牙", "bidi", "牙象\u202c", True)
    assert counting(finder, "\u202e好\u202c 牙象 图案") == []


def test_two_characters_turned_round_need_company() -> None:
    finder = Matcher(lexicon_of("虎骨"))
    assert counting(finder, "骨虎") == []
    assert counting(finder, "骨虎 懂的私聊") == [("虎骨", "骨虎")]


@pytest.mark.parametrize("text", ["狒狒", "x牙", "xy", "牙"])
def test_what_cannot_be_turned_round(text: str) -> None:
    term = lexicon_of(text).terms[0]
    assert not [s for s in spellings(term, text) if s.technique == "reversed"]
