"""Whether a list is read by HTTP or rendered, where its definition leaves that open (`render: auto`)."""

import asyncio

import structlog

from crawler.definition import Definition
from crawler.limits import Hooks
from crawler.lists import HttpList, ListReader, Read, RenderedList
from crawler.walls import SHELL
from records import Outcome

log = structlog.get_logger(__name__)


class Readers:
    """HTTP first; the browser from the first shell on, and from the start where shells were found on nights before.

    A remembered shell is doubted once a night: what the browser received is read as HTTP would, at no request more.
    """

    def __init__(self, definition: Definition, hooks: Hooks, *, by_http: HttpList, by_browser: RenderedList) -> None:
        self._auto = definition.render == "auto"
        self._renders = definition.render == "always"
        self._hooks = hooks
        self._by_http = by_http
        self._by_browser = by_browser
        self._asked = False
        self._doubts = False

    async def first(self, url: str) -> tuple[ListReader, Read]:
        """The first page of the list at `url`, and who reads the pages after it. Raises QueryEnd."""
        if self._auto and not self._asked:
            self._asked = True
            self._renders = self._doubts = await asyncio.to_thread(self._hooks.shells)
        if self._renders:
            return self._by_browser, await self._rendered(url)
        read = await self._by_http.first(url)
        if not (self._auto and _is_shell(read)):
            return self._by_http, read
        log.info("page is a shell, rendering from here on", url=url)
        self._renders = True
        read = await self._by_browser.first(url)
        if read.cards.outcome is None:  # rendering did help: what stays empty is no reason to render tomorrow
            await asyncio.to_thread(self._hooks.learned, True)
        return self._by_browser, read

    async def _rendered(self, url: str) -> Read:
        read = await self._by_browser.first(url)
        if self._doubts and read.cards.outcome is None:
            self._doubts = False
            received = await self._by_browser.received()
            if received is not None and received.cards.outcome is None:
                log.info("HTTP alone brings the cards again", url=url)
                self._renders = False
                await asyncio.to_thread(self._hooks.learned, False)
        return read


def _is_shell(read: Read) -> bool:
    return read.cards.outcome is Outcome.DRIFTED and read.cards.note.startswith(SHELL)
