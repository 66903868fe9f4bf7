"""复核抽查: one lead in twenty is screened again by somebody who does not know what was decided first.

Which lead it is follows from its id alone, so that screening it anew does not take it out of the sample. A trigger
(migration 0019) refuses the first reviewer as the second one, whatever the queries say.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, insert, literal_column, select

from db import audit
from db.screening import locked
from db.tables import leads, screenings, second_looks, users, verdicts
from db.walls import in_sight
from records import Fault, LeadState, Screening

#: How far back leads are looked at again, and figures reach.
REACH = timedelta(days=30)

#: As the index has it, word for word.
_CHOSEN: ColumnElement[bool] = literal_column("mod(hashtextextended('second look', leads.id), 20) = 0")
_DECIDED = (LeadState.KEPT.value, LeadState.DISMISSED.value)
_ACTIONS = (Screening.KEEP.value, Screening.DISMISS.value)


class SecondLookMoved(Fault):
    """这条线索不在您的复核之列：已有人复核，或首次初筛刚刚改变，或您曾处理过它。

    This lead is not yours to look at again: somebody did already, or its first screening has just changed, or you
    had it in hand yourself.
    """

    code = "E-DB-055"
    remedy = ("请处理下一条。", "Take the next one.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A lead that waits for a second look."""

    lead_id: int
    #: Row id of the screening that is looked at again; the page hands it back.
    screening_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Direction:
    """What became of leads that were first decided in one way."""

    #: 转核查 or 排除.
    first: str
    looked: int
    agreed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """Two people, two answers."""

    lead_id: int
    number: str
    title: str
    first: str
    first_by: str
    first_reason: str
    second: str
    second_by: str
    second_reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How far second looks agreed with first ones, within REACH."""

    #: Leads in the sample whose screening still stands.
    sampled: int
    directions: tuple[Direction, ...]
    #: The newest first.
    disagreements: tuple[Disagreement, ...]

    @property
    def looked(self) -> int:
        """Leads looked at again."""
        return sum(one.looked for one in self.directions)

    @property
    def agreed(self) -> int:
        """Of these, with the same answer."""
        return sum(one.agreed for one in self.directions)

    @property
    def rate(self) -> float | None:
        """0–1; None while nothing was looked at again."""
        return self.agreed / self.looked if self.looked else None


def following(conn: Connection, user_id: int, at: datetime) -> Due | None:
    """The oldest lead that waits for this user's second look; None where none does."""
    row = conn.execute(_due(conn, user_id, at).order_by(leads.c.screened_at, leads.c.id).limit(1)).first()
    return None if row is None else Due(lead_id=row.lead_id, screening_id=row.screening_id)


def waiting(conn: Connection, user_id: int, at: datetime) -> int:
    """How many leads wait for this user."""
    return int(conn.execute(select(func.count()).select_from(_due(conn, user_id, at).subquery())).scalar_one())


def look(conn: Connection, due: Due, *, action: Screening, reason: str, user_id: int, actor: str, at: datetime) -> bool:
    """Keeps the second answer; True where it is the first one's. Raises LeadMissing, SecondLookMoved."""
    locked(conn, due.lead_id)
    row = conn.execute(_due(conn, user_id, at).where(leads.c.id == due.lead_id)).first()
    if row is None or row.screening_id != due.screening_id:
        raise SecondLookMoved
    agrees = bool(row.action == action.value)
    noted = {"lead_id": due.lead_id, "screening_id": due.screening_id, "user_id": user_id, "at": at}
    conn.execute(insert(second_looks).values(**noted, action=action.value, reason=reason, agrees=agrees))
    detail = {"screening": due.screening_id, "action": action.value, "reason": reason, "agrees": agrees}
    audit.record(conn, actor=actor, action="lead.second", subject=f"lead:{due.lead_id}", detail=detail, at=at)
    return agrees


def agreement(conn: Connection, at: datetime, *, shown: int = 50) -> Agreement:
    """The figures for those who answer for the screening, and where the two differ."""
    recent = and_(in_sight(conn), leads.c.screened_at >= at - REACH, leads.c.state.in_(_DECIDED), _CHOSEN)
    sampled = conn.execute(select(func.count()).select_from(leads).where(recent)).scalar_one()
    counted = (
        select(
            screenings.c.action,
            func.count().label("looked"),
            func.count().filter(second_looks.c.agrees).label("agreed"),
        )
        .select_from(second_looks)
        .join(screenings, screenings.c.id == second_looks.c.screening_id)
        .join(leads, leads.c.id == second_looks.c.lead_id)
        .where(in_sight(conn), second_looks.c.at >= at - REACH)
        .group_by(screenings.c.action)
        .order_by(screenings.c.action)
    )
    directions = [Direction(first=row.action, looked=row.looked, agreed=row.agreed) for row in conn.execute(counted)]
    return Agreement(sampled=int(sampled), directions=tuple(directions), disagreements=_disagreements(conn, at, shown))


def _disagreements(conn: Connection, at: datetime, shown: int) -> tuple[Disagreement, ...]:
    one, other = users.alias("one"), users.alias("other")
    rows = conn.execute(
        select(
            second_looks,
            leads.c.number,
            leads.c.title,
            screenings.c.action.label("first"),
            screenings.c.reason.label("first_reason"),
            one.c.full_name.label("first_by"),
            other.c.full_name.label("second_by"),
        )
        .join(screenings, screenings.c.id == second_looks.c.screening_id)
        .join(leads, leads.c.id == second_looks.c.lead_id)
        .join(one, one.c.id == screenings.c.user_id)
        .join(other, other.c.id == second_looks.c.user_id)
        .where(in_sight(conn), second_looks.c.at >= at - REACH, ~second_looks.c.agrees)
        .order_by(second_looks.c.id.desc())
        .limit(shown)
    )
    return tuple(_disagreement(row) for row in rows)


def _disagreement(row: Row[Any]) -> Disagreement:
    return Disagreement(
        lead_id=row.lead_id,
        number=row.number or "",
        title=row.title,
        first=row.first,
        first_by=row.first_by,
        first_reason=row.first_reason,
        second=row.action,
        second_by=row.second_by,
        second_reason=row.reason,
        at=row.at,
    )


def _due(conn: Connection, user_id: int, at: datetime) -> Select[Any]:
    """Leads of the sample whose standing screening nobody looked at again, and in which the user had no part."""
    mine, concluded = screenings.alias("mine"), verdicts.alias("concluded")
    standing = and_(
        screenings.c.lead_id == leads.c.id,
        screenings.c.at == leads.c.screened_at,
        screenings.c.user_id == leads.c.screened_by,
        screenings.c.action.in_(_ACTIONS),
    )
    return (
        select(leads.c.id.label("lead_id"), screenings.c.id.label("screening_id"), screenings.c.action)
        .join(screenings, standing)
        .where(
            in_sight(conn),
            leads.c.screened_at.is_not(None),
            leads.c.screened_at >= at - REACH,
            leads.c.state.in_(_DECIDED),
            _CHOSEN,
            ~exists().where(second_looks.c.screening_id == screenings.c.id),
            ~exists().where(mine.c.lead_id == leads.c.id, mine.c.user_id == user_id),
            ~exists().where(concluded.c.lead_id == leads.c.id, concluded.c.user_id == user_id),
        )
    )
