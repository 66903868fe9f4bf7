"""scrapy-playwright under our own rules: one navigation, within the deadline of its page."""

from typing import Any, ClassVar

from playwright.async_api import Error as BrowserError
from playwright.async_api import Page as BrowserPage
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Headers, HtmlResponse, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.broken import as_failed
from crawler.deadline import Deadline
from crawler.ends import QueryEnd
from records import Outcome

#: Key of `Request.meta`: the `Deadline` of the page.
DEADLINE = "xunwang_deadline"
#: Key of `Request.meta`: the browser's answer to the navigation.
ANSWER = "xunwang_answer"


class Renderer(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """scrapy-playwright's handler, with a deadline around all of it and no repeated navigation of its own."""

    lazy: ClassVar[bool] = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._contextFactory: Any = crawler.spider.encryption.noted(self._contextFactory)
        # a retry inside the handler would pass neither robots.txt nor the pacing
        self.config.target_closed_max_retries = 0

    async def download_request(self, request: Request) -> Response:
        """A rendered or a plain answer. Raises TimeoutError when the deadline in the request's meta has passed."""
        with as_failed(request.url):
            if not request.meta.get("playwright"):
                return await super().download_request(request)
            deadline: Deadline = request.meta[DEADLINE]
            return await deadline.keep(super().download_request(request))

    async def _download_request_with_retry(self, request: Request, spider: Any) -> Response:
        """In the page that the request brings, which has its route already: the gate stands at its context for good."""
        page: BrowserPage = request.meta["playwright_page"]
        await request.meta["playwright_page_init_callback"](page, request)
        return await self._download_request_with_page(request, page, spider)

    async def _download_request_with_page(self, request: Request, page: BrowserPage, spider: Any) -> Response:
        """Status, headers and address alone: what the page shows is asked for later, and with a limit to its size."""
        try:
            response = await page.goto(request.url, wait_until="domcontentloaded", timeout=0)  # the deadline holds
        except BrowserError as fault:
            if "Download is starting" in fault.message:
                raise QueryEnd(Outcome.FAILED, "地址给出的是要下载的文件，不是页面") from fault
            raise
        if response is None:
            raise DownloadFailedError("no answer")
        request.meta[ANSWER] = response
        headers = Headers(await response.all_headers())
        return HtmlResponse(url=page.url, status=response.status, headers=headers, request=request)
