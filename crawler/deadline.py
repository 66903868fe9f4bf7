"""The time that one page may take, whoever waits for it: Playwright's own calls have no deadline (FAULTS §0.9)."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")


class Deadline:
    """The seconds that a page may take altogether, over all tries; standing in our own queue does not count.

    Begins to run with the first wait. Belongs to one event loop.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None
        self._queueing = 0
        self._over = False
        self._waits: set[asyncio.Timeout] = set()

    @property
    def left(self) -> float:
        """Seconds that remain; never negative."""
        now = asyncio.get_running_loop().time()
        return max(0.0, self._seconds if self._ends_at is None else self._ends_at - now)

    async def keep(self, work: Awaitable[_T]) -> _T:
        """What `work` gives. Raises TimeoutError when the page's time is used up first."""
        if self._ends_at is None and not self._queueing:
            self._ends_at = asyncio.get_running_loop().time() + self._seconds
        async with asyncio.timeout_at(self._ends_at) as wait:
            self._waits.add(wait)
            try:
                return await work
            finally:
                self._waits.discard(wait)

    def expire(self) -> None:
        """The page gets no more time: whoever waits for it hears of it at once."""
        self._seconds, self._ends_at, self._over = 0.0, asyncio.get_running_loop().time(), True
        self._reschedule()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The clock stands still while a request of the page waits for its turn: that time is ours."""
        self._queueing += 1
        if self._queueing == 1 and not self._over:
            self._seconds, self._ends_at = self.left, None
            self._reschedule()
        try:
            yield
        finally:
            self._queueing -= 1
            if not self._queueing and self._waits and not self._over:
                self._ends_at = asyncio.get_running_loop().time() + self._seconds
                self._reschedule()

    def _reschedule(self) -> None:
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(self._ends_at)
