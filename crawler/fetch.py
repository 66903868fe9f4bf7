"""Asking for pages and pictures over HTTP: two retries, Retry-After obeyed, the answer as a Page."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

import structlog
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from w3lib.encoding import http_content_type_encoding

from crawler.deadline import Deadline
from crawler.encodings import detect_encoding
from crawler.ends import QueryEnd
from crawler.manners import ERRAND, Charge, Errand
from crawler.network import BROWSER_FAULTS, FINAL_FAULTS, NETWORK_FAULTS, chinese
from crawler.retry_after import asked_to_wait
from crawler.trail import pairs_of, trail_of
from crawler.walls import recognise
from records import CapturedFile, Exchange, FileRole, Outcome, Page, now

log = structlog.get_logger(__name__)

RETRIES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Gallery:
    """Pictures of a listing, as far as they could be had."""

    files: tuple[CapturedFile, ...] = ()
    #: What is missing and why, in Chinese.
    gaps: tuple[str, ...] = ()
    #: What was said for them.
    trail: tuple[Exchange, ...] = ()


class Fetcher:
    """Scrapy's downloader as three awaitable questions. Everything asked for passes `Manners`."""

    def __init__(self, charge: Charge, crawler: Crawler) -> None:
        self._charge = charge
        self._crawler = crawler

    async def page(self, url: str) -> Page:
        """The page at `url`, read by HTTP. Raises QueryEnd where it cannot be had."""
        return await self.insist(url, lambda _: self._http(url))

    async def insist(self, url: str, ask: Callable[[Deadline], Awaitable[Page]]) -> Page:
        """Asks up to three times while the network or the server fails; raises QueryEnd for a wall or in the end.

        All tries share one deadline.
        """
        why, deadline, attempt = "", Deadline(self._charge.limits.page_deadline), 0
        for attempt in range(RETRIES + 1):
            try:
                page = await ask(deadline)
            except (*NETWORK_FAULTS, *BROWSER_FAULTS) as fault:
                why = chinese(fault)
                log.warning("fetch failed", url=url, why=type(fault).__name__, attempt=attempt)
                if isinstance(fault, FINAL_FAULTS):
                    break
                continue
            if _told_to_wait(page):  # and `Manners` stays away for so long
                why = f"平台要求稍后再来（{page.status}）"
                continue
            if page.status < 500:
                return page
            self._stop_at_wall(page)
            why = f"服务器错误 {page.status}"
        outcome = Outcome.BLOCKED if why.startswith("平台要求") else Outcome.FAILED
        raise QueryEnd(outcome, f"{why}{'，已重试' if attempt else ''}：{url[:120]}")

    async def pictures(self, urls: tuple[str, ...]) -> Gallery:
        """The pictures that could be had, in the order given."""
        answers = await asyncio.gather(*(self._picture(url) for url in urls))
        return Gallery(
            files=tuple(one for answer in answers for one in answer.files),
            gaps=tuple(one for answer in answers for one in answer.gaps),
            trail=tuple(one for answer in answers for one in answer.trail),
        )

    async def _http(self, url: str) -> Page:
        page = page_of(url, await self._ask(url, Errand.PAGE, self._charge.limits.max_page_bytes))
        return replace(page, peer=self._charge.way_out.peer(page.final_url))

    async def _ask(self, url: str, errand: Errand, most: int) -> Response:
        meta = {ERRAND: errand, "download_maxsize": most}
        return await self._crawler.engine.download_async(Request(url, meta=meta, dont_filter=True))

    async def _picture(self, url: str) -> Gallery:
        try:
            response = await self._ask(url, Errand.PICTURE, self._charge.limits.max_picture_bytes)
        except NETWORK_FAULTS as fault:
            return Gallery(gaps=(f"图片未取得（{chinese(fault)}）：{url[:120]}",))
        except QueryEnd as end:
            return Gallery(gaps=(f"图片未取得（{end.note}）",))
        media_type, trail = _media_type(response), trail_of(response)
        if response.status != 200 or not media_type.startswith("image/"):
            return Gallery(gaps=(f"图片未取得（{response.status} {media_type}）：{url[:120]}",), trail=trail)
        picture = CapturedFile(role=FileRole.PICTURE, body=response.body, media_type=media_type, url=url)
        return Gallery(files=(picture,), trail=trail)

    def _stop_at_wall(self, page: Page) -> None:
        wall = recognise(self._charge.definition, page)
        if wall is not None and wall[0] in (Outcome.BLOCKED, Outcome.LOGIN_REQUIRED):
            raise QueryEnd(*wall)


def _told_to_wait(page: Page) -> bool:
    header = next((value for name, value in page.headers if name.lower() == "retry-after"), "")
    return asked_to_wait(page.status, header, now()) is not None


def page_of(url: str, response: Response) -> Page:
    """A Scrapy response as our record; `url` is the address first asked for."""
    declared = http_content_type_encoding(_header(response, b"Content-Type")) or ""
    return Page(
        url=url,
        final_url=response.url,
        status=response.status,
        body=response.body,
        media_type=_media_type(response) or "text/html",
        headers=headers_of(response),
        encoding=detect_encoding(response.body, declared),
        fetched_at=now(),
        trail=trail_of(response),
    )


def headers_of(response: Response) -> tuple[tuple[str, str], ...]:
    """Name and value of each header that Scrapy kept."""
    return told(pairs_of(response.headers))


def told(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers that are kept. Not Set-Cookie: it may be the key to an account, and goes into no evidence."""
    return tuple((name, value) for name, value in headers if name.lower() not in ("set-cookie", "set-cookie2"))


def _media_type(response: Response) -> str:
    return _header(response, b"Content-Type").partition(";")[0].strip().lower()


def _header(response: Response, name: bytes) -> str:
    value: bytes = response.headers.get(name) or b""
    return value.decode("latin-1")
