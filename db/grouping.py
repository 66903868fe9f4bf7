"""合并 and 拆出: leads that a person put together or apart, the way back, and what the patrol makes of it afterwards.

A lead that was merged stays where it was, empty, and says where it went; its hits hang on the other one, each with the
lead that it would belong to by itself (`origin_id`). So the way back is exact, for hits that came later too, and the
patrol, which knows leads by their subject, follows `merged_into`. A hit that was split out stands in a lead of its own
that no subject leads to: what a person split is found by the hit (`home_of`).
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from db import audit
from db.faults import LeadChanged, LeadConcluded, LeadMissing
from db.leads import sum_up
from db.tables import lead_hits, leads, leases, listings, screenings
from db.walls import in_sight
from records import Fault, LeadState

#: In `screenings.action`.
MERGE, SPLIT = "合并", "拆出"
#: Leads that are merged into one at once.
MOST = 50


class NotMergeable(Fault):
    """这些线索不能合并。

    These leads cannot be merged.
    """

    code = "E-DB-422"
    remedy = (
        f"只能合并同一专项行动中尚未并入他处的线索，每次最多 {MOST} 条。",
        f"Only leads of one campaign that are not part of another go together, {MOST} at a time.",
    )


class NotSplittable(Fault):
    """这条疑似信息不能从线索中拆出。

    This hit cannot be split out of the lead.
    """

    code = "E-DB-423"
    remedy = ("线索至少要留下一条疑似信息。", "At least one hit has to stay with the lead.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A lead as it stood on the screen."""

    id: int
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hand:
    """Who does it, and when."""

    user_id: int
    #: Name in the audit.
    actor: str
    at: datetime


def merge(conn: Connection, into: Shown, others: Sequence[Shown], hand: Hand) -> None:
    """The hits of the others become hits of `into`; one undo takes all of it back.

    Raises LeadMissing, LeadChanged where one of them is no longer as it was shown, LeadConcluded, NotMergeable.
    """
    wanted = {one.id: one.version for one in (into, *others)}
    if not 1 <= len(others) <= MOST or len(wanted) != len(others) + 1:
        raise NotMergeable
    rows = _locked(conn, wanted)
    for row in rows.values():
        if row.version != wanted[row.id]:
            raise LeadChanged(f"{row.state}　{row.title}")
    target = rows[into.id]
    _not_concluded(rows.values())
    if any(row.merged_into or row.campaign_id != target.campaign_id for row in rows.values()):
        raise NotMergeable
    batch = conn.execute(text("select nextval(pg_get_serial_sequence('screenings', 'id'))")).scalar_one()
    seen = {"last_seen": max(row.last_seen for row in rows.values())}
    raised = [row.raised_at for row in rows.values() if row.raised_at]
    seen["raised_at"] = max(raised) if raised else None
    told = {"into": target.id, "was": _moments(target), "is": _moments_of(seen)}
    for one in others:
        _merge_one(conn, rows[one.id], target, told, hand, batch)
    _write(conn, target, seen)
    detail = {"from": [one.id for one in others]}
    audit.record(conn, actor=hand.actor, action="lead.merge", subject=f"lead:{target.id}", detail=detail, at=hand.at)


def _merge_one(conn: Connection, row: Row[Any], target: Row[Any], told: dict[str, Any], hand: Hand, batch: int) -> None:
    noted = {"lead_id": row.id, "user_id": hand.user_id, "at": hand.at, "batch": batch, "action": MERGE}
    reason = f"并入 {target.number or f'疑似-{target.id}'}"
    conn.execute(insert(screenings).values(**noted, reason=reason, before={**before(row), **told}))
    already = select(lead_hits.c.listing_id).where(lead_hits.c.lead_id == target.id)
    moved = update(lead_hits).where(lead_hits.c.lead_id == row.id, lead_hits.c.listing_id.not_in(already))
    conn.execute(moved.values(lead_id=target.id, origin_id=func.coalesce(lead_hits.c.origin_id, row.id)))
    gone = {"state": LeadState.MERGED.value, "merged_into": target.id, "version": row.version + 1}
    conn.execute(update(leads).where(leads.c.id == row.id).values(gone))
    conn.execute(delete(leases).where(leases.c.lead_id == row.id))
    detail = {"into": target.id, "hits": row.hits, "from": row.state}
    audit.record(conn, actor=hand.actor, action="lead.merge", subject=f"lead:{row.id}", detail=detail, at=hand.at)


def split(conn: Connection, lead: Shown, listing_id: int, hand: Hand) -> int:
    """One hit becomes a lead of its own, a candidate; its id.

    Raises LeadMissing, LeadChanged, LeadConcluded, NotSplittable where the hit is no hit of the lead, or its only one.
    """
    row = _locked(conn, {lead.id})[lead.id]
    if row.version != lead.version or row.merged_into:
        raise LeadChanged(f"{row.state}　{row.title}")
    _not_concluded([row])
    hit = conn.execute(
        select(listings, lead_hits.c.origin_id)
        .join(lead_hits, lead_hits.c.listing_id == listings.c.id)
        .where(lead_hits.c.lead_id == row.id, listings.c.id == listing_id)
    ).one_or_none()
    count = conn.execute(select(func.count()).where(lead_hits.c.lead_id == row.id)).scalar_one()
    if hit is None or count < 2:
        raise NotSplittable
    made = conn.execute(insert(leads).values(_apart(row, hit)).returning(leads)).one()
    _move(conn, listing_id, row.id, made.id, None)
    told = {"listing": listing_id, "lead": made.id, "origin": hit.origin_id}
    noted = {"lead_id": row.id, "user_id": hand.user_id, "at": hand.at, "action": SPLIT, "reason": hit.title[:80]}
    conn.execute(insert(screenings).values(**noted, before={**before(row), "split": told}))
    _write(conn, row, {})
    sum_up(conn, {made.id: row.lexicon_version})
    for subject in (row.id, made.id):
        audit.record(conn, actor=hand.actor, action="lead.split", subject=f"lead:{subject}", detail=told, at=hand.at)
    return int(made.id)


def _apart(row: Row[Any], hit: Row[Any]) -> dict[str, Any]:
    return {
        "campaign_id": row.campaign_id,
        "platform": hit.platform,
        "seller_id": hit.seller_id,
        "subject_key": f"split:{uuid.uuid4().hex}",
        "split_from": row.id,
        "state": LeadState.CANDIDATE.value,
        **{name: getattr(row, name) for name in ("district", "district_source", "source", "lexicon_version")},
        **{name: getattr(hit, name) for name in ("category", "level", "score", "title", "first_seen", "last_seen")},
    }


# --- the way back -----------------------------------------------------------------------------------------------------


def taken_back(conn: Connection, step: Row[Any], standing: Any) -> bool:
    """Undoes one row of `screenings` of ours, hits and all; False where somebody went on from there since.

    `standing` is true for rows of `screenings` that count. The lead's own state, number and reason are the caller's.
    """
    if step.action == MERGE:
        return _apart_again(conn, step, standing)
    return _together_again(conn, step, standing)


def _apart_again(conn: Connection, step: Row[Any], standing: Any) -> bool:
    rows = _locked(conn, {step.lead_id, step.before["into"]})
    row, target = rows[step.lead_id], rows[step.before["into"]]
    if row.merged_into != target.id or target.verdict or _went_on(conn, {target.id}, step, standing):
        return False
    mine = lead_hits.c.lead_id == target.id, lead_hits.c.origin_id.in_(family(conn, row.id))
    back = {"lead_id": row.id, "origin_id": func.nullif(lead_hits.c.origin_id, row.id)}
    conn.execute(update(lead_hits).where(*mine).values(back))
    was, now = step.before["was"], _moments(target)
    kept = {name: was[name] for name in was if now[name] == step.before["is"][name]}
    conn.execute(update(leads).where(leads.c.id == row.id).values(merged_into=None, state=step.before["state"]))
    _write(conn, target, {name: value and datetime.fromisoformat(value) for name, value in kept.items()})
    sum_up(conn, {row.id: row.lexicon_version})
    return True


def _together_again(conn: Connection, step: Row[Any], standing: Any) -> bool:
    told = step.before["split"]
    rows = _locked(conn, {step.lead_id, told["lead"]})
    made = rows[told["lead"]]
    joined = conn.execute(select(leads.c.id).where(leads.c.merged_into == made.id).limit(1)).first()
    if made.merged_into or made.verdict or joined or _went_on(conn, {step.lead_id, made.id}, step, standing):
        return False
    _move(conn, told["listing"], made.id, step.lead_id, told["origin"])
    gone = {"state": LeadState.MERGED.value, "merged_into": step.lead_id, "hits": 0, "version": made.version + 1}
    conn.execute(update(leads).where(leads.c.id == made.id).values(gone))
    conn.execute(delete(leases).where(leases.c.lead_id == made.id))
    sum_up(conn, {step.lead_id: rows[step.lead_id].lexicon_version})
    return True


def _went_on(conn: Connection, lead_ids: Collection[int], step: Row[Any], standing: Any) -> bool:
    later = select(screenings.c.id).where(screenings.c.lead_id.in_(lead_ids), screenings.c.id > step.id, standing)
    return conn.execute(later.limit(1)).first() is not None


def family(conn: Connection, lead_id: int) -> list[int]:
    """The lead and all that were merged into it, into those, and so on."""
    found = text(
        "with recursive f (id) as (select cast(:id as bigint)"
        " union select l.id from leads l join f on l.merged_into = f.id) select id from f"
    )
    return [int(one) for one in conn.execute(found, {"id": lead_id}).scalars()]


# --- parts -----------------------------------------------------------------------------------------------------------


def before(row: Row[Any]) -> dict[str, Any]:
    """What an undo puts back, JSON-safe."""
    return {
        "state": row.state,
        "number": row.number,
        "dismiss_reason": row.dismiss_reason,
        "screened_at": row.screened_at.isoformat() if row.screened_at else None,
        "screened_by": row.screened_by,
    }


def _moments(row: Row[Any]) -> dict[str, Any]:
    return _moments_of({"last_seen": row.last_seen, "raised_at": row.raised_at})


def _moments_of(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if value else None for name, value in values.items()}


def _locked(conn: Connection, lead_ids: Collection[int]) -> dict[int, Row[Any]]:
    """The rows by id, held until the end, in one order so that two cannot block each other."""
    wanted = select(leads).where(leads.c.id.in_(list(lead_ids)), in_sight(conn)).order_by(leads.c.id)
    rows = {row.id: row for row in conn.execute(wanted.with_for_update())}
    if set(rows) != set(lead_ids):
        raise LeadMissing(str(min(set(lead_ids) - set(rows))))
    return rows


def _not_concluded(rows: Iterable[Row[Any]]) -> None:
    for row in rows:
        if row.verdict:
            raise LeadConcluded(f"{row.number}　{row.verdict}")


def _move(conn: Connection, listing_id: int, lead_id: int, to: int, origin: int | None) -> None:
    of_lead = lead_hits.c.listing_id == listing_id, lead_hits.c.lead_id == lead_id
    conn.execute(update(lead_hits).where(*of_lead).values(lead_id=to, origin_id=origin))


def _write(conn: Connection, row: Row[Any], values: dict[str, Any]) -> None:
    """One version more, and the sums of its hits as they are now."""
    conn.execute(update(leads).where(leads.c.id == row.id).values(**values, version=leads.c.version + 1))
    sum_up(conn, {row.id: row.lexicon_version})
