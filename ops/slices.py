"""Slices as children of a worker or of a foreground scan: ordered, watched, begun again after a crash."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import structlog

from crawler.processes import memory_below
from db import canaries, scans
from db.engine import naming_outages, transaction
from db.faults import DatabaseUnreachable
from ops.house import House
from ops.outage import outlast
from ops.slice import DATABASE_AWAY, order_text
from pipelines import settle
from records import CANARY, Outcome, now

#: So often a slice may die over the same query before that query ends as failed and the next one has its turn.
ATTEMPTS = 3
#: A kill -9 from outside is a tenth of a crash: it is seldom the query's fault, though the kernel's, short of memory,
#: may be.
_KILLED, _CRASHED = 1, 10
#: Seconds between two looks at a child, and those that a slice may take at most: more than a night's limit of hours.
_LOOK, _LONGEST = 5.0, 9 * 3600.0
#: `Children.run`: the child had to be ended, because it took too much memory or time.
OVERGROWN = 1

log = structlog.get_logger("ops")


def slice_order(house: House, scan_id: int, platform: str, *, quiet: bool = False) -> bytes:
    """What the child process of one slice reads from its standard input."""
    with transaction(house.engine) as conn:
        options = scans.scan_row(conn, scan_id).options
    place = {name: options["platforms"].get(platform, {}).get(name, "") for name in ("file", "site")}
    fields = {"scan_id": scan_id, "platform": platform, "max_pages": int(options.get("max_pages", 0)), "quiet": quiet}
    return order_text(house, fields | place)


def slice_command() -> list[str]:
    """The child process of a slice."""
    return [sys.executable, "-m", "ops.slice"]


class Children:
    """The child processes of one worker's job or one foreground scan, so that all of them can be told to end."""

    def __init__(self) -> None:
        self._living: set[subprocess.Popen[bytes]] = set()
        self._changing = threading.Lock()
        #: True once no further child may be started.
        self.stopped = False

    def run(self, order: bytes, *, megabytes: int = 0) -> int | None:
        """A slice's child run to its end; its exit code, or None where the scan was stopped.

        `megabytes`: what the child and its browsers may hold together; 0 for no limit. Beyond it: OVERGROWN.
        """
        with self._changing:
            if self.stopped:
                return None
            # a group of its own: Ctrl-C is for this process, which then ends its children in order
            child = subprocess.Popen(slice_command(), stdin=subprocess.PIPE, process_group=0)
            self._living.add(child)
        try:
            overgrown = _attend(child, order, megabytes)
        finally:
            _end(child)
            with self._changing:
                self._living.discard(child)
        return None if self.stopped else OVERGROWN if overgrown else child.returncode

    def stop(self) -> None:
        """End every child, and let no other begin."""
        with self._changing:
            self.stopped = True
            living = list(self._living)
        for child in living:
            child.terminate()
        for child in living:
            _end(child)


def run_slice(
    house: House, scan_id: int, platform: str, children: Children | None = None, *, quiet: bool = True
) -> None:
    """Run one slice to its end, begun again after every crash and as soon as a lost database is back.

    A query over which it dies again and again ends as failed, and the others go on; what dies before it has begun
    with any query ends them all.
    """
    children = children or Children()
    crashes: Counter[int | None] = Counter()
    while not children.stopped:
        with suppress(DatabaseUnreachable), naming_outages():
            code = children.run(
                slice_order(house, scan_id, platform, quiet=quiet), megabytes=house.settings.crawl.memory
            )
            if code == 0 or code is None:
                return
            if code != DATABASE_AWAY and not _goes_on(house, scan_id, platform, code, crashes):
                return
        time.sleep(1)
        outlast(house, lambda: children.stopped)


def _goes_on(house: House, scan_id: int, platform: str, code: int, crashes: Counter[int | None]) -> bool:
    """Puts a crash down to the query in which it happened; False where nothing is left to be begun again."""
    with transaction(house.engine) as conn:
        query = scans.in_progress(conn, scan_id, platform)
    crashes[query] += _KILLED if code == -signal.SIGKILL else _CRASHED
    log.warning("slice_died", platform=platform, code=code, query=query)
    if crashes[query] < ATTEMPTS * _CRASHED:
        return True
    if query is None:
        give_up(house, scan_id, platform)
        return False
    with transaction(house.engine) as conn:
        scans.end_one(conn, query, Outcome.FAILED, f"采集进程在此项上连续 {ATTEMPTS} 次异常退出", now())
    return True


def give_up(house: House, scan_id: int, platform: str) -> None:
    """End what a platform's crashing process left open: failed, said so, counted."""
    note = f"采集进程连续 {ATTEMPTS} 次异常退出"
    with transaction(house.engine) as conn:
        scans.end_rest(conn, scan_id, platform, Outcome.FAILED, note, now())
        if platform == CANARY:
            canaries.ended(conn, scan_id, led=False, note=note, at=now())
        settle(conn, scan_id, [platform], now())


def _attend(child: subprocess.Popen[bytes], order: bytes, megabytes: int) -> bool:
    """Waits for a child's end; True where it must be ended because it takes too much."""
    begun, given = time.monotonic(), {"input": order}
    while True:
        try:
            child.communicate(**given, timeout=_LOOK)
            return False
        except subprocess.TimeoutExpired:
            given = {}
        held, lasted = memory_below(child.pid) >> 20, time.monotonic() - begun
        if (megabytes and held > megabytes) or lasted > _LONGEST:
            log.error("slice_overgrown", megabytes=held, seconds=round(lasted))
            return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """Whatever happens here, no child is left behind."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
