"""The town before anybody serves it: determinism, plants, people, search."""

import re
from collections import Counter, defaultdict

import pytest

from demo import MARKETS, Market, Offer, Plant, Town, plants, search_words
from demo.folding import fold

SUSPICIOUS = {"plain", "disguised", "code_word"}


def stock(market: Market) -> list[Offer]:
    return [market.offer(index) for index in market.indices]


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(seed=7, listings_per_market=3000)


@pytest.fixture(scope="module")
def planted(town: Town) -> list[Plant]:
    return plants(town)


@pytest.mark.parametrize("key", MARKETS)
def test_a_listing_depends_on_seed_market_and_number_alone(key: str) -> None:
    small, large = Town(3, 200).market(key), Town(3, 100_000).market(key)
    backwards = [large.offer(index) for index in reversed(range(200))]
    assert stock(small) == backwards[::-1]
    assert stock(small) == stock(Town(3, 200).market(key))
    other = stock(Town(4, 200).market(key))
    assert sum(mine.title == theirs.title for mine, theirs in zip(stock(small), other, strict=True)) < 40


def test_newest_first_and_each_id_leads_back(town: Town) -> None:
    for key in MARKETS:
        market = town.market(key)
        offers = stock(market)
        times = [offer.published_at for offer in offers]
        assert times == sorted(times, reverse=True)
        assert len(set(times)) == len({offer.item_id for offer in offers}) == 3000
        assert all(market.find(offer.item_id) == offer for offer in offers[::37])
        for stranger in ("", "0", "abc", offers[0].item_id + "0", " " + offers[0].item_id, "９" * 8, "-1"):
            assert market.find(stranger) is None


def test_a_later_night_changes_only_what_it_says(town: Town) -> None:
    first = town.market("demo_ads")
    before = {offer.item_id: offer for offer in stock(first)}
    second = first.later(arrivals=40, reduced=0.1)
    after = stock(second)
    fresh = [offer for offer in after if offer.item_id not in before]
    assert fresh == after[:40]
    assert min(offer.published_at for offer in fresh) > first.offer(0).published_at
    changed = [offer for offer in after[40:] if offer != before[offer.item_id]]
    assert 0.07 < len(changed) / 3000 < 0.13
    for offer in changed:
        old = before[offer.item_id]
        assert (offer.title, offer.vendor, offer.published_at) == (old.title, old.vendor, old.published_at)
        assert offer.description.startswith(old.description) and offer.description != old.description
        assert offer.price is None or old.price is None or offer.price <= old.price
    third = second.later(arrivals=5)
    assert stock(third)[5:] == after


def test_three_in_a_hundred_are_suspicious_and_three_confusable(planted: list[Plant]) -> None:
    by_market = defaultdict(Counter)
    for plant in planted:
        by_market[plant.market][plant.kind] += 1
    for kinds in by_market.values():
        assert kinds["confusable"] == 90
        assert sum(kinds[kind] for kind in SUSPICIOUS) == 90
        assert kinds["plain"] == kinds["disguised"] == 36
    suspicious = [plant for plant in planted if plant.kind in SUSPICIOUS]
    categories = Counter(plant.category for plant in suspicious)
    assert categories.keys() >= {"ivory", "rhino", "tiger", "pangolin", "tool_clamp", "tool_net", "tool_snare"}
    assert min(categories.values()) > 15


def test_even_the_small_town_shows_every_kind_and_category() -> None:
    suspicious = [plant for plant in plants(Town(7, 300)) if plant.kind in SUSPICIOUS]
    assert len(suspicious) == 27
    assert {plant.kind for plant in suspicious} == SUSPICIOUS
    assert len({plant.category for plant in suspicious}) == 8
    assert sum(plant.hidden for plant in suspicious) >= 2


def test_plants_say_what_they_are_said_to_say(town: Town, planted: list[Plant]) -> None:
    terms = {ware.term for trade in town.wares.trades for ware in trade.wares}
    for plant in planted:
        offer = town.market(plant.market).offer(plant.index)
        assert (offer.item_id, offer.title) == (plant.item_id, plant.title)
        if plant.kind == "confusable":
            continue
        assert plant.surface in (offer.description if plant.hidden else offer.title)
        if plant.hidden:
            assert not any(fold(term) in fold(offer.title) for term in terms)
        if plant.kind == "disguised":
            assert plant.technique and plant.surface not in terms


def test_many_ways_of_hiding_a_word() -> None:
    techniques = {plant.technique for plant in plants(Town(7, 12_000)) if plant.kind == "disguised"}
    assert techniques >= {
        *("symbols", "spaces", "zero_width", "traditional", "full_width", "homophone", "pinyin", "mixed"),
        *("split", "radical", "emoji", "letter", "look_alike"),
    }


def test_some_sellers_trade_in_two_markets(planted: list[Plant]) -> None:
    offers_of = defaultdict(list)
    for plant in planted:
        if plant.kind in SUSPICIOUS:
            offers_of[plant.seller].append(plant.market)
    rings = [markets for markets in offers_of.values() if len(set(markets)) == 2]
    assert len(rings) >= 10
    assert all(len(markets) >= 3 for markets in rings)
    assert all(len(set(markets)) <= 2 for markets in offers_of.values())


def test_everybody_is_invented_and_sits_somewhere_or_does_not_say(town: Town) -> None:
    offers = [offer for key in MARKETS for offer in stock(town.market(key))]
    assert all(offer.vendor.name.startswith("示例") for offer in offers)
    assert not [offer for offer in offers if re.search(r"1\d{10}", offer.title + offer.description + offer.vendor.name)]
    places = Counter(offer.vendor.place for offer in offers)
    home = {place.district for place in places if place and place.city == "枣庄市"}
    assert home == {"市中区", "薛城区", "峄城区", "台儿庄区", "山亭区", "滕州市"}
    shares = Counter(
        "none" if place is None else "home" if place.city == "枣庄市" else "away" for place in places.elements()
    )
    assert 0.08 < shares["none"] / 9000 < 0.16
    assert 0.12 < shares["home"] / 9000 < 0.25


def test_ordinary_listings_hold_no_forbidden_word(town: Town) -> None:
    words = [fold(word) for word in search_words(town)]
    for key in MARKETS:
        for offer in stock(town.market(key)):
            if offer.planted is None:
                assert not any(word in fold(offer.title + offer.description) for word in words)


def test_search_finds_every_plainly_written_plant(town: Town, planted: list[Plant]) -> None:
    words = search_words(town)
    found = {(key, index) for key in MARKETS for word in words for index in town.market(key).holding(word)}
    plain = [plant for plant in planted if plant.kind == "plain"]
    assert all((plant.market, plant.index) in found for plant in plain)
    assert any(plant.hidden for plant in plain)
    hidden = [plant for plant in plain if plant.hidden]
    assert all(plant.index in set(town.market(plant.market).holding(plant.search_word)) for plant in hidden)


@pytest.mark.parametrize(
    "query", ["象牙", "虎 骨", "手串", "自行车", "包邮", "加微 现货", "SHILI", "没有的词", "***", ""]
)
def test_search_is_a_plain_comparison_newest_first(town: Town, query: str) -> None:
    words = [fold(word) for word in query.split() if fold(word)]
    for key in MARKETS:
        market = town.market(key)
        expected = [
            offer.index
            for offer in stock(market)
            if words and all(word in fold(offer.title) + "\n" + fold(offer.description) for word in words)
        ]
        assert list(market.holding(query)) == expected
