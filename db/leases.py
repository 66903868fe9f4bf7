"""Who is looking at a lead just now: nobody else is given it meanwhile."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, delete, exists, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from db.screening import LeadMissing
from db.tables import leads, leases, users
from db.walls import in_sight

#: For this long after the last look.
LASTS = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """One lead in somebody's hands."""

    user_id: int
    #: As colleagues read it.
    holder: str
    since: datetime
    until: datetime


def one_at_a_time(conn: Connection) -> None:
    """Until the end of the transaction nobody else takes a lead; asked for first of all, it keeps two from waiting
    for each other."""
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended('leases', 0))"))


def take(conn: Connection, lead_id: int, user_id: int, at: datetime) -> bool:
    """The lead is in the user's hands from now on, and no other one is; False where somebody else holds it.

    Raises LeadMissing where the transaction may not see such a lead.
    """
    if conn.execute(select(leads.c.id).where(leads.c.id == lead_id, in_sight(conn))).first() is None:
        raise LeadMissing(str(lead_id))
    given = insert(leases).values(lead_id=lead_id, user_id=user_id, since=at, until=at + LASTS)
    mine_or_over = or_(leases.c.user_id == user_id, leases.c.until <= at)
    begun = case((leases.c.user_id == user_id, leases.c.since), else_=given.excluded.since)
    renewed = {"user_id": user_id, "since": begun, "until": given.excluded.until}
    statement = given.on_conflict_do_update(index_elements=["lead_id"], set_=renewed, where=mine_or_over)
    if conn.execute(statement.returning(leases.c.lead_id)).first() is None:
        return False
    conn.execute(delete(leases).where(leases.c.user_id == user_id, leases.c.lead_id != lead_id))
    return True


def held(conn: Connection, lead_ids: Collection[int], at: datetime) -> dict[int, Lease]:
    """Of these leads those in somebody's hands, by id."""
    rows = conn.execute(
        select(leases, users.c.full_name)
        .join(users, users.c.id == leases.c.user_id)
        .where(leases.c.lead_id.in_(list(lead_ids)), leases.c.until > at)
    )
    return {
        row.lead_id: Lease(user_id=row.user_id, holder=row.full_name, since=row.since, until=row.until) for row in rows
    }


def free_for(user_id: int, at: datetime) -> ColumnElement[bool]:
    """True for a row of `leads` that nobody else holds."""
    elsewhere = and_(leases.c.lead_id == leads.c.id, leases.c.user_id != user_id, leases.c.until > at)
    return ~exists().where(elsewhere)
