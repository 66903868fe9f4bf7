"""The definitions against the captured real pages, counted here by other means than the reader's."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crawler import definition, is_gone, page_from_file, read_any, read_cards, read_detail, recognise
from crawler.definition import Definition
from records import Listing, Outcome, Page

CAPTURES = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "pages"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captured pages (../shared/data/pages) are not here"),
]

KLEINANZEIGEN = """
name: Kleinanzeigen
site: https://www.kleinanzeigen.de
verified: 2025 列表与详情
render: never
next_page: css:a.pagination-next::attr(href)
cards: css:article.aditem
item: css:#viewad-main ?? xpath://body
id: xpath:@data-adid ?? css:#viewad-ad-id-box li:last-child
url: xpath:@data-href ?? re:rel="canonical" href="([^"]+)"
title: css:h2 ?? xpath:.//h1[@id="viewad-title"]/text()[normalize-space()]
price: css:.aditem-main--middle--price-shipping--price ?? css:#viewad-price
place: css:.aditem-main--top--left ?? css:#viewad-locality
pictures: css:.aditem-image img::attr(src) ?? css:.galleryimage-element img::attr(src)
"""


def read(key: str, name: str) -> tuple[Definition, Page, list[Listing]]:
    one = definition(key)
    page = page_from_file(CAPTURES / name, one)
    return one, page, read_any(one, page)


def raw(name: str) -> str:
    return (CAPTURES / name).read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("name", ["goofish/search_1.json", "goofish/search_2.json"])
def test_goofish_search(name: str) -> None:
    one, page, listings = read("goofish", name)
    text = raw(name)
    answer: Any = json.loads(text[text.index("{") :])
    mains = [result["data"]["item"]["main"] for result in answer["data"]["resultList"]]
    assert len(listings) == len(mains) == 30
    for listing, main in zip(listings, mains, strict=True):
        shown, told = main["exContent"], main["clickParam"]["args"]
        assert listing.item_id == told["item_id"]
        assert listing.url == f"https://www.goofish.com/item?id={told['item_id']}"
        assert listing.title == " ".join(shown["title"].split())
        assert listing.price == Decimal(told["price"])
        assert listing.seller is not None
        assert (listing.seller.key, listing.seller.name) == (told["seller_id"], shown["userNickName"])
        assert listing.place == shown["area"]
        assert listing.pictures == (shown["picUrl"],)
        assert listing.published_at is not None
        assert listing.published_at.timestamp() * 1000 == int(told["publishTime"])
    assert read_cards(one, page).more is True


def test_taobao_rendered_search() -> None:
    _, _, listings = read("taobao", "taobao/search_rendered_2018.html")
    text = raw("taobao/search_rendered_2018.html")
    ids = re.findall(r'id="J_Itemlist_PLink_(\d+)"', text)
    assert [listing.item_id for listing in listings] == ids and len(ids) == 48
    prices = dict(re.findall(r'trace-nid="(\d+)" trace-num="\d+" trace-price="([\d.]+)"', text))
    assert all(listing.price == Decimal(prices[listing.item_id]) for listing in listings)
    assert all(
        re.fullmatch(rf"https://(detail\.tmall|item\.taobao)\.com/item\.htm\?id={x.item_id}", x.url) for x in listings
    )
    assert len({x.seller.key for x in listings if x.seller}) == len(set(re.findall(r"user_number_id=(\d+)", text)))
    assert all(x.title and x.place and x.seller and x.seller.name and len(x.pictures) == 1 for x in listings)


def test_taobao_config() -> None:
    one, page, listings = read("taobao", "taobao/search_page_config_2018.json")
    text = raw("taobao/search_page_config_2018.json")
    auctions = [a for a in json.loads(text)["mods"]["itemlist"]["data"]["auctions"] if "activity" not in a]
    assert len(auctions) == text.count('"raw_title"') == len(listings)
    assert read_cards(one, page).unread == 0
    for listing, auction in zip(listings, auctions, strict=True):
        assert listing.item_id == auction["nid"]
        assert listing.title == " ".join(re.sub(r"</?span[^>]*>", "", auction["title"]).split())
        assert listing.price == Decimal(auction["view_price"])
        assert listing.place == auction["item_loc"]
        assert listing.seller is not None and listing.seller.key == auction["user_id"]
        assert listing.pictures == ("https:" + auction["pic_url"],)
        assert "click." not in listing.url and listing.url.endswith(f"id={auction['nid']}")


@pytest.mark.parametrize("name", ["taobao/no_items_2025.html", "taobao/tmall_no_items_2025.html"])
def test_a_page_without_items_is_never_an_empty_success(name: str) -> None:
    one, page, listings = read("taobao", name)
    cards = read_cards(one, page)
    assert not listings and cards.outcome is Outcome.LOGIN_REQUIRED and "login.taobao.com" in cards.note
    assert recognise(one, page) == (cards.outcome, cards.note)


def test_tmall_prices_complete_a_card() -> None:
    one, page, listings = read("taobao", "taobao/tmall_detail_price_2015.js")
    # the answer names neither item nor title: alone it is no listing, and no success either
    assert not listings and read_cards(one, page).outcome is Outcome.DRIFTED
    card = Listing(platform="taobao", item_id="1", url="https://detail.tmall.com/item.htm?id=1", title="甲")
    detail = read_detail(one, page, card)
    assert detail is not None
    assert (detail.price, detail.place, detail.title, detail.detail_read) == (Decimal("58.00"), "浙江杭州", "甲", True)


def test_kongfz_list() -> None:
    one, page, listings = read("kongfz", "kongfz/list.html")
    text = raw("kongfz/list.html")
    items = re.findall(r'class="book_item" url="(https://mbook\.kongfz\.com/(\d+)/(\d+)/)"', text)
    assert [(x.url, x.seller.key if x.seller else "", x.item_id) for x in listings] == items and len(items) == 50
    names = re.findall(r'class="book-box-con-name">([^<{]+)<', text)
    assert [x.title for x in listings] == [" ".join(name.split()) for name in names]
    prices = re.findall(r'price f_left">\s*(\d+)\.\s*<em>(\d+)</em>', text)
    assert [x.price for x in listings] == [Decimal(f"{whole}.{part}") for whole, part in prices]
    cards = read_cards(one, page)
    assert (cards.next_url, cards.unread) == ("https://book.kongfz.com/Cminguo/w2/", 0)


def test_kongfz_detail() -> None:
    one, page, listings = read("kongfz", "kongfz/detail.html")
    (detail,) = listings
    name = re.search(r'itemName=([^&"]+)&amp;shopId=(\d+)&amp;shopName=([^"]+)"', raw("kongfz/detail.html"))
    assert name is not None and detail.seller is not None
    assert (detail.title, detail.seller.key, detail.seller.name) == name.groups()
    assert (detail.item_id, detail.price, detail.place) == ("4038675393", Decimal(150), "北京大兴")
    assert detail.url == "https://book.kongfz.com/12820/4038675393/" and detail.published_at is not None
    assert recognise(one, page) is None and not is_gone(one, page)


def test_58_detail() -> None:
    one, page, listings = read("58", "58/detail.html")
    (detail,) = listings
    text = raw("58/detail.html")
    address = re.search(r"http://bj\.58\.com/hezu/(\d+)x\.shtml", text)
    assert address is not None and (detail.url, detail.item_id) == (address[0], address[1])
    assert list(detail.pictures) == list(dict.fromkeys(re.findall(r'ref="(http://pic[^"]+)"', text)))
    assert len(detail.pictures) == 4
    assert detail.title in text and detail.price == 3200 and detail.price_text == "3200元/月"
    assert detail.place.startswith("北京 - 海淀") and detail.seller is not None and detail.seller.name in text
    assert str(detail.published_at) == "2017-04-24 16:00:00+00:00" and detail.description
    assert recognise(one, page) is None and not is_gone(one, page)


def test_the_format_holds_for_a_foreign_site(tmp_path: Path) -> None:
    path = tmp_path / "kleinanzeigen.yml"
    path.write_text(KLEINANZEIGEN, encoding="utf-8")
    one = definition(path)
    page = page_from_file(CAPTURES / "kleinanzeigen/search.html", one)
    cards = read_cards(one, page)
    ids = re.findall(r'<article class="aditem[^"]*" data-adid="(\d+)"', raw("kleinanzeigen/search.html"))
    assert [x.item_id for x in cards.listings] == list(dict.fromkeys(ids)) and len(ids) >= 25
    assert cards.next_url is not None and "seite:2" in cards.next_url
    assert sum(x.price is not None for x in cards.listings) >= len(ids) * 0.9
    assert all(x.place and x.title and x.currency == "EUR" for x in cards.listings if x.price_text)
    (detail,) = read_any(one, page_from_file(CAPTURES / "kleinanzeigen/detail.html", one))
    assert (detail.item_id, detail.price, detail.currency) == ("3323958001", Decimal(1600), "EUR")


@pytest.mark.parametrize("key", ["goofish", "taobao", "kongfz", "58"])
def test_no_capture_of_another_platform_makes_a_listing(key: str) -> None:
    one = definition(key)
    others = [path for path in CAPTURES.glob("*/*.*") if path.parent.name != key]
    read_there = {path.name: read_any(one, page_from_file(path, one)) for path in others}
    assert len(others) > 8 and {name for name, found in read_there.items() if found} == set()
