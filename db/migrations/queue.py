"""Procrastinate's own tables: its SQL, taken from the installed package, applied by the migration that needs it."""

import hashlib
from importlib import resources

from sqlalchemy import Connection

from db.faults import QueueSchemaUnknown

#: Sha256 of the schema.sql that 0001 applies (Procrastinate 3.10.0). Another one needs a migration of ours first.
KNOWN_SCHEMA = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


def check_installed() -> str:
    """The installed package's schema. Raises QueueSchemaUnknown where this program was not proven with it."""
    schema = (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
    found = hashlib.sha256(schema.encode()).hexdigest()
    if found != KNOWN_SCHEMA:
        raise QueueSchemaUnknown(f"schema.sql {found[:12]} ≠ {KNOWN_SCHEMA[:12]}")
    return schema


def create_tables(connection: Connection) -> None:
    """Applies the schema inside the running transaction."""
    run_script(connection, check_installed())


def run_script(connection: Connection, script: str) -> None:
    """Runs many statements at once, inside the running transaction; percent signs and colons mean themselves."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(script)
    finally:
        cursor.close()


def append_only(connection: Connection, table: str) -> None:
    """Rows are added to `table` and nothing else is done, whoever asks: `is_append_only` stands since 0008."""
    run_script(
        connection,
        f"create trigger {table}_rows before update or delete on {table}"
        " for each row execute function is_append_only();"
        f" create trigger {table}_table before truncate on {table}"
        " for each statement execute function is_append_only();",
    )
