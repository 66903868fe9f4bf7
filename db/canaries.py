"""The canary of a night: planned with its scan, ended once, and nothing of it left among the leads."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db.tables import (
    assessments,
    canaries,
    capture_files,
    captures,
    captures_due,
    lead_hits,
    leads,
    listing_versions,
    listings,
    outbox,
    sellers,
)
from records import CANARY


def plan(conn: Connection, scan_id: int) -> None:
    """A scan that ends only when its canary has ended too."""
    conn.execute(upsert(canaries).values(scan_id=scan_id).on_conflict_do_nothing())


def ended(conn: Connection, scan_id: int, *, led: bool, note: str, at: datetime) -> bool:
    """Write the one end of a scan's canary; False where it has ended already or none was planned."""
    open_one = (canaries.c.scan_id == scan_id, canaries.c.ended_at.is_(None))
    done = conn.execute(update(canaries).where(*open_one).values(led=led, note=note, ended_at=at)).rowcount
    return bool(done == 1)


def lead_of(conn: Connection, item_id: str) -> tuple[int, int] | None:
    """Id and score of the lead that the planted listing became, told to the outbox as every lead; None without one."""
    found = conn.execute(
        select(leads.c.id, leads.c.score)
        .join(lead_hits, lead_hits.c.lead_id == leads.c.id)
        .join(listings, listings.c.id == lead_hits.c.listing_id)
        .join(outbox, outbox.c.key == func.concat("lead.new:", leads.c.id))
        .join(captures, captures.c.listing_id == listings.c.id)
        .where(listings.c.platform == CANARY, listings.c.item_id == item_id)
    ).first()
    return (found.id, found.score) if found else None


def remove(conn: Connection) -> None:
    """Take away every row that a canary left: it is nobody's lead, and no count may hold it."""
    its_listings = select(listings.c.id).where(listings.c.platform == CANARY)
    its_leads = select(leads.c.id).where(leads.c.platform == CANARY)
    its_captures = select(captures.c.id).where(captures.c.listing_id.in_(its_listings))
    news = select(func.concat("lead.new:", leads.c.id)).where(leads.c.platform == CANARY)
    conn.execute(delete(outbox).where(outbox.c.key.in_(news)))
    conn.execute(delete(lead_hits).where(lead_hits.c.lead_id.in_(its_leads)))
    conn.execute(delete(leads).where(leads.c.platform == CANARY))
    conn.execute(delete(capture_files).where(capture_files.c.capture_id.in_(its_captures)))
    for table in (captures, captures_due, assessments, listing_versions):
        conn.execute(delete(table).where(table.c.listing_id.in_(its_listings)))
    conn.execute(delete(listings).where(listings.c.platform == CANARY))
    conn.execute(delete(sellers).where(sellers.c.platform == CANARY))
