"""A street of platforms on loopback that costs next to nothing to serve: pages drawn once by the demo's sites.

Drawing a page takes the demo longer than reading it takes us, and both share the machine; here a page is joined from
pieces, with item ids of its own. The street opens when every platform has been knocked at: until then the first page
of each is held back, so that nobody's start is counted. Its log says what was really fetched, and when.
"""

import asyncio
import multiprocessing
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo import Town
from demo.ads import Ads
from demo.goods import Goods
from demo.pictures import picture
from demo.shop import Shop
from demo.site import Site
from demo.stall import Stall
from keywords import Matcher, builtin
from records import Listing

#: Market of the demo -> its site, the template of its lists, the address of page N.
_LISTS: dict[str, tuple[type[Site], str, str]] = {
    "demo_ads": (Ads, "ads_list.html", "/latest/?page={}"),
    "demo_shop": (Shop, "shop_list.html", "/goods/?page={}"),
}
_SHELLS = "demo_goods"
#: Different pages of a platform; those after them repeat their texts under other item ids.
_DRAWN = 40
_ID, _NEXT = "q7id{}q7", "q7nextq7"
_HOLE = re.compile(rb"q7id(\d+)q7|q7nextq7")
_FOLLOWING = re.compile(r"<div class=\"pager\">.*?</div>", re.DOTALL)
#: Seconds after which the street opens to whoever is there.
_PATIENCE = 40.0


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One list page with holes for item ids and for the link to the next page."""

    #: Text, hole, text, hole, …, text. A hole is the number of an item on the page, or -1 for the next page.
    pieces: tuple[bytes | int, ...]

    def fill(self, page: int, size: int, following: str) -> bytes:
        """Page number `page` of a platform with `size` items a page."""
        first = 50_000_000 + page * size
        return b"".join(
            piece if isinstance(piece, bytes) else following.encode() if piece < 0 else str(first + piece).encode()
            for piece in self.pieces
        )


@dataclass(frozen=True, kw_only=True)
class House:
    """One platform of the street."""

    #: Key of the demo market that drew its pages.
    market: str
    size: int
    media_type: str
    sheets: tuple[Sheet, ...]
    #: Address of list page N.
    address: str = ""
    #: A page of script that fetches its list; empty for platforms that show it at once.
    shell: bytes = b""


@dataclass(kw_only=True)
class Seen:
    """What the street remembers of one crew of visitors."""

    #: Moment (time.monotonic) at which the street opened; 0.0 while it is closed.
    opened: float = 0.0
    #: (moment of the answer, number of the platform, kind: `robots`, `page`, `data`, `part`).
    log: list[tuple[float, int, str]] = field(default_factory=list)

    def pages(self, platform: int | None = None, kind: str = "page") -> list[float]:
        """When list pages were answered, oldest first."""
        return [at for at, one, what in self.log if what == kind and platform in (None, one)]


def draw(count: int, *, rendered: bool = False, seed: int = 11) -> list[House]:
    """`count` platforms: ads in GBK and a shop in turn, or pages that a script fills. Nothing on them is planted."""
    kinds = [_SHELLS] if rendered else list(_LISTS)
    return [_house(kinds[number % len(kinds)], seed + number) for number in range(count)]


def _house(market: str, seed: int) -> House:
    stall = Stall(Town(seed, 4 * _DRAWN * 30), market)
    if market == _SHELLS:
        return _shell_house(Goods(stall), stall)
    kind, template, address = _LISTS[market]
    site = kind(stall)
    sheets = tuple(
        _sheet(site.page(template, offers=offers, heading="最新", following=_NEXT, nothing="").body)
        for offers in _ordinary(stall, site.size)
    )
    media_type = f"text/html; charset={site.charset}"
    return House(market=market, size=site.size, media_type=media_type, sheets=sheets, address=address)


def _shell_house(site: Goods, stall: Stall) -> House:
    shell = site.page("goods_shell.html", kind="search", token="bench").body
    sheets = tuple(_sheet(site.items(offers, 1, more=False, total=None).body) for offers in _ordinary(stall, site.size))
    return House(market=_SHELLS, size=site.size, media_type="text/html; charset=utf-8", sheets=sheets, shell=shell)


def _ordinary(stall: Stall, size: int) -> Iterator[list[Any]]:
    """Pages of listings that nobody planted, their ids marked; no hits, because of those evidence is kept."""
    matcher = Matcher(builtin())
    offers = (stall.market.offer(index) for index in stall.market.indices)
    plain = (offer for offer in offers if offer.planted is None and not _is_hit(matcher, offer))
    for _ in range(_DRAWN):
        yield [replace(next(plain), item_id=_ID.format(number)) for number in range(size)]


def _is_hit(matcher: Matcher, offer: Any) -> bool:
    shown = Listing(platform="street", item_id="1", url="http://127.0.0.1/1", title=offer.title)
    return matcher.assess(shown).level.is_hit


def _sheet(body: bytes) -> Sheet:
    parts = _HOLE.split(body)  # the group gives the number, or None for the next page's link
    holes = [-1 if number is None else int(number) for number in parts[1::2]]
    texts = parts[::2]
    pieces: list[bytes | int] = [texts[0]]
    for hole, text in zip(holes, texts[1:], strict=True):
        pieces += [hole, text]
    return Sheet(pieces=tuple(pieces))


@dataclass(frozen=True, kw_only=True)
class Street:
    """The platforms while they are open."""

    #: Base addresses, in the order of the houses.
    sites: list[str]
    pid: int
    _pipe: Connection

    def seen(self) -> Seen:
        """What happened since the street was built."""
        self._pipe.send("seen")
        told = self._pipe.recv()
        assert isinstance(told, Seen)
        return told


@contextmanager
def open_street(houses: Sequence[House], *, pages: int, knocks: int | None = None) -> Iterator[Street]:
    """`houses` in a process of their own, `pages` list pages each, opened after `knocks` (all of them) were there."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    wanted = len(houses) if knocks is None else knocks
    child = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(tuple(houses), pages, wanted, theirs), daemon=True
    )
    child.start()
    theirs.close()
    try:
        ports = ours.recv()
        yield Street(sites=[f"http://127.0.0.1:{port}" for port in ports], pid=child.pid or 0, _pipe=ours)
    finally:
        child.terminate()
        child.join(10)


def _serve(houses: tuple[House, ...], pages: int, knocks: int, pipe: Connection) -> None:
    asyncio.run(_Open(houses, pages, knocks).run(pipe))


class _Open:
    """The serving side."""

    def __init__(self, houses: tuple[House, ...], pages: int, knocks: int) -> None:
        self.houses = houses
        self.pages = pages
        self.seen = Seen()
        self.opening = asyncio.Event()
        self._knocks = knocks
        self._knocked: set[int] = set()
        self._picture = picture(1, "bench", 0)

    async def run(self, pipe: Connection) -> None:
        """Serves until the process is ended."""
        loop = asyncio.get_running_loop()
        ports = []
        for number in range(len(self.houses)):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sock.bind(("127.0.0.1", 0))
            await loop.create_server(lambda number=number: _Visit(self, number), sock=sock, backlog=512)
            ports.append(sock.getsockname()[1])
        loop.add_reader(pipe.fileno(), self._told, pipe)
        pipe.send(ports)
        await asyncio.Event().wait()

    def _told(self, pipe: Connection) -> None:
        try:
            pipe.recv()
        except EOFError:
            asyncio.get_running_loop().remove_reader(pipe.fileno())
        else:
            pipe.send(self.seen)

    def knock(self, number: int) -> None:
        """A visitor wants the first page of a platform."""
        if self.opening.is_set():
            return
        if not self._knocked:
            asyncio.get_running_loop().call_later(_PATIENCE, self._open)
        self._knocked.add(number)
        if len(self._knocked) >= self._knocks:
            self._open()

    def _open(self) -> None:
        if not self.opening.is_set():
            self.seen.opened = time.monotonic()
            self.opening.set()

    def answer(self, number: int, target: str) -> tuple[int, str, bytes, str]:
        """Status, media type, body and the kind of the request."""
        house, parts = self.houses[number], urlsplit(target)
        if parts.path == "/robots.txt":
            return 200, "text/plain", b"User-agent: *\nAllow: /\n", "robots"
        if parts.path.startswith("/pic/"):
            return 200, "image/png", self._picture, "part"
        query = parse_qs(parts.query)
        if house.shell and parts.path == "/search":
            return 200, house.media_type, house.shell, "page"
        if house.shell and parts.path == "/api/search":
            page = int(query["q"][0])
            return 200, "application/json", self._sheet(house, page).fill(page, house.size, ""), "data"
        if house.address and parts.path == urlsplit(house.address).path:
            page = int(query["page"][0])
            following = house.address.format(page + 1) if page < self.pages else house.address.format(page)
            return 200, house.media_type, self._sheet(house, page).fill(page, house.size, following), "page"
        return 404, "text/plain", b"", "other"

    @staticmethod
    def _sheet(house: House, page: int) -> Sheet:
        return house.sheets[page % len(house.sheets)]


class _Visit(asyncio.Protocol):
    """One connection, kept alive; requests without bodies, one after the other."""

    def __init__(self, street: _Open, number: int) -> None:
        self._street, self._number = street, number
        self._unread = b""
        self._transport: Any = None
        self._held: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            head, _, self._unread = self._unread.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("latin-1")
            status, media_type, body, kind = self._street.answer(self._number, target)
            if kind == "page" and not self._street.opening.is_set():
                self._street.knock(self._number)
            if kind == "page" and not self._street.opening.is_set():
                self._held = asyncio.ensure_future(self._later(status, media_type, body, kind))
            else:
                self._send(status, media_type, body, kind)

    async def _later(self, status: int, media_type: str, body: bytes, kind: str) -> None:
        await self._street.opening.wait()
        self._send(status, media_type, body, kind)

    def _send(self, status: int, media_type: str, body: bytes, kind: str) -> None:
        self._street.seen.log.append((time.monotonic(), self._number, kind))
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)
