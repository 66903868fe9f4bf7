"""The hops of a redirected navigation, which Playwright's routes do not see: each is stopped and asked about."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from playwright.async_api import CDPSession

from crawler.network import BROWSER_FAULTS

log = structlog.get_logger(__name__)

#: Documents of the tab and of its frames, before anything is sent for them.
_PATTERNS = [{"resourceType": "Document", "requestStage": "Request"}]


async def watch_hops(session: CDPSession, refuses: Callable[[str], Awaitable[bool]]) -> None:
    """From now on `refuses(address)` decides on every hop of a redirected navigation before the browser takes it.

    Playwright follows redirects by itself (FAULTS §0.1), so this speaks to Chromium beside it. First addresses, which
    a route has let through already, go on unasked. `session` is the page's; has no deadline of its own.
    """
    deciding: set[asyncio.Task[None]] = set()

    async def decide(paused: dict[str, Any]) -> None:
        stop = "redirectedRequestId" in paused and await refuses(str(paused["request"]["url"]))
        command: dict[str, Any] = {"requestId": paused["requestId"]}
        if stop:
            command["errorReason"] = "BlockedByClient"
        try:
            await session.send("Fetch.failRequest" if stop else "Fetch.continueRequest", command)
        except BROWSER_FAULTS as gone:  # the page was closed, or went elsewhere, while its hop waited
            log.info("hop is gone", why=type(gone).__name__)

    def begin(paused: dict[str, Any]) -> None:
        task = asyncio.ensure_future(decide(paused))
        deciding.add(task)
        task.add_done_callback(deciding.discard)

    session.on("Fetch.requestPaused", begin)
    await session.send("Fetch.enable", {"patterns": _PATTERNS})
