"""What was put aside comes back by itself: 待研判 of the queue, and 存疑 of the lead page, once something is new.

New is a hit more, another price or text, gone, on sale again, and the day that was named: for 存疑 the verdict's own,
for 待研判 LATER_DAYS after it was put aside. 待研判 is a candidate again and stands first in the queue. 存疑 keeps its
state, its number and its verdict, because a person gave them: it stands above the queue until there is another verdict.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, select, text

from db import audit
from db.leads import HOUSE
from db.queue import QueueFilter, in_district, lead_rows, to_lead
from db.tables import leads
from db.walls import in_sight
from records import Lead, LeadState, Verdict, shanghai_date

#: Days after which what was put aside as 待研判 comes back.
LATER_DAYS = 14
#: Leads that one look of the clock wakes at most.
_AT_ONCE = 200


class Why(StrEnum):
    """What is new. The values stand in the database and are shown."""

    DAY = "到了再看的日期"
    HIT = "有新的疑似信息"
    CHANGED = "价格或文字有变化"
    GONE = "已下架"
    RELISTED = "再次上架"


_ASLEEP = text(
    "select id, state, verdict from leads where id = any(:ids)"
    " and (state = :later or state = :kept and verdict = :doubt and woken_at is null) order by id for update"
)
_STATES = {"later": LeadState.LATER.value, "kept": LeadState.KEPT.value, "doubt": Verdict.DOUBT.value}
_WAKE = text(
    "update leads set raised_at = :at, raised_why = :why, version = version + 1,"
    " state = case when state = :later then :candidate else state end,"
    " woken_at = case when state = :later then null else cast(:at as timestamptz) end"
    " where id = :id returning state"
)


def wake(conn: Connection, lead_ids: Sequence[int], why: Why, at: datetime) -> list[int]:
    """Wakes those of the leads that were put aside, each with an audit row; which they were."""
    woken = conn.execute(_ASLEEP, {"ids": list(lead_ids), **_STATES}).all()
    for row in woken:
        facts = {"id": row.id, "at": at, "why": why.value, "candidate": LeadState.CANDIDATE.value}
        state = conn.execute(_WAKE, {**facts, "later": LeadState.LATER.value}).scalar_one()
        detail = {"from": row.state, "to": state, "verdict": row.verdict, "reason": why.value}
        audit.record(conn, actor=HOUSE, action="lead.wake", subject=f"lead:{row.id}", detail=detail, at=at)
    return [row.id for row in woken]


def hold(conn: Connection, listing_ids: Sequence[int]) -> None:
    """Locks the leads of these listings, for who writes to the audit chain before waking them (`Chain.record`)."""
    if listing_ids:
        found = text(
            "select id from leads where id in (select lead_id from lead_hits where listing_id = any(:ids))"
            " order by id for update"
        )
        conn.execute(found, {"ids": sorted(set(listing_ids))}).all()


def wake_of(conn: Connection, listing_ids: Sequence[int], why: Why, at: datetime) -> list[int]:
    """The same for the leads of these listings."""
    if not listing_ids:
        return []
    found = text("select distinct lead_id from lead_hits where listing_id = any(:ids) order by lead_id")
    return wake(conn, list(conn.execute(found, {"ids": list(listing_ids)}).scalars()), why, at)


def wake_due(conn: Connection, at: datetime) -> list[int]:
    """Those whose day has come."""
    due = text(
        "select id from (select l.id from leads l cross join lateral ("
        "  select v.wake_on from verdicts v where v.lead_id = l.id and v.undoes is null"
        "  and not exists (select from verdicts u where u.undoes = v.id) order by v.id desc limit 1) v"
        " where l.verdict = :doubt and l.woken_at is null and l.state = :kept and v.wake_on <= :today"
        " union all select id from leads where state = :later and screened_at < :put_aside) due order by id limit :most"
    )
    days = {"today": shanghai_date(at), "put_aside": at - timedelta(days=LATER_DAYS)}
    return wake(conn, list(conn.execute(due, {**_STATES, **days, "most": _AT_ONCE}).scalars()), Why.DAY, at)


def awake(conn: Connection, wanted: QueueFilter, *, limit: int) -> tuple[list[Lead], int]:
    """存疑 that came back and has no newer verdict, in the filter's district: the newest first, and how many."""
    here = (leads.c.woken_at.is_not(None), in_sight(conn), in_district(wanted.district))
    total = conn.execute(select(func.count()).select_from(leads).where(*here)).scalar_one()
    shown = lead_rows().where(*here).order_by(leads.c.woken_at.desc(), leads.c.id.desc()).limit(limit)
    return [to_lead(row) for row in conn.execute(shown)], int(total)
