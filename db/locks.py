"""Locks that a process holds for as long as it lives, wherever it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text


@contextmanager
def holding(engine: Engine, name: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock `name` on a connection of its own; yields False when `wait` is off and another holds it.

    The server frees it the moment the holder's connection ends, a killed process included.
    """
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.execute(text("set statement_timeout = 0; set lock_timeout = 0"))
        verb = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        got = connection.execute(text(f"select {verb}(hashtextextended(:name, 0))"), {"name": name}).scalar()
        try:
            yield bool(got) if not wait else True
        finally:
            if wait or got:
                connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
    finally:
        connection.invalidate()  # its timeouts were changed: it goes back to nobody
        connection.close()
