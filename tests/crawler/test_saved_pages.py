"""Every platform has a miniature saved page with its answer beside it. A missing answer is written, then fails once."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler import definitions, page_from_file, read_any, saved_pages
from crawler.saved_pages import PAGES

SAVED = {saved.path: saved for saved in saved_pages()}


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_a_saved_page_reads_as_its_answer(path: Path) -> None:
    expected = SAVED[path].answer_file
    read = SAVED[path].read()
    if not expected.exists():
        expected.write_text(json.dumps(read, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert read == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_a_saved_page_is_small(path: Path) -> None:
    assert path.stat().st_size <= 10_240


def test_no_page_is_without_a_platform() -> None:
    pages = {path for path in PAGES.iterdir() if not path.name.endswith(".listings.json")}
    assert pages == set(SAVED)


def test_every_platform_has_a_saved_page_that_is_read() -> None:
    read = {saved.definition.key for saved in SAVED.values() if saved.read()["listings"]}
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
