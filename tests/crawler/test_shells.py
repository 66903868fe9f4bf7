"""`render: auto`: HTTP first, the browser from the first shell on, remembered from night to night and doubted."""

import json

import pytest

from tests.crawler.errands import Told, patrol
from tests.crawler.mischief import NOT_FOUND, Answer, card, cards, site

pytestmark = [pytest.mark.slow, pytest.mark.browser]

LIST = cards(card("101", "老物件"), card("102", "旧书"))
_FILLS = f"<script>app.innerHTML = {json.dumps(LIST.body.decode())}</script>"
SHELL = Answer(body=f"<title>集市</title><div id=app></div>{_FILLS}".encode())
TWO = (("browse", "最新"), ("search", "旧书"))


def night(answer: Answer, *queries: tuple[str, str], shells: bool = False) -> tuple[Told, list[bool]]:
    """What was told, and for each list asked whether a browser asked for it."""
    with site(lambda path: answer if path.startswith(("/latest/", "/search")) else NOT_FOUND) as market:
        told = patrol(
            "demo_ads", market.url, *(queries or TWO), changes={"delay": 0.02, "render": "auto"}, shells=shells
        )
    asked = [agent for path, _, agent in market.visits if path.startswith(("/latest/", "/search"))]
    return told, ["Chrome" in agent for agent in asked]


def learned(told: Told) -> list[bool]:
    return [event["shell"] for event in told.events if event["event"] == "learned"]


def test_a_shell_is_rendered_and_remembered_for_the_nights_to_come() -> None:
    told, rendered = night(SHELL)
    assert told.outcomes == ["searched", "searched"], told.errors
    assert rendered == [False, True, True]
    assert learned(told) == [True]
    told, rendered = night(SHELL, shells=True)
    assert told.outcomes == ["searched", "searched"], told.errors
    assert rendered == [True, True]
    assert learned(told) == []


def test_what_is_remembered_is_forgotten_when_http_brings_the_cards_again() -> None:
    told, rendered = night(LIST, shells=True)
    assert told.outcomes == ["searched", "searched"], told.errors
    assert rendered == [True, False]  # and nothing more was asked to find out
    assert learned(told) == [False]


def test_a_shell_that_stays_empty_is_not_remembered() -> None:
    told, rendered = night(Answer(body=b"<div id=app></div><script>1</script>"), ("browse", "最新"))
    assert told.outcomes == ["drifted"], told.errors
    assert rendered == [False, True]
    assert learned(told) == []
