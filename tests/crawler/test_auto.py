"""Reading without a definition: two dozen layouts that no definition knows, and pages on which nothing is for sale."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crawler import detect_encoding, read_unknown
from crawler.addresses import canonical
from records import Page
from tests.crawler.unknown_pages import HOST, NOTHING, SAMPLES, Sample


def page_of(html: str, *, encoding: str = "utf-8", path: str = "/list", media_type: str = "text/html") -> Page:
    body = html.encode(encoding)
    return Page(
        url=HOST + path, final_url=HOST + path, status=200, body=body, media_type=media_type,
        encoding=detect_encoding(body), fetched_at=datetime(2026, 11, 24, tzinfo=UTC),
    )  # fmt: skip


def expected(sample: Sample) -> list[tuple[str, str, Decimal | None]]:
    return [(title, canonical(HOST + path), Decimal(price) if price else None) for title, path, price in sample.items]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_item_has_its_title_link_and_price(name: str) -> None:
    sample = SAMPLES[name]
    read = read_unknown(page_of(sample.html, encoding=sample.encoding, path=sample.here))
    assert [(one.title, one.url, one.price) for one in read.listings] == expected(sample)
    assert read.next_url == (HOST + sample.next_path if sample.next_path else None)


@pytest.mark.parametrize("name", NOTHING)
def test_a_page_with_nothing_for_sale_gives_nothing(name: str) -> None:
    assert read_unknown(page_of(NOTHING[name])).listings == ()
