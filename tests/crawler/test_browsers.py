"""Browsers that die, hang or grow are replaced; all of them have one driver; one that runs elsewhere needs a proxy."""

import asyncio
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Error

from crawler import BrowserSettings, NoBrowser, processes
from crawler.chromium import Browsers, Purpose
from crawler.program import runs_as_root
from ops.settings import SettingsRefused, read_settings
from tests.crawler.mischief import Answer, Site, site

pytestmark = [pytest.mark.slow, pytest.mark.browser]
NOWHERE = "http://127.0.0.1:9"


def drive(work: Callable[[Browsers], Awaitable[None]], guard: str = NOWHERE, **settings: object) -> None:
    """Runs `work` with browsers of its own, which are gone afterwards."""

    async def run() -> None:
        browsers = Browsers(BrowserSettings(**settings), guard)  # type: ignore[arg-type]
        try:
            await work(browsers)
        finally:
            await browsers.close()
        assert _roots() == []

    asyncio.run(run())


def _roots() -> list[psutil.Process]:
    """The browsers that this process started."""
    return [one for one in psutil.Process().children(recursive=True) if "--xunwang-browser=" in " ".join(_words(one))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def _shows(browsers: Browsers, purpose: Purpose = Purpose.LISTS) -> None:
    page = await (await browsers.context(purpose)).new_page()
    await page.goto("data:text/html,<h1>x</h1>")
    assert "<h1>" in await page.content()


def test_three_browsers_have_one_driver(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        for purpose in Purpose:
            await _shows(browsers, purpose)
        below = psutil.Process().children(recursive=True)
        assert len([one for one in below if "run-driver" in _words(one)]) == 1
        assert len(_roots()) == 3
        pictures = ["imagesEnabled=false" in " ".join(_words(one)) for one in _roots()]
        assert sorted(pictures) == [False, False, True]  # what photographs shows pictures

    drive(work, executable=Path(chromium))


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_browser_that_died_or_hangs_is_replaced(chromium: str, blow: signal.Signals) -> None:
    async def work(browsers: Browsers) -> None:
        await _shows(browsers)
        (first,) = _roots()
        first.send_signal(blow)
        if blow is signal.SIGSTOP:  # as a tab does whose context does not close
            await browsers.end(Purpose.LISTS)
        else:
            await asyncio.sleep(1)
        await _shows(browsers)
        assert [one.pid for one in _roots()] != [first.pid] and len(_roots()) == 1

    drive(work, executable=Path(chromium))


def test_a_browser_is_replaced_after_its_pages(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        assert browsers.pages_a_context == 2
        seen = set()
        for _ in range(3):
            await _shows(browsers)
            seen |= {one.pid for one in _roots()}
        assert len(seen) == 3 and len(_roots()) == 1

    drive(work, executable=Path(chromium), pages=2)


def test_a_browser_that_grows_past_its_limit_is_killed(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        context = await browsers.context(Purpose.LISTS)
        with pytest.raises((Error, TimeoutError)):  # a call that the kill overtakes may never be answered
            for _ in range(100):
                async with asyncio.timeout(10):
                    page = await context.new_page()
                    await page.goto("data:text/html,x")
                await asyncio.sleep(0.2)
        assert browsers.outgrew(Purpose.LISTS) and not browsers.outgrew(Purpose.LISTS)

    drive(work, executable=Path(chromium), megabytes=20)


def test_what_a_browser_holds_is_measured(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        await _shows(browsers)
        (root,) = _roots()
        mark = next(word for word in _words(root) if word.startswith("--xunwang-browser="))
        assert 20 * 2**20 < processes.memory(mark) < 2**31
        assert processes.memory(processes.mark_of("nobody")) == 0

    drive(work, executable=Path(chromium))


@contextmanager
def elsewhere(chromium: str) -> Iterator[str]:
    """Address for CDP of a browser that somebody else started."""
    with tempfile.TemporaryDirectory() as folder:
        words = [chromium, "--headless", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
        words += ["--no-sandbox"] if runs_as_root() else []
        with subprocess.Popen([*words, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                assert process.stderr is not None
                lines = (process.stderr.readline().decode() for _ in range(200))
                found = next(filter(None, (re.search(r"listening on (ws://\S+)", line) for line in lines)))
                yield found[1]
            finally:
                process.kill()
                process.wait()
                time.sleep(0.2)


def test_a_browser_elsewhere_goes_out_by_its_proxy_alone(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        page = await (await browsers.context(Purpose.LISTS)).new_page()
        await page.goto(f"{secret.url}/inside")
        assert await page.text_content("body") == "by the proxy"
        shown = await (await browsers.context(Purpose.OFFLINE)).new_page()
        with pytest.raises(Error):
            await shown.goto(f"{secret.url}/saved")

    secret: Site
    with (
        elsewhere(chromium) as address,
        site(lambda _: Answer(body=b"secret")) as secret,
        site(lambda _: Answer(body=b"by the proxy")) as proxy,
    ):
        drive(work, remote=address, proxy=proxy.url)
        assert set(proxy.paths) - {f"{secret.url}/favicon.ico"} == {f"{secret.url}/inside"}
        assert secret.visits == []


def test_a_browser_elsewhere_is_refused_without_a_proxy(tmp_path: Path) -> None:
    async def work(browsers: Browsers) -> None:
        with pytest.raises(NoBrowser, match=r"browser_proxy"):
            await browsers.context(Purpose.LISTS)

    drive(work, remote="ws://127.0.0.1:9/devtools/browser/x")
    config = tmp_path / "xunwang.toml"
    config.write_text('[crawl]\nbrowser_url = "http://browser.example:9222"\n', "utf-8")
    with pytest.raises(SettingsRefused, match=r"browser_proxy"):
        read_settings(config, home=tmp_path)
