"""A first night and those after it: what each costs by the markets' own count, and what it saw of what had changed.

`python -m bench.nights [--json] [--listings N] [--nights N] [--changed SHARE]`. Before each night after the first the
given share of every market's listings changes or goes, wherever it stands, and every time in the database is put back
by a day, so that what comes round by the calendar does. What came out is in docs/operating.md.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench._ours import bench_house
from bench.matcher import machine
from db.engine import transaction
from demo.access import LogEntry
from demo.markets import Market
from demo.serve import RunningTown, running
from ops.house import House
from ops.make_believe import scan_town

#: What a market is asked for → how such addresses begin; what fits none is an item's own page.
_KINDS = {
    "robots": ("/robots.txt",),
    "pictures": ("/pic/",),
    "searches": ("/search", "/api/search"),
    "lists": ("/latest/", "/goods/", "/api/list"),
}
_CLOCKS = (
    "select c.table_name, c.column_name from information_schema.columns c"
    " join pg_tables t on t.tablename = c.table_name"
    " where c.table_schema = 'public' and t.schemaname = 'public'"
    " and c.data_type in ('timestamp with time zone', 'date') and c.table_name not like 'procrastinate%'"
)


def nights(house: House, town: RunningTown, count: int, share: float) -> list[dict[str, Any]]:
    """Scans the town once and then `count` times more, a day apart; a row a night."""
    rows = [_night(house, town, share, 0)]
    for number in range(1, count + 1):
        _a_day_passes(house)
        for key in town.sites:
            town.change(key, edited_share=share)
        rows.append(_night(house, town, share, number))
    return [row | {"share": round(row["requests"] / rows[0]["requests"], 4)} for row in rows]


def _night(house: House, town: RunningTown, share: float, number: int) -> dict[str, Any]:
    before = {key: len(town.log(key)) for key in town.sites}
    said, _ = scan_town(house, town)
    entries = [entry for key in town.sites for entry in town.log(key)[before[key] :]]
    kinds = Counter(_kind(entry) for entry in entries)
    missed = _missed(house, town, share, number)
    return {
        "night": number + 1,
        "requests": len(entries),
        **{kind: kinds[kind] for kind in ("lists", "searches", "items", "pictures", "robots")},
        "changed": sum(len(_changed(market, number)) for market in _markets(town, share, number)) if number else 0,
        "missed": missed,
        "queries": said.queries,
        "seconds": said.seconds,
    }


def _kind(entry: LogEntry) -> str:
    if entry.path == "/":
        return "lists"
    return next((kind for kind, begins in _KINDS.items() if entry.path.startswith(begins)), "items")


def _markets(town: RunningTown, share: float, number: int) -> Iterable[Market]:
    for key in town.sites:
        market = town.town().market(key)
        for _ in range(number):
            market = market.later(changed=share)
        yield market


def _changed(market: Market, number: int) -> list[int]:
    """What the market says that it did to its listings on the way to this night: those not gone before."""
    early = _before(market)
    standing = [one for one in market.indices if early is None or early.find(early.offer(one).item_id)]
    return [one for one in standing if len(market.changes_of(one)) > (len(early.changes_of(one)) if early else 0)]


def _before(market: Market) -> Market | None:
    if not market.changes:
        return None
    return Market(market.town, market.key, changes=market.changes[:-1])


def _missed(house: House, town: RunningTown, share: float, number: int) -> int:
    """Listings that stand in the database otherwise than in the market tonight: title, price, gone and still there."""
    stored = (
        "select item_id, title, price, last_seen < :began or state = '已下架' as unseen from listings"
        " where platform = :key"
    )
    wrong = 0
    with transaction(house.engine) as conn:
        began = conn.execute(text("select max(planned_at) from scans")).scalar_one()
        for market in _markets(town, share, number):
            rows = conn.execute(text(stored), {"key": market.key, "began": began}).all()
            known = {row.item_id: row for row in rows}
            for one in market.indices:
                offer = market.offer(one)
                row = known.get(offer.item_id)
                if market.find(offer.item_id) is None:
                    wrong += row is not None and not row.unseen
                else:
                    wrong += row is None or (row.title, row.price) != (offer.title, offer.price)
    return wrong


def _a_day_passes(house: House) -> None:
    with transaction(house.engine) as conn:
        # what is append-only refuses to be changed: this database is the bench's own
        conn.execute(text("set local session_replication_role = replica"))
        for table, column in conn.execute(text(_CLOCKS)).all():
            # by a leap and back: a date that takes the place of the one before it must not meet it there
            for step in ("- interval '10001 days'", "+ interval '10000 days'"):
                conn.execute(text(f'update "{table}" set "{column}" = "{column}" {step}'))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the nights."""
    parser = argparse.ArgumentParser(prog="bench.nights", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--listings", type=int, default=300, help="a market")
    parser.add_argument("--nights", type=int, default=5, help="after the first")
    parser.add_argument("--changed", type=float, default=0.02, help="share of the listings, a night")
    told = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="xunwang-bench-") as scratch,
        bench_house(Path(scratch), {}) as house,
        running(listings=told.listings, crawl_delay=0) as town,
    ):
        rows = nights(house, town, told.nights, told.changed)
    if told.json:
        json.dump({"machine": machine(), "listings": told.listings, "nights": rows}, sys.stdout, ensure_ascii=False)
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
