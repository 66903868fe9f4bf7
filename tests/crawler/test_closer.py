"""Which of a page's cards have their own pages read. No network."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crawler import definition
from crawler.closer import CloserLook, Tally
from crawler.details import Unread
from crawler.limits import Delivered, Hooks, Limits
from crawler.lists import Read
from crawler.reading import CardPage
from records import Assessment, Level, Listing, Page, Query, QueryKind, Sighting, now

PAGE = Page(url="https://goods.test/", final_url="https://goods.test/", status=200, body=b"x", fetched_at=now())
STORED = Listing(
    platform="demo_ads", item_id="1", url="https://goods.test/1", title="书柜", price=Decimal(5), price_text="¥5",
    place="枣庄", updated="2026-11-20 10:00",
)  # fmt: skip
MOVED = replace(STORED, updated="2026-11-21 10:00")


class Details:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def read(self, card: Listing) -> Unread:
        self.asked.append(card.item_id)
        return Unread(why="读不出")

    def from_saved(self, page: Page) -> Any:
        return None


class Clerk:
    async def capture(self, *_: Any) -> None:
        return None


def opened(card: Listing, kind: QueryKind, stored: Sequence[Listing]) -> tuple[list[str], int]:
    """Whose pages a query of `kind` reads that meets one changed card, and how many listings stay 仅见卡片."""
    details, delivered = Details(), list[Sighting]()

    def deliver(sightings: list[Sighting]) -> Delivered:
        delivered.extend(sightings)
        return Delivered(new=0, hits=0)

    def judge(listing: Listing) -> Assessment:
        level = Level.REVIEW if "象牙" in listing.title else Level.NONE
        return Assessment(level=level, score=0, parts=(), matches=(), lexicon_version="v", matcher_version="m")

    hooks = Hooks(
        known=lambda *_: set(), judge=judge, deliver=deliver, starting=lambda _: None, report=lambda _: None,
        skimmed=lambda _, ids: {one.item_id: one for one in stored if one.item_id in ids},
    )  # fmt: skip
    limits = Limits(user_agent="t")
    look = CloserLook(
        definition("demo_ads"), hooks=hooks, limits=limits, details=details, clerk=Clerk()  # type: ignore[arg-type]
    )  # fmt: skip
    query, tally = Query(id=1, platform="demo_ads", kind=kind, text="最新"), Tally()

    async def work() -> None:
        sifted = await look.sift(query, [card])
        await look.look(query, Read(page=PAGE, cards=CardPage(listings=(card,))), sifted, tally)
        await look.settle(tally)

    asyncio.run(work())
    assert [one.listing.item_id for one in delivered] == [card.item_id]
    return details.asked, tally.card_only


@pytest.mark.parametrize(
    "change",
    [{"title": "书柜 补图"}, {"price": Decimal(6), "price_text": "¥6"}, {"price_text": "面议"}, {"place": "济南"}],
)
def test_a_card_that_shows_its_change_is_enough_where_no_page_was_ever_read(change: dict[str, Any]) -> None:
    assert opened(replace(MOVED, **change), QueryKind.BROWSE, [STORED]) == ([], 1)


def test_a_change_that_the_card_does_not_show_is_in_the_text() -> None:
    assert opened(MOVED, QueryKind.BROWSE, [STORED])[0] == ["1"]


def test_what_a_search_returns_is_new_or_has_a_page_read_before_is_looked_at() -> None:
    cheaper = replace(MOVED, price=Decimal(4), price_text="¥4")
    assert opened(cheaper, QueryKind.SEARCH, [STORED])[0] == ["1"]
    assert opened(cheaper, QueryKind.BROWSE, [])[0] == ["1"]


def test_a_candidate_is_looked_at_whatever_its_card_shows() -> None:
    assert opened(replace(MOVED, title="象牙手串"), QueryKind.BROWSE, [STORED])[0] == ["1"]
