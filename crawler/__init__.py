"""The room that goes out: queries in, sightings back. Reading is pure; only the patrol touches a network."""

from typing import TYPE_CHECKING, Any

from crawler.addresses import canonical
from crawler.definition import Definition, definition, definitions
from crawler.encodings import detect_encoding
from crawler.ends import Interrupted, NoBrowser
from crawler.limits import BrowserSettings, Delivered, Hooks, Limits
from crawler.page_file import page_from_file
from crawler.prices import read_price
from crawler.program import find_chromium
from crawler.reading import CardPage, read_any, read_cards, read_detail
from crawler.refusals import DefinitionRefused, PageFileRefused, PlatformCannot, PlatformUnknown
from crawler.table import platform_table
from crawler.walls import is_gone, recognise

if TYPE_CHECKING:
    from crawler.spider import patrol

__all__ = [
    "BrowserSettings",
    "CardPage",
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
    "canonical",
    "definition",
    "definitions",
    "detect_encoding",
    "find_chromium",
    "is_gone",
    "page_from_file",
    "patrol",
    "platform_table",
    "read_any",
    "read_cards",
    "read_detail",
    "read_price",
    "recognise",
]


def __getattr__(name: str) -> Any:
    """`patrol` is fetched when first asked for: it brings Scrapy and Playwright, seconds that readers need not pay."""
    if name == "patrol":
        from crawler.spider import patrol

        return patrol
    raise AttributeError(name)
