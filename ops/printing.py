"""Papers as PDF, printed by the browser of this machine where there is one."""

from collections.abc import Callable
from pathlib import Path

import structlog

from crawler import BrowserSettings, NoBrowser
from crawler.portrait import printed
from ops.settings import Settings

log = structlog.get_logger("ops")


def printer(settings: Settings) -> Callable[[str], bytes | None]:
    """HTML in, PDF out; None, with a line in the log, where there is no browser or it does not print."""
    browser = BrowserSettings(executable=Path(settings.crawl.chromium) if settings.crawl.chromium else None)

    def paper(html: str) -> bytes | None:
        try:
            return printed(browser, html)
        except NoBrowser as missing:
            log.warning("not_printed", why=missing.detail)
            return None

    return paper
