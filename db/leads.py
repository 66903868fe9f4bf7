"""From hits to leads: one lead for each subject on a platform in a campaign, its hits attached once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text, update
from sqlalchemy.dialects.postgresql import insert

from db import audit
from db.outbox import News, tell
from db.tables import leads
from records import UNDECIDED, LeadState, Level

#: Who stands in the audit for what the house does by itself.
HOUSE = "xunwang"


@dataclass(frozen=True, kw_only=True, slots=True)
class HitFound:
    """One stored listing at review level or above, ready to be attached."""

    listing_id: int
    platform: str
    #: The seller's key (a hash, where a rematch finds a seller who had no hit before), or `item:` and the item id
    #: where no seller is shown.
    subject_key: str
    #: What the subject was called while no seller was known.
    item_key: str
    #: None where no seller is shown.
    seller_id: int | None
    district: str
    #: Where the district was read from; empty where it was not.
    district_source: str
    source: str
    category: str
    level: str
    score: int
    title: str
    lexicon_version: str
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """What became of a batch of hits."""

    #: Leads that did not exist before, by id.
    new: tuple[int, ...] = ()
    #: Lead and listing of every hit that joined a lead that was there already.
    more: tuple[tuple[int, int], ...] = ()
    #: Dismissed leads that are candidates again, with the reason in Chinese.
    returned: tuple[tuple[int, str], ...] = ()


def attach(conn: Connection, hits: Sequence[HitFound], *, campaign_id: int, at: datetime) -> Attached:
    """Attaches each hit to the lead of its subject, which is made where it is missing; tells the outbox and the audit.

    Doing it again changes nothing but `last_seen`. A dismissed lead with a hit that it did not have, or with a
    graver level, is a candidate again. The caller holds the platforms, so no other batch makes the same leads.
    """
    if not hits:
        return Attached()
    _adopt(conn, hits, campaign_id)
    made = _make(conn, hits, campaign_id)
    before = _lock(conn, hits, campaign_id)
    of = {(row.platform, row.subject_key): row.id for row in before.values()}
    apart = _split_out(conn, hits, campaign_id)
    pairs = [(_home(before, apart.get(hit.listing_id, of[hit.platform, hit.subject_key])), hit) for hit in hits]
    of_subject = [of[hit.platform, hit.subject_key] for hit in hits]
    joined = _join(conn, [(*pair, own) for pair, own in zip(_ids(pairs), of_subject, strict=True)], at)
    _see(conn, pairs)
    _place(conn, pairs)
    levels = sum_up(conn, {lead_id: hit.lexicon_version for lead_id, hit in pairs})
    returned = _return(conn, before, joined, levels)
    more = tuple(sorted(pair for pair in joined if pair[0] not in made))
    attached = Attached(new=tuple(sorted(made)), more=more, returned=returned)
    _announce(conn, attached, before, at)
    return attached


def refresh(conn: Connection, listing_ids: Sequence[int], lexicon_version: str) -> None:
    """Brings the leads of these listings to what their hits weigh now; one that has no hit left stays as it was."""
    statement = text("select distinct lead_id from lead_hits where listing_id = any(cast(:ids as bigint[]))")
    touched = conn.execute(statement, {"ids": list(listing_ids)}).scalars()
    sum_up(conn, dict.fromkeys(sorted(touched), lexicon_version))


def lead_of(conn: Connection, platform: str, item_id: str) -> int | None:
    """Id of the newest lead that the listing belongs to; None where it belongs to none."""
    statement = text(
        "select h.lead_id from lead_hits h join listings l on l.id = h.listing_id "
        "where l.platform = :platform and l.item_id = :item order by h.lead_id desc limit 1"
    )
    found = conn.execute(statement, {"platform": platform, "item": item_id}).scalar()
    return None if found is None else int(found)


def _adopt(conn: Connection, hits: Sequence[HitFound], campaign_id: int) -> None:
    """A lead made for an item alone becomes its seller's, once a page shows the seller and no lead of his exists."""
    named = {(hit.platform, hit.item_key): hit for hit in hits if hit.seller_id is not None}
    if not named:
        return
    conn.execute(
        text(
            "update leads l set subject_key = :subject, seller_id = :seller, version = version + 1 "
            "where l.campaign_id = :campaign and l.platform = :platform and l.subject_key = :item and not exists ("
            " select from leads o where o.campaign_id = l.campaign_id and o.platform = l.platform"
            " and o.subject_key = :subject)"
        ),
        [
            {
                "campaign": campaign_id,
                "platform": hit.platform,
                "item": hit.item_key,
                "subject": hit.subject_key,
                "seller": hit.seller_id,
            }
            for _, hit in sorted(named.items())
        ],
    )


def _make(conn: Connection, hits: Sequence[HitFound], campaign_id: int) -> set[int]:
    """Ids of the leads that had to be made."""
    first: dict[tuple[str, str], HitFound] = {}
    for hit in sorted(hits, key=lambda hit: (hit.level == Level.HIGH.value, hit.score), reverse=True):
        first.setdefault((hit.platform, hit.subject_key), hit)
    rows = [
        {
            "campaign_id": campaign_id,
            "platform": hit.platform,
            "seller_id": hit.seller_id,
            "subject_key": hit.subject_key,
            "state": LeadState.CANDIDATE.value,
            "district": hit.district,
            "district_source": hit.district_source,
            "category": hit.category,
            "level": hit.level,
            "score": hit.score,
            "title": hit.title,
            "source": hit.source,
            "lexicon_version": hit.lexicon_version,
            "first_seen": hit.seen_at,
            "last_seen": hit.seen_at,
        }
        for _, hit in sorted(first.items())
    ]
    made = conn.execute(insert(leads).on_conflict_do_nothing().returning(leads.c.id), rows)
    return set(made.scalars())


def _lock(conn: Connection, hits: Sequence[HitFound], campaign_id: int) -> dict[int, Any]:
    """The leads of these hits as they stand, by id, held against a person's screening until the end.

    With them those that a person merged them into, and those that a person split these hits out into.
    """
    subjects = sorted({(hit.platform, hit.subject_key) for hit in hits})
    rows = conn.execute(
        text(
            "with recursive home (id) as ("
            " select l.id from leads l"
            "  join unnest(cast(:platforms as text[]), cast(:subjects as text[])) as w (platform, subject_key)"
            "  on l.platform = w.platform and l.subject_key = w.subject_key where l.campaign_id = :campaign"
            " union select h.lead_id from lead_hits h join leads l on l.id = h.lead_id"
            "  where h.listing_id = any(cast(:listings as bigint[])) and l.campaign_id = :campaign"
            " union select l.merged_into from leads l join home on home.id = l.id where l.merged_into is not null) "
            "select l.id, l.platform, l.subject_key, l.state, l.level, l.merged_into from leads l"
            " where l.id in (select id from home) order by l.id for update of l"
        ),
        {
            "campaign": campaign_id,
            "platforms": [platform for platform, _ in subjects],
            "subjects": [subject for _, subject in subjects],
            "listings": [hit.listing_id for hit in hits],
        },
    )
    return {row.id: row for row in rows}


def _split_out(conn: Connection, hits: Sequence[HitFound], campaign_id: int) -> dict[int, int]:
    """Of these hits those that a person split out of their lead, with the lead that they are part of since."""
    rows = conn.execute(
        text(
            "select h.listing_id, h.lead_id from lead_hits h"
            " join leads own on own.id = coalesce(h.origin_id, h.lead_id)"
            " where h.listing_id = any(cast(:listings as bigint[])) and own.campaign_id = :campaign"
            " and own.subject_key like 'split:%'"
        ),
        {"listings": [hit.listing_id for hit in hits], "campaign": campaign_id},
    )
    return {row.listing_id: row.lead_id for row in rows}


def _home(known: dict[int, Any], lead_id: int) -> int:
    """The lead that a person merged it into, as often as that was done; itself where it stands alone."""
    while (into := known[lead_id].merged_into) is not None:
        lead_id = into
    return lead_id


def _ids(pairs: Sequence[tuple[int, HitFound]]) -> list[tuple[int, int]]:
    return [(lead_id, hit.listing_id) for lead_id, hit in pairs]


def _join(conn: Connection, pairs: Sequence[tuple[int, int, int]], at: datetime) -> set[tuple[int, int]]:
    """Those of the (lead, listing) pairs that were not joined before; the third is the lead of the listing's subject.

    A listing whose lead was made when its page showed no seller, while the seller had a lead of his own already,
    stays with the lead that people may have worked on.
    """
    rows = conn.execute(
        text(
            "insert into lead_hits (lead_id, listing_id, added_at, origin_id) "
            "select lead_id, listing_id, :at, nullif(subject_id, lead_id) from unnest("
            " cast(:leads as bigint[]), cast(:listings as bigint[]), cast(:subjects as bigint[]))"
            " as p (lead_id, listing_id, subject_id) where not exists ("
            "  select from lead_hits h join leads own on own.id = coalesce(h.origin_id, h.lead_id)"
            "  join leads l on l.id = p.lead_id"
            "  where h.listing_id = p.listing_id and own.campaign_id = l.campaign_id"
            "  and own.subject_key like 'item:%' and h.lead_id <> l.id)"
            " order by lead_id, listing_id on conflict do nothing returning lead_id, listing_id"
        ),
        {
            "leads": [lead for lead, _, _ in pairs],
            "listings": [listing for _, listing, _ in pairs],
            "subjects": [subject for _, _, subject in pairs],
            "at": at,
        },
    )
    return {(row.lead_id, row.listing_id) for row in rows}


def _see(conn: Connection, pairs: Sequence[tuple[int, HitFound]]) -> None:
    """`last_seen` is no change that could make a person's screening stale, so the version stays."""
    newest: dict[int, datetime] = {}
    for lead_id, hit in pairs:
        newest[lead_id] = max(hit.seen_at, newest.get(lead_id, hit.seen_at))
    conn.execute(
        text(
            "update leads l set last_seen = s.at"
            " from unnest(cast(:ids as bigint[]), cast(:at as timestamptz[])) as s (id, at)"
            " where l.id = s.id and l.last_seen < s.at"
        ),
        {"ids": list(newest), "at": list(newest.values())},
    )


def _place(conn: Connection, pairs: Sequence[tuple[int, HitFound]]) -> None:
    """A lead that nobody could place, neither a page nor a person, gets the district that is known now."""
    known = {lead_id: hit for lead_id, hit in pairs if hit.district != UNDECIDED}
    if not known:
        return
    statement = (
        update(leads)
        .where(leads.c.id == bindparam("lead"), leads.c.district == UNDECIDED, leads.c.district_source == "")
        .values(district=bindparam("d"), district_source=bindparam("s"), version=leads.c.version + 1)
    )
    rows = [{"lead": lead, "d": hit.district, "s": hit.district_source} for lead, hit in sorted(known.items())]
    conn.execute(statement, rows)


def sum_up(conn: Connection, versions: dict[int, str]) -> dict[int, str]:
    """Brings hit count, level, score, category and title of the leads to their heaviest hit; returns new levels.

    `versions`: lead → version of the lexicon that it was judged by last.
    """
    rows = conn.execute(
        text(
            "with touched as ("
            "  select * from unnest(cast(:ids as bigint[]), cast(:lexicons as text[])) as t (id, lexicon)),"
            " heaviest as (select distinct on (h.lead_id) h.lead_id, i.category, i.level, i.score, i.title"
            "  from lead_hits h join listings i on i.id = h.listing_id where i.level <> 'none'"
            "  and h.lead_id in (select id from touched)"
            "  order by h.lead_id, (i.level = 'high') desc, i.score desc, i.id),"
            " counted as (select h.lead_id, count(*) as n from lead_hits h"
            "  where h.lead_id in (select id from touched) group by h.lead_id) "
            "update leads l set category = w.category, level = w.level, score = w.score, title = w.title, hits = c.n,"
            " lexicon_version = t.lexicon, version = l.version + case when l.hits = 0 then 0 else 1 end "
            "from touched t join heaviest w on w.lead_id = t.id join counted c on c.lead_id = t.id where l.id = t.id"
            " and (l.category, l.level, l.score, l.title, l.hits, l.lexicon_version)"
            " is distinct from (w.category, w.level, w.score, w.title, c.n, t.lexicon) "
            "returning l.id, l.level"
        ),
        {"ids": list(versions), "lexicons": list(versions.values())},
    )
    return {row.id: row.level for row in rows}


def _return(
    conn: Connection, before: dict[int, Any], joined: set[tuple[int, int]], levels: dict[int, str]
) -> tuple[tuple[int, str], ...]:
    dismissed = [row for row in before.values() if row.state == LeadState.DISMISSED.value]
    more = {lead_id for lead_id, _ in joined}
    reasons = [
        (row.id, "出现新的疑似信息" if row.id in more else "级别升高")
        for row in dismissed
        if row.id in more or (levels.get(row.id) == Level.HIGH.value and row.level != Level.HIGH.value)
    ]
    if reasons:
        conn.execute(
            text(
                "update leads set state = :state, dismiss_reason = '', screened_at = null, screened_by = null,"
                " version = version + 1 where id = any(cast(:ids as bigint[]))"
            ),
            {"state": LeadState.CANDIDATE.value, "ids": [lead_id for lead_id, _ in reasons]},
        )
    return tuple(reasons)


def _announce(conn: Connection, attached: Attached, before: dict[int, Any], at: datetime) -> None:
    """Outbox and audit; the audit last, because its chain makes writers wait for each other."""
    reasons = dict(attached.returned)
    news = [_news("lead.new", before[lead_id]) for lead_id in attached.new]
    news += [_news("lead.more", before[lead], str(listing), reasons.get(lead, "")) for lead, listing in attached.more]
    joined = {lead for lead, _ in attached.more}
    news += [
        _news("lead.more", before[lead], f"level:{at:%Y%m%dT%H%M%S}", reason)
        for lead, reason in attached.returned
        if lead not in joined
    ]
    tell(conn, news, at)
    if attached.new or attached.more:
        detail = {"new": list(attached.new), "more": [list(pair) for pair in attached.more]}
        audit.record(conn, actor=HOUSE, action="lead.hits", subject="leads", detail=detail, at=at)
    for lead_id, reason in attached.returned:
        change = {"from": LeadState.DISMISSED.value, "to": LeadState.CANDIDATE.value, "reason": reason}
        audit.record(conn, actor=HOUSE, action="lead.return", subject=f"lead:{lead_id}", detail=change, at=at)


def _news(topic: str, lead: Any, what: str = "", returned: str = "") -> News:
    key = f"{topic}:{lead.id}" + (f":{what}" if what else "")
    payload: dict[str, Any] = {"lead_id": lead.id, "platform": lead.platform}
    return News(topic=topic, key=key, payload=payload | ({"returned": returned} if returned else {}))
