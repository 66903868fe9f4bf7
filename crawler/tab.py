"""One reused browser tab: opens addresses through scrapy-playwright, collects data answers, scrolls, serialises."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from playwright.async_api import BrowserContext, Route
from playwright.async_api import Error as BrowserError
from playwright.async_api import Page as BrowserPage
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import Response as BrowserResponse
from scrapy import Request
from scrapy.crawler import Crawler
from w3lib.encoding import http_content_type_encoding

from crawler.admission import refusal
from crawler.chromium import Browsers, Purpose
from crawler.deadline import Deadline
from crawler.encodings import detect_encoding
from crawler.ends import QueryEnd
from crawler.fetch import RETRIES, headers_of, told
from crawler.gate import Gate, let_through
from crawler.hops import watch_hops
from crawler.manners import ERRAND, TURN, Charge, Errand, RobotsBook
from crawler.network import BROWSER_FAULTS, NETWORK_FAULTS, Overgrown, blamed, chinese
from crawler.overheard import Overheard
from crawler.renderer import ANSWER, DEADLINE
from crawler.retry_after import asked_to_wait
from crawler.sheet import Sheet, let_go, new_sheet, shut_down
from crawler.unrest import Unrest
from crawler.way_out import GUARD_ANSWERS, NotLetOut, check_passage
from crawler.weight import weigh
from records import Outcome, Page, Spent, now

log = structlog.get_logger(__name__)

VIEWPORT = (1366, 900)

CONTEXT: dict[str, Any] = {
    "viewport": {"width": VIEWPORT[0], "height": VIEWPORT[1]},
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "service_workers": "block",
    "accept_downloads": False,
}
_STEP = 0.1
# How long a page may rest, after its scripts ran or it was scrolled, before we take it that it wants no more data.
_QUIET_SECONDS = 4.0
_CLOSE_SECONDS = 5.0
# How long an answer that has begun to come keeps others waiting when the page does not read it to its end.
_UNREAD_SECONDS = 5.0


_T = TypeVar("_T")


class Tab:
    """A tab of a live browser. Every wait in it has a deadline; after a fault it starts anew."""

    def __init__(self, charge: Charge, crawler: Crawler, robots: RobotsBook, *, purpose: Purpose) -> None:
        """One context, and so one set of cookies, a tab."""
        on_demand = purpose is Purpose.LISTS and charge.definition.next_page == "scroll"
        self.gate = Gate(charge, robots, on_demand=on_demand)
        self._charge = charge
        self._crawler = crawler
        self._browsers: Browsers = crawler.spider.browsers
        self._robots = robots
        self._purpose = purpose
        #: The live page; None before `open` and after a fault.
        self.sheet: Sheet | None = None
        self._answer: BrowserResponse | None = None
        self._deadline = Deadline(0)
        self._answers: asyncio.Queue[Page] = asyncio.Queue()
        #: Statuses of the data answers that were refused for now, since data were asked for last.
        self._troubles: list[int] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._unrest = Unrest()
        #: No script of the page runs, until the next one is opened.
        self._stilled = False
        #: What the open page's scripts, Chromium and the sites said since the last navigation.
        self.overheard = Overheard(self._peer)

    async def open(self, url: str, deadline: Deadline) -> Page:
        """Navigates within `deadline`, which holds for all that is asked of the page until it is renewed.

        The page once parsed; its body is there only where the status is an error. Raises QueryEnd, NoBrowser, one of
        NETWORK_FAULTS or BROWSER_FAULTS.
        """
        self._deadline = self.gate.deadline = deadline
        self.gate.leave()
        try:
            page = await self._ready()
            request = self._request(url, page)
            response = await self._crawler.engine.download_async(request)
            self._answer = request.meta[ANSWER]
        except (*BROWSER_FAULTS, *NETWORK_FAULTS, NotLetOut) as fault:
            raise await self._given_up(fault) from fault
        await self._heed_end()
        await self._check_arrival(url, response.url)
        text = await self._source() if response.status >= 400 else ""
        return replace(self._arrived(url, response.url, response.status, text), headers=headers_of(response))

    def renew(self) -> None:
        """More is asked of the page that is open: it gets the time of a page anew."""
        self._deadline = self.gate.deadline = Deadline(self._charge.limits.page_deadline)

    async def data(self) -> Page | None:
        """The next answer that the page itself loaded from the definition's data address; None when it rests.

        Raises QueryEnd where robots.txt or a budget stopped the page's request, its server refused it, or the answer is
        overdue.
        """
        if self._answers.empty():
            self._troubles.clear()
            self.gate.permit()
        quiet = 0.0
        while True:
            try:
                return await asyncio.wait_for(self._answers.get(), _STEP)
            except TimeoutError:
                await self._heed_end()
            quiet = 0.0 if self.gate.busy or self._readers else quiet + _STEP
            if quiet >= _QUIET_SECONDS:
                if self._troubles:
                    outcome = Outcome.BLOCKED if self._troubles[-1] == 429 else Outcome.FAILED
                    raise QueryEnd(outcome, f"页面的数据请求得到 HTTP {self._troubles[-1]}")
                return None
            if not self.gate.queueing and not self._deadline.left:
                raise QueryEnd(Outcome.FAILED, "页面的数据请求超时")

    async def settle(self) -> None:
        """Waits until the page asks for nothing more, or for a while."""
        quiet = waited = 0.0
        while quiet < _QUIET_SECONDS / 4 and waited < self._charge.limits.page_deadline / 4 and not self.gate.ended:
            await asyncio.sleep(_STEP)
            quiet = 0.0 if self.gate.busy else quiet + _STEP
            waited = waited if self.gate.queueing else waited + _STEP

    async def scroll(self) -> None:
        """To the end of what is loaded. What follows is a page of its own. Raises one of BROWSER_FAULTS."""
        self.renew()
        await self._within(self._live().ask("window.scrollTo(0, document.documentElement.scrollHeight)"))

    async def document(self, url: str) -> Page:
        """The document as it stands now, serialised by the browser. Raises QueryEnd where we stopped its requests.

        Raises QueryEnd as well where it is too large, and one of BROWSER_FAULTS.
        """
        await self._heed_end()
        text = await self._source()
        return self._arrived(url, self._live().page.url, 200, text)

    async def received(self) -> Page | None:
        """The document opened last as it came over the network; None where the browser has it no more."""
        answer = self._answer
        if answer is None:
            return None
        try:
            body = await asyncio.wait_for(answer.body(), _CLOSE_SECONDS)
        except BROWSER_FAULTS as fault:
            log.info("document is gone", url=answer.url, why=type(fault).__name__)
            return None
        arrived = self._page(answer.request.url, answer.url, answer.status, body[: self._charge.limits.max_page_bytes])
        declared = http_content_type_encoding(answer.headers.get("content-type", "")) or ""
        return replace(arrived, encoding=detect_encoding(body, declared))

    async def leave(self) -> None:
        """Nothing of the page that is open lives on, while others are asked or nobody is.

        At once: what a page does while it is left must not be paid for by the next one. One that is at rest stands
        still until another takes its place; any other makes room at once, whatever that costs.
        """
        self.gate.leave()
        self._answer = None
        sheet = self.sheet
        if sheet is None or self._stilled:
            return
        self._stilled = sheet.alone and not (self._unrest.seen or self.gate.restless or self.gate.busy)
        leaving = sheet.still() if self._stilled else let_go(sheet.page)
        try:
            await asyncio.wait_for(leaving, _CLOSE_SECONDS)
        except BROWSER_FAULTS as fault:
            log.info("page does not let go, its tab is closed", why=type(fault).__name__)
            await self.close()

    async def close(self) -> None:
        """Closes the tab with its context, or else its browser. The next `open` makes a new one."""
        self._answer = None
        sheet, self.sheet, self._opened, self._stilled = self.sheet, None, 0, False
        self._unrest = Unrest()
        self.gate.clear()
        for reader in self._readers:
            reader.cancel()
        if sheet is None:
            return
        try:
            await asyncio.wait_for(shut_down(sheet.page), _CLOSE_SECONDS)
        except BROWSER_FAULTS as fault:
            log.warning("tab did not close, its browser is ended", why=type(fault).__name__)
            await self._browsers.end(self._purpose)

    async def _ready(self) -> BrowserPage:
        """The page to navigate: the last one, or a new one where that is gone, worn or littered."""
        sheet = self.sheet
        worn = self._unrest.seen or self.gate.restless or self._opened >= self._browsers.pages_a_context
        if sheet is None or worn or sheet.page.is_closed():
            await self.close()
            session = self._charge.courtesy.session
            own = {} if session is None else {"storage_state": session.state}
            context = await self._browsers.context(self._purpose, **CONTEXT, **own)
            sheet = await self._browsers.promptly(self._purpose, self._unfold(context))
        if self._stilled:
            await self._deadline.keep(sheet.wake())
            self._stilled = False
        self._opened += 1
        return sheet.page

    async def _unfold(self, context: BrowserContext) -> Sheet:
        """A new page, watched from its beginning."""
        await self._deadline.keep(context.route("**", self._decide))
        self.sheet = sheet = await new_sheet(context, self._deadline)
        if self._purpose is Purpose.LISTS and not self._charge.limits.browser.remote:
            await self._deadline.keep(sheet.unseen())
        page = sheet.page
        page.on("response", self._notice)
        page.on("requestfinished", self.gate.over)
        page.on("requestfailed", self.gate.over)
        page.on("crash", self._gone)
        page.on("close", self._gone)
        self._unrest.watch(page)
        await self._deadline.keep(watch_hops(sheet.session, self.gate.refuses_hop))
        await self._deadline.keep(weigh(sheet.session, self._weighed))
        self.overheard.listen(sheet)
        return sheet

    async def _decide(self, route: Route, request: BrowserRequest) -> None:
        """Every request of this tab's context passes the gate; what popups and workers ask for is refused."""
        try:
            ours = self.sheet is not None and request.frame.page is self.sheet.page
        except BrowserError:  # no frame has it, or none yet
            ours = False
        await (self.gate.decide(route, request) if ours else let_through(route, refused=True))

    def _weighed(self, size: int) -> None:
        self._charge.politeness.spend(Spent(bytes=size))

    def _live(self) -> Sheet:
        if self.sheet is None:
            raise BrowserError("the tab was closed")
        return self.sheet

    def _request(self, url: str, page: BrowserPage) -> Request:
        meta: dict[str, Any] = {
            ERRAND: Errand.PAGE,
            DEADLINE: self._deadline,
            "playwright": True,
            "playwright_include_page": True,
            "playwright_page": page,
            "playwright_page_init_callback": self._begin,
        }
        return Request(url, meta=meta, dont_filter=True)

    async def _begin(self, _page: BrowserPage, request: Request) -> None:
        """Called by scrapy-playwright just before it navigates."""
        self.gate.begin(request.meta.get(TURN))
        self._answers = asyncio.Queue()
        self._troubles.clear()
        self.overheard.forget()

    async def _given_up(self, fault: Exception) -> Exception:
        """What a fault of the browser really was, once the tab is closed after it."""
        ended = self.gate.ended  # a hop that was refused looks like a fault to who navigates
        await self.close()
        if self._browsers.outgrew(self._purpose):
            return Overgrown("the browser was killed")
        if isinstance(fault, TimeoutError):  # the next page must not pay for what the hung one still holds
            await self._browsers.end(self._purpose)
        return ended or blamed(fault)

    async def _heed_end(self) -> None:
        """Raises what ended the page; it is left, so that it asks for nothing more."""
        if self.gate.ended is not None:
            ended = self.gate.ended
            await self.close()
            raise ended

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
        seconds = asked_to_wait(response.status, response.headers.get("retry-after", ""), now())
        if seconds is not None:  # at once: the page's scripts would go on asking
            self._charge.politeness.hold_off(seconds)
        # Chromium counts a request as running until the page has read its answer, and a page may never do so
        if response.status >= 400:
            self.gate.over(response.request)
        elif response.status < 300:
            asyncio.get_running_loop().call_later(_UNREAD_SECONDS, self.gate.over, response.request)
        if not (self._charge.definition.is_data(response.url) and self._let_out(response)):
            return
        if seconds is None and response.status < 500:
            self._spawn(self._keep(response, self._answers))
            return
        self._troubles.append(response.status)
        if len(self._troubles) <= RETRIES:  # the page may ask again, when its time has come
            self.gate.permit()

    def _let_out(self, response: BrowserResponse) -> bool:
        """False where the answer is the guard's, which then ends what waits for it."""
        try:
            if response.status in GUARD_ANSWERS:
                check_passage(self._charge.way_out, response.url)
        except NotLetOut as end:
            self.gate.ended = end
        except NETWORK_FAULTS as fault:
            self.gate.ended = QueryEnd(Outcome.FAILED, f"页面的数据请求：{chinese(fault)}")
        else:
            return True
        return False

    def _gone(self, page: BrowserPage) -> None:
        """What it still asked for is over, or whoever is next would wait for a turn that nobody gives back."""
        if self.sheet is not None and self.sheet.page is page:
            self.gate.clear()

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)

    async def _keep(self, response: BrowserResponse, answers: asyncio.Queue[Page]) -> None:
        try:
            body = await self._deadline.keep(response.body())
            headers = told((h["name"], h["value"]) for h in await self._deadline.keep(response.headers_array()))
        except BROWSER_FAULTS as fault:
            log.warning("data answer lost", url=response.url, why=type(fault).__name__)
            return
        if len(body) > self._charge.limits.max_page_bytes:
            log.warning("data answer too large", url=response.url, bytes=len(body))
            return
        media_type = next((v for n, v in headers if n.lower() == "content-type"), "application/json")
        arrived = self._page(response.request.url, response.url, response.status, body)
        answers.put_nowait(
            replace(
                arrived,
                media_type=media_type.partition(";")[0].strip().lower(),
                headers=headers,
                encoding=detect_encoding(body),
            )
        )

    async def _within(self, work: Awaitable[_T]) -> _T:
        """What the page gives in its time; a fault closes the tab. Raises QueryEnd or one of BROWSER_FAULTS."""
        try:
            return await self._deadline.keep(work)
        except BROWSER_FAULTS as fault:
            raise await self._given_up(fault) from fault

    async def _source(self) -> str:
        text = await self._within(self._live().source(self._charge.limits.max_page_bytes))
        if text is None:
            raise QueryEnd(Outcome.FAILED, "页面超过大小上限")
        return text

    def _arrived(self, url: str, final_url: str, status: int, text: str) -> Page:
        body = text.encode("utf-8", "replace")
        if len(body) > self._charge.limits.max_page_bytes:
            raise QueryEnd(Outcome.FAILED, "页面超过大小上限")
        return self._page(url, final_url, status, body)

    def _page(self, url: str, final_url: str, status: int, body: bytes) -> Page:
        return Page(
            url=url,
            final_url=final_url,
            status=status,
            body=body,
            encoding="utf-8",
            fetched_at=now(),
            fetched_by="browser",
            peer=self._peer(final_url),
        )

    def _peer(self, url: str) -> str:
        # a browser that runs elsewhere goes out by a proxy of its own, which tells us nothing
        return "" if self._charge.limits.browser.remote else self._charge.way_out.peer(url)
