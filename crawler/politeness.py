"""One request at a time, with delay and jitter, inside the budget, and never before Retry-After has passed."""

import asyncio
import math
import random
import time
from collections.abc import Callable

from crawler.ends import QueryEnd
from crawler.limits import Courtesy, Limits
from crawler.robots import Robots
from records import Outcome, Spent, Stop


class LocalPace:
    """A pacer for one process, with the meaning of `Courtesy.pace` and `Courtesy.rest`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_at: dict[str, float] = {}

    def pace(self, platform: str, delay: float) -> float:
        """Reserves the next slot; seconds until it."""
        now = self._clock()
        slot = max(self._next_at.get(platform, now), now)
        self._next_at[platform] = slot + delay
        return slot - now

    def rest(self, platform: str, seconds: float) -> None:
        """No slot within the next `seconds`."""
        self._next_at[platform] = max(self._next_at.get(platform, 0.0), self._clock() + seconds)


#: Seconds after which a wait is looked at again: crawling may have been stopped meanwhile.
_LOOK_AGAIN = 5.0
#: Static parts of pages and pictures asked for at the same time, by HTTP and in all tabs together.
_PARTS_AT_ONCE = 4


class Turn:
    """The right to one request, or to one part of a page. Given back once, by whoever sees the request end first."""

    def __init__(self, over: Callable[[], None], longest: float) -> None:
        self._over: Callable[[], None] | None = over
        # a browser that dies never says that its request ended; the platform must not wait for it for ever
        self._timer = asyncio.get_running_loop().call_later(longest, self.give_back)

    def give_back(self) -> None:
        """Lets the next request start."""
        self._timer.cancel()
        over, self._over = self._over, None
        if over is not None:
            over()


class Politeness:
    """The manners of one patrol towards one platform. Belongs to one event loop."""

    def __init__(self, platform: str, delay: float, *, courtesy: Courtesy, limits: Limits) -> None:
        """`delay` in seconds is the definition's; robots.txt may raise it."""
        self.platform = platform
        self.delay = delay
        #: Navigations and data requests begun, robots.txt included.
        self.requests = 0
        local = LocalPace()
        self._turn = courtesy.turn or (lambda _spent, _asking, delay: local.pace(platform, delay))
        self._rest = courtesy.rest or local.rest
        self._parts = asyncio.Semaphore(_PARTS_AT_ONCE)
        self._leave = courtesy.leave
        self._untold = Spent()
        self._untold_rest = False
        self._told_at = time.monotonic()
        self._limits = limits
        self._lock = asyncio.Lock()
        self._ends_at = time.monotonic() + limits.max_seconds
        self._closed_until = -math.inf
        self._last_end = -math.inf

    @property
    def seconds_left(self) -> float:
        """What remains of the patrol's time."""
        return self._ends_at - time.monotonic()

    def respect(self, robots: Robots) -> None:
        """Takes over a Crawl-delay that is longer than the definition's delay."""
        self.delay = max(self.delay, robots.crawl_delay)

    def spend(self, spent: Spent) -> None:
        """Counts what took no turn of its own: parts of pages, bytes. The next turn tells it."""
        self._untold += spent

    async def tell(self) -> None:
        """At a patrol's end: tells `courtesy.leave` what it has not heard yet; the next patrol keeps its distance."""
        await self._tell()
        await asyncio.to_thread(self._rest, self.platform, self.delay * self._jitter())

    async def take_turn(self, *, pages: int = 0) -> Turn:
        """Waits until the next request, for so many pages, may start. Raises QueryEnd where it may not at all."""
        await self._lock.acquire()
        begun = False
        try:
            await self._wait(Spent(requests=1, pages=pages))
            begun = True
        finally:
            if not begun:
                self._lock.release()
        self.requests += 1
        return Turn(self._end_turn, longest=self._limits.page_deadline * 2)

    async def take_part(self) -> Turn | None:
        """A place among the few static parts asked for at once; None while the platform wants to be left alone.

        Counted, undelayed. A part that never ends gives its place back after the time of a page.
        """
        await self._parts.acquire()
        if self._closed_for() > 0:
            self._parts.release()
            return None
        self.spend(Spent(requests=1))
        return Turn(self._parts.release, longest=self._limits.page_deadline)

    def hold_off(self, seconds: float) -> None:
        """Obeys a Retry-After from now on: nothing is sent, parts of pages neither. The next turn shares it."""
        self._closed_until = max(self._closed_until, time.monotonic() + seconds)
        self._untold_rest = True

    async def stay_away(self, seconds: float) -> None:
        """Obeys a Retry-After, together with every other worker of this platform.

        Raises QueryEnd BLOCKED where the time is longer than what is left of the patrol.
        """
        self.hold_off(seconds)
        await self._share_rest()
        self._refuse_if_closed()

    async def _wait(self, asking: Spent) -> None:
        if self.requests >= self._limits.max_requests:
            raise QueryEnd(Outcome.BUDGET_SPENT, f"本次巡查的请求数已到上限 {self._limits.max_requests}")
        self._refuse_if_closed()
        delay = self.delay * self._jitter()
        wait = await self._ask_turn(asking, delay)
        begun = False
        try:
            await self._wait_for_slot(wait, delay)
            begun = True
        finally:
            if not begun:
                self.spend(-asking)  # it was counted and is not asked after all

    async def _wait_for_slot(self, wait: float, delay: float) -> None:
        # A slot counts from where it was given; a browser sends its request a little later. So the delay is kept
        # from the end of the last request as well, as the platform sees it.
        slot = max(time.monotonic() + wait, self._last_end + delay)
        # asked anew after every sleep: an answer to a part of a page may have told us to stay away meanwhile
        while (wait := max(slot - time.monotonic(), self._closed_for())) > 0:
            self._refuse_if_closed()
            if wait > self.seconds_left:
                raise QueryEnd(Outcome.BUDGET_SPENT, f"本次巡查的时间已到上限 {self._limits.max_seconds:.0f} 秒")
            await asyncio.sleep(min(wait, _LOOK_AGAIN))
            if wait > 1 and (stop := await self._tell()) is not None:
                raise QueryEnd(stop.outcome, stop.note)

    async def _ask_turn(self, asking: Spent, delay: float) -> float:
        """Seconds until the slot that is ours. Raises QueryEnd."""
        await self._share_rest()
        answer = await asyncio.to_thread(self._turn, self._unheard(), asking, delay)
        if isinstance(answer, Stop):
            raise QueryEnd(answer.outcome, answer.note)
        return answer

    async def _tell(self) -> Stop | None:
        await self._share_rest()
        return await asyncio.to_thread(self._leave, self._unheard())

    def _unheard(self) -> Spent:
        """What was spent since this was asked last."""
        at = time.monotonic()
        spent = self._untold + Spent(seconds=at - self._told_at)
        self._untold, self._told_at = Spent(), at
        return spent

    async def _share_rest(self) -> None:
        if self._untold_rest:
            self._untold_rest = False
            await asyncio.to_thread(self._rest, self.platform, max(0.0, self._closed_for()))

    def _end_turn(self) -> None:
        self._last_end = time.monotonic()
        self._lock.release()

    def _refuse_if_closed(self) -> None:
        away = self._closed_for()
        if away > self.seconds_left:
            raise QueryEnd(Outcome.BLOCKED, f"平台要求 {away:.0f} 秒后再来（Retry-After），超出本次巡查剩余时间")

    def _closed_for(self) -> float:
        return self._closed_until - time.monotonic()

    def _jitter(self) -> float:
        """1.1 to 1.5 at a jitter of 0.5: clearly above the delay, so that no gap falls below it on the way."""
        return 1.0 + self._limits.jitter * random.uniform(0.2, 1.0)  # noqa: S311 - manners, not secrets
