"""What a page of Chromium weighs: the bytes of everything that it loads, counted while they come."""

from collections.abc import Callable
from typing import Any

from playwright.async_api import CDPSession


async def weigh(session: CDPSession, count: Callable[[int], None]) -> None:
    """From now on tells `count` how many bytes came, parts, data and frames included, as they came (compressed).

    What never ends is counted too: pieces at once, and at a request's end what they had left out (headers; documents
    come without pieces). `session` is the page's; has no deadline of its own.
    """
    pieces: dict[str, int] = {}

    def came(event: dict[str, Any]) -> None:
        size = max(0, int(event["encodedDataLength"]))
        pieces[event["requestId"]] = pieces.get(event["requestId"], 0) + size
        count(size)

    def finished(event: dict[str, Any]) -> None:
        count(max(0, int(event["encodedDataLength"]) - pieces.pop(event["requestId"], 0)))

    def failed(event: dict[str, Any]) -> None:
        pieces.pop(event["requestId"], None)

    session.on("Network.dataReceived", came)
    session.on("Network.loadingFinished", finished)
    session.on("Network.loadingFailed", failed)
    await session.send("Network.enable")
