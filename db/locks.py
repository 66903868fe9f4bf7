"""Named locks over all processes and machines, held as long as the holder's connection lives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from db.engine import unreachable
from db.faults import DatabaseUnreachable


@contextmanager
def holding(engine: Engine, name: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock `name` on a connection of its own; yields False when `wait` is off and another holds it.

    The server frees it the moment the holder's connection ends, a killed process included.
    """
    with _held(engine, name, wait=wait) as (_, got):
        yield got


@contextmanager
def leasing(engine: Engine, name: str) -> Iterator[Callable[[], None]]:
    """Hold the lock `name` and yield what raises DatabaseUnreachable once it has been lost.

    It is lost with its connection, and a new connection does not bring it back: another may hold it by then, so the
    holder asks before each step that nobody else may take meanwhile. May be called from any thread.
    """
    with _held(engine, name, wait=True) as (connection, _):
        session = connection.connection.driver_connection

        def still_held() -> None:
            try:
                session.execute("select 1")  # type: ignore[union-attr]
            except psycopg.Error as error:
                raise DatabaseUnreachable(f"{name}: {type(error).__name__}") from error

        yield still_held


@contextmanager
def _held(engine: Engine, name: str, *, wait: bool) -> Iterator[tuple[Connection, bool]]:
    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except OperationalError as error:
        raise unreachable(engine, error) from None
    try:
        connection.execute(text("set statement_timeout = 0; set lock_timeout = 0"))
        verb = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        got = connection.execute(text(f"select {verb}(hashtextextended(:name, 0))"), {"name": name}).scalar()
        try:
            yield connection, bool(got) if not wait else True
        finally:
            if wait or got:
                with suppress(DBAPIError):  # the connection has gone, and the lock with it
                    connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
    finally:
        connection.invalidate()  # its timeouts were changed: it goes back to nobody
        connection.close()
