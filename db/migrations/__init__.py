"""Brings a database to the shape of `db.tables`, and says how far it is from there.

Alembic runs inside this process with its settings built here, so that an installed wheel needs no file beside it.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, text

from db.binaries import OLDEST
from db.engine import transaction
from db.faults import SchemaAhead, SchemaBehind, UnsuitableServer
from db.migrations.queue import check_installed
from db.walls import raise_walls, standing

__all__ = ["check", "head", "migrate"]

#: One migrating process at a time in a database, whichever machine it runs on.
_LOCK_NAME = "xunwang migrate"

#: Seconds that a second process waits for the first.
_WAIT_SECONDS = 900


def migrate(engine: Engine) -> list[str]:
    """Brings the database to this program's shape; returns the revisions applied, none if there were none to apply.

    All in one transaction: killed at any moment, it leaves the database as it was. A second process waits for the
    first and then finds nothing to do. The walls between districts (`db.walls`) are put up anew after every step, and
    where a restored database lacks them. Raises SchemaAhead, UnsuitableServer, QueueSchemaUnknown, RolesWanting,
    DatabaseUnreachable.
    """
    with transaction(engine) as connection:
        connection.execute(text(f"set local lock_timeout = '{_WAIT_SECONDS}s'"))
        connection.execute(text("set local statement_timeout = 0"))
        connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": _LOCK_NAME})
        _check_server(connection)
        missing = _missing(connection)
        if missing:
            from db.migrations.steps import upgrade

            upgrade(connection)
        if missing or not standing(connection):
            raise_walls(connection)
        return missing


def check(engine: Engine) -> None:
    """Returns where the database has this program's shape.

    Raises SchemaBehind, SchemaAhead, UnsuitableServer, QueueSchemaUnknown, or DatabaseUnreachable.
    """
    with transaction(engine) as connection:
        _check_server(connection)
        missing = _missing(connection)
    if missing:
        raise SchemaBehind(", ".join(missing))
    check_installed()


def head() -> str:
    """The revision that this program brings a database to: the number that the newest file's name begins with."""
    return max(path.name.partition("_")[0] for path in (Path(__file__).parent / "versions").glob("[0-9]*_*.py"))


def _missing(connection: Connection) -> list[str]:
    """Revisions not yet applied, oldest first. Raises SchemaAhead where the database names one unknown to us."""
    known = connection.execute(text("select to_regclass('alembic_version')")).scalar_one()
    current = connection.execute(text("select version_num from alembic_version")).scalar() if known else None
    if current == head():
        return []
    from db.migrations.steps import revisions  # Alembic, a fifth of a second: only a database that is behind pays it

    if current is None:
        return revisions()
    if current not in revisions():
        raise SchemaAhead(current)
    return revisions()[revisions().index(current) + 1 :]


def _check_server(connection: Connection) -> None:
    version = connection.execute(text("select current_setting('server_version_num')::int")).scalar_one()
    encoding = connection.execute(text("select current_setting('server_encoding')")).scalar_one()
    if version < OLDEST * 10_000 or encoding != "UTF8":
        raise UnsuitableServer(f"PostgreSQL {version // 10_000}, {encoding}")
