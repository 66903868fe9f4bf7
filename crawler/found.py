"""What the general reader has found of one item, and the listing that it makes."""

import hashlib
import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from crawler import values
from crawler.addresses import absolute, canonical
from crawler.prices import read_currency, read_price, tidy_price
from records import Listing, Page, Seller

#: Platform of listings that were read without a definition.
AUTO = "auto"
_ID_PARAMETERS = (
    "id",
    "itemid",
    "item_id",
    "goodsid",
    "goods_id",
    "productid",
    "product_id",
    "pid",
    "sku",
    "nid",
    "tid",
)
_ID_IN_PATH = re.compile(r"\d{4,}")
_NOTHING_TO_PAY = re.compile(r"zu verschenken|^\s*free\s*$|gratis", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One item in the words of its page; what the page does not show is empty."""

    title: str = ""
    #: Absolute and canonical, or empty.
    url: str = ""
    item_id: str = ""
    price_text: str = ""
    #: ISO 4217 where the page names it beside the price.
    currency: str = ""
    seller: str = ""
    seller_url: str = ""
    place: str = ""
    pictures: tuple[str, ...] = ()
    description: str = ""
    published: str = ""

    @property
    def worth(self) -> float:
        """How much of an item this is: title, link, price and picture, in that order of need."""
        linked = 1.5 * bool(self.url) + 0.5 * bool(self.item_id)
        return bool(self.title) * (1.0 + linked + 2.0 * bool(self.price_text) + 0.5 * bool(self.pictures))

    def over(self, other: "Found") -> "Found":
        """These words, and those of `other` where there are none."""
        empty = {name: getattr(other, name) for name in self.__slots__ if not getattr(self, name)}
        return replace(self, **empty)


def address(base: str, link: str) -> str:
    """`link` absolute and canonical; empty when it is no http(s) address."""
    return canonical(absolute(base, link))


def listing_of(found: Found, page: Page, base: str, *, detail: bool = False) -> Listing | None:
    """The listing; None without a title, or without both link and id."""
    title = values.one_line(found.title)
    url = found.url or (address(base, page.final_url) if detail else "")
    item_id = values.identity(found.item_id) or identity_of(url)
    if not title or not item_id:
        return None
    price_text = tidy_price(values.one_line(found.price_text)[:200])
    price = read_price(price_text) if price_text else None
    if price is None and _NOTHING_TO_PAY.search(price_text):
        price = read_price("免费")
    seller = values.one_line(found.seller)[:200]
    return Listing(
        platform=AUTO,
        item_id=item_id,
        url=url,
        title=title,
        description=values.lines(found.description),
        price=price,
        price_text=price_text,
        currency=found.currency or read_currency(price_text),
        seller=Seller(key=f"name:{seller}", name=seller, url=found.seller_url) if seller else None,
        place=values.one_line(found.place)[:200],
        pictures=values.pictures(list(found.pictures), base),
        published_at=values.moment(found.published, page.fetched_at, live=page.fetched_by != "file"),
        detail_read=detail,
    )


def identity_of(url: str) -> str:
    """The item's id as its address shows it: a parameter, a number in the path, the last part; else a checksum."""
    if not url:
        return ""
    parts = urlsplit(url)
    pairs = {name.lower(): value for name, value in parse_qsl(parts.query)}
    named = next((pairs[name] for name in _ID_PARAMETERS if pairs.get(name)), "")
    numbers = _ID_IN_PATH.findall(parts.path)
    last = re.sub(r"\.\w{2,5}$", "", parts.path.rstrip("/").rpartition("/")[2])
    plain = named or (max(numbers, key=len) if numbers else "") or (last if not parts.query else "")
    return values.identity(plain) or hashlib.sha256(url.encode()).hexdigest()[:16]


def distinct(found: list[Found]) -> list[Found]:
    """`found` without repetitions of an address or, lacking one, an id; ids that two addresses share give way."""
    first: dict[str, Found] = {}
    for one in found:
        key = one.url or f"id:{one.item_id or identity_of(one.url)}"
        first[key] = first[key].over(one) if key in first else one
    taken: set[str] = set()
    result = []
    for one in first.values():
        item_id = one.item_id or identity_of(one.url)
        if item_id in taken:
            item_id = hashlib.sha256((one.url or one.title).encode("utf-8", "replace")).hexdigest()[:16]
        taken.add(item_id)
        result.append(replace(one, item_id=item_id))
    return result
