"""The kill switch and the budgets of a date on real scans, judged by the market's access log and by raw SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from demo.serve import RunningTown, running
from tests.acceptance.houses import Place, crawling, one, place, sql, until
from tests.ops.test_interrupted_scan import begin, ends, half_done

pytestmark = [pytest.mark.db, pytest.mark.slow]

WHO = ("--by", "值班员甲", "--why", "平台来函")


@pytest.fixture
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=60, crawl_delay=0.4) as standing:
        yield standing


def asked(town: RunningTown) -> int:
    """Requests of the market, its static parts apart."""
    return len([entry for entry in town.log("demo_ads") if not entry.path.startswith("/pic/")])


def test_a_running_scan_stops_within_one_request_and_every_query_ends(
    tmp_path: Path, database_url: str, town: RunningTown, raw: Engine
) -> None:
    there = place(tmp_path, database_url, {"crawl": crawling(town, max_terms=12)})
    log = tmp_path / "scan.log"
    scan = begin(there, log)
    try:
        until(lambda: half_done(raw, 1), seconds=90, told=log.read_text, needs=[scan])
        assert there.xunwang("halt", "on", *WHO).code == 0
        before = asked(town)
        scan.wait(60)
    finally:
        scan.kill()
        scan.wait()
    assert asked(town) - before <= 1
    told = ends(raw, 1)
    assert "" not in told and told["not_run"] > 0
    notes = sql(raw, "select distinct note from queries where outcome = 'not_run'")
    assert len(notes) == 1 and "值班员甲" in notes[0][0] and "平台来函" in notes[0][0]
    _nothing_is_asked_until_it_is_lifted(there, town, raw)


def _nothing_is_asked_until_it_is_lifted(there: Place, town: RunningTown, raw: Engine) -> None:
    before = asked(town)
    assert there.xunwang("scan", "--platform", "demo_ads").code != 0
    assert asked(town) == before
    status = there.xunwang("halt", "status")
    assert status.code == 3 and "平台来函" in status.err + status.out
    assert there.xunwang("halt", "off", *WHO).code == 0
    there.xunwang("scan", "--platform", "demo_ads", "--max-pages", "1", "--query", "象牙")
    assert asked(town) > before
    assert one(raw, "select count(*) from audit where action like 'crawl.%'") == 2


def test_a_budget_of_the_date_holds_over_two_scans_and_is_named(
    tmp_path: Path, database_url: str, town: RunningTown, raw: Engine
) -> None:
    budget = {"demo_ads": {"requests": 12}}
    there = place(tmp_path, database_url, {"crawl": crawling(town, max_terms=4, budgets=budget)})
    for _ in range(2):
        there.xunwang("scan", "--platform", "demo_ads")
    assert 0 < asked(town) <= 12
    told = ends(raw, 2)
    assert told.pop("searched") == 1  # the round of visits that are due: none was, and that asks nothing
    assert set(told) == {"budget_spent"}
    assert "请求额度 12 次已用完" in one(raw, "select note from queries where scan_id = 2 limit 1")
