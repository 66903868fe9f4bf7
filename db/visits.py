"""Own pages of stored listings: which are to be read again, and what became of those that were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from db import audit, waking
from db.evidence import CaptureKept, keep_captures
from db.leads import HOUSE
from db.listings import StoredListing, recall
from db.outbox import News, tell
from db.turns import leeway
from records import LeadState, ListingState

_OPEN = tuple(state.value for state in LeadState if state not in (LeadState.DISMISSED, LeadState.MERGED))


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """Whose own pages are to be read again on one platform."""

    #: The most pressing first: captures owed, hits that a list shows no more, hits by schedule, others in rotation.
    listings: tuple[StoredListing, ...] = ()
    #: Row ids of those whose capture is owed.
    owed: frozenset[int] = frozenset()
    #: How many more are due, beyond what may be asked.
    left: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """How much may be read again, and how old what was read must be."""

    #: Hits, and other listings beside them.
    hits: int
    others: int
    #: The moment of the round.
    at: datetime
    #: Nights after which a page is due again, a third sooner or later by the row's number (`db.turns`).
    nights: int


def open_hits(conn: Connection, platform: str) -> int:
    """How many hits of open leads a platform has."""
    statement = text(
        "select count(distinct l.id) from listings l join lead_hits h on h.listing_id = l.id"
        " join leads d on d.id = h.lead_id where l.platform = :platform and d.state = any(cast(:open as text[]))"
    )
    return int(conn.execute(statement, {"platform": platform, "open": list(_OPEN)}).scalar_one())


# Due is half a night early: a patrol does not reach the same page at the same minute every night.
# A hit's list read to its last page tonight without showing it: the item may be gone. A list left where only known
# items remained says nothing of those behind, and an empty answer is given to unwelcome visitors for every word.
_HITS = text(
    """
    select l.id, l.platform, l.item_id, owed.listing_id is not null as owed,
           case when owed.listing_id is not null then 0 when lost.is_lost then 1 else 2 end as rank
    from listings l
    left join captures_due owed on owed.listing_id = l.id
    cross join lateral (
        select l.state <> :gone and l.last_seen < s.planned_at and exists (
            select from queries was join queries tonight
              on tonight.platform = was.platform and tonight.kind = was.kind and tonight.text = was.text
             and tonight.region = was.region
            where was.id = l.query_id and tonight.scan_id = s.id
              and tonight.outcome = 'searched' and tonight.to_end) as is_lost
        from scans s where s.id = :scan) as lost
    where l.platform = :platform and l.level <> 'none'
      and exists (select from lead_hits h join leads d on d.id = h.lead_id
                  where h.listing_id = l.id and d.state = any(cast(:open as text[])))
      and (owed.listing_id is not null or lost.is_lost or coalesce(l.looked_at, l.first_seen)
           < cast(:at as timestamptz) - interval '12 hours' * (2 * (:soonest + l.id % :spread) - 1))
    order by rank, l.looked_at nulls first, l.id
    """
)
# Words hide in descriptions: what a suspicious word's search returned is read again where no card tells of changes.
_OTHERS = text(
    """
    select l.id, l.platform, l.item_id, false as owed from listings l join queries q on q.id = l.query_id
    where l.platform = :platform and l.level = 'none' and l.state <> :gone and l.detail_read
      and q.kind = 'search'
      and l.looked_at < cast(:at as timestamptz) - interval '12 hours' * (2 * (:soonest + l.id % :spread) - 1)
    order by l.looked_at, l.id
    """
)


def due(conn: Connection, platform: str, scan_id: int, allowed: Allowance) -> Due:
    """Whose pages are due on `platform` in this scan; others than hits only where `allowed.others` is above 0."""
    spread = leeway(allowed.nights)
    turns = {"at": allowed.at, "soonest": allowed.nights - spread, "spread": 2 * spread + 1}
    facts = {"platform": platform, "gone": ListingState.GONE.value, **turns}
    hits = conn.execute(_HITS, facts | {"scan": scan_id, "open": list(_OPEN)}).all()
    others = conn.execute(_OTHERS, facts).all() if allowed.others else []
    rows = [*hits[: allowed.hits], *others[: allowed.others]]
    stored = recall(conn, [(row.platform, row.item_id) for row in rows])
    return Due(
        listings=tuple(stored[row.platform, row.item_id] for row in rows),
        owed=frozenset(row.id for row in rows if row.owed),
        left=len(hits) + len(others) - len(rows),
    )


def looked(conn: Connection, listing_id: int, at: datetime) -> None:
    """Notes that a listing's own page was asked for."""
    conn.execute(text("update listings set looked_at = :at where id = :id"), {"id": listing_id, "at": at})


def take_off(conn: Connection, listing_id: int, capture: CaptureKept, at: datetime) -> None:
    """A listing is not offered any more: its state, the page that says so, and an audit row for each of its leads."""
    keep_captures(conn, [capture], at)
    named = {"id": listing_id, "mark": capture.fingerprint}
    found = text("select id from captures where listing_id = :id and fingerprint = :mark")
    capture_id = conn.execute(found, named).scalar_one()
    _change(conn, [(listing_id, at)], ListingState.GONE, capture_id)
    waking.wake_of(conn, [listing_id], waking.Why.GONE, at)
    for lead_id in _leads(conn, [listing_id]):
        detail = {"listing": listing_id, "state": ListingState.GONE.value}
        audit.record(conn, actor=HOUSE, action="listing.gone", subject=f"lead:{lead_id}", detail=detail, at=at)


def relist(conn: Connection, seen: Sequence[tuple[int, datetime]], at: datetime) -> None:
    """Listings (row id, when seen) that had been gone are offered again.

    Their leads stand first in the queue again; what was put aside wakes (`db.waking`). What a person dismissed or is
    looking into keeps its state: the same goods are no new reason, and the history tells of them.
    """
    if not seen:
        return
    _change(conn, seen, ListingState.RELISTED, None)
    waking.wake_of(conn, [listing_id for listing_id, _ in seen], waking.Why.RELISTED, at)
    for lead_id in _leads(conn, [listing_id for listing_id, _ in seen]):
        raised = conn.execute(
            text(
                "update leads set raised_at = :at, raised_why = :why, version = version + 1 where id = :id"
                " returning platform, state"
            ),
            {"id": lead_id, "at": at, "why": waking.Why.RELISTED.value},
        ).one()
        payload = {"lead_id": lead_id, "platform": raised.platform, "returned": ListingState.RELISTED.value}
        tell(conn, [News(topic="lead.more", key=f"lead.more:{lead_id}:relisted:{at.isoformat()}", payload=payload)], at)
        detail = {"listings": [listing_id for listing_id, _ in seen], "state": raised.state}
        audit.record(conn, actor=HOUSE, action="listing.relisted", subject=f"lead:{lead_id}", detail=detail, at=at)


def _leads(conn: Connection, listing_ids: Sequence[int]) -> list[int]:
    statement = text(
        "select distinct lead_id from lead_hits where listing_id = any(cast(:ids as bigint[])) order by lead_id"
    )
    return [int(one) for one in conn.execute(statement, {"ids": list(listing_ids)}).scalars()]


def _change(
    conn: Connection, seen: Sequence[tuple[int, datetime]], state: ListingState, capture_id: int | None
) -> None:
    conn.execute(
        text("insert into listing_states (listing_id, state, capture_id, at) values (:id, :state, :capture, :at)"),
        [{"id": one, "state": state.value, "capture": capture_id, "at": at} for one, at in sorted(seen)],
    )
    conn.execute(
        text("update listings set state = :state, looked_at = greatest(looked_at, :at) where id = :id"),
        [{"id": one, "state": state.value, "at": at} for one, at in sorted(seen)],
    )
