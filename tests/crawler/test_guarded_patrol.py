"""Patrols behind the guard: what it refuses ends as failed and says so, what it lets out has a peer."""

from collections.abc import Iterator

import pytest

from tests.crawler.errands import patrol
from tests.crawler.mischief import NOT_FOUND, Answer, Site, card, cards, detail, site
from tests.egress.secret import secret

pytestmark = pytest.mark.slow

FAST = {"delay": 0.02}
RENDERED = pytest.param("always", marks=pytest.mark.browser)


def _answer(path: str) -> Answer:
    if path.startswith("/latest/"):
        return cards(card("101", "象牙手串"))
    return detail("101", "象牙手串", "一段说明") if path.startswith("/item/") else NOT_FOUND


@pytest.fixture
def market() -> Iterator[Site]:
    with site(_answer) as standing:
        yield standing


@pytest.mark.parametrize("render", ["never", RENDERED])
def test_every_page_knows_the_address_that_it_came_from(market: Site, render: str) -> None:
    told = patrol("demo_ads", market.url, words=["象牙"], changes=FAST | {"render": render})
    assert told.outcomes == ["searched"], told.errors
    assert {one["peer"] for one in told.sightings} == {"127.0.0.1"}
    assert "服务器地址 127.0.0.1" in told.hits[0]["capture"]["method"]


@pytest.mark.parametrize("render", ["never", RENDERED])
def test_without_the_guard_nothing_goes_out(market: Site, render: str) -> None:
    """Killed before the first request: every query says why, and the platform never hears of us."""
    queries = [("browse", "最新"), ("search", "象牙")]
    told = patrol("demo_ads", market.url, *queries, changes=FAST | {"render": render}, break_on="guard")
    assert told.outcomes == ["failed", "failed"], told.errors
    assert all("出口守卫已停止运行" in report["note"] for report in told.reports)
    assert market.visits == []


@pytest.mark.parametrize(
    ("scheme", "render", "addresses"),
    [
        ("http", "never", ["127.0.0.1"]),
        ("https", "never", ["8.8.8.8", "10.0.0.1"]),
        pytest.param("https", "always", ["169.254.169.254"], marks=pytest.mark.browser),
    ],
)
def test_a_platform_whose_name_leads_inside_is_refused_and_said_so(
    scheme: str, render: str, addresses: list[str]
) -> None:
    """The name is all that the definition shows; the guard sees where it leads. Not taken for a wall or for robots."""
    told = patrol(
        "demo_ads", f"{scheme}://inside.test", changes=FAST | {"render": render}, names={"inside.test": addresses}
    )
    assert told.outcomes == ["failed"], told.errors
    note = told.reports[0]["note"]
    assert "出口守卫未放行" in note and "内部" in note
    assert not any(address in note for address in addresses)  # FAULTS C12
    assert '"why": "address"' in told.errors and addresses[-1] in told.errors


def test_a_platform_that_is_gone_is_told_as_gone() -> None:
    """Behind a proxy a dead name is an answer of the proxy; it must not read as the platform's."""
    told = patrol("demo_ads", "http://gone.invalid", changes=FAST)
    assert told.outcomes == ["failed"], told.errors
    assert "域名无法解析" in told.reports[0]["note"]


@pytest.mark.browser
def test_a_page_in_the_patrols_browser_reaches_nothing_else() -> None:
    """Another host of the same definition that resolves to this machine: let through by every rule but the guard's."""
    with secret() as here:

        def answer(path: str) -> Answer:
            if not path.startswith("/latest/"):
                return NOT_FOUND
            tries = "".join(
                f'<script src="http://pics.test/v/{n}"></script><link rel=stylesheet href="http://pics.test/v/{n}.css">'
                f'<script>fetch("http://pics.test/v/x{n}"); new WebSocket("ws://pics.test/v/ws{n}")</script>'
                for n in range(5)
            )
            return Answer(body=cards(card("101", "象牙手串")).body + tries.encode())

        with site(answer) as market:
            told = patrol(
                "demo_ads",
                market.url,
                changes=FAST | {"render": "always", "hosts": ["127.0.0.1", "pics.test"]},
                names={"pics.test": ["127.0.0.1"]},
            )
        assert here.hits == []
        assert told.outcomes == ["failed"] and "出口守卫未放行" in told.reports[0]["note"]  # its data never came
        assert '"host": "pics.test"' in told.errors
