"""`xunwang scan --dry-run`: goes out like a scan, says what it found, and stores nothing.

As polite as a scan: the platform's lock and the shared pace are the same. The child process reports on standard
output, a JSON object a line, instead of into the database.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from crawler import Delivered, Hooks, Interrupted
from db.locks import Lease, leasing
from db.scans import QueryRow
from ops.courtesy import courtesy_for
from ops.house import House, enter_house
from ops.logs import log_to_stderr
from ops.parent import die_with_parent
from ops.settings import Settings
from ops.slice import Order, allowed_of, definition_of, guard_of, limits_of
from records import Listing, Measures, Outcome, Query, QueryKind, QueryReport, Sighting

_COUNTS = ("requests", "pages", "cards", "new", "card_only", "hits")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """What a platform gave."""

    rows: tuple[QueryRow, ...]
    #: Listings at review level or above: platform, item_id, url, title, level, score, category.
    hits: tuple[dict[str, Any], ...]


def rehearse(slices: Sequence[tuple[bytes, list[Query]]]) -> Rehearsed:
    """Run every slice (its order as `ops.slice.order_text` writes it, its queries) in a child process, side by side."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda one: _rehearse_one(*one), slices))
    return Rehearsed(
        rows=tuple(row for each in done for row in each.rows), hits=tuple(hit for each in done for hit in each.hits)
    )


def _rehearse_one(order: bytes, queries: list[Query]) -> Rehearsed:
    asked = [{"kind": query.kind, "text": query.text, "region": query.region} for query in queries]
    words = json.dumps({"order": json.loads(order), "queries": asked}).encode()
    child = subprocess.run([sys.executable, "-m", "ops.rehearsal"], input=words, stdout=subprocess.PIPE, check=False)
    told = [json.loads(line) for line in child.stdout.splitlines()]
    ends = {(one["kind"], one["text"], one["region"]): one for one in told if "outcome" in one}
    rows = tuple(_row(query, ends.get((query.kind, query.text, query.region), {})) for query in queries)
    return Rehearsed(rows=rows, hits=tuple(one for one in told if "item_id" in one))


def _row(query: Query, end: dict[str, Any]) -> QueryRow:
    """A query as its child told it; one that was not told of ended with the child."""
    return QueryRow(
        query=query,
        outcome=Outcome(end.get("outcome", Outcome.FAILED)),
        note=end.get("note", "采集进程异常退出"),
        **{name: int(end.get(name, 0)) for name in _COUNTS},
        measures=Measures(),
        started_at=None,
        finished_at=None,
    )


def _tell(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")  # ASCII: no listing's text can forge a line
    sys.stdout.flush()


def _hooks(house: House, platform: str, lease: Lease) -> Hooks:
    matcher = house.matcher()
    seen: set[str] = set()

    def deliver(sightings: list[Sighting]) -> Delivered:
        new = {one.listing.item_id for one in sightings} - seen
        seen.update(new)
        judged = [(one.listing, matcher.assess(one.listing)) for one in sightings]
        hits = [(listing, judgement) for listing, judgement in judged if judgement.level.is_hit]
        for listing, judgement in hits:
            facts = {"level": judgement.level, "score": judgement.score, "category": judgement.category}
            _tell(_named(listing) | facts)
        return Delivered(new=len(new), hits=len(hits))

    def report(ended: QueryReport) -> None:
        query = {name: getattr(ended.query, name) for name in ("kind", "text", "region")}
        end = {"outcome": ended.outcome, "note": ended.note}
        _tell(query | end | {name: getattr(ended, name) for name in _COUNTS})

    return Hooks(
        known=lambda _platform, _cards: set(),
        judge=matcher.assess,
        deliver=deliver,
        starting=lambda _query: None,
        report=report,
        courtesy=courtesy_for(house, platform, lease),
    )


def _named(listing: Listing) -> dict[str, Any]:
    return {name: getattr(listing, name) for name in ("platform", "item_id", "url", "title")}


def main() -> None:
    """Entry point of the child process."""
    asked = json.load(sys.stdin)
    order = Order(**asked["order"])
    from crawler import patrol  # over a second: only the process that goes out pays for it

    die_with_parent(order.parent)
    log_to_stderr(quiet=True)
    settings = Settings(**order.settings)
    queries = [
        Query(platform=order.platform, kind=QueryKind(q["kind"]), text=q["text"], region=q["region"])
        for q in asked["queries"]
    ]
    house = enter_house(settings, demo=order.demo)
    with leasing(house.engine, f"platform:{order.platform}") as lease:
        hooks = _hooks(house, order.platform, lease)
        try:
            with guard_of(settings, order) as opened:
                limits = limits_of(settings, order.max_pages, allowed_of(settings, order))
                patrol(definition_of(order), queries, hooks=hooks, limits=limits, way_out=opened)
        except Interrupted:  # the parent says what became of the queries
            sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
