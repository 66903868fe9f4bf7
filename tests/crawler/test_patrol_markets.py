"""Patrols of the HTTP-read demo markets, judged by the markets' own access logs."""

import itertools
from collections.abc import Iterator

import pytest

from demo.serve import RunningTown, running
from tests.crawler.errands import LATEST, Told, patrol

pytestmark = pytest.mark.slow

LISTINGS = 90
#: A planted word that stands in titles of the market, and one that stands in a description alone.
WORDS = ["绝户网", "猎夹", "野猪机"]
SEARCH = {"demo_ads": ("search", "绝户网"), "demo_shop": ("search", "野猪机")}


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=LISTINGS) as standing:
        yield standing


@pytest.fixture(scope="module", params=["demo_ads", "demo_shop"])
def night(request: pytest.FixtureRequest, town: RunningTown) -> tuple[str, Told]:
    """A first night: the whole market by its newest page, and a search."""
    key: str = request.param
    told = patrol(key, town.sites[key], LATEST, SEARCH[key], words=WORDS, limits={"max_details": 20})
    assert told.code == 0, told.errors
    return key, told


def test_every_query_ends_once_and_after_its_sightings(night: tuple[str, Told]) -> None:
    _, told = night
    assert told.outcomes == ["searched", "searched"]
    order = [event["event"] for event in told.events if event["event"] != "deliver"]
    assert order == ["starting", "report", "starting", "report", "end"]
    first = told.reports[0]
    assert first["cards"] == first["new"] == LISTINGS
    assert sum(report["new"] for report in told.reports) == LISTINGS  # what the search saw again is not new again
    assert sum(r["hits"] for r in told.reports) == len(told.hits) > 0


def test_every_listing_came_with_a_detail_where_it_pays(night: tuple[str, Told]) -> None:
    _, told = night
    assert len({one["item_id"] for one in told.sightings}) == LISTINGS
    assert all(one["detail_read"] for one in told.hits)
    card_only = sum(not one["detail_read"] for one in told.sightings)
    assert card_only == sum(report["card_only"] for report in told.reports) > 0


def test_clean_cards_get_their_detail_up_to_the_limit(town: RunningTown) -> None:
    told = patrol("demo_ads", town.sites["demo_ads"], limits={"max_details": 12, "max_pages": 2})
    assert sum(one["detail_read"] for one in told.sightings) == 12
    assert told.reports[0]["card_only"] == 60 - 12


def test_a_search_opens_what_browsing_had_only_skimmed(town: RunningTown) -> None:
    """The planted word stands in the description alone, behind a card that the browsed page had no budget for."""
    hidden = next(plant for plant in town.plants() if plant.market == "demo_shop" and plant.hidden)
    told = patrol("demo_shop", town.sites["demo_shop"], LATEST, ("search", hidden.search_word), words=WORDS)
    assert [hit["item_id"] for hit in told.hits].count(hidden.item_id) == 0  # max_details is 0 here
    limits = {"max_details": 5}
    again = patrol("demo_shop", town.sites["demo_shop"], LATEST, SEARCH["demo_shop"], words=WORDS, limits=limits)
    assert [hit["item_id"] for hit in again.hits].count(hidden.item_id) == 1
    assert WORDS[2] in next(hit for hit in again.hits if hit["item_id"] == hidden.item_id)["description"]


def test_a_hit_carries_its_evidence(night: tuple[str, Told]) -> None:
    _, told = night
    assert told.hits
    for hit in told.hits:
        roles = [role for role, *_ in hit["capture"]["files"]]
        assert roles[:1] == ["page"]
        assert roles.count("picture") == min(6, len(hit["pictures"])) > 0


def test_pages_are_asked_for_in_chinese(night: tuple[str, Told]) -> None:
    _, told = night
    asked = [dict(one["asked"]) for hit in told.hits for one in hit["capture"]["record"]["exchanges"]]
    assert asked and {one["Accept-Language"] for one in asked} == {"zh-CN,zh;q=0.9"}


@pytest.mark.browser
def test_a_hit_is_photographed_from_saved_bytes(night: tuple[str, Told]) -> None:
    _, told = night
    for hit in told.hits:
        shown = {role: (kind, size, magic) for role, kind, size, magic in hit["capture"]["files"]}
        assert shown["screenshot"][0] == "image/jpeg"
        assert shown["screenshot"][2] == "ffd8ff"
        assert shown["screenshot"][1] > 10_000
        assert hit["title"] in hit["capture"]["dom"]
        assert hit["capture"]["gaps"] == []
        assert "离线" in hit["capture"]["method"]
        assert "Chromium" in hit["capture"]["method"]


def test_the_market_never_saw_a_browser(night: tuple[str, Told], town: RunningTown) -> None:
    key, _ = night
    agents = {entry.user_agent for entry in town.log(key)}
    assert agents == {"xunwang-test/0.1 (+https://example.invalid/contact)"}


def test_robots_and_delay_are_kept(night: tuple[str, Told], town: RunningTown) -> None:
    key, told = night
    entries = [entry for entry in town.log(key) if not entry.path.startswith("/pic/")]
    assert entries[0].path == "/robots.txt"
    assert [entry.path for entry in entries].count("/robots.txt") == 1
    assert not [entry for entry in entries if entry.path.startswith(("/contact/", "/cart"))]
    gaps = [(after.at - before.at).total_seconds() for before, after in itertools.pairwise(entries)]
    assert min(gaps) >= 0.1
    assert len(entries) == sum(report["requests"] for report in told.reports)


def test_a_second_night_costs_what_changed(night: tuple[str, Told], town: RunningTown) -> None:
    key, told = night
    before = len(town.log(key))
    again = patrol(key, town.sites[key], LATEST, SEARCH[key], words=WORDS, stored=told.stored, read_before=True)
    assert again.outcomes == ["searched", "searched"], again.errors
    assert again.sightings == []
    # the first night saw both lists to their last page; this one left the long one where all was known
    assert [report["to_end"] for report in told.reports] == [True, True]
    assert again.reports[0]["to_end"] is False and "其后均为已知" in again.reports[0]["note"]
    assert (len(town.log(key)) - before) <= 0.15 * before


def test_an_unfinished_night_is_read_to_its_end_again(night: tuple[str, Told], town: RunningTown) -> None:
    key, told = night
    lost, *stored = told.stored
    again = patrol(key, town.sites[key], stored=stored)
    assert again.reports[0]["cards"] == LISTINGS
    assert [item for item, _ in again.stored] == [lost[0]]


def test_max_pages_ends_as_a_spent_budget(town: RunningTown) -> None:
    told = patrol("demo_ads", town.sites["demo_ads"], limits={"max_pages": 2, "max_details": 0})
    assert told.outcomes == ["budget_spent"]
    assert told.reports[0]["pages"] == 2


def test_a_used_up_budget_of_requests_ends_every_query_left(town: RunningTown) -> None:
    limits = {"max_requests": 3, "max_details": 0}
    told = patrol("demo_ads", town.sites["demo_ads"], LATEST, ("search", "绝户网"), limits=limits)
    assert told.outcomes == ["budget_spent", "budget_spent"]
    assert sum(report["requests"] for report in told.reports) == 3


def test_a_search_without_results_is_an_honest_empty(town: RunningTown) -> None:
    told = patrol("demo_ads", town.sites["demo_ads"], ("search", "没有这样的东西"))
    assert told.outcomes == ["empty"]


@pytest.mark.parametrize(("mood", "outcome"), [("login", "login_required"), ("captcha", "blocked")])
def test_walls_have_their_own_ends(town: RunningTown, mood: str, outcome: str) -> None:
    town.change("demo_shop", mood=mood, from_page=3)
    try:
        told = patrol("demo_shop", town.sites["demo_shop"])
    finally:
        town.change("demo_shop", mood="open")
    assert told.outcomes == [outcome]
    assert told.reports[0]["pages"] == 2
    assert len(told.sightings) == 48  # what was read before the wall is kept


def test_after_three_walls_the_platform_is_left_alone(town: RunningTown) -> None:
    queries = [("search", word) for word in ("象牙", "虎骨", "犀角", "穿山甲", "玳瑁")]
    town.change("demo_shop", mood="captcha")
    try:
        told = patrol("demo_shop", town.sites["demo_shop"], *queries)
    finally:
        town.change("demo_shop", mood="open")
    assert told.outcomes == ["blocked"] * 3 + ["not_run"] * 2
    assert [report["requests"] for report in told.reports][3:] == [0, 0]


def test_retry_after_is_obeyed_and_the_query_goes_on(town: RunningTown) -> None:
    before = len(town.log("demo_ads"))
    town.change("demo_ads", mood="too_many", for_requests=1, retry_after=3)
    try:
        told = patrol("demo_ads", town.sites["demo_ads"], ("search", "绝户网"))
    finally:
        town.change("demo_ads", mood="open")
    assert told.outcomes == ["searched"], told.errors
    new = town.log("demo_ads")[before:]
    refused = next(i for i, entry in enumerate(new) if entry.status == 429)
    assert (new[refused + 1].at - new[refused].at).total_seconds() >= 3


def test_a_retry_after_beyond_the_budget_blocks_without_another_request(town: RunningTown) -> None:
    before = len(town.log("demo_ads"))
    town.change("demo_ads", mood="too_many", retry_after=900)
    try:
        told = patrol("demo_ads", town.sites["demo_ads"], LATEST, ("search", "绝户网"), limits={"max_seconds": 60})
    finally:
        town.change("demo_ads", mood="open")
    assert told.outcomes == ["blocked", "blocked"]
    assert "Retry-After" in told.reports[0]["note"]
    assert [entry.status for entry in town.log("demo_ads")[before:] if entry.path != "/robots.txt"] == [429]


def test_a_failing_server_is_asked_three_times(town: RunningTown) -> None:
    before = len(town.log("demo_shop"))
    town.change("demo_shop", mood="error")
    try:
        told = patrol("demo_shop", town.sites["demo_shop"])
    finally:
        town.change("demo_shop", mood="open")
    assert told.outcomes == ["failed"]
    assert [entry.status for entry in town.log("demo_shop")[before:]].count(500) == 3
