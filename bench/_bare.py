"""What one would write without us: a Scrapy spider, `.css()` for each field, a JSONL feed.

`python -m bench._bare KIND SITE FEED`; one request at a time and through the same guard, as the patrol asks. Else its
defaults.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

from bench._guard import guard_for

#: Where each field of a card stands; the fields that the patrol's definitions read.
_CARDS = {"demo_ads": "#list li.item", "demo_shop": "article.goods-card"}
_FIELDS = {
    "demo_ads": {
        "id": "::attr(data-id)",
        "url": "a.title::attr(href)",
        "title": "a.title::text",
        "price": ".price::text",
        "seller": "a.seller::text",
        "seller_url": "a.seller::attr(href)",
        "place": ".place::text",
        "picture": "a.pic img::attr(src)",
        "published": ".time::attr(title)",
    },
    "demo_shop": {
        "id": "::attr(data-sku)",
        "url": "a.goods-link::attr(href)",
        "title": ".goods-name::text",
        "price": ".goods-price::text",
        "seller": "a.goods-shop::text",
        "seller_url": "a.goods-shop::attr(href)",
        "place": ".goods-area::text",
        "picture": "img.goods-img::attr(src)",
        "published": "time.goods-time::attr(datetime)",
    },
}
_NEXT = {"demo_ads": "a.next::attr(href)", "demo_shop": "a[rel=next]::attr(href)"}
_STARTS = {"demo_ads": "/latest/?page=1", "demo_shop": "/goods/?page=1"}


class Bare(scrapy.Spider):
    """From page to page; an item a card."""

    name = "bare"

    def __init__(self, kind: str, site: str, proxy: str) -> None:
        super().__init__()
        self.kind, self.site, self.way = kind, site, {"proxy": proxy}

    async def start(self) -> AsyncIterator[Any]:
        """The first page."""
        yield scrapy.Request(self.site + _STARTS[self.kind], meta=self.way)

    def parse(self, response: Response) -> Iterator[Any]:
        """The cards, then the next page; a page that names itself is the last one, and Scrapy drops what it knows."""
        for card in response.css(_CARDS[self.kind]):
            item = {name: card.css(selector).get() for name, selector in _FIELDS[self.kind].items()}
            item["url"] = response.urljoin(item["url"])
            yield item
        following = response.css(_NEXT[self.kind]).get()
        if following:
            yield response.follow(following, meta=self.way)


def main(kind: str, site: str, feed: str) -> None:
    """Crawl to the end."""
    process = AsyncCrawlerProcess(
        {
            "FEEDS": {feed: {"format": "jsonlines"}},
            "CONCURRENT_REQUESTS": 1,
            "LOG_LEVEL": "WARNING",
            "DOWNLOAD_DELAY": 0,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }
    )
    with guard_for([site]) as proxy:
        process.crawl(Bare, kind=kind, site=site, proxy=proxy)
        process.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
