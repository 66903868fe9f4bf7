"""Reading a query's list page after page: over HTTP, or in a tab that is paged or scrolled."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from crawler.contained import contained
from crawler.deadline import Deadline
from crawler.definition import Definition
from crawler.ends import ListLost, QueryEnd
from crawler.fetch import Fetcher
from crawler.network import BROWSER_FAULTS, FINAL_FAULTS, chinese
from crawler.reading import CardPage, read_cards
from crawler.tab import Tab
from records import Outcome, Page

log = structlog.get_logger(__name__)

# Answers that match the data address and hold no list (suggestions, counters) are passed over, so many at a time.
_PATIENCE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A list page and what was read from it."""

    page: Page
    cards: CardPage


class ListReader(Protocol):
    """How the pages of one list follow each other. Its methods raise QueryEnd."""

    async def first(self, url: str) -> Read:
        """The page at `url`."""
        ...

    async def after(self, read: Read) -> Read | None:
        """The page after `read`; None at the end."""
        ...

    def goes_on(self, read: Read) -> bool:
        """True where a page follows `read`, as far as it says."""
        ...

    async def whole(self, read: Read) -> Page | None:
        """The page that a visitor sees around `read`, without asking for it again; None where it cannot be had."""
        ...


class HttpList:
    """Pages linked or numbered, fetched by HTTP."""

    def __init__(self, definition: Definition, fetcher: Fetcher) -> None:
        self._definition = definition
        self._fetcher = fetcher

    async def first(self, url: str) -> Read:
        """See `ListReader`."""
        page = await self._fetcher.page(url)
        return Read(page=page, cards=contained(read_cards, self._definition, page))

    async def after(self, read: Read) -> Read | None:
        """See `ListReader`."""
        return await self.first(read.cards.next_url) if read.cards.next_url else None

    def goes_on(self, read: Read) -> bool:
        """See `ListReader`."""
        return read.cards.next_url is not None

    async def whole(self, read: Read) -> Page | None:
        """See `ListReader`."""
        return read.page


class RenderedList:
    """Pages shown by a browser; the data answers that the page loads are read where the definition names them."""

    def __init__(self, definition: Definition, fetcher: Fetcher, tab: Tab) -> None:
        self._definition = definition
        self._fetcher = fetcher
        self._tab = tab

    async def first(self, url: str) -> Read:
        """See `ListReader`."""
        shown: list[Read] = []

        async def show(deadline: Deadline) -> Page:
            document = await self._tab.open(url, deadline)
            if document.status >= 400:
                shown.append(Read(page=document, cards=contained(read_cards, self._definition, document)))
            else:
                shown.append(await self._data() or await self._document(url))
            return shown[-1].page

        await self._fetcher.insist(url, show)
        return shown[-1]

    async def received(self) -> Read | None:
        """The page opened last as it came over the network, before any script ran; None where it is gone."""
        page = await self._tab.received()
        return Read(page=page, cards=contained(read_cards, self._definition, page)) if page else None

    async def after(self, read: Read) -> Read | None:
        """See `ListReader`."""
        if self._definition.next_page != "scroll":
            return await self.first(read.cards.next_url) if read.cards.next_url else None
        if read.cards.more is False:
            return None
        try:
            await self._tab.scroll()
            following = await (self._data() if self._definition.data_url else self._document(read.page.url))
        except BROWSER_FAULTS as fault:  # what was scrolled so far is gone with the page
            end = QueryEnd if isinstance(fault, FINAL_FAULTS) else ListLost
            raise end(Outcome.FAILED, f"滚动列表时{chinese(fault)}") from fault
        if following is None and read.cards.more:
            sheet = self._tab.sheet
            end = ListLost if sheet is None or sheet.page.is_closed() else QueryEnd
            raise end(Outcome.FAILED, "页面表示还有更多商品，但滚动后没有再加载")
        return following

    def goes_on(self, read: Read) -> bool:
        """See `ListReader`. A list scrolled without saying how long it is goes on until nothing new appears."""
        if self._definition.next_page == "scroll":
            return read.cards.more is not False
        return read.cards.next_url is not None

    async def whole(self, read: Read) -> Page | None:
        """See `ListReader`."""
        try:
            return await self._tab.document(read.page.url)
        except BROWSER_FAULTS as fault:
            log.info("the page around a list could not be had", why=chinese(fault))
            return None

    async def _data(self) -> Read | None:
        if not self._definition.data_url:
            return None
        for _ in range(_PATIENCE):
            page = await self._tab.data()
            if page is None:
                return None
            cards = contained(read_cards, self._definition, page)
            if cards.outcome is not Outcome.DRIFTED:
                return Read(page=page, cards=cards)
            log.info("data answer without a list", url=page.url)
        return None

    async def _document(self, url: str) -> Read:
        await self._tab.settle()
        page = await self._tab.document(url)
        return Read(page=page, cards=contained(read_cards, self._definition, page))
