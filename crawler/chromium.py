"""Finding Chromium, starting it so that it can reach only the egress guard, and sharing it within one process."""

import asyncio
import uuid
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as BrowserError
from scrapy.exceptions import NotSupported

from crawler import processes
from crawler.ends import NoBrowser
from crawler.limits import BrowserSettings
from crawler.network import BROWSER_FAULTS
from crawler.program import find_chromium, runs_as_root

log = structlog.get_logger(__name__)

_T = TypeVar("_T")

# What a browser does of its own accord is switched off: it would call home, or fill the platform's log.
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # datagrams pass no proxy; Chromium has renamed the switch, and heeds one of the two in silence
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # calls home that no switch turns off are sent nowhere
    "--component-updater=url-source=data:",
    "--autofill-server-url=data:",
    "--gaia-url=https://accounts.invalid",
)
# Half the work of a page is its pictures, even where each is refused (STACK §4b); so they are not even asked for.
_NO_PICTURES = "--blink-settings=imagesEnabled=false"
_LAUNCH_SECONDS = 30.0
_CLOSE_SECONDS = 10.0
_OPENING_SECONDS = 20.0
#: Pages shown by one context: the memory of a reused page grows with every document it held (STACK §4b).
PAGES_A_CONTEXT = 60
#: Seconds between two looks at what the browsers hold: a page may fill a gigabyte in a few.
_LOOK_EVERY = 1.0


class Purpose(StrEnum):
    """What a browser is for: each has its own, started when first needed."""

    LISTS = "lists"
    #: Pages that may have to be photographed as they stand, so it can show pictures.
    ITEMS = "items"
    #: Shows saved bytes and reaches nothing at all.
    OFFLINE = "offline"


def only_through(proxy: str) -> Sequence[str]:
    """Chromium's arguments under which everything, loopback too, goes to the guard at `proxy`, and nothing else exists.

    Redirects, WebSockets and workers are held by it, which Playwright's routes do not see (FAULTS §0.1). Left to itself
    Chromium goes round a proxy for this machine (§0.2). No other host has an address in it, so that no name is looked
    up and nothing can be reached even where a way round the proxy were found.
    """
    guard = urlsplit(proxy).netloc
    return (
        f"--proxy-server={proxy}",
        "--proxy-bypass-list=<-loopback>",
        f"--host-resolver-rules=MAP {guard} {guard}, MAP * ~NOTFOUND",
    )


#: For the browser that shows saved bytes: not even the guard has an address.
_NOTHING = ("--host-resolver-rules=MAP * ~NOTFOUND",)


#: For a browser that heeds no switch of ours: datagrams pass no proxy.
_NO_DATAGRAMS = (
    "for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport']) delete window[name]"
)


@dataclass(kw_only=True, slots=True)
class _Running:
    """A browser and what is known of it."""

    browser: Browser
    #: See `processes.mark_of`.
    mark: str
    holding: processes.Holding
    #: User-Agent of its contexts: what it is, and then who drives it.
    user_agent: str
    #: Contexts opened in it.
    contexts: int = 0
    #: Bytes that its processes held when looked at last.
    memory: int = 0


class Browsers:
    """One Playwright driver with up to three browsers, one a `Purpose`.

    Each is replaced when it has died, has grown, or has shown many pages. One that grows past its limit is killed.
    Serves scrapy-playwright as its browser provider, which is never asked for a browser: tabs bring their own page.
    """

    def __init__(self, settings: BrowserSettings, proxy: str, *, user_agent: str = "") -> None:
        """`proxy`: address of the egress guard. `user_agent`: who drives, said after what the browser says it is."""
        self._settings = settings
        self._proxy = proxy
        self._user_agent = user_agent
        self._driver: Playwright | None = None
        self._running: dict[Purpose, _Running] = {}
        self._overgrown: set[Purpose] = set()
        self._starting = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Asked for by scrapy-playwright at every start of the engine; we wait until a browser is needed."""

    async def launch_browser(self) -> Browser:
        """Refused: a page that came from here would be neither watched nor recycled."""
        raise NotSupported("tabs bring their own page")

    async def launch_persistent_context(self, context_kwargs: dict[str, Any]) -> BrowserContext:
        """Refused: no browser profile is kept between patrols."""
        raise NotSupported("no persistent contexts")

    async def context(self, purpose: Purpose, **options: Any) -> BrowserContext:
        """A new context in the browser for `purpose`. Raises NoBrowser, a Playwright error or TimeoutError."""
        async with self._starting:
            running = self._running.get(purpose)
            if running is not None and self._is_worn(running):
                await self.end(purpose)
                running = None
            if running is None:
                running = self._running[purpose] = await self._launch(purpose)
            running.contexts += 1
            # not by the gate, request by request: what slips past a gate must say who it is as well
            named = {"user_agent": running.user_agent, **options, **self._bounds(purpose)}
            opened = await _soon(running.browser.new_context(**named))
            if self._settings.remote:
                await _soon(opened.add_init_script(_NO_DATAGRAMS))
            return opened

    async def promptly(self, purpose: Purpose, work: Awaitable[_T]) -> _T:
        """What the browser for `purpose` does at once; else it is ended and a Playwright error raised.

        Playwright waits for good for a page of a browser that dies while the page is being made.
        """
        try:
            return await asyncio.wait_for(work, _OPENING_SECONDS)
        except TimeoutError as hung:
            await self.end(purpose)
            raise BrowserError("the browser opened no page") from hung

    def outgrew(self, purpose: Purpose) -> bool:
        """True once where the browser for `purpose` was killed because it grew past its limit."""
        found = purpose in self._overgrown
        self._overgrown.discard(purpose)
        return found

    async def check(self) -> None:
        """Raises NoBrowser where none can be started, without starting one."""
        find_chromium(self._settings, (await self._playwright()).chromium.executable_path)

    async def close(self) -> None:
        """Ends the browsers and the driver. May be called twice."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
        for purpose in tuple(self._running):
            await self.end(purpose)
        await self._end_driver()

    async def end(self, purpose: Purpose) -> None:
        """Ends the browser for `purpose`, even one that hangs. The next context starts another.

        It is not asked to close: closing, it would send off what its pages still wait for (`sheet.let_go`).
        """
        running = self._running.pop(purpose, None)
        if running is None:
            return
        await asyncio.to_thread(processes.kill, running.mark)
        try:
            await _soon(running.browser.close())
        except BROWSER_FAULTS as fault:
            log.warning("browser did not close", purpose=purpose, why=type(fault).__name__)

    @property
    def _worn_at(self) -> int:
        """Bytes from which on a browser is replaced before it is used again: half of what gets it killed."""
        return self._settings.megabytes * 2**20 // 2

    def _is_worn(self, running: _Running) -> bool:
        grown = running.memory > self._worn_at
        shown = running.contexts * self.pages_a_context >= self._settings.pages
        return not running.browser.is_connected() or grown or shown

    @property
    def pages_a_context(self) -> int:
        """Pages that a tab may show in one context."""
        return min(PAGES_A_CONTEXT, self._settings.pages)

    async def _playwright(self) -> Playwright:
        if self._driver is None:
            self._driver = await _launched(async_playwright().start())
        return self._driver

    async def _end_driver(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(*BROWSER_FAULTS):
                await _soon(driver.stop())

    async def _launch(self, purpose: Purpose) -> _Running:
        """A browser that works. One that dies as it starts, as on a machine short of memory, is started again."""
        for tries_left in (2, 1, 0):
            mark = processes.mark_of(uuid.uuid4().hex)
            try:
                return await self._begin(purpose, mark)
            except BROWSER_FAULTS as fault:
                log.error("browser did not start", why=str(fault)[:500])
                await asyncio.to_thread(processes.kill, mark)
                if tries_left and not isinstance(fault, TimeoutError):
                    continue
                await self._end_driver()  # it may be the one that hangs
                raise NoBrowser(f"{self._settings.remote or 'Chromium'}: {type(fault).__name__}") from fault
        raise AssertionError("the last try returns or raises")

    async def _begin(self, purpose: Purpose, mark: str) -> _Running:
        driver = await self._playwright()
        browser = await (self._connect(driver) if self._settings.remote else self._start(driver, purpose, mark))
        user_agent = f"{await _soon(_what_it_is(browser))} {self._user_agent}".strip()
        if self._watching is None:
            self._watching = asyncio.ensure_future(self._watch())
        return _Running(browser=browser, mark=mark, holding=processes.Holding(mark), user_agent=user_agent)

    async def _start(self, driver: Playwright, purpose: Purpose, mark: str) -> Browser:
        path = find_chromium(self._settings, driver.chromium.executable_path)
        root = runs_as_root()
        if root:
            log.warning("Chromium runs without its sandbox because this process is root")
        return await _launched(
            driver.chromium.launch(
                executable_path=path,
                args=[*self._arguments(purpose), mark],
                chromium_sandbox=not root,
                timeout=_LAUNCH_SECONDS * 1000,
            )
        )

    async def _connect(self, driver: Playwright) -> Browser:
        """A browser that runs elsewhere, where no switch of ours holds: each of its contexts goes out by the proxy."""
        address = self._settings.remote
        if not self._settings.proxy:
            raise NoBrowser(f"{address}: 没有设置 crawl.browser_proxy")
        by_cdp = address.startswith("http") or "/devtools/" in address
        connect = driver.chromium.connect_over_cdp if by_cdp else driver.chromium.connect
        return await _launched(connect(address, timeout=_LAUNCH_SECONDS * 1000))

    def _bounds(self, purpose: Purpose) -> dict[str, Any]:
        """Options of a context by which a browser that runs elsewhere is held."""
        if not self._settings.remote:
            return {}
        proxy = {"server": self._settings.proxy, "bypass": "<-loopback>"}
        return {"proxy": proxy, "offline": purpose is Purpose.OFFLINE}

    def _arguments(self, purpose: Purpose) -> Sequence[str]:
        network = _NOTHING if purpose is Purpose.OFFLINE else only_through(self._proxy)
        pictures = (_NO_PICTURES,) if purpose is Purpose.LISTS else ()
        return (*_QUIET, *pictures, *network)

    async def _watch(self) -> None:
        """Kills a browser that holds more than it may; whoever waits for a page of it hears of it at once."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            for purpose, running in tuple(self._running.items()):
                running.memory = await asyncio.to_thread(running.holding.bytes, self._worn_at)
                if running.memory > self._settings.megabytes * 2**20:
                    log.warning("browser grew past its limit and is killed", purpose=purpose, bytes=running.memory)
                    self._overgrown.add(purpose)
                    await asyncio.to_thread(processes.kill, running.mark)


async def _what_it_is(browser: Browser) -> str:
    """The User-Agent that a browser has by itself."""
    session = await browser.new_browser_cdp_session()
    told = await session.send("Browser.getVersion")
    await session.detach()
    return str(told["userAgent"])


async def _launched(work: Awaitable[_T]) -> _T:
    """What has to start first, on a machine that may be busy. Raises TimeoutError."""
    return await asyncio.wait_for(work, _LAUNCH_SECONDS + _CLOSE_SECONDS)


async def _soon(work: Awaitable[_T]) -> _T:
    """What a browser does in a moment or not at all. Raises TimeoutError."""
    return await asyncio.wait_for(work, _CLOSE_SECONDS)
