"""A market that asks for manners and writes down whether they were kept; its log alone judges.

It answers in threads of the test. Every address may go wrong once: 429 and 503 with Retry-After in seconds, as a date
or as nonsense, 500, redirects. Some items lie where robots.txt forbids to look; some pages ask there by script.
"""

import email.utils
import json
import threading
import time
import urllib.robotparser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from urllib.parse import parse_qs, quote, urlsplit
from zlib import crc32

from tests.loopback import Quiet, listening

PER_PAGE = 20
#: A part may be on its way already when another answer says to stay away; on a busy machine nobody could know sooner.
ON_ITS_WAY = 0.6
AT_ONCE = 4
FORBIDDEN = "/private/"

_DEFINITION = """name: 规矩市场 {key}
site: {site}
verified: 2026-11-28 测试程序自己的页面
search_url: /s?q={{query}}&p=1
sort: newest
delay: {delay}
control: 手机
id: xpath:@data-id ?? jmes:id
url: css:a.name::attr(href) ?? jmes:url
title: css:a.name ?? css:h1 ?? jmes:title
price: css:.price ?? jmes:price
seller: css:.who ?? jmes:who
pictures: css:img::attr(src) ?? jmes:pictures
"""
_PLAIN = "render: never\nnext_page: css:a.next::attr(href)\ncards: css:div.card\nitem: css:#item\n"
_RENDERED = "render: always\ndata_url: /api/list\nnext_page: scroll\nmore: jmes:more\ndetail: none\ncards: jmes:items\n"
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(600)
# Asks on at once after a refusal, as scripts do; and asks where robots.txt forbids it.
_SCRIPT = """
const asked = new URLSearchParams(location.search).get('q');
fetch('/private/count?q=' + encodeURIComponent(asked)).catch(() => null);
fetch('/seen?q=' + encodeURIComponent(asked)).then(answer => answer.text()).catch(() => null);
async function more(page) {
  const address = '/api/list?q=' + encodeURIComponent(asked) + '&p=' + page;
  for (let tries = 0; tries < 5; tries++) {
    const answer = await fetch(address).catch(() => null);
    if (answer && answer.ok) { const data = await answer.json(); return data.more ? more(page + 1) : null; }
  }
}
more(1);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request as the market saw it."""

    path: str
    #: Seconds since the epoch: when it came, and when its answer was about to be complete.
    at: float
    over: float
    status: int
    bytes: int
    #: Until when the answer asked to be left alone; 0 where it did not.
    away_until: float = 0.0

    @property
    def is_part(self) -> bool:
        """A static part of a page or a picture: few at once, undelayed."""
        return self.path.startswith(("/static/", "/pic/"))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Given:
    body: bytes = b""
    status: int = 200
    media: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    away_until: float = 0.0


@dataclass(kw_only=True)
class Market:
    """One market while it stands."""

    key: str
    rendered: bool = False
    #: Seconds between two requests: as its definition says, and as its robots.txt says (0: nothing).
    delay: float = 0.02
    crawl_delay: float = 0.0
    #: Items that each search gives.
    items: int = 60
    #: Addresses of a hundred that go wrong the first time.
    troubled: int = 12
    #: Seconds that a Retry-After asks for.
    away: int = 1
    url: str = ""
    visits: list[Visit] = field(default_factory=list)
    _met: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def least(self) -> float:
        """The delay that has to be kept."""
        return max(self.delay, self.crawl_delay)

    @property
    def robots(self) -> str:
        """Its robots.txt."""
        told = f"Crawl-delay: {self.crawl_delay}\n" if self.crawl_delay else ""
        return f"User-agent: *\n{told}Disallow: {FORBIDDEN}\n"

    def definition(self) -> str:
        """How it is read."""
        head = _DEFINITION.format(key=self.key, site=self.url, delay=self.delay)
        return head + (_RENDERED if self.rendered else _PLAIN)

    def came(self, address: str) -> _Given:
        """What is answered."""
        parts = urlsplit(address)
        with self._lock:
            first = address not in self._met
            self._met.add(address)
        trouble = self._trouble(address, parts.path) if first else None
        return trouble or self._ordinary(parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()})

    def left(self, visit: Visit) -> None:
        """The answer is written down."""
        with self._lock:
            self.visits.append(visit)

    def _trouble(self, address: str, path: str) -> _Given | None:
        number = crc32(address.encode()) % 100
        if path == "/robots.txt":
            return self._later(429, str(self.away)) if self.crawl_delay else None
        if number >= self.troubled or path.startswith("/static/"):
            return None
        if path.startswith("/pic/"):  # what is left out of a capture for a while is not left out of the count
            return self._later(429, str(self.away + 1)) if number < 2 else None
        kinds = ("seconds", "date", "500", "minus", "seconds", "words", "moved", "date", "500")
        kind = kinds[number % len(kinds)]
        if kind == "seconds":
            return self._later(429, str(self.away))
        if kind == "date":
            return self._later(503, email.utils.formatdate(ceil(time.time()) + self.away, usegmt=True))
        if kind == "moved" and not path.startswith("/api/"):
            return _Given(status=302, headers=(("Location", f"{address}{'&' if '?' in address else '?'}moved=1"),))
        nonsense = {"minus": "-5", "words": "soon"}.get(kind)
        return _Given(status=503 if nonsense else 500, headers=(("Retry-After", nonsense),) if nonsense else ())

    def _later(self, status: int, header: str) -> _Given:
        until = time.time() + int(header) if header.isdigit() else email.utils.parsedate_to_datetime(header).timestamp()
        return _Given(status=status, body=b"later", headers=(("Retry-After", header),), away_until=until)

    def _ordinary(self, path: str, asked: dict[str, str]) -> _Given:
        if path == "/robots.txt":
            return _Given(body=self.robots.encode(), media="text/plain")
        if path.startswith("/pic/"):
            return _Given(body=_PICTURE, media="image/png")
        if path == "/static/0.js":
            return _Given(body=_SCRIPT.encode(), media="text/javascript")
        if path.startswith("/static/"):
            css = path.endswith("css")
            return _Given(body=b"/* part */" * 200, media="text/css" if css else "text/javascript")
        if path == "/api/list":
            items, more = self._page(asked)
            return _Given(body=json.dumps({"items": items, "more": more}).encode(), media="application/json")
        if path == "/seen":
            return _Given(body=b"{}", media="application/json")
        if path == "/s":
            return _Given(body=(self._shell() if self.rendered else self._list(asked)).encode())
        if path.startswith("/i/"):
            return _Given(body=self._item(path.rpartition("/")[2]).encode())
        return _Given(status=404, body=b"<p>no such page</p>")

    def _shell(self) -> str:
        links = "".join(f"<link rel=stylesheet href=/static/{number}.css>" for number in range(3))
        scripts = "".join(f"<script async src=/static/{number}.js></script>" for number in range(6))
        return f"<!DOCTYPE html><title>规矩市场</title>{links}<div id=app></div>{scripts}"

    def _page(self, asked: dict[str, str]) -> tuple[list[dict[str, object]], bool]:
        word, page = asked.get("q", ""), int(asked.get("p", "1"))
        numbers = range((page - 1) * PER_PAGE, min(self.items, page * PER_PAGE))
        return [self._facts(word, number) for number in numbers], page * PER_PAGE < self.items

    def _facts(self, word: str, number: int) -> dict[str, object]:
        own = f"{crc32(f'{self.key}{word}'.encode())}{number:03}"
        hit = number % 15 == 4
        folder = FORBIDDEN + "i" if number % 12 == 7 else "/i"
        title = f"老象牙手串 {own} 包真 网纹清晰 加微信" if hit else f"日用旧物 {own} 自用转让 成色见图"
        pictures = [f"/pic/{own}/{count}.png" for count in range(6)] if hit else []
        return {"id": own, "url": f"{folder}/{own}", "title": title, "price": "￥88", "who": "甲", "pictures": pictures}

    def _list(self, asked: dict[str, str]) -> str:
        items, more = self._page(asked)
        following = f"/s?q={quote(asked.get('q', ''))}&p={int(asked.get('p', '1')) + 1}"
        link = f'<a class="next" href="{following}">下一页</a>' if more else ""
        return f"<!DOCTYPE html><title>规矩市场</title>{''.join(map(_card, items))}{link}"

    def _item(self, own: str) -> str:
        return (
            f'<!DOCTYPE html><title>旧物</title><div id="item" data-id="{own}"><h1>日用旧物 {own}</h1>'
            f'<a class="name" href="/i/{own}">链接</a><b class="price">￥88</b><i class="who">甲</i></div>'
        )


def _card(facts: dict[str, object]) -> str:
    pictures = facts["pictures"]
    assert isinstance(pictures, list)
    images = "".join(f'<img src="{path}">' for path in pictures)
    return (
        f'<div class="card" data-id="{facts["id"]}"><a class="name" href="{facts["url"]}">{facts["title"]}</a>'
        f'<b class="price">￥88</b><i class="who">甲</i>{images}</div>'
    )


@contextmanager
def standing(market: Market) -> Iterator[Market]:
    """The market on a free port of 127.0.0.1 while the block runs."""

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            at = time.time()
            given = market.came(self.path)
            if self.path.startswith(("/static/", "/pic/", "/api/", "/seen")):
                time.sleep(0.03 if self.path.startswith(("/static/", "/pic/")) else 0.07)  # too many at once would show
            self.send_response(given.status)
            named = (("Content-Type", given.media), ("Cache-Control", "no-store"), *given.headers)
            for name, value in (*named, ("Content-Length", str(len(given.body)))):
                self.send_header(name, value)
            over = time.time()
            visit = Visit(
                path=self.path, at=at, over=over, status=given.status, bytes=len(given.body),
                away_until=given.away_until,
            )  # fmt: skip
            market.left(visit)
            try:
                self.end_headers()
                self.wfile.write(given.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    with listening(Handler) as market.url:
        yield market


# --- judging ----------------------------------------------------------------------------------------------------------


def offences(market: Market) -> Counter[str]:
    """What the log holds against the visitors, by kind; empty for good manners."""
    visits = sorted(market.visits, key=lambda visit: visit.at)
    found: Counter[str] = Counter()
    found["forbidden"] = sum(_is_forbidden(market, visit) for visit in visits)
    found["inside Retry-After"] = len(inside(visits))
    turns = [visit for visit in visits if not visit.is_part]
    for sooner, later in pairwise(turns):
        found["below the delay"] += later.at - sooner.at < market.least
        found["two at once"] += later.at < sooner.over
    found["parts at once"] = sum(_at_once(visits, visit) > AT_ONCE for visit in visits if visit.is_part)
    return +found


def inside(visits: list[Visit]) -> list[Visit]:
    """Requests that came while an earlier answer asked to be left alone."""
    windows = [(visit.over, visit.away_until) for visit in visits if visit.away_until]
    return [
        visit
        for visit in visits
        if any(since + (ON_ITS_WAY if visit.is_part else 0.0) < visit.at < until for since, until in windows)
    ]


def _at_once(visits: list[Visit], one: Visit) -> int:
    return sum(other.is_part and other.at <= one.at < other.over for other in visits)


def _is_forbidden(market: Market, visit: Visit) -> bool:
    """By the standard library's reading of robots.txt, not ours."""
    reader = urllib.robotparser.RobotFileParser()
    reader.parse(market.robots.splitlines())
    return not reader.can_fetch("xunwang", market.url + visit.path)
