"""What a page says of its items in schema.org words: JSON-LD, microdata, OpenGraph."""

from collections.abc import Iterator
from typing import Any

from crawler import values
from crawler.documents import Document
from crawler.found import Found, address
from crawler.layout import Layout
from crawler.pictures import picture_of

_MOST_THINGS = 2_000
#: Things that are offered; everything that carries offers counts too.
_OFFERED = frozenset(
    (
        "Product", "IndividualProduct", "ProductModel", "ProductGroup", "SomeProducts", "Offer", "AggregateOffer",
        "Vehicle", "Car", "Motorcycle", "Book", "Apartment", "House", "Accommodation", "RealEstateListing",
        "Residence", "SingleFamilyResidence",
    )
)  # fmt: skip
_NO_ITEMS = frozenset(
    [
        "BreadcrumbList",
        "WebSite",
        "WebPage",
        "Organization",
        "Person",
        "SearchAction",
        "ImageObject",
        "SiteNavigationElement",
        "FAQPage",
    ]
)


def from_json_ld(document: Document) -> tuple[list[Found], list[Found]]:
    """Items of lists, and items that stand for themselves (usually the one that the page is about)."""
    return _sorted_out(document.things(), document.base)


def from_microdata(document: Document, layout: Layout) -> tuple[list[Found], list[Found]]:
    """The same from microdata."""
    return _sorted_out(_microdata(layout, document.base), document.base)


def from_open_graph(document: Document) -> Found | None:
    """The item that a page's meta tags are about; None where they say of no product."""
    if document.tree is None:
        return None
    said: dict[str, str] = {}
    for meta in document.tree.xpath("//meta[@property or @name]")[:300]:
        name = (meta.get("property") or meta.get("name") or "").lower()
        said.setdefault(name, meta.get("content") or "")
    amount = next(
        (said[n] for n in ("product:price:amount", "og:price:amount", "product:sale_price:amount") if said.get(n)), ""
    )
    if not said.get("og:title") or not (amount or "product" in said.get("og:type", "")):
        return None
    currency = next((said[n] for n in ("product:price:currency", "og:price:currency") if said.get(n)), "")
    return Found(
        title=said["og:title"],
        url=address(document.base, said.get("og:url", "")),
        price_text=_priced(amount, currency),
        currency=_iso(currency),
        pictures=tuple(filter(None, [address(document.base, said.get("og:image", ""))])),
        description=said.get("og:description", ""),
        item_id=said.get("product:retailer_item_id", ""),
    )


def _types(thing: dict[str, Any]) -> set[str]:
    named = thing.get("@type", "")
    listed = named if isinstance(named, list) else [named]
    return {str(one).rstrip("/").rpartition("/")[2].rpartition(":")[2] for one in listed[:10]}


def _sorted_out(things: list[dict[str, Any]], base: str) -> tuple[list[Found], list[Found]]:
    listed: list[Found] = []
    alone: list[Found] = []
    for thing in things[:_MOST_THINGS]:
        types = _types(thing)
        if (types & _NO_ITEMS and not {"itemListElement", "mainEntity"} & set(thing)) or "BreadcrumbList" in types:
            continue
        if members := list(_members(thing)):
            found = (_from_thing(one, base) for one in members[:_MOST_THINGS])
            listed += [one for one in found if one is not None]
        elif (types & _OFFERED or ("offers" in thing and "name" in thing)) and not _is_summary(thing):
            one = _from_thing(thing, base)
            if one is not None:
                alone.append(one)
    return listed, alone


def _is_summary(thing: dict[str, Any]) -> bool:
    """True for a whole list told as one product, as search engines like it: so many offers, from so much to so much."""
    offer = _offer(thing)
    own = any(_said(thing.get(name)) for name in ("url", "sku", "mpn", "gtin", "gtin13", "productID", "description"))
    count = _said(offer.get("offerCount"))
    return "lowPrice" in offer and count.isdigit() and int(count[:9]) > 1 and not own


def _members(thing: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The things of an ItemList, wherever the page puts it."""
    for holder in (thing, thing.get("mainEntity"), thing.get("about")):
        if not isinstance(holder, dict):
            continue
        entries = holder.get("itemListElement")
        if isinstance(entries, dict):
            entries = [entries]
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                item = entry.get("item")
                inner = item if isinstance(item, dict) else {"url": item} if isinstance(item, str) else {}
                yield {**{k: v for k, v in entry.items() if k not in ("item", "@type", "position", "@id")}, **inner}
    offers = thing.get("offers")
    inside = offers.get("itemOffered") if isinstance(offers, dict) else None
    for one in inside if isinstance(inside, list) else ():
        if isinstance(one, dict):
            yield one


def _from_thing(thing: dict[str, Any], base: str) -> Found | None:
    offered = thing.get("itemOffered")
    if isinstance(offered, dict):
        thing = {
            **offered,
            "offers": {k: v for k, v in thing.items() if k != "itemOffered"},
            "url": thing.get("url") or offered.get("url"),
        }
    offer = _offer(thing)
    title = _said(thing.get("name")) or _said(thing.get("title")) or _said(thing.get("headline"))
    url = next(
        (u for u in (address(base, _said(v)) for v in (thing.get("url"), offer.get("url"), thing.get("@id"))) if u), ""
    )
    amount, currency = _amount(offer)
    if not title:
        return None
    seller = offer.get("seller") or thing.get("seller") or offer.get("offeredBy")
    return Found(
        title=title,
        url=url,
        item_id=next((s for s in (_said(thing.get(n)) for n in ("sku", "productID", "identifier", "mpn")) if s), ""),
        price_text=_priced(amount, currency),
        currency=_iso(currency),
        seller=_name(seller),
        place=_place(
            offer.get("availableAtOrFrom") or offer.get("areaServed") or thing.get("address") or thing.get("location")
        ),
        pictures=_pictures(thing.get("image"), base),
        description=_said(thing.get("description")),
        published=_said(thing.get("datePublished") or thing.get("releaseDate") or thing.get("datePosted")),
    )


def _offer(thing: dict[str, Any]) -> dict[str, Any]:
    offers = thing.get("offers")
    if isinstance(offers, list):
        offers = next((one for one in offers if isinstance(one, dict)), None)
    if isinstance(offers, dict):
        inner = offers.get("offers")
        first = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else {}
        return {**first, **offers}
    return thing if "price" in thing or "lowPrice" in thing or "seller" in thing else {}


def _amount(offer: dict[str, Any]) -> tuple[str, str]:
    detail = offer.get("priceSpecification")
    detail = detail[0] if isinstance(detail, list) and detail else detail
    holders = [offer, detail] if isinstance(detail, dict) else [offer]
    for holder in holders:
        amount = next((s for s in (_said(holder.get(name)) for name in ("price", "lowPrice", "minPrice")) if s), "")
        if amount:
            return amount, _said(holder.get("priceCurrency")) or _said(offer.get("priceCurrency"))
    return "", ""


def _priced(amount: str, currency: str) -> str:
    """The amount with the sign of its currency before it, as a page would show it."""
    signs = {"CNY": "¥", "EUR": "€", "USD": "$", "GBP": "£"}
    bare = amount.replace(".", "").replace(",", "").isdigit()
    return f"{signs.get(_iso(currency), _iso(currency) + ' ' if currency else '')}{amount}" if bare else amount


def _iso(currency: str) -> str:
    code = {"RMB": "CNY", "¥": "CNY", "￥": "CNY", "€": "EUR", "$": "USD", "£": "GBP"}.get(
        currency.strip().upper(), currency.strip().upper()
    )
    return code if len(code) == 3 and code.isascii() and code.isalpha() else ""


def _said(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("@id") or value.get("url") or ""
    return values.plain(value)[:20_000] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _name(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return _said(value.get("name")) if isinstance(value, dict) else _said(value)


def _place(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if not isinstance(value, dict):
        return _said(value)
    where = value.get("address", value)
    if isinstance(where, dict):
        parts = (_said(where.get(name)) for name in ("addressRegion", "addressLocality"))
        return " ".join(dict.fromkeys(part for part in parts if part)) or _said(value.get("name"))
    return _said(where)


def _pictures(value: Any, base: str) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    written = (one.get("url") or one.get("contentUrl") if isinstance(one, dict) else one for one in listed[:20])
    return tuple(filter(None, (address(base, _said(one)) for one in written)))


def _microdata(layout: Layout, base: str) -> list[dict[str, Any]]:
    """The outermost itemscopes of a page as JSON-LD would write them."""
    scope_of: list[int] = []
    scopes: dict[int, dict[str, Any]] = {}
    outermost: list[dict[str, Any]] = []
    for at, element in enumerate(layout.elements):
        above = scope_of[layout.parents[at]] if layout.parents[at] >= 0 else -1
        name = (element.get("itemprop") or "").split()
        if element.get("itemscope") is not None and len(scopes) < 3 * _MOST_THINGS:
            scopes[at] = {"@type": element.get("itemtype") or ""}
            scope_of.append(at)
            value: Any = scopes[at]
            if above < 0 or not name:
                outermost.append(scopes[at])
        else:
            scope_of.append(above)
            value = _property(layout, at, element, base) if name else ""
        if above >= 0 and value:
            for one in name[:4]:
                _add(scopes[above], one, value)
    return outermost


def _add(scope: dict[str, Any], name: str, value: Any) -> None:
    if name not in scope:
        scope[name] = value
    elif isinstance(scope[name], list):
        scope[name].append(value)
    elif name in ("image", "offers", "itemListElement"):
        scope[name] = [scope[name], value]


def _property(layout: Layout, at: int, element: Any, base: str) -> str:
    for name in ("content", "datetime", "href"):
        if element.get(name):
            return str(element.get(name)).strip()
    return picture_of(element, base) if element.tag == "img" else layout.text(at, 2_000)
