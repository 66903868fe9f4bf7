"""A page that was left: in a moment it goes nowhere, unless the next one takes its place before."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

#: Seconds. Going nowhere between two pages costs a quarter of a page.
_A_MOMENT = 1.0


class Leaving:
    """The going of one tab's page."""

    def __init__(self, go: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """`go` brings the page nowhere and raises nothing."""
        self._go = go
        self._due: asyncio.TimerHandle | None = None
        self._going: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """The page goes in a moment, however often it is left until then."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_A_MOMENT, self._begin)

    async def stay(self) -> None:
        """The page is needed: when this returns it stays, or has gone."""
        due, going, self._due, self._going = self._due, self._going, None, None
        if due is not None:
            due.cancel()
        if going is not None:
            await going

    def _begin(self) -> None:
        self._going = asyncio.ensure_future(self._go())
