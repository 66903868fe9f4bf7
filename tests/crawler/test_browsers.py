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
from playwright.async_api import Error, Page, Request, Route

from crawler import BrowserSettings, NoBrowser, processes
from crawler import chromium as chromium_module
from crawler.chromium import Browsers, Purpose
from crawler.deadline import Deadline
from crawler.program import runs_as_root
from crawler.sheet import new_sheet, shut, shut_down
from ops.settings import SettingsRefused, read_settings
from tests.crawler.mischief import Answer, Site, site

pytestmark = [pytest.mark.slow, pytest.mark.browser]
NOWHERE = "http://127.0.0.1:9"
AGENT = "xunwang-tests/1 (+https://example.invalid)"
#: On a page of the market that the tests below visit.
PICTURES = 20


def drive(work: Callable[[Browsers], Awaitable[None]], guard: str = NOWHERE, **settings: object) -> None:
    """Runs `work` with browsers of its own, which are gone afterwards."""

    async def run() -> None:
        browsers = Browsers(BrowserSettings(**settings), guard, user_agent=AGENT)  # type: ignore[arg-type]
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


def test_a_page_that_does_not_open_is_not_waited_for(chromium: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is stopped just before it is asked for a page; whoever opens the next one has another browser."""

    async def work(browsers: Browsers) -> None:
        context = await browsers.context(Purpose.LISTS)
        (first,) = _roots()
        first.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(chromium_module, "_OPENING_SECONDS", 0.5)
        async with asyncio.timeout(60):
            with pytest.raises(Error, match="opened no page"):
                await browsers.promptly(Purpose.LISTS, context.new_page())
            await _shows(browsers)
        assert [one.pid for one in _roots()] != [first.pid] and len(_roots()) == 1

    drive(work, executable=Path(chromium))


TICKING = "data:text/html,<title>0</title><script>{} </script>"


@pytest.mark.parametrize(
    "ticks",
    [
        "setInterval(() => document.title++, 10)",
        "const tick = () => setTimeout(tick, 10, document.title++); tick()",
        "const tick = () => requestAnimationFrame(tick, document.title++); tick()",
        # seldom: each change of the title goes through the browser, which chokes on thousands a second
        "const {port1, port2} = new MessageChannel(); let n = 0;"
        "port2.onmessage = () => port1.postMessage(n++ % 500 ? 0 : document.title++); port1.postMessage(0)",
        "setTimeout(() => setInterval(() => document.title++, 10), 300)",
    ],
)
def test_a_page_that_is_stilled_never_does_anything_again(chromium: str, ticks: str) -> None:
    """Another one is shown in its place as ever."""

    async def work(browsers: Browsers) -> None:
        sheet = await new_sheet(await browsers.context(Purpose.LISTS), Deadline(60))
        await sheet.page.goto(TICKING.format(ticks))
        await sheet.still()
        at_rest = await sheet.ask("document.title")
        await asyncio.sleep(0.2)
        await sheet.wake()
        await asyncio.sleep(0.3)
        assert await sheet.ask("document.title") == at_rest
        await sheet.page.goto(TICKING.format(ticks))
        async with asyncio.timeout(60):
            while await sheet.ask("document.title") == "0":
                await asyncio.sleep(0.05)

    drive(work, executable=Path(chromium))


def _dying(folder: Path, chromium: str, deaths: int) -> Path:
    """A browser that ends at once where it is started, as often as `deaths` says."""
    script = folder / "dying"
    begun = folder / "begun"
    script.write_text(f"""#!/bin/sh
echo >> {begun}
[ "$(wc -l < {begun})" -le {deaths} ] && kill -9 $$
exec {chromium} "$@"
""")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize("deaths", [2, 3])
def test_a_browser_that_dies_as_it_starts_is_started_thrice_at_most(chromium: str, tmp_path: Path, deaths: int) -> None:
    async def work(browsers: Browsers) -> None:
        if deaths == 2:
            await _shows(browsers)
        else:
            with pytest.raises(NoBrowser):
                await browsers.context(Purpose.LISTS)
        assert (tmp_path / "begun").read_text().count("\n") == 3

    drive(work, executable=_dying(tmp_path, chromium, deaths))


@pytest.mark.parametrize(
    ("body", "alone"),
    [
        ("<p>x", True),
        ("<iframe srcdoc='<p>y'></iframe>", False),
        ("<script>new Worker(URL.createObjectURL(new Blob(['for (;;) {}'])))</script>", False),
    ],
)
def test_what_cannot_be_stilled_is_told(chromium: str, body: str, alone: bool) -> None:
    async def work(browsers: Browsers) -> None:
        sheet = await new_sheet(await browsers.context(Purpose.LISTS), Deadline(60))
        assert sheet.alone
        await sheet.page.set_content(body + "<script>document.title = 'read'</script>")
        async with asyncio.timeout(60):
            while await sheet.ask("document.title") != "read" or sheet.alone is not alone:
                await asyncio.sleep(0.05)
        assert sheet.alone is alone

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
        holding = processes.Holding(mark)
        seldom = holding.bytes(2**40)
        assert processes.memory(mark) < seldom < 2**33  # what is shared is counted with each
        assert holding.bytes(0) == pytest.approx(processes.memory(mark), rel=0.1)
        page = await (await browsers.context(Purpose.LISTS)).new_page()
        await page.goto("data:text/html,<script>held = new Uint8Array(200e6).fill(1)</script>")
        assert holding.bytes(2**40) > processes.memory(mark) > 200e6  # by growth alone
        assert holding.bytes(200_000_000) == pytest.approx(processes.memory(mark), rel=0.1)
        assert processes.Holding(processes.mark_of("nobody")).bytes(0) == 0
        await browsers.end(Purpose.LISTS)
        assert holding.bytes(0) == holding.bytes(2**40) == 0

    drive(work, executable=Path(chromium))


def _gallery(path: str) -> Answer:
    pictures = "".join(f'<img src="/pic/{number}.png">' for number in range(PICTURES))
    return Answer(body=b"x" if "/pic/" in path else pictures.encode())


async def _undecided(browsers: Browsers, number: int) -> Page:
    """A page whose pictures all stand before a gate that never says anything."""
    context = await browsers.context(Purpose.ITEMS)
    waiting = asyncio.Semaphore(0)

    async def gate(route: Route, request: Request) -> None:
        await route.continue_() if request.is_navigation_request() else waiting.release()

    await context.route("**", gate)
    page = await context.new_page()
    await page.goto(f"http://market.example/{number}", wait_until="domcontentloaded")
    async with asyncio.timeout(20):
        for _ in range(PICTURES):
            await waiting.acquire()
    return page


@pytest.mark.parametrize("way", ["tab", "popup", "browser"])
def test_what_nobody_has_decided_on_is_not_sent_off_by_closing(chromium: str, way: str) -> None:
    """Chromium lets go what a closing page still waits for, past every route: one in eight, offline or not."""

    async def work(browsers: Browsers) -> None:
        for number in range(8):
            page = await _undecided(browsers, number)
            await {"tab": shut_down, "popup": shut}[way](page) if way != "browser" else await browsers.end(
                Purpose.ITEMS
            )

    with site(_gallery) as proxy:
        drive(work, proxy.url, executable=Path(chromium))
        assert [path for path in proxy.paths if "/pic/" in path] == []
        assert sum("market.example" in path for path in proxy.paths) == 8


def test_what_no_gate_sees_says_who_asks_too(chromium: str) -> None:
    async def work(browsers: Browsers) -> None:
        page = await (await browsers.context(Purpose.ITEMS)).new_page()
        await page.goto("http://market.example/", wait_until="load")
        assert str(await page.evaluate("navigator.userAgent")).endswith(AGENT)

    with site(_gallery) as proxy:
        drive(work, proxy.url, executable=Path(chromium))
        agents = [agent for path, _, agent in proxy.visits if "market.example" in path]
    assert len(agents) > PICTURES
    assert all("Chrome/" in agent and agent.endswith(f" {AGENT}") for agent in agents), agents


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
