"""What is to be told, written in the transaction that made it so. Each piece of news has one key and stands once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from db.tables import outbox
from db.text import storable_json


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """One row of the outbox."""

    #: lead.new or lead.more.
    topic: str
    #: What makes it one: lead.new:17, lead.more:17:204.
    key: str
    #: JSON-safe; holds no name, text or address of a page.
    payload: dict[str, Any]


def tell(conn: Connection, news: Sequence[News], at: datetime) -> None:
    """Writes the news that the outbox does not hold yet."""
    if not news:
        return
    rows = [
        {"topic": one.topic, "key": one.key, "payload": storable_json(one.payload), "at": at}
        for one in sorted(news, key=lambda one: one.key)
    ]
    conn.execute(insert(outbox).on_conflict_do_nothing(index_elements=["key"]), rows)
