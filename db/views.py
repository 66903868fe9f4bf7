"""Saved views: filters of the queue that a person opens again by name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from db.tables import saved_views
from records import Fault

#: Views that one person may keep.
MOST = 30


class TooManyViews(Fault):
    """保存的视图太多，没有再保存。

    There are too many saved views already; this one was not saved.
    """

    code = "E-DB-411"
    remedy = (
        f"每人至多 {MOST} 个，请先删除不用的视图。",
        f"A person may keep {MOST}: remove one that is not used first.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedView:
    """One saved filter."""

    id: int
    name: str
    #: URL parameters.
    query: str


def every(conn: Connection, user_id: int) -> list[SavedView]:
    """The user's views by name."""
    rows = conn.execute(select(saved_views).where(saved_views.c.user_id == user_id).order_by(saved_views.c.name))
    return [SavedView(id=row.id, name=row.name, query=row.query) for row in rows]


def save(conn: Connection, user_id: int, name: str, query: str, at: datetime) -> None:
    """Keep the filter under that name, in place of the one that had it. Raises TooManyViews."""
    others = select(func.count()).where(saved_views.c.user_id == user_id, saved_views.c.name != name)
    if conn.execute(others).scalar_one() >= MOST:
        raise TooManyViews(name)
    given = insert(saved_views).values(user_id=user_id, name=name, query=query, at=at)
    conn.execute(given.on_conflict_do_update(index_elements=["user_id", "name"], set_={"query": query, "at": at}))


def remove(conn: Connection, user_id: int, view_id: int) -> bool:
    """False where the user has no such view."""
    mine = delete(saved_views).where(saved_views.c.id == view_id, saved_views.c.user_id == user_id)
    return conn.execute(mine.returning(saved_views.c.id)).first() is not None
