"""Finding Chromium, starting it so that it can reach only the platform, and sharing it within one process."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from scrapy.exceptions import NotSupported

from crawler.admission import is_loopback
from crawler.definition import Definition
from crawler.ends import NoBrowser
from crawler.limits import BrowserSettings
from crawler.network import BROWSER_FAULTS
from crawler.program import find_chromium, runs_as_root

log = structlog.get_logger(__name__)

# What a browser does of its own accord is switched off: it would call home, or fill the platform's log.
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_LAUNCH_SECONDS = 30.0
_CLOSE_SECONDS = 10.0


def reachable(definition: Definition) -> str:
    """Chromium's --host-resolver-rules under which nothing but the platform's hosts has an address.

    Redirects, WebSockets and workers are held by it too, which Playwright's routes do not see (FAULTS §0.1). On this
    machine a rule names the very port, so that one local service cannot send the browser to another.
    """
    site = urlsplit(definition.site)
    if is_loopback(site.hostname or ""):
        return f"MAP {site.netloc} {site.netloc}, MAP * ~NOTFOUND"
    return ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in definition.hosts)])


class Browsers:
    """One Playwright driver with up to two browsers: a live one for the platform, one that reaches nothing at all.

    Each is started when first needed. Serves scrapy-playwright as its browser provider.
    """

    def __init__(self, settings: BrowserSettings, definition: Definition) -> None:
        self._settings = settings
        self._definition = definition
        self._driver: Playwright | None = None
        self._offline: Browser | None = None
        self._live: Browser | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Asked for by scrapy-playwright at every start of the engine; we wait until a browser is needed."""

    async def launch_browser(self) -> Browser:
        """A live browser that reaches the platform's hosts alone. Raises NoBrowser."""
        self._live = await self._launch(reachable(self._definition))
        return self._live

    async def launch_persistent_context(self, context_kwargs: dict[str, Any]) -> BrowserContext:
        """Refused: no browser profile is kept between patrols."""
        raise NotSupported("no persistent contexts")

    async def offline(self) -> Browser:
        """The browser for saved bytes: no name has an address in it. Started again after a crash. Raises NoBrowser."""
        async with self._starting:
            if self._offline is None or not self._offline.is_connected():
                self._offline = await self._launch("MAP * ~NOTFOUND")
            return self._offline

    async def check(self) -> None:
        """Raises NoBrowser where none can be started, without starting one."""
        find_chromium(self._settings, (await self._playwright()).chromium.executable_path)

    async def close(self) -> None:
        """Ends the browsers and the driver. May be called twice."""
        for browser in (self._live, self._offline):
            if browser is not None:
                await self.discard(browser)
        driver, self._driver, self._live, self._offline = self._driver, None, None, None
        if driver is not None:
            await asyncio.wait_for(driver.stop(), _CLOSE_SECONDS)

    async def discard(self, browser: Browser) -> None:
        """Closes a browser that may hang; the driver kills what does not go."""
        try:
            await asyncio.wait_for(browser.close(), _CLOSE_SECONDS)
        except BROWSER_FAULTS as fault:
            log.warning("browser did not close", why=type(fault).__name__)

    async def _playwright(self) -> Playwright:
        if self._driver is None:
            self._driver = await async_playwright().start()
        return self._driver

    async def _launch(self, resolver_rules: str) -> Browser:
        driver = await self._playwright()
        path = find_chromium(self._settings, driver.chromium.executable_path)
        root = runs_as_root()
        if root:
            log.warning("Chromium runs without its sandbox because this process is root")
        try:
            return await asyncio.wait_for(
                driver.chromium.launch(
                    executable_path=path,
                    args=_arguments(resolver_rules),
                    chromium_sandbox=not root,
                    timeout=_LAUNCH_SECONDS * 1000,
                ),
                _LAUNCH_SECONDS + _CLOSE_SECONDS,
            )
        except BROWSER_FAULTS as fault:
            log.error("browser did not start", path=str(path), why=str(fault)[:500])
            raise NoBrowser(f"{path.name}: {type(fault).__name__}") from fault


def _arguments(resolver_rules: str) -> Sequence[str]:
    return (*_QUIET, f"--host-resolver-rules={resolver_rules}")
