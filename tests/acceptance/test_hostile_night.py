"""A night among traps: hostile and honest pages in one scan through a real Chromium, and the same by HTTP beside it.

Judged by the market's own log, by raw SQL, and by what the kernel says the processes held.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from crawler import definition
from db.engine import connect
from tests.acceptance.houses import Said, one, place, sql
from tests.crawler.traps import NAMES, Market, standing

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.drill, pytest.mark.timeout(900)]

HONEST = 40
#: Cost the same defence a second time, and seconds each.
TWINS = {
    "bomb_deflate", "bomb_zstd", "broken_deflate", "broken_zstd", "to_ftp", "loop", "charset_idna", "hints",
    "endless_head", "frames_blank", "busy_worker", "print", "short", "chunked", "css", "nothing", "binary", "words",
    "memory_at_once", "item_gone", "item_login_frame", "prices", "reload", "meta_refresh", "ancient", "charset_utf7",
    "many_headers", "too_long_text", "sync_requests", "deep", "frames_deep",
}  # fmt: skip
TRAPS = [name for name in NAMES if name not in TWINS]
#: MiB. Every process of the scan together (PSS), and the one that reads pages (its own high-water mark).
MOST_TOGETHER, MOST_READING = 4_096, 800
#: MiB that one browser may hold.
BROWSER = 700
PLATFORM = """\
name: 陷阱集市（{render}）
site: {site}
verified: 2026-11-28
region: 无
browse:
{browse}
render: {render}
detail: {detail}
next_page: css:a.next::attr(href)
max_pages: 4
delay: 0.05
cards: css:#list li.item
item: css:div.ad
id: xpath:@data-id
url: css:a.title::attr(href)
title: css:a.title ?? css:h1.ad-title
description: css:.ad-text
price: css:.price
pictures: css:a.pic img::attr(src)
"""


@dataclass
class Watch:
    """What the processes below this one held, looked at twice a second."""

    together: int = 0
    reading: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.ended.wait(0.5):
            below = psutil.Process().children(recursive=True)
            mine = [one for one in below if not _is_postgres(one)]
            self.together = max(self.together, sum(_of(one, "smaps_rollup", "Pss:") for one in mine))
            slices = [one for one in mine if "ops.slice" in _words(one)]
            self.reading = max([self.reading, *(_of(one, "status", "VmHWM:") for one in slices)])


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _is_postgres(process: psutil.Process) -> bool:
    return any("postgres" in word for word in _words(process)[:1])


def _of(process: psutil.Process, file: str, line: str) -> int:
    """MiB as the kernel tells them; 0 for a process that has gone."""
    try:
        told = Path(f"/proc/{process.pid}/{file}").read_text()
    except OSError:
        return 0
    return next((int(one.split()[1]) // 1024 for one in told.splitlines() if one.startswith(line)), 0)


@dataclass(frozen=True)
class Night:
    market: Market
    said: Said
    raw: Engine
    watch: Watch
    home: Path


def _pages() -> dict[str, str]:
    """Name → path: three traps, two honest pages, and so on."""
    pages: dict[str, str] = {}
    honest = iter(range(1, HONEST + 1))
    for at, trap in enumerate(TRAPS):
        pages[trap] = f"/trap/{trap}"
        for _ in range((at + 1) * HONEST // len(TRAPS) - at * HONEST // len(TRAPS)):
            number = next(honest)
            pages[f"honest_{number}"] = f"/good/{number}"
    return pages


@pytest.fixture(scope="module")
def night(
    server_url: str, migrated_template: str, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Night]:
    from tests.conftest import copied_database

    folder = tmp_path_factory.mktemp("traps")
    browse = "\n".join(f'  {name}: "{path}"' for name, path in _pages().items())
    with standing() as market, copied_database(server_url, migrated_template) as url:
        keys = {"trap_rendered": ("always", "render"), "trap_plain": ("never", "http")}
        for key, (render, detail) in keys.items():
            text = PLATFORM.format(site=market.url, browse=browse, render=render, detail=detail)
            (folder / f"{key}.yml").write_text(text, "utf-8")
            assert len(definition(folder / f"{key}.yml").browse) == len(TRAPS) + HONEST
        limits = {"page_deadline": 15.0, "max_details": 0, "browser_megabytes": BROWSER}
        sites = dict.fromkeys(keys, market.url)
        there = place(folder, url, {"crawl": {"chromium": chromium, "sites": sites, **limits}})
        watch = Watch()
        watching = threading.Thread(target=watch.run, daemon=True)
        watching.start()
        words = [word for key in keys for word in ("--platform", str(folder / f"{key}.yml"))]
        said = there.xunwang("scan", *words, timeout=840)
        watch.ended.set()
        watching.join()
        raw = connect(url, application="xunwang tests")
        try:
            yield Night(market=market, said=said, raw=raw, watch=watch, home=there.home)
        finally:
            raw.dispose()


def test_there_are_sixty_traps_and_forty_honest_pages() -> None:
    assert len(TRAPS) >= 60 and len(_pages()) == len(TRAPS) + HONEST


def test_every_trap_has_an_end_of_its_own_within_a_minute(night: Night) -> None:
    ends = sql(
        night.raw,
        "select platform, text, outcome, note, attempt, extract(epoch from finished_at - started_at) from queries",
    )
    assert len(ends) == 2 * len(_pages()), night.said.err
    for end in ends:
        print(*end)
    assert not [end for end in ends if end[2] is None or end[2] == "not_run" or not end[3]]
    assert [end for end in ends if end[4] != 1] == []  # no slice died and was begun again
    assert [end for end in ends if end[5] is None or end[5] > 60] == []


def test_every_honest_page_is_captured(night: Night) -> None:
    whole = sql(
        night.raw,
        """select l.platform, l.item_id from listings l join captures c on c.listing_id = l.id
           join capture_files f on f.capture_id = c.id where l.detail_read and l.item_id like 'good%'
           group by 1, 2 having array['page', 'screenshot', 'picture'] <@ array_agg(f.role)""",
    )
    expected = {(key, f"good{number}") for key in ("trap_rendered", "trap_plain") for number in range(1, HONEST + 1)}
    missing = expected - set(whole)
    assert not missing, (missing, sql(night.raw, "select url, gaps from captures where gaps <> '{}'"), night.said.err)
    chrome = {asked.path for asked in night.market.asked if "Chrome/" in asked.agent}
    assert {f"/item/good{number}.html" for number in range(1, HONEST + 1)} <= chrome


def test_memory_is_bounded(night: Night) -> None:
    print(night.watch)
    assert 0 < night.watch.together < MOST_TOGETHER
    assert 0 < night.watch.reading < MOST_READING


def test_nothing_got_in_or_out(night: Night) -> None:
    assert night.market.through_tls == []
    assert one(night.raw, "select count(*) from listings where title || description like '%root:%'") == 0
    assert one(night.raw, "select count(*) from listings where price = 'NaN' or price < 0") == 0
    assert not [path for path in Path(night.home).rglob("*") if "marker" in path.name]


def test_no_trap_made_a_storm_of_us(night: Night) -> None:
    for path in {asked.path.partition("?")[0] for asked in night.market.asked if asked.path.startswith("/trap/")}:
        assert night.market.times(path) <= 30, path
