"""One request at a time, with delay and jitter, inside the budget, and never before Retry-After has passed."""

import asyncio
import math
import random
import time
from collections.abc import Callable

from crawler.ends import QueryEnd
from crawler.limits import Hooks, Limits
from crawler.robots import Robots
from records import Outcome, Spent, Stop


def local_pace(clock: Callable[[], float] = time.monotonic) -> Callable[[str, float], float]:
    """A pacer for one process, with the meaning of `Hooks.pace`."""
    next_at: dict[str, float] = {}

    def pace(platform: str, delay: float) -> float:
        now = clock()
        slot = max(next_at.get(platform, now), now)
        next_at[platform] = slot + delay
        return slot - now

    return pace


#: Seconds after which a wait is looked at again: crawling may have been stopped meanwhile.
_LOOK_AGAIN = 5.0


class Turn:
    """The right to one request. Given back once, by whoever sees the request end first."""

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

    def __init__(self, platform: str, delay: float, *, hooks: Hooks, limits: Limits) -> None:
        """`delay` in seconds is the definition's; robots.txt may raise it."""
        self.platform = platform
        self.delay = delay
        #: Navigations and data requests begun, robots.txt included.
        self.requests = 0
        self._pace = hooks.pace or local_pace()
        self._leave = hooks.leave
        self._untold = Spent()
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
        """Counts what took no turn of its own: parts of pages, and bytes. The next turn tells it to `hooks.leave`."""
        self._untold += spent

    async def tell(self) -> None:
        """Tells `hooks.leave` what it has not heard yet: at the end of a patrol."""
        await self._tell(Spent())

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

    async def stay_away(self, seconds: float) -> None:
        """Obeys a Retry-After, together with every other worker of this platform.

        Raises QueryEnd BLOCKED where the time is longer than what is left of the patrol.
        """
        self._closed_until = max(self._closed_until, time.monotonic() + seconds)
        # a slot reserved and not used holds the others back until the time has passed
        await asyncio.to_thread(self._pace, self.platform, seconds)
        self._refuse_if_closed()

    async def _wait(self, asking: Spent) -> None:
        if self.requests >= self._limits.max_requests:
            raise QueryEnd(Outcome.BUDGET_SPENT, f"本次巡查的请求数已到上限 {self._limits.max_requests}")
        self._refuse_if_closed()
        await self._ask_leave(asking)
        try:
            await self._wait_for_slot()
        except QueryEnd:
            self.spend(-asking)  # it was counted and is not asked after all
            raise

    async def _wait_for_slot(self) -> None:
        delay = self.delay * self._jitter()
        wait = await asyncio.to_thread(self._pace, self.platform, delay)
        # A slot counts from where it was given; a browser sends its request a little later. So the delay is kept
        # from the end of the last request as well, as the platform sees it.
        now = time.monotonic()
        wait = max(wait, self._closed_until - now, self._last_end + delay - now)
        if wait > self.seconds_left:
            raise QueryEnd(Outcome.BUDGET_SPENT, f"本次巡查的时间已到上限 {self._limits.max_seconds:.0f} 秒")
        while wait > 0:
            await asyncio.sleep(min(wait, _LOOK_AGAIN))
            if wait > 1:
                await self._ask_leave(Spent())
            wait -= _LOOK_AGAIN

    async def _ask_leave(self, asking: Spent) -> None:
        stop = await self._tell(asking)
        if stop is not None:
            raise QueryEnd(stop.outcome, stop.note)

    async def _tell(self, asking: Spent) -> Stop | None:
        at = time.monotonic()
        spent = self._untold + Spent(seconds=at - self._told_at)
        self._untold, self._told_at = Spent(), at
        return await asyncio.to_thread(self._leave, spent, asking)

    def _end_turn(self) -> None:
        self._last_end = time.monotonic()
        self._lock.release()

    def _refuse_if_closed(self) -> None:
        away = self._closed_until - time.monotonic()
        if away > self.seconds_left:
            raise QueryEnd(Outcome.BLOCKED, f"平台要求 {away:.0f} 秒后再来（Retry-After），超出本次巡查剩余时间")

    def _jitter(self) -> float:
        """1.1 to 1.5 at a jitter of 0.5: clearly above the delay, so that no gap falls below it on the way."""
        return 1.0 + self._limits.jitter * random.uniform(0.2, 1.0)  # noqa: S311 - manners, not secrets
