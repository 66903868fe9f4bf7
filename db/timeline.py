"""经过: what happened to a lead, oldest first, whoever did it. Nothing in it is ever changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from db.grouping import family
from db.screening import UNDO
from db.tables import (
    dispositions,
    lead_hits,
    lead_notes,
    licence_checks,
    listing_states,
    listings,
    screenings,
    users,
    verdicts,
)
from records import LicenceState

#: Who stands in a lead's history for what the patrols found.
SYSTEM = "系统"
#: What a note is called there.
NOTE = "备注"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that happened to a lead."""

    at: datetime
    #: Full name of who did it; 系统 for a patrol.
    who: str
    #: 转核查, 排除, 待研判 or 撤销; 已下架 or 再次上架; 备注; 证照核验; 核查结论; 处置.
    action: str
    #: Of a patrol: the title of the hit; of a note: its words; of a verdict: why.
    reason: str


def timeline(conn: Connection, lead_id: int) -> tuple[Step, ...]:
    """All of it, with what was screened and noted of leads that became part of it; the caller has seen to its wall."""
    sources = (_screened, _found, _noted, _checked, _concluded, _disposed)
    steps = [step for source in sources for step in source(conn, lead_id)]
    return tuple(sorted(steps, key=lambda step: step.at))


def _screened(conn: Connection, lead_id: int) -> Iterator[Step]:
    statement = select(screenings, users.c.full_name).join(users, users.c.id == screenings.c.user_id)
    for row in conn.execute(statement.where(screenings.c.lead_id.in_(family(conn, lead_id))).order_by(screenings.c.id)):
        yield Step(at=row.at, who=row.full_name, action=row.action, reason=row.reason)


def _found(conn: Connection, lead_id: int) -> Iterator[Step]:
    statement = (
        select(listing_states.c.at, listing_states.c.state, listings.c.title)
        .join(listings, listings.c.id == listing_states.c.listing_id)
        .join(lead_hits, lead_hits.c.listing_id == listings.c.id)
        .where(lead_hits.c.lead_id == lead_id)
        .order_by(listing_states.c.id)
    )
    for row in conn.execute(statement):
        yield Step(at=row.at, who=SYSTEM, action=row.state, reason=row.title)


def _noted(conn: Connection, lead_id: int) -> Iterator[Step]:
    statement = select(lead_notes, users.c.full_name).join(users, users.c.id == lead_notes.c.user_id)
    for row in conn.execute(statement.where(lead_notes.c.lead_id.in_(family(conn, lead_id))).order_by(lead_notes.c.id)):
        yield Step(at=row.at, who=row.full_name, action=NOTE, reason=row.text)


def _checked(conn: Connection, lead_id: int) -> Iterator[Step]:
    """What was saved together is one step; that a paper is not claimed is said only where nothing else was saved."""
    statement = select(licence_checks, users.c.full_name).join(users, users.c.id == licence_checks.c.user_id)
    together: dict[tuple[datetime, str], list[str]] = {}
    for row in conn.execute(statement.where(licence_checks.c.lead_id == lead_id).order_by(licence_checks.c.id)):
        told = together.setdefault((row.at, row.full_name), [])
        if row.state != LicenceState.SILENT.value:
            told.append(f"{row.kind}：{row.state}" + (f"（{row.finding}）" if row.finding else ""))
    for (at, who), kinds in together.items():
        yield Step(at=at, who=who, action="证照核验", reason="、".join(kinds) or LicenceState.SILENT.value)


def _concluded(conn: Connection, lead_id: int) -> Iterator[Step]:
    statement = select(verdicts, users.c.full_name).join(users, users.c.id == verdicts.c.user_id)
    for row in conn.execute(statement.where(verdicts.c.lead_id == lead_id).order_by(verdicts.c.id)):
        action = "撤销核查结论" if row.verdict == UNDO else "核查结论"
        told = (row.verdict, row.reason or "；".join(row.violations), row.change)
        reason = "" if row.verdict == UNDO else "　".join(filter(None, told))
        yield Step(at=row.at, who=row.full_name, action=action, reason=reason)


def _disposed(conn: Connection, lead_id: int) -> Iterator[Step]:
    statement = select(dispositions, users.c.full_name).join(users, users.c.id == dispositions.c.user_id)
    for row in conn.execute(statement.where(dispositions.c.lead_id == lead_id).order_by(dispositions.c.id)):
        action = "作废处置" if row.voids else "处置" if row.corrects is None else "更正处置"
        told = (row.kind, str(row.done_on), row.recipient, row.reference, row.note)
        yield Step(at=row.at, who=row.full_name, action=action, reason="　".join(filter(None, told)))
