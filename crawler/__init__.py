"""The room that goes out: queries in, sightings back. Reading is pure; only the patrol touches a network."""

from crawler.addresses import canonical
from crawler.definition import Definition, definition, definitions
from crawler.encodings import detect_encoding
from crawler.page_file import page_from_file
from crawler.prices import read_price
from crawler.reading import CardPage, read_any, read_cards, read_detail
from crawler.refusals import DefinitionRefused, PageFileRefused, PlatformCannot, PlatformUnknown
from crawler.walls import is_gone, recognise

__all__ = [
    "CardPage",
    "Definition",
    "DefinitionRefused",
    "PageFileRefused",
    "PlatformCannot",
    "PlatformUnknown",
    "canonical",
    "definition",
    "definitions",
    "detect_encoding",
    "is_gone",
    "page_from_file",
    "read_any",
    "read_cards",
    "read_detail",
    "read_price",
    "recognise",
]
