"""Manners by the markets' own logs: never inside Retry-After, never below the delay, never where robots.txt forbids it.

Two navigations or data requests never at once, four parts of pages at most, whoever asks: workers, scans by hand,
browsers. The log is the market's; what robots.txt forbids is told by the standard library.
"""

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ops.planning import chosen
from ops.scanning import plan_scan, run_slice
from ops.worker import enqueue, queue_app
from tests.acceptance.houses import Place, place, until, worker
from tests.acceptance.judging import sql
from tests.acceptance.strict import Market, inside, offences, standing

pytestmark = [pytest.mark.db, pytest.mark.browser]


@pytest.fixture
def open_markets() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def settle_down(tmp_path: Path, database_url: str, markets: Sequence[Market], **crawl: Any) -> Place:
    """A house that knows these markets by their definition files."""
    for market in markets:
        (tmp_path / f"{market.key}.yml").write_text(market.definition(), "utf-8")
    sites = {market.key: market.url for market in markets}
    return place(tmp_path, database_url, {"crawl": {"sites": sites, **crawl}, "nightly": {"canary": False}})


def files(tmp_path: Path, markets: Sequence[Market]) -> list[str]:
    return [str(tmp_path / f"{market.key}.yml") for market in markets]


def plan(there: Place, names: list[str], terms: Sequence[str], kind: str) -> int:
    with there.house() as house:
        found = chosen(house.settings, names, demo=False)
        scan_id = plan_scan(house, found, house.lexicon(), kind=kind, options={"terms": list(terms)})
    assert scan_id is not None
    return scan_id


def well_behaved(markets: Sequence[Market]) -> None:
    assert {market.key: dict(offences(market)) for market in markets if offences(market)} == {}


def counted(url: str, market: Market) -> None:
    """The date's spending holds every request that the market saw, and every byte of its bodies."""
    [(requests, size)] = sql(url, "select requests, bytes from spending where platform = %s", market.key)
    assert requests >= len(market.visits)
    assert size >= sum(visit.bytes for visit in market.visits)


@pytest.mark.slow
def test_a_few_hundred_requests_with_good_manners(
    tmp_path: Path, database_url: str, open_markets: ExitStack, chromium: str
) -> None:
    plain, shown = (
        open_markets.enter_context(standing(market))
        for market in (
            Market(key="plain", delay=0.02, crawl_delay=0.03, items=24, troubled=18),
            Market(key="shown", rendered=True, delay=0.03, items=60, troubled=14, away=2),
        )
    )
    there = settle_down(tmp_path, database_url, [plain, shown], chromium=chromium, max_details=30)
    scan_id = plan(there, files(tmp_path, [plain, shown]), ["旧瓷", "旧琴"], "foreground")
    with there.house() as house:
        slices = [threading.Thread(target=run_slice, args=(house, scan_id, key)) for key in ("plain", "shown")]
        for running in slices:
            running.start()
        for running in slices:
            running.join()
    well_behaved([plain, shown])
    for market in (plain, shown):
        counted(database_url, market)
        assert any(visit.away_until for visit in market.visits)
    assert len(plain.visits) > 60 and len(shown.visits) > 25
    assert {visit.status for visit in plain.visits} >= {200, 429, 503}
    ends = sql(database_url, "select platform, outcome from queries order by platform, text")
    assert ends == [("plain", "searched")] * 2 + [("shown", "searched")] * 2


#: Asked by the workers; and meanwhile by hand.
NIGHTLY = ["旧书", "旧表", "旧瓷", "旧币", "旧画", "旧印", "旧壶", "旧箱", "旧灯", "旧镜", "旧伞", "旧笔"]
BY_HAND = ["旧琴", "旧扇", "旧砚"]


def streets() -> list[Market]:
    """Markets that ask for different things."""
    plain = [
        Market(key="plain_a", delay=0.02),
        Market(key="plain_b", delay=0.03, troubled=20),
        Market(key="plain_c", delay=0.02, crawl_delay=0.05, away=2),
        Market(key="plain_d", delay=0.04, troubled=0),
    ]
    return [*plain, *(Market(key=key, rendered=True, delay=0.03, troubled=10) for key in ("shown_a", "shown_b"))]


@pytest.mark.drill
@pytest.mark.timeout(1500)
def test_five_thousand_requests_of_three_workers_and_a_scan_by_hand(
    tmp_path: Path, database_url: str, open_markets: ExitStack, chromium: str
) -> None:
    markets = [open_markets.enter_context(standing(market)) for market in streets()]
    there = settle_down(tmp_path, database_url, markets, chromium=chromium, max_details=60)
    names, log = files(tmp_path, markets), tmp_path / "workers.log"
    scan_id = plan(there, names, NIGHTLY, "nightly")
    with there.house() as house, queue_app(house).open() as app:
        assert enqueue(house, app, scan_id) == len(markets)
    working = [open_markets.enter_context(worker(there, log)) for _ in range(3)]
    words = [word for name in names for word in ("--platform", name)]
    words += [word for term in BY_HAND for word in ("--query", term)]
    command = [sys.executable, "-c", "from ops.cli import main; main()", "--config", str(there.config), "scan", *words]
    with (tmp_path / "by_hand.log").open("wb") as said:
        by_hand = subprocess.Popen(command, cwd=there.home, env=there.environment(), stdout=said, stderr=said)
        try:
            assert by_hand.wait(1200) in (0, 3)
        finally:
            by_hand.kill()
    left = "select count(*) from queries where outcome is null"
    until(lambda: sql(database_url, left) == [(0,)], seconds=1200, told=log.read_text, needs=working)

    well_behaved(markets)
    visits = [visit for market in markets for visit in market.visits]
    assert len(visits) >= 5_000
    for market in markets:
        counted(database_url, market)
    waits = [visit for visit in visits if visit.away_until]
    assert len(waits) > 60 and sum(visit.status == 500 for visit in visits) > 30
    # while one market wanted to be left alone, the others were asked
    for market, other in itertools.permutations(markets[:3], 2):
        windows = [visit for visit in market.visits if visit.away_until]
        assert inside([*windows, *(visit for visit in other.visits if not visit.away_until)])
    ends = dict(sql(database_url, "select outcome, count(*) from queries group by outcome"))
    assert set(ends) <= {"searched", "failed"} and ends["searched"] > 0.9 * sum(ends.values())
