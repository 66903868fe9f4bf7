"""Three nights in one town, each scanned once for all the tests that judge it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo.serve import RunningTown, running
from ops.house import House, open_house
from ops.make_believe import scan_town
from ops.settings import read_settings
from tests.acceptance.judging import CRAWL_DELAY, Scanned, sql
from tests.conftest import copied_database

#: Listings a market.
SMALL = 300


def scan(house: House, town: RunningTown) -> Scanned:
    """Scan the town once through the real code path."""
    before = {key: len(town.log(key)) for key in town.sites}
    said, rows = scan_town(house, town)
    [(scan_id,)] = sql(house.settings.database_url, "select max(id) from scans")
    logs = {key: town.log(key)[before[key] :] for key in town.sites}
    return Scanned(town=town, house=house, scan_id=scan_id, said=said, rows=rows, logs=logs)


def house_at(home: Path, database_url: str, chromium: str) -> House:
    """A house of a test's own. The make-believe markets stand in its settings, so it need not be the demo's."""
    house = open_house(read_settings(None, home=home, database_url=database_url))
    crawl = house.settings.crawl.model_copy(update={"chromium": chromium})
    return replace(house, settings=house.settings.model_copy(update={"crawl": crawl}))


@pytest.fixture(scope="session")
def opening_night(
    server_url: str, migrated_template: str, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scanned]:
    """The first scan of a town that nobody has scanned before."""
    home = tmp_path_factory.mktemp("opening-night")
    with (
        copied_database(server_url, migrated_template) as url,
        running(listings=SMALL, log_dir=home, crawl_delay=CRAWL_DELAY) as town,
    ):
        house = house_at(home / "house", url, chromium)
        try:
            yield scan(house, town)
        finally:
            house.engine.dispose()


@pytest.fixture(scope="session")
def second_night(opening_night: Scanned) -> tuple[Scanned, dict[str, set[tuple[object, ...]]]]:
    """The scan after it, the town being as it was; and what had been stored before."""
    before = stored(opening_night)
    return scan(opening_night.house, opening_night.town), before


@pytest.fixture(scope="session")
def changed_night(second_night: tuple[Scanned, dict[str, set[tuple[object, ...]]]]) -> Scanned:
    """The scan after that: in every market two prices of a hundred have fallen and six listings are new."""
    night = second_night[0]
    for key in night.town.sites:
        night.town.change(key, changed_share=0.02, new_listings=6)
    return scan(night.house, night.town)


def stored(night: Scanned) -> dict[str, set[tuple[object, ...]]]:
    """What the database knows, by table: everything that an idle night must leave as it is."""
    statements = {
        "listings": "select platform, item_id, fingerprint, level, score, first_seen from listings",
        "versions": "select listing_id, fingerprint from listing_versions",
        "assessments": "select id from assessments",
        "sellers": "select platform, key, name from sellers",
        "leads": "select id, subject_key, hits, score, state, version from leads",
        "captures": "select id from captures",
        "owed": "select listing_id from captures_due",
        "evidence": "select sha256 from evidence_files",
        "outbox": "select key from outbox",
        "quarantine": "select id from quarantine",
    }
    return {name: set(night.sql(statement)) for name, statement in statements.items()}
