"""The worked example of docs/adding-a-platform.md is taken out of the document and read; its tables are complete."""

import json
import re
from pathlib import Path
from typing import Any

from crawler import Definition, definition, page_from_file, read_cards
from records import Outcome, Query, QueryKind

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "adding-a-platform.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_example_reads_as_the_document_says(tmp_path: Path) -> None:
    (tmp_path / "example_market.yml").write_text(block("yaml"), encoding="utf-8")
    (tmp_path / "example_market_list.html").write_text(block("html"), encoding="utf-8")
    one = definition(tmp_path / "example_market.yml")
    read = read_cards(one, page_from_file(tmp_path / "example_market_list.html", one))
    expected: list[dict[str, Any]] = json.loads(block("json"))
    assert read.outcome is not Outcome.DRIFTED and read.unread == 0
    assert [
        {
            "item_id": listing.item_id,
            "url": listing.url,
            "title": listing.title,
            "price": None if listing.price is None else str(listing.price),
            "price_text": listing.price_text,
            "seller": listing.seller.name if listing.seller else "",
            "place": listing.place,
            "pictures": list(listing.pictures),
            "published_at": listing.published_at.isoformat() if listing.published_at else None,
        }
        for listing in read.listings
    ] == expected
    assert read.next_url == "https://market.example/c/collect?p=2"
    assert one.address(Query(platform=one.key, kind=QueryKind.SEARCH, text="书柜")).startswith(
        "https://market.example/s?q=%E4"
    )


def test_the_example_keeps_the_rule_it_teaches() -> None:
    facts = [line for line in block("yaml").splitlines() if line.strip() and line[0] != "#"]
    assert len(facts) <= 25 and len(block("html").encode()) <= 10_240


def test_every_key_has_its_line() -> None:
    told = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", DOCUMENT.split("## 全部的键")[1], re.MULTILINE)))
    )
    assert told == set(Definition.model_fields) - {"key"}
