"""Reading without a definition: two dozen layouts that no definition knows, and pages on which nothing is for sale."""

import json
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


@pytest.mark.parametrize(
    ("told", "price"),
    [
        ({"infoPrice": "145900", "priceUnit": "分"}, Decimal("1459.00")),
        ({"price": {"cents": 145900}}, Decimal("1459.00")),
        ({"price_cents": 145900}, Decimal("1459.00")),
        ({"price": "1200", "score": 98, "scoreUnit": "分"}, Decimal(1200)),  # points, not money
        ({"price": "1200", "unit": "件"}, Decimal(1200)),
        ({"price": "5²", "priceUnit": "分"}, Decimal(52)),  # digits to Python, and to nobody else
    ],
)
def test_what_counts_in_fen_says_so_of_its_price(told: dict[str, object], price: Decimal) -> None:
    rows = [{"title": f"老物件 {n}", "url": f"/item/10{n}", **told} for n in range(3)]
    read = read_unknown(page_of(json.dumps({"list": rows}), media_type="application/json"))
    assert [one.price for one in read.listings] == [price] * 3
