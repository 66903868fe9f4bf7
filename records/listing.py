"""What one page says about one item, and the bytes that it was read from."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from records.exchange import Exchange


@dataclass(frozen=True, kw_only=True, slots=True)
class Seller:
    """卖家: who offers a listing on a platform."""

    #: The platform's own id of the seller; where a page shows none, the name stands in (prefixed `name:`).
    key: str
    #: The name as shown; empty where none is shown.
    name: str = ""
    #: The seller's place as shown ("山东枣庄"); empty where none is shown.
    place: str = ""
    #: The shop page; empty where none is linked.
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """商品信息: one item on one platform, as one page showed it."""

    #: Key of the platform: the name of its definition file.
    platform: str
    #: The platform's own id of the item.
    item_id: str
    #: Absolute address of the item, tracking parameters dropped.
    url: str
    #: As shown, tags removed, character references resolved.
    title: str
    #: Longer text; empty on most cards.
    description: str = ""
    #: In `currency`; None where the page shows none or 面议.
    price: Decimal | None = None
    #: The price exactly as shown, so that nothing is lost in reading it.
    price_text: str = ""
    #: ISO 4217.
    currency: str = "CNY"
    #: None where the page shows no seller.
    seller: Seller | None = None
    #: Where the item is, as shown.
    place: str = ""
    #: Absolute addresses of the item's pictures, in the order shown.
    pictures: tuple[str, ...] = ()
    #: When it was put up, as far as the page says.
    published_at: datetime | None = None
    #: True when the item's own page was read, False when only its card was (仅见卡片).
    detail_read: bool = False
    #: The time of the last change exactly as a card shows it; empty where cards show none. Never stored.
    updated: str = ""

    @property
    def fingerprint(self) -> str:
        """Sha256 hex of what a visitor would notice changing: title, text, price, seller, place, pictures."""
        return self.fingerprint_by(self.seller.key if self.seller else "")

    def fingerprint_by(self, seller: str) -> str:
        """The fingerprint with `seller` in place of the seller's key."""
        price = self.price_text or str(self.price)
        return _digest(self.title, self.description, price, seller, self.place, *self.pictures)

    @property
    def card_mark(self) -> str:
        """What tells that a card is as it was: its fingerprint, with the time of the last change where it shows one."""
        return _digest(self.fingerprint, self.updated) if self.updated else self.fingerprint


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class ListingState(StrEnum):
    """在架状态: whether an item is still offered, as far as was looked."""

    ON_SALE = "在售"
    GONE = "已下架"  # its own page said so
    RELISTED = "再次上架"  # seen again after that


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """原始页面: the bytes a listing was read from, as the client received them (decoded of transfer coding)."""

    #: Address asked for.
    url: str
    #: Address that answered, after redirects.
    final_url: str
    #: HTTP status; 200 for a file read from disk.
    status: int
    body: bytes
    #: From the Content-Type header, lower case, without parameters.
    media_type: str = "text/html"
    #: Name and value in the order received; empty for a file.
    headers: tuple[tuple[str, str], ...] = ()
    #: Encoding used to read `body` as text.
    encoding: str = "utf-8"
    #: Aware, UTC.
    fetched_at: datetime
    #: `http`, `browser` or `file`.
    fetched_by: str = "http"
    #: The address that the answer came from, as the egress guard connected to it; empty for a file.
    peer: str = ""
    #: What was said until this page was there, redirects and all; the last one brought it. Empty for a file.
    trail: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of `body`; the name under which the store keeps it."""
        return hashlib.sha256(self.body).hexdigest()

    def text(self) -> str:
        """`body` as text; undecodable bytes become U+FFFD."""
        return self.body.decode(self.encoding, "replace")


class FileRole(StrEnum):
    """What a captured file is to its capture."""

    RECORD = "record"  # how the capture came about: exchanges, clock, console; JSON
    PAGE = "page"  # bytes of the item's page or of the answer that carried it
    ANSWER = "answer"  # body of another answer: a redirect, a data answer, a script
    DOM = "dom"  # the document after scripts ran, serialised by the browser
    FIRST_SCREEN = "first_screen"  # what is seen without scrolling
    SCREENSHOT = "screenshot"  # full page, PNG or JPEG
    SNAPSHOT = "snapshot"  # page, styles and pictures in one file, as the browser writes it; MHTML
    PICTURE = "picture"  # one of the listing's pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class CapturedFile:
    """One file of a capture, still in memory."""

    role: FileRole
    body: bytes
    media_type: str
    #: Where it came from; empty for what we made ourselves (DOM, screenshot).
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """What was kept of a suspicious listing while its page was open."""

    #: Aware, UTC.
    captured_at: datetime
    url: str
    files: tuple[CapturedFile, ...]
    #: How it was made: browser and version, viewport, `live` page or `saved` bytes rendered offline.
    method: str
    #: What is missing and why, for example "screenshot: no browser"; empty when whole.
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """An item whose own page says that it is not offered any more."""

    platform: str
    item_id: str
    #: The page that says so, with its photograph.
    capture: Capture


class Source(StrEnum):
    """线索来源: how a listing reached us."""

    PATROL = "定向监测"
    INSPECTION = "监督检查"
    COMPLAINT = "投诉举报"
    ASSIGNED = "转办交办"
    MEDIA = "媒体曝光"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """One listing seen on one page: what `receive` takes."""

    listing: Listing
    page: Page
    #: Fingerprint of the card it was found by, so that an unchanged card costs no detail request next time.
    card_fingerprint: str = ""
    #: Row id of the query that found it; None for what came by hand or by file.
    query_id: int | None = None
    #: Present when the listing judged at review level while its page was open.
    capture: Capture | None = None
    source: Source = Source.PATROL
    #: Who brought it in by hand; empty for the patrol.
    brought_by: str = ""
    #: Free text of the person who brought it in.
    note: str = field(default="", repr=False)
