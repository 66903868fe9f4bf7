"""`xunwang demo`: the main job on make-believe markets, in a database of its own."""

import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from db import queue
from db.engine import transaction
from db.scans import QueryRow
from demo.serve import RunningTown
from ops.commands.scan import watch_scan
from ops.house import House
from ops.planning import chosen
from ops.scanning import plan_scan

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


def scan_town(house: House, town: RunningTown) -> tuple[DemoScan, list[QueryRow]]:
    """Scan the open markets of `town` once; the counts and the queries."""
    begun = time.monotonic()
    there = _at(house, town)
    scan_id = plan_scan(there, chosen(there.settings, town.sites, demo=True), there.lexicon(), kind="demo")
    if scan_id is None:  # only a schedule's scan can be there already
        raise AssertionError("a demo scan was not planned")
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
