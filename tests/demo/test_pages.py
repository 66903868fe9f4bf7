"""What a visitor gets from the three sites, and what they remember of it."""

import hashlib
import hmac
import html
import json
import re
import struct
import time
import zlib
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from parsel import Selector

from demo.goods import sign
from demo.markets import Offer
from demo.serve import RunningTown
from records import shanghai


def page(client: httpx.Client, url: str) -> Selector:
    answer = client.get(url)
    assert answer.status_code == 200
    charset = answer.headers["content-type"].partition("charset=")[2]
    return Selector(text=answer.content.decode(charset))  # strict: bytes that are not of the charset are a failure


def walk(client: httpx.Client, site: str, path: str, card: str, following: str) -> list[list[str]]:
    pages = []
    while path:
        shown = page(client, site + path)
        pages.append(shown.css(card).getall())
        path = shown.css(following).get("")
    return pages


@pytest.mark.parametrize(
    ("key", "path", "card", "following", "size"),
    [
        ("demo_ads", "/latest/", "#list li.item::attr(data-id)", "a.next::attr(href)", 30),
        ("demo_shop", "/goods/", "article.goods-card::attr(data-sku)", "a[rel=next]::attr(href)", 24),
    ],
)
def test_paging_shows_every_listing_once(
    small: RunningTown, client: httpx.Client, key: str, path: str, card: str, following: str, size: int
) -> None:
    pages = walk(client, small.sites[key], path, card, following)
    market = small.town().market(key)
    assert [item_id for items in pages for item_id in items] == [market.offer(index).item_id for index in range(300)]
    assert {len(items) for items in pages[:-1]} == {size}
    beyond = page(client, f"{small.sites[key]}{path}?page={len(pages) + 1}")
    assert "没有更多" in beyond.get()


def test_gbk_pages_hold_what_gbk_cannot(small: RunningTown, client: httpx.Client) -> None:
    strange = 0
    for plant in small.plants():
        if plant.market != "demo_ads":
            continue
        offer = small.town().market("demo_ads").find(plant.item_id)
        assert offer is not None
        answer = client.get(f"{small.sites['demo_ads']}/item/{plant.item_id}.html")
        text = answer.content.decode("gbk")
        shown = Selector(text=text)
        assert shown.css(".ad-title::text").get() == offer.title
        assert "\n".join(shown.css(".ad-text::text").getall()) == offer.description
        missing = [letter for letter in offer.title if not encodable(letter)]
        strange += len(missing)
        assert all(f"&#{ord(letter)};" in text for letter in missing)
    assert strange >= 2


def encodable(letter: str) -> bool:
    return letter.encode("gbk", "ignore") != b""


def test_ads_say_what_the_town_knows(small: RunningTown, client: httpx.Client) -> None:
    market = small.town().market("demo_ads")
    cards = page(client, small.sites["demo_ads"] + "/latest/?page=2").css("li.item")
    for card, offer in zip(cards, market.page(2, 30), strict=True):
        assert card.css("a.title::text").get() == offer.title
        assert card.css("a.title::attr(href)").get() == f"/item/{offer.item_id}.html"
        assert card.css(".price::text").get() == ("面议" if offer.price is None else f"￥{offer.price}")
        assert card.css("a.seller::text").get() == offer.vendor.name
        assert card.css("a.seller::attr(href)").get() == f"/u/{offer.vendor.id}/"
        place = card.css(".place::text").get("")
        assert (offer.vendor.place is None) == (place == "")
        assert offer.vendor.place is None or place.endswith(offer.vendor.place.district)
        assert offer.description[:8] not in card.get()
        told = card.css(".time::attr(title)").get("")
        assert told == shanghai(offer.published_at).strftime("%Y-%m-%d %H:%M:%S")


def test_shop_items_carry_json_ld(small: RunningTown, client: httpx.Client) -> None:
    site, market = small.sites["demo_shop"], small.town().market("demo_shop")
    offers = [market.offer(index) for index in range(60)]
    for offer in offers:
        shown = page(client, f"{site}/p/{offer.item_id}.html")
        assert_product(json.loads(shown.css("script[type='application/ld+json']::text").get("")), offer, site)
        assert shown.css("h1.goods-title::text").get() == offer.title
        assert "\n".join(shown.css(".goods-intro p::text").getall()) == offer.description
    assert any(offer.vendor.place is None for offer in offers) and any(offer.price is None for offer in offers)


def assert_product(product: dict, offer: Offer, site: str) -> None:
    assert product["@type"] == "Product"
    assert (product["sku"], product["name"]) == (offer.item_id, offer.title)
    assert product["description"] == offer.description
    assert datetime.fromisoformat(product["releaseDate"]) - offer.published_at < timedelta(seconds=1)
    assert len(product["image"]) == offer.pictures >= 3
    assert all(address.startswith(site) for address in product["image"])
    offered = product["offers"]
    assert offered.get("price") == (None if offer.price is None else f"{offer.price}.00")
    assert offered["seller"]["name"] == offer.vendor.name
    place = offered["seller"].get("address", {})
    assert place.get("addressLocality", "").endswith(offer.vendor.place.district if offer.vendor.place else "")
    assert bool(place) == (offer.vendor.place is not None)


def test_pictures_are_real_and_always_the_same(small: RunningTown, client: httpx.Client) -> None:
    offer = small.town().market("demo_shop").offer(0)
    bodies = []
    for number in range(offer.pictures):
        address = f"{small.sites['demo_shop']}/pic/{offer.item_id}/{number}.png"
        body = client.get(address).content
        assert body == client.get(address).content
        assert body[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", body[16:24]) == (320, 320)
        start = body.index(b"IDAT") + 4
        assert len(zlib.decompressobj().decompress(body[start:])) == 320 * 321
        bodies.append(hashlib.sha256(body).hexdigest())
    assert len(set(bodies)) == offer.pictures
    assert client.get(f"{small.sites['demo_shop']}/pic/{offer.item_id}/9.png").status_code == 404


@pytest.mark.parametrize("key", ["demo_ads", "demo_goods", "demo_shop"])
def test_robots_close_a_path_that_the_pages_link(small: RunningTown, client: httpx.Client, key: str) -> None:
    site = small.sites[key]
    rules = client.get(site + "/robots.txt").text
    closed = re.findall(r"(?m)^Disallow: (/.+)$", rules)
    assert re.search(r"(?m)^Crawl-delay: 0\.1$", rules) and len(closed) == 1
    front = client.get(site + "/", follow_redirects=True)
    links = Selector(text=front.text).css("a::attr(href)").getall()
    assert [link for link in links if link.startswith(closed[0])]


def test_search_is_read_in_the_charset_of_the_page(small: RunningTown, client: httpx.Client) -> None:
    site = small.sites["demo_ads"]
    right = page(client, f"{site}/search?kw={quote('象牙', encoding='gbk')}")
    wrong = page(client, f"{site}/search?kw={quote('象牙')}")
    assert right.css("li.item") and not wrong.css("li.item")
    assert wrong.css("div.none")
    reference = page(client, f"{site}/search?kw={quote('象&#8203;牙', encoding='gbk')}")
    assert reference.css("li.item::attr(data-id)").getall() == right.css("li.item::attr(data-id)").getall()
    assert small.log("demo_ads")[-3].query == "kw=象牙"
    assert small.log("demo_ads")[-1].query == "kw=象\u200b牙"


def test_search_pages_follow_each_other(small: RunningTown, client: httpx.Client) -> None:
    path = f"/search?kw={quote('可以', encoding='gbk')}"
    found = walk(client, small.sites["demo_ads"], path, "li.item::attr(data-id)", "a.next::attr(href)")
    market = small.town().market("demo_ads")
    expected = [market.offer(index).item_id for index in market.holding("可以")]
    assert len(found) > 1 and [item_id for items in found for item_id in items] == expected
    path = f"/search?q={quote('可以')}"
    found = walk(client, small.sites["demo_shop"], path, "article::attr(data-sku)", "a[rel=next]::attr(href)")
    market = small.town().market("demo_shop")
    assert [item for items in found for item in items] == [market.offer(i).item_id for i in market.holding("可以")]


def test_the_api_answers_no_one_but_its_own_page(small: RunningTown, client: httpx.Client) -> None:
    site = small.sites["demo_goods"]
    shell = client.get(site + "/")
    market = small.town().market("demo_goods")
    assert not [offer for offer in market.page(1, 20) if offer.title in html.unescape(shell.text)]
    token = Selector(text=shell.text).css("#app::attr(data-shell)").get("")
    for path in ("/api/list?page=1", "/api/search?q=a&page=1", f"/api/item?id={market.offer(0).item_id}"):
        for refused in (
            {},
            {"X-Shell": token},
            {"X-Shell": token, "X-Sign": "00000000"},
            {"X-Shell": token, "X-Sign": sign(f"{token}|/api/list?page=2")},
            signed(token[:-1], path),
            signed(shell_token(int(time.time()) - 1), path),
            {"X-Shell": "é.é", "X-Sign": "é"},
        ):
            encoded = {name: value.encode() for name, value in refused.items()}
            answer = client.get(site + path, headers=encoded)
            assert (answer.status_code, answer.json()["data"]) == (403, None)
        assert client.get(site + path, headers=signed(token, path)).status_code == 200
    assert shell_token(int(token.partition(".")[0])) == token


def signed(token: str, path: str) -> dict[str, str]:
    return {"X-Shell": token, "X-Sign": sign(f"{token}|{path}")}


def shell_token(until: int) -> str:
    """What the market gives away at seed 7: with it a test can make a token that has run out."""
    secret = hashlib.sha256(b"shell 7").digest()
    return f"{until}.{hmac.new(secret, str(until).encode(), hashlib.sha256).hexdigest()[:32]}"


def test_unknown_items_are_gone(small: RunningTown, client: httpx.Client) -> None:
    assert client.get(small.sites["demo_ads"] + "/item/7.html").status_code == 404
    assert client.get(small.sites["demo_shop"] + "/p/XC7.html").status_code == 404


def test_the_log_tells_exactly_what_was_fetched(changing: RunningTown, client: httpx.Client) -> None:
    site = changing.sites["demo_shop"]
    asked = ["/goods/?page=2", "/search?q=%E8%B1%A1%E7%89%99&page=1", "/p/XC7.html", "/robots.txt", "/nowhere"]
    answers = [client.get(site + path, headers={"User-Agent": "judge/1"}) for path in asked]
    log = changing.log("demo_shop")
    assert [entry.path for entry in log] == ["/goods/", "/search", "/p/XC7.html", "/robots.txt", "/nowhere"]
    assert [entry.query for entry in log] == ["page=2", "q=象牙&page=1", "", "", ""]
    assert [entry.status for entry in log] == [answer.status_code for answer in answers] == [200, 200, 404, 200, 404]
    assert [entry.bytes for entry in log] == [len(answer.content) for answer in answers]
    assert {entry.user_agent for entry in log} == {"judge/1"} and {entry.method for entry in log} == {"GET"}
    times = [entry.at for entry in log]
    assert times == sorted(times)
    assert changing.counts == {"demo_ads": 0, "demo_goods": 0, "demo_shop": 5}
    for number in range(1, 30):
        client.head(site + "/")  # an answer without a body must be in the log as well when the visitor has it
        last = changing.log("demo_shop")[4 + number]
        assert (last.method, last.status, last.bytes) == ("HEAD", 302, 0)
