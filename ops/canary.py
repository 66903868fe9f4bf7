"""The canary: a listing planted on a loopback page, which the night's own path must turn into a lead.

A night in which nothing is found may mean that nothing stands there, or that the lexicon is empty, the reading broken,
the evidence not writable. So each night goes once from a page to a lead that is known to be there. It runs in a
slice's child process: the same patrol, matcher, `receive` and tables; then its rows are taken away again.
"""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex

from crawler import BrowserSettings, Definition, Delivered, Hooks, Limits, definition
from db import canaries
from db.engine import transaction
from ops.gateway import way_out
from ops.house import House
from ops.surroundings import surroundings_of
from pipelines import Reception, receive
from records import CANARY, Query, QueryKind, QueryReport, Sighting, now

_FILE = Path(__file__).with_name("canary.yml")
_PAGE = "<!DOCTYPE html><meta charset=utf-8><title>{title}</title>{body}"


def sing(house: House, reception: Reception) -> tuple[bool, str]:
    """Send the patrol to the planted listing: whether a lead with evidence and news came of it, and one sentence."""
    item_id = f"canary-{token_hex(6)}"
    with transaction(house.engine) as conn:
        canaries.remove(conn)  # of a process that was killed
    with _perch(item_id, house.settings.nightly.canary_title) as site:
        reports = _patrol(house, reception, definition(_FILE).at(site))
    with transaction(house.engine) as conn:
        lead = canaries.lead_of(conn, item_id)
        canaries.remove(conn)
    if lead is not None:
        return True, f"种下的商品已形成线索（{lead[1]} 分），已移出队列与统计"
    end = reports[-1] if reports else None
    if end is None or not end.cards:
        return False, f"种下的商品没有读到（{f'{end.outcome.label}，{end.note}' if end else '没有结果'}）"
    why = "已判为疑似，但线索、证据或消息不全" if end.hits else "词库没有命中它"
    return False, f"种下的商品读到了，但没有形成线索：{why}"


def _patrol(house: House, reception: Reception, perch: Definition) -> list[QueryReport]:
    from crawler import patrol  # Scrapy: only the process that goes out pays for it

    reports: list[QueryReport] = []
    crawl = house.settings.crawl
    limits = Limits(
        user_agent=crawl.user_agent,
        page_deadline=crawl.page_deadline,
        allow_loopback=True,
        browser=BrowserSettings(screenshots=False),
    )

    def deliver(sightings: list[Sighting]) -> Delivered:
        received = receive(sightings, reception)
        return Delivered(new=received.new, hits=received.hits)

    hooks = Hooks(
        known=lambda _platform, _cards: set(),
        judge=reception.matcher.assess,
        deliver=deliver,
        starting=lambda _query: None,
        report=reports.append,
        surroundings=surroundings_of(house.settings),
    )
    latest = Query(platform=CANARY, kind=QueryKind.BROWSE, text="最新")
    with way_out(perch, (perch.site.removeprefix("http://"),)) as opened:  # our own page, planted a moment ago
        patrol(perch, [latest], hooks=hooks, limits=limits, way_out=opened)
    return reports


@contextmanager
def _perch(item_id: str, title: str) -> Iterator[str]:
    """The page while the block runs: its address on a free port of 127.0.0.1."""
    link, text = f"/item/{item_id}", html.escape(title)
    facts = f"<b>￥1888</b><i class=who>金丝雀 {now():%Y-%m-%d}</i><i class=where>本机</i>"
    card = f'<ul><li class=item data-id={item_id}><a href="{link}">{text}</a>{facts}</ul>'
    item = f"<div class=item data-id={item_id}><h1>{text}</h1><p>{text}</p>{facts}</div>"
    pages = {"/": card, link: item}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, pages=pages, title=text))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, *args: object, pages: dict[str, str], title: str) -> None:
        self._pages, self._title = pages, title
        super().__init__(*args)  # type: ignore[arg-type]  # called by the server with what it knows

    def do_GET(self) -> None:
        """One of the two pages; robots.txt and everything else is not there."""
        body = self._pages.get(self.path)
        page = _PAGE.format(title=self._title, body=body).encode() if body else b"not here"
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""
