"""How shops and boards write a price, a title and a page, each shape on a small page of its own. Goods are invented."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from crawler import read_unknown
from records import Listing
from tests.crawler.test_auto import page_of

GOODS = ("老式收音机 能响", "九成新山地自行车", "实木书柜 送货", "胶片相机 配件齐全", "双人沙发 自提")
AMOUNTS = (1280, 450, 12_900, 899, 60)
#: Enough of a frame for a page to be one.
LINKS = '<ul><li><a href="/">首页</a></li><li><a href="/c/1">数码</a></li><li><a href="/c/2">家居</a></li></ul>'


def listed(card: Callable[[str, str, int], str], *, above: str = "", head: str = "") -> str:
    rows = "".join(card(title, f"/item/55012{n}.html", AMOUNTS[n]) for n, title in enumerate(GOODS))
    return f"<html><head><title>列表</title>{head}</head><body>{LINKS}{above}<div class=all>{rows}</div></body></html>"


def row(priced: Callable[[int], str]) -> Callable[[str, str, int], str]:
    return lambda title, url, amount: (
        f'<div class="row"><a href="{url}"><img src="{url}.jpg"></a><h3><a href="{url}">{title}</a></h3>'
        f'<div class="m">{priced(amount)}</div></div>'
    )


def read(html: str, path: str = "/list") -> tuple[Listing, ...]:
    return read_unknown(page_of(html, path=path)).listings


def grouped(amount: int, by: str) -> str:
    return f"{amount:,}".replace(",", by)


PRICED: dict[str, Callable[[int], str]] = {
    "a label before says what it cost once": lambda n: f"<p>定价：￥{n * 2}</p><p>二手：<b>￥{n}</b></p>",
    "the label has an element of its own": lambda n: f"<span>Was:</span> <i>${n * 2}</i> <span>Now:</span> <i>${n}</i>",
    "sign, whole, point and cents apart": lambda n: f"<p><u>$</u><u>{n}</u><u>.</u><u>50</u></p><p>${n * 2}.00</p>",
    "the unit stands behind in its own element": lambda n: f"<b>{n}</b><i>元</i>",
    "what a metre costs stands beside it": lambda n: f"<div><b>{n}</b><i>元</i></div><div><b>{n * 9}元/平</b></div>",
    "won": lambda n: f"<strong>{n:,}</strong><span>원</span>",
    "peso": lambda n: f"<span>₱</span><span>{n:,}</span>",
    "hryvnia with blanks for thousands": lambda n: f"<p>{grouped(n, chr(160))}<span>₴</span></p>",
    "rupiah with points for thousands": lambda n: f"<p>Rp{grouped(n, '.')}</p>",
    "of two alike the first, not the shorter": lambda n: f"<div>₹{n:,}</div><div>Upto <b>₹9</b> Off on Exchange</div>",
    "a footnote is no digit": lambda n: f"<p>€ {grouped(n, '.')}<sup>1</sup></p>",
    "crossed out by style": lambda n: f'<span style="text-decoration: line-through">${n * 2}</span> <span>${n}</span>',
    "pesos have points for thousands": lambda n: f"<p>${grouped(n, '.')}</p>" if n > 999 else f"<p>${n}</p>",
    "without tax is a price": lambda n: (
        f'<span>Was:</span><i class="price--x">${n * 2}</i><span>Now:</span><i class="price--withoutTax">${n}</i>'
    ),
    "lira in a box that is named": lambda n: f'<div class="price"><em><span>{grouped(n, ".")} TL</span></em></div>',
    "cents stand raised": lambda n: f'<p><i>$</i><b>{n}</b><i style="vertical-align:1em">50</i></p><s>${n * 2}</s>',
    "rent by the month": lambda n: f"<p><strong><b>{n}</b></strong> 元/月</p>",
    "numbers of another kind before it": lambda n: f"<p>MF47 {n}元/块</p>",
}  # fmt: skip
#: What is half is written so in `PRICED`.
CENTS = dict.fromkeys(("sign, whole, point and cents apart", "cents stand raised"), Decimal("0.50"))


@pytest.mark.parametrize("name", PRICED)
def test_a_card_gives_what_has_to_be_paid(name: str) -> None:
    found = read(listed(row(PRICED[name])))
    assert [one.price for one in found] == [amount + CENTS.get(name, 0) for amount in AMOUNTS]
    assert [one.title for one in found] == list(GOODS)


def test_what_is_read_out_only_is_no_title() -> None:
    def card(title: str, url: str, amount: int) -> str:
        return (
            f'<article><a href="{url}" aria-label="View listing"><span class="sr-only">View listing</span></a>'
            f'<a href="{url}"><p class="title">{title}<span class="clipped">Opens in a new window</span></p></a>'
            f"<b>￥{amount}</b></article>"
        )

    assert [one.title for one in read(listed(card))] == list(GOODS)


def strip(name: str, heading: str, count: int) -> str:
    cells = "".join(
        f'<div class="cell"><a href="/{name}/6600{n}"><img src="/{n}.jpg"><i>别的东西 {n} 号</i></a><b>￥{n}9</b></div>'
        for n in range(1, count + 1)
    )
    return f'<section class="{name}"><h2>{heading}</h2><div>{cells}</div></section>'


DRAWER = (
    '<div role="dialog"><h3>已选</h3><div class="line"><a href="/p/1">先前放进去的</a> <b>￥30</b></div>'
    '<div class="line"><a href="/p/2">还有这一件</a> <b>￥40</b></div></div>'
)
TOLD = "自用一年，成色如图，功能正常，配件都在，可以当面验货，非诚勿扰。"
#: What shops show above a list, and what below it.
FRAMES = {
    "a section of recommendations comes first": (strip("sp", "为您推荐", 6), ""),
    "strips above and below": (strip("deals", "今日特价", 3), strip("loved", "大家都爱", 4)),
    "a headline between strips": (strip("deals", "今日特价", 9) + "<h1>全部商品</h1>", strip("loved", "大家都爱", 3)),
    "a drawer with what was chosen": (DRAWER, ""),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_frame_of_a_shop_is_not_its_list(name: str) -> None:
    above, below = FRAMES[name]
    html = listed(row(lambda n: f"<b>￥{n}</b><p>{TOLD}</p>"), above=above).replace("</body>", f"{below}</body>")
    assert [one.title for one in read(html)] == list(GOODS)


def test_the_first_card_may_be_made_large() -> None:
    def card(title: str, url: str, amount: int) -> str:
        tag = "h1" if title == GOODS[0] else "h3"
        return (
            f'<div class="row"><a href="{url}"><img src="{url}.jpg"><{tag}>{title}</{tag}></a><b>￥{amount}</b></div>'
        )

    twice = listed(lambda t, u, n: card(t, u, n) + card(f"又一件{t}", u.replace("item", "more"), n + 1))
    assert len(read(twice)) == 2 * len(GOODS)


def test_a_board_in_a_large_frame_is_read() -> None:
    menu = "".join(f'<p><a href="/c/{n}">一个很长的栏目名称 {n} 以及它的说明</a></p>' for n in range(20))
    rows = "".join(
        f'<tr class="t"><td><a href="/t-{n}.html">{title}</a></td><td><a href="/u-{n}">卖旧货的老李</a></td>'
        f'<td><a href="/l-{n}">昨天 10:25</a></td></tr>'
        for n, title in enumerate(GOODS * 2, start=55_120)
    )
    found = read(f"<html><body>{LINKS}<div>{menu}</div><table>{rows}</table></body></html>")
    assert [one.title for one in found] == list(GOODS) * 2


def test_a_list_told_as_one_product_is_a_list() -> None:
    told = (
        '<script type="application/ld+json">{"@type": "Product", "name": "全部商品", "offers": '
        '{"@type": "AggregateOffer", "offerCount": 3200, "lowPrice": 19, "highPrice": 9900}}</script>'
    )
    long = '<div class="about">' + "本站为买家和卖家提供交流的地方，请当面验货，谨防受骗。" * 20 + "</div>"
    assert len(read(listed(row(lambda n: f"<b>￥{n}</b>"), above=long, head=told))) == len(GOODS)


def test_cards_whose_pictures_slide_are_no_aside() -> None:
    found = read(listed(lambda t, u, n: row(lambda n: f"<b>￥{n}</b>")(t, u, n).replace('"row"', '"row photo-slider"')))
    assert [one.title for one in found] == list(GOODS)


def test_what_a_board_keeps_on_top_is_nothing_for_sale() -> None:
    rules = '<tbody id="stickthread_1"><tr><td><a href="/t-91.html">版规 手续费5元起</a></td><td>站长</td></tr></tbody>'
    rows = "".join(
        f'<tbody id="normalthread_{n}"><tr><td><a href="/t-{n}.html">{title}</a></td><td>某人</td></tr></tbody>'
        for n, title in enumerate(GOODS, start=55_120)
    )
    found = read(f"<html><body>{LINKS}<table>{rules}{rows}</table></body></html>")
    assert [one.title for one in found] == list(GOODS)


RELATED = "".join(
    f'<div class="box"><a href="/item/7701{n}"><img src="/{n}.jpg"><b>另一件东西 {n} 号</b></a><p>￥{n}90</p></div>'
    for n in range(1, 9)
)
OFFER = "<button>立即购买</button>"


def own(body: str, title: str = "老式收音机 能响") -> str:
    return f"<html><head><title>{title} - 某店</title></head><body>{LINKS}{body}</body></html>"


#: Pages of one thing, whose title is the radio and whose price is 1280.
ITEMS = {
    "the former price comes first, by its name": own(
        f'<h1>老式收音机 能响</h1><div class="regular-price">￥2560</div><div class="current-price">￥1280</div>{OFFER}'
    ),
    "the former price comes first, crossed out around it": own(
        f"<h1>老式收音机 能响</h1><p class=price><del><i class=price>￥2560</i></del> <ins>￥1280</ins></p>{OFFER}"
    ),
    "what a metre costs is told too": own(
        f"<h1>老式收音机 能响</h1><span class=total>1280</span><span>元</span><p>118484元/平米</p>{OFFER}"
    ),
    "other goods fill the page under a heading of theirs": own(
        f"<h1>老式收音机 能响</h1><p class=price>￥1280</p>{OFFER}<h2>Ещё</h2><div>{RELATED}</div>"
    ),
    "the kind of thing stands in the headline": own(
        f'<h1><a href="/c/3">[出售]</a> <span id="subject">老式收音机 能响</span></h1><p class=price>￥1280</p>{OFFER}'
    ),
    "a badge stands in the headline": own(
        f'<h1><i class="badge">自营</i>老式收音机 能响</h1><p class=price>￥1280</p>{OFFER}'
    ),
    "strips of other goods stand above and below": own(
        f"{strip('deals', '今日特价', 5)}<h1>老式收音机 能响</h1><p class=price>￥1280</p>{OFFER}"
        f"{strip('loved', '大家都爱', 6)}"
    ),
    "the price comes just before the headline": own(
        f"<p class=price>￥1280</p><h1>老式收音机 能响</h1>{OFFER}<h2>另有</h2><div>{RELATED}</div>"
    ),
    "the box of the title holds more": own(
        '<div class="title-box"><div class="title-text">老式收音机 能响</div><p>成交五百个</p></div>'
        f'<div class="price-box"><i>价格</i><b class="price-text"><i>￥</i>1280</b><i>2个起批</i></div>{OFFER}'
    ),
    "the price stands in the column beside": own(
        f'<h1>老式收音机 能响</h1><div class="sidebar"><p class=price>￥1280</p>{OFFER}</div>'
    ),
    "it costs from so much to so much": own(f"<h1>老式收音机 能响</h1><p class=price>1280 元 – 2560 元</p>{OFFER}"),
    "the tax is told in brackets": own(
        f"<h1>老式收音机 能响</h1><dl><dt>現在価格</dt><dd class=value>1,280円<i>（税 0 円）</i></dd></dl>{OFFER}"
    ),
    "what fills a line crosses it out": own(
        f'<h1>老式收音机 能响</h1><ul><li><i style="text-decoration:line-through">￥2560</i></li>'
        f"<li>￥1280</li></ul>{OFFER}"
    ),
    "columns of the page are not cards": own(
        f'<div><div class="col"><a href="/big.jpg"><img src="/1.jpg"></a><p>{TOLD}</p></div>'
        f'<div class="col">'
        f'<a href="/m/1">某牌</a><h1>老式收音机 能响</h1><p>￥1280</p>{OFFER}</div></div>'
        '<div><div class="col"><h4><a href="/item/71">别的</a></h4><p>￥20</p></div>'
        '<div class="col"><h4><a href="/item/72">另外的</a></h4><p>￥30</p></div></div>'
    ),
    "a board asks in words": own(
        "<h1>老式收音机 能响</h1><div>功能正常，外壳有磕碰，价格 1280元，可小刀，同城面交优先，联系电话私信</div>"
        "<p>楼下：2560元我也有一台卖不卖？</p>"
    ),
    "its head names it, and a seller is linked": own(
        "<table><tr><td><b>老式收音机 能响</b></td></tr><tr><td>售　价：</td><td><b>1280</b> 元</td></tr>"
        '<tr><td>卖　家：</td><td><a href="/shop.asp?u=20031">某某堂</a> 电话</td></tr></table>'
    ),
    "only its data say it, and its head names it": own(
        '<script id="__NEXT_DATA__" type="application/json">{"props": {"ad": {"id": "m5", "title": "老式收音机 能响", '
        '"price": 1280, "images": ["https://img.example/1.jpg"]}, "similar": [{"id": "m6", "title": "收音机 零件"}, '
        '{"id": "m7", "title": "旧喇叭"}, {"id": "m8", "title": "电子管"}]}}</script>'
    ),
}


@pytest.mark.parametrize("name", ITEMS)
def test_an_items_page_gives_it_and_nothing_beside_it(name: str) -> None:
    (item,) = read(ITEMS[name], path="/item/5501")
    assert (item.title, item.price) == ("老式收音机 能响", Decimal(1280))


def test_a_list_below_a_basket_and_a_heading_is_a_list() -> None:
    above = (
        '<h1>全部商品</h1><p>购物车 共 <b>￥0.00</b></p><h2>价格</h2><a href="?p=1"><span>￥50</span></a><h2>结果</h2>'
    )
    assert len(read(listed(row(lambda n: f"<b>￥{n}</b>"), above=above))) == len(GOODS)


def test_the_news_tell_prices_and_offer_nothing() -> None:
    told = "<h1>新手机今天发布</h1><p>昨天，某公司发布了新手机，售价1999元，比上一代便宜，分析师认为销量会很好。</p>"
    assert read(own(told, title="新手机今天发布")) == ()
