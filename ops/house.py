"""The one place where the rooms are put together."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from db import campaigns, first_run, lexicon
from db.embedded import Embedded
from db.engine import Engine, connect, create_database, transaction, wait_until_up
from db.locks import holding
from db.migrations import migrate
from evidence import Address, Bucket, Limits, Objects, Store
from keywords import Lexicon, Matcher, builtin, builtin_version
from ops.quota import Quota
from ops.settings import Settings, Unit
from pipelines import District, Geography, Reception
from records import CITY, ELSEWHERE, UNDECIDED, now, shanghai

#: The demo's own database on the same server: made-up goods never meet real leads.
DEMO_DATABASE = "xunwang_demo"


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What the processes share: settings, database, evidence."""

    #: With `database_url` filled in, so that a child process finds the same server.
    settings: Settings
    engine: Engine
    store: Store
    #: True in the demo's own database.
    demo: bool
    #: Our own server; None where another serves, or another process looks after it.
    server: Embedded | None = None

    def reach(self, *, seconds: float) -> None:
        """Returns once the database answers; our own server is started again if it has died. Raises Fault."""
        if self.server is not None and not self.server.status().running:
            self.server.start()
        wait_until_up(self.engine, seconds=seconds)

    def unit(self) -> Unit:
        """Whose system this is: as people set it up in the house, else as the settings say."""
        with transaction(self.engine) as conn:
            told = first_run.steps(conn).get(first_run.Step.UNIT)
        return Unit.model_validate(told.detail) if told else self.settings.unit

    def told(self) -> dict[str, Any]:
        """The settings as a child process is told them, with the unit that counts."""
        return self.settings.model_copy(update={"unit": self.unit()}).model_dump(mode="json")

    def lexicon(self) -> Lexicon:
        """The live lexicon."""
        with transaction(self.engine) as conn:
            version = lexicon.live(conn)
        return Lexicon.from_data(version.content) if version else builtin()

    def matcher(self) -> Matcher:
        """Judges by the live lexicon; terms that have ended before today (in Shanghai) no longer count."""
        return Matcher(self.lexicon(), on=shanghai(now()).date())

    def reception(self, matcher: Matcher) -> Reception:
        """What `receive` works with."""
        unit = self.unit()
        return Reception(
            engine=self.engine,
            store=self.store,
            matcher=matcher,
            geography=Geography(
                city=unit.city,
                province=unit.province,
                districts=tuple(District(code=d.code, name=d.name, aliases=d.aliases) for d in unit.districts),
            ),
            seller_salt=self.settings.seller_salt(),
            now=now,
        )


def embedded(settings: Settings) -> Embedded:
    """The server that serves where no DATABASE_URL is given."""
    return Embedded(settings.home)


def open_house(settings: Settings, *, demo: bool = False, patience: float = 0.0) -> House:
    """Start or reach the database, bring it up to date, fill in what an empty one lacks.

    `patience`: seconds for a server that is not there yet, as on a machine that has just been switched on.
    """
    server = None if settings.database_url else embedded(settings)
    url = server.start() if server else settings.database_url
    if patience:
        wait_until_up(connect(url), seconds=patience)
    if demo:
        url = create_database(url, DEMO_DATABASE)
    house = enter_house(settings.model_copy(update={"database_url": url}), demo=demo)
    house = replace(house, server=server)
    migrate(house.engine)
    _furnish(house)
    return house


def enter_house(settings: Settings, *, demo: bool) -> House:
    """The same house for a child process: the database is there and up to date already."""
    root = settings.evidence_root / ("demo" if demo else "store")
    engine = connect(settings.database_url)
    quota = Quota(engine, settings.evidence.quota_gib << 30) if settings.evidence.quota_gib else None
    store = _store(settings, engine, root, Limits(quota=quota), demo=demo)
    return House(settings=settings, engine=engine, store=store, demo=demo)


def _store(settings: Settings, engine: Engine, root: Path, limits: Limits, *, demo: bool) -> Store:
    """A folder, or the bucket that is set; the demo never leaves its folder."""
    bucket = settings.evidence.bucket
    if not bucket.url or demo:
        return Store(root, limits=limits)
    name = f"evidence:{bucket.url}/{bucket.name}/{bucket.prefix}"

    def alone(alone: bool) -> AbstractContextManager[bool]:
        return holding(engine, name, shared=not alone)

    return Bucket(root, Objects(Address(**bucket.model_dump())), limits=limits, alone=alone)


def _furnish(house: House) -> None:
    """Districts, the default campaign and the built-in lexicon: idempotent, at every start."""
    unit = house.unit()
    districts = [(d.code, d.name) for d in unit.districts]
    districts += [("city", CITY), ("undecided", UNDECIDED), ("elsewhere", ELSEWHERE)]
    with transaction(house.engine) as conn:
        campaigns.seed_districts(conn, districts)
        campaigns.ensure_default(conn)
        live = lexicon.live_name(conn)
        shipped = builtin_version()
        # a lexicon that people released stays live through an upgrade; a built-in one follows the program
        if not live or (live.startswith("builtin-") and live != shipped):
            lexicon.publish(conn, shipped, builtin().to_data(), author="xunwang", note="随程序附带的词库", at=now())
