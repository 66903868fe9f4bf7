"""Expressions are passed over only where they cannot be found."""

import random
import re
import sys

import pytest

from keywords import builtin
from keywords.expressions import Expressions, needs, of_groups
from keywords.folding import folding

_PIECES = "一两三十半只条头枚克斤米厘公分母活不微薇加+vx私出收转刚现今夜山上里会能手懂的来cmg:：/／，。 \n٣5127"


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"懂.{0,3}[的得]来", "懂"),
        (r"(?:不|勿|别)要?(?:说|提)", "说提"),
        (r"不(?:说|提|问)", "不"),
        (r"\d+\s?(?:mm|毫米)", "m毫"),
        (r"[两钱\d]", None),
        (r"(?<![货衣])上架(?!新)", "上"),
        (r"a?b*", None),
        (r"[^克]", None),
        (r"(?i:克)", None),
        (r"(?:克|)斤?", None),
    ],
)
def test_what_an_expression_needs(pattern: str, needed: str | None) -> None:
    told = needs(pattern)
    if needed is None:
        assert told is None or "\\d" in told
    else:
        assert told == frozenset(needed)


def test_nothing_that_is_found_was_passed_over() -> None:
    expressions = of_groups(builtin().contexts)
    dice = random.Random(5)
    found = 0
    for _ in range(20_000):
        text = "".join(dice.choices(_PIECES, k=12))
        likely = {pattern.pattern for _, pattern in expressions.chosen(expressions.likely(text))}
        for _, pattern in expressions.owned:
            if re.search(pattern, text):
                assert pattern in likely, (text, pattern)
                found += 1
    assert found > 5_000


def test_the_order_is_kept_and_most_are_passed_over() -> None:
    expressions = Expressions([("first", "克"), ("second", r"\d"), ("third", "."), ("fourth", "克?斤")])
    assert [owner for owner, _ in expressions.chosen(expressions.likely("5斤"))] == ["second", "third", "fourth"]
    assert [owner for owner, _ in expressions.chosen(expressions.likely("象牙"))] == ["third"]


def test_what_a_skeleton_rules_out_is_not_in_the_text() -> None:
    expressions = of_groups(builtin().contexts)
    dice = random.Random(6)
    ruled_out = 0
    for _ in range(5_000):
        fold = folding().fold("".join(dice.choices(_PIECES + "⼃＋㎏５ ", k=8)))
        skeleton = folding().skeleton(fold)
        for place, (_, pattern) in enumerate(expressions.owned):
            if not expressions.possible(skeleton, 1 << place):
                assert re.search(pattern, fold) is None, (fold, pattern)
                ruled_out += 1
    assert ruled_out > 50_000


def test_a_needed_letter_or_digit_is_in_the_skeleton_of_all_that_folds_to_it() -> None:
    tables = folding()
    needed = {char for _, pattern in of_groups(builtin().contexts).owned for char in needs(pattern) or ()}
    for text in map(chr, range(sys.maxunicode + 1)):
        fold = tables.fold(text)
        if fold.isdecimal():
            assert any(map(str.isdecimal, tables.skeleton(text))), hex(ord(text))
        elif fold.isalnum() and fold in needed:
            assert fold in tables.skeleton(text), hex(ord(text))
