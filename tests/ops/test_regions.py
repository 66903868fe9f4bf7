"""The own city before everything else, and what a spent budget leaves out: by the market's log and by SQL."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from demo.serve import running
from tests.acceptance.houses import crawling, place, sql

pytestmark = [pytest.mark.db, pytest.mark.slow]


def test_a_small_budget_is_spent_on_the_own_city(tmp_path: Path, database_url: str, engine: Engine) -> None:
    with running(listings=300, crawl_delay=0.02) as town:
        little = {"demo_ads": {"requests": 30}}
        crawl = crawling(town, platforms=["demo_ads"], max_details=0, budgets=little)
        there = place(tmp_path, database_url, {"crawl": crawl})
        said = there.xunwang("scan", "--json")
        log = town.log("demo_ads")
        market = town.town().market("demo_ads")
    told = json.loads(said.out)
    ends = sql(engine, "select region, outcome from queries order by id")
    ours = [outcome for region, outcome in ends if region == "枣庄市"]
    assert len(ours) == 3 and set(ours) <= {"searched", "empty"}, said.err
    assert [region for region, _ in ends] == ["枣庄市"] * 3 + [""] * 3
    assert {outcome for region, outcome in ends if not region} == {"budget_spent"}
    lists = [entry.query for entry in log if entry.path in ("/latest/", "/search")]
    first_elsewhere = next(at for at, query in enumerate(lists) if "area=" not in query)
    assert first_elsewhere >= 3 and not any("area=" in query for query in lists[first_elsewhere:])
    stored = {item for (item,) in sql(engine, "select item_id from listings where place like '枣庄%'")}
    assert stored >= {market.offer(at).item_id for at in market.indices if market.offer(at).is_in("枣庄市")}
    assert told["coverage"][1] == "先本市后全国：枣庄市计划 3 个、看到 3 个；全国计划 3 个、看到 0 个"
    assert [query["region"] for query in told["queries"]] == [region for region, _ in ends]
