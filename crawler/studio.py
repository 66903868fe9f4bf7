"""Photographs of pages: from saved bytes in a browser that reaches nothing, or from the live page."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import structlog
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import Route
from w3lib.url import safe_url_string

from crawler.chromium import Browsers, Purpose
from crawler.deadline import Deadline
from crawler.ends import NoBrowser
from crawler.network import BROWSER_FAULTS, FINAL_FAULTS, chinese
from crawler.sheet import Sheet, new_sheet
from crawler.tab import CONTEXT, VIEWPORT
from records import CapturedFile, Exchange, FileRole, Page

log = structlog.get_logger(__name__)

#: JPEG cannot be higher than 65,535 px, and Chromium's own limit lies at 16,384.
TALLEST = 16_000
#: Beyond it a page is wide on purpose; 16,000 × 4,000 px are a quarter of a gigabyte while they are drawn.
WIDEST = 4_000
_QUALITY = 80
_PICTURE_SECONDS = 10.0
_CLOSE_SECONDS = 5.0
#: Characters of a document that is kept as evidence.
_LARGEST_DOM = 20 * 1024 * 1024
#: Bytes of a page with its pictures in one file.
_LARGEST_SNAPSHOT = 40 * 1024 * 1024

# Pictures that were refused while the page was read are asked for again, and this time the route answers.
_RELOAD_PICTURES = """Promise.all(Array.from(document.images, image => {
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
    #: What the page and its scripts asked for and were told; empty for saved bytes, which ask for nothing.
    trail: tuple[Exchange, ...] = ()
    #: What its scripts wrote to the console, and their errors.
    console: tuple[str, ...] = ()
    #: The browser died under the page, or before it: another try may well succeed.
    lost: bool = False


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
        self._seconds = deadline
        self._sheet: Sheet | None = None
        self._taken = 0

    async def photograph(self, page: Page, pictures: list[CapturedFile]) -> Photograph:
        """DOM and screenshot of `page` as saved. Scripts of the page do not run, nothing is asked of the site.

        Tried once more where the browser died, perhaps while nobody looked at it.
        """
        deadline = Deadline(self._seconds)
        first = await self._attempt(page, pictures, deadline)
        return await self._attempt(page, pictures, deadline) if first.lost else first

    async def _attempt(self, page: Page, pictures: list[CapturedFile], deadline: Deadline) -> Photograph:
        try:
            return await self._photograph(page, pictures, deadline)
        except BROWSER_FAULTS as fault:
            log.warning("photograph failed", url=page.url, why=type(fault).__name__)
            await self.close()
            return _none(fault)
        except NoBrowser as fault:
            return Photograph(files=(), gaps=(f"截图与渲染文档：{fault.message()}",))

    async def close(self) -> None:
        """Gives the page back, or ends its browser."""
        sheet, self._sheet, self._taken = self._sheet, None, 0
        if sheet is not None:
            try:
                await asyncio.wait_for(sheet.page.context.close(), _CLOSE_SECONDS)
            except BROWSER_FAULTS as fault:
                log.warning("studio did not close, its browser is ended", why=type(fault).__name__)
                await self._browsers.end(Purpose.OFFLINE)

    async def _photograph(self, page: Page, pictures: list[CapturedFile], deadline: Deadline) -> Photograph:
        sheet = await self._ready(deadline)
        shelf, shown = Shelf(pictures), False

        async def answer(route: Route, request: BrowserRequest) -> None:
            nonlocal shown
            if request.is_navigation_request() and not shown:
                shown = True
                await deadline.keep(route.fulfill(status=200, content_type=_content_type(page), body=page.body))
            else:
                await shelf.serve(route, request)

        await deadline.keep(sheet.page.unroute("**/*"))
        await deadline.keep(sheet.page.route("**/*", answer))
        await deadline.keep(sheet.page.goto(page.final_url, wait_until="load", timeout=0))
        dom = await deadline.keep(sheet.source(_LARGEST_DOM))
        return await _take(sheet, deadline, how="离线重现保存的页面字节，不执行页面脚本，不访问网站", dom=dom)

    async def _ready(self, deadline: Deadline) -> Sheet:
        if self._sheet is None or self._sheet.page.is_closed() or self._taken >= self._browsers.pages_a_context:
            await self.close()
            context = await self._browsers.context(Purpose.OFFLINE, **CONTEXT, java_script_enabled=False)
            self._sheet = await self._browsers.promptly(Purpose.OFFLINE, new_sheet(context, deadline))
        self._taken += 1
        return self._sheet


async def develop(sheet: Sheet | None, pictures: list[CapturedFile], seconds: float) -> Photograph:
    """DOM and screenshot of a live page; its pictures are answered from those already fetched."""
    if sheet is None:
        return Photograph(files=(), gaps=("截图与渲染文档：页面已关闭",), lost=True)
    shelf, deadline = Shelf(pictures), Deadline(seconds)

    async def answer(route: Route, request: BrowserRequest) -> None:
        await (shelf.serve(route, request) if request.resource_type == "image" else deadline.keep(route.fallback()))

    try:
        dom = await deadline.keep(sheet.source(_LARGEST_DOM))
        await deadline.keep(sheet.page.route("**/*", answer))
        try:
            await Deadline(min(_PICTURE_SECONDS, seconds / 2)).keep(sheet.ask(_RELOAD_PICTURES))
        except TimeoutError:
            log.info("pictures did not all show", url=sheet.page.url)
        photograph = await _take(sheet, deadline, how="实时渲染的页面，图片由已取得的原图填入", dom=dom)
        photograph = await _with_snapshot(sheet, deadline, photograph)
        await deadline.keep(sheet.page.unroute("**/*", answer))
    except BROWSER_FAULTS as fault:
        log.warning("live photograph failed", url=sheet.page.url, why=type(fault).__name__)
        return _none(fault)
    return photograph


def _none(fault: Exception) -> Photograph:
    return Photograph(files=(), gaps=(f"截图与渲染文档：{chinese(fault)}",), lost=not isinstance(fault, FINAL_FAULTS))


async def _with_snapshot(sheet: Sheet, deadline: Deadline, photograph: Photograph) -> Photograph:
    """The photograph with the page as one file (MHTML) beside it, or with the reason why there is none."""
    try:
        told = await deadline.keep(sheet.session.send("Page.captureSnapshot", {"format": "mhtml"}))
    except BROWSER_FAULTS as fault:
        gaps = (*photograph.gaps, f"网页快照：{chinese(fault)}")
        return replace(photograph, gaps=gaps, lost=not isinstance(fault, FINAL_FAULTS))
    body = str(told["data"]).encode("utf-8", "replace")
    if len(body) > _LARGEST_SNAPSHOT:
        return replace(photograph, gaps=(*photograph.gaps, "网页快照：超过大小上限"))
    snapshot = CapturedFile(role=FileRole.SNAPSHOT, body=body, media_type="multipart/related")
    return replace(photograph, files=(*photograph.files, snapshot))


async def _take(sheet: Sheet, deadline: Deadline, *, how: str, dom: str | None) -> Photograph:
    """Screenshot of what the sheet shows now, beside its DOM. Raises one of BROWSER_FAULTS."""
    gaps = ("渲染文档：超过大小上限",) if dom is None else ()
    width, height = await deadline.keep(_size(sheet))
    first = await deadline.keep(sheet.page.screenshot(type="jpeg", quality=_QUALITY, timeout=0))
    picture = await deadline.keep(
        sheet.page.screenshot(type="jpeg", quality=_QUALITY, full_page=True, timeout=0, **_clip(width, height))
    )
    browser = sheet.page.context.browser
    viewport = sheet.page.viewport_size or {"width": 0, "height": 0}
    version = browser.version if browser is not None else "?"
    body = (dom or "").encode("utf-8", "replace")
    document = (CapturedFile(role=FileRole.DOM, body=body, media_type="text/html"),) if body else ()
    shots = (
        CapturedFile(role=FileRole.SCREENSHOT, body=picture, media_type="image/jpeg"),
        CapturedFile(role=FileRole.FIRST_SCREEN, body=first, media_type="image/jpeg"),
    )
    cut = (f"截图：页面高 {height} 像素，只保留上部 {TALLEST} 像素",) if height > TALLEST else ()
    return Photograph(
        files=(*document, *shots),
        gaps=(*gaps, *cut),
        method=f"{how}；Chromium {version}，视口 {viewport['width']}×{viewport['height']}",
    )


async def _size(sheet: Sheet) -> tuple[int, int]:
    """Width and height of all that the page shows, in pixels."""
    size = await sheet.ask("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    width, height = size if isinstance(size, list) else VIEWPORT
    return max(1, int(width)), max(1, int(height))


def _clip(width: int, height: int) -> dict[str, Any]:
    if height <= TALLEST and width <= WIDEST:
        return {}
    return {"clip": {"x": 0, "y": 0, "width": min(width, WIDEST), "height": min(height, TALLEST)}}


def _content_type(page: Page) -> str:
    """As received; else with the encoding that the page was read in."""
    sent = next((value for name, value in page.headers if name.lower() == "content-type"), "")
    return sent if "charset" in sent.lower() else f"{page.media_type}; charset={page.encoding}"


def _same(url: str) -> str:
    """One spelling for an address as the page wrote it and as the browser sends it."""
    return str(safe_url_string(url)).partition("#")[0]
