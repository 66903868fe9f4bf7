"""The fields of cards, told by where they stand: what fills the same slot in many cards is the same field."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crawler.found import Found, address
from crawler.groups import PASSING_CLASS, Group, is_advertised, link_in, shape_of
from crawler.layout import BARE_NUMBER, PRICE, Layout, names_of, width_of
from crawler.marks import marks_of, sign_before, sign_behind
from crawler.pictures import picture_of

_MOST_INSIDE = 400
_WIDEST_PRICE = 30
_TELLING = re.compile(r"title|name|price|seller|shop|place|location|date|time|img|pic", re.IGNORECASE)
_LABEL_NAME = re.compile(
    r"(?:^|[-_ ])(?:promo|badge|highlight|tags?|labels?|icon|ribbon|sticker|sr-?only|visually-?hidden|"
    r"clipped|off-?screen|screen-?reader\w*|a11y)(?:$|[-_ ])",
    re.IGNORECASE,
)
_PINNED = re.compile(
    r"(?:^|[-_ ])(?:global-?)?(?:sticky?|stickthread|announce(?:ment)?|gonggao)(?:$|[-_ ])", re.IGNORECASE
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
    marks: dict[str, float]


@dataclass(slots=True)
class Card:
    """One card taken apart."""

    at: int
    spots: list[Spot] = field(default_factory=list)
    #: Address → (times linked, widest text, shape, as written).
    links: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    #: What other cards call their links too: "View listing" is no title.
    common: frozenset[str] = frozenset()
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
    members = _without_pinned(layout, _without_advertised(layout, group.members))
    cards = [_card(layout, at, base) for at in members]
    urls = _item_links(layout, cards)
    common = _common(layout, cards)
    for card, url in zip(cards, urls, strict=True):
        card.common = common
        _heed_link(card, url)
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


def label_of_link(element: Any) -> str:
    """What the page reads out for a link."""
    return " ".join((element.get("aria-label") or "").split())


def _common(layout: Layout, cards: list[Card]) -> frozenset[str]:
    said = Counter(
        label
        for card in cards
        for label in {label_of_link(layout.elements[at]) for anchors in card.anchors.values() for at in anchors}
    )
    return frozenset(label for label, times in said.items() if times > max(1, len(cards) // 4))


def _without_advertised(layout: Layout, members: Sequence[int]) -> list[int]:
    told = [at for at in members if is_advertised(layout.elements[at])]
    if 2 * len(told) >= len(members):
        return list(members)
    return [at for at in members if at not in told or layout.count(layout.prices, at)]


def _without_pinned(layout: Layout, members: list[int]) -> list[int]:
    """Without the rules and announcements that a board keeps on top of what people offer."""
    pinned = {at for at in members if _PINNED.search(names_of(layout.elements[at]))}
    return [at for at in members if at not in pinned] if 3 * len(pinned) < len(members) else members


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
            card.spots.append(
                Spot(
                    at=inner,
                    slot=slot_of(layout, inner, at),
                    text=layout.text(inner),
                    marks=marks_of(layout, inner, at),
                )
            )
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


def _item_links(layout: Layout, cards: list[Card]) -> list[str]:
    """The address of each card's item: its own, not one that others carry too, of the kind that most cards have."""
    carried = Counter(link for card in cards for link in card.links)
    most = max(2, len(cards) // 10)
    kinds: Counter[str] = Counter()
    for card in cards:
        for shape in {shape for link, (_, _, shape) in card.links.items() if carried[link] <= most}:
            kinds[shape] += 1
    best = []
    titled = _slot(cards, "title")
    for card in cards:
        leading = _leading(layout, card, titled)
        own = [link for link in card.links if carried[link] <= most] or list(card.links)

        def fitness(link: str, card: Card = card, leading: frozenset[str] = leading) -> float:
            times, width, shape = card.links[link]
            told = 2.0 * (link in leading) + 0.5 * bool(re.search(r"\d{3,}", link))
            return times + width / 12 + 3.0 * kinds[shape] / max(len(cards), 1) + told

        best.append(max(own, key=fitness, default=""))
    return best


def _leading(layout: Layout, card: Card, slot: str) -> frozenset[str]:
    """The addresses whose links hold what is likeliest the card's title, or stand in it."""
    spot = _picked(card, "title", slot)
    if spot is None:
        return frozenset()
    begin, end = spot.at, layout.ends[spot.at]
    held = (
        link
        for link, anchors in card.anchors.items()
        if any(at <= begin < layout.ends[at] or begin <= at < end for at in anchors)
    )
    return frozenset(held)


def _heed_link(card: Card, url: str) -> None:
    """What leads to the item is likelier its title than what stands beside it."""
    leading = set(card.anchors.get(url, ()))
    for spot in card.spots:
        if spot.at in leading and spot.marks.get("title", 0.0) > 1.5:
            spot.marks["title"] += 1.5


def _slot(cards: list[Card], name: str) -> str:
    """The slot in which most cards hold the field `name`; empty when none of them does."""
    total: dict[str, float] = defaultdict(float)
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for card in cards:
        for slot, spots in _marked(card, name).items():
            spot = _foremost(spots, name)
            total[slot] += spot.marks[name]
            said[slot][spot.text] += 1
    if not total:
        return ""
    # titles differ from card to card; 立即购买 does not
    varied = {slot: len(said[slot]) / sum(said[slot].values()) if name == "title" else 1.0 for slot in total}
    return max(total, key=lambda slot: total[slot] * varied[slot] ** 2)


def _marked(card: Card, name: str) -> dict[str, list[Spot]]:
    """What may be the field, by slot."""
    found: dict[str, list[Spot]] = defaultdict(list)
    for spot in card.spots:
        if spot.marks.get(name, 0.0) > 0:
            found[spot.slot].append(spot)
    return found


def _foremost(spots: list[Spot], name: str) -> Spot:
    """Of what stands in one slot of a card the first that does well: the best price, a title nearly as good as any."""
    best = max(spot.marks[name] for spot in spots)
    enough = best if name == "price" else 0.6 * best
    return next(spot for spot in spots if spot.marks[name] >= enough)


def _picked(card: Card, name: str, slot: str) -> Spot | None:
    """The spot in the slot, or the best one of this card where the slot is empty here."""
    marked = _marked(card, name)
    if slot in marked:
        return _foremost(marked[slot], name)
    others = (spot for spots in marked.values() for spot in spots if spot.marks[name] > 1.2)
    return max(others, key=lambda one: one.marks[name], default=None)


def _pick(card: Card, name: str, slot: str) -> str:
    spot = _picked(card, name, slot)
    return spot.text if spot else ""


def _found(layout: Layout, card: Card, url: str, slots: dict[str, str], base: str) -> Found:
    element = layout.elements[card.at]
    identity = next((element.get(name) for name in _ID_ATTRIBUTES if element.get(name)), "")
    title = _title(layout, card, url, slots["title"])
    return Found(
        title=title,
        url=url,
        item_id=(identity or "") if re.search(r"\d", identity or "") else "",
        price_text=_price(layout, card, slots["price"], title),
        seller=_LABELLED.sub("", _pick(card, "seller", slots["seller"])),
        place=_LABELLED.sub("", _pick(card, "place", slots["place"])),
        pictures=_pictures(layout, card, base),
        published=_moment(layout, card, slots["published"]),
    )


def _price(layout: Layout, card: Card, slot: str, title: str) -> str:
    """As it stands, or as the title says; with the unit beside a number in an element of its own: <b>1.2</b>万元."""
    spot = _picked(card, "price", slot)
    if spot is None or width_of(spot.text) > _WIDEST_PRICE:  # told in a line of words, as boards do
        told = PRICE.search(spot.text if spot else title)
        return told[0] if told else spot.text if spot else ""
    if counted := told_in(spot.text):
        return counted
    around = layout.parents[spot.at]
    if sign := sign_before(layout, spot.at, spot.text):
        return sign + spot.text
    if unit := sign_behind(layout, spot.at, spot.text):
        return spot.text + unit
    if not BARE_NUMBER.match(spot.text) or around < card.at or layout.width(around) > 24:
        return spot.text
    text = layout.text(around)
    return text if re.sub(r"\D", "", text) == re.sub(r"\D", "", spot.text) else spot.text


def told_in(text: str) -> str:
    """The amount in a line that says other numbers before it: 80元 of "MF47 80元/块"; empty for any other line."""
    told = PRICE.search(text)
    counted = told and re.search(r"[^\W\d_]\W*\d+\W*$", text[: told.start()])
    return told[0] if told and counted else ""


def _title(layout: Layout, card: Card, url: str, slot: str) -> str:
    spot = _picked(card, "title", slot)
    text = without_tags(layout, spot.at) or spot.text if spot else ""
    anchors = [layout.elements[at] for at in card.anchors.get(url, ())]
    spoken = next((a.get("title").strip() for a in anchors if (a.get("title") or "").strip()), "")
    labels = {label_of_link(a) for a in anchors} - card.common
    if text not in labels and (label := next((one.text for one in card.spots if one.text in labels), "")):
        return label  # what the page reads out for the link stands on it as well
    shown = text.rstrip(". …")
    # a title that the page cuts short stands whole in the attribute
    if spoken and (not text or (text != shown and spoken.startswith(shown[:-1]))):
        return spoken
    if text:
        return text
    inside = range(card.at, min(layout.ends[card.at], card.at + _MOST_INSIDE))
    return next((alt for alt in ((layout.elements[at].get("alt") or "").strip() for at in inside) if len(alt) > 3), "")


def without_tags(layout: Layout, at: int) -> str:
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
