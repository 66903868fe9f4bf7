"""Answers that are broken on purpose: where Scrapy's own parts stumble over one, it is a download that failed.

Without this a body that is not packed as its header says, or a Location that is no address, would end the patrol.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import structlog
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Response
from scrapy.utils._compression import brotli, zstd  # as Scrapy imports them on this Python

from crawler.network import BROWSER_FAULTS, blamed

log = structlog.get_logger(__name__)

_STUMBLES = (
    ArithmeticError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError, brotli.error, zlib.error,
    zstd.ZstdError,
)  # fmt: skip


@contextmanager
def as_failed(url: str) -> Iterator[None]:
    """Whatever the block stumbles over while it handles the answer of `url` is one of DownloadFailedError."""
    try:
        yield
    except BROWSER_FAULTS:  # a TimeoutError is an OSError
        raise
    except DownloadFailedError as fault:
        named = blamed(fault)
        if named is fault:
            raise
        raise named from fault
    except _STUMBLES as fault:
        log.warning("answer is broken", url=url[:300], why=repr(fault)[:300])
        raise DownloadFailedError(f"{type(fault).__name__}: {fault}") from fault


class Downloading(HTTP11DownloadHandler):  # type: ignore[misc]
    """Scrapy's own handler."""

    lazy: ClassVar[bool] = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._contextFactory: Any = crawler.spider.encryption.noted(self._contextFactory)

    async def download_request(self, request: Request) -> Response:
        """The answer as it came. Raises DownloadFailedError and its kin."""
        with as_failed(request.url):
            return await super().download_request(request)


class Unpacking(HttpCompressionMiddleware):  # type: ignore[misc]
    """Scrapy's own middleware. Bombs are refused by it already."""

    def process_response(self, request: Request, response: Response) -> Response:
        """The answer unpacked. Raises DownloadFailedError where it is not packed as it says."""
        with as_failed(request.url):
            return super().process_response(request, response)


class Redirecting(RedirectMiddleware):  # type: ignore[misc]
    """Scrapy's own middleware."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """The answer, or the request that it leads to. Raises DownloadFailedError where it leads nowhere."""
        with as_failed(request.url):
            return super().process_response(request, response)
