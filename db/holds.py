"""Legal holds: nothing of a held lead, or of any lead of a held seller, is purged, until somebody lifts the hold."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from db import audit
from db.tables import holds, leads, sellers
from db.text import storable
from db.walls import in_sight
from records import Fault


class HoldUnknown(Fault):
    """没有这项保留，或者它已经解除。

    There is no such hold, or it has been lifted.
    """

    code = "E-DB-043"
    remedy = ("请刷新页面后再看。", "Reload the page and look again.")


class NothingToHold(Fault):
    """没有这条线索；或它没有可识别的卖家，不能按卖家保留。

    There is no such lead, or it has no seller by whom it could be held.
    """

    code = "E-DB-044"
    remedy = ("请核对线索编号；没有卖家的，按线索保留。", "Check the lead's id; without a seller hold the lead itself.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """One hold that stands."""

    id: int
    #: None where it is of a seller.
    lead_id: int | None
    seller_id: int | None
    #: Number or title of the lead; the seller's name: hostile text, personal data.
    lead_name: str
    seller_name: str
    reason: str
    set_by: str
    set_at: datetime


def place(conn: Connection, lead_id: int, *, whole_seller: bool, reason: str, by: str, at: datetime) -> None:
    """Holds the lead, or everything of its seller. A second hold of the same subject stands beside the first.

    Raises NothingToHold. The row of the subject is locked against a purge that is just looking at it.
    """
    row = conn.execute(select(leads.c.id, leads.c.seller_id).where(leads.c.id == lead_id, in_sight(conn))).one_or_none()
    if row is None or (whole_seller and row.seller_id is None):
        raise NothingToHold(str(lead_id))
    subject = {"seller_id": row.seller_id} if whole_seller else {"lead_id": row.id}
    conn.execute(insert(holds).values(**subject, reason=storable(reason), set_by=storable(by), set_at=at))
    detail = {**subject, "reason": storable(reason)}
    audit.record(conn, actor=by, action="hold.place", subject=f"lead:{lead_id}", detail=detail, at=at)


def lift(conn: Connection, hold_id: int, *, why: str, by: str, at: datetime) -> None:
    """Ends the hold; its row stays. Raises HoldUnknown."""
    given = {"lifted_by": storable(by), "lifted_why": storable(why), "lifted_at": at}
    statement = update(holds).where(holds.c.id == hold_id, holds.c.lifted_at.is_(None)).values(**given)
    row = conn.execute(statement.returning(holds.c.lead_id, holds.c.seller_id)).one_or_none()
    if row is None:
        raise HoldUnknown(str(hold_id))
    detail = {"hold": hold_id, "lead_id": row.lead_id, "seller_id": row.seller_id, "why": storable(why)}
    audit.record(conn, actor=by, action="hold.lift", subject=f"hold:{hold_id}", detail=detail, at=at)


def standing(conn: Connection, lead_id: int = 0, *, limit: int = 200) -> list[Hold]:
    """The holds that stand, the newest first; of one lead where it is named, those of its seller with it."""
    of_lead = select(leads.c.seller_id).where(leads.c.id == lead_id).scalar_subquery()
    wanted = or_(holds.c.lead_id == lead_id, holds.c.seller_id == of_lead) if lead_id else holds.c.id.is_not(None)
    statement = (
        select(holds, leads.c.number, leads.c.title, sellers.c.name)
        .outerjoin(leads, leads.c.id == holds.c.lead_id)
        .outerjoin(sellers, sellers.c.id == holds.c.seller_id)
        .where(holds.c.lifted_at.is_(None), wanted)
        .order_by(holds.c.id.desc())
        .limit(limit)
    )
    return [
        Hold(
            id=row.id,
            lead_id=row.lead_id,
            seller_id=row.seller_id,
            lead_name=row.number or row.title or "",
            seller_name=row.name or "",
            reason=row.reason,
            set_by=row.set_by,
            set_at=row.set_at,
        )
        for row in conn.execute(statement)
    ]
