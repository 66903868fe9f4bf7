"""The crawl bench on a tiny street: it runs, loses no page, and its JSON says what it promises. No time is asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench._street import draw
from bench.crawl import PARTS
from crawler import definition
from crawler.reading import read_cards
from records import Page, now

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = {"pages", "pages_per_second", "seconds", "cpu_ms_per_page", "postgres_cpu_ms_per_page", "start_cpu_seconds"}
TINY = (
    *("--platforms", "2", "--pages", "3", "--rounds", "1", "--rendered-pages", "2"),
    *("--memory-pages", "30", "--delay", "0.1", "--waiting-pages", "2"),
)


def measure(url: str, home: Path, *parts: str) -> dict[str, object]:
    """What the bench prints for these parts."""
    named = [word for part in parts for word in ("--part", part)]
    command = [sys.executable, "-W", "ignore", "-m", "bench.crawl", "--json", *TINY, *named]
    env = os.environ | {"DATABASE_URL": url, "XUNWANG_HOME": str(home)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, timeout=240)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_a_street_shows_every_card_once() -> None:
    """Two pages of each kind of platform, as the patrol reads them: all cards, no id twice, the next page linked."""
    for house in draw(2):
        platform = definition(house.market)
        bodies = [house.sheets[n].fill(n, house.size, house.address.format(n + 1)) for n in (1, 2)]
        url = platform.site + house.address.format(1)
        pages = [
            read_cards(
                platform,
                Page(url=url, final_url=url, status=200, body=body, encoding=platform.charset, fetched_at=now()),
            )
            for body in bodies
        ]
        assert [len(page.listings) for page in pages] == [house.size, house.size]
        assert len({one.item_id for page in pages for one in page.listings}) == 2 * house.size
        assert pages[0].next_url == platform.site + house.address.format(2)
    assert set(PARTS) == {"http", "rendered", "memory", "workers"}


@pytest.mark.db
@pytest.mark.drill
def test_the_pipeline_beside_bare_scrapy(database_url: str, tmp_path: Path) -> None:
    told = measure(database_url, tmp_path, "http")
    assert {"machine", "load", "load_at_end", "platforms", "rounds", "guard", "http"} == set(told)
    http = told["http"]
    assert isinstance(http, dict)
    assert set(http["ours"]) == set(http["bare_scrapy"]) == RUN
    # every page of both platforms was answered once to each: nothing was skipped, nothing asked twice
    assert http["ours"]["pages"] == http["bare_scrapy"]["pages"] == 6
    assert set(http["ratios"]) == {"pages_per_second", "pages_per_cpu", "pages_per_cpu_with_postgres", "with_start"}


@pytest.mark.db
@pytest.mark.browser
@pytest.mark.drill
def test_rendered_pages_memory_and_workers(database_url: str, tmp_path: Path) -> None:
    told = measure(database_url, tmp_path, "rendered", "memory", "workers")
    rendered, memory, workers = told["rendered"], told["memory"], told["workers"]
    assert isinstance(rendered, dict) and isinstance(memory, dict) and isinstance(workers, dict)
    for how in ("ours", "scrapy_playwright", "playwright_reused", "playwright_new_page"):
        assert set(rendered[how]) == RUN and rendered[how]["pages"] == 4
    assert set(rendered["ratios"]) == {"scrapy_playwright", "playwright_reused", "playwright_new_page"}
    assert memory["pages"] == 30 and {"mb_at_first", "mb_at_last", "mb_at_most", "mb_per_10000_pages"} <= set(memory)
    assert set(workers["one"]) == set(workers["four"]) == RUN and workers["asked"] == 3.5 and workers["speedup"] > 0
