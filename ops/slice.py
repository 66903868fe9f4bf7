"""A slice: the unfinished queries of one platform in one scan, run in a short-lived process of its own.

`python -m ops.slice` reads its order from standard input (settings with their secrets never stand in argv or in
the environment), holds the platform's lock, and dies with its parent.
"""

import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from crawler import BrowserSettings, Definition, Delivered, Hooks, Interrupted, Limits, definition
from db import canaries, evidence, lexicon, listings, runs, scans, shells
from db.engine import naming_outages, transaction
from db.faults import DatabaseUnreachable
from db.locks import Lease, holding, leasing
from egress import WayOut
from ops.courtesy import courtesy_for
from ops.gateway import allowed, way_out
from ops.house import House, enter_house
from ops.logs import log_to_stderr
from ops.own_pages import own_pages
from ops.parent import die_with_parent
from ops.settings import Settings
from ops.surroundings import surroundings_of
from pipelines import Reception, control_words, receive, rematch, settle
from records import CANARY, Assessment, Control, Listing, Query, QueryReport, ScanStatus, Sighting, now

#: Exit code of a slice that lost its database, and with it the right to go on: not its fault.
DATABASE_AWAY = os.EX_TEMPFAIL


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What the parent asks a slice to do."""

    scan_id: int
    #: Key of the platform.
    platform: str
    #: The definition's file where it is not a built-in one; else empty.
    file: str
    #: Base address that replaces the definition's own; empty for none.
    site: str
    demo: bool
    #: List pages a query may read; 0: as the settings say.
    max_pages: int
    #: True where a person watches: warnings alone are logged.
    quiet: bool
    #: Process id of the parent, so that an orphan notices.
    parent: int
    settings: dict[str, Any]


def order_text(house: House, order: dict[str, Any]) -> bytes:
    """The order as the child reads it; `order` holds the fields that differ from slice to slice."""
    settings = house.told()
    return json.dumps(asdict(Order(**order, demo=house.demo, parent=os.getpid(), settings=settings))).encode()


def run(order: Order) -> None:
    """Run the platform's unfinished queries to their ends."""
    house = enter_house(Settings(**order.settings), demo=order.demo)
    with leasing(house.engine, f"platform:{order.platform}") as lease:
        reception = house.reception(house.matcher())
        if order.platform == CANARY:
            _sing(house, reception, order.scan_id)
            return
        _judge_again(house, reception)
        with transaction(house.engine) as conn:
            queries = scans.unfinished(conn, order.scan_id, order.platform, whole_nights=_whole_nights(house, order))
            attempt = scans.begin_slice(conn, order.scan_id, order.platform)
            if evidence.due(conn, order.platform, limit=1):
                # somewhere behind known cards a hit waits for its capture: read every query to its end this once
                queries = [replace(query, read_before=False) for query in queries]
            doubtful = control_words(conn, order.scan_id, order.platform, definition_of(order).control)
        if queries or doubtful:
            # Scrapy and Playwright, over a second: only the process that goes out pays for them
            from crawler import patrol

            # the lexicon and what was imported stay to the end: looked through once more with every full collection,
            # they cost 0.15 s each time
            gc.freeze()
            with guard_of(house.settings, order) as opened:
                patrol(
                    definition_of(order),
                    queries,
                    hooks=_hooks(house, reception, order, attempt, lease),
                    limits=_tonight(house, order),
                    way_out=opened,
                )
        with transaction(house.engine) as conn:
            settle(conn, order.scan_id, [order.platform], now())


def _whole_nights(house: House, order: Order) -> int:
    """Where what was changed stands on top, nothing further down is worth the pages."""
    return 0 if definition_of(order).sort == "updated" else house.settings.crawl.whole_nights


def _sing(house: House, reception: Reception, scan_id: int) -> None:
    from ops.canary import sing  # needed once a night

    led, note = sing(house, reception)
    with transaction(house.engine) as conn:
        canaries.ended(conn, scan_id, led=led, note=note, at=now())
        settle(conn, scan_id, [], now())


def _tonight(house: House, order: Order) -> Limits:
    """A platform that shut us out last time is asked one question: where that is answered, the patrol goes on."""
    limits = limits_of(house.settings, order.max_pages, allowed_of(house.settings, order))
    with transaction(house.engine) as conn:
        last = runs.last_status(conn, order.platform, order.scan_id)
    return replace(limits, walls=1) if last is ScanStatus.BLOCKED else limits


def _judge_again(house: House, reception: Reception) -> None:
    """After a change of the lexicon the stored listings are judged by it before anything new is: once, by one slice."""
    version = reception.matcher.lexicon_version
    with holding(house.engine, "rematch"):
        with transaction(house.engine) as conn:
            if lexicon.is_rematched(conn, version):
                return
        rematch(reception)
        with transaction(house.engine) as conn:
            lexicon.rematched(conn, version, now())


def definition_of(order: Order) -> Definition:
    """The definition that an order means, at the address that it means."""
    found = definition(Path(order.file) if order.file else order.platform)
    return found.at(order.site) if order.site else found


def allowed_of(settings: Settings, order: Order) -> tuple[str, ...]:
    """What of this machine a patrol for this order may reach."""
    return allowed(settings, definition_of(order), file=order.file, site=order.site, demo=order.demo)


def guard_of(settings: Settings, order: Order) -> AbstractContextManager[WayOut]:
    """The guard that a patrol for this order goes out through."""
    return way_out(definition_of(order), allowed_of(settings, order))


def limits_of(settings: Settings, max_pages: int, allowed_here: tuple[str, ...]) -> Limits:
    """What a patrol may cost. `max_pages`: 0 for as the settings say; `allowed_here`: see `ops.gateway.allowed`."""
    crawl = settings.crawl
    return Limits(
        user_agent=crawl.user_agent,
        max_pages=max_pages or crawl.max_pages,
        max_details=crawl.max_details,
        reread_pages=crawl.reread_pages,
        page_deadline=crawl.page_deadline,
        robots_hours=crawl.robots_hours,
        allow_loopback=bool(allowed_here),
        browser=BrowserSettings(
            executable=Path(crawl.chromium) if crawl.chromium else None,
            pages=crawl.browser_pages,
            megabytes=crawl.browser_megabytes,
            remote=crawl.browser_url,
            proxy=crawl.browser_proxy,
        ),
    )


def _hooks(house: House, reception: Reception, order: Order, attempt: int, lease: Lease) -> Hooks:
    neutral = definition_of(order).control

    def known(platform: str, cards: Sequence[tuple[str, str]]) -> set[str]:
        return listings.known(lease, platform, cards, now())

    def skimmed(platform: str, items: Sequence[str]) -> dict[str, Listing]:
        with transaction(house.engine) as conn:
            return listings.skimmed(conn, platform, items)

    def judge(listing: Listing) -> Assessment:
        return reception.matcher.assess(listing)

    def deliver(sightings: list[Sighting]) -> Delivered:
        received = receive(sightings, reception)
        return Delivered(new=received.new, hits=received.hits)

    def starting(query: Query) -> None:
        with transaction(house.engine) as conn:
            scans.started(conn, query.id, now())

    def report(ended: QueryReport) -> None:
        with transaction(house.engine) as conn:
            scans.ended(conn, ended, attempt=attempt)

    def doubt() -> tuple[str, ...]:
        with transaction(house.engine) as conn:
            return control_words(conn, order.scan_id, order.platform, neutral)

    def controlled(control: Control) -> None:
        with transaction(house.engine) as conn:
            runs.control_ended(conn, order.scan_id, order.platform, control)

    def needs_browser() -> bool:
        nights = timedelta(days=house.settings.crawl.shell_nights)
        with transaction(house.engine) as conn:
            return shells.remembered(conn, order.platform, since=now() - nights)

    def learned(shell: bool) -> None:
        with transaction(house.engine) as conn:
            shells.remember(conn, order.platform, now()) if shell else shells.forget(conn, order.platform)

    return Hooks(
        known=known,
        judge=judge,
        deliver=deliver,
        starting=starting,
        report=report,
        skimmed=skimmed,
        doubt=doubt,
        controlled=controlled,
        shells=needs_browser,
        learned=learned,
        **own_pages(house, reception, definition_of(order), order.scan_id),
        surroundings=surroundings_of(house.settings),
        courtesy=courtesy_for(house, order.platform, lease),
    )


def main() -> None:
    """Entry point of the child process."""
    order = Order(**json.load(sys.stdin))
    die_with_parent(order.parent)
    log_to_stderr(quiet=order.quiet)
    try:
        with naming_outages():
            run(order)
        _leave()
    except Interrupted:  # told to end: what is left stays open for whoever goes on
        sys.exit(128 + signal.SIGTERM)
    except DatabaseUnreachable:
        sys.exit(DATABASE_AWAY)


def _leave() -> NoReturn:
    """Ends this process at once: all is stored, and taking Scrapy and the lexicon down piece by piece takes a third of
    a second of the processor."""
    logging.shutdown()
    sys.stderr.flush()
    os._exit(os.EX_OK)


if __name__ == "__main__":
    main()
