"""Markets filled with real titles, 2,000 listings each: what a night says agrees with SQL and with their logs."""

import html
from collections.abc import Iterator

import pytest

from demo.markets import MARKETS
from demo.serve import running
from records import Outcome
from tests.acceptance.conftest import Copies, house_at, scan
from tests.acceptance.judging import (
    CLOSED,
    CRAWL_DELAY,
    Scanned,
    all_evidence_rehashes,
    assert_no_orphans,
    gaps,
    is_browser,
    outcomes_by_sql,
)
from tests.conftest import ROOT, copied_database

pytestmark = [
    pytest.mark.drill,
    pytest.mark.shared,
    pytest.mark.browser,
    pytest.mark.db,
    pytest.mark.timeout(3600),
]

TITLES = ROOT.parent / "shared" / "data" / "real_texts.tsv.gz"
LISTINGS = 2000


@pytest.fixture(scope="module")
def night(
    copies: Copies, server_url: str, migrated_template: str, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scanned]:
    home = tmp_path_factory.mktemp("real-titles")
    with (
        copied_database(server_url, migrated_template) as url,
        running(listings=LISTINGS, titles=TITLES, log_dir=home, crawl_delay=CRAWL_DELAY) as town,
    ):
        house = house_at(home / "house", url, chromium)
        try:
            done = scan(house, town, copies)
            print(done.said.plain(), "requests", done.requests)
            yield done
        finally:
            house.engine.dispose()


def test_every_query_has_its_outcome(night: Scanned) -> None:
    outcomes = outcomes_by_sql(night)
    for row in night.rows:
        print(row.query.platform, row.query.kind, row.query.text, row.outcome, row.note)
    assert "" not in outcomes and set(outcomes) <= {outcome.value for outcome in Outcome}
    assert sum(outcomes.values()) == len(night.rows)
    assert outcomes == night.said.queries
    # nothing was in the way: the lists were read to their ends
    assert set(outcomes) == {"searched", "empty"}


def test_listings_hits_and_leads_are_those_that_sql_and_the_town_count(night: Scanned) -> None:
    town, hits = night.town.town(), night.hits()
    [(listings,)] = night.sql("select count(*) from listings")
    [(leads, in_leads)] = night.sql("select count(*), sum(hits) from leads")
    sellers = {(key, offer.vendor.id) for key, item in hits if (offer := town.market(key).find(item)) is not None}
    assert night.said.listings == listings == len(MARKETS) * LISTINGS
    assert night.said.hits == len(hits) == in_leads
    assert night.said.leads == leads == len(sellers)
    assert_no_orphans(night.url)
    assert all_evidence_rehashes(night.url, night.house.store.root) >= 3 * len(hits)


def test_titles_are_stored_as_the_market_tells_them(night: Scanned) -> None:
    town = night.town.town()
    for key in MARKETS:
        stored = dict(night.sql("select item_id, title from listings where platform = %s", key))  # type: ignore[arg-type]
        offers = [town.market(key).offer(index) for index in town.market(key).indices]
        charset = "gbk" if key == "demo_ads" else "utf-8"
        assert {offer.item_id: as_shown(offer.title, charset) for offer in offers} == {
            item: " ".join(title.split()) for item, title in stored.items()
        }


def as_shown(title: str, charset: str) -> str:
    """The title as every browser shows it: a reference to a C1 control is its windows-1252 letter."""
    source = html.escape(title).encode(charset, "xmlcharrefreplace").decode(charset)
    return " ".join(html.unescape(source).split())


def test_every_plain_plant_is_found_among_real_titles(night: Scanned) -> None:
    plain = {(plant.market, plant.item_id) for plant in night.town.plants() if plant.kind == "plain"}
    assert len(plain) > 50
    assert plain - night.hits() == set()


def test_who_is_rendered_and_who_is_not(night: Scanned) -> None:
    for key in ("demo_ads", "demo_shop"):
        assert not [entry for entry in night.logs[key] if is_browser(entry)]
    data = [entry for entry in night.logs["demo_goods"] if entry.path.startswith("/api/")]
    assert len(data) >= LISTINGS / 20 and all(is_browser(entry) and entry.status == 200 for entry in data)


def test_robots_are_obeyed(night: Scanned) -> None:
    for key in MARKETS:
        assert night.logs[key][0].path == "/robots.txt"
        assert not [entry for entry in night.logs[key] if entry.path.startswith(CLOSED[key])]
        assert min(gaps(night.logs[key])) >= CRAWL_DELAY
