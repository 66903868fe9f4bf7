"""What holds for every text."""

import dataclasses
import pickle
import random
import string
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keywords import Lexicon, Matcher, builtin
from keywords.folding import folding, without_markup
from keywords.skimming import Skimmer
from keywords.terms import Term
from records import Listing

_MATCHER = Matcher(builtin())
_CLEAN = _MATCHER.explain("")
_FOLD = folding()
_WORDS = [
    "象牙",
    "象",
    "牙",
    "虎骨",
    "穿山甲",
    "捕兽夹",
    "象牙白",
    "手串",
    "加V",
    " ",
    "\n",
    "\u200b",
    "*",
    "1",
    "套子",
    "野猪",
    "xiang",
    "⽛",
    "🐘",
]
_JOINTS = [
    "哈哈",
    "aaa",
    "倒过来看",
    "第一个字",
    "&amp;",
    "[b]",
    "\\u7259",
    "@",
    "ㄧㄚˊ",
    "ngà voi",
    "。",
    "<b>",
    "&nbsp;",
    "&#29273;",
    "\u202e",
    "，",
    "不",
    "仿",
    "一对",
    "加V",
    "12cm",
    "3千克",
]
_TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=())),
    st.lists(st.sampled_from(_WORDS), max_size=12).map("".join),
)
_MANY = settings(max_examples=300, deadline=None)


def _listing(title: str, description: str = "") -> Listing:
    return Listing(platform="demo", item_id="1", url="https://example.invalid/1", title=title, description=description)


@_MANY
@given(_TEXTS)
def test_folding_twice_is_folding_once_and_keeps_the_length(text: str) -> None:
    fold = _FOLD.fold(text)
    assert len(fold) == len(text)
    assert _FOLD.fold(fold) == fold
    skeleton = _FOLD.skeleton(text)
    assert _FOLD.skeleton(skeleton) == skeleton


@_MANY
@given(_TEXTS)
def test_skeleton_characters_know_where_they_come_from(text: str) -> None:
    located = _FOLD.located(text)
    assert located.text == _FOLD.skeleton(text)
    assert located.origin == sorted(located.origin)
    assert "".join(_FOLD.skeleton(text[index]) for index in sorted(set(located.origin))) == located.text
    assert len(without_markup(text)) == len(text)


@_MANY
@given(_TEXTS, _TEXTS)
def test_spans_index_the_original(title: str, description: str) -> None:
    fields = {"title": title, "description": description, "title+description": f"{title}\n{description}"}
    assessment = _MATCHER.assess(_listing(title, description))
    for match in assessment.matches:
        assert fields[match.field][match.start : match.end] == match.surface
        assert match.surface
    if assessment.level.is_hit:
        assert any(match.counts for match in assessment.matches)
    assert assessment.score == max(0, min(100, sum(part.points for part in assessment.parts)))


@_MANY
@given(st.lists(st.tuples(_TEXTS, _TEXTS), max_size=5))
def test_many_are_judged_like_one(texts: list[tuple[str, str]]) -> None:
    listings = [_listing(*pair) for pair in texts]
    assert list(_MATCHER.assess_many(listings)) == [_MATCHER.assess(listing) for listing in listings]


def _of_the_lexicon() -> st.SearchStrategy[str]:
    """Texts in which much is found and little counts: terms, companions, exclusions and contexts side by side."""
    lexicon = builtin()
    words = {term.text for term in lexicon.terms} | {word for term in lexicon.terms for word in term.company}
    words |= {one.text for one in lexicon.exclusions} | {word for group in lexicon.contexts for word in group.words}
    pieces = st.one_of(st.sampled_from(sorted(words)), st.sampled_from(_WORDS + _JOINTS))
    return st.lists(pieces, max_size=7).map("".join)


def _assessed_as_explained(listing: Listing) -> bool:
    """Whether anything counts; where nothing does, nothing may be told."""
    judged, explained = _MATCHER.assess(listing), _MATCHER.explain(listing)
    if any(match.counts for match in explained.matches):
        assert judged == explained
        return True
    assert judged == _CLEAN
    assert not explained.level.is_hit
    return False


@settings(max_examples=500, deadline=None)
@given(_of_the_lexicon(), st.one_of(st.just(""), _of_the_lexicon()))
def test_what_is_turned_away_early_is_what_counts_for_nothing(title: str, description: str) -> None:
    listing = _listing(title, description)
    _assessed_as_explained(listing)
    assert list(_MATCHER.assess_many([listing] * 256)) == [_MATCHER.assess(listing)] * 256


def _weak_of_one_category() -> st.SearchStrategy[str]:
    """Names that need company, of one category and close together: some are company for each other, most are not."""
    kinds: dict[str, list[str]] = {}
    for term in builtin().terms:
        if term.strength == "weak":
            kinds.setdefault(term.category, []).append(term.text)
    lists = [
        st.lists(st.sampled_from(names), min_size=2, max_size=4).map(" ".join) for _, names in sorted(kinds.items())
    ]
    return st.one_of(lists)


@settings(max_examples=500, deadline=None)
@given(_weak_of_one_category())
def test_what_may_be_company_for_each_other_is_never_turned_away(title: str) -> None:
    listing = _listing(title)
    counts = _assessed_as_explained(listing)
    assert counts or _MATCHER.assess(listing) == _CLEAN
    assert list(_MATCHER.assess_many([listing] * 256)) == [_MATCHER.assess(listing)] * 256


@pytest.mark.parametrize("name", ["development", "seams"])
def test_the_sets_are_assessed_as_they_are_explained(name: str) -> None:
    head, *rows = (Path(__file__).parent / "sets" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    first = head.split("\t").index("title")
    listings = [_listing(*row.split("\t")[first : first + 2]) for row in rows]
    counting = [_assessed_as_explained(listing) for listing in listings]
    assert any(counting) and not all(counting)
    assert list(_MATCHER.assess_many(listings)) == list(map(_MATCHER.assess, listings))


def test_every_code_point_is_skimmed_to_its_skeleton() -> None:
    skim = Skimmer(_FOLD).skeleton
    for code in range(sys.maxunicode + 1):
        text = f"象{chr(code)}牙"
        assert skim(text) == _FOLD.skeleton(without_markup(text)), hex(code)


def test_a_name_with_a_character_beyond_all_letters_is_found_in_a_batch() -> None:
    private = Term(text="\U000f0000牙料", category="ivory")
    own = Matcher(dataclasses.replace(builtin(), version="own", terms=(private, *builtin().terms[:50])))
    listings = [_listing(title) for title in ("\U000f0000牙料", "象\U000e0101牙", "\U000f0001牙料", "连衣裙") * 80]
    told = [one.level.is_hit for one in own.assess_many(listings)]
    assert told == [own.assess(one).level.is_hit for one in listings]
    assert told[0]
    assert not told[2]


def test_a_pickled_matcher_judges_alike() -> None:
    copy = pickle.loads(pickle.dumps(_MATCHER))
    for text in ("老象 牙手串 包真", "象牙白连衣裙", "套子 抓野猪"):
        assert copy.explain(text) == _MATCHER.explain(text)


def test_a_lexicon_survives_json() -> None:
    import json

    data = json.loads(json.dumps(builtin().to_data(), ensure_ascii=False))
    assert Lexicon.from_data(data) == builtin()


def test_long_and_hostile_texts_come_back() -> None:
    dice = random.Random(7)
    zalgo = "".join(char + "".join(chr(dice.randrange(0x300, 0x36F)) for _ in range(40)) for char in "象牙手串" * 50)
    texts = [
        "象牙" * 500_000,
        "象\u200b" * 300_000,
        zalgo,
        "\u202e牙象\u202c",
        "<" * 100_000,
        "&nbsp" * 50_000,
        string.printable * 5_000,
        "懂" * 200_000,
        "象1" * 100_000,
    ]
    for text in texts:
        assert _MATCHER.explain(text).score <= 100


def test_every_block_of_unicode_comes_back() -> None:
    for start in range(0, 0x110000, 0x80):
        text = "象" + "".join(map(chr, range(start, start + 0x80))) + "牙手串"
        for match in _MATCHER.explain(text).matches:
            assert text[match.start : match.end] == match.surface
