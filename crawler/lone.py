"""The one thing that a page offers, where no structured data says so: its heading, and the price that stands by it."""

import re
from collections.abc import Sequence

from crawler.documents import Document
from crawler.found import Found, address
from crawler.layout import NO_PRICE, PRICE, PRICED_NAME, Layout, names_of, width_of
from crawler.pictures import picture_of

_MOST_LOOKED_AT = 3_000
_SELLER_NAME = re.compile(
    r"seller|shop-?(?:name|title|link)|store-?name|profile-?name|user-?(?:name|nick)|nick|vendor|verkäufer|anbieter",
    re.I,
)
_PLACE_NAME = re.compile(
    r"locality|location|(?:^|[-_])(?:addr(?:ess)?|place|area|city|region|adr)(?:$|[-_ ])", re.IGNORECASE
)
_TEXT_NAME = re.compile(
    r"desc(?:ription)?|detail-?(?:text|content)|beschreibung|intro(?:duction)?|content", re.IGNORECASE
)
_TITLE_NAME = re.compile(
    r"(?:^|[-_ ])(?:meta-?tit|title|tit|item-?name|product-?name|goods-?name|sku-?name|detail-?title)(?:$|[-_ ])",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"^[^\d]{0,12}\d[\d,.' ]*\s*[^\d]{0,12}$")
#: Labels of what has to be paid now, and of other sums beside it.
_TODAYS = re.compile(r"当前价|现价|成交价|售价|一口价|到手价|current (?:bid|price)", re.IGNORECASE)
_OTHERS = re.compile(
    r"起拍|估价|加价|保证金|定金|押金|运费|邮费|原价|定价|市场价|月供|分期|余额|红包|shipping|deposit|was\b|per month",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"出价|竞拍|我要买|place bid|"
    r"立即购买|加入购物车|购物车|我想要|马上抢|立即下单|联系(?:卖家|我们|商家|房东)|卖家|电话|微聊|拨打|上书时间|一口价|"
    r"add to (?:cart|basket|bag)|buy (?:it )?now|in den warenkorb|nachricht schreib|contact seller|verkäufer|anbieter",
    re.IGNORECASE,
)


def lone_offer(document: Document, layout: Layout, cards: Sequence[int] = ()) -> Found | None:
    """The item of its own page; None for a page without a price beside its heading or nothing to buy it with.

    `cards`: elements that are the goods of a list on it. The page's own price stands before them, under its heading; on
    the page of a list that is no price of the frame.
    """
    price = _price(layout, before=min(cards, default=len(layout.elements)))
    title, at = _title(layout, price)
    title = title or ("" if cards else _headline(document, layout))
    told = PRICE.search(title) if price < 0 else None  # boards have it in the subject
    if not title or (price < 0 and not told) or (cards and at > (price if price >= 0 else min(cards))):
        return None
    named = price >= 0 and PRICED_NAME.search(names_of(layout.elements[price]))
    if not named and not _ACTION.search("".join(layout.pieces)[:60_000]):
        return None
    own = document.tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
    return Found(
        title=title,
        url=next((u for u in (address(document.base, str(one)) for one in own[:3]) if u), ""),
        price_text=told[0] if told else layout.text(price),
        seller=_first(layout, _SELLER_NAME, 60),
        place=_first(layout, _PLACE_NAME, 80),
        pictures=_pictures(layout, document.base, at),
        description=_longest(layout),
    )


def _price(layout: Layout, before: int) -> int:
    """The element that is the page's price: short, not aside, named so or with a currency; -1 where there is none."""
    best, worth = -1, 0.0
    for at, element in enumerate(layout.elements[: min(before, _MOST_LOOKED_AT)]):
        width = layout.width(at)
        if layout.aside[at] or not 0 < width <= 40 or layout.ends[at] - at > 6:
            continue
        text, names = layout.text(at), names_of(element)
        amount = PRICE.search(text) is not None or NO_PRICE.match(text) is not None
        named = PRICED_NAME.search(names) is not None and any(char.isdigit() for char in text)
        if not (amount or named) or element.tag in ("del", "s", "strike", "option", "a"):
            continue
        mark = amount + 2.0 * named + bool(_WHOLE.match(text)) - at / len(layout.elements)
        mark += 1.5 * bool(_TODAYS.search(text)) - 1.5 * bool(_OTHERS.search(text))
        if mark > worth:
            best, worth = at, mark
    return best if worth > 1.0 else -1


def _title(layout: Layout, price: int) -> tuple[str, int]:
    """The heading above or beside the price, and its element; empty where the page has none outside its frame."""
    headed = [
        (text, at)
        for at, element in enumerate(layout.elements[:_MOST_LOOKED_AT])
        if element.tag in ("h1", "h2") and not layout.aside[at] and width_of(text := layout.text(at)) >= 4
    ]
    first = next((one for one in headed if layout.elements[one[1]].tag == "h1"), None)
    if first is not None:
        return first
    for at, element in enumerate(layout.elements[:_MOST_LOOKED_AT]):
        if at > price >= 0:
            break
        if not layout.aside[at] and 6 <= layout.width(at) <= 300 and _TITLE_NAME.search(names_of(element)):
            return layout.text(at), at
    above = [one for one in headed if one[1] < price]
    return above[-1] if above else ("", -1)


def _headline(document: Document, layout: Layout) -> str:
    """What the page's head calls it, without the site's name, where the page says so too; else empty."""
    head = document.tree.findtext(".//title") or ""
    said = re.sub(r"\s", "", "".join(layout.pieces)[:60_000])
    parts = (" ".join(part.split()) for part in re.split(r"\s[-|–—]\s|[_|｜]|-(?=[^-]*$)", head[:500]))
    return next((part for part in parts if width_of(part) >= 6 and re.sub(r"\s", "", part) in said), "")


def _first(layout: Layout, named: re.Pattern[str], widest: int) -> str:
    for at, element in enumerate(layout.elements[:_MOST_LOOKED_AT]):
        if not layout.aside[at] and 0 < layout.width(at) <= widest and named.search(names_of(element)):
            text = layout.text(at)
            if not PRICE.search(text) and re.search(r"[^\W\d]", text):
                return text
    return ""


def _longest(layout: Layout) -> str:
    best, width = -1, 20
    for at, element in enumerate(layout.elements[:_MOST_LOOKED_AT]):
        if not layout.aside[at] and _TEXT_NAME.search(names_of(element)) and width < layout.width(at) < 20_000:
            best, width = at, layout.width(at)
    return layout.text(best, 20_000) if best >= 0 else ""


def _pictures(layout: Layout, base: str, after: int) -> tuple[str, ...]:
    found = (
        picture_of(layout.elements[at], base)
        for at in range(len(layout.elements[:_MOST_LOOKED_AT]))
        if not layout.aside[at]
    )
    return tuple(dict.fromkeys(one for one in found if one))[:20]
