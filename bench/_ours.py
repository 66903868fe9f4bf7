"""Our side of the crawl bench: a house of its own, definitions of the street's platforms, real slices and workers."""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench._crew import Errand
from bench._street import House as Platform
from crawler import definition
from db.engine import create_database, drop_database, transaction
from ops.house import House, embedded, open_house
from ops.planning import Chosen
from ops.scanning import plan_scan
from ops.settings import Settings, read_settings
from ops.slices import slice_command, slice_order
from ops.worker import enqueue, queue_app

_DATABASE = "xunwang_bench"
_PLATFORMS = Path(__file__).resolve().parent.parent / "crawler" / "platforms"


@contextmanager
def bench_house(home: Path, crawl: Mapping[str, Any] | None = None) -> Iterator[House]:
    """A fresh database on the machine's server, dropped at the end; evidence and secrets under `home`.

    `crawl`: how it goes out; left out, as the peers do.
    """
    told = read_settings()
    url = told.database_url or embedded(told).start()
    drop_database(url, _DATABASE)
    mine = create_database(url, _DATABASE)
    going = _CRAWL if crawl is None else crawl
    house = open_house(Settings(home=home, database_url=mine, crawl={**going, "chromium": told.crawl.chromium}))
    try:
        yield house
    finally:
        house.engine.dispose()
        drop_database(url, _DATABASE)


#: No budget, no search, cards alone: what bare Scrapy is asked for too.
_CRAWL: dict[str, Any] = {
    "user_agent": "xunwang-bench/0.1 (+https://example.invalid/contact)",
    "max_pages": 10_000,
    "max_details": 0,
    "max_terms": 0,
    "budget": {},
}


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One scan over the street, written down and not yet run."""

    house: House
    scan_id: int
    keys: tuple[str, ...]

    def errands(self) -> list[Errand]:
        """Its slices, as the worker starts them."""
        return [
            Errand(command=slice_command(), order=slice_order(self.house, self.scan_id, key, quiet=True))
            for key in self.keys
        ]

    def stored(self) -> dict[str, int]:
        """What the database says: pages read, listings, hits, and queries that did not end as searched."""
        counts = "select coalesce(sum(pages), 0) as pages, count(*) filter (where outcome is distinct from 'searched')"
        with transaction(self.house.engine) as conn:
            row = conn.execute(text(f"{counts} as other from queries where scan_id = :id"), {"id": self.scan_id}).one()
            listings = conn.execute(text("select count(*) from listings")).scalar_one()
            hits = conn.execute(text("select count(*) from listings where level <> 'none'")).scalar_one()
        return {"pages": row.pages, "not_searched": row.other, "listings": listings, "hits": hits}


def plan(
    house: House, platforms: Sequence[Platform], sites: Sequence[str], *, delay: float = 0.0, words: Sequence[str] = ()
) -> Scan:
    """A scan of the platforms at `sites`: their newest listings to the last page, or a query for each of `words`.

    Forgets what earlier scans have stored, so that every listing is new again.
    """
    with transaction(house.engine) as conn:
        # what is append-only refuses to be emptied, even where it is empty: this database is the bench's own
        conn.execute(text("set local session_replication_role = replica"))
        conn.execute(text("truncate listings, sellers, queries, scans, pacing, spending, robots cascade"))
    folder = Path(tempfile.mkdtemp(prefix="platforms-", dir=house.settings.home))
    chosen = []
    for number, (platform, site) in enumerate(zip(platforms, sites, strict=True)):
        file = folder / f"bench_{number}.yml"
        file.write_text(_definition(platform, site, delay=delay, search=bool(words)), "utf-8")
        chosen.append(Chosen(definition=definition(file), file=str(file), site=site))
    # what stands on this machine may be reached only where the settings say so
    sites_of = {one.definition.key: one.site for one in chosen}
    crawl = house.settings.crawl.model_copy(update={"sites": sites_of})
    house = replace(house, settings=house.settings.model_copy(update={"crawl": crawl}))
    options = {"terms": list(words)} if words else {}
    scan_id = plan_scan(house, chosen, house.lexicon(), kind="manual", options=options)
    assert scan_id is not None
    return Scan(house=house, scan_id=scan_id, keys=tuple(one.definition.key for one in chosen))


def _definition(platform: Platform, site: str, *, delay: float, search: bool) -> str:
    """The demo's own definition of such a market at another address, with another delay."""
    ours = {"site": site, "delay": f"{delay:g}", "max_pages": "10000"}
    if search:  # a page an address
        ours |= {"next_page": '""', "more": '""'}
    ours["region"] = "不分地区"  # one address a page, as for the others
    written = (_PLATFORMS / f"{platform.market}.yml").read_text("utf-8")
    lines = written.replace("area={region}&", "").splitlines()
    dropped = {*ours, *(() if search else ("search_url",))}
    kept = [line for line in lines if line.partition(":")[0] not in dropped]
    return "\n".join([*kept, *(f"{name}: {value}" for name, value in ours.items())]) + "\n"


def put_in_queue(scan: Scan) -> None:
    """A job for each of the scan's platforms."""
    app = queue_app(scan.house)
    with app.open():
        enqueue(scan.house, app, scan.scan_id)


def worker(house: House) -> Errand:
    """A worker that takes one slice at a time and ends with the queue."""
    order = json.dumps(house.settings.model_dump(mode="json")).encode()
    return Errand(command=[sys.executable, "-W", "ignore", "-m", "bench._worker"], order=order)
