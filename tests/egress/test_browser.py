"""A real Chromium on a page that tries everything: with the guard nothing of this machine hears of it (FAULTS C6)."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import Error as BrowserError
from playwright.async_api import async_playwright

from crawler.chromium import Browsers, Purpose
from crawler.limits import BrowserSettings
from egress import Policy, guarded
from tests.egress.secret import Secret, secret
from tests.egress.vectors import VECTORS, hostile_market

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_SECONDS = 3.0


async def visit(browsers: Browsers, url: str) -> None:
    """Opens the page as nobody would: no route, service workers and popups let be. The guard is all there is."""
    try:
        page = await (await browsers.context(Purpose.ITEMS, service_workers="allow")).new_page()
        await page.goto(url, wait_until="domcontentloaded")
        await page.wait_for_timeout(_SECONDS * 1000)
        await page.goto(f"{url}/go/302-document", wait_until="commit")
    except BrowserError as refused:
        assert "net::ERR" in str(refused), refused  # the last redirect
    finally:
        await browsers.close()


def through_guard(chromium: str, allowed: Sequence[str], secret_at: str) -> None:
    """The page through a guard that lets `allowed` out besides the page's own site."""
    with hostile_market(secret_at) as market:
        policy = Policy(hosts=("*",), allowed=(market.removeprefix("http://"), *allowed))
        with guarded(policy) as way_out:
            browsers = Browsers(BrowserSettings(executable=Path(chromium)), way_out.proxy)
            asyncio.run(visit(browsers, market))
            assert way_out.peer(market) == "127.0.0.2"
            # nobody else was asked for: Chromium calls no home that has an address (C11)
            asked = {host for host, _ in (*way_out._peers, *way_out._barred)}
            assert not {host for host in asked if host.endswith(".com")}


def names(heard: Secret) -> set[str]:
    return {path.rpartition("/v/")[2] for path in heard.hits}


def test_no_vector_reaches_a_local_service(chromium: str) -> None:
    with secret() as here:
        through_guard(chromium, (), f"127.0.0.1:{here.port}")
        assert here.hits == []


@pytest.mark.drill
def test_nor_under_any_other_name(chromium: str) -> None:
    with secret() as here:
        for host in ("localhost", "a.localhost", "127.1", "2130706433", "[::ffff:7f00:1]", "0.0.0.0"):
            through_guard(chromium, (), f"{host}:{here.port}")
            assert here.hits == [], host


def test_with_the_guard_told_to_allow_it_the_same_page_reaches_it(chromium: str) -> None:
    """The vectors are real, and they all pass the guard: a policy is the only difference."""
    with secret() as here:
        through_guard(chromium, (f"127.0.0.1:{here.port}",), f"127.0.0.1:{here.port}")
        came = names(here)
    assert "udp" not in here.hits  # WebRTC has no way to the guard, and none round it
    assert len(came & set(VECTORS)) >= 28, set(VECTORS) - came


@pytest.mark.drill
def test_a_browser_that_runs_elsewhere_reaches_nothing_either(chromium: str, tmp_path: Path) -> None:
    """No switch of ours holds there: each context is told the guard, and has no WebRTC."""
    command = [chromium, "--headless", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={tmp_path}"]
    with secret() as here, hostile_market(f"127.0.0.1:{here.port}") as market:
        policy = Policy(hosts=("*",), allowed=(market.removeprefix("http://"),))
        elsewhere = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            assert elsewhere.stderr is not None
            address = next(line.split()[-1] for line in elsewhere.stderr if "DevTools listening" in line)
            with guarded(policy) as way_out:
                browsers = Browsers(BrowserSettings(remote=address, proxy=way_out.proxy), way_out.proxy)
                asyncio.run(visit(browsers, market))
                assert way_out.peer(market) == "127.0.0.2"
        finally:
            elsewhere.kill()
            elsewhere.communicate()
        assert here.hits == []


@pytest.mark.drill
def test_without_the_guard_the_browser_goes_there_by_itself(chromium: str) -> None:
    """As a browser is started by default: what the flags and the guard are for."""

    async def bare(url: str) -> None:
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=chromium)
            page = await browser.new_page()
            await page.goto(url, wait_until="domcontentloaded")
            await page.wait_for_timeout(_SECONDS * 1000)
            await browser.close()

    with secret() as here:
        with hostile_market(f"127.0.0.1:{here.port}") as market:
            asyncio.run(bare(market))
        assert len(names(here) & set(VECTORS)) >= 20, set(VECTORS) - names(here)
        assert "udp" in here.hits
