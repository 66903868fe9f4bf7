"""Listings that could not be received: put aside with their error, so that the others of their batch pass."""

from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Connection, exists, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from db.tables import quarantine
from db.text import storable, storable_json


def blames_data(error: Exception) -> bool:
    """True where the values of a row brought `error` about; False for a server, a schema or a connection at fault.

    Class 54 (a limit of PostgreSQL was exceeded, for example the size of an index entry) is the data's fault although
    the driver files it under operational errors.
    """
    if not isinstance(error, DBAPIError):
        return True
    cause = error.orig
    if isinstance(cause, psycopg.DataError | psycopg.IntegrityError):
        return True
    state = getattr(cause, "sqlstate", None)
    if isinstance(cause, psycopg.ProgrammingError):
        return state is None  # the driver could not turn a value into SQL
    return state is not None and str(state).startswith("54")


def put_aside(
    conn: Connection, *, stage: str, platform: str, item_id: str, error: str, payload: dict[str, Any], at: datetime
) -> None:
    """Writes one listing to the quarantine; the same one with the same error stands there once."""
    row = {
        "stage": stage,
        "platform": storable(platform),
        "item_id": storable(item_id),
        "error": storable(error),
    }
    there = exists().where(*(quarantine.c[name] == value for name, value in row.items()))
    facts = [literal(value) for value in row.values()]
    content = literal(storable_json(payload), JSONB)
    conn.execute(
        insert(quarantine).from_select(
            [*row, "payload", "at"], select(*facts, content, literal(at, quarantine.c.at.type)).where(~there)
        )
    )
