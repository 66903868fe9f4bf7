"""A browser that a person sees and works in, to log in to an account that the unit owns. Nothing is filled in."""

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from playwright.sync_api import Error as BrowserError

from crawler.chromium import only_through
from crawler.definition import Definition
from crawler.ends import LoginBroken, NoDisplay, NotLoggedIn
from crawler.limits import BrowserSettings
from crawler.program import find_visible, runs_as_root
from crawler.session import State, own_state

log = structlog.get_logger(__name__)

#: Starts a browser: driver, program and arguments in.
Opener = Callable[[Playwright, Path, Sequence[str]], Browser]
_QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")


def open_visibly(driver: Playwright, program: Path, arguments: Sequence[str]) -> Browser:
    """A browser with a window. Raises NoDisplay."""
    try:
        return driver.chromium.launch(
            executable_path=program, headless=False, args=list(arguments), chromium_sandbox=not runs_as_root()
        )
    except BrowserError as fault:
        log.warning("no window", why=fault.message[:500])
        raise NoDisplay(program.name) from fault


def log_in(
    definition: Definition,
    settings: BrowserSettings,
    *,
    proxy: str,
    ready: Callable[[Page], None],
    opener: Opener = open_visibly,
) -> State:
    """Opens the platform and waits in `ready` until the person has logged in; what the site left in the browser.

    Everything the window asks for goes through the egress guard at `proxy`. The browser is a fresh one without a
    profile and is gone afterwards. Raises NoBrowser, NoDisplay, LoginBroken where the window was closed too early, and
    NotLoggedIn where the site left nothing to be recognised by.
    """
    with sync_playwright() as driver:
        program = find_visible(settings, driver.chromium.executable_path)
        browser = opener(driver, program, (*_QUIET, *only_through(proxy)))
        try:
            page = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
            page.goto(definition.site, wait_until="domcontentloaded")
            ready(page)
            state = own_state(definition, page.context.storage_state())
        except BrowserError as fault:
            log.warning("login broken off", why=fault.message[:500])
            raise LoginBroken(definition.name) from fault
        finally:
            browser.close()
    if not state["cookies"] and not state["origins"]:
        raise NotLoggedIn(definition.name)
    return state
