"""Platforms whose lists are empty shells until their scripts have run, as found by scans with `render: auto`."""

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from db.tables import shells


def remembered(conn: Connection, platform: str, *, since: datetime) -> bool:
    """True where the platform's pages were found to be shells, not before `since`."""
    found = select(shells.c.found_at).where(shells.c.platform == platform, shells.c.found_at >= since)
    return conn.execute(found).first() is not None


def remember(conn: Connection, platform: str, at: datetime) -> None:
    """The platform's pages were found to be shells."""
    row = upsert(shells).values(platform=platform, found_at=at)
    conn.execute(row.on_conflict_do_update(index_elements=["platform"], set_={"found_at": at}))


def forget(conn: Connection, platform: str) -> None:
    """HTTP alone brings the platform's cards."""
    conn.execute(delete(shells).where(shells.c.platform == platform))
