"""A long page is scrolled through before it is photographed, so that what shows itself on sight has been seen.

Nothing is asked of the site for it beyond what `Gate` permits: data that a page wants on scrolling is held back there,
and pictures are answered from those already fetched.
"""

import asyncio

import structlog

from crawler.deadline import Deadline
from crawler.network import BROWSER_FAULTS
from crawler.sheet import Sheet

log = structlog.get_logger(__name__)

#: Screens that a page is scrolled down at most.
MOST_SCREENS = 18
_REST_SECONDS = 0.15
#: Whether anything lies below, after one more screen.
_DOWN = """(() => {
    window.scrollBy({top: window.innerHeight, behavior: 'instant'});
    return window.scrollY + window.innerHeight + 1 < document.documentElement.scrollHeight;
})()"""
_UP = "window.scrollTo({top: 0, behavior: 'instant'})"


async def unroll(sheet: Sheet | None, seconds: float) -> bool:
    """Scrolls to the end and back up, in `seconds` at most; False where the end was not reached."""
    if sheet is None:
        return True
    deadline = Deadline(seconds)
    try:
        for _ in range(MOST_SCREENS):
            more = await deadline.keep(sheet.ask(_DOWN))
            # The last screen is looked at as long as the others.
            await asyncio.sleep(_REST_SECONDS)
            if not more:
                await deadline.keep(sheet.ask(_UP))
                return True
        await deadline.keep(sheet.ask(_UP))
    except BROWSER_FAULTS as fault:  # what is wrong with the page, its photograph will say
        log.info("page was not scrolled through", why=type(fault).__name__)
    return False
