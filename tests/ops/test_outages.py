"""The database goes away, a slice dies, memory or files run short: what works for days lives through it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import scans, schedules
from db.embedded import Embedded
from db.engine import connect, transaction
from db.faults import DatabaseUnreachable
from db.locks import holding, leasing
from db.schedules import Schedule
from ops import slices
from ops.house import House, open_house
from ops.leave import Leave
from ops.outage import outlast
from ops.settings import Crawl, read_settings
from ops.slice import DATABASE_AWAY
from ops.slices import ATTEMPTS, OVERGROWN, Children, run_slice
from ops.ticking import tick_or_wait
from ops.worker import queue_app
from records import Outcome, Query, QueryKind, Spent, now, shanghai, shanghai_date
from tests.acceptance.houses import ROOT, one, sql, until
from tests.conftest import remove

pytestmark = [pytest.mark.db]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    opened = open_house(read_settings(None, home=tmp_path, database_url=database_url))
    yield opened
    opened.engine.dispose()


# --- locks ---


def cut(engine: Engine) -> None:
    """End every connection that holds an advisory lock, as a restart of the server would."""
    sql(engine, "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")


def test_who_lost_a_lock_is_told_so_and_a_rival_has_it(database_url: str, engine: Engine) -> None:
    mine = connect(database_url)
    with leasing(mine, "platform:x") as lease:
        lease.check()
        cut(engine)
        with pytest.raises(DatabaseUnreachable):
            lease.check()
        with holding(engine, "platform:x", wait=False) as got:
            assert got
        with pytest.raises(DatabaseUnreachable):  # and never again, whatever the server does
            lease.check()
        with pytest.raises(DatabaseUnreachable):  # a turn is asked for over that connection and no other
            Leave(lease, Crawl(), "x").turn(Spent(), Spent(requests=1), 1.0)
    assert one(engine, "select count(*) from spending") == 0
    mine.dispose()


def test_the_queue_has_the_time_limits_of_everybody(house: House, raw: Engine) -> None:
    with queue_app(house).open() as app:
        app.configure_task("slice", queue="scans", queueing_lock="x").defer(scan_id=1, platform="x")
        found = one(raw, "select count(*) from pg_stat_activity where application_name = 'xunwang queue'")
        names = "'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'"
        asked = f"select current_setting(name) as value from unnest(array[{names}]) as name"
        limits = app.connector.get_sync_connector().execute_query_all(asked)
    assert found >= 1
    assert [row["value"] for row in limits] == ["1min", "20s", "2min"]


# --- slices that die ---


def planned(house: House, words: int) -> int:
    """A scan of one platform with so many queries."""
    asked = [Query(platform="x", kind=QueryKind.SEARCH, text=f"词{n}") for n in range(words)]
    with transaction(house.engine) as conn:
        scan_id = scans.plan(conn, asked, planned_for=shanghai_date(now()), kind="foreground", at=now(),
                             options={"platforms": {}})  # fmt: skip
    assert scan_id is not None
    return scan_id


class Dying(Children):
    """Slices that end with the given codes, each one query further where the code is 0 or None is left."""

    def __init__(self, house: House, scan_id: int, codes: Iterator[int], *, poison: str = "") -> None:
        super().__init__()
        self._house, self._scan_id, self._codes, self._poison = house, scan_id, codes, poison
        self.begun = 0

    def run(self, order: bytes, *, megabytes: int = 0) -> int | None:
        self.begun += 1
        code = next(self._codes, 0)
        if code == DATABASE_AWAY:
            return code
        with transaction(self._house.engine) as conn:
            for query in scans.unfinished(conn, self._scan_id, "x"):
                scans.started(conn, query.id, now())
                if query.text == self._poison:
                    return 1
                if code:
                    return code
                scans.end_one(conn, query.id, Outcome.SEARCHED, "", now())
        return 0


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices.time, "sleep", lambda _: None)


def ends(house: House) -> list[str]:
    return [outcome for (outcome,) in sql(house.engine, "select coalesce(outcome, '') from queries order by id")]


@pytest.mark.usefixtures("at_once")
def test_a_query_that_kills_its_process_ends_alone(house: House) -> None:
    scan_id = planned(house, 5)
    children = Dying(house, scan_id, iter(()), poison="词2")
    run_slice(house, scan_id, "x", children)
    assert ends(house) == ["searched", "searched", "failed", "searched", "searched"]
    assert children.begun == ATTEMPTS + 1
    assert "连续 3 次" in one(house.engine, "select note from queries where outcome = 'failed'")


@pytest.mark.usefixtures("at_once")
def test_a_database_that_is_away_and_kills_from_outside_are_nobodys_fault(house: House) -> None:
    scan_id = planned(house, 3)
    codes = [DATABASE_AWAY] * 20 + [-signal.SIGKILL] * 25 + [DATABASE_AWAY]
    run_slice(house, scan_id, "x", Dying(house, scan_id, iter(codes)))
    assert ends(house) == ["searched"] * 3


@pytest.mark.usefixtures("at_once")
def test_what_dies_for_ever_is_not_begun_for_ever(house: House) -> None:
    scan_id = planned(house, 2)
    children = Dying(house, scan_id, iter([-signal.SIGKILL] * 1000))
    run_slice(house, scan_id, "x", children)
    assert ends(house) == ["failed", "failed"]
    assert children.begun < 100


def test_a_child_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_LOOK", 0.3)
    hungry = [sys.executable, "-c", "import time; held = bytearray(300 << 20); time.sleep(120)"]
    monkeypatch.setattr(slices, "slice_command", lambda: hungry)
    assert Children().run(b"", megabytes=200) == OVERGROWN
    modest = [sys.executable, "-c", "import sys, time; sys.stdin.read(); time.sleep(1)"]
    monkeypatch.setattr(slices, "slice_command", lambda: modest)
    assert Children().run(b"{}", megabytes=200) == 0


# --- PostgreSQL away at two in the morning ---


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Embedded]:
    server = Embedded(tmp_path / "server")
    try:
        yield server
    finally:
        remove(server)


def due_at_this_minute(house: House) -> None:
    moment = shanghai(now())
    with transaction(house.engine) as conn:
        minute = moment.hour * 60 + moment.minute
        since = moment - timedelta(minutes=2)
        schedules.save(conn, Schedule(name="夜间监测", job="scan", at_minute=minute, options={}, since=since))


def test_a_night_whose_database_is_away_is_planned_as_soon_as_it_is_back(own_server: Embedded, tmp_path: Path) -> None:
    """A5, and kill -9 of a server that nobody else looks after: the house starts it again."""
    settings = read_settings(
        None,
        home=tmp_path,
        database_url=own_server.start(),
        crawl={"platforms": ["demo_ads"], "sites": {"demo_ads": "http://127.0.0.1:18071"}},
    )
    house = open_house(settings)
    due_at_this_minute(house)
    with queue_app(house).open() as app:
        own_server.stop()
        ticking = threading.Thread(target=tick_or_wait, args=(house, app))
        ticking.start()
        time.sleep(0.5)
        assert ticking.is_alive(), "the clock waits"
        own_server.start()
        ticking.join(60)
        assert not ticking.is_alive()
        tick_or_wait(house, app)
        assert one(house.engine, "select count(*) from scans where kind = 'nightly'") == 1
        assert one(house.engine, "select count(*) from procrastinate_jobs") == 2  # the platform's and the canary's
    os.kill(own_server.status().pid, signal.SIGKILL)
    until(lambda: not own_server.status().running, seconds=20)
    looked_after = House(settings=house.settings, engine=house.engine, store=house.store, demo=False, server=own_server)
    outlast(looked_after)
    assert one(house.engine, "select count(*) from scans") == 1
    house.engine.dispose()


def test_waiting_for_a_database_ends_when_told(tmp_path: Path) -> None:
    settings = read_settings(None, home=tmp_path, database_url="postgresql://nobody@127.0.0.1:9/nothing")
    house = House(settings=settings, engine=connect(settings.database_url), store=None, demo=False)  # type: ignore[arg-type]
    asked: list[bool] = []

    def stopped() -> bool:
        asked.append(True)
        return len(asked) > 1

    monkey = pytest.MonkeyPatch()
    monkey.setattr("ops.outage._SAY_AGAIN", 0.2)
    outlast(house, stopped)
    monkey.undo()
    assert len(asked) == 2


# --- files ---


def test_few_open_files_are_raised_as_far_as_allowed_and_said(tmp_path: Path) -> None:
    program = "from ops.doctor import _open_files; found = _open_files(); print(found.ok, found.told, found.remedy)"
    said = [
        subprocess.run(
            ["bash", "-c", f"ulimit {limit}; exec \"$0\" -c \"$1\"", sys.executable, program],
            cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
        ).stdout.split()
        for limit in ("-Sn 64", "-n 200")
    ]  # fmt: skip
    assert said[0][0] == "True"
    assert int(said[0][1]) > 1000
    assert said[1][:2] == ["False", "200"]
    assert "LimitNOFILE" in "".join(said[1])
