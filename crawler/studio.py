"""Photographs of pages: from saved bytes in a browser that reaches nothing, or from the live page."""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog
from playwright.async_api import Page as BrowserPage
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import Route
from w3lib.url import safe_url_string

from crawler.chromium import Browsers
from crawler.ends import NoBrowser
from crawler.network import BROWSER_FAULTS, chinese
from crawler.tab import CONTEXT
from records import CapturedFile, FileRole, Page

log = structlog.get_logger(__name__)

#: JPEG cannot be higher than 65,535 px, and Chromium's own limit lies at 16,384.
TALLEST = 16_000
_QUALITY = 80
_PICTURE_SECONDS = 10.0
_RECYCLE_AFTER = 60

# Pictures that were refused while the page was read are asked for again, and this time the route answers.
_RELOAD_PICTURES = """() => Promise.all(Array.from(document.images, image => {
    image.loading = 'eager';
    const address = image.src;
    image.src = '';
    image.src = address;
    return image.decode().catch(() => null);
})).then(() => null)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Photograph:
    """What the browser made of a page."""

    #: DOM and screenshot, as far as they could be made.
    files: tuple[CapturedFile, ...]
    #: What is missing and why, in Chinese.
    gaps: tuple[str, ...]
    #: Browser, version and viewport; empty where no browser ran.
    method: str = ""


class Shelf:
    """Pictures already fetched, answering a browser's requests in place of the site."""

    def __init__(self, pictures: list[CapturedFile]) -> None:
        self._files = {_same(file.url): file for file in pictures}

    async def serve(self, route: Route, request: BrowserRequest) -> None:
        """Fulfils a picture that we have; aborts everything else."""
        file = self._files.get(_same(request.url)) if request.resource_type == "image" else None
        if file is None:
            await route.abort()
        else:
            await route.fulfill(status=200, content_type=file.media_type, body=file.body)


class Studio:
    """Shows saved bytes to the offline browser. One page, reused; after a fault a new one."""

    def __init__(self, browsers: Browsers, deadline: float) -> None:
        """`deadline` in seconds holds for one photograph."""
        self._browsers = browsers
        self._deadline = deadline
        self._page: BrowserPage | None = None
        self._taken = 0

    async def photograph(self, page: Page, pictures: list[CapturedFile]) -> Photograph:
        """DOM and screenshot of `page` as saved. Scripts of the page do not run, nothing is asked of the site."""
        try:
            async with asyncio.timeout(self._deadline):
                return await self._photograph(page, pictures)
        except BROWSER_FAULTS as fault:
            log.warning("photograph failed", url=page.url, why=type(fault).__name__)
            await self.close()
            return Photograph(files=(), gaps=(f"截图与渲染文档：{chinese(fault)}",))
        except NoBrowser as fault:
            return Photograph(files=(), gaps=(f"截图与渲染文档：{fault.message()}",))

    async def close(self) -> None:
        """Gives the page back."""
        page, self._page, self._taken = self._page, None, 0
        if page is not None:
            try:
                await asyncio.wait_for(page.context.close(), self._deadline)
            except BROWSER_FAULTS as fault:
                log.warning("studio did not close", why=type(fault).__name__)

    async def _photograph(self, page: Page, pictures: list[CapturedFile]) -> Photograph:
        sheet = await self._sheet()
        shelf, shown = Shelf(pictures), False

        async def answer(route: Route, request: BrowserRequest) -> None:
            nonlocal shown
            if request.is_navigation_request() and not shown:
                shown = True
                await route.fulfill(status=200, content_type=_content_type(page), body=page.body)
            else:
                await shelf.serve(route, request)

        await sheet.route("**/*", answer)
        try:
            await sheet.goto(page.final_url, wait_until="load", timeout=self._deadline * 1000)
            return await take(sheet, how="离线重现保存的页面字节，不执行页面脚本，不访问网站")
        finally:
            await sheet.unroute("**/*")

    async def _sheet(self) -> BrowserPage:
        if self._page is None or self._page.is_closed() or self._taken >= _RECYCLE_AFTER:
            await self.close()
            browser = await self._browsers.offline()
            context = await browser.new_context(**CONTEXT, java_script_enabled=False)
            self._page = await context.new_page()
        self._taken += 1
        return self._page


async def develop(page: BrowserPage, pictures: list[CapturedFile], deadline: float) -> Photograph:
    """DOM and screenshot of a live page; its pictures are answered from those already fetched."""
    shelf = Shelf(pictures)

    async def answer(route: Route, request: BrowserRequest) -> None:
        await (shelf.serve(route, request) if request.resource_type == "image" else route.fallback())

    try:
        async with asyncio.timeout(deadline):
            dom = await page.content()
            await page.route("**/*", answer)
            try:
                await asyncio.wait_for(page.evaluate(_RELOAD_PICTURES), min(_PICTURE_SECONDS, deadline / 2))
                return await take(page, how="实时渲染的页面，图片由已取得的原图填入", dom=dom)
            finally:
                await page.unroute("**/*", answer)
    except BROWSER_FAULTS as fault:
        log.warning("live photograph failed", url=page.url, why=type(fault).__name__)
        return Photograph(files=(), gaps=(f"截图与渲染文档：{chinese(fault)}",))


async def take(page: BrowserPage, *, how: str, dom: str = "") -> Photograph:
    """Screenshot and DOM of what `page` shows now. The caller's deadline holds."""
    dom = dom or await page.content()
    size = await page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    width, height = (max(1, int(side)) for side in size)
    picture = await page.screenshot(type="jpeg", quality=_QUALITY, full_page=True, **_clip(width, height))
    browser = page.context.browser
    viewport = page.viewport_size or {"width": 0, "height": 0}
    version = browser.version if browser is not None else "?"
    return Photograph(
        files=(
            CapturedFile(role=FileRole.DOM, body=dom.encode("utf-8", "replace"), media_type="text/html"),
            CapturedFile(role=FileRole.SCREENSHOT, body=picture, media_type="image/jpeg"),
        ),
        gaps=(f"截图：页面高 {height} 像素，只保留上部 {TALLEST} 像素",) if height > TALLEST else (),
        method=f"{how}；Chromium {version}，视口 {viewport['width']}×{viewport['height']}",
    )


def _clip(width: int, height: int) -> dict[str, Any]:
    if height <= TALLEST:
        return {}
    return {"clip": {"x": 0, "y": 0, "width": min(width, TALLEST), "height": TALLEST}}


def _content_type(page: Page) -> str:
    """As received; else with the encoding that the page was read in."""
    sent = next((value for name, value in page.headers if name.lower() == "content-type"), "")
    return sent if "charset" in sent.lower() else f"{page.media_type}; charset={page.encoding}"


def _same(url: str) -> str:
    """One spelling for an address as the page wrote it and as the browser sends it."""
    return str(safe_url_string(url)).partition("#")[0]
