"""Every platform has a miniature saved page with its answer beside it. A missing answer is written, then fails once."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crawler import Definition, definitions, page_from_file, read_any, read_cards
from crawler.definition import PLATFORMS

PAGES = PLATFORMS / "pages"
SAVED = sorted(path for path in PAGES.iterdir() if not path.name.endswith(".listings.json"))


def owner(path: Path) -> Definition:
    """The definition whose key the file name begins with, the longest one."""
    known = definitions()
    return known[max((key for key in known if path.stem == key or path.stem.startswith(key + "_")), key=len)]


def jsonable(value: Any) -> Any:
    if isinstance(value, Decimal | datetime):
        return str(value)
    if isinstance(value, dict):
        return {key: jsonable(inner) for key, inner in value.items()}
    return [jsonable(inner) for inner in value] if isinstance(value, list | tuple) else value


def answer(path: Path) -> dict[str, Any]:
    """What reading says about a saved page."""
    one = owner(path)
    page = page_from_file(path, one)
    cards = read_cards(one, page)
    listings = [jsonable(asdict(listing)) for listing in read_any(one, page)]
    return {
        "encoding": page.encoding,
        "outcome": cards.outcome.value if cards.outcome and not listings else None,
        "next_url": cards.next_url,
        "more": cards.more,
        "listings": listings,
    }


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_a_saved_page_reads_as_its_answer(path: Path) -> None:
    expected = path.with_name(path.name + ".listings.json")
    read = answer(path)
    if not expected.exists():
        expected.write_text(json.dumps(read, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert read == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_a_saved_page_is_small(path: Path) -> None:
    assert path.stat().st_size <= 10_240


def test_every_platform_has_a_saved_page_that_is_read() -> None:
    read = {owner(path).key for path in SAVED if answer(path)["listings"]}
    assert read == set(definitions())


def test_the_time_of_a_file_makes_no_date(tmp_path: Path) -> None:
    text = (PAGES / "kongfz_list.html").read_text(encoding="utf-8").replace("2021-10-16上书", "今日上书")
    path = tmp_path / "kongfz_list.html"
    path.write_text(text, encoding="utf-8")
    one = definitions()["kongfz"]
    assert read_any(one, page_from_file(path, one))[0].published_at is None
    assert page_from_file(path, one).fetched_at <= datetime.now(UTC)


def test_a_date_on_a_saved_page_holds_however_old_the_file_claims_to_be(tmp_path: Path) -> None:
    path = tmp_path / "demo_ads_list.html"
    path.write_bytes((PAGES / "demo_ads_list.html").read_bytes())
    os.utime(path, (315_532_800, 315_532_800))  # 1980: what unpacked archives give
    one = definitions()["demo_ads"]
    assert str(read_any(one, page_from_file(path, one))[0].published_at) == "2026-11-20 05:05:07+00:00"
