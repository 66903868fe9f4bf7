"""The general reader on the captured real pages, against what the definitions read from the same bytes.

The definitions' own reading is checked elsewhere against the raw text of the captures, so it may stand for the truth.
"""

import re
import tempfile
from html import unescape
from pathlib import Path

import pytest

from crawler import Definition, definition, page_from_file, read_any, read_unknown
from records import Listing
from tests.crawler.test_captures import CAPTURES, KLEINANZEIGEN, raw

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captured pages (../shared/data/pages) are not here"),
]

#: Search pages, each with whether its items show a link: an answer of goofish shows none.
SEARCHES = {
    "goofish/search_1.json": ("goofish", False),
    "goofish/search_2.json": ("goofish", False),
    "kongfz/list.html": ("kongfz", True),
    "kleinanzeigen/search.html": ("kleinanzeigen", True),
    "taobao/search_rendered_2018.html": ("taobao", True),
    "taobao/search_page_config_2018.json": ("taobao", True),
}
ITEMS = {"58/detail.html": "58", "kongfz/detail.html": "kongfz", "kleinanzeigen/detail.html": "kleinanzeigen"}


def known(key: str) -> Definition:
    if key != "kleinanzeigen":
        return definition(key)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kleinanzeigen.yml")
        path.write_text(KLEINANZEIGEN, encoding="utf-8")
        return definition(path)


def same_link(read: Listing, truth: Listing, one: Definition) -> bool:
    """True where both addresses are the same but for what the definition drops, or the advertiser's own redirect."""
    return one.canonical(read.url) == truth.url or (truth.item_id == read.item_id and "click." in read.url)


def right(name: str, key: str, *, linked: bool) -> dict[str, float]:
    """Share of the truth's items that were read, and with the right title, link and price."""
    one = known(key)
    truth = {listing.item_id: listing for listing in read_any(one, page_from_file(CAPTURES / name, one))}
    read = {listing.item_id: listing for listing in read_unknown(page_from_file(CAPTURES / name)).listings}
    pairs = [(read[item_id], told) for item_id, told in truth.items() if item_id in read]
    count = len(truth)
    return {
        "items": len(pairs) / count,
        "title": sum(a.title == b.title for a, b in pairs) / count,
        "link": sum(not linked or same_link(a, b, one) for a, b in pairs) / count,
        "price": sum(a.price == b.price and a.currency == b.currency for a, b in pairs) / count,
        "strangers": len(set(read) - set(truth)) / count,
    }


@pytest.mark.parametrize("name", SEARCHES)
def test_nine_in_ten_items_are_read_right_without_a_definition(name: str) -> None:
    key, linked = SEARCHES[name]
    shares = right(name, key, linked=linked)
    assert min(shares[field] for field in ("items", "title", "link", "price")) >= 0.9, shares
    assert shares["strangers"] <= 0.1, shares


@pytest.mark.parametrize("name", ITEMS)
def test_an_items_own_page_is_read_without_a_definition(name: str) -> None:
    (truth,) = read_any(known(ITEMS[name]), page_from_file(CAPTURES / name, known(ITEMS[name])))
    (read,) = read_unknown(page_from_file(CAPTURES / name)).listings
    head = re.search(r"<title>(.*?)</title>", raw(name), re.DOTALL)
    assert (read.price, read.currency) == (truth.price, truth.currency)
    assert head is not None and read.title in " ".join(unescape(head[1]).split()) and len(read.title) > 6
    assert read.detail_read


@pytest.mark.parametrize(
    "name", ["taobao/no_items_2025.html", "taobao/tmall_no_items_2025.html", "taobao/tmall_detail_price_2015.js"]
)
def test_a_capture_without_items_gives_none(name: str) -> None:
    assert read_unknown(page_from_file(CAPTURES / name)).listings == ()


def test_the_next_pages_are_found() -> None:
    following = read_unknown(page_from_file(CAPTURES / "kongfz/list.html")).next_url
    assert following == "https://book.kongfz.com/Cminguo/w2/"
    following = read_unknown(page_from_file(CAPTURES / "kleinanzeigen/search.html")).next_url
    assert following is not None and following.startswith("https://www.kleinanzeigen.de/") and "seite:2" in following


if __name__ == "__main__":
    for capture, (platform, has_links) in SEARCHES.items():
        print(capture, {field: round(share, 3) for field, share in right(capture, platform, linked=has_links).items()})
