"""The audit: who did what, a chain of rows (`db.chain`) with a head that the morning digest tells outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from db.chain import GENESIS, Chain, Flaw, Head, Verdict
from db.tables import audit

__all__ = [
    "CHAIN",
    "GENESIS",
    "Entry",
    "Flaw",
    "Head",
    "Verdict",
    "Wanted",
    "head",
    "newest",
    "record",
    "verify",
]

CHAIN = Chain(audit)

record = CHAIN.record
head = CHAIN.head
verify = CHAIN.verify


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which rows; an empty field asks for nothing."""

    #: An account, with what its tokens did (wang#12 beside wang); or wang#12 alone.
    actor: str = ""
    action: str = ""
    #: As it stands there, for example lead:17.
    subject: str = ""
    #: From the one moment on and before the other.
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row as people read it."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    #: May hold text of listings: hostile.
    detail: dict[str, Any]
    hash: str


def newest(conn: Connection, wanted: Wanted, *, before: int = 0, limit: int) -> list[Entry]:
    """The last `limit` rows of those wanted, or the last before number `before`; the newest first."""
    columns = [audit.c[name] for name in Entry.__dataclass_fields__]
    statement = select(*columns).where(*_conditions(wanted, before)).order_by(audit.c.seq.desc()).limit(limit)
    return [Entry(**row._mapping) for row in conn.execute(statement)]


def _conditions(wanted: Wanted, before: int) -> list[ColumnElement[bool]]:
    conditions = [
        audit.c[name] == value for name, value in (("action", wanted.action), ("subject", wanted.subject)) if value
    ]
    if wanted.actor:  # a name alone has what its tokens did too: by the index on the name before the sign
        conditions.append(func.split_part(audit.c.actor, literal_column("'#'"), 1) == wanted.actor.split("#")[0])
        if "#" in wanted.actor:
            conditions.append(audit.c.actor == wanted.actor)
    if before:
        conditions.append(audit.c.seq < before)
    if wanted.since is not None:
        conditions.append(audit.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(audit.c.at < wanted.until)
    return conditions
