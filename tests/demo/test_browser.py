"""Market (b) in a real browser: the list grows as one scrolls, and the API hits come from the page."""

import os

import pytest
from playwright.sync_api import Page, sync_playwright

from demo.serve import RunningTown

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def scroll_to_the_end(page: Page) -> None:
    for _ in range(500):
        if page.locator("#end, #empty, #broken").count():
            return
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(30)
    raise AssertionError("the list never ended")


@pytest.mark.browser
def test_scrolling_shows_everything_once(small: RunningTown, chromium: str) -> None:
    site, market = small.sites["demo_goods"], small.town().market("demo_goods")
    already = len(small.log("demo_goods"))
    with sync_playwright() as playwright:
        sandbox = os.geteuid() != 0  # Chromium refuses its sandbox to root
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET), chromium_sandbox=sandbox)
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(site + "/")
        scroll_to_the_end(page)
        shown = page.locator("a.card").evaluate_all("cards => cards.map(card => card.dataset.id)")
        assert shown == [market.offer(index).item_id for index in range(300)]
        assert page.inner_text("#end") == "没有更多了"
        page.goto(site + "/search?q=没有'的 词%26&x=1")  # letters that browsers rewrite in addresses
        scroll_to_the_end(page)
        assert page.locator("#empty").count() == 1
        page.goto(site + "/search?q=穿山甲")
        scroll_to_the_end(page)
        found = page.locator("a.card").evaluate_all("cards => cards.map(card => card.dataset.id)")
        assert found == [market.offer(index).item_id for index in market.holding("穿山甲")]
        plant = next(plant for plant in small.plants() if plant.market == "demo_goods" and plant.kind == "plain")
        page.goto(f"{site}/item/{plant.item_id}")
        page.wait_for_selector("#detail")
        offer = market.find(plant.item_id)
        assert offer is not None
        assert page.text_content(".detail-title") == offer.title
        assert page.text_content(".detail-text") == offer.description
        browser.close()
    assert faults == []
    calls = [entry for entry in small.log("demo_goods")[already:] if entry.path.startswith("/api/")]
    assert [entry.query for entry in calls[:15]] == [f"page={number}" for number in range(1, 16)]
    assert {entry.status for entry in calls} == {200}
    assert all("Chrome" in entry.user_agent for entry in calls)
