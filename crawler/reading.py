"""Saved bytes in, listings out. Pure: no network, no database, no clock; and nothing a page holds can raise here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jmespath

from crawler import values
from crawler.addresses import absolute, canonical
from crawler.definition import Definition
from crawler.documents import Document
from crawler.marked import Marked
from crawler.prices import read_currency, read_price, tidy_price
from crawler.selectors import Choice, Kind, Selector, fill
from crawler.walls import judge_empty, judge_wall
from records import Listing, Outcome, Page, Seller

_MOST_CARDS = 2_000
#: Of what one alternative finds, so many are looked at for one with a text in it.
_MOST_TRIED = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class CardPage:
    """What one list page says."""

    #: In the order of the page, unique by item id, `detail_read` False.
    listings: tuple[Listing, ...] = ()
    #: Absolute address of the page after this one, on a host of the platform; None where there is none.
    next_url: str | None = None
    #: What the page says about further items; None where it does not say.
    more: bool | None = None
    #: None when cards were read; else the end that this page means.
    outcome: Outcome | None = None
    #: One Chinese sentence: which sign was recognised.
    note: str = ""
    #: Cards on the page that gave no listing: no id, title or address.
    unread: int = 0


def read_cards(definition: Definition, page: Page) -> CardPage:
    """The listings of a list page: HTML, a JSON answer, JSONP or JSON inside the page. Never raises."""
    document = Document(page=page, state=definition.state)
    if page.status >= 400:
        outcome, note = judge_wall(definition, document) or (Outcome.FAILED, f"HTTP {page.status}")
        return CardPage(outcome=outcome, note=note)
    rows = _rows(definition.signs["cards"], document)
    found = [_listing(definition, _Place(document=document, row=row)) for row in rows or ()]
    first: dict[str, Listing] = {}
    for one in found:
        if one is not None:
            first.setdefault(one.item_id, one)
    listings = tuple(first.values())
    unread = sum(one is None for one in found)
    more = values.truth(_text(definition.signs["more"], _Place(document=document, row=None)))
    if listings:
        next_url = _next_url(definition, document) if more is not False else None
        note = f"{unread} 张卡片读不出" if unread else ""
        return CardPage(listings=listings, next_url=next_url, more=more, unread=unread, note=note)
    outcome, note = judge_empty(definition, document, rows=len(rows) if rows else 0, answered=rows is not None)
    return CardPage(more=more, outcome=outcome, note=note, unread=unread)


def read_detail(definition: Definition, page: Page, card: Listing | None = None) -> Listing | None:
    """The listing of an item's own page, laid over its card; None when the page is not one. Never raises."""
    if page.status >= 400:
        return None
    return _detail(definition, Document(page=page, state=definition.state), card)


def read_any(definition: Definition, page: Page) -> list[Listing]:
    """The item whose own page this is, else the cards on it, else nothing."""
    detail = read_detail(definition, page)
    return [detail] if detail is not None else list(read_cards(definition, page).listings)


def _detail(definition: Definition, document: Document, card: Listing | None) -> Listing | None:
    roots = _rows(definition.signs["item"], document)
    if not roots:
        return None
    listing = _listing(definition, _Place(document=document, row=roots[0], card=card, alone=True))
    if listing is None or (card is not None and listing.item_id != card.item_id):
        return None
    return replace(listing, detail_read=True)


@dataclass(slots=True)
class _Place:
    """Where a field is looked for: the page, and on it a card (element or JSON object) or the whole of it."""

    document: Document
    #: None: the whole page.
    row: Any
    card: Listing | None = None
    #: True on the item's own page, where what stands outside the row (JSON-LD, scripts) is about the item too.
    alone: bool = False
    #: Address of the item, as soon as it is known; for `url:` selectors.
    url: str = ""
    _marked: Marked | None = None

    @property
    def marked(self) -> Marked | None:
        """The row by its classes, taken down when it is first asked for; None where it is no element."""
        if self._marked is None and hasattr(self.row, "itertext"):
            self._marked = Marked(self.row)
        return self._marked

    def subject(self, choice: Choice) -> Any:
        """What `choice` is to be asked of here; None when it does not apply."""
        kind, document = choice.kind, self.document
        if kind is Kind.URL:
            return self.url or (document.page.final_url if self.alone else None)
        if self.row is not None and (kind.markup or kind is Kind.JMES):
            return self.row if kind.markup == hasattr(self.row, "itertext") else None
        if self.row is not None and not self.alone:
            return None
        if kind.markup:
            return document.tree
        if kind is Kind.RE:
            return document.text
        return document.data if kind is Kind.JMES else _product(document.things())


def _product(things: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The Product among the page's schema.org objects; the first object where none says so."""
    named = (one for one in things if "Product" in str(one.get("@type", "")) or "Offer" in str(one.get("@type", "")))
    return next(named, things[0] if things else None)


def _asked(choice: Choice, place: _Place) -> list[Any]:
    """What one alternative finds."""
    if choice.ordinary is not None and (marked := place.marked) is not None:
        found = choice.ordinary.find(marked)
    elif choice.find is None or (subject := place.subject(choice)) is None:
        return []
    else:
        found = choice.find(subject)
    if choice.pattern is None:
        return found
    matches = (choice.pattern.search(values.plain(value)) for value in found)
    return [match[1] for match in matches if match and match[1]]


def _found(selector: Selector, place: _Place) -> list[Any]:
    """What the first alternative with an answer finds, from its first text on."""
    for choice in selector:
        found = _asked(choice, place)
        for at, value in enumerate(found[:_MOST_TRIED]):
            if values.plain(value):
                return found[at:]
    return []


def _texts(selector: Selector, place: _Place) -> list[str]:
    return [values.plain(value) for value in _found(selector, place)]


def _text(selector: Selector, place: _Place) -> str:
    """The first value with something in it; empty when there is none."""
    for choice in selector:
        for value in _asked(choice, place)[:_MOST_TRIED]:
            if text := values.plain(value):
                return text
    return ""


def _rows(selector: Selector, document: Document) -> list[Any] | None:
    """The cards of a page; [] when the page has the list and it is empty (JSON); None when it has no list."""
    answered: list[Any] | None = None
    for choice in selector:
        subject = _Place(document=document, row=None).subject(choice)
        if subject is None or choice.find is None:
            continue
        found = choice.find(subject)
        rows = [row for row in found if hasattr(row, "itertext") or isinstance(row, dict)]
        if rows:
            return rows[:_MOST_CARDS]
        if choice.kind is Kind.JMES and _is_empty_list(choice, subject):
            answered = []
    return answered


def _is_empty_list(choice: Choice, data: Any) -> bool:
    """True when the path leads to a list without entries, not to nowhere."""
    return bool(jmespath.search(choice.expression.split("[")[0], data) == [])


def _listing(definition: Definition, place: _Place) -> Listing | None:
    """One listing; None when it has no id, title or address. What a page does not show comes from the card."""
    fields = definition.fields
    card = place.card
    base = place.document.base
    title = values.one_line(_text(fields["title"], place)) or (card.title if card else "")
    url, item_id, seller_id = _addresses(definition, fields, place)
    if not (title and url and item_id):
        return None
    price_text = tidy_price(values.one_line(_text(fields["price"], place))[:200])
    priced = bool(price_text) or card is None
    return Listing(
        platform=definition.key,
        item_id=item_id,
        url=url,
        title=title,
        description=_description(fields["description"], place) or (card.description if card else ""),
        price=read_price(price_text) if priced else card.price if card else None,
        price_text=price_text if priced else card.price_text if card else "",
        currency=read_currency(price_text) if priced else card.currency if card else "CNY",
        seller=_seller(fields, place, seller_id, base) or (card.seller if card else None),
        place=values.one_line(_text(fields["place"], place))[:200] or (card.place if card else ""),
        pictures=values.pictures(_texts(fields["pictures"], place), base) or (card.pictures if card else ()),
        published_at=_published(_text(fields["published"], place), place.document.page)
        or (card.published_at if card else None),
        updated="" if place.alone else values.one_line(_text(fields["updated"], place))[:100],
    )


def _addresses(definition: Definition, fields: dict[str, Selector], place: _Place) -> tuple[str, str, str]:
    """Address, item id and seller id: the id may stand in the address, the address may be built from the id."""
    base, keeps = place.document.base, definition.url_keeps
    url = canonical(absolute(base, _text(fields["url"], place)), keeps)
    place.url = url or (place.card.url if place.card else "")
    item_id = values.identity(_text(fields["id"], place))
    seller_id = values.identity(_text(fields["seller_id"], place))
    if not url:
        filled = {"id": values.quoted(item_id), "seller_id": values.quoted(seller_id)}
        templates = (choice.expression for choice in fields["url"] if choice.kind is Kind.TEMPLATE)
        links = (canonical(absolute(definition.site + "/", fill(template, filled)), keeps) for template in templates)
        url = next((one for one in links if one), "")
    if place.card is not None:
        # the address it was found by: mirrors (m.) name themselves differently, and a listing has one address
        return place.card.url, item_id or place.card.item_id, seller_id
    if not url and place.alone and urlsplit(place.document.page.final_url).path.strip("/"):
        url = definition.canonical(place.document.page.final_url)
    return url, item_id, seller_id


def _description(selector: Selector, place: _Place) -> str:
    found = _found(selector, place)
    return values.lines(found[0]) if found else ""


def _published(text: str, page: Page) -> datetime | None:
    return values.moment(text, page.fetched_at, live=page.fetched_by != "file")


def _seller(fields: dict[str, Selector], place: _Place, seller_id: str, base: str) -> Seller | None:
    name = values.one_line(_text(fields["seller"], place))[:200]
    if not (name or seller_id):
        return None
    url = canonical(absolute(base, _text(fields["seller_url"], place)))
    return Seller(key=seller_id or f"name:{name}", name=name, url=url)


def _next_url(definition: Definition, document: Document) -> str | None:
    if definition.next_page == "scroll":
        return None
    if definition.next_page == "number":
        following = definition.page_after(document.page.url) or definition.page_after(document.page.final_url)
    else:
        following = next(_links(definition.signs["next_page"], document), "")
    # a page that names itself as the next one would be read for ever
    here = (document.page.url, document.page.final_url)
    return following if following and definition.allows(following) and following not in here else None


def _links(selector: Selector, document: Document) -> Iterator[str]:
    for text in _texts(selector, _Place(document=document, row=None)):
        if address := absolute(document.base, text):
            yield address
