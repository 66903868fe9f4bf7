"""Two nights more: two listings of a hundred have changed or gone, wherever they stand; then six are new on top."""

from collections import Counter

import pytest

from demo.ads import Ads
from demo.goods import Goods
from demo.markets import MARKETS, Change, Market, Offer
from demo.shop import Shop
from tests.acceptance.conftest import CHANGED, NEW
from tests.acceptance.judging import Scanned, all_evidence_rehashes, assert_no_orphans

pytestmark = [pytest.mark.browser, pytest.mark.db, pytest.mark.slow, pytest.mark.timeout(900)]


def tonight(night: Scanned, key: str, *, arrivals: int = 0) -> Market:
    """The market as the third night meets it, or the fourth with its arrivals."""
    return night.town.town().market(key).later(arrivals=arrivals, changed=CHANGED)


def changed(night: Scanned, *kinds: Change) -> list[tuple[Market, Offer]]:
    """The market's own list of what it changed: every old listing with one of `kinds`, as it stands now."""
    markets = [tonight(night, key) for key in MARKETS]
    found = [(market, index) for market in markets for index in range(night.town.listings)]
    return [(market, market.offer(index)) for market, index in found if set(kinds) & set(market.changes_of(index))]


def test_the_market_changed_in_every_way_on_every_part_of_its_lists(changed_night: Scanned) -> None:
    offers = changed(changed_night, *Change)
    kinds = Counter(kind for market, offer in offers for kind in market.changes_of(offer.index))
    assert set(kinds) == set(Change) and len(offers) >= 12
    assert min(offer.index for _, offer in offers) < 60 and max(offer.index for _, offer in offers) > 240


def test_every_change_is_a_version_beside_the_one_before(changed_night: Scanned) -> None:
    """A card that shows its change needs no page read that was never read before; a changed text shows on none."""
    offers = changed(changed_night, Change.PRICE, Change.TITLE, Change.TEXT)
    statement = (
        "select v.title, v.description, v.price, l.detail_read from listing_versions v"
        " join listings l on l.id = v.listing_id where l.platform = %s and l.item_id = %s order by v.id"
    )
    cards = 0
    for market, offer in offers:
        [*before, (*last, read)] = changed_night.sql(statement, offer.market, offer.item_id)
        assert before and read >= (Change.TEXT in market.changes_of(offer.index)), offer
        assert last == [offer.title, offer.description if read else "", offer.price], offer
        early = changed_night.town.town().market(market.key).offer(offer.index)
        # the first night had read the card, and the description where that was worth a request
        told = (early.description, "") if len(before) == 1 else (early.description,)
        assert before[-1][:3] in [(early.title, text, early.price) for text in told], offer
        cards += not read
    assert 0 < cards == sum(row.card_only for row in changed_night.rows)  # and the 覆盖说明 counts them
    counts = "select l.platform, l.item_id from listing_versions v join listings l on l.id = v.listing_id" + (
        " where v.seen_at >= (select planned_at from scans where id = %s) and l.first_seen < v.seen_at"
        " and l.first_seen < (select planned_at from scans where id = %s)"
    )
    again = changed_night.sql(counts, changed_night.scan_id, changed_night.scan_id)
    assert sorted(again) == sorted((offer.market, offer.item_id) for _, offer in offers)


def test_what_is_gone_is_what_no_list_shows_any_more_and_hits_were_asked_for(changed_night: Scanned) -> None:
    gone = {(offer.market, offer.item_id) for _, offer in changed(changed_night, Change.GONE)}
    unseen = (
        "select platform, item_id from listings l where last_seen < (select planned_at from scans where id = %s)"
        " or state = '已下架'"
    )
    assert set(changed_night.sql(unseen, changed_night.scan_id)) == gone
    states = "select l.platform, l.item_id, s.state, s.capture_id is not null from listing_states s"
    told = changed_night.sql(states + " join listings l on l.id = s.listing_id")
    assert told and set(told) == {(*place, "已下架", True) for place in gone & changed_night.hits()}
    audited = changed_night.sql("select count(*) from audit where action = 'listing.gone'")
    assert audited == [(len(told),)]


def test_a_changed_night_costs_a_tenth_of_the_first(changed_night: Scanned, opening_night: Scanned) -> None:
    """By the markets' own logs, robots.txt and pictures included. Two thirds are the lists: they change in place."""
    kinds = Counter(entry.path.strip("/").split("/")[0] for log in changed_night.logs.values() for entry in log)
    assert changed_night.requests <= 0.1 * opening_night.requests, kinds


def test_new_listings_cost_their_own_pages_and_no_more(busy_night: Scanned, changed_night: Scanned) -> None:
    """Beside what such a night costs anyway: 18 pages, of a market of shells two requests each, and longer lists."""
    assert busy_night.requests <= changed_night.requests + 4 * NEW + 3 * len(MARKETS)


def test_every_new_listing_is_stored(busy_night: Scanned) -> None:
    markets = [tonight(busy_night, key, arrivals=NEW) for key in MARKETS]
    new = {(market.key, market.offer(index).item_id) for market in markets for index in range(-NEW, 0)}
    statement = (
        "select platform, item_id from listings where first_seen >= (select planned_at from scans where id = %s)"
    )
    assert set(busy_night.sql(statement, busy_night.scan_id)) == new
    assert len(new) == 3 * NEW


def test_the_plants_among_them_are_hits(busy_night: Scanned) -> None:
    hits = busy_night.hits()
    for key in MARKETS:
        plants = tonight(busy_night, key, arrivals=NEW).plants()
        assert {(key, plant.item_id) for plant in plants if plant.kind == "plain"} <= hits


@pytest.mark.parametrize("which", ["changed_night", "busy_night"])
def test_every_hit_is_captured_as_it_stands(which: str, request: pytest.FixtureRequest) -> None:
    night: Scanned = request.getfixturevalue(which)
    uncaptured = (
        "select platform, item_id from listings l where level <> 'none' and not exists"
        " (select from captures c where c.listing_id = l.id and c.fingerprint = l.fingerprint)"
    )
    assert night.sql(uncaptured) == []
    assert_no_orphans(night.url)
    assert all_evidence_rehashes(night.url, night.house.store.root) > 0


def test_who_runs_each_market_was_read_once_from_its_foot(changed_night: Scanned) -> None:
    read = changed_night.sql("select platform, operator, uscc, icp, seat from platform_ledger order by platform")
    assert read == [(key, *_foot(key)) for key in sorted(MARKETS)]


def _foot(key: str) -> tuple[str, ...]:
    site = {"demo_ads": Ads, "demo_goods": Goods, "demo_shop": Shop}[key]
    return site.operator, site.uscc, site.icp, site.seat
