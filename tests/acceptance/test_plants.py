"""The first scan of a town, and the second: judged by who knows what was planted, by the markets' logs, by SQL."""

from collections import Counter

import pytest

from db.engine import transaction
from db.runs import coverage
from demo.markets import MARKETS, Plant
from records import Outcome
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

pytestmark = [pytest.mark.browser, pytest.mark.db, pytest.mark.slow, pytest.mark.timeout(900)]


def missed(night: Scanned, kind: str) -> tuple[list[Plant], list[Plant]]:
    """All plants of a kind, and those that are no hits."""
    hits = night.hits()
    planted = [plant for plant in night.town.plants() if plant.kind == kind]
    return planted, [plant for plant in planted if (plant.market, plant.item_id) not in hits]


# --- what is found ---


def test_every_plain_plant_is_a_hit(opening_night: Scanned) -> None:
    planted, lost = missed(opening_night, "plain")
    assert len(planted) >= 9 and {plant.market for plant in planted} == set(MARKETS)
    assert any(plant.hidden for plant in planted)
    assert lost == []


def test_at_least_four_fifths_of_the_disguised_are_hits(opening_night: Scanned) -> None:
    planted, lost = missed(opening_night, "disguised")
    assert len(planted) >= 9
    assert len(lost) <= 0.2 * len(planted), lost


def test_at_most_one_confusable_in_twenty_is_a_hit(opening_night: Scanned) -> None:
    planted, clear = missed(opening_night, "confusable")
    assert len(planted) >= 20
    assert len(planted) - len(clear) <= 0.05 * len(planted), set(planted) - set(clear)


def test_every_listing_of_the_town_is_stored_once_as_the_market_tells_it(opening_night: Scanned) -> None:
    town = opening_night.town.town()
    rows = opening_night.sql("select platform, item_id, title, price from listings")
    told = {
        (key, offer.item_id, offer.title, offer.price)
        for key in MARKETS
        for offer in (town.market(key).offer(index) for index in town.market(key).indices)
    }
    assert len(rows) == len(told) == 3 * opening_night.town.listings
    assert {(a, b, c.strip(), d) for a, b, c, d in rows} == told


# --- what is said agrees with what is stored ---


def test_every_planned_query_has_one_outcome_and_they_add_up(opening_night: Scanned) -> None:
    outcomes = outcomes_by_sql(opening_night)
    [(planned,)] = opening_night.sql("select count(*) from queries where scan_id = %s", opening_night.scan_id)
    assert "" not in outcomes and set(outcomes) <= {outcome.value for outcome in Outcome}
    assert sum(outcomes.values()) == planned == len(opening_night.rows)
    assert opening_night.said.queries == outcomes
    assert set(outcomes) == {"searched", "empty"}
    # a listing that two queries saw is new once
    [(listings,)] = opening_night.sql("select count(*) from listings")
    assert sum(row.new for row in opening_night.rows) == listings
    [(finished,)] = opening_night.sql("select finished_at from scans where id = %s", opening_night.scan_id)
    assert finished is not None


def test_leads_and_hits_are_those_of_the_town(opening_night: Scanned) -> None:
    said, town = opening_night.said, opening_night.town.town()
    hits = opening_night.hits()
    [(leads, in_leads)] = opening_night.sql("select count(*), coalesce(sum(hits), 0) from leads")
    [(linked,)] = opening_night.sql("select count(*) from lead_hits")
    sellers = {(key, offer.vendor.id) for key, item in hits if (offer := town.market(key).find(item)) is not None}
    assert said.leads == leads == len(sellers)
    assert said.hits == len(hits) == in_leads == linked
    assert_no_orphans(opening_night.url)


def test_a_listing_that_is_no_hit_keeps_neither_seller_nor_picture(opening_night: Scanned) -> None:
    town = opening_night.town.town()
    shown = [town.market(key).find(item) for key, item in opening_night.hits()]
    suspects = {offer.vendor.name for offer in shown if offer is not None}
    stored_names = {name for (name,) in opening_night.sql("select name from sellers where name <> ''")}
    assert stored_names == suspects
    assert opening_night.sql("select item_id from listings where level = 'none' and pictures <> '{}'") == []
    known = "select key from sellers where name = '' and (place <> '' or url <> '' or key !~ '^hash:[0-9a-f]{64}$')"
    assert opening_night.sql(known) == []


# --- evidence ---


def test_every_hit_has_page_dom_and_screenshot_that_rehash(opening_night: Scanned) -> None:
    rows = opening_night.sql(
        "select l.platform, l.item_id, f.role from captures c join listings l on l.id = c.listing_id"
        " join capture_files f on f.capture_id = c.id"
    )
    roles = Counter(rows)
    for platform, item in opening_night.hits():
        for role in ("page", "dom", "screenshot"):
            assert roles[platform, item, role] == 1, (platform, item, role)
        assert roles[platform, item, "picture"] >= 1
    assert opening_night.sql("select listing_id from captures_due") == []
    assert all_evidence_rehashes(opening_night.url, opening_night.house.store.root) >= 3 * len(opening_night.hits())


# --- manners, by the markets' logs ---


@pytest.mark.parametrize("key", ["demo_ads", "demo_shop"])
def test_a_market_of_plain_pages_never_meets_a_browser(opening_night: Scanned, key: str) -> None:
    assert opening_night.logs[key]
    assert [entry for entry in opening_night.logs[key] if is_browser(entry)] == []


def test_the_shell_market_is_really_rendered(opening_night: Scanned) -> None:
    data = [entry for entry in opening_night.logs["demo_goods"] if entry.path.startswith("/api/")]
    assert len(data) >= opening_night.town.listings / 20
    assert {entry.status for entry in data} == {200}
    assert all(is_browser(entry) for entry in data)


@pytest.mark.parametrize("key", MARKETS)
def test_who_comes_says_who_he_is_and_keeps_to_robots_txt(opening_night: Scanned, key: str) -> None:
    entries = opening_night.logs[key]
    assert entries[0].path == "/robots.txt"
    assert [entry for entry in entries if "Xunwang/" not in entry.user_agent] == []
    assert [entry.path for entry in entries if entry.path.startswith(CLOSED[key])] == []
    assert min(gaps(entries)) >= CRAWL_DELAY


# --- the second night ---


def test_an_idle_night_costs_little_by_the_markets_own_count(opening_night: Scanned, second_night: Scanned) -> None:
    counts = {key: (len(opening_night.logs[key]), len(second_night.logs[key])) for key in MARKETS}
    print("requests of the first night and the second:", counts)
    assert 0 < second_night.requests <= 0.1 * opening_night.requests, counts
    for key in MARKETS:
        assert min(gaps(second_night.logs[key])) >= CRAWL_DELAY


def test_an_idle_night_finds_nothing_and_has_looked(opening_night: Scanned, second_night: Scanned) -> None:
    assert second_night.stored() == opening_night.stored()
    assert sum(row.new for row in second_night.rows) == sum(row.hits for row in second_night.rows) == 0
    assert sum(row.cards for row in second_night.rows) >= 3 * second_night.town.listings
    assert set(outcomes_by_sql(second_night)) == {"searched"}


def test_what_rests_gave_nothing_that_others_did_not_bring_and_is_counted(
    opening_night: Scanned, second_night: Scanned
) -> None:
    statement = "select platform, text, region from queries where scan_id = %s and kind <> 'revisit'"
    first, again = (set(night.sql(statement, night.scan_id)) for night in (opening_night, second_night))
    idle = " and kind = 'search' and (outcome = 'empty' or to_end and new + hits = 0 and cards < 5)"
    rested = set(opening_night.sql(statement + idle, opening_night.scan_id))
    [(options,)] = second_night.sql("select options from scans where id = %s", second_night.scan_id)
    assert first - again == rested
    assert options["resting"] == Counter(platform for platform, *_ in rested)


# --- the own city first ---


def test_the_own_city_is_asked_first_and_wholly(opening_night: Scanned) -> None:
    """By the market's log: what it was asked for 枣庄 comes before all else, and shows all that stands there."""
    lists = [entry for entry in opening_night.logs["demo_ads"] if entry.path in ("/latest/", "/search")]
    areas = ["area=枣庄" in entry.query for entry in lists]
    assert 0 < sum(areas) < len(areas) and areas == sorted(areas, reverse=True)
    market = opening_night.town.town().market("demo_ads")
    ours = {market.offer(index).item_id for index in market.indices if market.offer(index).is_in("枣庄")}
    counted = "select cards from queries where scan_id = %s and region = '枣庄市' and kind = 'browse'"
    assert opening_night.sql(counted, opening_night.scan_id) == [(len(ours),)] and len(ours) >= 30
    placed = "select item_id from listings where platform = 'demo_ads' and place like '枣庄%'"
    assert {item for (item,) in opening_night.sql(placed)} == ours


def test_the_coverage_tells_by_region(opening_night: Scanned) -> None:
    with transaction(opening_night.house.engine) as conn:
        told = coverage(conn, opening_night.scan_id)
    counts = "select region, count(*) from queries where scan_id = %s and kind <> 'revisit' group by region"
    planned = {region: seen[0] for region, seen in told.regions.items()}
    assert planned == dict(opening_night.sql(counts, opening_night.scan_id))
    assert list(told.regions) == ["枣庄市", ""] and told.unnarrowed == ("demo_goods", "demo_shop")
