"""The third night: two listings of a hundred have changed where they stand, six are new on top."""

import pytest

from demo.markets import MARKETS, Market, Offer
from tests.acceptance.conftest import CHANGED, NEW
from tests.acceptance.judging import Scanned, all_evidence_rehashes, assert_no_orphans

pytestmark = [pytest.mark.browser, pytest.mark.db, pytest.mark.slow, pytest.mark.timeout(900)]


def tonight(night: Scanned, key: str) -> Market:
    """The market as the third night meets it."""
    return night.town.town().market(key).later(arrivals=NEW, reduced=CHANGED)


def changed(night: Scanned) -> list[Offer]:
    """Every old listing whose price is another than on the opening night."""
    found = []
    for key in MARKETS:
        before, after = night.town.town().market(key), tonight(night, key)
        pairs = [(after.offer(index), before.offer(index)) for index in before.indices]
        found += [late for late, early in pairs if late.price != early.price]
    return found


def test_every_change_is_a_version_beside_the_one_before(changed_night: Scanned) -> None:
    offers = changed(changed_night)
    # far below the newest page: what moves up by itself would be no test of reading on
    assert len(offers) >= 6 and max(offer.index for offer in offers) > 200
    statement = (
        "select v.price from listing_versions v join listings l"
        " on l.id = v.listing_id and l.fingerprint = v.fingerprint where l.platform = %s and l.item_id = %s"
        " and l.price = v.price"
    )
    for offer in offers:
        assert changed_night.sql(statement, offer.market, offer.item_id) == [(offer.price,)], offer
    counts = "select l.platform, l.item_id from listing_versions v join listings l on l.id = v.listing_id" + (
        " where v.seen_at >= (select planned_at from scans where id = %s) and l.first_seen < v.seen_at"
        " and l.first_seen < (select planned_at from scans where id = %s)"
    )
    again = changed_night.sql(counts, changed_night.scan_id, changed_night.scan_id)
    assert sorted(again) == sorted((offer.market, offer.item_id) for offer in offers)


def test_every_new_listing_is_stored(changed_night: Scanned) -> None:
    markets = [tonight(changed_night, key) for key in MARKETS]
    new = {(market.key, market.offer(index).item_id) for market in markets for index in range(-NEW, 0)}
    statement = (
        "select platform, item_id from listings where first_seen >= (select planned_at from scans where id = %s)"
    )
    assert set(changed_night.sql(statement, changed_night.scan_id)) == new
    assert len(new) == 3 * NEW


def test_the_plants_among_them_are_hits_and_every_hit_is_captured_as_it_stands(changed_night: Scanned) -> None:
    hits = changed_night.hits()
    for key in MARKETS:
        plain = [plant for plant in tonight(changed_night, key).plants() if plant.kind == "plain"]
        assert {(key, plant.item_id) for plant in plain} <= hits
    uncaptured = (
        "select platform, item_id from listings l where level <> 'none' and not exists"
        " (select from captures c where c.listing_id = l.id and c.fingerprint = l.fingerprint)"
    )
    assert changed_night.sql(uncaptured) == []
    assert_no_orphans(changed_night.url)
    assert all_evidence_rehashes(changed_night.url, changed_night.house.store.root) > 0
