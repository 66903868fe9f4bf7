"""Tokens with which other systems ask in the name of an account. Only the sha256 of one is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from db.tables import api_tokens, users
from db.users import User, by_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One token, without its secret."""

    id: int
    user_id: int
    #: Account name of whose it is.
    owner: str
    #: What it is for, as its owner calls it.
    name: str
    #: How it begins: xwk_Ab3d.
    hint: str
    #: What it may be used for, as stored.
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    #: None while nobody has used it.
    last_used_at: datetime | None
    #: Address; empty while nobody has used it.
    last_used_from: str
    #: None while it is not revoked.
    revoked_at: datetime | None
    #: Account name, or xunwang for the command line.
    revoked_by: str


def add(
    conn: Connection,
    *,
    user_id: int,
    name: str,
    hint: str,
    token_hash: bytes,
    scopes: Sequence[str],
    at: datetime,
    until: datetime,
) -> int:
    """Write a new token; returns the row id."""
    facts = {"user_id": user_id, "name": name, "hint": hint, "token_hash": token_hash, "scopes": list(scopes)}
    row = insert(api_tokens).values(**facts, created_at=at, expires_at=until).returning(api_tokens.c.id)
    return int(conn.execute(row).scalar_one())


def find(conn: Connection, token_hash: bytes) -> tuple[User, Token] | None:
    """The token with its user, whatever has become of either; None where there is none."""
    row = conn.execute(_rows().where(api_tokens.c.token_hash == token_hash)).one_or_none()
    user = by_id(conn, row.user_id) if row else None
    return (user, _token(row)) if row and user else None


def of_id(conn: Connection, token_id: int) -> Token | None:
    """The token of that row id; None where there is none."""
    row = conn.execute(_rows().where(api_tokens.c.id == token_id)).one_or_none()
    return _token(row) if row else None


def every(conn: Connection, user_id: int | None = None) -> list[Token]:
    """All tokens, or those of one account; the newest first."""
    statement = _rows().order_by(api_tokens.c.id.desc())
    return [_token(row) for row in conn.execute(statement if user_id is None else _of(statement, user_id))]


def standing(conn: Connection, user_id: int, at: datetime) -> int:
    """How many of the account's tokens are neither revoked nor expired; its row is held until the transaction ends."""
    conn.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())
    good = (api_tokens.c.revoked_at.is_(None), api_tokens.c.expires_at > at)
    return int(conn.execute(_of(select(func.count()).select_from(api_tokens).where(*good), user_id)).scalar_one())


def touch(conn: Connection, token_id: int, at: datetime, address: str) -> None:
    """Note that the token is in use."""
    used = {"last_used_at": at, "last_used_from": address}
    conn.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(used))


def revoke(conn: Connection, token_id: int, *, by: str, at: datetime) -> bool:
    """The token opens nothing from now on; False where that was so already."""
    row = update(api_tokens).where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
    return conn.execute(row.values(revoked_at=at, revoked_by=by)).rowcount == 1


def _rows() -> Any:
    """What `_token` reads."""
    columns = [api_tokens.c[name] for name in Token.__dataclass_fields__ if name != "owner"]
    return select(*columns, users.c.name.label("owner")).join(users, users.c.id == api_tokens.c.user_id)


def _of(statement: Any, user_id: int) -> Any:
    return statement.where(api_tokens.c.user_id == user_id)


def _token(row: Row[Any]) -> Token:
    return Token(**{**row._mapping, "scopes": tuple(row.scopes)})
