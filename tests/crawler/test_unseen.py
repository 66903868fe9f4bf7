"""A page that is only read is drawn as a stamp, in a window put away, and cannot tell."""

import asyncio
import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from crawler.chromium import Browsers, Purpose
from crawler.deadline import Deadline
from crawler.sheet import Sheet, new_sheet
from crawler.tab import CONTEXT
from tests.crawler.test_browsers import drive

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SEEING = """data:text/html,<body style="margin: 0">
<div id="near" style="height: 1px"></div><div style="height: 2000px"></div><div id="far" style="height: 1px"></div>
<script>
let frames = 0, ticks = 0;
const seen = new Set(), watch = new IntersectionObserver(all => all.forEach(one => {
    if (one.isIntersecting) seen.add(one.target.id);
}));
watch.observe(near);
watch.observe(far);
const draw = () => requestAnimationFrame(draw, frames++);
draw();
setInterval(() => ticks++, 10);
const told = () => [
    innerWidth, innerHeight, outerWidth, outerHeight, devicePixelRatio, screen.width, screen.height,
    visualViewport.width, visualViewport.height, visualViewport.scale, document.documentElement.clientWidth,
    document.visibilityState, document.hidden, document.hasFocus(), [...seen].sort().join(),
    matchMedia('(display-mode: browser) and (min-width: 1000px) and (resolution: 1x)').matches,
].join(' ');
</script>"""


def test_a_page_that_nobody_sees_cannot_tell(chromium: str) -> None:
    """It is in sight of what it is, runs, and meets its end when it is scrolled; and it is drawn as a stamp."""

    async def sees(sheet: Sheet) -> tuple[object, object]:
        await sheet.page.goto(SEEING)
        async with asyncio.timeout(60):
            while await sheet.page.evaluate("frames < 20 || ticks < 20"):
                await asyncio.sleep(0.05)
            at_first = await sheet.page.evaluate("told()")
            await sheet.ask("window.scrollTo(0, document.documentElement.scrollHeight)")
            while "far" not in await sheet.page.evaluate("told()"):
                await asyncio.sleep(0.05)
        return at_first, await sheet.page.evaluate("told()")

    async def work(browsers: Browsers) -> None:
        plain, sheet = [
            await new_sheet(await browsers.context(Purpose.LISTS, **CONTEXT), Deadline(60)) for _ in range(2)
        ]
        in_full = await sees(plain)
        assert " near " in str(in_full[0]) and " far,near " in str(in_full[1])
        await sheet.unseen()
        for _ in range(2):
            assert await sees(sheet) == in_full
            await sheet.page.goto("about:blank")
        window = await sheet.session.send("Browser.getWindowForTarget")
        assert window["bounds"]["windowState"] == "minimized"

    drive(work, executable=Path(chromium))


MARKED = """data:text/html,<body style="background: white">
<div style="position: fixed; right: 0; bottom: 0; width: 200px; height: 200px; background: blue"></div>
<script>setInterval(() => document.body.style.color = 'rgb(0 0 ' + performance.now() % 255 + ')', 20)</script>tick"""


async def _corner(sheet: Sheet) -> tuple[int, ...]:
    """The colour in which the lower right corner of the page is drawn."""
    drawn: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def take(frame: dict[str, Any]) -> None:
        if not drawn.done():
            drawn.set_result(frame["data"])

    sheet.session.on("Page.screencastFrame", take)
    await sheet.session.send("Page.startScreencast", {"format": "png"})
    picture = Image.open(io.BytesIO(base64.b64decode(await asyncio.wait_for(drawn, 60)))).convert("RGB")
    await sheet.session.send("Page.stopScreencast")
    colour = picture.getpixel((picture.width - 20, picture.height - 20))
    assert isinstance(colour, tuple)
    return colour


def test_a_page_that_nobody_sees_is_drawn_small_after_every_navigation(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        sheet = await new_sheet(await browsers.context(Purpose.LISTS, **CONTEXT), Deadline(60))
        await sheet.page.goto(MARKED)
        assert await _corner(sheet) == (0, 0, 255)
        await sheet.unseen()
        for address in (MARKED, "about:blank", MARKED):
            await sheet.page.goto(address)
        assert await _corner(sheet) == (255, 255, 255)

    drive(work, executable=Path(chromium))
