"""The one card of a list that found a single thing: nothing repeats on it, so it is known by what it holds."""

import re

from crawler.found import address
from crawler.groups import Group, link_in
from crawler.layout import Layout, width_of
from crawler.slots import Read, read_group

_NUMBERED = re.compile(r"\d{4,}")
_WIDEST = 600
_MOST_LOOKED_AT = 20_000


def single_card(layout: Layout, base: str, here: str) -> Read | None:
    """The card with a price whose link, named like the thing, leads to a numbered page other than `here`.

    None where there is none, or more than one: what several cards are is told by what repeats.
    """
    cards = [at for at in _smallest(layout) if not _holds_headline(layout, at)]
    if len(cards) != 1:
        return None
    read = read_group(layout, Group(members=(cards[0],), shared="", score=0.0, priced=1.0), base)
    if len(read.found) != 1:
        return None
    (found,) = read.found
    leads = found.url != here and _NUMBERED.search(found.url) is not None
    return read if leads and found.price_text and found.title in _names(layout, cards[0], base, found.url) else None


def _smallest(layout: Layout) -> list[int]:
    """Elements outside asides with a price and a link that hold no other such element."""
    found: list[int] = []
    for at in range(min(len(layout.elements), _MOST_LOOKED_AT)):
        if layout.aside[at] or not 0 < layout.width(at) <= _WIDEST or not layout.count(layout.prices, at):
            continue
        if not layout.count(layout.links, at) and not link_in(layout.elements[at]):
            continue
        while found and at < layout.ends[found[-1]]:
            found.pop()  # this one stands inside it
        found.append(at)
    # a box around recommendations is no card
    return [at for at in found if not any(layout.aside[at : layout.ends[at]])]


def _holds_headline(layout: Layout, at: int) -> bool:
    return any(layout.elements[inner].tag == "h1" for inner in range(at, layout.ends[at]))


def _names(layout: Layout, card: int, base: str, url: str) -> set[str]:
    """What the links of a card to `url` say of where they lead."""
    said: set[str] = set()
    for at in range(card, layout.ends[card]):
        element = layout.elements[at]
        if element.tag == "a" and address(base, link_in(element)) == url:
            texts = (layout.text(at), element.get("aria-label") or "", element.get("title") or "")
            said |= {" ".join(text.split()) for text in texts if width_of(text) >= 4}
    return said
