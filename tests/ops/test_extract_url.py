"""`xunwang extract URL`: one polite request, or none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.serve import RunningTown, running
from tests.acceptance.houses import Place, crawling, place
from tests.crawler.mischief import Answer, card, cards, redirect, site

pytestmark = [pytest.mark.db, pytest.mark.slow]


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=40, crawl_delay=0.05) as standing:
        yield standing


@pytest.fixture
def there(tmp_path: Path, database_url: str, town: RunningTown) -> Place:
    return place(tmp_path, database_url, {"crawl": crawling(town)})


def test_an_address_is_read_like_a_saved_page(there: Place, town: RunningTown) -> None:
    before = len(town.log("demo_ads"))
    said = there.xunwang("extract", f"{town.sites['demo_ads']}/latest/?page=1")
    assert said.code == 0, said.err
    rows = said.rows()
    assert len(rows) >= 20 and all(row["platform"] == "demo_ads" and row["title"] for row in rows)
    assert all(row["url"].startswith(town.sites["demo_ads"]) for row in rows)
    assert [entry.path for entry in town.log("demo_ads")[before:]] == ["/robots.txt", "/latest/"]


def test_an_address_of_no_known_platform_is_read_where_a_person_says_so(there: Place, town: RunningTown) -> None:
    before = len(town.log("demo_ads"))
    said = there.xunwang("extract", "--platform", "auto", f"{town.sites['demo_ads']}/latest/?page=1")
    assert said.code == 0, said.err
    known = there.xunwang("extract", f"{town.sites['demo_ads']}/latest/?page=1").rows()
    read = said.rows()
    assert [row["title"] for row in read] == [row["title"] for row in known]
    assert [row["price"] for row in read] == [row["price"] for row in known]
    assert [row["url"] for row in read] == [row["url"] for row in known]
    assert [entry.path for entry in town.log("demo_ads")[before:]][:2] == ["/robots.txt", "/latest/"]
    for url in ("http://169.254.169.254/latest/", "http://127.0.0.1:1/x", "http://2130706433/"):
        said = there.xunwang("extract", "--platform", "auto", url)
        assert (said.code, said.out) == (2, "") and "[E-OPS-025]" in said.err, said.err


@pytest.mark.browser
def test_a_shell_is_rendered(there: Place, town: RunningTown) -> None:
    said = there.xunwang("extract", f"{town.sites['demo_goods']}/", timeout=200)
    assert said.code == 0, said.err
    assert len(said.rows()) > 0


def test_what_may_not_be_asked_for_is_not(there: Place, town: RunningTown) -> None:
    before = {key: len(town.log(key)) for key in town.sites}
    ads = town.sites["demo_ads"]
    for url in ("http://169.254.169.254/latest/", "https://no-such-platform.example/item/1", "http://127.0.0.1:1/x"):
        said = there.xunwang("extract", url)
        assert (said.code, said.out) == (2, ""), said.err
        assert "[E-OPS-025]" in said.err
    said = there.xunwang("extract", "--platform", "goofish", f"{ads}/latest/?page=1")
    assert said.code == 2 and "[E-OPS-025]" in said.err
    assert {key: len(town.log(key)) for key in town.sites} == before


def test_robots_and_redirects_are_obeyed(tmp_path: Path, database_url: str) -> None:
    def answer(path: str) -> Answer:
        if path == "/robots.txt":
            return Answer(body=b"User-agent: *\nDisallow: /my/")
        if path == "/away":
            return redirect("http://127.0.0.1:1/secret")
        return cards(card("101", "旧书")) if path == "/open" else redirect("/my/list")

    with site(answer) as market:
        there = place(tmp_path, database_url, {"crawl": {"sites": {"demo_ads": market.url}}})
        for path, told in (("/my/orders", "robots_refused"), ("/moved", "robots_refused"), ("/away", "failed")):
            said = there.xunwang("extract", f"{market.url}{path}")
            assert (said.code, said.out) == (3, ""), said.err
            assert told in said.err and "[E-OPS-026]" in said.err
        assert [row["item_id"] for row in there.xunwang("extract", f"{market.url}/open").rows()] == ["101"]
        assert not [path for path in market.paths if path.startswith("/my/")]
