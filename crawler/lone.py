"""The one thing that a page offers, where no structured data says so: its heading, and the price that stands by it."""

import re
from collections.abc import Iterable, Sequence

from crawler.documents import Document
from crawler.found import Found, address
from crawler.layout import NO_PRICE, PRICE, PRICED_NAME, Layout, names_of, width_of
from crawler.marks import RANGE, is_former, per_unit, sign_before, sign_behind
from crawler.pictures import picture_of
from crawler.slots import without_tags

_MOST_LOOKED_AT = 3_000
_MOST_READ = 60_000
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
_TODAYS = re.compile(r"当前价|现价|成交价|售价|一口价|到手价|現在価格|current (?:bid|price)", re.IGNORECASE)
_OTHERS = re.compile(
    r"起拍|估价|加价|保证金|定金|押金|运费|邮费|原价|定价|市场价|月供|分期|余额|红包|税(?!込)|"
    r"shipping|deposit|was\b|per month",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"出价|竞拍|我要买|place bid|出價|入札|"
    r"立即购买|加入购物车|购物车|我想要|马上抢|立即下单|联系(?:卖家|我们|商家|房东)|卖家|电话|微聊|拨打|上书时间|一口价|"
    r"購物車|立即購買|直接購買|購入|カート|買い物かご|구매|장바구니|"
    r"add to (?:cart|basket|bag)|buy (?:it )?now|in den warenkorb|nachricht schreib|contact seller|verkäufer|anbieter|"
    r"send message|kontaktieren|contacter|acheter|ajouter au panier|comprar|al carrito|contactar|acquista|carrello|"
    r"contatta|zadzwoń|wiadomość|do koszyka|kup teraz|купить|в корзин|показать телефон|написать|in winkelwagen|bericht|"
    r"do košíku|kjøp|send melding|köp nu|kundvagn|sepete ekle|satın al|keranjang|beli sekarang",
    re.IGNORECASE,
)
#: Where a seller on a board says what the thing costs.
_ASKED = re.compile(
    r"(?:价格|售价|要价|出价|转让价|一口价|打包价|\basking|\bprice:|\bpreis:|\bprix\s?:|\bprecio:|цена:)"
    rf"[\s:：]{{0,3}}(?:{PRICE.pattern})",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[(（][^)）]*[)）]")
_BASKET = re.compile(
    r"(?<!加入)(?<!放入)(?<!add to )(?:购物[车袋]|購物車|合计|总计|小计|\bcart\b|\bbasket\b|"
    r"warenkorb|panier|carrito|корзин\w*|\b(?:sub)?total\b|item\(s\))\D{0,12}$",
    re.IGNORECASE,
)
_SELLING = re.compile(r"出售|转让|闲置|for sale|\bselling\b|verkaufe|à vendre|\bvendo\b|продам|sprzedam", re.IGNORECASE)
#: Elements that a headline and its price may be apart.
_NEAR = 200
_BESIDE = 20
_TITLED = re.compile(r"title|subject|(?:^|[-_ ])name|headline", re.IGNORECASE)


def lone_offer(document: Document, layout: Layout, cards: Sequence[int] = ()) -> Found | None:
    """The item of its own page; None for a page without a price beside its heading or nothing to buy it with.

    `cards`: elements that are the goods of a list on it. The page's own price stands before them, under its heading; on
    the page of a list that is no price of the frame.
    """
    price = _price(document, layout, before=min(cards, default=len(layout.elements)))
    title, at = _title(layout, price, "".join((document.tree.findtext(".//title") or "").split()))
    if not title and not cards:
        title, at = headline(document, layout)
    asked = _asked(layout, title, at) if title and not cards else ""
    if not title or (price < 0 and not asked) or (cards and not _go_together(layout, at, price, min(cards))):
        return None
    if not (asked and price < 0) and not _is_offered(layout, price):
        return None
    own = document.tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
    return Found(
        title=title,
        url=next((u for u in (address(document.base, str(one)) for one in own[:3]) if u), ""),
        price_text=asked if asked and _is_wordy(layout, price) else _amount(layout, price),
        seller=_first(layout, _SELLER_NAME, 60),
        place=_first(layout, _PLACE_NAME, 80),
        pictures=_pictures(layout, document.base, at),
        description=_longest(layout),
    )


def _go_together(layout: Layout, title: int, price: int, first: int) -> bool:
    """True for a headline before its price, or just behind one that is named so; not for that of a list."""
    if price < 0:
        return title <= first
    return title <= price or (title - price <= _BESIDE and PRICED_NAME.search(_names(layout, price)) is not None)


def _is_offered(layout: Layout, price: int) -> bool:
    """True where the price is named so, or the page says how to buy."""
    named = price >= 0 and PRICED_NAME.search(_names(layout, price))
    return bool(named or _ACTION.search(_said(layout)))


def _said(layout: Layout) -> str:
    """What the page says, from its beginning."""
    return "".join(layout.pieces)[:_MOST_READ]


def _is_wordy(layout: Layout, price: int) -> bool:
    """True for an amount among words, and for none at all."""
    return price < 0 or width_of(PRICE.sub("", layout.text(price))) > 10


def _asked(layout: Layout, title: str, at: int) -> str:
    """What the seller asks in words, as on boards: in the subject, else the first labelled amount below it."""
    said = _said(layout)
    if told := PRICE.search(title):
        return told[0] if _ACTION.search(said) else ""
    if not _ACTION.search(said) and not _SELLING.search(said):
        return ""  # the news tell prices too
    begin = layout.begins[at] if at >= 0 else 0
    labelled = _ASKED.search("".join(layout.pieces[begin : begin + 400])[:8_000])
    told = PRICE.search(labelled[0]) if labelled else None
    return told[0] if told else ""


def _price(document: Document, layout: Layout, before: int) -> int:
    """The element that is the page's price: short, not aside, named so or with a currency; -1 where there is none."""
    named = _named(document, layout)
    last = min(before, len(layout.elements), _MOST_LOOKED_AT)
    inside = _dearest(layout, (at for at in range(last) if not layout.aside[at]), named)
    if inside >= 0 or named < 0:
        return inside
    # shops put what to pay in a column beside the headline
    near = range(named, min(last, named + _NEAR))
    beside = (at for at in near if layout.aside[at] and _is_beside(layout, at))
    return _dearest(layout, (at for at in beside if PRICED_NAME.search(names_of(layout.elements[at]))), named)


def _dearest(layout: Layout, among: Iterable[int], named: int) -> int:
    """The element among these that does best as the price of what `named` names; -1 where none does well enough."""
    best, worth = -1, 0.0
    for at in among:
        if layout.carded[at] or not 0 < layout.width(at) <= 40 or layout.ends[at] - at > 6:
            continue
        mark = _price_mark(layout, at)
        mark -= min(abs(at - named) / _NEAR, 1.0) if mark and named >= 0 else 0.0
        if mark > worth:
            best, worth = at, mark
    return best if worth > 1.0 else -1


def _is_beside(layout: Layout, at: int) -> bool:
    """True in a side column, which may be the buyer's; not among recommendations."""
    while layout.aside[layout.parents[at]]:
        at = layout.parents[at]
    element = layout.elements[at]
    return (
        element.tag == "aside" or re.search(r"\bside(?:bar)?\b", element.get("class") or "", re.IGNORECASE) is not None
    )


def _price_mark(layout: Layout, at: int) -> float:
    element, text = layout.elements[at], layout.text(at)
    names = _names(layout, at)
    signed = sign_before(layout, at, text) or sign_behind(layout, at, text)
    amount = bool(signed) or PRICE.search(text) is not None or NO_PRICE.match(text) is not None
    named = PRICED_NAME.search(names) is not None and any(char.isdigit() for char in text)
    if not (amount or named) or element.tag in ("del", "s", "strike", "option"):
        return 0.0
    if _is_linked(layout, at) or _is_of_basket(layout, at):
        return 0.0
    bare = _BRACKETED.sub("", text).strip()
    mark = amount + 2.0 * named + (1.0 if _WHOLE.match(bare) else 0.0 if bare else -2.0) - at / len(layout.elements)
    mark += 1.5 * bool(_TODAYS.search(bare)) - 1.5 * bool(_OTHERS.search(bare))
    # the amount alone, not the line around it
    mark -= 0.05 * min(len(re.findall(r"[^\W\d_]", PRICE.sub("", bare))), 20)
    several = len({found[0] for found in PRICE.finditer(bare)}) > 1 and not RANGE.search(bare)
    return mark - 2.5 * (is_former(layout, at) or several) - 2.0 * per_unit(layout, at)


def _is_of_basket(layout: Layout, at: int) -> bool:
    """True for what lies in the visitor's basket, which shops show above everything else."""
    before = "".join(layout.pieces[max(layout.begins[at] - 3, 0) : layout.begins[at]]) + layout.text(at)
    amount = re.search(r"\d[\d.,]*\D*$", before)
    return amount is not None and _BASKET.search(before[: amount.start()]) is not None


def _amount(layout: Layout, at: int) -> str:
    """The price as it stands, with the unit that stands beside it; of a line of words only the amount."""
    text = layout.text(at)
    if not _WHOLE.match(text) and (told := PRICE.search(text)):
        return told[0]
    return sign_before(layout, at, text) + text + sign_behind(layout, at, text)


def _names(layout: Layout, at: int) -> str:
    """The names of an element and of the boxes around it that hold nothing else."""
    names, begin, stop = names_of(layout.elements[at]), layout.begins[at], layout.stops[at]
    for _ in range(3):
        at = layout.parents[at]
        if at < 0 or (layout.begins[at], layout.stops[at]) != (begin, stop):
            break
        names += " " + names_of(layout.elements[at])
    return names


def stands_apart(document: Document, layout: Layout, cards: Sequence[int]) -> bool:
    """True where the cards stand under a heading of theirs, behind the page's own headline and price."""
    at = _named(document, layout)
    first = min((card for card in cards if card > at), default=len(layout.elements))
    price = _price(document, layout, before=first)
    if price < 0 or at < 0 or abs(price - at) > _NEAR or at >= first or not layout.width(at):
        return False
    if not _is_offered(layout, price):
        return False
    between = range(max(price, at) + 1, first)
    return any(re.fullmatch(r"h[2-6]", layout.elements[one].tag) for one in between if layout.ends[one] <= first)


def _is_linked(layout: Layout, at: int) -> bool:
    """True inside a link: what a page asks for its own thing leads nowhere else."""
    for _ in range(5):
        if at < 0:
            return False
        if layout.elements[at].tag == "a" and layout.elements[at].get("href"):
            return True
        at = layout.parents[at]
    return False


def _title(layout: Layout, price: int, head: str) -> tuple[str, int]:
    """The heading above or beside the price, and its element; empty where the page has none outside its frame.

    `head`: what the page's head calls it, without blanks; an h2 has to be in it, for there are others.
    """
    headed = [
        (text, at)
        for at, element in enumerate(layout.elements[:_MOST_LOOKED_AT])
        if element.tag in ("h1", "h2") and not layout.aside[at] and width_of(text := layout.text(at)) >= 4
    ]
    first = next((one for one in headed if layout.elements[one[1]].tag == "h1"), None)
    if first is not None:
        return _bare(layout, first[1]), first[1]
    for at, element in enumerate(layout.elements[:_MOST_LOOKED_AT]):
        if at > price >= 0:
            break
        if not layout.aside[at] and 6 <= layout.width(at) <= 300 and _TITLE_NAME.search(names_of(element)):
            return _bare(layout, at), at
    above = [one for one in headed if one[1] < price and (not head or "".join(one[0].split()) in head)]
    return above[-1] if above else ("", -1)


def _bare(layout: Layout, at: int) -> str:
    """The text of a headline; of one that holds more than the name, such as [出售], the part named title."""
    whole = layout.width(at)
    for inner in range(at + 1, layout.ends[at]):
        if 0.5 * whole <= layout.width(inner) < whole and _TITLED.search(names_of(layout.elements[inner])):
            return _bare(layout, inner)
    return without_tags(layout, at) or layout.text(at)


def headline(document: Document, layout: Layout) -> tuple[str, int]:
    """What the page's head calls it, without the site's name, and where the page says so too; else empty.

    The element is -1 where the words stand on the page, though in no element of their own.
    """
    parts = [part for part in parts_of_head(document) if width_of(part) >= 6]
    for at in range(min(len(layout.elements), _MOST_LOOKED_AT)):
        if layout.aside[at] or not 6 <= layout.width(at) <= 300 or _is_linked(layout, at):
            continue
        if (text := layout.text(at)) in parts:
            return text, at
    said = re.sub(r"\s", "", _said(layout))
    return next((part for part in parts if re.sub(r"\s", "", part) in said), ""), -1


def _named(document: Document, layout: Layout) -> int:
    """The element that names what the page is about: its one h1, else what its head calls it; -1 for none."""
    return layout.headline if layout.headline >= 0 else headline(document, layout)[1]


def parts_of_head(document: Document) -> list[str]:
    """What the page's head says, cut where sites put their own name."""
    head = document.tree.findtext(".//title") or ""
    return [" ".join(part.split()) for part in re.split(r"\s[-|–—·]\s|[_|｜]|-(?=[^-]*$)|-(?=价格)|^≥", head[:500])]


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
