"""Made-up list pages in many layouts, each with what a person would read from it. All names and goods are invented."""

import json
from dataclasses import dataclass
from html import escape

HOST = "https://markt.example"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A page and what stands on it: (title, path or address, price or None) of each item, in order."""

    html: str
    items: tuple[tuple[str, str, str | None], ...]
    next_path: str = ""
    encoding: str = "utf-8"
    here: str = "/list"


ZH = [
    ("老式收音机 红灯牌 能响", "/item/100231.html", "128"),
    ("九成新山地自行车 自提", "/item/100232.html", "450"),
    ("实木书柜 搬家出 送货", "/item/100233.html", "1200"),
    ("尼康胶片相机 配件齐全", "/item/100234.html", "899.50"),
    ("宜家沙发 双人位 可小刀", "/item/100235.html", "600"),
    ("全套武侠小说 旧版 共36册", "/item/100236.html", "260"),
]
EN = [
    ("Vintage oak writing desk", "/listing/vintage-oak-writing-desk-55121", "1,299.00"),
    ("Mountain bike, barely used", "/listing/mountain-bike-55122", "349.00"),
    ("Set of six dining chairs", "/listing/dining-chairs-55123", "180.50"),
    ("Retro record player with speakers", "/listing/record-player-55124", "95.00"),
    ("Leather travel bag", "/listing/leather-bag-55125", "75.00"),
]
DE = [
    ("Gartentisch aus Teakholz", "/anzeige/gartentisch/7700101", "1.250 €"),
    ("Kinderfahrrad 20 Zoll", "/anzeige/kinderfahrrad/7700102", "85 €"),
    ("Plattenspieler mit Boxen", "/anzeige/plattenspieler/7700103", "VB"),
    ("Regal weiß, sehr gut erhalten", "/anzeige/regal/7700104", "40 € VB"),
    ("Kaffeemaschine, kaum benutzt", "/anzeige/kaffeemaschine/7700105", "129,99 €"),
]
NAV = (
    '<nav><ul><li><a href="/">首页</a></li><li><a href="/c/1">数码产品</a></li><li>'
    '<a href="/c/2">家居用品</a></li><li><a href="/c/3">图书音像</a></li><li>'
    '<a href="/c/4">运动户外</a></li></ul></nav>'
)
FOOT = (
    '<footer><ul><li><a href="/about">关于我们</a></li><li><a href="/help">帮助中心</a></li><li>'
    '<a href="/law">法律声明</a></li><li><a href="/job">诚聘英才</a></li></ul></footer>'
)


def page(body: str, head: str = "", lang: str = "zh") -> str:
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><title>列表</title>{head}</head>'
        f"<body>{NAV}{body}{FOOT}</body></html>"
    )


def rows(items: list[tuple[str, str, str]]) -> tuple[tuple[str, str, str | None], ...]:
    return tuple((title, path, plain(price)) for title, path, price in items)


def plain(price: str) -> str | None:
    """The number that a person reads in a price of these samples."""
    if "€" in price:
        return price.replace(" VB", "").removesuffix(" €").replace(".", "").replace(",", ".")
    return None if price == "VB" else price.replace(",", "")


def each(items: list[tuple[str, str, str]], template: str) -> str:
    return "".join(
        template.replace("{t}", escape(t)).replace("{u}", u).replace("{p}", p).replace("{n}", str(at))
        for at, (t, u, p) in enumerate(items)
    )


def _list_items() -> Sample:
    cards = each(
        ZH,
        (
            '<li class="item"><a href="{u}"><img src="/i/{n}.jpg"></a><h3><a href="{u}">{t}</a>'
            '</h3><p class="price">¥{p}</p><span class="area">山东枣庄</span></li>'
        ),
    )
    return Sample(
        html=page(
            f'<ul class="list">{cards}</ul><div class="page"><a href="/list?page=1">上一页</a>'
            f'<a href="/list?page=3">下一页</a></div>'
        ),
        items=rows(ZH),
        next_path="/list?page=3",
        here="/list?page=2",
    )


def _table() -> Sample:
    cards = each(ZH, '<tr><td><a href="{u}">{t}</a></td><td>{p}元</td><td>济南</td><td>2026-11-0{n}</td></tr>')
    return Sample(
        html=page(f"<table><tr><th>标题</th><th>价格</th><th>地区</th><th>时间</th></tr>{cards}</table>"),
        items=rows(ZH),
    )


def _grid_rows() -> Sample:
    cells = [
        each(
            [one],
            (
                '<div class="col-4"><div class="thing"><div class="pic"><a href="{u}">'
                '<img data-src="/i/{n}.jpg" src="data:image/gif;base64,R0lG"></a></div>'
                '<div class="txt"><a class="nm" href="{u}">{t}</a><div><em>￥</em><strong>{p}</strong>'
                "</div></div></div></div>"
            ),
        )
        for one in ZH
    ]
    lines = "".join(f'<div class="line">{"".join(cells[at : at + 3])}</div>' for at in (0, 3))
    return Sample(html=page(f'<div id="goods">{lines}</div>'), items=rows(ZH))


def _cards_are_links() -> Sample:
    cards = each(
        ZH,
        (
            '<a class="card" href="{u}?spm=a1.b2">'
            '<div class="cover" style="background-image:url(/i/{n}.jpg)"></div><div class="body">'
            '<div class="c-title">{t}</div><div class="c-foot"><span class="c-price">'
            '<i>¥</i>{p}</span><span class="c-user">示例用户{n}</span></div></div></a>'
        ),
    )
    return Sample(html=page(f'<main><div class="feed">{cards}</div></main>'), items=rows(ZH))


def _split_price() -> Sample:
    split = [(t, u, p if "." in p else p + ".00") for t, u, p in ZH]
    cards = "".join(
        (
            f'<div class="g"><a href="{u}" title="{t}"><img src="/i/{n}.png" alt="{t}"></a>'
            f'<div class="g-name"><a href="{u}">{t[:6]}...</a></div><div class="g-price"><b>¥</b>'
            f'<span class="int">{p.split(".")[0]}</span><span class="dec">.{p.split(".")[1]}</span>'
            f"</div><del>¥9999.00</del></div>"
        )
        for n, (t, u, p) in enumerate(split)
    )
    return Sample(html=page(f'<section class="wrap">{cards}</section>'), items=tuple((t, u, p) for t, u, p in split))


def _english() -> Sample:
    cards = each(
        EN,
        (
            '<article class="product-tile"><div class="media"><a href="{u}"><picture>'
            '<source srcset="/i/{n}.webp"><img srcset="/i/{n}.jpg 1x, /i/{n}-2.jpg 2x" alt="">'
            '</picture></a></div><h2 class="product-tile__title"><a href="{u}">{t}</a></h2>'
            '<div class="product-tile__price">'
            '<span class="was">Was $2,499.00</span> <span class="now">${p}</span></div>'
            "<div>Free shipping over $50</div></article>"
        ),
    )
    pager = (
        '<ul class="pagination"><li class="active"><span>1</span></li><li>'
        '<a href="/search?q=desk&amp;page=2">2</a></li><li>'
        '<a href="/search?q=desk&amp;page=3">3</a></li></ul>'
    )
    return Sample(
        html=page(f'<div class="results">{cards}</div>{pager}', lang="en"),
        items=rows(EN),
        next_path="/search?q=desk&page=2",
        here="/search?q=desk",
    )


def _german() -> Sample:
    cards = each(
        DE,
        (
            '<li class="ad-listitem"><article data-href="{u}"><div><h2><a href="{u}">{t}</a></h2>'
            "<p>Beschreibung der Sache, Abholung möglich, Privatverkauf ohne Garantie.</p>"
            '<p class="preis">{p}</p><span>80331 München</span></div></article></li>'
        ),
    )
    return Sample(
        html=page(f'<ul>{cards}</ul><a rel="next" href="/seite:2">Weiter</a>', lang="de"),
        items=rows(DE),
        next_path="/seite:2",
    )


def _advertised() -> Sample:
    cards = [
        each(
            [one],
            (
                '<li class="i"><a class="t" href="{u}">{t}</a><span class="money">{p} 元</span>'
                '<a class="shop" href="/u/55">示例店铺</a></li>'
            ),
        )
        for one in ZH
    ]
    cards.insert(
        2, '<li class="i ad"><a href="https://werbung.example/x?c=1">官方推广：贷款秒批，立即申请领取额度</a></li>'
    )
    cards.insert(5, '<li class="i"><a href="https://werbung.example/x?c=2">点击领取大礼包，全场优惠等你来拿</a></li>')
    return Sample(html=page(f"<ol>{''.join(cards)}</ol>"), items=rows(ZH))


def _with_sidebar() -> Sample:
    cards = each(
        ZH, ('<div class="offer"><a href="{u}"><img src="/i/{n}.jpg">{t}</a><span class="price">¥{p}</span></div>')
    )
    more = "".join(
        (
            f'<div class="mini"><a href="/item/9{n}00.html"><img src="/m/{n}.jpg">热门小商品第{n}件</a>'
            f'<span class="price">¥{n}.00</span></div>'
        )
        for n in range(1, 13)
    )
    return Sample(
        html=page(f'<div class="main">{cards}</div><div class="box"><h3>猜你喜欢</h3>{more}</div>'), items=rows(ZH)
    )


def _microdata() -> Sample:
    cards = each(
        EN,
        (
            '<div itemscope itemtype="https://schema.org/Product"><a itemprop="url" href="{u}">'
            '<span itemprop="name">{t}</span></a><img itemprop="image" src="/i/{n}.jpg">'
            '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
            '<meta itemprop="priceCurrency" content="GBP"><meta itemprop="price" content="{p}">'
            "<span>from £{p}</span></div></div>"
        ),
    )
    return Sample(html=page(f"<div>{cards}</div>", lang="en"), items=rows(EN))


def _json_ld() -> Sample:
    entries = [
        {
            "@type": "ListItem",
            "position": n,
            "item": {
                "@type": "Product",
                "name": t,
                "url": u,
                "image": [f"/i/{n}.jpg"],
                "offers": {"@type": "Offer", "price": p.replace(",", ""), "priceCurrency": "USD"},
            },
        }
        for n, (t, u, p) in enumerate(EN, 1)
    ]
    data = json.dumps(
        {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "name": "Home", "item": "/"}]},
                {"@type": "CollectionPage", "mainEntity": {"@type": "ItemList", "itemListElement": entries}},
            ],
        }
    )
    return Sample(
        html=page(
            '<div id="root">Loading</div>', head=f'<script type="application/ld+json">{data}</script>', lang="en"
        ),
        items=rows(EN),
    )


def _next_state() -> Sample:
    goods = [
        {
            "id": 880000 + n,
            "title": t,
            "detailUrl": u,
            "price": {"value": p.replace(",", ""), "currency": "USD"},
            "seller": {"id": n, "name": f"seller{n}"},
            "images": [{"url": f"/i/{n}.jpg"}],
        }
        for n, (t, u, p) in enumerate(EN)
    ]
    state = {
        "props": {
            "pageProps": {
                "menu": [{"name": f"Category number {n}", "url": f"/c/{n}", "id": n} for n in range(40)],
                "search": {"results": goods, "total": 5},
            }
        },
        "page": "/search",
    }
    return Sample(
        html=page(
            '<div id="__next"></div>',
            head=f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>',
            lang="en",
        ),
        items=rows(EN),
    )


def _window_state() -> Sample:
    goods = [
        {"itemId": f"77{n}", "goodsName": t, "link": u, "priceText": f"￥{p}", "picUrl": f"//img.markt.example/{n}.jpg"}
        for n, (t, u, p) in enumerate(ZH)
    ]
    state = json.dumps({"a": None, "list": {"items": goods}}, ensure_ascii=False).replace("null", "undefined")
    return Sample(
        html=page(
            '<div id="app"></div><script>var t=1;window.__INITIAL_STATE__ = ' + state + ";(function(){})();</script>"
        ),
        items=rows(ZH),
    )


def _gbk() -> Sample:
    cards = each(
        ZH,
        (
            '<dl><dt><a href="{u}" target="_blank">{t}</a></dt><dd>价格：<font color="red">{p}元</font>'
            "</dd><dd>青岛</dd></dl>"
        ),
    )
    pager = '<div class="fenye"><b>1</b> <a href="/list_2.html">[2]</a> <a href="/list_2.html">下页</a></div>'
    return Sample(
        html=page(f'<div class="c">{cards}</div>{pager}'), items=rows(ZH), next_path="/list_2.html", encoding="gbk"
    )


def _big5() -> Sample:
    goods = [
        ("復古收音機 功能正常", "/goods/5511", "1,200"),
        ("實木書櫃 自取優先", "/goods/5512", "3,500"),
        ("單眼相機 附鏡頭", "/goods/5513", "8,800"),
        ("腳踏車 九成新", "/goods/5514", "2,000"),
    ]
    cards = each(
        goods,
        (
            '<div class="box"><div><a href="{u}"><img src="/i/{n}.jpg"></a></div><div class="nm">'
            '<a href="{u}">{t}</a></div><div>NT${p}</div></div>'
        ),
    )
    html = f"<html><head><title>二手市集</title></head><body><div>{cards}</div></body></html>"
    return Sample(html=html, items=rows(goods), encoding="big5")


def _no_prices() -> Sample:
    cards = each(
        ZH,
        (
            '<li><a href="{u}">{t}</a> <span>联系人：示例先生{n}，欢迎来电咨询，诚信经营，量大从优</span>'
            '<span class="date">2026-11-1{n}</span></li>'
        ),
    )
    return Sample(html=page(f'<ul class="info">{cards}</ul>'), items=tuple((t, u, None) for t, u, _ in ZH))


def _clicked() -> Sample:
    cards = each(
        ZH,
        """<div class="cell" onclick="location.href='{u}'"><img data-original="/i/{n}.jpg" src="/img/blank.gif">"""
        '<p class="name">{t}</p><p><span>到手价</span><span class="red">￥{p}</span></p></div>',
    )
    return Sample(html=page(f"<div>{cards}</div>"), items=rows(ZH))


def _deep_tailwind() -> Sample:
    cards = each(
        EN,
        (
            '<div class="flex flex-col p-2 w-1/4"><div class="relative">'
            '<a class="block" href="{u}"><img class="w-full" src="/i/{n}.jpg" alt="{t}"></a>'
            '<button class="absolute">♥</button></div><div class="mt-2">'
            '<a class="text-sm" href="{u}">{t}</a><div class="flex">'
            '<span class="font-bold text-lg">£{p}</span><span class="text-xs">12 sold</span></div>'
            '<a class="text-xs" href="/seller/{n}">seller{n}</a></div></div>'
        ),
    )
    return Sample(html=page(f'<div class="flex flex-wrap">{cards}</div>', lang="en"), items=rows(EN))


def _components() -> Sample:
    cards = each(
        DE,
        '<app-offer class="ng-star-inserted"><mat-card><a href="{u}"><h4 class="mat-title">{t}</h4></a>'
        "<mat-content><span>{p}</span></mat-content></mat-card></app-offer>",
    )
    return Sample(html=page(f"<app-root><app-list>{cards}</app-list></app-root>", lang="de"), items=rows(DE))


def _tables_in_tables() -> Sample:
    cards = each(
        ZH,
        '<tr><td><a href="{u}"><img src="up/{n}.gif" border=0></a></td><td><font size=2><a href="{u}">{t}</a><br>'
        "卖家：示例{n}<br>地区：山东 枣庄</font></td><td><font color=red>￥{p}</font></td></tr>",
    )
    menu = "".join(f"<tr><td><a href=/m{n}>栏目{n}</a></td></tr>" for n in (1, 2))
    html = f"<table><tr><td><table>{menu}</table></td><td><table border=0>{cards}</table></td></tr></table>"
    return Sample(html=f"<html><body>{html}</body></html>", items=rows(ZH))


def _streamed() -> Sample:
    goods = [{"id": 6600 + n, "title": t, "url": u, "price": f"${p}"} for n, (t, u, p) in enumerate(EN)]
    line = json.dumps([1, "0:" + json.dumps({"items": goods})])
    return Sample(html=page(f"<script>self.__next_f.push({line})</script>", lang="en"), items=rows(EN))


def _labelled_titles() -> Sample:
    cards = each(
        ZH,
        '<li class="gl-item" data-sku="{n}"><div class="p-img"><a href="{u}"><img data-lazy-img="/i/{n}.jpg"></a>'
        "</div>"
        '<div class="p-price"><strong><em>￥</em><i>{p}</i></strong></div>'
        '<div class="p-name"><a href="{u}"><em>{t}</em>'
        '<i class="promo-words">限时优惠，买二送一，先到先得</i></a></div>'
        '<div class="p-commit"><a href="{u}#c">2000+</a>条</div>'
        '<div class="p-shop"><a href="//mall.markt.example/index-9{n}.html">示例旗舰店{n}</a></div></li>',
    )
    return Sample(html=page(f'<ul class="gl">{cards}</ul>'), items=rows(ZH))


def _crossed_out() -> Sample:
    cards = each(
        EN,
        '<li class="product instock"><a href="{u}"><img src="/w/{n}.jpg"><h2 class="loop-title">{t}</h2>'
        '<span class="price"><del><bdi>£9,999.00</bdi></del> <ins><span class="amount"><bdi><span>£</span>{p}</bdi>'
        '</span></ins></span></a><a href="?add-to-cart={n}" class="button">Add to basket</a></li>',
    )
    pager = (
        '<nav><ul class="page-numbers"><li><span aria-current="page" class="page-numbers current">1</span></li>'
        '<li><a class="page-numbers" href="/shop/page/2/">2</a></li>'
        '<li><a class="next page-numbers" href="/shop/page/2/">→</a></li></ul></nav>'
    )
    html = page(f'<ul class="products">{cards}</ul>{pager}', lang="en")
    return Sample(html=html, items=rows(EN), next_path="/shop/page/2/")


def _prices_in_titles() -> Sample:
    goods = [
        ("出售手机 500元 自提", "/i/70011", "500"), ("¥20 一本 旧杂志 面交", "/i/70012", "20"),
        ("旧台灯", "/i/70013", "35"),
    ]  # fmt: skip
    cards = each(
        goods, '<li><a class="tt" href="{u}">{t}</a><span class="jg"><b>{p}</b>元</span><span>东城区</span></li>'
    )
    return Sample(html=page(f"<ul>{cards}</ul>"), items=rows(goods))


def _former_price_first() -> Sample:
    cards = each(
        EN, '<li><a href="{u}"><img src="/i/{n}.jpg"></a><a href="{u}">{t}</a><p><s>£2000</s><em>£{p}</em></p></li>'
    )
    return Sample(html=page(f"<ul>{cards}</ul>", lang="en"), items=rows(EN))


SAMPLES: dict[str, Sample] = {
    name.removeprefix("_"): make()
    for name, make in list(globals().items())
    if name.startswith("_") and callable(make) and not name.startswith("__")
}

PARAGRAPH = "这是一段很长的正文，讲的是城市里的旧事和人，没有任何东西出售，只供阅读。" * 6
#: Pages on which nothing is for sale.
NOTHING = {
    "article": page(
        f"<article><h1>旧城的早晨</h1><p>{PARAGRAPH}</p><p>门票曾经只要5元，如今早已不同。{PARAGRAPH}</p></article>"
        + '<div class="related"><h3>相关阅读</h3>'
        + "".join(
            f'<a href="/news/{n}9001.html"><img src="/n/{n}.jpg">另一篇关于旧城的报道第{n}篇</a>' for n in range(1, 7)
        )
        + "</div>"
    ),
    "magazine": page(
        f"<article><h1>旧城的傍晚</h1><p>{PARAGRAPH * 4}</p></article><ul>"
        + "".join(
            f'<li><a href="/story/{n}9001.html"><img src="/n/{n}.jpg">另一篇关于旧城的报道第{n}篇，写得也很长</a></li>'
            for n in range(1, 9)
        )
        + "</ul>"
    ),
    "login": page('<form action="/login"><input name="u"><input type="password" name="p"><button>登录</button></form>'),
    "missing": page("<h1>404</h1><p>您访问的页面不存在</p><a href='/'>返回首页</a>"),
    "no_results": page(
        "<p>很抱歉，没有找到相关商品</p><div class='recommend-list'><h3>为您推荐</h3>"
        + "".join(
            (
                f'<div class="r"><a href="/item/{n}771.html"><img src="/i/{n}.jpg">推荐商品第{n}件</a>'
                f'<b class="price">¥{n}9</b></div>'
            )
            for n in range(1, 9)
        )
        + "</div>"
    ),
    "empty": "",
    "words": "plain text without any markup at all",
    "news": page(
        "<h1>通知公告</h1><ul>" + "".join(f'<li><a href="/notice/{n}">通知</a></li>' for n in range(9)) + "</ul>"
    ),
    "help": page(
        "<h1>常见问题</h1>"
        + "".join(f"<h3>问题{n}</h3><p>{PARAGRAPH}</p>" for n in range(5))
        + "<p>客服电话 000-0000</p>"
    ),
}
