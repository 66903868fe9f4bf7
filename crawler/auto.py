"""Reading a page that nobody has described: what it says of itself in structured data, and what repeats on it.

Pure, like `reading`: bytes in, listings out, nothing raised. Every step is bounded by the size of the page.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from crawler.addresses import host_of
from crawler.answers import Answer, best_list, lone_item, states
from crawler.documents import Document
from crawler.found import Found, distinct, listing_of
from crawler.groups import Group, groups
from crawler.layout import PRICE, Layout, lay_out
from crawler.lone import headline, lone_offer, parts_of_head, stands_apart
from crawler.next_page import next_page
from crawler.prices import read_price
from crawler.single import single_card
from crawler.slots import Read, read_group
from crawler.things import from_json_ld, from_microdata, from_open_graph
from records import Listing, Page

#: Groups that are read out to be compared; the best one is nearly always among the first.
_READ_OUT = 6
_LEAST_WORTH = 2.0
#: Worth of a group from which on it is one of goods: three small cards with a price each have fifty.
_SURELY_GOODS = 40.0
#: More parts than a page has columns.
_MANY = 6
_LINKED = re.compile(rb"""<a\s[^<>]{0,400}?href=["'](?:https?:)?//([A-Za-z0-9.-]{4,80})""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """What the general reader makes of a page."""

    #: Unique by item id, in the order of the page; `platform` is "auto".
    listings: tuple[Listing, ...] = ()
    #: Absolute address of the page after this one; None where there is none or the page is an item's own.
    next_url: str | None = None
    #: One Chinese word for where the items stood; empty when nothing was read.
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    found: list[Found]
    source: str
    detail: bool = False


def read_unknown(page: Page) -> Unknown:
    """The listings of a list page or of an item's page, without a definition. Never raises."""
    if page.status >= 400:
        return Unknown()
    page = resolvable(page)
    document = Document(page=page)
    if document.is_json:
        reading = _of_answer(document)
    elif document.tree is not None:
        reading = _of_markup(document)
    else:
        return Unknown()
    made = (listing_of(one, page, document.base, detail=reading.detail) for one in reading.found)
    first: dict[str, Listing] = {}
    for listing in made:
        if listing is not None:
            first.setdefault(listing.item_id, listing)
    if not first:
        return Unknown()
    following = (
        "" if reading.detail or document.tree is None else next_page(document.tree, document.base, page.final_url)
    )
    return Unknown(listings=tuple(first.values()), next_url=following or None, source=reading.source)


def _of_answer(document: Document) -> _Reading:
    best = best_list(document.data, document.base)
    if best is not None and is_list(list(best.found)):
        return _Reading(found=distinct(list(best.found)), source="接口回答")
    alone = lone_item(document.data, document.base)
    return _Reading(found=[alone] if alone else [], source="接口回答", detail=alone is not None)


def _of_markup(document: Document) -> _Reading:
    layout = lay_out(document.tree)
    listed, alone = from_json_ld(document)
    marked, marked_alone = from_microdata(document, layout)
    read = best_group(layout, document.base)
    single = None if read else single_card(layout, document.base, document.page.final_url)
    single = None if single and _is_about(document, layout, single.cards[0]) else single
    lists = [
        _Reading(found=list(found), source=source)
        for found, source in (
            (read.found if read else (), "重复的卡片"),
            (listed, "JSON-LD"),
            (marked, "微数据"),
            (alone if len(alone) > 1 else (), "JSON-LD"),
            (marked_alone if len(marked_alone) > 1 else (), "微数据"),
        )
        if is_list(list(found))
    ]
    own = _own(document, layout, alone, marked_alone, cards=_below(layout, single.cards if single else _goods(read)))
    fills = _fills(layout, read) and not (read and stands_apart(document, layout, read.cards))
    if own is not None and not fills and not listed:
        return _Reading(found=[own], source="商品页", detail=True)
    if not lists or max(map(_sum, lists)) < 20:
        lists += _of_states(document)
    if not lists and single is not None and own is None:
        return _Reading(found=list(single.found), source="一张卡片")
    if not lists:
        return _Reading(found=[own] if own else [], source="商品页", detail=True)
    best = max(lists, key=_sum)
    return replace(best, found=distinct(_completed(best.found, lists)))


def _of_states(document: Document) -> list[_Reading]:
    _, best = best_state(document)
    if best is None or not is_list(list(best.found)):
        return []
    return [_Reading(found=list(best.found), source="页内 JSON")]


def best_state(document: Document) -> tuple[str, Answer | None]:
    """The best list among the JSON that a page carries, and what stands before that JSON."""
    answers = ((name, best_list(state, document.base)) for name, state in states(document))
    named = [(name, one) for name, one in answers if one is not None]
    return max(named, key=lambda one: one[1].score, default=("", None))


def best_group(layout: Layout, base: str) -> Read | None:
    """The group of cards that gives most; None where nothing repeats as cards do."""
    best: Read | None = None
    for group in groups(layout)[:_READ_OUT]:
        _mark(layout, group)
        read = read_group(layout, group, base)
        if read.found and (best is None or read.worth > best.worth * 1.001):
            best = read
    return best


def _mark(layout: Layout, group: Group) -> None:
    """Notes in the layout what is inside cards of goods; columns, one of which has the headline, are none."""
    linked = all(layout.count(layout.links, at) for at in group.members)
    if len(group.members) < 3 or group.priced < 0.8 or group.score < _SURELY_GOODS or not linked:
        return
    if not _holds_headline(layout, group.members):
        for at in group.members:
            layout.carded[at : layout.ends[at]] = [True] * (layout.ends[at] - at)


def is_list(found: list[Found]) -> bool:
    """True for two and more different things that are worth being called items."""
    keys = {one.url or one.item_id for one in found}
    return len(keys) >= 2 and sum(one.worth for one in found) / len(found) >= _LEAST_WORTH


def _sum(reading: _Reading) -> float:
    return sum(one.worth for one in {one.url or one.item_id: one for one in reading.found}.values())


def _own(
    document: Document, layout: Layout, alone: list[Found], marked: list[Found], *, cards: Sequence[int]
) -> Found | None:
    """The item that the page as a whole is about; None where it is about none."""
    told = [one[0] for one in (alone, marked) if len(one) == 1]
    ways: list[Callable[[], Found | None]] = [
        *(lambda found=found: found for found in told),
        lambda: from_open_graph(document),
        lambda: _of_own_state(document),
        lambda: lone_offer(document, layout, cards),
    ]
    result: Found | None = None
    for way in ways:
        found = way()
        if found is None or (result is not None and not result.price_text and not found.price_text):
            continue
        result = found if result is None else _signed(result, found).over(found)
    return result


def _is_about(document: Document, layout: Layout, card: int) -> bool:
    """True for a card that holds the page's own headline: what is linked in it is a seller or the like."""
    return card <= headline(document, layout)[1] < layout.ends[card]


def _of_own_state(document: Document) -> Found | None:
    """The item among the JSON that a page carries whose number or address is the page's own."""
    here = document.page.final_url
    items = (lone_item(state, document.base) for _, state in states(document))
    parts = parts_of_head(document) if document.tree is not None else []
    return next(
        (one for one in items if one and (one.url == here or _names(here, one.item_id) or one.title in parts)), None
    )


def _names(url: str, item_id: str) -> bool:
    return len(item_id) >= 4 and re.search(rf"(?<![A-Za-z0-9]){re.escape(item_id)}(?![A-Za-z0-9])", url) is not None


def _signed(told: Found, shown: Found) -> Found:
    """`told` with the price as shown where that names the currency that the structured data leaves out."""
    same = read_price(told.price_text) == read_price(shown.price_text)
    known = told.currency or PRICE.search(told.price_text) or not PRICE.search(shown.price_text)
    return told if known or not same else replace(told, price_text=shown.price_text)


def resolvable(page: Page) -> Page:
    """A saved page that does not state its address, on the host that most of its full links lead to.

    Sites link to themselves; www. goes before their other hosts. Without it relative links would lead nowhere.
    """
    if page.fetched_by != "file" or host_of(page.final_url) != "localhost":
        return page
    hosts: Counter[str] = Counter()
    for host in _LINKED.findall(page.body[:4_000_000])[:5_000]:
        hosts[host.decode("ascii").lower()] += 1
    sites: Counter[str] = Counter()
    for host, times in hosts.items():
        sites[site_of(host)] += times
    if not sites or sites.most_common(1)[0][1] < 0.4 * sites.total():
        return replace(page, url="https://localhost/", final_url="https://localhost/")
    site = sites.most_common(1)[0][0]
    own = [host for host in hosts if site_of(host) == site]
    host = next((one for one in own if one.startswith("www.")), max(own, key=lambda one: hosts[one]))
    return replace(page, url=f"https://{host}/", final_url=f"https://{host}/")


def site_of(host: str) -> str:
    """The registered part of a host name, roughly: its last two labels, three under .com.cn and the like."""
    labels = host.split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2 else labels[-2:])


def _goods(read: Read | None) -> tuple[int, ...]:
    """The cards of a group that is surely one of goods; pictures of one thing and rows of a table are not."""
    return read.cards if read is not None and len(read.found) >= 3 and read.worth >= _SURELY_GOODS else ()


def _below(layout: Layout, cards: Sequence[int]) -> Sequence[int]:
    """The cards under the page's headline; what stands above it, or holds it, is no list of what it names."""
    return () if _holds_headline(layout, cards) else tuple(at for at in cards if layout.ends[at] > layout.headline)


def _holds_headline(layout: Layout, cards: Sequence[int]) -> bool:
    """True where the page's headline stands in one of a few parts; many are cards all the same."""
    return len(cards) < _MANY and any(at <= layout.headline < layout.ends[at] for at in cards)


def _fills(layout: Layout, read: Read | None) -> bool:
    """True where a group is what the page is there for, rather than what stands under an item."""
    if read is None or len(read.found) < 2:
        return False
    if _holds_headline(layout, read.cards):
        return False  # columns of the page, not its goods
    wide = sum(layout.width(at) for at in read.cards)
    return len(read.found) >= 3 and wide >= 0.4 * layout.main_width()


def _completed(found: list[Found], lists: list[_Reading]) -> list[Found]:
    """`found` with what other sources of the page say of the same addresses."""
    known: dict[str, Found] = {}
    for other in lists:
        for one in other.found:
            if one.url:
                known[one.url] = known[one.url].over(one) if one.url in known else one
    return [one.over(known[one.url]) if one.url in known else one for one in found]
