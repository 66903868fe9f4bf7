"""Plan a scan and run its slices: in the foreground, or one by one for the workers."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from db import scans
from db.engine import transaction
from keywords import Lexicon
from ops.house import House
from ops.planning import Chosen, Night, queries_for
from ops.slice import order_text
from records import Outcome, Query, now, shanghai_date

#: A slice whose process dies is begun again this often before its queries end as failed.
ATTEMPTS = 3
#: Platforms scanned side by side in the foreground: each waits for its own politeness most of the time.
SIDE_BY_SIDE = 4


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
    chosen = dict(options or {})
    chosen["platforms"] = {one.definition.key: {"file": one.file, "site": one.site} for one in platforms}
    at = at or now()
    named = tuple(chosen.get("terms", ()))
    night = Night(lexicon=lexicon, crawl=house.settings.crawl, on=planned_for or shanghai_date(at), named=named)
    with transaction(house.engine) as conn:
        asked = {
            one.definition.key: queries_for(one.definition, night, scans.last_searches(conn, one.definition.key))
            for one in platforms
        }
        chosen["resting"] = {key: rested for key, (_, rested) in asked.items() if rested}
        return scans.plan(
            conn,
            [query for queries, _ in asked.values() for query in queries],
            planned_for=night.on,
            kind=kind,
            at=at,
            schedule_id=schedule_id,
            options=chosen,
        )


def slice_order(house: House, scan_id: int, platform: str, *, quiet: bool = False) -> bytes:
    """What the child process of one slice reads from its standard input."""
    with transaction(house.engine) as conn:
        options = scans.scan_row(conn, scan_id).options
    place = options["platforms"][platform]
    fields = {"scan_id": scan_id, "platform": platform, "max_pages": int(options.get("max_pages", 0)), "quiet": quiet}
    return order_text(house, fields | place)


def dry_slices(
    house: House, platforms: list[Chosen], terms: list[str], *, max_pages: int
) -> list[tuple[bytes, list[Query]]]:
    """Orders and queries of a scan that is not written down; nothing rests in it."""
    night = Night(lexicon=house.lexicon(), crawl=house.settings.crawl, on=shanghai_date(now()), named=tuple(terms))
    found = []
    for one in platforms:
        fields = {"scan_id": 0, "platform": one.definition.key, "max_pages": max_pages, "quiet": True}
        order = order_text(house, fields | {"file": one.file, "site": one.site})
        found.append((order, queries_for(one.definition, night, {})[0]))
    return found


def slice_command() -> list[str]:
    """The child process of a slice."""
    return [sys.executable, "-m", "ops.slice"]


def run_slice(house: House, scan_id: int, platform: str) -> None:
    """Run one slice in a child process, again after a crash; what still has not ended then ends as failed."""
    for attempt in range(1, ATTEMPTS + 1):
        child = subprocess.Popen(slice_command(), stdin=subprocess.PIPE)
        with _ended_with_us(child):
            child.communicate(slice_order(house, scan_id, platform, quiet=True))
        if child.returncode == 0:
            return
        time.sleep(attempt)
    give_up(house, scan_id, platform)


def give_up(house: House, scan_id: int, platform: str) -> None:
    """End what a platform's crashing process left open: failed, said so, counted."""
    note = f"采集进程连续 {ATTEMPTS} 次异常退出"
    with transaction(house.engine) as conn:
        scans.end_rest(conn, scan_id, platform, Outcome.FAILED, note, now())
        scans.close_if_done(conn, scan_id, now())


def run_scan(house: House, scan_id: int, *, watch: Callable[[list[scans.QueryRow]], None]) -> list[scans.QueryRow]:
    """Run every slice of a scan in the foreground; `watch` sees the queries about twice a second."""
    with transaction(house.engine) as conn:
        waiting = scans.platforms(conn, scan_id, unfinished_only=True)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        running = [pool.submit(run_slice, house, scan_id, platform) for platform in waiting]
        while not all(future.done() for future in running):
            watch(_rows(house, scan_id))
            time.sleep(0.5)
        for future in running:
            future.result()
    rows = _rows(house, scan_id)
    watch(rows)
    return rows


def _rows(house: House, scan_id: int) -> list[scans.QueryRow]:
    with transaction(house.engine) as conn:
        return scans.query_rows(conn, scan_id)


@contextmanager
def _ended_with_us(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens here, no child is left behind."""
    try:
        yield
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
