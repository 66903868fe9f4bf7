"""The migrations make the tables of db/tables.py, once, whoever comes, whenever it is killed."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from db.engine import connect, transaction
from db.faults import QueueSchemaUnknown, SchemaAhead, SchemaBehind, UnsuitableServer
from db.migrations import check, head, migrate, queue
from db.tables import metadata

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.db


@pytest.fixture
def empty(empty_database_url: str):
    """An engine on a database without a table."""
    engine = connect(empty_database_url)
    yield engine
    engine.dispose()


def _ours(_object, name, kind, _reflected, _compare_to) -> bool:
    return not (kind == "table" and name.startswith("procrastinate_"))


def tables(engine: Engine) -> set[str]:
    with transaction(engine) as conn:
        found = conn.execute(text("select tablename from pg_tables where schemaname = 'public'"))
        return set(found.scalars())


def test_the_migrated_database_is_the_tables(engine: Engine) -> None:
    options = {"include_object": _ours, "compare_type": True, "compare_server_default": True}
    with transaction(engine) as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts=options), metadata) == []


def test_the_queue_and_the_guard_are_there(engine: Engine) -> None:
    with transaction(engine) as conn:
        triggers = conn.execute(text("select tgname from pg_trigger where tgrelid = 'audit'::regclass")).scalars()
        assert set(triggers) == {"audit_rows", "audit_table"}
    assert {"procrastinate_jobs", "procrastinate_workers", "audit", "alembic_version"} <= tables(engine)


def test_migrating_twice_changes_nothing(empty: Engine) -> None:
    with pytest.raises(SchemaBehind, match="0001"):
        check(empty)
    assert migrate(empty)[-1] == head()
    assert migrate(empty) == []
    check(empty)


def test_two_that_come_at_once_do_the_work_once(empty: Engine) -> None:
    done: list[list[str]] = []
    migrators = [threading.Thread(target=lambda: done.append(migrate(empty))) for _ in range(3)]
    for migrator in migrators:
        migrator.start()
    for migrator in migrators:
        migrator.join()
    assert len(done) == 3
    assert sorted(map(len, done))[:2] == [0, 0]
    check(empty)


def waiting_for_a_lock(engine: Engine) -> list[int]:
    statement = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with transaction(engine) as conn:
        return list(conn.execute(text(statement)).scalars())


def alive(engine: Engine, pids: list[int]) -> bool:
    with transaction(engine) as conn:
        found = conn.execute(text("select count(*) from pg_stat_activity where pid = any(:pids)"), {"pids": pids})
        return bool(found.scalar_one())


def test_a_killed_migration_leaves_nothing(empty: Engine, empty_database_url: str) -> None:
    code = "import sys; from db.engine import connect; from db.migrations import migrate; migrate(connect(sys.argv[1]))"
    with transaction(empty) as conn:
        # a rival table of the same name, not committed: the migration stops half-way and waits for it
        conn.execute(text("create table procrastinate_jobs (id int)"))
        child = subprocess.Popen([sys.executable, "-c", code, empty_database_url], cwd=ROOT)
        while not (stopped := waiting_for_a_lock(empty)):
            assert child.poll() is None
            threading.Event().wait(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        conn.rollback()
    while alive(empty, stopped):
        threading.Event().wait(0.05)  # its session finds out when it next speaks to the dead
    assert tables(empty) == set()
    assert migrate(empty)[-1] == head()
    check(empty)


def test_a_later_programs_database_is_refused(engine: Engine) -> None:
    with transaction(engine) as conn:
        conn.execute(text("update alembic_version set version_num = '9999'"))
    for act in (check, migrate):
        with pytest.raises(SchemaAhead, match="9999"):
            act(engine)


def test_another_queue_schema_is_refused_and_nothing_is_made(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "KNOWN_SCHEMA", "0" * 64)
    with pytest.raises(QueueSchemaUnknown):
        migrate(empty)
    assert tables(empty) == set()


def test_a_database_in_another_encoding_is_refused(server_url: str) -> None:
    name = "xunwang_test_ascii"
    administer = connect(server_url).execution_options(isolation_level="AUTOCOMMIT")
    with administer.connect() as conn:
        conn.execute(text(f"drop database if exists {name}"))
        conn.execute(text(f"create database {name} template template0 encoding 'SQL_ASCII' locale 'C'"))
        ascii_engine = connect(administer.url.set(database=name).render_as_string(hide_password=False))
        try:
            with pytest.raises(UnsuitableServer, match="SQL_ASCII"):
                migrate(ascii_engine)
        finally:
            ascii_engine.dispose()
            conn.execute(text(f"drop database {name} with (force)"))
    administer.dispose()
