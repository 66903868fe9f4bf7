"""Plan a scan, and run its slices side by side in the foreground."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crawler import Definition
from db import canaries, extra_terms, history, scans, visits
from db.engine import Connection, transaction
from db.faults import DatabaseUnreachable
from db.locks import holding
from keywords import Lexicon
from ops.house import House
from ops.looking import look_at_pictures
from ops.planning import Chosen, History, Night, queries_for, regions_of
from ops.slice import order_text
from ops.slices import Children, run_slice
from pipelines import settle
from records import Fault, Outcome, Query, now, shanghai_date

#: Platforms scanned side by side in the foreground: each waits for its own politeness most of the time.
SIDE_BY_SIDE = 4
#: Nights whose open scans the clock puts in the queue again and again.
TAKEN_UP = 7
#: At the end of a scan by hand, for pictures; the clock looks at the rest.
_LOOKING_SECONDS = 60.0


def plan_scan(
    house: House,
    platforms: list[Chosen],
    lexicon: Lexicon,
    *,
    kind: str,
    planned_for: date | None = None,
    schedule_id: int | None = None,
    options: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> int | None:
    """Write the scan and all its queries; its id, or None where the schedule has one for that date already.

    `options`: `terms` (search these alone), `max_pages`; files and sites of the platforms are added, and `resting`,
    platform → number of terms that are left out tonight (`ops.planning.resting`). `at`: when it is planned; now,
    unless the clock says otherwise, whose digest of the same moment must already see the scan.
    """
    frame = _Frame(
        kind=kind, planned_for=planned_for, schedule_id=schedule_id, options=dict(options or {}), at=at or now()
    )
    with transaction(house.engine) as conn:
        return _write(conn, house, platforms, lexicon, frame)


class ScanCutOff(Fault):
    """监测途中数据库断开，本次监测到此为止。

    The database went away during the scan, which ends here.
    """

    code = "E-OPS-011"
    remedy = (
        "已入库的商品、线索和证据都已保留。数据库恢复后重新运行 xunwang scan，未完成的检索任务届时记为“未运行”。",
        "What was stored stays: listings, leads, evidence. Run `xunwang scan` again once the database is back; "
        "what had not ended is then written down as not run.",
    )


@contextmanager
def foreground(house: House, platforms: list[Chosen], *, kind: str, options: dict[str, Any]) -> Iterator[int]:
    """A scan that this process alone runs: its id. Whatever has not ended when the block is left ends as not run.

    The lock `scan:<id>` is held from before anybody can see the scan until the block or the process ends, by
    whatever means: `end_abandoned` tells a killed scan from a running one by it.

    Raises ScanCutOff where the database goes meanwhile: nothing can be written down then.
    """
    frame = _Frame(kind=kind, planned_for=None, schedule_id=None, options=options, at=now())
    with ExitStack() as held:
        with transaction(house.engine) as conn:
            scan_id = _write(conn, house, platforms, house.lexicon(), frame)
            if scan_id is None:  # only a schedule's scan can be there already
                raise AssertionError("a foreground scan was not planned")
            held.enter_context(holding(house.engine, f"scan:{scan_id}"))
        try:
            try:
                yield scan_id
            finally:
                end_as_not_run(house, scan_id, "监测被中断，未运行到此项")
        except DatabaseUnreachable as gone:
            raise ScanCutOff(f"第 {scan_id} 次监测") from gone


def end_abandoned(house: House) -> list[int]:
    """End the scans whose process died: begun by hand, held by nobody, waiting for no worker; their ids.

    The last nights' scans are left alone: the clock puts them in the queue again.
    """
    with transaction(house.engine) as conn:
        clock = {scan.id for scan in scans.latest(conn, kind="nightly", limit=TAKEN_UP)}
        candidates = [scan_id for scan_id in scans.left_open(conn) if scan_id not in clock]
    ended = []
    for scan_id in candidates:
        with holding(house.engine, f"scan:{scan_id}", wait=False) as orphaned:
            if orphaned and end_as_not_run(house, scan_id, "监测进程已异常结束，未运行到此项"):
                ended.append(scan_id)
    return ended


def end_as_not_run(house: House, scan_id: int, note: str) -> int:
    """End every query that has not ended as not run, and with it the scan; how many there were."""
    with transaction(house.engine) as conn:
        open_ones = scans.platforms(conn, scan_id, unfinished_only=True)
        ended = sum(scans.end_rest(conn, scan_id, one, Outcome.NOT_RUN, note, now()) for one in open_ones)
        canaries.ended(conn, scan_id, led=False, note=note, at=now())
        settle(conn, scan_id, open_ones, now())
    return ended


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """What a scan is written down with, beside its queries."""

    kind: str
    #: Shanghai date; None: that of `at`.
    planned_for: date | None
    schedule_id: int | None
    options: dict[str, Any]
    at: datetime


def _write(conn: Connection, house: House, platforms: list[Chosen], lexicon: Lexicon, frame: _Frame) -> int | None:
    chosen = dict(frame.options)
    zeros = house.settings.crawl.may_be_zero
    chosen["platforms"] = {
        one.definition.key: {
            "file": one.file,
            "site": one.site,
            "may_be_zero": [*one.definition.may_be_zero, *zeros.get(one.definition.key, ())],
        }
        for one in platforms
    }
    named = tuple(chosen.get("terms", ()))
    on = frame.planned_for or shanghai_date(frame.at)
    visited = frozenset(key for key in chosen["platforms"] if visits.open_hits(conn, key))
    city = house.unit().city
    nightly = frame.kind == "nightly" and not named
    extra = extra_terms.of_night(conn, on, house.settings.crawl.max_terms // 4) if nightly else {}
    night = Night(
        lexicon=lexicon,
        crawl=house.settings.crawl,
        on=on,
        named=named,
        visited=visited,
        covered=history.covered(conn),
        city=city,
        extra=tuple(extra),
    )
    asked = {
        one.definition.key: queries_for(one.definition, night, _history(conn, one.definition, night))
        for one in platforms
    }
    chosen["resting"] = {key: rested for key, (_, rested) in asked.items() if rested}
    if extra:
        chosen["extra"] = extra
    scan_id = scans.plan(
        conn,
        [query for queries, _ in asked.values() for query in queries],
        planned_for=night.on,
        kind=frame.kind,
        at=frame.at,
        schedule_id=frame.schedule_id,
        options=chosen,
    )
    if scan_id is not None and frame.kind == "nightly" and house.settings.nightly.canary:
        canaries.plan(conn, scan_id)
    return scan_id


def _history(conn: Connection, platform: Definition, night: Night) -> History:
    asked = regions_of(platform, night)
    return {region: history.last_searches(conn, platform.key, region) for region in asked}


def dry_slices(
    house: House, platforms: list[Chosen], terms: list[str], *, max_pages: int
) -> list[tuple[bytes, list[Query]]]:
    """Orders and queries of a scan that is not written down; nothing rests in it."""
    night = Night(
        lexicon=house.lexicon(),
        crawl=house.settings.crawl,
        on=shanghai_date(now()),
        named=tuple(terms),
        city=house.unit().city,
    )
    found = []
    for one in platforms:
        fields = {"scan_id": 0, "platform": one.definition.key, "max_pages": max_pages, "quiet": True}
        order = order_text(house, fields | {"file": one.file, "site": one.site})
        found.append((order, queries_for(one.definition, night, {})[0]))
    return found


def run_scan(house: House, scan_id: int, *, watch: Callable[[list[scans.QueryRow]], None]) -> list[scans.QueryRow]:
    """Run every slice of a scan in the foreground; `watch` sees the queries about twice a second."""
    with transaction(house.engine) as conn:
        waiting = scans.platforms(conn, scan_id, unfinished_only=True)
    children = Children()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        running = [pool.submit(run_slice, house, scan_id, platform, children) for platform in waiting]
        try:
            while not all(future.done() for future in running):
                watch(_rows(house, scan_id))
                time.sleep(0.5)
        finally:
            children.stop()  # Ctrl-C: the pool waits for its threads, and they for their children
        for future in running:
            future.result()
    look_at_pictures(house, seconds=_LOOKING_SECONDS)
    rows = _rows(house, scan_id)
    watch(rows)
    return rows


def _rows(house: House, scan_id: int) -> list[scans.QueryRow]:
    with transaction(house.engine) as conn:
        return scans.query_rows(conn, scan_id)
