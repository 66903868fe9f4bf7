"""What is answered from the classes of a card is what XPath finds."""

import random

import pytest
from lxml import etree

from crawler import values
from crawler.marked import Marked, ordinary
from crawler.selectors import compile_selector

_NAMES = ["a", "b", "card", "price", "a-b", "Price"]
_BLANKS = [" ", "  ", "\t", "\n", "\r\n", "\x0c", "\xa0", "\u3000", "\x1f"]
_TAGS = ["a", "img", "span", "div", "A", "x-y"]


def _tree(dice: random.Random, depth: int = 0) -> str:
    names = "".join(dice.choice(_NAMES) + dice.choice(_BLANKS) for _ in range(dice.randrange(4)))
    attributes = f' class="{names}"' if dice.random() < 0.8 else ""
    attributes += ' href="/x?a=1&amp;lt=2&amp;lt;&lt;b&gt;"' if dice.random() < 0.4 else ""
    tag = dice.choice(_TAGS)
    inside = "".join(_tree(dice, depth + 1) for _ in range(dice.randrange(5 if depth < 4 else 1)))
    return f"<{tag}{attributes}>{dice.choice(['', ' 象牙 ', '&amp;lt;'])}{inside}</{tag}>tail"


def _step(dice: random.Random) -> str:
    classes = "".join("." + dice.choice(_NAMES) for _ in range(dice.randrange(3)))
    return classes if classes and dice.random() < 0.5 else dice.choice(["a", "img", "div"]) + classes


def test_ten_thousand_questions_are_answered_as_xpath_answers_them() -> None:
    dice, answered = random.Random(7), 0
    for _ in range(200):
        document = etree.fromstring(f"<html><body>{_tree(dice)}</body></html>", etree.HTMLParser())
        row = dice.choice([document, *document.iter("*")])
        marked = Marked(row)
        for _ in range(50):
            css = " ".join(_step(dice) for _ in range(dice.choice([1, 1, 1, 2, 3])))
            css += dice.choice(["", "", "::attr(href)", "::attr(class)"])
            told = ordinary(css)
            assert told is not None, css
            [choice] = compile_selector(f"css:{css}")
            assert choice.find is not None and choice.ordinary == told
            found, wanted = told.find(marked), choice.find(row)
            assert [values.plain(one) for one in found] == [values.plain(one) for one in wanted], css
            assert all(one is other for one, other in zip(found, wanted, strict=True) if not isinstance(one, str))
            answered += bool(found)
    assert answered > 800


@pytest.mark.parametrize(
    "css",
    [
        "#list li",
        "a > b",
        "a,b",
        "a::text",
        "a[href]",
        ".x:first-child",
        "a  b",
        "*",
        "A.x",
        ".é",
        ".1",
        "a::attr(HREF)",
    ],
)
def test_what_says_more_than_tags_and_classes_goes_to_xpath(css: str) -> None:
    assert ordinary(css) is None
