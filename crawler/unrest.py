"""What a page does beside being read: it opens others, asks questions, keeps a line open, crashes."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from playwright.async_api import Dialog
from playwright.async_api import Page as BrowserPage

from crawler.network import BROWSER_FAULTS
from crawler.sheet import shut

log = structlog.get_logger(__name__)

_CLOSE_SECONDS = 5.0


class Unrest:
    """Clears away what a page leaves about, and remembers that it did: the next page then has a clean context."""

    def __init__(self) -> None:
        #: One popup may have been missed, or not close; a question may be asked again, in the way of the next page.
        self.seen = False
        self._clearing: set[asyncio.Task[None]] = set()

    def watch(self, page: BrowserPage) -> None:
        """From the beginning of a page."""
        page.on("popup", self._shut)
        page.on("dialog", self._dismiss)
        page.on("websocket", self._note)
        page.on("crash", self._bury)

    def _note(self, _thing: object) -> None:
        self.seen = True

    def _shut(self, popup: BrowserPage) -> None:
        self._clear(shut(popup))

    def _dismiss(self, question: Dialog) -> None:
        self._clear(question.dismiss())

    def _bury(self, page: BrowserPage) -> None:
        """A crashed page answers nothing any more, and Playwright would wait for it."""
        self._clear(page.close())

    def _clear(self, work: Coroutine[Any, Any, None]) -> None:
        self.seen = True
        task = asyncio.ensure_future(_soon(work))
        self._clearing.add(task)
        task.add_done_callback(self._clearing.discard)


async def _soon(work: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.wait_for(work, _CLOSE_SECONDS)
    except BROWSER_FAULTS as fault:
        log.info("page did not close", why=type(fault).__name__)
