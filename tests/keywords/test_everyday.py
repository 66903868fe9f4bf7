"""Words of every day and what makes them speak: each mechanism on a lexicon of a few words in a folder of its own."""

from pathlib import Path

import pytest

from keywords import LexiconBroken, Matcher, read_folder
from keywords.terms import Lexicon

SCORING = """
review: 35
high: 60
window: 20
pair_window: 8
gap: 4
disbelief: 27
points: {strong: 40, weak: 23, code: 23, review: 32, guess: 34, guess_short: 20, companion: 17, second: 8, disguise: 10,
  adjacent: 5, negated: 10, soft: 25}
"""
CONTEXTS = """
- {key: meat, name: 食用, effect: up, points: 12, company: true, categories: [beast], words: [炖汤, 红焖]}
- {key: alive, name: 活体, effect: up, points: 12, company: true, categories: [beast], words: [断奶]}
- {key: evasive, name: 回避, effect: up, points: 12, company: true, hints: true, words: [懂的来]}
- {key: count, name: 论只, effect: up, points: 12, company: true, bare: true, categories: [beast], words: [两只]}
- {key: goods, name: 其他商品, effect: down, points: 25, field: true, words: [面包机]}
- {key: toys, name: 玩具, effect: down, points: 25, words: [公仔]}
"""
HEAD = "key: beast\nname: 怪兽\nlaw: [测试]\nsearch: {terms: [怪兽]}\nmust_match: [怪兽]\nmust_not_match: [好]\n"
CODED = HEAD + "companies: {part: [鳞, 尾尖]}\ncoded:\n  - {of: [山魈爷, 钻地翁], company: ['@part']}\n"


def lexicon(folder: Path, body: str) -> Lexicon:
    written = {"scoring": SCORING, "contexts": CONTEXTS, "exclusions": "[]", "law": "{}", "beast": body}
    for name, text in written.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return read_folder(folder)


def raised(lexicon: Lexicon, *texts: str) -> list[bool]:
    matcher = Matcher(lexicon)
    return [matcher.explain(text).level.is_hit for text in texts]


# --- how they are written down ---


def test_all_names_of_a_class_keep_the_company_of_a_named_list(tmp_path: Path) -> None:
    """`coded`, `companies` and `@name`."""
    small = lexicon(tmp_path, CODED)
    names = [term for term in small.terms if term.text in ("山魈爷", "钻地翁")]
    assert [(term.kind, term.strength, term.company) for term in names] == [("code", "weak", ("鳞", "尾尖"))] * 2
    assert raised(small, "山魈爷 鳞", "钻地翁 尾尖", "山魈爷", "鳞 尾尖") == [True, True, False, False]


def test_a_list_may_be_the_words_of_a_context_group(tmp_path: Path) -> None:
    small = lexicon(tmp_path, HEAD + "code: [{text: 山魈爷, company: ['@meat']}]\n")
    assert raised(small, "山魈爷 炖汤", "山魈爷 断奶") == [True, False]


def test_a_list_that_nobody_wrote_is_told(tmp_path: Path) -> None:
    with pytest.raises(LexiconBroken, match="@nothing"):
        lexicon(tmp_path, HEAD + "code: [{text: 山魈爷, company: ['@nothing']}]\n")


def test_a_name_written_out_by_itself_keeps_both_companies(tmp_path: Path) -> None:
    small = lexicon(tmp_path, CODED + "code: [{text: 山魈爷, company: [獠]}]\n")
    assert raised(small, "山魈爷 獠", "山魈爷 鳞", "钻地翁 獠") == [True, True, False]


def test_a_class_leaves_a_code_word_without_companions_as_it_is(tmp_path: Path) -> None:
    """It counts beside every word of its contexts; a list of its own would make it an everyday word."""
    small = lexicon(tmp_path, CODED + "code: [山魈爷]\n")
    assert raised(small, "山魈爷 炖汤", "钻地翁 炖汤") == [True, False]


# --- what is company for them ---


def test_a_hint_is_company_for_a_word_of_every_day(tmp_path: Path) -> None:
    """`hints`: that the seller will not say it tells that the word means something; that one eats it does not."""
    small = lexicon(tmp_path, CODED)
    assert raised(small, "山魈爷 懂的来", "山魈爷 炖汤", "山魈爷 两只") == [True, False, False]


def test_a_review_code_asks_for_a_person_and_hears_nothing_but_its_own_company(tmp_path: Path) -> None:
    """`review_code` and `alone`."""
    body = HEAD + "coded:\n  - {of: [老摆件], company: [谁认识], group: review_code}\n"
    small = lexicon(tmp_path, body)
    [term] = [term for term in small.terms if term.text == "老摆件"]
    assert (term.kind, term.strength, term.alone, term.everyday) == ("review", "weak", True, True)
    assert raised(small, "老摆件 谁认识", "老摆件 懂的来", "老摆件 炖汤") == [True, False, False]
    assert Matcher(small).explain("老摆件 谁认识 炖汤 断奶 懂的来 加V").level.name == "REVIEW"


def test_one_that_stands_alone_is_no_company_either(tmp_path: Path) -> None:
    body = HEAD + "weak: [鳞皮]\ncoded:\n  - {of: [老摆件], company: [谁认识], group: review_code}\n"
    assert raised(lexicon(tmp_path, body), "鳞皮 老摆件", "鳞皮 炖汤") == [False, True]


def test_three_words_of_every_day_are_talk(tmp_path: Path) -> None:
    """Two of one category say nothing, three do; one said three times is one."""
    three = (
        HEAD + "code:\n" + "".join(f"  - {{text: {one}, company: [獠]}}\n" for one in ("山魈爷", "钻地翁", "披甲君"))
    )
    small = lexicon(tmp_path, three)
    assert raised(small, "山魈爷 钻地翁 披甲君", "山魈爷 钻地翁", "山魈爷 钻地翁 山魈爷") == [True, False, False]
    apart = "山魈爷" + "的" * 30 + "钻地翁" + "的" * 30 + "披甲君"
    assert raised(small, apart) == [False]


def test_talk_of_the_category_counts_for_a_word_that_no_dictionary_knows(tmp_path: Path) -> None:
    """Two kinds of talk; 獠牙 is a word and needs its own companion."""
    body = HEAD + "code: [{text: 山魈爷, company: [獠]}, {text: 獠牙, company: [獠]}]\n"
    small = lexicon(tmp_path, body)
    assert raised(small, "山魈爷 断奶 炖汤", "獠牙 断奶 炖汤") == [True, False]
    assert raised(small, "山魈爷 炖汤", "山魈爷 炖汤 红焖", "山魈爷 两只 炖汤") == [False, False, False]


def test_companions_that_no_dictionary_knows_are_jargon(tmp_path: Path) -> None:
    """尾尖鳞 was written down beside a name; of three such the category is told. 汽车 is a word, 鳞 a character."""
    body = HEAD + "coded:\n  - {of: [山魈爷], company: [尾尖鳞, 背棱甲, 腹软皮, 汽车, 鳞]}\n"
    small = lexicon(tmp_path, body)
    assert {term.text for term in small.terms} == {"山魈爷", "尾尖鳞", "背棱甲", "腹软皮"}
    assert raised(small, "尾尖鳞 背棱甲 腹软皮", "尾尖鳞 背棱甲", "尾尖鳞 汽车 鳞") == [True, False, False]


def test_jargon_of_two_categories_is_nobodys(tmp_path: Path) -> None:
    body = HEAD + "coded:\n  - {of: [山魈爷], company: [尾尖鳞, 背棱甲]}\n"
    other = body.replace("key: beast", "key: other").replace("山魈爷", "钻地翁").replace("背棱甲", "腹软皮")
    (tmp_path / "other.yml").write_text(other, "utf-8")
    small = lexicon(tmp_path, body)
    assert {(term.text, term.category) for term in small.terms} == {
        ("山魈爷", "beast"),
        ("背棱甲", "beast"),
        ("钻地翁", "other"),
        ("腹软皮", "other"),
    }


# --- words for other goods ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("怪兽 面包机", False),
        ("怪兽\n面包机的盒子装着", True),  # `field`: what it comes in
        ("公仔\n怪兽", False),  # of the whole listing where the group does not say `field`
        ("怪兽\n公仔", False),
        ("怪兽 不是公仔", False),
    ],
)
def test_goods_lower_the_score_in_the_field_of_the_match(tmp_path: Path, text: str, expected: bool) -> None:
    assert raised(lexicon(tmp_path, HEAD + "strong: [怪兽]\n"), text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"), [("怪兽 面包机", False), ("怪兽 爱吃面包机", True), ("怪兽 不是面包机", True)]
)
def test_what_it_eats_and_what_it_is_not_are_no_other_goods(tmp_path: Path, text: str, expected: bool) -> None:
    assert raised(lexicon(tmp_path, HEAD + "strong: [怪兽]\n"), text) == [expected]
