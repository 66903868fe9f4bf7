"""A foreground scan that is killed or interrupted ends all the same, and keeps what it has found."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db import scans, schedules
from db.engine import connect, parse, transaction
from db.schedules import Schedule
from demo.serve import RunningTown, running
from ops.planning import chosen
from ops.scanning import end_abandoned, foreground, plan_scan
from ops.worker import enqueue, queue_app
from records import now, shanghai_date
from tests.acceptance.houses import Place, crawling, one, place, sql, until

pytestmark = [pytest.mark.db, pytest.mark.slow]


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=60, crawl_delay=0.4) as standing:
        yield standing


@pytest.fixture
def there(tmp_path: Path, database_url: str, town: RunningTown) -> Place:
    return place(tmp_path, database_url, {"crawl": crawling(town, max_terms=12)})


def begin(there: Place, log: Path) -> "subprocess.Popen[bytes]":
    """`xunwang scan` at the head of a process group, as a shell starts it."""
    command = [sys.executable, "-c", "from ops.cli import main; main()", "--config", str(there.config)]
    with log.open("wb") as said:
        return subprocess.Popen(
            [*command, "scan", "--platform", "demo_ads"],
            cwd=there.home, env=there.environment(), stdout=said, stderr=said, process_group=0,
        )  # fmt: skip


def half_done(raw: Engine, scan_id: int) -> bool:
    """True while the scan has both ended queries and others."""
    ended = sql(raw, "select outcome from queries where scan_id = :scan order by id", scan=scan_id)
    return any(outcome for [outcome] in ended)


def ends(raw: Engine, scan_id: int) -> dict[str, int]:
    """Outcome → queries; "" for one that has not ended."""
    rows = sql(
        raw, "select coalesce(outcome, ''), count(*) from queries where scan_id = :scan group by 1", scan=scan_id
    )
    return dict(rows)  # type: ignore[arg-type]


def test_a_killed_scan_ends_at_the_next_start_and_a_running_one_does_not(
    tmp_path: Path, there: Place, raw: Engine
) -> None:
    killed = begin(there, tmp_path / "killed.log")
    until(lambda: half_done(raw, 1), seconds=90, told=(tmp_path / "killed.log").read_text, needs=[killed])
    killed.kill()
    killed.wait()
    kept = one(raw, "select count(*) from listings")
    left = ends(raw, 1)[""]
    assert left > 0 and kept > 0
    living = begin(there, tmp_path / "living.log")
    try:
        until(lambda: half_done(raw, 2), seconds=90, told=(tmp_path / "living.log").read_text, needs=[living])
        assert there.xunwang("worker", "--once").code == 0
        assert ends(raw, 2)[""] > 0
    finally:
        living.kill()
        living.wait()
    after = ends(raw, 1)
    assert after["not_run"] == left and "" not in after
    assert {note for [note] in sql(raw, "select note from queries where outcome = 'not_run'")} == {
        "监测进程已异常结束，未运行到此项"
    }
    assert one(raw, "select finished_at from scans where id = 1") is not None
    with transaction(raw) as conn:
        assert scans.scan_row(conn, 1).status == "部分"
    assert one(raw, "select count(*) from listings") >= kept


def test_ctrl_c_is_calm_and_keeps_what_was_found(tmp_path: Path, there: Place, raw: Engine) -> None:
    log = tmp_path / "scan.log"
    scan = begin(there, log)
    try:
        until(lambda: half_done(raw, 1), seconds=90, told=log.read_text, needs=[scan])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(scan.pid)], capture_output=True, text=True).stdout
        os.killpg(scan.pid, signal.SIGINT)
        assert scan.wait(60) == 130
    finally:
        scan.kill()
        scan.wait()
    said = log.read_text("utf-8")
    assert "已中断" in said and "保留" in said
    assert not {"Traceback", "Abort", "Interrupted"} & set(said.replace(".", " ").replace("!", " ").split())
    assert children.split() and not [pid for pid in children.split() if Path(f"/proc/{pid}").exists()]
    ended = ends(raw, 1)
    assert ended["not_run"] > 0 and "" not in ended and len(ended) > 1
    assert one(raw, "select count(*) from listings") > 0


@contextmanager
def shut(server_url: str, database_url: str) -> Iterator[None]:
    """PostgreSQL lets nobody in to that database while the block runs, and puts out who is there."""
    server, name = connect(server_url), parse(database_url).database
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(f'alter database "{name}" with allow_connections false'))
        try:
            conn.execute(text(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"))
            yield
        finally:
            conn.execute(text(f'alter database "{name}" with allow_connections true'))
    server.dispose()


def test_a_scan_whose_database_goes_says_what_becomes_of_it(
    tmp_path: Path, there: Place, raw: Engine, server_url: str, database_url: str
) -> None:
    log = tmp_path / "scan.log"
    scan = begin(there, log)
    try:
        until(lambda: half_done(raw, 1), seconds=90, told=log.read_text, needs=[scan])
        kept, before = one(raw, "select count(*) from listings"), ends(raw, 1)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(scan.pid)], capture_output=True, text=True).stdout
        with shut(server_url, database_url):
            assert scan.wait(60) == 1
    finally:
        scan.kill()
        scan.wait()
    said = log.read_text("utf-8")
    assert "[E-OPS-011]" in said and "保留" in said and "xunwang scan" in said
    assert "Traceback" not in said and "E-OPS-099" not in said
    assert children.split() and not [pid for pid in children.split() if Path(f"/proc/{pid}").exists()]
    raw.dispose()
    with there.house() as house:
        assert end_abandoned(house) == [1]
    ended = ends(raw, 1)
    assert ended["not_run"] > 0 and "" not in ended and one(raw, "select count(*) from listings") >= kept > 0
    assert all(ended[outcome] >= count for outcome, count in before.items() if outcome)


def test_what_a_worker_will_take_up_is_not_abandoned(there: Place, raw: Engine) -> None:
    with there.house() as house:
        platforms = chosen(house.settings, ["demo_ads"], demo=False)
        with transaction(house.engine) as conn:
            nightly = schedules.save(conn, Schedule(name="夜", job="scan", at_minute=120, options={}, since=now()))
        day = shanghai_date(now())
        night = [
            plan_scan(
                house, platforms, house.lexicon(), kind="nightly", schedule_id=nightly, planned_for=day - timedelta(ago)
            )
            for ago in range(8, 0, -1)
        ]
        forgotten, queued = (plan_scan(house, platforms, house.lexicon(), kind="foreground") for _ in range(2))
        app = queue_app(house)
        with app.open():
            assert queued is not None and enqueue(house, app, queued) == 1
        with foreground(house, platforms, kind="foreground", options={}) as held:
            # the eighth night back is past the week in which the clock takes scans up again
            assert end_abandoned(house) == [night[0], forgotten]
            assert end_abandoned(house) == []
            assert set(ends(raw, held)) == {""}
        assert set(ends(raw, held)) == {"not_run"}
        assert set(ends(raw, queued)) == {""}
