"""The fields of cards, told by where they stand: what fills the same slot in many cards is the same field."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from crawler.found import Found, address
from crawler.groups import PASSING_CLASS, Group, is_advertised, link_in, shape_of
from crawler.layout import NO_PRICE, PRICE, PRICED_NAME, Layout, names_of, width_of
from crawler.pictures import picture_of

_MOST_INSIDE = 400
_TITLE_NAME = re.compile(
    r"title|name(?!d)|subject|headline|caption|(?:^|[-_ ])(?:tit|bt|biaoti|mingcheng|desc)(?:$|[-_ ])", re.I
)
_TITLE_NOT = re.compile(
    r"sub-?title|shop|store|seller|user|nick|author|brand|vendor|tag|label|cat(?:egory)?name|subject-?line", re.I
)
_SELLER_NAME = re.compile(
    r"seller|shop|store|vendor|merchant|dealer|owner|nick|author|maijia|verkäufer|anbieter|(?:^|[-_ ])user", re.I
)
_PLACE_NAME = re.compile(
    r"location|locality|(?:^|[-_ ])(?:place|loc|addr|address|area|city|region|province|"
    r"district|where|ort|standort|diqu|"
    r"didian|pos|adr|from)(?:$|[-_ ])|pin",
    re.IGNORECASE,
)
_TIME_NAME = re.compile(r"time|date|publish|posted|fabu|shijian|datum", re.IGNORECASE)
_FORMER_NAME = re.compile(
    r"(?:^|[-_ ])(?:old|orig|origin|original|was|list-?price|market|del|before|through|uvp|"
    r"rrp|regular|line|"
    r"yuanjia|former|previous|compare\w*|retail|strike\w*)(?:$|[-_ ])|oldprice|price-?old",
    re.IGNORECASE,
)
_NOT_PRICE_NAME = re.compile(
    r"ship|freight|deal|sales|sold|count|deposit|save|discount|coupon|postage|versand|tax|rating|review|monthly|instal",
    re.I,
)
_NOT_PRICE_TEXT = re.compile(
    r"运费|邮费|快递|定金|已省|立减|满\s*\d|返|人付款|销量|shipping|delivery|versand|save\b|off\b|/\s*(?:month|monat)|deposit",
    re.I,
)
_TELLING = re.compile(r"title|name|price|seller|shop|place|location|date|time|img|pic", re.IGNORECASE)
_LABEL_NAME = re.compile(r"(?:^|[-_ ])(?:promo|badge|tags?|labels?|icon|ribbon|sticker)(?:$|[-_ ])", re.IGNORECASE)
_FORMER_TAGS = frozenset({"del", "s", "strike"})
_PROVINCE = re.compile(
    r"^(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|"
    r"四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|台湾)(?:省|市|自治区)?"
    r"(?:\S{0,3}|\S{1,6}[市区县州])(?:[ \-·/]+\S{1,10}){0,3}$"
)
_LABELLED = re.compile(
    (
        r"^(?:卖家|店铺|商家|掌柜|seller|sold by|shop|by|verkäufer|anbieter|发货地|所在地|地区|地点|location|"
        r"ort)\s*[:：]?\s+|^(?:卖家|店铺|商家|掌柜|发货地|所在地|地区|地点)[:：]\s*"
    ),
    re.I,
)
_ID_ATTRIBUTES = ("data-id", "data-itemid", "data-item-id", "data-adid", "data-sku", "data-nid", "data-goods-id",
                  "data-product-id", "data-productid", "data-listing-id", "data-pid", "data-infoid")  # fmt: skip


@dataclass(slots=True)
class Spot:
    """One element of a card that may be a field."""

    at: int
    slot: str
    text: str
    #: Score as each field, by the element alone.
    marks: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Card:
    """One card taken apart."""

    at: int
    spots: list[Spot] = field(default_factory=list)
    #: Address → (times linked, widest text, shape, as written).
    links: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    #: Element numbers of links, by address.
    anchors: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What a group gave: its items in order, and which slot each field stood in."""

    found: tuple[Found, ...]
    #: Element number of each item's card.
    cards: tuple[int, ...]
    slots: dict[str, str]
    #: Element number of each field of each item, by the field's name; items in the order of `found`.
    places: tuple[dict[str, int], ...]
    group: Group

    @property
    def worth(self) -> float:
        """The group's own score, less what its cards do not hold."""
        return self.group.score * sum(one.worth for one in self.found) / (5.0 * max(len(self.group.members), 1))


def read_group(layout: Layout, group: Group, base: str) -> Read:
    """The items of a group; a part that has neither title nor link is none."""
    advertised = sum(is_advertised(layout.elements[at]) for at in group.members) < 0.5 * len(group.members)
    members = [
        at
        for at in group.members
        if not (advertised and is_advertised(layout.elements[at]) and not layout.count(layout.prices, at))
    ]
    cards = [_card(layout, at, base) for at in members]
    urls = _item_links(cards)
    slots = {name: _slot(cards, name) for name in ("title", "price", "seller", "place", "published")}
    found = [_found(layout, card, url, slots, base) for card, url in zip(cards, urls, strict=True)]
    kept = [(one, card) for one, card in zip(found, cards, strict=True) if one.title and (one.url or one.item_id)]
    kept = _without_strangers(kept)
    return Read(
        found=tuple(one for one, _ in kept),
        cards=tuple(card.at for _, card in kept),
        slots=slots,
        places=tuple(_places(card, one.url, slots) for one, card in kept),
        group=group,
    )


def _places(card: Card, url: str, slots: dict[str, str]) -> dict[str, int]:
    spots = {name: _picked(card, name, slot) for name, slot in slots.items()}
    places = {name: spot.at for name, spot in spots.items() if spot is not None}
    return places | ({"url": card.anchors[url][0]} if card.anchors.get(url) else {})


def _without_strangers(kept: list[tuple[Found, Card]]) -> list[tuple[Found, Card]]:
    """Without advertisements: no price among the priced, and an address of another kind than nearly all others."""
    shapes = Counter(shape_of(one.url) for one, _ in kept)
    if (
        not kept
        or max(shapes.values()) < 0.6 * len(kept)
        or sum(bool(one.price_text) for one, _ in kept) < 0.6 * len(kept)
    ):
        return kept
    return [(one, at) for one, at in kept if one.price_text or shapes[shape_of(one.url)] > 0.34 * len(kept)]


def slot_of(layout: Layout, at: int, root: int) -> str:
    """Where an element stands in its card: its tag and first lasting class, else under its parent's."""
    steps: list[str] = []
    while at > root and len(steps) < 4:
        element = layout.elements[at]
        classes = [one for one in (element.get("class") or "")[:300].split()[:8] if _is_lasting(one)]
        # a class that says what stands there before one that says how it looks
        lasting = next((one for one in classes if _TELLING.search(one)), classes[0] if classes else "")
        steps.append(f"{element.tag}.{lasting}" if lasting else element.tag)
        if lasting or element.get("itemprop"):
            break
        at = layout.parents[at]
    return ">".join(reversed(steps)) or "."


def _is_lasting(name: str) -> bool:
    return not PASSING_CLASS.search(name) and re.fullmatch(r"[A-Za-z_][\w-]{1,60}", name) is not None


def _card(layout: Layout, at: int, base: str) -> Card:
    card = Card(at=at)
    for inner in range(at, min(layout.ends[at], at + _MOST_INSIDE)):
        element = layout.elements[inner]
        link = address(base, link_in(element)) if element.tag == "a" or inner == at else ""
        if link:
            times, width, _ = card.links.get(link, (0, 0, ""))
            card.links[link] = (times + 1, max(width, min(layout.width(inner), 60)), shape_of(link))
            card.anchors[link].append(inner)
        width = layout.width(inner)
        spoken = (element.get("title") or "") if element.tag == "a" else ""
        if 0 < width <= 1_200 or spoken:
            card.spots.append(_spot(layout, inner, at))
    if not card.links:
        _borrow_link(layout, card, base)
    return card


def _borrow_link(layout: Layout, card: Card, base: str) -> None:
    """A card inside a link: the link around it, or attributes of things inside."""
    above = layout.parents[card.at]
    around = [above] if above >= 0 and layout.elements[above].tag == "a" else []
    for inner in (*around, *range(card.at, min(layout.ends[card.at], card.at + 60))):
        if link := address(base, link_in(layout.elements[inner])):
            card.links[link] = (1, 10, shape_of(link))
            card.anchors[link].append(inner)
            return


def _spot(layout: Layout, at: int, root: int) -> Spot:
    element, text = layout.elements[at], layout.text(at)
    names = names_of(element)
    leaf = layout.ends[at] - at <= 6
    spot = Spot(at=at, slot=slot_of(layout, at, root), text=text)
    price = _price_mark(layout, at, element, text, names)
    if price > 0:
        spot.marks["price"] = price
    if width_of(PRICE.sub("", text)) >= max(6, 0.4 * width_of(text)):
        spot.marks["title"] = _title_mark(layout, at, element, text, names)
    if not leaf or price > 2 or at == root:
        return spot
    if width_of(text) <= 60 and (_SELLER_NAME.search(names) or element.get("itemprop") == "seller"):
        spot.marks["seller"] = 3.0 + (element.tag in ("a", "span", "em", "b")) - 0.01 * width_of(text)
    if width_of(text) <= 80 and not PRICE.search(text):
        placed = 2.0 * bool(_PROVINCE.match(text)) + 2.0 * bool(_PLACE_NAME.search(names) or _has_pin(layout, at))
        if placed and not re.fullmatch(r"[\d\W]*", text):
            spot.marks["place"] = placed - 0.01 * width_of(text)
    if element.tag == "time" or _TIME_NAME.search(names):
        spot.marks["published"] = 2.0 + 2.0 * (element.tag == "time")
    return spot


def _has_pin(layout: Layout, at: int) -> bool:
    """True where a small icon in front of the text is a pin on a map."""
    inner = range(at + 1, min(layout.ends[at], at + 3))
    return any(
        re.search(r"(?:^|[-_ ])(?:pin|location|map|marker)", names_of(layout.elements[one]), re.I) for one in inner
    )


def _price_mark(layout: Layout, at: int, element: Any, text: str, names: str) -> float:
    width = width_of(text)
    if width > 60 or not width:
        return 0.0
    if NO_PRICE.match(text):
        return 2.5
    named = PRICED_NAME.search(names) is not None
    amount = PRICE.search(text)
    if not (amount or (named and re.search(r"\d", text))):
        return 0.0
    mark = 3.0 * named + 2.0 * bool(amount) + 1.0 - 0.03 * width
    if element.tag in _FORMER_TAGS or _FORMER_NAME.search(names) or _is_former(layout, at):
        mark -= 5.0
    amounts = {found[0] for found in PRICE.finditer(text)}
    mark += 1.0 * (len(re.findall(r"[^\W\d_]", PRICE.sub("", text))) <= 2)
    if len(amounts) > 1 and not re.search(r"\d\s*(?:[-–~—至到]|to|bis)\s*\W{0,2}\d", text):
        mark -= 2.5  # the price of today beside the former one: each stands in an element of its own
    if _NOT_PRICE_NAME.search(names) or _NOT_PRICE_TEXT.search(text):
        mark -= 3.0
    return mark


def _is_former(layout: Layout, at: int) -> bool:
    """True inside what is crossed out, looking up two levels."""
    for _ in range(2):
        at = layout.parents[at]
        if at < 0:
            return False
        above = layout.elements[at]
        if above.tag in _FORMER_TAGS or (_FORMER_NAME.search(names_of(above)) and layout.width(at) < 30):
            return True
    return False


def _title_mark(layout: Layout, at: int, element: Any, text: str, names: str) -> float:
    width = width_of(text)
    if width < 4 or not re.search(r"[^\W\d_]", text):
        return -1.0
    mark = min(width, 40) / 20 - max(width - 120, 0) / 80
    mark += 3.0 * (element.tag in ("h1", "h2", "h3", "h4", "h5", "h6"))
    mark += 2.5 * (_TITLE_NAME.search(names) is not None) - 4.0 * (_TITLE_NOT.search(names) is not None)
    mark += 1.5 * (element.tag == "a" or layout.elements[layout.parents[at]].tag == "a")
    mark -= 2.0 * bool(_PLACE_NAME.search(names) or _TIME_NAME.search(names) or _PROVINCE.match(text))
    return float(mark - 0.4 * min(layout.ends[at] - at - 1, 10))  # a box of several things is none of them


def _item_links(cards: list[Card]) -> list[str]:
    """The address of each card's item: its own, not one that others carry too, of the kind that most cards have."""
    carried = Counter(link for card in cards for link in card.links)
    most = max(2, len(cards) // 10)
    kinds: Counter[str] = Counter()
    for card in cards:
        for shape in {shape for link, (_, _, shape) in card.links.items() if carried[link] <= most}:
            kinds[shape] += 1
    best = []
    for card in cards:
        own = [link for link in card.links if carried[link] <= most] or list(card.links)

        def fitness(link: str, card: Card = card) -> float:
            times, width, shape = card.links[link]
            return times + width / 12 + 3.0 * kinds[shape] / max(len(cards), 1) + 0.5 * bool(re.search(r"\d{3,}", link))

        best.append(max(own, key=fitness, default=""))
    return best


def _slot(cards: list[Card], name: str) -> str:
    """The slot in which most cards hold the field `name`; empty when none of them does."""
    total: dict[str, float] = defaultdict(float)
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for card in cards:
        once: set[str] = set()
        for spot in card.spots:
            mark = spot.marks.get(name, 0.0)
            if mark > 0 and spot.slot not in once:
                once.add(spot.slot)
                total[spot.slot] += mark
                said[spot.slot][spot.text] += 1
    if not total:
        return ""
    # titles differ from card to card; 立即购买 does not
    varied = {slot: len(said[slot]) / sum(said[slot].values()) if name == "title" else 1.0 for slot in total}
    return max(total, key=lambda slot: total[slot] * varied[slot] ** 2)


def _picked(card: Card, name: str, slot: str) -> Spot | None:
    """The spot in the slot, or the best one of this card where the slot is empty here."""
    marked = [spot for spot in card.spots if spot.marks.get(name, 0.0) > 0]
    fitting = [spot for spot in marked if spot.slot == slot]
    if fitting:
        return fitting[0]
    return max((spot for spot in marked if spot.marks[name] > 1.2), key=lambda one: one.marks[name], default=None)


def _pick(card: Card, name: str, slot: str) -> str:
    spot = _picked(card, name, slot)
    return spot.text if spot else ""


def _found(layout: Layout, card: Card, url: str, slots: dict[str, str], base: str) -> Found:
    element = layout.elements[card.at]
    identity = next((element.get(name) for name in _ID_ATTRIBUTES if element.get(name)), "")
    return Found(
        title=_title(layout, card, url, slots["title"]),
        url=url,
        item_id=(identity or "") if re.search(r"\d", identity or "") else "",
        price_text=_pick(card, "price", slots["price"]),
        seller=_LABELLED.sub("", _pick(card, "seller", slots["seller"])),
        place=_LABELLED.sub("", _pick(card, "place", slots["place"])),
        pictures=_pictures(layout, card, base),
        published=_moment(layout, card, slots["published"]),
    )


def _title(layout: Layout, card: Card, url: str, slot: str) -> str:
    spot = _picked(card, "title", slot)
    text = _without_tags(layout, spot.at) or spot.text if spot else ""
    anchors = [layout.elements[at] for at in card.anchors.get(url, ())]
    spoken = next((a.get("title").strip() for a in anchors if (a.get("title") or "").strip()), "")
    shown = text.rstrip(". …")
    # a title that the page cuts short stands whole in the attribute
    if spoken and (not text or (text != shown and spoken.startswith(shown[:-1]))):
        return spoken
    if text:
        return text
    inside = range(card.at, min(layout.ends[card.at], card.at + _MOST_INSIDE))
    return next((alt for alt in ((layout.elements[at].get("alt") or "").strip() for at in inside) if len(alt) > 3), "")


def _without_tags(layout: Layout, at: int) -> str:
    """The text of a title without the labels that a shop sets into it; the whole where nothing else is left."""
    begin, stop = layout.begins[at], layout.stops[at]
    left: list[str] = []
    for inner in range(at + 1, min(layout.ends[at], at + 30)):
        if _LABEL_NAME.search(layout.elements[inner].get("class") or "") and layout.begins[inner] >= begin:
            left += layout.pieces[begin : layout.begins[inner]]
            begin = layout.stops[inner]
    if not left and begin == layout.begins[at]:
        return ""
    text = " ".join("".join([*left, *layout.pieces[begin:stop]][:200]).split())
    return text if width_of(text) >= 4 else ""


def _moment(layout: Layout, card: Card, slot: str) -> str:
    for spot in card.spots:
        if spot.marks.get("published") and spot.slot == slot:
            return layout.elements[spot.at].get("datetime") or spot.text
    return ""


def _pictures(layout: Layout, card: Card, base: str) -> tuple[str, ...]:
    inside = range(card.at, min(layout.ends[card.at], card.at + _MOST_INSIDE))
    found = (picture_of(layout.elements[at], base) for at in inside)
    return tuple(dict.fromkeys(one for one in found if one))[:10]
