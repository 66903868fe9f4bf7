"""What people say about a lead beside screening it: notes, stars, and terms that hit where they should not."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db import audit
from db.screening import LeadMissing
from db.tables import lead_notes, leads, misreads, users
from db.walls import in_sight


@dataclass(frozen=True, kw_only=True, slots=True)
class Misread:
    """A term of the lexicon that people said hit where it should not."""

    category: str
    term: str
    #: How many leads it was said of.
    leads: int
    last_said: datetime
    #: Title of the lead that it was said of last, and who said so.
    title: str
    said_by: str


def add_note(conn: Connection, lead_id: int, *, user_id: int, actor: str, text: str, at: datetime) -> None:
    """Keep a note; it is never changed afterwards. Raises LeadMissing."""
    _check(conn, lead_id)
    conn.execute(insert(lead_notes).values(lead_id=lead_id, user_id=user_id, text=text, at=at))
    audit.record(conn, actor=actor, action="lead.note", subject=f"lead:{lead_id}", detail={"text": text}, at=at)


def star(conn: Connection, lead_id: int, *, actor: str, at: datetime) -> bool:
    """Make the lead a candidate for 典型案例, or no longer one; which of both it is now. Raises LeadMissing."""
    starred = conn.execute(
        update(leads)
        .where(leads.c.id == lead_id, in_sight(conn))
        .values(starred=~leads.c.starred)
        .returning(leads.c.starred)
    ).scalar_one_or_none()
    if starred is None:
        raise LeadMissing(str(lead_id))
    audit.record(
        conn, actor=actor, action="lead.star", subject=f"lead:{lead_id}", detail={"starred": bool(starred)}, at=at
    )
    return bool(starred)


def misread(
    conn: Connection, lead_id: int, *, category: str, term: str, user_id: int, actor: str, at: datetime
) -> None:
    """Tell the analysts that the term hit where it should not. Said twice of one lead it counts once."""
    _check(conn, lead_id)
    said = {"lead_id": lead_id, "category": category, "term": term, "user_id": user_id, "at": at}
    conn.execute(upsert(misreads).values(said).on_conflict_do_nothing())
    detail = {"category": category, "term": term}
    audit.record(conn, actor=actor, action="lead.misread", subject=f"lead:{lead_id}", detail=detail, at=at)


def misread_terms(conn: Connection) -> list[Misread]:
    """What was said of terms, the most often said first."""
    ranked = select(
        misreads,
        leads.c.title,
        users.c.full_name,
        func.count().over(partition_by=(misreads.c.category, misreads.c.term)).label("leads"),
        func.row_number()
        .over(partition_by=(misreads.c.category, misreads.c.term), order_by=misreads.c.at.desc())
        .label("place"),
    )
    joined = ranked.join(leads, leads.c.id == misreads.c.lead_id).join(users, users.c.id == misreads.c.user_id)
    newest = joined.subquery()
    rows = conn.execute(select(newest).where(newest.c.place == 1).order_by(newest.c.leads.desc(), newest.c.at.desc()))
    return [
        Misread(
            category=row.category,
            term=row.term,
            leads=row.leads,
            last_said=row.at,
            title=row.title,
            said_by=row.full_name,
        )
        for row in rows
    ]


def _check(conn: Connection, lead_id: int) -> None:
    if conn.execute(select(leads.c.id).where(leads.c.id == lead_id, in_sight(conn))).first() is None:
        raise LeadMissing(str(lead_id))
