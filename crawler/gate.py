"""The gate inside the browser: what a rendered page may ask for, one request at a time. `Manners` for Chromium."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from playwright.async_api import Error as BrowserError
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import Route

from crawler.admission import refusal
from crawler.deadline import Deadline
from crawler.ends import QueryEnd
from crawler.manners import Charge, RobotsBook
from crawler.politeness import Turn
from records import Outcome

log = structlog.get_logger(__name__)

#: Navigations and data requests: they obey robots.txt and take a turn each.
_ASKING = ("document", "xhr", "fetch")
#: What a page is built of. Everything else (pictures, fonts, media, beacons, event streams) is refused.
_STATIC = ("script", "stylesheet")
#: Requests that a page may queue for by itself (frames, XHR, fetch): what it asks beyond is refused. And a storm.
_MOST_ASKED = 20
_STORM = 200
#: Redirects of one navigation (FAULTS B9).
_MOST_HOPS = 5
#: Times that a page may take its tab elsewhere by itself, or load itself again.
_MOST_MOVES = 3


class Gate:
    """Decides on the requests of one tab. A data answer of a list is let through only when the reader asks for it."""

    def __init__(self, charge: Charge, robots: RobotsBook, *, on_demand: bool) -> None:
        """`on_demand`: hold requests for list data back until `permit()`, so that a page cannot scroll by itself."""
        self.ended: QueryEnd | None = None
        #: The page's time, which does not run while a request of it waits for its turn.
        self.deadline = Deadline(0)
        self._charge = charge
        self._robots = robots
        self._on_demand = on_demand
        self._under_way: dict[BrowserRequest, Callable[[], None]] = {}
        self._held: list[asyncio.Future[bool]] = []
        self._document: Turn | None = None
        self._navigation: BrowserRequest | None = None
        self._permitted = True
        self._queued: set[asyncio.Future[Turn]] = set()
        self._left = False
        #: Requests that wait for a turn or a place, each with what tells that its page is gone.
        self._waiting: dict[BrowserRequest, asyncio.Future[None]] = {}
        self._asked = 0
        self._moves = 0
        self._hops = 0

    @property
    def queueing(self) -> bool:
        """True while a request waits for its turn: time that is ours and not the page's."""
        return bool(self._queued)

    @property
    def busy(self) -> bool:
        """True while the page waits for anything."""
        return self.queueing or bool(self._under_way)

    @property
    def restless(self) -> bool:
        """True where the page moves by itself or asks too much: it would come between us and the next one."""
        return self._moves > 0 or self._asked > _MOST_ASKED

    def leave(self) -> None:
        """The page is to be left: what it waits for is refused, and so is all it asks until `begin`.

        Before the turn of the next navigation is taken: a request of the old page that waits for a turn meanwhile
        would wait for the very navigation that ends it. What is under way keeps its turn until its answer is there.
        """
        self._left = True
        for queued in tuple(self._queued):
            queued.cancel()
        held, self._held = self._held, []
        for waiting in held:
            if not waiting.done():
                waiting.set_result(False)
        for gone in self._waiting.values():
            if not gone.done():
                gone.set_result(None)

    def begin(self, turn: Turn | None) -> None:
        """A navigation of ours starts, for which `Manners` took `turn`; whatever the last page wanted is over."""
        self.clear()
        self._left = False
        self._document = turn
        self._permitted = True
        self._asked = self._moves = self._hops = 0

    def clear(self) -> None:
        """Ends everything the page still waits for."""
        self.leave()
        self.ended = None
        self._document = None
        under_way, self._under_way = self._under_way, {}
        for release in under_way.values():
            release()

    def permit(self) -> None:
        """Lets one data request through: one that is waiting, or else the next that comes."""
        self._asked = 0
        while self._held:
            waiting = self._held.pop(0)
            if not waiting.done():
                waiting.set_result(True)
                return
        self._permitted = True

    async def decide(self, route: Route, request: BrowserRequest) -> None:
        """Answers a route when the request's time has come."""
        await let_through(route, refused=await self.refuses(request))

    async def refuses(self, request: BrowserRequest) -> bool:
        """True where the request is to be aborted; else returns when its time has come."""
        limits = self._charge.limits
        if self._left or request.resource_type not in (*_ASKING, *_STATIC):
            return True
        if refusal(request.url, self._charge.definition, allow_loopback=limits.allow_loopback):
            return True
        if request.resource_type in _STATIC:
            return await self._refuses_after(request, self._charge.politeness.take_part())
        if request.is_navigation_request() and self._storms(request):
            return True
        if request.is_navigation_request() and self._document is not None:
            self._under_way[request], self._document = self._document.give_back, None
            self._navigation = request
            return False
        return await self._refuses_asking(request)

    def over(self, request: BrowserRequest) -> None:
        """A request finished or failed, perhaps after redirects."""
        gone = self._waiting.get(request)
        if gone is not None and not gone.done():
            gone.set_result(None)
        step: BrowserRequest | None = request
        while step is not None:
            release = self._under_way.pop(step, None)
            if release is not None:
                release()
            step = step.redirected_from

    async def refuses_hop(self, url: str) -> bool:
        """True where a redirect may not lead the navigation to `url`; else returns when the hop's time has come.

        The answer that redirected is over, and so is its turn; the hop is a request like any other.
        """
        release = self._under_way.pop(self._navigation, None) if self._navigation else None
        if release is not None:
            release()
        why = refusal(url, self._charge.definition, allow_loopback=self._charge.limits.allow_loopback)
        if why:
            self.ended = QueryEnd(Outcome.FAILED, f"{why}：{url[:120]}")
            return True
        self._hops += 1
        if self._hops > _MOST_HOPS:
            self.ended = QueryEnd(Outcome.FAILED, f"跳转超过 {_MOST_HOPS} 次")
            return True
        turn = await self._turn(url)
        if turn is None:
            return True
        if self._navigation is None:
            turn.give_back()
        else:
            self._under_way[self._navigation] = turn.give_back
        return False

    def _storms(self, request: BrowserRequest) -> bool:
        """True where the page moves on again and again. What it leaves behind is over, and never says so itself."""
        frame = request.frame
        for left in [one for one in self._under_way if one.is_navigation_request() and one.frame == frame]:
            self._under_way.pop(left)()
        if frame.parent_frame is not None or self._document is not None:
            return False
        self._moves += 1
        if self._moves > _MOST_MOVES:
            self._end("页面不停地跳转或刷新")
        return self.ended is not None

    async def _refuses_asking(self, request: BrowserRequest) -> bool:
        if self._on_demand and self._charge.definition.is_data(request.url) and not await self._demanded():
            return True
        definition = self._charge.definition
        vital = not definition.data_url or definition.is_data(request.url)
        return await self._refuses_after(request, self._turn(request.url, vital=vital))

    async def _refuses_after(self, request: BrowserRequest, coming: Coroutine[Any, Any, Turn | None]) -> bool:
        """True where no turn comes, or the page that asked goes first: nobody would say that its request has ended."""
        self._waiting[request] = gone = asyncio.get_running_loop().create_future()
        turn = asyncio.ensure_future(coming)
        try:
            await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.pop(request, None)
            if not turn.done():
                turn.cancel()
        taken = turn.result() if turn.done() else None
        if taken is not None and gone.done():
            taken.give_back()
        elif taken is not None:
            self._under_way[request] = taken.give_back
        return taken is None or gone.done()

    async def _turn(self, url: str, *, vital: bool = True) -> Turn | None:
        """A turn for an address that robots.txt allows; None where there is none to be had, or the page storms.

        `ended` says why, but for a storm, in which the page is read as it stands, and where robots.txt refuses what is
        not `vital`: a page of which the data are read may count its visitors where it likes.
        """
        self._asked += 1
        if self._asked == _STORM:
            self._end("页面不停地发出请求")
        if self._asked > _MOST_ASKED:
            return None
        waiting = asyncio.ensure_future(self._stand_in_line(url))
        self._queued.add(waiting)
        try:
            with self.deadline.paused():
                return await waiting
        except QueryEnd as end:
            if vital or end.outcome is not Outcome.ROBOTS_REFUSED:
                self.ended = end
            return None
        except asyncio.CancelledError:
            if waiting.cancelled():  # by `clear`: the page is no more
                return None
            raise
        finally:
            self._queued.discard(waiting)

    async def _stand_in_line(self, url: str) -> Turn:
        await self._robots.check(url)
        return await self._charge.politeness.take_turn()

    def _end(self, why: str) -> None:
        """Ends a page that would never come to rest by itself."""
        self.ended = QueryEnd(Outcome.FAILED, why)
        self.deadline.expire()

    async def _demanded(self) -> bool:
        if self._permitted:
            self._permitted = False
            return True
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._held.append(waiting)
        return await waiting


async def let_through(route: Route, *, refused: bool) -> None:
    """Sends a waiting request on its way, or aborts it."""
    try:
        await (route.abort() if refused else route.continue_())
    except BrowserError as gone:  # its page was left, or closed, while it waited
        log.info("request is gone", why=type(gone).__name__)
