"""The access log of personal data: who had a lead shown unmasked, for what reason, until when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from db import audit, custody
from db.custody import Handling
from db.tables import unmaskings
from db.text import storable
from db.users import User


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmasking:
    """One look behind the veil."""

    reason: str
    at: datetime
    until: datetime


def unmask(conn: Connection, user: User, lead_id: int, *, reason: str, at: datetime, until: datetime) -> None:
    """Lets `user` see the lead unmasked until then: its row, and those of the custody chain and the audit.

    The lead's own evidence shows the same persons, so the custody chain has it too. The caller has seen to it that the
    lead is in the user's sight.
    """
    facts = {"lead_id": lead_id, "user_id": user.id, "reason": storable(reason), "at": at, "until": until}
    conn.execute(insert(unmaskings).values(**facts))
    note(conn, user.name, lead_id, reason=reason, at=at)


def note(conn: Connection, actor: str, lead_id: int, *, reason: str, at: datetime) -> None:
    """The rows of the custody chain and the audit alone, for who sees the lead once: the command line."""
    detail = {"unmasked": reason}
    custody.record(conn, actor=actor, handling=Handling.VIEW, lead_id=lead_id, detail=detail, at=at)
    audit.record(conn, actor=actor, action="lead.unmask", subject=f"lead:{lead_id}", detail=detail, at=at)


def standing(conn: Connection, user_id: int, lead_id: int, at: datetime) -> Unmasking | None:
    """The newest unmasking of the lead by this user that still holds at `at`; None without one."""
    rows = select(unmaskings.c.reason, unmaskings.c.at, unmaskings.c.until).where(
        unmaskings.c.lead_id == lead_id, unmaskings.c.user_id == user_id, unmaskings.c.until > at
    )
    row = conn.execute(rows.order_by(unmaskings.c.until.desc()).limit(1)).first()
    return Unmasking(reason=row.reason, at=row.at, until=row.until) if row else None
