"""Named locks over all processes and machines, held as long as the holder's connection lives."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from db.engine import unreachable
from db.faults import DatabaseUnreachable


@contextmanager
def holding(engine: Engine, name: str, *, wait: bool = True, shared: bool = False) -> Iterator[bool]:
    """Hold the lock `name` on a connection of its own; yields False when `wait` is off and another holds it.

    The server frees it the moment the holder's connection ends, a killed process included. `shared`: together with
    others who say so.
    """
    with _held(engine, name, wait=wait, shared="_shared" if shared else "") as (_, got):
        yield got


class Lease:
    """A lock that is held, and the one connection that holds it. May be shared by threads.

    It is lost with its connection, and a new connection does not bring it back: another may hold it by then. So what
    nobody else may do meanwhile is asked over that very connection, or after `check`.
    """

    def __init__(self, name: str, session: "psycopg.Connection[Any]") -> None:
        self._name = name
        self._session = session

    def check(self) -> None:
        """Raises DatabaseUnreachable once the lock has been lost."""
        self.ask("select 1", {})

    def ask(self, statement: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The one row that `statement` gives, in a transaction of its own: psycopg's placeholders, prepared in time.

        Raises DatabaseUnreachable once the lock has been lost, maybe with what was asked just then.
        """
        try:
            row: tuple[Any, ...] | None = self._session.execute(statement, given).fetchone()
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(f"{self._name}: {type(error).__name__}") from error
        assert row is not None, "a statement that gives one row"
        return row


@contextmanager
def leasing(engine: Engine, name: str) -> Iterator[Lease]:
    """Hold the lock `name` while the block runs, waiting for it as long as another holds it."""
    with _held(engine, name, wait=True) as (connection, _):
        session = connection.connection.driver_connection
        assert isinstance(session, psycopg.Connection)
        yield Lease(name, session)


@contextmanager
def _held(engine: Engine, name: str, *, wait: bool, shared: str = "") -> Iterator[tuple[Connection, bool]]:
    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except OperationalError as error:
        raise unreachable(engine, error) from None
    try:
        connection.execute(text("set statement_timeout = 0; set lock_timeout = 0"))
        verb = f"pg_advisory_lock{shared}" if wait else f"pg_try_advisory_lock{shared}"
        got = connection.execute(text(f"select {verb}(hashtextextended(:name, 0))"), {"name": name}).scalar()
        try:
            connection.execute(text("reset statement_timeout; reset lock_timeout"))
            yield connection, bool(got) if not wait else True
        finally:
            if wait or got:
                with suppress(DBAPIError):  # the connection has gone, and the lock with it
                    connection.execute(
                        text(f"select pg_advisory_unlock{shared}(hashtextextended(:name, 0))"), {"name": name}
                    )
    finally:
        connection.invalidate()  # whatever became of it: it goes back to nobody
        connection.close()
