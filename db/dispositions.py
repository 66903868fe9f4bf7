"""处置: the plain list of what was done about a lead. Entries are added; a wrong one is corrected by another."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from db import audit
from db.screening import locked
from db.tables import dispositions, leads, users
from records import (
    Disposition,
    DispositionKind,
    Fault,
    LeadState,
    possible_dispositions,
    shanghai_date,
)


class EntryWanting(Fault):
    """处置登记的内容不完整，没有保存。

    The entry lacks something; it was not saved.
    """

    code = "E-DB-053"
    remedy = ("请补全后再提交，已填写的内容都在。", "Complete it and send it again; what you typed is still there.")


class EntryCorrected(Fault):
    """这条处置登记已经更正或作废，或者不在这条线索上。

    This entry was corrected or voided already, or belongs to another lead.
    """

    code = "E-DB-054"
    remedy = ("请刷新线索页，更正最新的一条。", "Reload the lead and correct the newest one.")


def add(conn: Connection, lead_id: int, entry: Disposition, *, user_id: int, actor: str, at: datetime) -> int:
    """Adds an entry, or one that corrects another; returns its id.

    Raises LeadMissing, EntryWanting with what is missing, EntryCorrected where another came first.
    """
    row = locked(conn, lead_id)
    if entry.corrects is not None:
        entry = _correcting(conn, lead_id, entry)
    if missing := _missing(row, entry, at):
        raise EntryWanting(missing)
    values = {
        "kind": entry.kind.value,
        "done_on": entry.on,
        "recipient": entry.recipient,
        "reference": entry.reference,
        "note": entry.note,
        "corrects": entry.corrects,
        "voids": entry.voids,
    }
    noted = {"lead_id": lead_id, "user_id": user_id, "at": at}
    made = conn.execute(insert(dispositions).values(**noted, **values).returning(dispositions.c.id)).scalar_one()
    conn.execute(update(leads).where(leads.c.id == lead_id).values(version=row.version + 1))
    detail = {**values, "done_on": str(entry.on), "id": made, "version": row.version + 1}
    audit.record(conn, actor=actor, action="lead.disposition", subject=f"lead:{lead_id}", detail=detail, at=at)
    return int(made)


def entries(conn: Connection, lead_id: int) -> tuple[Disposition, ...]:
    """Every entry of the lead, oldest first, also those that count no more; the caller has seen to the lead's wall."""
    later = dispositions.alias("later")
    statement = (
        select(dispositions, users.c.full_name, later.c.id.label("corrected_by"))
        .join(users, users.c.id == dispositions.c.user_id)
        .outerjoin(later, later.c.corrects == dispositions.c.id)
        .where(dispositions.c.lead_id == lead_id)
        .order_by(dispositions.c.id)
    )
    return tuple(_entry(row) for row in conn.execute(statement))


def _correcting(conn: Connection, lead_id: int, entry: Disposition) -> Disposition:
    """The entry as it is kept: one that voids says again what it voids. Raises EntryCorrected."""
    old = next((one for one in entries(conn, lead_id) if one.id == entry.corrects), None)
    if old is None or not old.counts:
        raise EntryCorrected
    if not entry.voids:
        return entry
    return replace(old, note=entry.note, corrects=old.id, voids=True)


def _missing(row: Row[Any], entry: Disposition, at: datetime) -> str:
    if entry.wanting:
        return entry.wanting
    if entry.on > shanghai_date(at):
        return "处置日期不能晚于今天"
    if row.state != LeadState.KEPT.value or not row.number:
        return "线索转核查后才能登记处置"
    if entry.voids or entry.kind in possible_dispositions(row.verdict):
        return ""
    if not row.verdict:
        return "还没有核查结论，只能登记转办或存查"
    return "结论不是属实，只能登记不予立案、转办或存查"


def _entry(row: Row[Any]) -> Disposition:
    return Disposition(
        id=row.id,
        kind=DispositionKind(row.kind),
        on=row.done_on,
        recipient=row.recipient,
        reference=row.reference,
        note=row.note,
        corrects=row.corrects,
        voids=row.voids,
        by=row.full_name,
        at=row.at,
        corrected_by=row.corrected_by,
    )
