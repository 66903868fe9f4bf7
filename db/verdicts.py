"""核查结论: given by a named person on a lead that was screened in, changed with a reason, taken back by a row more.

Rows are never changed. The lead's own `verdict` says which one stands, and its version goes up with each, so that who
looked at an older page is told.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from db import audit
from db.dispositions import entries
from db.licences import latest
from db.screening import UNDO, LeadChanged, NothingToUndo, locked
from db.tables import districts, leads, users, verdicts
from records import (
    UNDECIDED,
    Fault,
    Given,
    Grounds,
    Identity,
    LeadState,
    LicenceKind,
    SubjectKind,
    Verdict,
    Violation,
    WakeOn,
    shanghai_date,
    wanting,
)


class VerdictWanting(Fault):
    """核查结论的必填内容不完整，没有保存。

    The verdict lacks something that it has to say; it was not saved.
    """

    code = "E-DB-050"
    remedy = ("请补全后再提交，已填写的内容都在。", "Complete it and send it again; what you typed is still there.")


class NotScreenedIn(Fault):
    """这条线索还没有转核查，不能作出核查结论。

    This lead was not screened in; there can be no verdict on it.
    """

    code = "E-DB-051"
    remedy = ("请先在核查队列按 A 转核查。", "Screen it in on the queue first, with A.")


class VerdictActedOn(Fault):
    """作出结论后已有处置，结论不能撤销；变更结论须由科长作出。

    Something was done on the grounds of this verdict: it cannot be taken back, and a head alone may change it.
    """

    code = "E-DB-052"
    remedy = (
        "请由科长变更结论并写明理由；处置登记有误的，先更正或作废该处置。",
        "Have a head change it with a reason; an entry that was wrong is corrected or voided first.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Concluding:
    """A verdict about to be given on a lead as it was shown."""

    lead_id: int
    #: The version that was on the screen; another one in the table refuses it.
    version: int
    verdict: Verdict
    grounds: Grounds
    #: Where the lead's district is 待定 and the person says which it is; empty leaves it alone.
    district: str = ""
    #: True for who may change a verdict after something was done on its grounds (a head).
    may_revise: bool = False
    user_id: int
    #: Name of the user in the audit.
    actor: str
    at: datetime


def conclude(conn: Connection, given: Concluding) -> int:
    """Writes the verdict, its row of the audit, and the lead's new version; returns the row's id.

    Raises LeadMissing; LeadChanged where `version` is no longer the newest; NotScreenedIn; VerdictWanting, naming the
    first thing that is missing; VerdictActedOn where something was done since and another may change it.
    """
    row = locked(conn, given.lead_id)
    if row.version != given.version:
        raise LeadChanged(f"{row.number or row.state}　{row.verdict or '尚无结论'}")
    if row.state != LeadState.KEPT.value or not row.number:
        raise NotScreenedIn(row.title)
    if row.verdict and not given.may_revise and done_since(conn, row.id):
        raise VerdictActedOn(row.verdict)
    if missing := _missing(conn, row, given):
        raise VerdictWanting(missing)
    made = conn.execute(insert(verdicts).values(_values(given)).returning(verdicts.c.id)).scalar_one()
    after: dict[str, Any] = {"verdict": given.verdict.value, "version": row.version + 1, "woken_at": None}
    if given.district:
        after |= {"district": given.district, "district_source": "人工"}
    conn.execute(update(leads).where(leads.c.id == row.id).values(**after))
    detail = {
        "verdict": given.verdict.value,
        "before": row.verdict,
        "reason": given.grounds.reason or "；".join(given.grounds.violations),
        "change": given.grounds.change,
        "district": given.district,
        "version": after["version"],
    }
    _note(conn, given.actor, "lead.verdict", row.id, detail, given.at)
    return int(made)


def take_back(conn: Connection, lead_id: int, *, user_id: int, actor: str, at: datetime) -> Verdict:
    """Takes the user's own verdict back, the one that stands; the one before it stands again. Returns what it was.

    Raises LeadMissing, NothingToUndo, VerdictActedOn.
    """
    row = locked(conn, lead_id)
    last = _standing(conn, lead_id)
    if last is None or last.user_id != user_id:
        raise NothingToUndo("只有本人作出的、仍然有效的核查结论可以撤销")
    if done_since(conn, lead_id):
        raise VerdictActedOn(last.verdict)
    undone = {"lead_id": lead_id, "user_id": user_id, "verdict": UNDO, "undoes": last.id, "at": at}
    conn.execute(insert(verdicts).values(**undone))
    before = _standing(conn, lead_id)
    after = {"verdict": before.verdict if before else "", "version": row.version + 1}
    conn.execute(update(leads).where(leads.c.id == lead_id).values(**after, woken_at=_woken(row, before)))
    detail = {"verdict": after["verdict"], "before": last.verdict, "undoes": last.id, "version": after["version"]}
    _note(conn, actor, "lead.verdict.undo", lead_id, detail, at)
    return Verdict(last.verdict)


def _woken(lead: Row[Any], stands: Row[Any] | None) -> datetime | None:
    """When a doubt that stands again was woken; None for one that was not, and for any other verdict."""
    if stands is None or stands.verdict != Verdict.DOUBT.value or lead.raised_at is None:
        return None
    return lead.raised_at if lead.raised_at > stands.at else None


def given(conn: Connection, lead_id: int) -> tuple[Given, ...]:
    """Every verdict on the lead, oldest first, with those taken back; the caller has seen to the lead's own wall."""
    undo, undoer = verdicts.alias("undo"), users.alias("undoer")
    statement = (
        select(verdicts, users.c.full_name, undo.c.at.label("undone_at"), undoer.c.full_name.label("undone_by"))
        .join(users, users.c.id == verdicts.c.user_id)
        .outerjoin(undo, undo.c.undoes == verdicts.c.id)
        .outerjoin(undoer, undoer.c.id == undo.c.user_id)
        .where(verdicts.c.lead_id == lead_id, verdicts.c.undoes.is_(None))
        .order_by(verdicts.c.id)
    )
    return tuple(_given(row) for row in conn.execute(statement))


def done_since(conn: Connection, lead_id: int) -> bool:
    """True where a disposition that counts was entered after the verdict that stands."""
    last = _standing(conn, lead_id)
    return last is not None and any(
        one.counts and one.at is not None and one.at >= last.at for one in entries(conn, lead_id)
    )


def places(conn: Connection) -> list[str]:
    """Every district that a lead may be put in, in their order; 待定 is none."""
    rows = conn.execute(select(districts.c.name).where(districts.c.name != UNDECIDED).order_by(districts.c.position))
    return list(rows.scalars())


def _missing(conn: Connection, row: Row[Any], given: Concluding) -> str:
    if set(latest(conn, given.lead_id)) != set(LicenceKind):
        return "证照核验还没有填写完"
    if lacking := wanting(given.verdict, given.grounds):
        return lacking
    if given.grounds.wake_on is not None and given.grounds.wake_on <= shanghai_date(given.at):
        return "最迟再看的日期须在今天以后"
    if given.district and (row.district != UNDECIDED or given.district not in places(conn)):
        return "辖区只能由待定改为名单中的一个"
    if given.verdict is Verdict.TRUE and UNDECIDED in (row.district, given.district) and not given.district:
        return "属实须先确定辖区"
    if row.verdict and not given.grounds.change:
        return "已有结论的，结论变更须写明理由"
    return ""


def _standing(conn: Connection, lead_id: int) -> Row[Any] | None:
    return conn.execute(_not_undone().where(verdicts.c.lead_id == lead_id)).first()


def _not_undone() -> Select[Any]:
    """Verdicts that stand, the newest first."""
    undo = verdicts.alias("undo")
    standing = ~select(undo.c.id).where(undo.c.undoes == verdicts.c.id).exists()
    return select(verdicts).where(verdicts.c.undoes.is_(None), standing).order_by(verdicts.c.id.desc())


def _values(given: Concluding) -> dict[str, Any]:
    grounds = given.grounds
    return {
        "lead_id": given.lead_id,
        "user_id": given.user_id,
        "verdict": given.verdict.value,
        "identity": asdict(grounds.identity),
        "violations": [one.value for one in grounds.violations],
        "citations": list(grounds.citations),
        "evidence": list(grounds.evidence),
        "reason": grounds.reason,
        "note": grounds.note,
        "wake": grounds.wake.value if grounds.wake else "",
        "wake_on": grounds.wake_on,
        "change": grounds.change,
        "at": given.at,
    }


def _given(row: Row[Any]) -> Given:
    identity = {**row.identity, "kind": SubjectKind(row.identity["kind"])}
    grounds = Grounds(
        identity=Identity(**identity),
        violations=tuple(Violation(one) for one in row.violations),
        citations=tuple(row.citations),
        evidence=tuple(row.evidence),
        reason=row.reason,
        note=row.note,
        wake=WakeOn(row.wake) if row.wake else None,
        wake_on=row.wake_on,
        change=row.change,
    )
    return Given(
        id=row.id,
        lead_id=row.lead_id,
        verdict=Verdict(row.verdict),
        grounds=grounds,
        user_id=row.user_id,
        by=row.full_name,
        at=row.at,
        undone_at=row.undone_at,
        undone_by=row.undone_by or "",
    )


def _note(conn: Connection, actor: str, action: str, lead_id: int, detail: dict[str, Any], at: datetime) -> None:
    audit.record(conn, actor=actor, action=action, subject=f"lead:{lead_id}", detail=detail, at=at)
