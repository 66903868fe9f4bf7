"""Whatever a page holds, reading ends without an exception and returns nothing but usable listings."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import definition, is_gone, read_any, read_cards, read_detail, recognise
from crawler.definition import PLATFORMS, Definition
from crawler.documents import Document, read_json
from crawler.values import CUT, LONGEST_TITLE
from records import Listing, Outcome, Page

ADS, GOODS, SHOP = definition("demo_ads"), definition("demo_goods"), definition("demo_shop")
CARD = (
    '<li class="item" data-id="{id}"><a class="title" href="{url}">{title}</a>'
    '<span class="price">{price}</span><a class="pic"><img src="{picture}"></a></li>'
)


def page(body: bytes | str, *, encoding: str = "utf-8", status: int = 200) -> Page:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    url = "http://127.0.0.1:18071/latest/?page=1"
    return Page(url=url, final_url=url, status=status, body=raw, encoding=encoding, fetched_at=datetime.now(UTC))


def read_everything(one: Definition, hostile: Page) -> list[Listing]:
    """All that reading can do with a page: what is read as a list or as an item, once."""
    card = Listing(platform=one.key, item_id="1", url="http://127.0.0.1:18071/item/1.html", title="甲")
    detail = read_detail(one, hostile, card)
    recognise(one, hostile)
    is_gone(one, hostile)
    read = read_any(one, hostile)
    others = (*read_cards(one, hostile).listings, *([detail] if detail else []))
    return read + [other for other in others if other not in read]


def faults(read: list[Listing]) -> list[str]:
    """What breaks a promise of reading, whatever the page was; empty for usable listings."""
    return [f"{one.item_id}: {fault}" for one in read for fault in _faults(one)]


def _faults(one: Listing) -> Iterator[str]:
    seller = [one.seller.url] if one.seller else []
    for address in filter(None, (one.url, *one.pictures, *seller)):
        if not address.startswith(("http://", "https://")):
            yield f"address {address}"
    if not (one.url and one.item_id and one.title) or len(one.title) > LONGEST_TITLE:
        yield "without url, id or title, or with one too long"
    if one.price is not None and not (one.price.is_finite() and 0 <= one.price < 10**13):
        yield f"price {one.price}"
    if len(one.fingerprint) != 64:
        yield "no fingerprint"


def card(**changes: str) -> str:
    return CARD.format(
        **{"id": "1", "url": "/item/1.html", "title": "书柜", "price": "￥8", "picture": "/a.png", **changes}
    )


def test_a_listing_that_breaks_a_promise_is_told_from_a_usable_one() -> None:
    good = '{"data":{"items":[{"id":"1","title":"甲","url":"/i","priceText":"5"}]}}'
    (one,) = read_everything(GOODS, page(good))
    assert faults([one]) == []
    for broken in (
        {"url": "javascript:alert(1)"},
        {"url": ""},
        {"pictures": ("data:x",)},
        {"title": "象" * (LONGEST_TITLE + 1)},
        {"title": ""},
        {"price": Decimal("NaN")},
        {"price": Decimal(10**13)},
    ):
        assert len(faults([replace(one, **broken)])) == 1, broken


def listing_of(**changes: str) -> Listing:
    (one,) = read_everything(ADS, page(f"<ul id=list>{card(**changes)}</ul>"))
    return one


def answer(**changes: Any) -> str:
    item = {"id": "1", "title": "书柜", "url": "/item/1", "priceText": "¥8", "pictures": ["/a.png"], **changes}
    return json.dumps({"data": {"items": [item]}})


KEYS = st.sampled_from(["data", "items", "item", "id", "title", "url", "seller", "pictures", "name"])
ANSWERS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)

# --- JSON ---


@pytest.mark.parametrize(
    ("body", "titles"),
    [
        ("[" * 100_000, []),
        ('{"data":' * 100_000, []),
        ('{"data":{"items":' + "[" * 50_000 + "]" * 50_000 + "}}", []),
        ('{"data":{"items":[{"id":' + "9" * 10_000 + ',"title":"甲","url":"/item/1"}]}}', []),
        ('{"data":{"items":[{"id":"1","title":"甲","url":"/i","priceText":1e400}]}}', ["甲"]),
        ('{"data":{"items":[{"id":"1","title":"甲","url":"/i","priceText":NaN,"publishedAt":Infinity}]}}', ["甲"]),
        ('{"data":{"items":[{"id":1e400,"title":NaN,"url":-Infinity}]}}', []),
        ('{"data":{"items":{"0":{"id":1}}}}', []),
        ('{"data":{"items":[1,"a",null,[],true,{}]}}', []),
        ('{"data":{"items":[{"id":{},"title":[],"url":{"a":1},"seller":3,"pictures":"x"}]}}', []),
        ('{"data":{"items":[{"id":true,"title":false,"url":null}]}}', ["False"]),
        (
            '{"data":{"items":[{"id":"1","title":"甲","url":"javascript:alert(1)","pictures":["data:x","javascript:y"]}]}}',
            ["甲"],
        ),
        ('{"data":{"items":[{"id":"1","title":"甲","url":"/i","publishedAt":99999999999999999}]}}', ["甲"]),
        ('{"data":{"items":[{"id":"1","title":"甲","url":"/i","publishedAt":"9999-99-99 99:99"}]}}', ["甲"]),
        ('{"data":{"items":[{"id":"1","title":"甲","url":"/i","priceText":"¥99999999999999"}]}}', ["甲"]),
        ('{"data":{"items":[{"id":"1","title":"甲","url":"/i","priceText":"9999999999万元"}]}}', ["甲"]),
        ('{"data":{"item', []),
        ('"' * 100_001, []),
        ("callback(" * 20_000, []),
        ("a=" * 50_000, []),
        ("window.x = {", []),
        ("null", []),
        ("true", []),
        ("0", []),
        ("", []),
        ("\ufeff", []),
        ("\0" * 1000, []),
    ],
    ids=range(27),
)
def test_hostile_answers(body: str, titles: list[str]) -> None:
    read = read_everything(GOODS, page(body))
    assert [one.title for one in read] == titles and faults(read) == []
    assert all(one.price is None and one.published_at is None and not one.pictures for one in read)
    # nothing that can be read is never taken for nothing on offer
    assert read_cards(GOODS, page(body)).outcome is (None if titles else Outcome.DRIFTED)


def test_a_number_too_long_costs_its_own_field_only() -> None:
    body = '{"data":{"items":[{"id":"1","title":"甲","url":"/i","publishedAt":' + "9" * 5_000 + "}]}}"
    assert [listing.title for listing in read_everything(GOODS, page(body))] == ["甲"]


def test_nan_is_never_a_price() -> None:
    body = '{"data":{"items":[{"id":"1","title":"甲","url":"/i","priceText":NaN}]}}'
    (one,) = read_everything(GOODS, page(body))
    assert (one.price, one.price_text) == (None, "")


@pytest.mark.parametrize(
    "prefix", ["", "setData(", "window.x = ", "var a=", ")]}',\n", "for(;;);", "/**/cb(", "a.b['c'] = ", "\ufeff"]
)
def test_what_stands_before_json_is_tolerated(prefix: str) -> None:
    assert read_json(prefix + '{"a":[1,"x=(y"]});')["a"] == [1, "x=(y"]


def test_script_values_are_tolerated() -> None:
    assert read_json('x = {"a":undefined,"b":"undefined \\" undefined"}') == {"a": None, "b": 'undefined " undefined'}


def test_json_inside_a_page_is_found_by_its_marker() -> None:
    def inside(body: str) -> Any:
        return Document(page=page(body), state="__DATA__").data

    assert inside('<script id="__DATA__" type="application/json">{"a":1}</script>') == {"a": 1}
    assert inside("<script>var x=1; window.__DATA__ = [1];</script>") == [1]
    assert inside('<p>__DATA__</p><script>__DATA__ = {"a":2};f()</script>') == {"a": 2}
    assert inside("<script>__DATA__ = {broken</script>") is None


# --- characters ---


@pytest.mark.parametrize(
    "title",
    ["象\0牙", "象\ud800牙", "象\ufffe牙", "\u202e牙象", "象\u200d牙", "Z" + "\u0301" * 5000, "\x85\x9f象牙", "𠮷🐘"],
)
def test_odd_characters_of_an_answer_are_kept_for_the_matcher(title: str) -> None:
    (one,) = read_everything(GOODS, page(answer(title=title)))
    assert one.title == " ".join(title.split())


@pytest.mark.parametrize(
    "title",
    ["象\0牙", "象&#0;牙", "象&#xD800;牙", "象&#x110000;牙", "象\x01牙", "<b>象</b><i>牙</i>", "象<!-- x -->牙"],
)
def test_odd_characters_of_a_page_do_not_hide_the_word(title: str) -> None:
    read = listing_of(title=title).title
    assert read.startswith("象") and read.endswith("牙")


def test_markup_in_an_answer_falls_away_and_words_in_brackets_stay() -> None:
    (one,) = read_everything(GOODS, page(answer(title='<span class="H">象</span>牙 <ivory> <象牙> 3<5 &amp;&#29273;')))
    assert one.title == "象牙 <ivory> <象牙> 3<5 &牙"


# --- sizes and shapes ---


def test_a_title_of_a_megabyte_is_cut_with_a_mark() -> None:
    for one in (listing_of(title="象" * 1_000_000), read_everything(GOODS, page(answer(title="象" * 1_000_000)))[0]):
        assert len(one.title) == LONGEST_TITLE and one.title.endswith(CUT)


def test_a_hundred_thousand_pictures_are_a_hundred() -> None:
    (one,) = read_everything(GOODS, page(answer(pictures=[f"/{n}.png" for n in range(100_000)])))
    assert len(one.pictures) == 100


def test_ids_given_twice_are_one_listing_and_the_first_holds() -> None:
    read = read_cards(ADS, page(f"<ul id=list>{card(title='甲')}{card(id='2')}{card(title='乙')}</ul>"))
    assert [(one.item_id, one.title) for one in read.listings] == [("1", "甲"), ("2", "书柜")]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "//", "http://u:p@h.example/", "{{url}}"]
)
def test_a_link_that_is_none_is_replaced_by_the_template(url: str) -> None:
    assert listing_of(url=url, picture=url).url == "http://127.0.0.1:18071/item/1.html"
    assert listing_of(url="/ok.html", picture="javascript:x").pictures == ()


@pytest.mark.parametrize("missing", ["id", "title"])
def test_a_card_without_id_or_title_is_counted_as_unread(missing: str) -> None:
    read = read_cards(ADS, page(f"<ul id=list>{card(**{missing: ''})}{card(id='2')}</ul>"))
    assert (len(read.listings), read.unread, read.note) == (1, 1, "1 张卡片读不出")


def test_an_id_cannot_lead_out_of_its_template() -> None:
    (one,) = read_everything(GOODS, page(answer(id="../../admin?x=1#", url="")))
    assert one.url == "http://127.0.0.1:18072/item/..%2F..%2Fadmin%3Fx%3D1%23"


def test_next_pages_stay_on_the_platform_and_never_loop() -> None:
    def following(link: str) -> str | None:
        return read_cards(ADS, page(f'<ul id=list>{card()}</ul><a class=next href="{link}">下一页</a>')).next_url

    assert following("/latest/?page=2") == "http://127.0.0.1:18071/latest/?page=2"
    for link in (
        "https://evil.example/",
        "javascript:next()",
        "/latest/?page=1",
        "#",
        "http://127.0.0.1@evil.example/",
    ):
        assert following(link) is None, link


def test_deep_and_broken_markup() -> None:
    deep = "<div>" * 50_000 + f"<ul id=list>{card()}</ul>"
    for body in (
        deep,
        "<" * 200_000,
        "<ul id=list>" + "<li class=item" * 10_000,
        "<a " + "x=1 " * 50_000 + ">",
        "&" * 100_000,
    ):
        assert read_everything(ADS, page(body)) == []
        assert read_cards(ADS, page(body)).outcome is Outcome.DRIFTED


@pytest.mark.parametrize(
    "name", ["demo_ads_list.html", "demo_shop_detail.html", "demo_goods_search.json", "taobao_config.html"]
)
def test_a_page_cut_anywhere(name: str) -> None:
    body = (PLATFORMS / "pages" / name).read_bytes()
    one = definition(name.rsplit("_", 1)[0])
    encoding = "gb18030" if one is ADS else "utf-8"
    whole = {listing.item_id for listing in read_everything(one, page(body, encoding=encoding))}
    assert whole
    for at in range(0, len(body), 97):
        read = read_everything(one, page(body[:at], encoding=encoding))
        assert {listing.item_id for listing in read} <= whole and faults(read) == [], at


def test_entities_and_includes_reach_nothing() -> None:
    bomb = (
        "<!DOCTYPE x ["
        + '<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {b} "{"&" + a + ";" * 1}">' for a, b in zip("abc", "bcd", strict=True))
        + "]>"
    )
    outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    for head in (bomb, outside):
        (one,) = read_everything(ADS, page(head + f"<html><ul id=list>{card(title='甲&e;')}</ul></html>"))
        assert "root:" not in one.title


def test_a_base_element_cannot_make_links_unsafe() -> None:
    for base, host in (
        ("javascript:alert(1)//", "http://127.0.0.1:18071"),
        ("file:///etc/", "http://127.0.0.1:18071"),
        ("https://evil.example/", "https://evil.example"),  # an address like any other: asking it is refused
    ):
        body = f'<html><head><base href="{base}"></head><body><ul id=list>{card()}</ul></body></html>'
        (one,) = read_everything(ADS, page(body))
        assert (one.url, one.pictures) == (f"{host}/item/1.html", (f"{host}/a.png",))
    assert not ADS.allows("https://evil.example/item/1.html")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=80), st.text(max_size=40), st.text(max_size=60))
def test_any_text_anywhere(title: str, url: str, price: str, published: str) -> None:
    of_a_page = read_everything(ADS, page(f"<ul id=list>{card(title=title, url=url, price=price)}</ul>"))
    of_an_answer = read_everything(GOODS, page(answer(title=title, url=url, priceText=price, publishedAt=published)))
    assert faults(of_a_page) == faults(of_an_answer) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(["utf-8", "gb18030", "utf-16", "big5hkscs", "nonsense", "hex"]))
def test_any_bytes(body: bytes, encoding: str) -> None:
    for one in (ADS, GOODS, SHOP):
        assert faults(read_everything(one, page(body, encoding=encoding))) == []


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_any_answer(value: Any) -> None:
    assert faults(read_everything(GOODS, page(json.dumps({"data": {"items": [value], "item": value}})))) == []
