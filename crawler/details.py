"""Opening an item's own page, by HTTP or in a tab, and reading it over the card that led there."""

from dataclasses import dataclass, replace

from crawler.capture import Photographer
from crawler.contained import contained
from crawler.deadline import Deadline
from crawler.definition import Definition
from crawler.ends import QueryEnd
from crawler.fetch import Fetcher
from crawler.reading import read_detail
from crawler.studio import Photograph, Studio, develop
from crawler.tab import Tab
from crawler.unrolling import MOST_SCREENS, unroll
from crawler.walls import is_gone, is_shell, recognise
from records import CapturedFile, Listing, Page

_PATIENCE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """An item's page as read, still open for its photograph."""

    listing: Listing
    page: Page
    photographer: Photographer


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """Why an item's page was not read, in Chinese; its card stands alone."""

    why: str
    #: The page that says so, where it says that the item is gone.
    gone: Page | None = None
    photographer: Photographer | None = None


class DetailReader:
    """Reads details of one platform in the way that its definition says."""

    def __init__(self, definition: Definition, fetcher: Fetcher, *, studio: Studio, tab: Tab, deadline: float) -> None:
        """`deadline` in seconds holds for one photograph."""
        self._definition = definition
        self._fetcher = fetcher
        self._studio = studio
        self._tab = tab
        self._deadline = deadline
        #: Turns true for good once a page proved to be a shell (render: auto).
        self._renders = definition.detail == "render"

    async def read(self, card: Listing) -> Detail | Unread:
        """The detail behind `card`. Raises QueryEnd where a wall or a used-up limit closes all further details."""
        try:
            return await (self._rendered(card) if self._renders else self._fetched(card))
        except QueryEnd as end:
            if end.closes_details:
                raise
            return Unread(why=end.note)

    def from_saved(self, page: Page) -> Photographer:
        """A photographer for a page that is only kept, not open: the list that carried a card."""

        async def photograph(pictures: list[CapturedFile]) -> Photograph:
            return await self._studio.photograph(page, pictures)

        return photograph

    async def _fetched(self, card: Listing) -> Detail | Unread:
        page = await self._fetcher.page(card.url)
        listing = contained(read_detail, self._definition, page, card)
        if listing is not None:
            return Detail(listing=listing, page=page, photographer=self.from_saved(page))
        if self._definition.render == "auto" and page.status < 400 and contained(is_shell, self._definition, page):
            self._renders = True
            return await self._rendered(card)
        return self._unreadable(page, self.from_saved(page))

    async def _rendered(self, card: Listing) -> Detail | Unread:
        shown: list[Listing | None] = []

        async def show(deadline: Deadline) -> Page:
            document = await self._tab.open(card.url, deadline)
            if document.status >= 400:
                return document
            page, listing = await self._shown(card)
            shown.append(listing)
            return page

        page = await self._fetcher.insist(card.url, show)
        listing = shown[-1] if shown else None
        if listing is None:
            return self._unreadable(page, self._open(card))
        return Detail(listing=listing, page=page, photographer=self._open(card))

    async def _shown(self, card: Listing) -> tuple[Page, Listing | None]:
        """What the open page says: in a data answer where the definition names them, else in its document."""
        for _ in range(_PATIENCE if self._definition.data_url else 0):
            page = await self._tab.data()
            if page is None:
                break
            listing = contained(read_detail, self._definition, page, card)
            if listing is not None:
                return page, listing
        await self._tab.settle()
        page = await self._tab.document(card.url)
        return page, contained(read_detail, self._definition, page, card)

    def _unreadable(self, page: Page, photographer: Photographer) -> Unread:
        """Why nothing could be read; a wall raises."""
        if contained(is_gone, self._definition, page):
            return Unread(why="商品已下架或不存在", gone=page, photographer=photographer)
        wall = contained(recognise, self._definition, page)
        if wall is not None:
            raise QueryEnd(wall[0], f"详情页：{wall[1]}")
        return Unread(why="详情页读不出商品")

    def _open(self, card: Listing) -> Photographer:
        """A photographer of the page that the tab shows; opened once more where its browser dies before that."""

        async def photograph(pictures: list[CapturedFile]) -> Photograph:
            first = await self._live(pictures)
            if not first.lost:
                return first
            try:
                await self._rendered(card)
            except QueryEnd:
                return first
            second = await self._live(pictures)
            told = f"{second.method}；拍摄前浏览器异常退出，页面重新打开过一次"
            return replace(second, method=told) if second.files else first

        return photograph

    async def _live(self, pictures: list[CapturedFile]) -> Photograph:
        await self._tab.settle()
        whole = await unroll(self._tab.sheet, self._deadline / 4)
        photograph = await develop(self._tab.sheet, pictures, self._deadline)
        if not photograph.files:  # what did not show itself will hardly navigate
            await self._tab.close()
            return photograph
        if not whole:
            photograph = replace(photograph, gaps=(*photograph.gaps, f"截图：页面过长，只滚动了 {MOST_SCREENS} 屏"))
        overheard = self._tab.overheard
        return replace(photograph, trail=await overheard.trail(Deadline(self._deadline)), console=overheard.console)
