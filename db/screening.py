"""初筛: what one key on the queue writes, and what Z takes back. Each change is one version and one audit row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, and_, cast, exists, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db import audit, grouping
from db.faults import LeadChanged as LeadChanged
from db.faults import LeadConcluded as LeadConcluded
from db.faults import LeadMissing as LeadMissing
from db.tables import lead_numbers, leads, screenings
from db.walls import in_sight
from records import DismissReason, Fault, LeadState, Screening, shanghai_date

#: In `screenings.action`: takes back one earlier row.
UNDO = "撤销"

_STATES = {
    Screening.KEEP: LeadState.KEPT,
    Screening.DISMISS: LeadState.DISMISSED,
    Screening.LATER: LeadState.LATER,
}


class NothingToUndo(Fault):
    """没有可以撤销的操作。

    There is nothing to undo.
    """

    code = "E-DB-410"
    remedy = (
        "只能撤销本人所做、其后没有他人再处理的初筛。",
        "Only screenings of your own that nobody has changed since can be taken back.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a person decided about one lead as it was shown."""

    lead_id: int
    #: The version that was on the screen; another one in the table refuses the decision.
    version: int
    action: Screening
    #: Only with 排除.
    reason: DismissReason | None = None
    #: What 其他 stands for, in the person's words: with that reason never empty, with the others always.
    note: str = ""
    user_id: int
    #: Name of the user in the audit.
    actor: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Screened:
    """What became of it."""

    lead_id: int
    state: LeadState
    #: XS-2026-1123-0001; empty while the lead has none.
    number: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """What became of several leads that were decided, or taken back, at once."""

    screened: tuple[Screened, ...]
    #: How many were left alone because they had changed meanwhile.
    changed: int


def screen(conn: Connection, decision: Decision) -> Screened:
    """Write one decision. A lead screened in gets its number, which no other lead ever had.

    Raises LeadMissing, LeadChanged where `version` is no longer the newest, or LeadConcluded where it has a verdict.
    """
    return _screen(conn, decision, batch=None)


def screen_together(conn: Connection, decisions: Sequence[Decision]) -> Together:
    """Write decisions about many leads as one action, which one undo takes back; changed leads are left alone."""
    first = conn.execute(text("select nextval(pg_get_serial_sequence('screenings', 'id'))")).scalar_one()
    screened = []
    for decision in sorted(decisions, key=lambda one: one.lead_id):  # in one order, so that two cannot block each other
        try:
            screened.append(_screen(conn, decision, batch=first))
        except (LeadMissing, LeadChanged, LeadConcluded):
            continue
    return Together(screened=tuple(screened), changed=len(decisions) - len(screened))


def _screen(conn: Connection, decision: Decision, *, batch: int | None) -> Screened:
    if (decision.action is Screening.DISMISS) != (decision.reason is not None):
        raise ValueError("a reason goes with 排除 and with nothing else")
    if (decision.reason is DismissReason.OTHER) != bool(decision.note):
        raise ValueError("words go with 其他 and with nothing else")
    row = locked(conn, decision.lead_id)
    if row.version != decision.version or row.merged_into:
        raise LeadChanged(f"{row.state}　{row.title}")
    if row.verdict:
        raise LeadConcluded(f"{row.number}　{row.verdict}")
    number = row.number
    if decision.action is Screening.KEEP and number is None:
        number = _past_number(conn, row.id) or _next_number(conn, decision.at)
    reason = f"{decision.reason or ''}：{decision.note}" if decision.note else decision.reason or ""
    after = {
        "state": _STATES[decision.action],
        "number": number,
        "dismiss_reason": reason,
        "screened_at": decision.at,
        "screened_by": decision.user_id,
    }
    noted = {"lead_id": row.id, "user_id": decision.user_id, "at": decision.at, "batch": batch}
    conn.execute(insert(screenings).values(**noted, action=decision.action, reason=reason, before=grouping.before(row)))
    return _write(conn, row, after, actor=decision.actor, action=f"lead.{decision.action.name.lower()}", at=decision.at)


def undo(conn: Connection, *, user_id: int, actor: str, at: datetime) -> Together:
    """Take back the user's last action that still stands, and restore its lead or leads exactly as they were before.

    Of many decided together those are left alone that somebody has screened since. Raises NothingToUndo where there
    is nothing to take back.
    """
    last = _last_standing(conn, user_id)
    if last is None:
        raise NothingToUndo
    steps = [last] if last.batch is None else _standing_together(conn, last.batch)
    taken = [back for step in steps if (back := _take_back(conn, step, user_id, actor, at))]
    if not taken:
        raise NothingToUndo(str(last.reason or last.action))
    return Together(screened=tuple(taken), changed=len(steps) - len(taken))


def _take_back(conn: Connection, step: Row[Any], user_id: int, actor: str, at: datetime) -> Screened | None:
    """The lead as it was before that step; None where somebody has screened it since, or concluded."""
    row = locked(conn, step.lead_id)
    if row.verdict:
        return None
    newer = select(screenings.c.id).where(screenings.c.lead_id == step.lead_id, screenings.c.id > step.id)
    standing = and_(screenings.c.action != UNDO, ~_undone())
    if conn.execute(newer.where(standing).limit(1)).first():
        return None
    if step.action in (grouping.MERGE, grouping.SPLIT):
        if not grouping.taken_back(conn, step, standing):
            return None
        row = locked(conn, step.lead_id)
    before = {name: step.before[name] for name in grouping.before(row)}
    before["screened_at"] = before["screened_at"] and datetime.fromisoformat(before["screened_at"])
    noted = {"lead_id": row.id, "user_id": user_id, "at": at, "batch": None}
    told = {**grouping.before(row), "undoes": step.id}
    conn.execute(insert(screenings).values(**noted, action=UNDO, reason="", before=told))
    return _write(conn, row, before, actor=actor, action="lead.undo", at=at)


def locked(conn: Connection, lead_id: int) -> Row[Any]:
    """The lead's row, nobody else's to change until the transaction ends. Raises LeadMissing."""
    row = conn.execute(select(leads).where(leads.c.id == lead_id, in_sight(conn)).with_for_update()).one_or_none()
    if row is None:
        raise LeadMissing(str(lead_id))
    return row


def _write(
    conn: Connection, row: Row[Any], after: dict[str, Any], *, actor: str, action: str, at: datetime
) -> Screened:
    version = row.version + 1
    conn.execute(update(leads).where(leads.c.id == row.id).values(**after, version=version))
    detail = {
        "from": row.state,
        "to": str(after["state"]),
        "number": after["number"],
        "reason": str(after["dismiss_reason"]),
        "version": version,
    }
    audit.record(conn, actor=actor, action=action, subject=f"lead:{row.id}", detail=detail, at=at)
    return Screened(lead_id=row.id, state=LeadState(after["state"]), number=after["number"] or "", version=version)


def _undone() -> Any:
    """True for a row of `screenings` that a later one has taken back."""
    later = screenings.alias("later")
    return exists().where(
        later.c.lead_id == screenings.c.lead_id,
        later.c.action == UNDO,
        cast(later.c.before["undoes"].astext, BigInteger) == screenings.c.id,
    )


def _last_standing(conn: Connection, user_id: int) -> Row[Any] | None:
    return conn.execute(
        select(screenings)
        .where(screenings.c.user_id == user_id, screenings.c.action != UNDO, ~_undone())
        .order_by(screenings.c.id.desc())
        .limit(1)
    ).one_or_none()


def _standing_together(conn: Connection, batch: int) -> Sequence[Row[Any]]:
    """The steps of one action that still stand, in the order of their leads."""
    together = select(screenings).where(screenings.c.batch == batch, ~_undone())
    return conn.execute(together.order_by(screenings.c.lead_id)).all()


def _past_number(conn: Connection, lead_id: int) -> str | None:
    """The number the lead had before an undo took it away: a number belongs to one lead for good."""
    number = screenings.c.before["number"].astext
    return conn.execute(
        select(number).where(screenings.c.lead_id == lead_id, number.is_not(None)).order_by(screenings.c.id).limit(1)
    ).scalar()


def _next_number(conn: Connection, at: datetime) -> str:
    """The next free number of the day in China; the row lock on the counter keeps two from getting the same."""
    day = shanghai_date(at)
    statement = upsert(lead_numbers).values(day=day, last=1)
    last = conn.execute(
        statement.on_conflict_do_update(index_elements=["day"], set_={"last": lead_numbers.c.last + 1}).returning(
            lead_numbers.c.last
        )
    ).scalar_one()
    return f"XS-{day:%Y-%m%d}-{last:04d}"
