"""One item's page captured while people wait for it: with the pictures, photograph and manners of a patrol."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from crawler.capture import Clerk
from crawler.chromium import Purpose
from crawler.definition import Definition
from crawler.details import Detail, DetailReader
from crawler.ends import Interrupted, QueryEnd
from crawler.fetch import Fetcher
from crawler.limits import Courtesy, Limits
from crawler.spider import PatrolSpider, errand_hooks, walk
from crawler.studio import Studio
from crawler.tab import Tab
from crawler.way_out import WayOut
from records import Capture, Listing, Outcome, Surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """What stood there just now."""

    #: As the page says; where it says that the item is gone, as it was known before.
    listing: Listing
    capture: Capture
    #: The page said that the item is not offered any more.
    gone: bool
    #: Address that the answer came from; empty where none was told.
    peer: str


def capture_one(
    definition: Definition,
    listing: Listing,
    *,
    limits: Limits,
    courtesy: Courtesy,
    way_out: WayOut,
    surroundings: Callable[[], Surroundings],
) -> Live:
    """The page of `listing`, asked for and kept as a patrol would. Once per process.

    Raises QueryEnd where the page may not or cannot be had, and Interrupted.
    """
    spider = walk(
        LiveSpider,
        definition,
        limits,
        way_out,
        queries=(),
        hooks=errand_hooks(courtesy),
        listing=listing,
        surroundings=surroundings,
    )
    assert isinstance(spider, LiveSpider)
    if spider.ended is not None:
        raise spider.ended
    if spider.live is None:
        raise Interrupted
    return spider.live


class LiveSpider(PatrolSpider):
    """A patrol of one item, which delivers nothing and leaves its capture in `live`."""

    def __init__(self, *, listing: Listing, surroundings: Callable[[], Surroundings], **parts: Any) -> None:
        super().__init__(**parts)
        self.live: Live | None = None
        self.ended: QueryEnd | None = None
        self._listing = listing
        self._surroundings = surroundings

    async def start(self) -> AsyncIterator[Any]:
        """Captures the page. Yields nothing."""
        limits = self.charge.limits
        tab = Tab(self.charge, self.crawler, self.robots, purpose=Purpose.ITEMS)
        studio = Studio(self.browsers, limits.page_deadline)
        fetcher = Fetcher(self.charge, self.crawler)
        details = DetailReader(self.charge.definition, fetcher, studio=studio, tab=tab, deadline=limits.page_deadline)
        try:
            self.live = await self._captured(fetcher, details)
        except QueryEnd as end:
            self.ended = end
        finally:
            await self.charge.politeness.tell()
            for closing in (tab, studio, self.browsers):
                await closing.close()
        nothing: tuple[Any, ...] = ()
        for item in nothing:
            yield item

    async def _captured(self, fetcher: Fetcher, details: DetailReader) -> Live:
        definition, known = self.charge.definition, self._listing
        clerk = Clerk(
            fetcher,
            self.charge.limits,
            robots=self.robots,
            delay=definition.delay,
            surroundings=self._surroundings,
        )
        if definition.detail == "none":
            page = await fetcher.page(known.url)
            capture = await clerk.capture(known, page, details.from_saved(page))
            return Live(listing=known, capture=capture, gone=False, peer=page.peer)
        seen = await details.read(known)
        if isinstance(seen, Detail):
            capture = await clerk.capture(seen.listing, seen.page, seen.photographer)
            return Live(listing=seen.listing, capture=capture, gone=False, peer=seen.page.peer)
        if seen.gone is None or seen.photographer is None:
            raise QueryEnd(Outcome.DRIFTED, seen.why)
        # the notice alone is there; pictures of what was offered are asked for no more
        capture = await clerk.capture(
            replace(known, pictures=()), seen.gone, seen.photographer, (f"商品页：{seen.why}",)
        )
        return Live(listing=known, capture=capture, gone=True, peer=seen.gone.peer)
