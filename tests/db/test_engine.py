"""Connections: what they are given, what they forgive, and what they say when there is nobody at the other end."""

import threading

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from db import engine as db_engine
from db.engine import (
    Limits,
    Patience,
    connect,
    conninfo,
    create_database,
    drop_database,
    parse,
    run,
    shown,
    transaction,
    wait_until_up,
)
from db.faults import DatabaseUnreachable
from tests.ports import free_port


def setting(engine: Engine, name: str) -> str:
    with transaction(engine) as conn:
        return str(conn.execute(text("select current_setting(:name)"), {"name": name}).scalar_one())


@pytest.fixture
def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    return free_port()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_the_url_is_taken(scheme: str) -> None:
    url = f"{scheme}://u:p%40ss@db.example:5433/house?sslmode=require"
    assert parse(url).render_as_string(hide_password=False).startswith("postgresql+psycopg://u:p%40ss@db.example:5433/")
    assert conninfo(url) == "postgresql://u:p%40ss@db.example:5433/house?sslmode=require"


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "u:geheim@h/d", "postgresql://u:geheim@h:port/d", ""])
def test_another_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        connect(url)
    assert "geheim" not in refused.value.message("en")


def test_what_is_shown_of_a_url_holds_no_password() -> None:
    assert shown("postgres://u:geheim@h/d?password=geheim&host=/tmp/x") == "u@h:5432/d"
    assert shown("postgres://u@/d?host=/tmp/x&port=5499") == "u@/tmp/x:5499/d"


def test_an_absent_server_is_named_without_the_password(closed_port: int) -> None:
    engine = connect(f"postgresql://u:geheim@127.0.0.1:{closed_port}/d?password=geheim")
    with pytest.raises(DatabaseUnreachable) as refused, transaction(engine):
        pass
    said = refused.value.message("en")
    assert f"u@127.0.0.1:{closed_port}/d" in said
    assert "geheim" not in said
    assert refused.value.__cause__ is None


def test_waiting_for_an_absent_server_ends(closed_port: int) -> None:
    engine = connect(f"postgresql://u@127.0.0.1:{closed_port}/d")
    pauses: list[float] = []
    with pytest.raises(DatabaseUnreachable):
        wait_until_up(engine, seconds=0.2, sleep=lambda pause: pauses.append(pause) or threading.Event().wait(0.05))
    assert len(pauses) > 1


@pytest.mark.db
def test_a_connection_carries_its_name_its_clock_and_its_limits(database_url: str) -> None:
    engine = connect(database_url, application="prüfung", limits=Limits(statement=7, lock=3, idle_in_transaction=11))
    names = ("timezone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path")
    with_path = connect(database_url + ("&" if "?" in database_url else "?") + "options=-csearch_path%3Dpg_catalog")
    assert [setting(engine, name) for name in names[:4]] == ["UTC", "7s", "3s", "11s"]
    assert (setting(with_path, "search_path"), setting(with_path, "timezone")) == ("pg_catalog", "UTC")
    engine.dispose()
    with_path.dispose()


@pytest.mark.db
def test_a_statement_that_takes_too_long_is_ended(database_url: str) -> None:
    engine = connect(database_url, limits=Limits(statement=1))
    with pytest.raises(OperationalError, match="statement timeout"), transaction(engine) as conn:
        conn.execute(text("select pg_sleep(30)"))
    engine.dispose()


@pytest.mark.db
def test_a_connection_cut_while_idle_is_replaced_unseen(engine: Engine) -> None:
    with transaction(engine) as conn:
        pid = conn.execute(text("select pg_backend_pid()")).scalar_one()
    cut(engine, pid)
    with transaction(engine) as conn:
        assert conn.execute(text("select pg_backend_pid()")).scalar_one() != pid


def cut(engine: Engine, pid: int) -> None:
    other = connect(engine.url.render_as_string(hide_password=False))
    with transaction(other) as conn:
        conn.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()


@pytest.mark.db
def test_an_exception_rolls_back(engine: Engine) -> None:
    with pytest.raises(LookupError), transaction(engine) as conn:
        conn.execute(text("insert into pacing values ('a', now())"))
        raise LookupError
    with transaction(engine) as conn:
        assert conn.execute(text("select count(*) from pacing")).scalar_one() == 0


def raising(sqlstate: str, times: int) -> tuple[list[int], object]:
    """Work that lets the server raise `sqlstate` so many times, and the list of its attempts."""
    attempts: list[int] = []

    def work(conn: Connection) -> str:
        attempts.append(len(attempts) + 1)
        conn.execute(text("insert into pacing values (:p, now())"), {"p": f"p{len(attempts)}"})
        if len(attempts) <= times:
            conn.exec_driver_sql(f"do $$ begin raise exception 'x' using errcode = '{sqlstate}'; end $$")
        return "done"

    return attempts, work


@pytest.mark.db
@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_refused_transaction_is_done_again_whole(
    engine: Engine, sqlstate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_engine, "_pause", lambda _attempt: 0.0)
    attempts, work = raising(sqlstate, times=3)
    assert run(engine, work) == "done"
    with transaction(engine) as conn:
        assert conn.execute(text("select array_agg(platform) from pacing")).scalar_one() == ["p4"]
    assert attempts == [1, 2, 3, 4]


@pytest.mark.db
def test_trying_again_is_bounded_and_only_for_what_may_be_repeated(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_engine, "_pause", lambda _attempt: 0.0)
    for sqlstate, times, expected in (("40001", 99, 5), ("23514", 99, 1)):
        attempts, work = raising(sqlstate, times)
        with pytest.raises(DBAPIError) as raised:
            run(engine, work, patience=Patience(attempts=5))
        assert isinstance(raised.value.orig, psycopg.Error)
        assert (raised.value.orig.sqlstate, len(attempts)) == (sqlstate, expected)


@pytest.mark.db
def test_work_that_may_be_done_twice_outlasts_a_cut_connection(engine: Engine) -> None:
    attempts: list[int] = []

    def work(conn: Connection) -> int:
        attempts.append(conn.execute(text("select pg_backend_pid()")).scalar_one())
        if len(attempts) == 1:
            cut(engine, attempts[0])
        return int(conn.execute(text("select 42")).scalar_one())

    assert run(engine, work, patience=Patience(outage=20)) == 42
    assert len(attempts) == 2
    attempts.clear()
    with pytest.raises(DBAPIError):
        run(engine, work)


@pytest.mark.db
def test_a_database_is_made_once_though_many_ask(server_url: str) -> None:
    name = 'xunwang_test "巡网"'
    urls: list[str] = []
    askers = [threading.Thread(target=lambda: urls.append(create_database(server_url, name))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    engine = connect(urls[0])
    try:
        assert len(set(urls)) == 1
        assert len(urls) == 4
        assert setting(engine, "server_encoding") == "UTF8"
    finally:
        engine.dispose()
        drop_database(server_url, name)
    with pytest.raises(DatabaseUnreachable), transaction(engine):
        pass
