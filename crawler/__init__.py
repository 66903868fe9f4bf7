"""The room that goes out: queries in, sightings back. Reading is pure; only the patrol touches a network."""

from typing import TYPE_CHECKING, Any

from crawler.addresses import canonical
from crawler.admission import refusal
from crawler.auto import Unknown, read_unknown
from crawler.definition import Definition, definition, definitions
from crawler.encodings import detect_encoding
from crawler.ends import Interrupted, NoBrowser, QueryEnd
from crawler.limits import BrowserSettings, Courtesy, Delivered, Hooks, Limits, Visit, Visits
from crawler.page_file import page_from_file
from crawler.prices import read_price
from crawler.program import find_chromium
from crawler.proposal import Proposal, propose
from crawler.reading import CardPage, read_any, read_cards, read_detail
from crawler.refusals import DefinitionRefused, PageFileRefused, PlatformCannot, PlatformUnknown
from crawler.saved_pages import saved_pages
from crawler.session import Session
from crawler.session import State as SessionState
from crawler.table import platform_table
from crawler.walls import is_gone, recognise

if TYPE_CHECKING:
    from crawler.live import capture_one
    from crawler.spider import fetch_one, patrol

__all__ = [
    "BrowserSettings",
    "CardPage",
    "Courtesy",
    "Definition",
    "DefinitionRefused",
    "Delivered",
    "Hooks",
    "Interrupted",
    "Limits",
    "NoBrowser",
    "PageFileRefused",
    "PlatformCannot",
    "PlatformUnknown",
    "Proposal",
    "QueryEnd",
    "Session",
    "SessionState",
    "Unknown",
    "Visit",
    "Visits",
    "canonical",
    "capture_one",
    "definition",
    "definitions",
    "detect_encoding",
    "fetch_one",
    "find_chromium",
    "is_gone",
    "page_from_file",
    "patrol",
    "platform_table",
    "propose",
    "read_any",
    "read_cards",
    "read_detail",
    "read_price",
    "read_unknown",
    "recognise",
    "refusal",
    "saved_pages",
]


def __getattr__(name: str) -> Any:
    """What goes out is imported when first asked for: it brings Scrapy and Playwright, which readers need not pay."""
    if name in ("fetch_one", "patrol"):
        from crawler import spider

        return getattr(spider, name)
    if name == "capture_one":
        from crawler.live import capture_one

        return capture_one
    raise AttributeError(name)
