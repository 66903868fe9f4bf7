"""One page of cards: judged, looked at more closely where that pays, delivered with evidence where they are hits."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crawler.capture import Clerk
from crawler.definition import Definition
from crawler.details import Detail, DetailReader
from crawler.ends import QueryEnd
from crawler.limits import Hooks, Limits
from crawler.lists import Read
from records import Capture, Listing, Measures, Page, Query, QueryKind, Sighting

_SKIMMED = "browse:"
#: Clean cards are kept so many pages at a time, or after so many seconds: a transaction a page costs more than its
#: reading.
_AT_ONCE = 8
_LONGEST_SECONDS = 2.0


@dataclass(kw_only=True, slots=True)
class Tally:
    """What one query has cost and found so far."""

    pages: int = 0
    cards: int = 0
    new: int = 0
    #: Details of clean cards that were read: what `max_details` limits.
    details: int = 0
    card_only: int = 0
    hits: int = 0
    #: The list was read to its last page.
    to_end: bool = False
    measures: Measures = field(default_factory=Measures)

    def rewind(self) -> None:
        """Back to the first page of the list; what was found stays counted."""
        self.pages, self.cards, self.measures = 0, 0, Measures()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sifted:
    """The cards of one page that are unknown or changed."""

    #: Those that judge at review level by their card alone.
    candidates: list[Listing] = field(default_factory=list)
    #: The others.
    clean: list[Listing] = field(default_factory=list)
    #: Item id → see `marks`, of every card of the page.
    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.candidates or self.clean)


def marks(query: Query, card: Listing) -> tuple[str, ...]:
    """The card fingerprints under which `card` may be stored so that `query` need not look at it again.

    What a browsed page showed and nobody opened is stored under a mark of its own, which means nothing to a search:
    a suspicious term that returns the same card later still gets its detail, where words hide.
    """
    return (card.card_mark, _SKIMMED + card.card_mark) if query.kind is QueryKind.BROWSE else (card.card_mark,)


def shows_change(stored: Listing, seen: Listing) -> bool:
    """True where what was seen of a listing says something else than what is stored of it."""
    said = ("title", "description", "price", "price_text", "place")
    return any(getattr(stored, name) != getattr(seen, name) for name in said)


class CloserLook:
    """Cards first, details where they pay (DESIGN §5).

    A card is delivered only when nothing more will be read of it in this query: what a killed process did not
    deliver is unknown to the next one, which then looks at it as closely. Hits are delivered at once, and so is a
    page whose details cost requests. Cards that were clean wait for those of the next pages, until `settle` at the
    latest.
    """

    def __init__(
        self, definition: Definition, *, hooks: Hooks, limits: Limits, details: DetailReader, clerk: Clerk
    ) -> None:
        self._definition = definition
        self._hooks = hooks
        self._details = details
        self._clerk = clerk
        most = definition.max_details
        self._most = most if limits.max_details is None else min(most, limits.max_details)
        self._waiting: list[Sighting] = []
        self._pages_waiting = 0
        self._waits_since = 0.0

    async def sift(self, query: Query, cards: Sequence[Listing]) -> Sifted:
        """What of a page's cards has to be looked at."""
        return await asyncio.to_thread(self._sift, query, cards) if cards else Sifted()

    async def look(self, query: Query, read: Read, sifted: Sifted, tally: Tally) -> None:
        """Delivers every card of `sifted`, the clean ones by the next `settle` at the latest.

        Raises QueryEnd where a wall or a budget stops the details half way.
        """
        clean, ended = sifted.clean, None
        for card in sifted.candidates:
            sighting, ended = await self._candidate(query, card, read.page, ended)
            await self._deliver([sighting], tally)
        room = max(0, self._most - tally.details) if self._definition.detail != "none" else 0
        plain, unclear = await self._explained(query, clean) if room else ([], clean)
        left = (*plain, *unclear[room:])
        batch = [_sighting(query, sifted.marks[card.item_id], card, read.page) for card in left]
        for card in unclear[:room] if ended is None else ():
            try:
                sighting = await self._sighting(query, card, read.page)
            except QueryEnd as end:
                ended = end
                break
            tally.details += 1
            # what the description gave away is a hit like any other: kept at once, evidence and all
            await self._deliver([sighting], tally) if sighting.capture else batch.append(sighting)
        await self._put_by(batch, tally)
        if ended is not None:
            raise ended

    async def settle(self, tally: Tally) -> None:
        """Delivers what waits. Nothing of a query may wait when it is reported."""
        waiting, self._waiting, self._pages_waiting = self._waiting, [], 0
        await self._deliver(waiting, tally)

    async def _put_by(self, sightings: list[Sighting], tally: Tally) -> None:
        if not self._waiting:
            self._waits_since = time.monotonic()
        self._waiting += sightings
        self._pages_waiting += 1
        late = time.monotonic() - self._waits_since >= _LONGEST_SECONDS
        if late or self._pages_waiting >= _AT_ONCE or any(one.listing.detail_read for one in sightings):
            await self.settle(tally)

    def _sift(self, query: Query, cards: Sequence[Listing]) -> Sifted:
        told = {card.item_id: marks(query, card) for card in cards}
        pairs = [(item, mark) for item, each in told.items() for mark in each]
        known = self._hooks.known(self._definition.key, pairs)
        fresh = [card for card in cards if card.item_id not in known]
        hits = {card.item_id for card in fresh if self._hooks.judge(card).level.is_hit}
        return Sifted(
            candidates=[card for card in fresh if card.item_id in hits],
            clean=[card for card in fresh if card.item_id not in hits],
            marks=told,
        )

    async def _explained(self, query: Query, clean: list[Listing]) -> tuple[list[Listing], list[Listing]]:
        """Cards that themselves show what changed of a listing that was never more than a card; and the others.

        Where nothing on a changed card differs, its text did. A suspicious term's results are always looked at.
        """
        if query.kind is not QueryKind.BROWSE or not clean:
            return [], clean
        ids = [card.item_id for card in clean]
        stored = await asyncio.to_thread(self._hooks.skimmed, self._definition.key, ids)
        plain = [card for card in clean if card.item_id in stored and shows_change(stored[card.item_id], card)]
        return plain, [card for card in clean if card not in plain]

    async def _sighting(self, query: Query, card: Listing, listed_on: Page) -> Sighting:
        """The card as its detail shows it, captured where that judges at review level."""
        gaps: tuple[str, ...] = ()
        listing, page, photographer = card, listed_on, self._details.from_saved(listed_on)
        if self._definition.detail != "none":
            detail = await self._details.read(card)
            if isinstance(detail, Detail):
                listing, page, photographer = detail.listing, detail.page, detail.photographer
            else:
                gaps = (f"详情页：{detail.why}",)
        capture: Capture | None = None
        if (await asyncio.to_thread(self._hooks.judge, listing)).level.is_hit:
            capture = await self._clerk.capture(listing, page, photographer, gaps)
        return _sighting(query, marks(query, card), listing, page, capture)

    async def _candidate(
        self, query: Query, card: Listing, page: Page, ended: QueryEnd | None
    ) -> tuple[Sighting, QueryEnd | None]:
        """A candidate in any case: once details are closed to us, with the list page alone as its evidence."""
        if ended is None:
            try:
                return await self._sighting(query, card, page), None
            except QueryEnd as end:
                ended = end
        gaps = (f"详情页与图片：{ended.note}",)
        # no pictures: after a wall nothing more is asked of the platform
        capture = await self._clerk.capture(replace(card, pictures=()), page, self._details.from_saved(page), gaps)
        return _sighting(query, marks(query, card), card, page, capture), ended

    async def _deliver(self, sightings: list[Sighting], tally: Tally) -> None:
        if sightings:
            tally.card_only += sum(not sighting.listing.detail_read for sighting in sightings)
            delivered = await asyncio.to_thread(self._hooks.deliver, sightings)
            tally.new += delivered.new
            tally.hits += delivered.hits


def _sighting(
    query: Query, told: tuple[str, ...], listing: Listing, page: Page, capture: Capture | None = None
) -> Sighting:
    """`told`: the marks of the card that it was found by; the last one where nobody opened it."""
    skimmed = not listing.detail_read and capture is None
    return Sighting(
        listing=listing,
        page=page,
        card_fingerprint=told[-1] if skimmed else told[0],
        query_id=query.id or None,
        capture=capture,
    )
