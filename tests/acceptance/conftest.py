"""Four nights in one town, each scanned once for all the tests that judge it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from db.engine import parse
from demo.serve import RunningTown, running
from ops.house import House, open_house
from ops.make_believe import scan_town
from ops.settings import read_settings
from tests.acceptance.judging import CRAWL_DELAY, Scanned, sql
from tests.conftest import copied_database

#: Listings a market.
SMALL = 300
#: Share of listings that change before the third night, and how many come before the fourth; in every market.
CHANGED, NEW = 0.02, 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """Databases as they stood after each scan."""

    #: On which they are made.
    server: str
    #: Drops them at the end.
    stack: ExitStack

    def take(self, url: str) -> str:
        """URL of a copy of the database at `url`, which nobody may be using."""
        return self.stack.enter_context(copied_database(self.server, parse(url).database or ""))


def scan(house: House, town: RunningTown, copies: Copies) -> Scanned:
    """Scan the town once through the real code path."""
    before = {key: len(town.log(key)) for key in town.sites}
    said, rows = scan_town(house, town)
    logs = {key: town.log(key)[before[key] :] for key in town.sites}
    house.engine.dispose()  # a database in use cannot be copied
    url = copies.take(house.settings.database_url)
    [(scan_id,)] = sql(url, "select max(id) from scans")
    return Scanned(town=town, house=house, url=url, scan_id=scan_id, said=said, rows=rows, logs=logs)


def house_at(home: Path, database_url: str, chromium: str) -> House:
    """A house of a test's own. The make-believe markets stand in its settings, so it need not be the demo's."""
    house = open_house(read_settings(None, home=home, database_url=database_url))
    crawl = house.settings.crawl.model_copy(update={"chromium": chromium})
    return replace(house, settings=house.settings.model_copy(update={"crawl": crawl}))


@pytest.fixture(scope="session")
def copies(server_url: str) -> Iterator[Copies]:
    """Databases to be dropped at the end of the run."""
    with ExitStack() as stack:
        yield Copies(server=server_url, stack=stack)


@pytest.fixture(scope="session")
def opening_night(
    copies: Copies, server_url: str, migrated_template: str, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scanned]:
    """The first scan of a town that nobody has scanned before."""
    home = tmp_path_factory.mktemp("opening-night")
    with (
        copied_database(server_url, migrated_template) as url,
        running(listings=SMALL, log_dir=home, crawl_delay=CRAWL_DELAY) as town,
    ):
        house = house_at(home / "house", url, chromium)
        try:
            yield scan(house, town, copies)
        finally:
            house.engine.dispose()


@pytest.fixture(scope="session")
def second_night(opening_night: Scanned, copies: Copies) -> Scanned:
    """The scan after it, the town being as it was."""
    return scan(opening_night.house, opening_night.town, copies)


@pytest.fixture(scope="session")
def changed_night(second_night: Scanned, copies: Copies) -> Scanned:
    """The scan after that: in every market two listings of a hundred have changed or gone."""
    for key in second_night.town.sites:
        second_night.town.change(key, edited_share=CHANGED)
    return scan(second_night.house, second_night.town, copies)


@pytest.fixture(scope="session")
def busy_night(changed_night: Scanned, copies: Copies) -> Scanned:
    """The scan after that: in every market six listings are new."""
    for key in changed_night.town.sites:
        changed_night.town.change(key, new_listings=NEW)
    return scan(changed_night.house, changed_night.town, copies)
