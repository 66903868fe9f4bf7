"""A patrol of the market that is a JavaScript shell, in a real Chromium, judged by the market's own access log."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from demo.access import LogEntry
from demo.serve import RunningTown, running
from tests.crawler.errands import LATEST, Told, describe, patrol, start
from tests.crawler.patrol_child import kill_browsers
from tests.loopback import Quiet, listening

pytestmark = [pytest.mark.slow, pytest.mark.browser]

LISTINGS = 70
KEY = "demo_goods"


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=LISTINGS) as standing:
        yield standing


@pytest.fixture(scope="module")
def night(town: RunningTown) -> Told:
    told = patrol(KEY, town.sites[KEY], LATEST, ("search", "印象"), words=["印象", "象牙"], limits={"max_details": 3})
    assert told.code == 0, told.errors
    return told


def _asked(town: RunningTown) -> list[LogEntry]:
    return [entry for entry in town.log(KEY) if not entry.path.startswith("/pic/")]


def test_the_whole_list_is_scrolled(night: Told) -> None:
    assert night.outcomes[0] == "searched"
    first = night.reports[0]
    assert first["cards"] == LISTINGS
    assert first["pages"] == (LISTINGS + 19) // 20
    assert len({one["item_id"] for one in night.sightings}) == LISTINGS


def test_the_api_is_asked_by_the_browser_and_only_when_wanted(night: Told, town: RunningTown) -> None:
    api = [entry for entry in _asked(town) if entry.path.startswith("/api/")]
    assert api
    assert all("Chrome/" in entry.user_agent and "xunwang-test/0.1" in entry.user_agent for entry in api)
    lists = [entry.query for entry in api if entry.path == "/api/list"]
    assert lists == [f"page={number}" for number in range(1, (LISTINGS + 19) // 20 + 1)]


def test_every_navigation_and_data_request_keeps_the_delay(night: Told, town: RunningTown) -> None:
    entries = [entry for entry in _asked(town) if entry.path != "/favicon.ico"]
    gaps = [(after.at - before.at).total_seconds() for before, after in itertools.pairwise(entries)]
    assert min(gaps) >= 0.1
    assert not [entry for entry in entries if entry.path.startswith("/my/")]
    assert len(entries) == sum(report["requests"] for report in night.reports)


def test_pictures_are_fetched_once_and_not_by_the_browser(night: Told, town: RunningTown) -> None:
    pictures = [entry for entry in town.log(KEY) if entry.path.startswith("/pic/")]
    assert len({entry.path for entry in pictures}) == len(pictures) == sum(len(hit["pictures"]) for hit in night.hits)
    assert not [entry for entry in pictures if "Chrome" in entry.user_agent]


def test_a_hit_is_photographed_live(night: Told) -> None:
    assert night.hits
    for hit in night.hits:
        assert hit["detail_read"]
        assert hit["page"][1:] == ["browser", "application/json"]
        shown = {role: (kind, size, magic) for role, kind, size, magic in hit["capture"]["files"]}
        assert shown["screenshot"][0] == "image/jpeg"
        assert shown["screenshot"][1] > 10_000
        assert shown["snapshot"][0] == "multipart/related" and shown["snapshot"][1] > 10_000
        assert "detail-title" in hit["capture"]["dom"]
        assert hit["capture"]["gaps"] == []
        assert "实时" in hit["capture"]["method"]


def test_a_second_night_costs_what_changed(night: Told, town: RunningTown) -> None:
    told = patrol(KEY, town.sites[KEY], words=["印象", "象牙"], stored=night.stored, read_before=True)
    assert told.outcomes == ["searched"], told.errors
    assert told.sightings == []
    assert told.reports[0]["requests"] == 3  # robots.txt, the shell, one answer of its API


def test_a_spent_budget_ends_a_rendered_query(town: RunningTown) -> None:
    told = patrol(KEY, town.sites[KEY], limits={"max_requests": 4, "max_details": 0})
    assert told.outcomes == ["budget_spent"], told.errors
    assert told.reports[0]["requests"] == 4


@pytest.mark.parametrize(("mood", "outcome"), [("login", "login_required"), ("captcha", "blocked")])
def test_walls_behind_the_shell(town: RunningTown, mood: str, outcome: str) -> None:
    town.change(KEY, mood=mood, from_page=2)
    try:
        told = patrol(KEY, town.sites[KEY])
    finally:
        town.change(KEY, mood="open")
    assert told.outcomes == [outcome], told.errors
    assert told.reports[0]["pages"] == 1


def test_a_list_whose_browser_died_is_read_again(town: RunningTown) -> None:
    told = patrol(KEY, town.sites[KEY], break_on="list", limits={"max_details": 0})
    assert told.outcomes == ["searched"], told.errors
    assert "list begun again" in told.errors
    assert told.reports[0]["pages"] == (LISTINGS + 19) // 20 and told.reports[0]["new"] == LISTINGS
    assert len([one["item_id"] for one in told.sightings]) == LISTINGS


def test_a_page_whose_browser_died_is_opened_again_for_its_photograph(town: RunningTown) -> None:
    told = patrol(KEY, town.sites[KEY], ("search", "印象"), words=["印象"], break_on="photograph")
    assert told.outcomes == ["searched"], told.errors
    first, *others = told.hits
    assert {"screenshot", "snapshot", "dom"} <= {role for role, *_ in first["capture"]["files"]}
    assert first["capture"]["gaps"] == [] and "重新打开过一次" in first["capture"]["method"]
    assert not [hit for hit in others if "重新打开" in hit["capture"]["method"]]


def test_a_missing_browser_is_a_plain_failure(town: RunningTown) -> None:
    told = patrol(KEY, town.sites[KEY], browser={"executable": "/nowhere/chromium"})
    assert told.code == 0
    assert told.outcomes == ["failed"]
    assert "XUNWANG_CHROMIUM" in told.reports[0]["note"]
    assert not [entry for entry in town.log(KEY) if entry.path == "/api/nothing"]


@contextmanager
def before_the_market(site: str, asked: Callable[[str], None]) -> Iterator[str]:
    """An address that passes every request on to `site`, once `asked` of its path has returned."""

    class Passing(Quiet):
        def do_GET(self) -> None:
            asked(self.path)
            kept = {
                name: told for name, told in self.headers.items() if name.lower() not in ("host", "accept-encoding")
            }
            try:
                given = urlopen(Request(site + self.path, headers=kept))
            except HTTPError as refused:
                given = refused
            with given, suppress(OSError):  # whoever asked may be dead
                self.send_response(given.status)
                for name, told in given.headers.items():
                    if name.lower() in ("content-type", "content-length", "set-cookie", "location"):
                        self.send_header(name, told)
                self.end_headers()
                self.wfile.write(given.read())

    with listening(Passing) as url:
        yield url


def test_what_a_dead_list_had_asked_for_keeps_nobody_waiting(town: RunningTown) -> None:
    """Its browser is killed while its data are under way; the pages of its items come next, in another browser."""
    errand: dict[str, Any] = {"killed": 0}

    def kill_on_the_way(path: str) -> None:
        if path.startswith("/api/list?page=2") and not errand["killed"]:
            errand["killed"] = kill_browsers(errand["child"].pid)
            time.sleep(1)

    with before_the_market(town.sites[KEY], kill_on_the_way) as url:
        order = describe(KEY, url, words=["印象", "象牙"], limits={"max_details": 3})
        with start(order) as errand["child"]:
            try:
                out, errors = errand["child"].communicate(json.dumps(order), timeout=90)
            finally:
                errand["child"].kill()
    told = [json.loads(line) for line in out.splitlines()]
    assert errand["killed"] and "list begun again" in errors
    assert [event["outcome"] for event in told if event["event"] == "report"] == ["searched"], errors
