"""robots.txt kept for all slices, and lifted by a named decision alone: by the market's access log and raw SQL."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import runs
from db.engine import transaction
from ops.commands.permits import PermitRefused, stated, until_date
from ops.planning import chosen
from ops.scanning import plan_scan, run_slice
from ops.settings import read_settings
from records import now, shanghai_date
from tests.acceptance import scripted
from tests.acceptance.houses import Place, one, place, sql
from tests.acceptance.scripted import Given, Market, Stock

pytestmark = [pytest.mark.db]

ROBOTS = "User-agent: *\nDisallow: /s\n"
WORD = "旧物"


@pytest.fixture
def market() -> Iterator[Market]:
    """Its robots.txt closes the search and leaves the category page open."""
    stock = Stock.opening([WORD], random.Random(4))
    standing = Market(stock)
    standing.trouble = lambda _market, path, _asked: Given(body=ROBOTS) if path == "/robots.txt" else None
    yield standing
    standing.close()


@pytest.fixture
def there(tmp_path: Path, database_url: str, market: Market) -> Place:
    (tmp_path / "scripted.yml").write_text(scripted.DEFINITION.format(site=market.url), "utf-8")
    return place(tmp_path, database_url, {"crawl": {"sites": {"scripted": market.url}}})


def night(there: Place) -> int:
    """One scan for one word, in the slice's own process; its id."""
    with there.house() as house:
        file = str(there.config.with_name("scripted.yml"))
        options = {"terms": [WORD], "max_pages": 1}
        platforms = chosen(read_settings(there.config), [file], demo=False)
        scan_id = plan_scan(house, platforms, house.lexicon(), kind="foreground", options=options)
        assert scan_id is not None
        run_slice(house, scan_id, "scripted")
    return scan_id


def asked(market: Market, path: str) -> int:
    return len([visit for visit in market.visits if visit.path.startswith(path)])


def test_two_nights_ask_once_for_robots_txt(there: Place, market: Market, raw: Engine) -> None:
    for _ in range(2):
        assert one(raw, "select outcome from queries where scan_id = :id", id=night(there)) == "robots_refused"
    assert [visit.path for visit in market.visits] == ["/robots.txt"]
    kept = sql(raw, "select origin, status, sha256 = encode(sha256(body), 'hex') from robots")
    assert kept == [(market.url, 200, True)]


def test_a_named_decision_lifts_it_and_nothing_else_does(there: Place, market: Market, raw: Engine) -> None:
    file = str(there.config.with_name("scripted.yml"))
    who = ("--by", "值班员甲", "--basis", "法制审核〔2026〕7 号")
    last = str(shanghai_date(now()) + timedelta(days=30))
    for missing in (
        (*who, "--until", "2020-01-01"),
        (*who, "--until", "很久"),
        ("--by", " ", *who[2:], "--until", last),
    ):
        refused = there.xunwang("platform", "robots", "allow", file, *missing)
        assert refused.code == 2 and "E-OPS-047" in refused.err
    assert there.xunwang("platform", "robots", "allow", file, "--until", last).code == 2
    night(there)
    assert asked(market, "/s") == 0 and one(raw, "select count(*) from robots_rulings") == 0

    assert there.xunwang("platform", "robots", "allow", file, *who, "--until", last).code == 0
    lifted = night(there)
    assert asked(market, "/s") == 1
    assert one(raw, "select outcome from queries where scan_id = :id", id=lifted) == "budget_spent"
    [shown] = there.xunwang("platform", "robots", "show", "--json").rows()
    assert shown["in_force"] and shown["by"] == "值班员甲" and shown["until"] == last
    assert any("不受 robots.txt 限制" in line and "〔2026〕7" in line for line in coverage(there, lifted))

    assert there.xunwang("platform", "robots", "obey", file, *who).code == 0
    again = night(there)
    assert asked(market, "/s") == 1
    assert one(raw, "select outcome from queries where scan_id = :id", id=again) == "robots_refused"
    assert not any("robots.txt 限制" in line for line in coverage(there, again))
    assert any("robots.txt 限制" in line for line in coverage(there, lifted))  # what that night was told stays told
    actions = sql(raw, "select actor, action, subject from audit where action like 'robots.%' order by seq")
    assert actions == [("值班员甲", "robots.allow", "scripted"), ("值班员甲", "robots.obey", "scripted")]


def coverage(there: Place, scan_id: int) -> list[str]:
    with there.house() as house, transaction(house.engine) as conn:
        return runs.coverage(conn, scan_id).lines()


def test_a_last_day_lies_within_a_year() -> None:
    today = shanghai_date(now())
    assert until_date(str(today)) == today
    assert until_date(f" {today + timedelta(366)} ") == today + timedelta(366)
    for wrong in ("2020-01-01", str(today + timedelta(367)), "很久", ""):
        with pytest.raises(PermitRefused):
            until_date(wrong)
    with pytest.raises(PermitRefused):
        stated("  ")
