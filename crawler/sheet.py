"""A page of a browser with a second line to Chromium: questions that the page's own scripts cannot bend."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, CDPSession
from playwright.async_api import Error as BrowserError
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

# A script that waits for nothing but its time would run once more in the moment between two documents. Whatever else
# it waits for comes while no script may run, and is lost on it. Numbers of timers are dealt out in order.
_HUSHED = """(() => {
    const last = setTimeout(() => 0), drawn = requestAnimationFrame(() => 0);
    if (last > 100000 || drawn > 100000) return false;
    for (let timer = 1; timer <= last; timer++) clearTimeout(timer);
    for (let frame = 1; frame <= drawn; frame++) cancelAnimationFrame(frame);
    return true;
})()"""


#: A page that nobody looks at is drawn this large: drawing it in full takes a third of all that a list page costs.
_UNSEEN = 0.1


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

    async def unseen(self) -> None:
        """From now on the page is drawn as a stamp in a window put away: for one that is read, and never photographed.

        What the page itself can tell stays as it was: its size and that of the screen, what is in sight, that it is
        visible and has the focus, frames and timers (Playwright starts its browsers such that no window sleeps).
        """
        size = self.page.viewport_size
        if size is None:
            return
        screen = {"screenWidth": size["width"], "screenHeight": size["height"]}
        drawn = {**size, **screen, "deviceScaleFactor": 1, "mobile": False, "scale": _UNSEEN}
        await self.session.send("Emulation.setDeviceMetricsOverride", drawn)
        window = (await self.session.send("Browser.getWindowForTarget"))["windowId"]
        away = {"windowId": window, "bounds": {"windowState": "minimized"}}
        await self.session.send("Browser.setWindowBounds", away)

    @property
    def alone(self) -> bool:
        """True where the page has no frames and no workers, whose scripts `still` does not reach."""
        return len(self.page.frames) == 1 and not self.page.workers

    async def still(self) -> None:
        """No script of the page ever runs again. A few milliseconds, where leaving it costs sixty."""
        await self.session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        if not await self.ask(_HUSHED):
            raise BrowserError("the page has too many timers")

    async def wake(self) -> None:
        """Scripts may run again: those of the next document, for which this is called just before."""
        await self.session.send("Emulation.setScriptExecutionDisabled", {"value": False})

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
