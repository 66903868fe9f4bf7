"""`xunwang demo`: the main job on make-believe markets, in a database of its own."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from console import add_demo_user
from db import queue
from db.engine import connect, drop_database, transaction
from db.locks import holding
from db.scans import QueryRow
from demo.serve import RunningTown
from ops.commands.scan import watch_scan
from ops.house import DEMO_DATABASE, House, embedded, open_house
from ops.planning import chosen
from ops.scanning import foreground
from ops.settings import Settings
from records import Fault, now

#: What the make-believe sellers deal in: nobody searches a street for what it does not sell.
SOLD = ("ivory", "rhino", "tiger", "pangolin", "tool_clamp", "tool_snare", "tool_electric", "tool_net")


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoScan:
    """What `xunwang demo --no-serve --json` prints."""

    #: Outcome → number of queries.
    queries: dict[str, int]
    #: Requests that the markets themselves counted, by platform; robots.txt and pictures included.
    fetched: dict[str, int]
    #: List pages read.
    pages: int
    #: In the database, as raw counts.
    listings: int
    hits: int
    leads: int
    seconds: float

    def plain(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


class DemoRunning(Fault):
    """演示已经在运行。

    A demo is running already.
    """

    code = "E-OPS-042"
    remedy = (
        "请先在它的窗口按 Ctrl-C 结束；或用另一个 XUNWANG_HOME。它的数据没有被改动。",
        "End it with Ctrl-C in its window first, or use another XUNWANG_HOME. Its data were not touched.",
    )


@contextmanager
def fresh_demo(settings: Settings) -> Iterator[House]:
    """The demo's house as on its first day, for as long as the block lasts. Raises DemoRunning where another has it."""
    url = settings.database_url or embedded(settings).start()
    keeper = connect(url)  # the lock stands in the house's own database: the demo's is about to be dropped
    try:
        with holding(keeper, "demo", wait=False) as alone:
            if not alone:
                raise DemoRunning
            yield _reset_demo(settings, url)
    finally:
        keeper.dispose()


def _reset_demo(settings: Settings, url: str) -> House:
    drop_database(url, DEMO_DATABASE)
    shutil.rmtree(settings.evidence_root / "demo", ignore_errors=True)
    house = open_house(settings.model_copy(update={"database_url": url}), demo=True)
    with transaction(house.engine) as conn:
        add_demo_user(conn, now())
    return house


def scan_town(house: House, town: RunningTown) -> tuple[DemoScan, list[QueryRow]]:
    """Scan the open markets of `town` once; the counts and the queries."""
    begun = time.monotonic()
    there = _at(house, town)
    platforms = chosen(there.settings, town.sites, demo=True)
    with foreground(there, platforms, kind="demo", options={}) as scan_id:
        rows = watch_scan(there, scan_id)
    with transaction(house.engine) as conn:
        counted = queue.seen_since(conn, datetime(2000, 1, 1, tzinfo=UTC))
    outcomes = Counter(str(row.outcome) for row in rows)
    done = DemoScan(
        queries=dict(outcomes),
        fetched=dict(town.counts),
        pages=sum(row.pages for row in rows),
        listings=counted["listings"],
        hits=counted["hits"],
        leads=counted["leads"],
        seconds=round(time.monotonic() - begun, 1),
    )
    return done, rows


def _at(house: House, town: RunningTown) -> House:
    """The house with the markets' addresses, which differ from run to run."""
    wanted = {"sites": dict(town.sites), "categories": SOLD, "max_terms": 60}
    crawl = house.settings.crawl.model_copy(update=wanted)
    return replace(house, settings=house.settings.model_copy(update={"crawl": crawl}))
