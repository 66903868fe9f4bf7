"""Released lexicons: whole, dated, immutable; one of them live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, text, update

from db.tables import lexicon_versions


@dataclass(frozen=True, kw_only=True, slots=True)
class LexiconVersion:
    """One released lexicon."""

    #: builtin-<hash> or v1, v2 …
    name: str
    #: As keywords.Lexicon.to_data() gives it; empty in lists.
    content: dict[str, Any]
    change_note: str
    author: str
    live: bool
    released_at: datetime


def live(conn: Connection) -> LexiconVersion | None:
    """The version that the next scan uses; None in a new database."""
    return _one(conn, lexicon_versions.c.live)


def live_name(conn: Connection) -> str:
    """Its name alone, without its long content; empty in a new database."""
    return str(conn.execute(select(lexicon_versions.c.name).where(lexicon_versions.c.live)).scalar() or "")


def version(conn: Connection, name: str) -> LexiconVersion | None:
    """The version of that name; None where there is none."""
    return _one(conn, lexicon_versions.c.name == name)


def _one(conn: Connection, which: ColumnElement[bool]) -> LexiconVersion | None:
    row = conn.execute(select(lexicon_versions).where(which)).one_or_none()
    if row is None:
        return None
    return LexiconVersion(
        name=row.name,
        content=row.content,
        change_note=row.change_note,
        author=row.author,
        live=row.live,
        released_at=row.released_at,
    )


def versions(conn: Connection) -> list[LexiconVersion]:
    """All versions, newest first, without their content."""
    rows = conn.execute(
        select(
            lexicon_versions.c.name,
            lexicon_versions.c.change_note,
            lexicon_versions.c.author,
            lexicon_versions.c.live,
            lexicon_versions.c.released_at,
        ).order_by(lexicon_versions.c.id.desc())
    ).all()
    return [LexiconVersion(content={}, **row._mapping) for row in rows]


def next_name(conn: Connection) -> str:
    """The name of the next version made by people: v1, v2 … Holds the table until the transaction ends."""
    conn.execute(text("lock table lexicon_versions in share row exclusive mode"))
    count = conn.execute(select(func.count()).where(lexicon_versions.c.name.regexp_match("^v[0-9]+$"))).scalar_one()
    return f"v{count + 1}"


def publish(conn: Connection, name: str, content: dict[str, Any], *, author: str, note: str, at: datetime) -> None:
    """Store a version and make it the live one. A version of that name that exists is made live unchanged."""
    conn.execute(text("lock table lexicon_versions in share row exclusive mode"))
    conn.execute(update(lexicon_versions).where(lexicon_versions.c.live).values(live=False))
    known = conn.execute(select(lexicon_versions.c.id).where(lexicon_versions.c.name == name)).scalar()
    if known is not None:
        again = {"live": True, "rematched_at": None}  # what was stored meanwhile was judged by another
        conn.execute(update(lexicon_versions).where(lexicon_versions.c.id == known).values(again))
        return
    conn.execute(
        insert(lexicon_versions).values(
            name=name, content=content, change_note=note, author=author, live=True, released_at=at
        )
    )


def is_rematched(conn: Connection, name: str) -> bool:
    """Whether every stored listing has been judged by the version since it was published."""
    found = conn.execute(select(lexicon_versions.c.rematched_at).where(lexicon_versions.c.name == name)).scalar()
    return found is not None


def rematched(conn: Connection, name: str, at: datetime) -> None:
    """Note that every stored listing has now been judged by the version."""
    conn.execute(update(lexicon_versions).where(lexicon_versions.c.name == name).values(rematched_at=at))
