"""The one way to a database: engines, transactions, retries, and waiting for a server that is not there yet."""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import psycopg
import sqlalchemy
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError

from db.faults import DatabaseFull, DatabaseUnreachable, TextRefused

__all__ = [
    "Connection",
    "Engine",
    "Limits",
    "Patience",
    "connect",
    "conninfo",
    "create_database",
    "is_outage",
    "is_repeatable",
    "manners",
    "naming_outages",
    "parse",
    "render",
    "run",
    "shown",
    "transaction",
    "unreachable",
    "wait_until_up",
]

T = TypeVar("T")

#: Serialization failure and deadlock: the transaction was rolled back whole and may simply be done again.
REPEATABLE = frozenset({"40001", "40P01"})

#: Names that a URL may carry for the same thing.
_DRIVER_NAMES = frozenset({"postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one connection may cost. Seconds; 0 switches a limit off."""

    #: One statement.
    statement: int = 60
    #: Waiting for a lock.
    lock: int = 20
    #: An open transaction in which nothing is asked.
    idle_in_transaction: int = 120
    #: Reaching the server.
    connect: int = 10
    #: Connections kept open, and how many more may be opened in a rush.
    pool: int = 5
    overflow: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long `run` keeps trying."""

    #: Times a transaction is done again after a deadlock or serialization failure.
    attempts: int = 6
    #: Seconds to outlast a server that is gone. Above 0 only for work that may safely be done twice:
    #: a connection lost in COMMIT leaves open whether it took place.
    outage: float = 0.0


def parse(url: str) -> URL:
    """`url` (postgres://, postgresql://, postgresql+psycopg://) as SQLAlchemy's URL for psycopg 3.

    Raises DatabaseUnreachable for anything else; the text is not repeated, it may hold a password.
    """
    try:
        parsed = sqlalchemy.make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUnreachable("DATABASE_URL: postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
    if parsed.drivername not in _DRIVER_NAMES:
        raise DatabaseUnreachable(f"DATABASE_URL: {parsed.drivername}:// ≠ postgresql://")
    return parsed.set(drivername="postgresql+psycopg")


def render(url: URL) -> str:
    """`url` as text, password included: for connecting, never for showing."""
    return url.render_as_string(hide_password=False)


def conninfo(url: str) -> str:
    """`url` in the form that psycopg and Procrastinate take (postgresql://…)."""
    return render(parse(url).set(drivername="postgresql"))


def shown(url: str) -> str:
    """`url` as it may be shown and logged: user, host, port and database alone, no password in any place."""
    parsed = parse(url)
    host = parsed.host or parsed.query.get("host") or "localhost"
    port = parsed.port or parsed.query.get("port") or 5432
    return f"{parsed.username or ''}@{host}:{port}/{parsed.database or ''}"


def connect(url: str, *, application: str = "xunwang", limits: Limits | None = None) -> Engine:
    """An engine for `url`; nothing is opened yet.

    Every connection speaks UTC, carries `application` as its name in pg_stat_activity, has time limits on statements,
    locks and idle transactions, and finds out within about a minute that its peer has silently gone.
    """
    limits = limits or Limits()
    return sqlalchemy.create_engine(
        parse(url).difference_update_query(["options"]),
        pool_pre_ping=True,
        pool_size=limits.pool,
        max_overflow=limits.overflow,
        pool_recycle=3600,
        json_serializer=partial(json.dumps, ensure_ascii=False),
        connect_args=manners(url, application=application, limits=limits),
    )


def manners(url: str, *, application: str, limits: Limits | None = None) -> dict[str, Any]:
    """What every connection to `url` is opened with, the queue's too (`connect`); its own `options` are kept."""
    limits = limits or Limits()
    given = parse(url).query.get("options", "")
    return {
        "application_name": application,
        "client_encoding": "utf8",  # whatever PGCLIENTENCODING or the database says
        "options": f"{given if isinstance(given, str) else ' '.join(given)} {_session_options(limits)}".strip(),
        "connect_timeout": limits.connect,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # keepalives do not run while our own bytes wait for an acknowledgement; this ends that case
        "tcp_user_timeout": 60_000,
    }


def _session_options(limits: Limits) -> str:
    settings = {
        "statement_timeout": limits.statement * 1000,
        "lock_timeout": limits.lock * 1000,
        "idle_in_transaction_session_timeout": limits.idle_in_transaction * 1000,
        "timezone": "UTC",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end of the block, rolled back by any exception.

    Raises DatabaseUnreachable where no connection can be had, DatabaseFull where the server's disk has no room,
    TextRefused where a text in a statement holds NUL.
    """
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise unreachable(engine, error) from None
    try:
        with connection, connection.begin():
            yield connection
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.DiskFull):
            raise DatabaseFull(str(error.orig).partition("\n")[0]) from error
        raise
    except DataError as error:
        if "NUL (0x00)" in str(error.orig):  # the driver's own words; the server is not asked at all
            raise TextRefused from None
        raise


def run(engine: Engine, work: Callable[[Connection], T], *, patience: Patience | None = None) -> T:
    """`work` in a transaction of its own, done again after a deadlock or serialization failure; returns its result.

    With `patience.outage` it also waits for a server that went away, and does the work again.
    """
    patience = patience or Patience()
    attempt = 0
    give_up_at = time.monotonic() + patience.outage
    while True:
        attempt += 1
        try:
            with transaction(engine) as connection:
                return work(connection)
        except DBAPIError as error:
            if is_repeatable(error) and attempt < patience.attempts:
                time.sleep(_pause(attempt))
            elif is_outage(error) and time.monotonic() < give_up_at:
                wait_until_up(engine, seconds=give_up_at - time.monotonic())
            else:
                raise
        except DatabaseUnreachable:
            if time.monotonic() >= give_up_at:
                raise
            wait_until_up(engine, seconds=give_up_at - time.monotonic())


def is_repeatable(error: DBAPIError) -> bool:
    """True where PostgreSQL rolled the transaction back and asks to have it done again."""
    return isinstance(error.orig, psycopg.Error) and error.orig.sqlstate in REPEATABLE


def is_outage(error: BaseException) -> bool:
    """True where the server went away: what was asked of it may be asked again once it is back."""
    return isinstance(error, DatabaseUnreachable) or (isinstance(error, DBAPIError) and error.connection_invalidated)


@contextmanager
def naming_outages() -> Iterator[None]:
    """Raises DatabaseUnreachable where what is done in the block fails because the server went away."""
    try:
        yield
    except (DBAPIError, psycopg.OperationalError) as error:
        if isinstance(error, DBAPIError) and not is_outage(error):
            raise
        raise DatabaseUnreachable(type(error).__name__) from error


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: doubling from 25 ms to 2 s, with jitter so that rivals part."""
    return float(min(0.025 * 2**attempt, 2.0)) * random.uniform(0.5, 1.5)  # noqa: S311  not a secret


def wait_until_up(engine: Engine, *, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Returns once the database answers; raises DatabaseUnreachable after `seconds`."""
    give_up_at = time.monotonic() + seconds
    attempt = 0
    while True:
        attempt += 1
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1"))
        except OperationalError as error:
            engine.dispose()  # connections of the former life are of no use
            if time.monotonic() >= give_up_at:
                raise unreachable(engine, error) from None
            sleep(_pause(attempt))
        else:
            return


def unreachable(engine: Engine, error: OperationalError) -> DatabaseUnreachable:
    """The fault for a failed connection: where to, and what the driver said, without the password."""
    said = str(error.orig or "").strip()
    for secret in (engine.url.password, engine.url.query.get("password")):
        if secret:
            said = said.replace(str(secret), "***")
    return DatabaseUnreachable(f"{shown(render(engine.url))}\n{said}")


def create_database(url: str, name: str) -> str:
    """Makes database `name` on the server of `url` if it is missing; returns its URL. Two callers may come at once."""
    engine = connect(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = connection.execute(text("select 1 from pg_database where datname = :name"), {"name": name}).scalar()
            if not found:
                _create(connection, name)
    except OperationalError as error:
        raise unreachable(engine, error) from None
    finally:
        engine.dispose()
    return render(parse(url).set(database=name))


def _create(connection: Connection, name: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(name)
    try:
        # template0 with locale C: sorting does not depend on the C library, whose upgrades corrupt indexes
        connection.exec_driver_sql(f"create database {quoted} template template0 encoding 'UTF8' locale 'C'")
    except DBAPIError as error:
        # 42P04 is there already, 23505 was made by a rival in this very moment
        if not (isinstance(error.orig, psycopg.Error) and error.orig.sqlstate in {"42P04", "23505"}):
            raise


def drop_database(url: str, name: str) -> None:
    """Drops database `name` on the server of `url`, whoever is still connected to it; nothing where there is none."""
    engine = connect(url)
    quoted = engine.dialect.identifier_preparer.quote_identifier(name)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"drop database if exists {quoted} with (force)")
    except OperationalError as error:
        raise unreachable(engine, error) from None
    finally:
        engine.dispose()
