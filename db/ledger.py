"""摸底台账: what platforms say of who runs them, each reading a row."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from db.tables import platform_ledger
from db.text import storable
from records import Imprint


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """The newest reading of one platform."""

    platform: str
    imprint: Imprint


def is_due(conn: Connection, platform: str, before: datetime) -> bool:
    """True where the platform has not been read since `before`."""
    newer = select(platform_ledger.c.id).where(
        platform_ledger.c.platform == platform, platform_ledger.c.read_at >= before
    )
    return conn.execute(newer.limit(1)).first() is None


def keep(conn: Connection, platform: str, imprint: Imprint) -> None:
    """Writes one reading beside those before it."""
    facts = {name: storable(value) if isinstance(value, str) else value for name, value in asdict(imprint).items()}
    conn.execute(insert(platform_ledger).values(platform=platform, **facts))


def entries(conn: Connection) -> list[Entry]:
    """The newest reading of each platform, by key."""
    rows = conn.execute(
        select(platform_ledger)
        .ext(distinct_on(platform_ledger.c.platform))
        .order_by(platform_ledger.c.platform, platform_ledger.c.read_at.desc(), platform_ledger.c.id.desc())
    )
    return [Entry(platform=row.platform, imprint=_imprint(row)) for row in rows]


def _imprint(row: Row[Any]) -> Imprint:
    return Imprint(**{one.name: getattr(row, one.name) for one in fields(Imprint)})
