"""One spider for every platform definition, and the process around it."""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import scrapy
import structlog
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from twisted.python.failure import Failure

from crawler.beat import Beat, Tools
from crawler.broken import Downloading, Redirecting, Unpacking
from crawler.capture import Clerk
from crawler.chromium import Browsers, Purpose
from crawler.closer import CloserLook
from crawler.deadline import Deadline
from crawler.definition import Definition
from crawler.details import DetailReader
from crawler.encrypted import Encryption
from crawler.ends import Interrupted, QueryEnd
from crawler.fetch import Fetcher
from crawler.limits import Courtesy, Hooks, Limits
from crawler.lists import HttpList, RenderedList
from crawler.manners import Charge, Manners, RobotsBook
from crawler.politeness import Politeness
from crawler.renderer import Renderer
from crawler.rounds import Rounds
from crawler.shells import Readers
from crawler.studio import Studio
from crawler.tab import Tab
from crawler.way_out import WayOut
from records import Page, Query

log = structlog.get_logger(__name__)

#: Scrapy asks for English where nothing is said; our tabs ask for Chinese too.
_ACCEPTED = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",
}
_MIDDLEWARES = {
    # of no use to us, and asked for every request: hosts are `Manners`' business, nothing reads Scrapy's counts
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    Unpacking: 590,
    Redirecting: 600,
    Manners: 980,
}


def patrol(definition: Definition, queries: Sequence[Query], *, hooks: Hooks, limits: Limits, way_out: WayOut) -> None:
    """Runs `queries` on one platform to their ends, in this process, once per process.

    Every query is reported through `hooks.report` with exactly one Outcome, after its sightings were delivered.
    Nothing goes out but through `way_out`. Raises what a hook raised, and Interrupted where a signal stopped the
    process before all queries were reported.
    """
    spider = walk(PatrolSpider, definition, limits, way_out, queries=tuple(queries), hooks=hooks)
    if not spider.finished:
        raise Interrupted


def fetch_one(
    definition: Definition,
    url: str,
    *,
    limits: Limits,
    courtesy: Courtesy,
    way_out: WayOut,
) -> Page:
    """The page at `url`, asked for as a patrol would: address rules, robots.txt, turn. Once per process.

    Raises QueryEnd where the page may not or cannot be had, and Interrupted.
    """
    spider = walk(ErrandSpider, definition, limits, way_out, queries=(), hooks=errand_hooks(courtesy), url=url)
    assert isinstance(spider, ErrandSpider)
    if spider.ended is not None:
        raise spider.ended
    if spider.page is None:
        raise Interrupted
    return spider.page


def walk(
    spider: type["PatrolSpider"], definition: Definition, limits: Limits, way_out: WayOut, **parts: Any
) -> "PatrolSpider":
    """Runs a spider to its end; raises what it raised, and Interrupted where a signal stopped it first."""
    browsers = Browsers(limits.browser, way_out.proxy, user_agent=limits.user_agent)
    logging.getLogger("scrapy.core.engine").addFilter(_not_raised_anew)
    process = AsyncCrawlerProcess(_settings(definition, limits, browsers))
    crawler = process.create_crawler(spider)
    failures: list[Failure] = []
    crawler.signals.connect(lambda failure: failures.append(failure), signals.spider_error, weak=False)
    parts |= {"browsers": browsers, "way_out": way_out}
    crawl = process.crawl(crawler, definition=definition, limits=limits, **parts)
    process.start()
    for failure in failures:
        failure.raiseException()
    if not crawl.done():  # a signal stopped the reactor first
        raise Interrupted
    crawl.result()
    return cast(PatrolSpider, crawler.spider)


def _not_raised_anew(record: logging.LogRecord) -> bool:
    """False for Scrapy's traceback of what a spider raised: `walk` raises it again, and whoever runs it tells it.

    A database that goes away is told in a sentence; which of the two came first was a matter of chance.
    """
    return not record.getMessage().startswith("Error while reading start items and requests")


class PatrolSpider(scrapy.Spider):  # type: ignore[misc]
    """Scrapy's side of a patrol: its downloader, middlewares and handlers serve a `Beat`.

    The frontier of a patrol is the next page of a query and its progress is kept by `hooks`, so Scrapy's scheduler,
    which does not survive a killed process, has nothing to do here.
    """

    name = "xunwang"

    def __init__(
        self, *, definition: Definition, queries: tuple[Query, ...], hooks: Hooks, limits: Limits, **parts: Any
    ) -> None:
        super().__init__()
        self.queries = queries
        self.hooks = hooks
        self.browsers: Browsers = parts["browsers"]
        self.encryption = Encryption()
        politeness = Politeness(definition.key, definition.delay, courtesy=hooks.courtesy, limits=limits)
        self.charge = Charge(
            definition=definition,
            limits=limits,
            politeness=politeness,
            courtesy=hooks.courtesy,
            way_out=parts["way_out"],
        )
        #: True once every query was reported.
        self.finished = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **named: Any) -> "PatrolSpider":
        """Called by Scrapy before it builds the middlewares, which share our robots.txt book."""
        spider: PatrolSpider = super().from_crawler(crawler, *args, **named)
        spider.robots = RobotsBook(spider.charge, crawler)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Walks the beat. Yields nothing: what was found goes to `hooks.deliver`."""
        charge, limits = self.charge, self.charge.limits
        studio = Studio(self.browsers, limits.page_deadline)
        list_tab = Tab(charge, self.crawler, self.robots, purpose=Purpose.LISTS)
        item_tab = Tab(charge, self.crawler, self.robots, purpose=Purpose.ITEMS)
        try:
            await Beat(charge.definition, self._tools(studio, list_tab, item_tab)).walk(self.queries)
            await charge.politeness.tell()
            self.finished = True
        finally:
            for closing in (list_tab, item_tab, studio, self.browsers):
                await closing.close()
        nothing: tuple[Any, ...] = ()
        for item in nothing:
            yield item

    def _tools(self, studio: Studio, list_tab: Tab, item_tab: Tab) -> Tools:
        definition, limits = self.charge.definition, self.charge.limits

        async def leave() -> None:
            for tab in (list_tab, item_tab):
                await tab.leave()

        fetcher = Fetcher(self.charge, self.crawler)
        details = DetailReader(definition, fetcher, studio=studio, tab=item_tab, deadline=limits.page_deadline)
        clerk = Clerk(fetcher, limits, robots=self.robots, delay=definition.delay, surroundings=self.hooks.surroundings)
        return Tools(
            hooks=self.hooks,
            limits=limits,
            politeness=self.charge.politeness,
            courtesy=self.charge.courtesy,
            readers=Readers(
                definition,
                self.hooks,
                by_http=HttpList(definition, fetcher),
                by_browser=RenderedList(definition, fetcher, list_tab),
            ),
            rounds=Rounds(hooks=self.hooks, details=details, clerk=clerk),
            closer=CloserLook(definition, hooks=self.hooks, limits=limits, details=details, clerk=clerk),
            leave=leave,
        )


class ErrandSpider(PatrolSpider):
    """A patrol of one address: the same downloader, middleware, tab and manners, and nothing delivered."""

    def __init__(self, *, url: str, **parts: Any) -> None:
        super().__init__(**parts)
        self.page: Page | None = None
        self.ended: QueryEnd | None = None
        self._url = url

    async def start(self) -> AsyncIterator[Any]:
        """Fetches the page. Yields nothing."""
        tab = Tab(self.charge, self.crawler, self.robots, purpose=Purpose.ITEMS)
        fetcher = Fetcher(self.charge, self.crawler)
        try:
            if self.charge.definition.render == "always":
                self.page = await fetcher.insist(self._url, lambda deadline: self._rendered(tab, deadline))
            else:
                self.page = await fetcher.page(self._url)
        except QueryEnd as end:
            self.ended = end
        finally:
            await self.charge.politeness.tell()
            for closing in (tab, self.browsers):
                await closing.close()
        nothing: tuple[Any, ...] = ()
        for item in nothing:
            yield item

    async def _rendered(self, tab: Tab, deadline: Deadline) -> Page:
        opened = await tab.open(self._url, deadline)
        if opened.status >= 400:
            return opened
        await tab.settle()
        return await tab.document(self._url)


def errand_hooks(courtesy: Courtesy) -> Hooks:
    """For an errand, which delivers and judges nothing."""

    def nothing(*_: Any) -> Any:
        raise AssertionError("an errand delivers nothing")

    return Hooks(known=nothing, judge=nothing, deliver=nothing, starting=nothing, report=nothing, courtesy=courtesy)


def _settings(definition: Definition, limits: Limits, browsers: Browsers) -> dict[str, Any]:
    """Scrapy's settings. Each line that departs from Scrapy's default says why where it is not plain."""
    return {
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        # two of Scrapy's extensions open a port that executes what is sent to it, and none of them is for us: what is
        # only switched off would still be imported
        "EXTENSIONS_BASE": {},
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "WARNING",
        "LOG_INSTALL_ROOT_HANDLER": False,  # logging belongs to who runs the process
        "USER_AGENT": limits.user_agent,
        "DEFAULT_REQUEST_HEADERS": _ACCEPTED,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_TIMEOUT": limits.page_deadline,
        "DOWNLOAD_MAXSIZE": limits.max_page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        # the turns of `Politeness` are the only pace; a second one here would only hide it
        "DOWNLOAD_DELAY": 0,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,  # Fetcher retries, turn by turn
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "HTTPPROXY_ENABLED": False,  # reads the environment; Manners names the proxy, and there is but one
        "ROBOTSTXT_OBEY": False,  # Manners obeys it more strictly: 5xx and silence refuse
        "DOWNLOADER_MIDDLEWARES": _MIDDLEWARES,
        "DOWNLOAD_HANDLERS": _handlers(definition),
        "PLAYWRIGHT_BROWSER_PROVIDER": lambda config: browsers,
    }


def _handlers(definition: Definition) -> dict[str, Any]:
    """http and https alone. Two renderers start no second driver: it is ours (`Browsers`)."""
    handlers: dict[str, Any] = dict.fromkeys(("file", "ftp", "data", "s3"), None)
    renders = definition.render != "never" or definition.detail == "render"
    return handlers | dict.fromkeys(("http", "https"), Renderer if renders else Downloading)
