"""One reused browser tab: opens addresses through scrapy-playwright, collects data answers, scrolls, serialises."""

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

import structlog
from playwright.async_api import Page as BrowserPage
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import Response as BrowserResponse
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.admission import refusal
from crawler.encodings import detect_encoding
from crawler.ends import QueryEnd
from crawler.fetch import headers_of
from crawler.gate import Gate
from crawler.hops import watch_hops
from crawler.manners import ERRAND, TURN, Charge, Errand, RobotsBook
from crawler.network import BROWSER_FAULTS
from records import Outcome, Page, now

log = structlog.get_logger(__name__)

VIEWPORT = (1366, 900)

CONTEXT: dict[str, Any] = {
    "viewport": {"width": VIEWPORT[0], "height": VIEWPORT[1]},
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "service_workers": "block",
    "accept_downloads": False,
}
# Memory of a reused page grows with every document it held (STACK §4b).
_RECYCLE_AFTER = 60
_STEP = 0.1
# How long a page may rest, after its scripts ran or it was scrolled, before we take it that it wants no more data.
_QUIET_SECONDS = 4.0
_CLOSE_SECONDS = 5.0


class Renderer(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """scrapy-playwright's handler, with a deadline around all of it and no repeated navigation of its own."""

    lazy: ClassVar[bool] = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # a retry inside the handler would pass neither robots.txt nor the pacing
        self.config.target_closed_max_retries = 0

    async def download_request(self, request: Request) -> Response:
        """A rendered or a plain answer. Raises TimeoutError after `download_timeout` seconds of the request's meta."""
        if not request.meta.get("playwright"):
            return await super().download_request(request)
        async with asyncio.timeout(request.meta["download_timeout"]):
            return await super().download_request(request)


class Tab:
    """A tab of the live browser. Every wait in it has a deadline; after a fault it starts anew."""

    def __init__(self, charge: Charge, crawler: Crawler, robots: RobotsBook, *, on_demand: bool) -> None:
        """`on_demand`: see `Gate`. One context, and so one set of cookies, a tab."""
        self.gate = Gate(charge, robots, on_demand=on_demand)
        self._charge = charge
        self._crawler = crawler
        self._robots = robots
        self._page: BrowserPage | None = None
        self._answers: asyncio.Queue[Page] = asyncio.Queue()
        self._readers: set[asyncio.Task[None]] = set()
        self._opened = 0

    @property
    def page(self) -> BrowserPage:
        """The live page. Only between `open` and the next fault."""
        assert self._page is not None
        return self._page

    def owns(self, page: BrowserPage) -> bool:
        """True where `page` is the one of this tab."""
        return page is self._page

    async def open(self, url: str) -> Page:
        """Navigates; returns the document once parsed. Raises QueryEnd, a Playwright error or TimeoutError."""
        if self._opened >= _RECYCLE_AFTER:
            await self.close()
        self._opened += 1
        try:
            response = await self._crawler.engine.download_async(self._request(url))
        except BROWSER_FAULTS:
            ended = self.gate.ended  # a hop that was refused looks like a fault to who navigates
            await self.close()
            if ended is not None:
                raise ended from None
            raise
        await self._check_arrival(url, response.url)
        text = response.text if isinstance(response, TextResponse) else ""
        return replace(self._serialised(url, response.url, response.status, text), headers=headers_of(response))

    async def data(self) -> Page | None:
        """The next answer that the page itself loaded from the definition's data address; None when it rests.

        Raises QueryEnd where robots.txt or a budget stopped the page's request, or the answer is overdue.
        """
        if self._answers.empty():
            self.gate.permit()
        quiet = overdue = 0.0
        while True:
            try:
                return await asyncio.wait_for(self._answers.get(), _STEP)
            except TimeoutError:
                if self.gate.ended is not None:
                    raise self.gate.ended from None
            quiet = 0.0 if self.gate.busy or self._readers else quiet + _STEP
            overdue = 0.0 if self.gate.queueing else overdue + _STEP
            if quiet >= _QUIET_SECONDS:
                return None
            if overdue >= self._charge.limits.page_deadline:
                raise QueryEnd(Outcome.FAILED, "页面的数据请求超时")

    async def settle(self) -> None:
        """Waits until the page asks for nothing more, or for a while."""
        quiet = waited = 0.0
        while quiet < _QUIET_SECONDS / 4 and waited < self._charge.limits.page_deadline / 4:
            await asyncio.sleep(_STEP)
            quiet = 0.0 if self.gate.busy else quiet + _STEP
            waited = waited if self.gate.queueing else waited + _STEP

    async def scroll(self) -> None:
        """To the end of what is loaded."""
        await self._within(self.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)"))

    async def document(self, url: str) -> Page:
        """The document as it stands now, serialised by the browser. Raises QueryEnd where we stopped its requests."""
        if self.gate.ended is not None:
            raise self.gate.ended
        text = await self._within(self.page.content())
        return self._serialised(url, self.page.url, 200, text)

    async def close(self) -> None:
        """Closes the tab with its context; what hangs is left to the driver. The next `open` makes a new one."""
        page, self._page, self._opened = self._page, None, 0
        self.gate.clear()
        for reader in self._readers:
            reader.cancel()
        if page is None:
            return
        try:
            await asyncio.wait_for(page.context.close(), _CLOSE_SECONDS)
        except BROWSER_FAULTS as fault:
            log.warning("tab did not close, its browser is ended", why=type(fault).__name__)
            browser = page.context.browser
            if browser is not None:
                await self._crawler.spider.browsers.discard(browser)

    def _request(self, url: str) -> Request:
        deadline = self._charge.limits.page_deadline
        meta: dict[str, Any] = {
            ERRAND: Errand.PAGE,
            "download_timeout": deadline,
            "playwright": True,
            "playwright_include_page": True,
            "playwright_context": f"tab-{id(self)}",
            "playwright_context_kwargs": CONTEXT,
            "playwright_page_init_callback": self._bind,
            "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded", "timeout": deadline * 1000},
        }
        if self._page is not None:
            meta["playwright_page"] = self._page
        return Request(url, meta=meta, dont_filter=True)

    async def _bind(self, page: BrowserPage, request: Request) -> None:
        """Called by scrapy-playwright with the page in its hand, just before it navigates."""
        self.gate.begin(request.meta.get(TURN))
        self._answers = asyncio.Queue()
        if page is self._page:
            return
        self._page = page
        page.on("response", self._notice)
        page.on("requestfinished", self.gate.over)
        page.on("requestfailed", self.gate.over)
        page.on("popup", lambda popup: self._spawn(popup.close()))
        page.on("crash", lambda _: self.gate.clear())
        await self._within(watch_hops(page, self.gate.refuses_hop))

    async def _check_arrival(self, url: str, final_url: str) -> None:
        """Each hop was asked about (`watch_hops`); where it ended is looked at once more."""
        if final_url == url:
            return
        limits = self._charge.limits
        why = refusal(final_url, self._charge.definition, allow_loopback=limits.allow_loopback)
        if why:
            raise QueryEnd(Outcome.FAILED, f"{why}：{final_url[:120]}")
        await self._robots.check(final_url)

    def _notice(self, response: BrowserResponse) -> None:
        if self._charge.definition.is_data(response.url):
            self._spawn(self._keep(response, self._answers))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)

    async def _keep(self, response: BrowserResponse, answers: asyncio.Queue[Page]) -> None:
        try:
            body = await self._within(response.body())
            headers = tuple((h["name"], h["value"]) for h in await self._within(response.headers_array()))
        except BROWSER_FAULTS as fault:
            log.warning("data answer lost", url=response.url, why=type(fault).__name__)
            return
        if len(body) > self._charge.limits.max_page_bytes:
            log.warning("data answer too large", url=response.url, bytes=len(body))
            return
        media_type = next((v for n, v in headers if n.lower() == "content-type"), "application/json")
        arrived = _arrived(response.request.url, response.url, response.status, body)
        answers.put_nowait(
            replace(
                arrived,
                media_type=media_type.partition(";")[0].strip().lower(),
                headers=headers,
                encoding=detect_encoding(body),
            )
        )

    async def _within(self, work: Any) -> Any:
        """`content()` and `evaluate()` have no deadline of their own (FAULTS §0.9)."""
        return await asyncio.wait_for(work, self._charge.limits.page_deadline)

    def _serialised(self, url: str, final_url: str, status: int, text: str) -> Page:
        body = text.encode("utf-8", "replace")
        if len(body) > self._charge.limits.max_page_bytes:
            raise QueryEnd(Outcome.FAILED, "页面超过大小上限")
        return _arrived(url, final_url, status, body)


def _arrived(url: str, final_url: str, status: int, body: bytes) -> Page:
    return Page(
        url=url, final_url=final_url, status=status, body=body, encoding="utf-8", fetched_at=now(), fetched_by="browser"
    )


class TabGates:
    """Hands each request of the live browser to the gate of its tab; what belongs to none is refused."""

    def __init__(self) -> None:
        self.tabs: list[Tab] = []

    async def refuses(self, request: BrowserRequest) -> bool:
        """The decision of the tab's gate. Popups and workers have no tab."""
        try:
            page = request.frame.page
        except BROWSER_FAULTS:
            return True
        tab = next((tab for tab in self.tabs if tab.owns(page)), None)
        return True if tab is None else await tab.gate.refuses(request)
