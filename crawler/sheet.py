"""A page of a browser with a second line to Chromium: questions that the page's own scripts cannot bend."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, CDPSession
from playwright.async_api import Page as BrowserPage

from crawler.deadline import Deadline

#: Elements of a page that is read; beyond it the page is a trap, and every step on it takes seconds.
MOST_ELEMENTS = 200_000
# No page may hand us more than we would take, so the size is looked at before anything leaves the browser.
_SOURCE = """(() => {
    const whole = document.documentElement;
    if (!whole) return '';
    if (document.getElementsByTagName('*').length > %d) return null;
    const html = whole.outerHTML;
    return html.length > %d ? null : (document.doctype ? '<!DOCTYPE html>' : '') + html;
})()"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """Its methods raise a Playwright error and have no deadline of their own."""

    page: BrowserPage
    session: CDPSession

    async def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression or promise, in a world of its own; None where it throws."""
        tree = await self.session.send("Page.getFrameTree")
        frame = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "xunwang"}
        world = await self.session.send("Page.createIsolatedWorld", frame)
        asked = {"expression": expression, "contextId": world["executionContextId"]}
        answer = await self.session.send("Runtime.evaluate", {**asked, "returnByValue": True, "awaitPromise": True})
        return answer["result"].get("value")

    async def source(self, most: int) -> str | None:
        """The document as it stands; None where it has more than `most` characters or too many elements."""
        answer = await self.ask(_SOURCE % (MOST_ELEMENTS, most))
        return answer if isinstance(answer, str) else None


async def new_sheet(context: BrowserContext, deadline: Deadline) -> Sheet:
    """A new page in `context`. Raises a Playwright error or TimeoutError."""
    page = await deadline.keep(context.new_page())
    return Sheet(page=page, session=await deadline.keep(context.new_cdp_session(page)))


async def let_go(page: BrowserPage) -> None:
    """Leaves what the page shows, so that nothing it asked for stands undecided before a route any more.

    Chromium sends such requests off when their page or their browser closes, past the route; when it is left, it drops
    them.
    """
    if not page.is_closed():
        await page.goto("about:blank")


async def shut_down(page: BrowserPage) -> None:
    """Closes a page with its context."""
    await let_go(page)
    await page.context.close()


async def shut(page: BrowserPage) -> None:
    """Closes a page alone."""
    await let_go(page)
    await page.close()
