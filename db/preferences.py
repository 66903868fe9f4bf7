"""What an account sets for itself. It is read with the account (`db.users`): every page asks for it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from db.tables import preferences


def keep_language(conn: Connection, user_id: int, language: str, at: datetime) -> None:
    """The language of the user's pages from now on, in every browser."""
    _keep(conn, user_id, {"language": language}, at)


def keep_keys(conn: Connection, user_id: int, keys: Mapping[str, str], *, on: bool, at: datetime) -> None:
    """The user's own keys (name of an action → code of a key, empty for none); `on` False: single keys do nothing."""
    _keep(conn, user_id, {"keys": dict(keys), "keys_on": on}, at)


def _keep(conn: Connection, user_id: int, values: Mapping[str, object], at: datetime) -> None:
    row = insert(preferences).values(user_id=user_id, at=at, **values)
    conn.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={**values, "at": at}))
