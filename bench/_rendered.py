"""Pages of script the way others render them: scrapy-playwright as it comes, Playwright alone.

`python -m bench._rendered HOW FEED CHROMIUM PAGES SITE…`. All wait for the cards that the page's script makes, and read
the same fields with `.css()`; the pages are those that the patrol is sent to.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import scrapy
from parsel import Selector
from playwright.async_api import Page, async_playwright
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy_playwright.page import PageMethod

from bench._guard import guard_for

_CARD = "a.card"
_FIELDS = {
    "id": "::attr(data-id)",
    "url": "::attr(href)",
    "title": ".card-title::text",
    "price": ".card-price::text",
    "seller": ".card-seller::text",
    "place": ".card-place::text",
    "picture": "img.card-pic::attr(src)",
}
_HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"


def addresses(sites: list[str], pages: int) -> list[str]:
    """Every page of every platform, the platforms in turn."""
    return [f"{site}/search?q={page}" for page in range(1, pages + 1) for site in sites]


def items(page: Any) -> Iterator[dict[str, str | None]]:
    """The cards of what `.css()` can be asked of."""
    for card in page.css(_CARD):
        yield {name: card.css(selector).get() for name, selector in _FIELDS.items()}


class Rendered(scrapy.Spider):
    """Every address in the browser, as scrapy-playwright's readme has it."""

    name = "rendered"

    def __init__(self, urls: list[str]) -> None:
        super().__init__()
        self.urls = urls

    async def start(self) -> AsyncIterator[Any]:
        """All addresses."""
        methods = [PageMethod("wait_for_selector", _CARD)]
        for url in self.urls:
            yield scrapy.Request(url, meta={"playwright": True, "playwright_page_methods": methods})

    def parse(self, response: Response) -> Iterator[Any]:
        """An item a card."""
        yield from items(response)


def scrapy_playwright(feed: str, launch: dict[str, Any], urls: list[str]) -> None:
    """Its defaults: sixteen requests at once, eight a platform, a page and its pictures for each."""
    process = AsyncCrawlerProcess(
        {
            "FEEDS": {feed: {"format": "jsonlines"}},
            "DOWNLOAD_HANDLERS": {"http": _HANDLER},
            "PLAYWRIGHT_LAUNCH_OPTIONS": launch,
            "LOG_LEVEL": "WARNING",
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }
    )
    process.crawl(Rendered, urls=urls)
    process.start()


async def playwright_alone(feed: str, launch: dict[str, Any], urls: list[str], *, reused: bool) -> None:
    """One address after the other, in one page for all or in one each."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(**launch)
        context = await browser.new_context()
        page = await context.new_page()
        with Path(feed).open("w", encoding="utf-8") as out:
            for url in urls:
                for item in await _shown(page, url):
                    out.write(json.dumps(item, ensure_ascii=False) + "\n")
                if not reused:
                    await page.close()
                    page = await context.new_page()
        await browser.close()


async def _shown(page: Page, url: str) -> list[dict[str, str | None]]:
    await page.goto(url)
    await page.wait_for_selector(_CARD)
    return list(items(Selector(await page.content())))


def main(how: str, feed: str, chromium: str, pages: str, *sites: str) -> None:
    """Render all of it."""
    urls = addresses(list(sites), int(pages))
    with guard_for(sites) as proxy:
        launch = {"executable_path": chromium, "proxy": {"server": proxy, "bypass": "<-loopback>"}}
        if how == "scrapy_playwright":
            scrapy_playwright(feed, launch, urls)
        else:
            asyncio.run(playwright_alone(feed, launch, urls, reused=how == "playwright_reused"))


if __name__ == "__main__":
    main(*sys.argv[1:])
