"""How far a house is from its first lead: what people set up, a row a step, and what can be counted.

The row `unit` is more than a mark: once it is there, it says whose system this is, in place of the settings' [unit].
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from db import audit
from db.tables import first_run, leads, scans, users
from db.text import storable, storable_json


class Step(StrEnum):
    """What is set up at first. The values stand in the database."""

    UNIT = "unit"
    PLATFORMS = "platforms"
    ALERTS = "alerts"
    LEAD = "lead"


#: In a row's detail: True where a person passed the step over.
SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """One step as it was last done."""

    detail: Mapping[str, Any]
    #: Account, or who ran the command.
    by: str
    at: datetime

    @property
    def skipped(self) -> bool:
        """True where somebody passed it over and did nothing since."""
        return bool(self.detail.get(SKIPPED))


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What the house has already, whoever made it."""

    #: Enabled accounts that may sign in and keep accounts; and those in the roles asked for.
    admins: int
    screeners: int
    any_scan: bool
    any_lead: bool


def steps(conn: Connection) -> dict[str, Done]:
    """Step → how it was last done; a step that nobody has touched is not there."""
    rows = conn.execute(select(first_run))
    return {row.step: Done(detail=row.detail, by=row.done_by, at=row.at) for row in rows}


def counted(conn: Connection, screening: Collection[str]) -> Counted:
    """What there is. `screening`: the roles whose accounts screen leads."""
    may = select(func.count()).select_from(users).where(users.c.enabled)
    return Counted(
        admins=conn.execute(may.where(users.c.role == "admin")).scalar_one(),
        screeners=conn.execute(may.where(users.c.role.in_(list(screening)))).scalar_one(),
        any_scan=bool(conn.execute(select(exists().where(scans.c.id.is_not(None)))).scalar_one()),
        any_lead=bool(conn.execute(select(exists().where(leads.c.id.is_not(None)))).scalar_one()),
    )


def keep(conn: Connection, step: Step, detail: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Writes the step with `detail` in place of what stood there, and the audit row."""
    facts = {"detail": storable_json(detail), "done_by": storable(by), "at": at}
    statement = insert(first_run).values(step=step.value, **facts)
    conn.execute(statement.on_conflict_do_update(index_elements=["step"], set_=facts))
    audit.record(conn, actor=by, action=f"setup.{step.value}", subject="setup", detail=detail, at=at)


def skip(conn: Connection, step: Step, *, by: str, at: datetime) -> None:
    """Notes that somebody passed the step over; what was done of it before stays. Writes the audit row."""
    before = steps(conn).get(step.value)
    keep(conn, step, {**(before.detail if before else {}), SKIPPED: True}, by=by, at=at)


def add(conn: Connection, step: Step, key: str, told: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Writes `told` under `key` of the step's detail, beside what other keys say; a skipped mark goes. Audited.

    One writer at a time: the step's row is held until the transaction ends.
    """
    conn.execute(
        insert(first_run).values(step=step.value, detail={}, done_by=storable(by), at=at).on_conflict_do_nothing()
    )
    held = select(first_run.c.detail).where(first_run.c.step == step.value).with_for_update()
    detail = {name: value for name, value in conn.execute(held).scalar_one().items() if name != SKIPPED}
    facts = {"detail": {**detail, key: storable_json(told)}, "done_by": storable(by), "at": at}
    conn.execute(first_run.update().where(first_run.c.step == step.value).values(**facts))
    audit.record(conn, actor=by, action=f"setup.{step.value}", subject=f"setup:{key}", detail=told, at=at)
