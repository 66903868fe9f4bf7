"""How a listing is put: what that may change, and what it may not."""

import csv
import dataclasses
import hashlib
import re
from math import isclose

import pytest

from keywords import MATCHER_VERSION, Lexicon, Matcher, Term, builtin
from keywords.explaining import explain
from keywords.folding import folding
from keywords.phrasing import LONGEST, SHORTEST, TABLE, Phrasing, phrasing, read, spoken
from records import Assessment, Level, Listing
from tests.keywords.test_sets import SETS

#: Put as such goods are; what it is called stands in front.
TRADE = "剥好晒干 论斤 山里收的 懂的私聊 不发图 老客都知道"
#: Put as ordinary goods are.
SHOP = "全新正品 官方旗舰店 顺丰包邮 七天无理由 儿童小学生 学习文具 电脑配件"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """One weak word that wants company which nobody keeps, two strong names, one code word, one borderline word."""
    given = [
        ("珈蓝", "ivory", "weak", "term", ("陪伴语",)),
        ("象牙", "ivory", "strong", "term", ()),
        ("虎骨", "tiger", "strong", "term", ()),
        ("珈白", "ivory", "weak", "code", ("搭配语",)),
        ("珈红", "ivory", "weak", "review", ("搭配语",)),
    ]
    terms = tuple(
        Term(text=text, category=category, strength=strength, kind=kind, company=company, alone=bool(company))
        for text, category, strength, kind, company in given
    )
    return dataclasses.replace(builtin(), version="test", terms=terms, exclusions=(), contexts=())


@pytest.fixture(scope="module")
def small(lexicon: Lexicon) -> Matcher:
    return Matcher(lexicon)


def parts(found: Assessment) -> list[tuple[str, int]]:
    return [(part.label, part.points) for part in found.parts]


def test_it_is_company_for_what_has_none(small: Matcher) -> None:
    assert not small.explain("珈蓝 一份 九成新 自提").level.is_hit
    found = small.explain(f"珈蓝 {TRADE}")
    assert found.level is Level.REVIEW and [match.term for match in found.matches if match.counts] == ["珈蓝"]
    [(label, points)] = [one for one in parts(found) if "近似同类线索" in one[0]]
    skeleton = folding().skeleton(f"珈蓝 {TRADE}")
    assert points == builtin().scoring.points["phrasing"]
    stretches = label.removeprefix("整段措辞近似同类线索“").removesuffix("”").split("”“")
    assert len(stretches) == 2 and all(one in skeleton for one in stretches)
    for listing in (Listing(platform="a", item_id="1", url="", title=one) for one in (f"珈蓝 {TRADE}", "珈蓝 九成新")):
        assert small.assess(listing).score == small.explain(listing).score == next(small.assess_many([listing])).score


def test_what_is_wanting_says_how_far_it_is(small: Matcher) -> None:
    [wanting] = explain(small, f"珈蓝 {SHOP}").wanting.values()
    told = re.search(r"整段措辞近似同类线索（须达 1\.75，本文 (-?\d+\.\d)）", wanting)
    assert told and float(told[1]) < 0
    assert "整段措辞" not in explain(small, "珈蓝 一份").wanting[0]


def test_by_itself_it_raises_nothing(small: Matcher) -> None:
    assert small.explain(TRADE).level is Level.NONE and small.explain(TRADE).parts == ()


def test_it_makes_nobody_hurry(lexicon: Lexicon) -> None:
    points = {**lexicon.scoring.points, "phrasing": 90}
    heavy = dataclasses.replace(lexicon, scoring=dataclasses.replace(lexicon.scoring, points=points))
    found = Matcher(heavy).explain(f"珈蓝 {TRADE}")
    assert (found.level, found.score) == (Level.REVIEW, 100)


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        (f"珈白 搭配语 {SHOP}", False),
        ("珈白 搭配语", True),  # too short to tell how it is put
        (f"珈白 搭配语 {TRADE}", True),
        (f"象牙 {SHOP}", True),  # named outright
        (f"象牙 虎骨 {SHOP}", True),
        (f"珈红 搭配语 {SHOP}", True),  # a person's to decide, however ordinary it looks
    ],
)
def test_what_is_put_like_ordinary_goods_is_lowered_where_code_words_alone_were_found(
    small: Matcher, text: str, raised: bool
) -> None:
    found = small.explain(text)
    assert found.level.is_hit is raised
    assert ("整段措辞像普通商品" in dict(parts(found))) is (not raised)


def test_where_no_name_settles_it_it_tells_the_category(small: Matcher) -> None:
    """The word is known as ivory's alone; everything beside it is said of an electric trap, or of a live bird."""
    for said, category in (
        ("机头 升压 拉线 野猪 一放一山 十二伏 电瓶", "tool_electric"),
        ("会叫 上杠 口功 开食 笼养 公鸟 亮嗓", "bird_live"),
    ):
        found = small.explain(f"珈白 搭配语 {said} {said}")
        assert found.category == category and found.parts[-1].points == 0
        assert builtin().category_name(category) in found.parts[-1].label
        assert small.explain(f"象牙 {said} {said}").category == "ivory"
    # Of two names it tells which; of neither it makes a third.
    assert small.explain("象牙 虎骨 泡酒 药材 关节 风湿 祖传 骨头 斤两 膏药 一副整骨").category == "tiger"
    assert small.explain(f"象牙 虎骨 {said} {said}").category in ("ivory", "tiger")


def test_a_lexicon_of_before_there_was_such_a_measure_judges_as_it_did(lexicon: Lexicon) -> None:
    points = {key: value for key, value in lexicon.scoring.points.items() if key != "phrasing"}
    older = Matcher(dataclasses.replace(lexicon, scoring=dataclasses.replace(lexicon.scoring, points=points)))
    assert not older.explain(f"珈蓝 {TRADE}").level.is_hit
    assert older.explain(f"珈白 搭配语 {SHOP}").level.is_hit


def test_a_category_that_was_never_learnt_is_not_named(lexicon: Lexicon) -> None:
    """An office with a category of its own: what is known of others leans to none that it has not."""
    ivory = dataclasses.replace(builtin().category("ivory"), key="house_ivory")
    terms = tuple(dataclasses.replace(term, category=ivory.key) for term in lexicon.terms)
    own = Matcher(dataclasses.replace(lexicon, categories=(ivory,), terms=terms))
    found = own.explain(f"珈蓝 {TRADE}")
    assert found.level is Level.REVIEW and found.category == "house_ivory"


@pytest.mark.parametrize("text", ["", "珈蓝", "x" * 300, "shaxiangya 123 456", "かわいい ぬいぐるみ 新品 送料無料"])
def test_what_is_not_put_in_words_is_put_in_no_way(text: str) -> None:
    known = phrasing()
    skeleton = folding().skeleton(text)
    assert known.manner(skeleton) is None and not known.may_speak(skeleton)
    assert len(spoken(skeleton)) < SHORTEST


def test_a_long_text_is_read_so_far() -> None:
    known = phrasing()
    begun = folding().skeleton(TRADE * 60)[:LONGEST]
    assert known.manner(begun + "电脑配件" * 9000) == known.manner(begun)
    assert known.stretches(begun + "懂" * 9000) == known.stretches(begun)


def test_the_likeness_is_what_the_docstring_says() -> None:
    """A table made by hand: two runs of 1.5 and -0.5 logits in a text of eleven, one of which it does not know."""
    known = Phrasing(
        weights={"甲": 1500, "甲乙": -500, "乙": 0}, offset=-100, speaks=0,
        kinds={"甲": "1:20", "乙": "0:10 1:-20"}, categories=(("bear", 1), ("tiger", 0)),
        gate={"甲": 500}, unknown=-50,
    )  # fmt: skip
    text = "甲乙" + "丙" * 9
    manner = known.manner(text)
    assert manner is not None and sorted(manner.runs) == ["乙", "甲", "甲乙"]
    assert isclose(manner.likeness, (-100 + 1000 / 23**0.5) / 1000) and manner.speaks
    assert known.likeliest(manner) == "bear"  # 0.1 + 1/√23 beside 2/√23 - 2/√23
    assert known.leaning(manner, "tiger", {"bear", "tiger"}) == "tiger"  # likelier, but not by far
    assert known.may_speak(text) and not known.may_speak("甲" + "丙" * 11)


def test_the_table_was_learnt_from_the_sets_as_they_are_and_holds_nothing_else() -> None:
    """Of the real texts that taught it what is ordinary no run of characters may stand in it."""
    digest, told = hashlib.sha256(), []
    for path in sorted(SETS.glob("*.tsv")):
        if path.stem not in ("seams", "eighteenth"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
            with path.open(encoding="utf-8", newline="") as stream:
                rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
                told += [f"{row['title']}\n{row['description'] or ''}".replace("\\n", "\n") for row in rows]
    head = TABLE.read_text("utf-8").partition("\n")[0]
    assert head.endswith(f" from {digest.hexdigest()}"), "the sets changed: python scripts/phrasing.py"
    runs = {one for text in told for one in _runs(spoken(folding().skeleton(text)))}
    known = read(TABLE)
    assert {*known.weights, *known.gate, *known.kinds} <= runs
    assert len(known.weights) > 5000 and {name for name, _ in known.categories} == {
        category.key for category in builtin().categories
    }


def test_who_learns_anew_counts_the_version_of_the_matcher_up() -> None:
    """Or what was judged with the weights of before could not be told from what is judged with these."""
    assert (MATCHER_VERSION, hashlib.sha256(TABLE.read_bytes()).hexdigest()[:12]) == ("2", "ccab569e4ab7")


def test_the_quick_question_turns_hardly_anything_away() -> None:
    known = phrasing()
    texts = [
        folding().skeleton(line.split("\t", 3)[3].replace("\t", ""))
        for line in (SETS / "ninth.tsv").read_text("utf-8").splitlines()[1:]
    ]
    speak = [text for text in texts if (manner := known.manner(text)) and manner.speaks]
    assert len(speak) > 200
    assert sum(map(known.may_speak, speak)) >= 0.99 * len(speak)
    assert sum(map(known.may_speak, texts)) < 0.9 * len(texts)


def _runs(text: str) -> set[str]:
    return {*text, *(text[place : place + 2] for place in range(len(text) - 1))}
