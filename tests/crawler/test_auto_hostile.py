"""Pages made to be expensive: the general reader stays bounded, and its work grows with the page, not its square."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from crawler import propose, read_unknown
from crawler.groups import MOST_CARDS
from tests.crawler.test_auto import page_of

MANY = 100_000
CARD = '<li class="c"><a href="/i/{n}"><img src="/{n}.jpg">title number {n}</a><b>¥{n}</b></li>'


def flat(count: int) -> str:
    return "<ul>" + "".join(CARD.replace("{n}", str(n)) for n in range(1, count + 1)) + "</ul>"


HOSTILE: dict[str, Callable[[], str]] = {
    "nested": lambda: "<div>" * MANY + "x" + "</div>" * MANY,
    "nested cards": lambda: '<div class="c"><a href="/i/1">title</a> ¥1' * (MANY // 2),
    "100,000 elements": lambda: flat(25_000),
    "10 MB of text": lambda: "<p>" + "字" * 3_500_000 + '</p><div class="price">¥1</div>',
    "forty classes each": lambda: "".join(
        f'<div class="{" ".join(f"k{n}x{m}" for m in range(40))}"><a href="/{n}">abc def</a></div>'
        for n in range(8_000)
    ),
    "all in four cards": lambda: (
        "<ul>"
        + "".join(
            "<li>" + "".join(f'<a href="/i/{k}/{n}">title {n}</a><b>¥{n}</b>' for n in range(9_000)) + "</li>"
            for k in range(4)
        )
        + "</ul>"
    ),
    "script that opens": lambda: "<script>window.a=" + "[" * MANY + ";</script><p>x</p>",
    "script of assignments": lambda: "<script>" + 'a={"b":' * MANY + "</script>",
    "script of line breaks": lambda: "<script>" + "\n" * 1_000_000 + "</script>",
    "half links": lambda: "<a " * 1_000_000,
    "microdata in microdata": lambda: (
        '<div itemscope itemtype="http://schema.org/Product"><b itemprop="name">x' * 20_000
    ),
    "JSON-LD in JSON-LD": lambda: '<script type="application/ld+json">' + '{"@graph":[' * 50_000 + "</script>",
    "pagers": lambda: "".join(f'<div class="pager"><a href="?page={n}">{n}</a>' for n in range(20_000)),
    "5 MB attributes": lambda: f'<a href="{"x" * 5_000_000}" title="{"y" * 5_000_000}">t</a>',
}
ANSWERS: dict[str, Callable[[], str]] = {
    "arrays": lambda: "[" * MANY + "]" * MANY,
    "objects": lambda: '{"a":' * MANY + "1" + "}" * MANY,
    "many keys": lambda: "{" + ",".join(f'"k{n}":{{"title":"abc {n}","price":{n}}}' for n in range(MANY)) + "}",
    "wide": lambda: "[" + ",".join(f'{{"title":"item {n}","url":"/i/{n}","price":{n}}}' for n in range(50_000)) + "]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_has_an_end(name: str) -> None:
    page = page_of("<html><body>" + HOSTILE[name]())
    assert len(read_unknown(page).listings) <= MOST_CARDS
    propose(page)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_hostile_answer_has_an_end(name: str) -> None:
    page = page_of(ANSWERS[name](), media_type="application/json")
    assert len(read_unknown(page).listings) <= MOST_CARDS
    propose(page)


def calls(work: Callable[[], Any]) -> int:
    """How many functions `work` calls: a measure of it that no other load on the machine changes."""
    count = 0

    def note(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "shape",
    [
        flat,
        lambda count: '<div class="c"><a href="/i/1">title</a> ¥1' * count,
        lambda count: "<p>a<b>c</b></p>" * count,
    ],
    ids=["cards", "nested", "paragraphs"],
)
def test_three_times_the_page_is_three_times_the_work(shape: Callable[[int], str]) -> None:
    small, large = page_of(shape(300)), page_of(shape(900))
    read_unknown(small)  # what is compiled once
    assert calls(lambda: read_unknown(large)) <= 3.6 * calls(lambda: read_unknown(small))
