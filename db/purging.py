"""What is no longer needed goes, a batch a transaction, with a tombstone; what is held or belongs to a case stays.

A row that some table refers to which is not named here is nobody's to remove: a table that comes later keeps what it
refers to until somebody decides. Files lose their row here and are taken from the store afterwards (`Store.sweep`):
killed in between, a file is left that no row names, which the next sweep takes.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from db import audit
from db.listings import hold_platforms
from db.sellers import HASHED


class Class(StrEnum):
    """Kinds of records, each with its own days. The values stand in the database and in the settings."""

    LISTINGS = "listings"
    UNSCREENED = "unscreened"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"
    EVIDENCE = "evidence"
    FILES = "files"


#: Class → which of its rows have had their days at :before.
_OLD_LEADS = {
    Class.UNSCREENED: "l.state in ('疑似', '待研判') and l.last_seen < :before",
    Class.DISMISSED: "l.state = '已排除' and l.screened_at < :before",
    Class.CONFIRMED: "l.state = '核查中' and l.screened_at < :before",
    Class.EVIDENCE: "l.state = '已排除' and l.screened_at < :before"
    " and exists (select from lead_hits h join captures c on c.listing_id = h.listing_id where h.lead_id = l.id)",
}
#: What goes with a lead and with a listing, in this order.
_OF_LEAD = (
    "unmaskings", "leases", "misreads", "lead_notes", "licence_checks", "second_looks", "screenings", "lead_hits",
    "extra_terms",
)  # fmt: skip
_OF_LISTING = ("listing_states", "captures", "captures_due", "assessments", "listing_versions")
#: Beside these, what may refer to a row that goes: holds are asked by themselves.
_ASKED = ("holds",)

_HELD = (
    "exists (select from holds x where x.lifted_at is null"
    " and (x.lead_id = l.id or x.seller_id = l.seller_id and l.seller_id is not null))"
)
#: Of a listing i: a lead that stays, whoever keeps it.
_STAYS = "exists (select from lead_hits h where h.listing_id = i.id and h.lead_id <> all(:leads))"

BATCH_LEADS, BATCH_LISTINGS, BATCH_FILES = 50, 500, 500
#: A file whose row is younger may belong to what is being written just now.
FRESH = timedelta(hours=1)

#: `hash:…` of a seller, by platform and key.
Hashed = Callable[[str, str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One purge: what it writes on its tombstones."""

    purge_id: int
    #: Class → its rule in words, with the days.
    rules: Mapping[str, str]
    hashed: Hashed
    by: str
    at: datetime


def due(conn: Connection, kind: Class, before: datetime) -> int:
    """How many subjects of the class a purge would take now: leads, or listings."""
    if kind is Class.LISTINGS:
        counted = f"select count(*) from listings i where {_old_listings(conn)}"
        return int(conn.execute(text(counted), {"before": before, "leads": []}).scalar_one())
    counted = f"select count(*) from leads l where {_takes(conn, kind)}"
    return int(conn.execute(text(counted), {"before": before}).scalar_one())


def coming(conn: Connection, kind: Class, before: datetime, *, limit: int) -> list[tuple[int, str, datetime]]:
    """Leads that are taken next once `before` has come: id, number or title, and since when their days count."""
    since = "l.last_seen" if kind is Class.UNSCREENED else "l.screened_at"
    statement = (
        f"select l.id, coalesce(l.number, l.title) as name, {since} as since from leads l"
        f" where {_takes(conn, kind)} order by {since}, l.id limit :limit"
    )
    return [(row.id, row.name, row.since) for row in conn.execute(text(statement), {"before": before, "limit": limit})]


def purge_leads(conn: Connection, kind: Class, before: datetime, order: Order) -> int:
    """Takes a batch of leads of the class, or their evidence alone (`EVIDENCE`); how many there were.

    Writers of their listings wait, and so does a hold that somebody is just placing.
    """
    given = {"before": before, "limit": BATCH_LEADS}
    # what is append-only otherwise gives way to a purge that says which one it is
    conn.execute(text("select set_config('xunwang.purge', :id, true)"), {"id": str(order.purge_id)})
    found = f"select l.id, l.platform from leads l where {_takes(conn, kind)} order by l.id limit :limit"
    hold_platforms(conn, [row.platform for row in conn.execute(text(found), given)])
    locked = (
        f"select l.id, l.number, l.state, l.platform, l.seller_id from leads l where {_takes(conn, kind)}"
        " order by l.id limit :limit for update of l skip locked"
    )
    taken = conn.execute(text(locked), given).all()
    sellers = sorted({row.seller_id for row in taken if row.seller_id is not None})
    conn.execute(text("select from sellers where id = any(:ids) order by id for update"), {"ids": sellers})
    held = f"select l.id from leads l where l.id = any(:ids) and {_HELD}"
    late = set(conn.execute(text(held), {"ids": [row.id for row in taken]}).scalars())
    taken = [row for row in taken if row.id not in late]
    if not taken:
        return 0
    stones = [_bury(conn, kind, row, [one.id for one in taken], order) for row in taken]
    if kind is not Class.EVIDENCE:
        for row in taken:
            _delete_lead(conn, row.id)
        _forget_sellers(conn, sellers, order.hashed)
    _note(conn, kind, stones, order)
    return len(taken)


def purge_listings(conn: Connection, before: datetime, after: int, order: Order) -> tuple[int, int]:
    """Takes a batch of listings that are no hits, behind row id `after`: how many, and the last id looked at (0: end).

    Their sellers are known by a hash alone; a seller of whom nothing is left goes too.
    """
    found = (
        f"select i.id, i.platform, i.seller_id from listings i where i.id > :after and {_old_listings(conn)}"
        " order by i.id limit :limit"
    )
    given = {"before": before, "leads": [], "after": after, "limit": BATCH_LISTINGS}
    hold_platforms(conn, [row.platform for row in conn.execute(text(found), given)])
    taken = conn.execute(text(found + " for update of i"), given).all()
    if not taken:
        return 0, 0
    ids = [row.id for row in taken]
    subject = f"listings:{ids[0]}-{ids[-1]}"
    stones = [_stone(conn, Class.LISTINGS, subject, _rows_of_listings(), {"ids": ids}, {"count": len(ids)}, order)]
    _delete_listings(conn, ids)
    _forget_sellers(conn, sorted({row.seller_id for row in taken if row.seller_id is not None}), order.hashed)
    _note(conn, Class.LISTINGS, stones, order)
    return len(taken), ids[-1]


def purge_files(conn: Connection, order: Order) -> int:
    """Takes the rows of files that no other row needs; how many. The files themselves go with the next sweep."""
    needed = " and ".join(
        f"not exists (select from {table} r where r.{column} = f.sha256)"
        for table, column in _references(conn, "evidence_files")
    )
    found = (
        f"select f.sha256, f.size from evidence_files f where f.stored_at < :fresh and {needed}"
        " order by f.sha256 limit :limit for update of f skip locked"
    )
    taken = conn.execute(text(found), {"fresh": order.at - FRESH, "limit": BATCH_FILES}).all()
    if not taken:
        return 0
    names = [row.sha256 for row in taken]
    detail = {"files": names, "bytes": int(sum(row.size for row in taken))}
    rows = "select 'evidence_files' as t, to_jsonb(f)::text as r from evidence_files f where f.sha256 = any(:ids)"
    stones = [_stone(conn, Class.FILES, "files", rows, {"ids": names}, detail, order)]
    conn.execute(text("delete from evidence_files where sha256 = any(:ids)"), {"ids": names})
    _note(conn, Class.FILES, stones, order)
    return len(taken)


# --- what may go ------------------------------------------------------------------------------------------------------


def _takes(conn: Connection, kind: Class) -> str:
    """The condition on a lead l that has had its days, is not held, and belongs to no case."""
    return " and ".join([_OLD_LEADS[kind], f"not {_HELD}", *_unreferred(conn, "leads", "l", _OF_LEAD)])


def _old_listings(conn: Connection) -> str:
    """The condition on a listing i that is no hit of any lead and has had its days."""
    return " and ".join(
        (
            "i.level = 'none' and i.last_seen < :before",
            f"not {_STAYS}",
            "not exists (select from holds x where x.lifted_at is null and x.seller_id = i.seller_id)",
            *_unreferred(conn, "listings", "i", (*_OF_LISTING, "lead_hits")),
        )
    )


def _unreferred(conn: Connection, table: str, alias: str, known: Sequence[str]) -> Iterator[str]:
    for other, column in _references(conn, table):
        if other not in known and other not in _ASKED:
            yield f"not exists (select from {other} r where r.{column} = {alias}.id)"


def _references(conn: Connection, table: str) -> list[tuple[str, str]]:
    """Every table and column that refers to `table`, as the database has it."""
    found = conn.execute(
        text(
            "select c.conrelid::regclass::text as other, a.attname from pg_constraint c"
            " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
            " where c.contype = 'f' and c.confrelid = cast(:table as regclass) order by 1, 2"
        ),
        {"table": table},
    )
    return [(row.other, row.attname) for row in found]


# --- what goes --------------------------------------------------------------------------------------------------------


def _bury(conn: Connection, kind: Class, lead: Any, leads: list[int], order: Order) -> int:
    """The tombstone of one lead, or of its evidence alone, and the end of the listings that nobody else needs."""
    alone = (
        "select i.id from listings i join lead_hits h on h.listing_id = i.id"
        f" where h.lead_id = :lead and not {_STAYS} and "
        + " and ".join(_unreferred(conn, "listings", "i", (*_OF_LISTING, "lead_hits")))
    )
    ids = list(conn.execute(text(alone), {"lead": lead.id, "leads": leads}).scalars())
    files = list(conn.execute(text(_FILES), {"ids": ids}).scalars())
    detail = {"number": lead.number or "", "state": lead.state, "platform": lead.platform, "files": files}
    rows = _rows_of_captures() if kind is Class.EVIDENCE else f"{_rows_of_lead(conn)} union all {_rows_of_listings()}"
    stone = _stone(conn, kind, f"lead:{lead.id}", rows, {"ids": ids, "lead": lead.id}, detail, order)
    if kind is Class.EVIDENCE:
        _delete_captures(conn, ids)
    else:
        conn.execute(text("delete from lead_hits where lead_id = :lead"), {"lead": lead.id})
        _delete_listings(conn, ids)
    return stone


_FILES = (
    "select distinct f.sha256 from capture_files f join captures c on c.id = f.capture_id"
    " where c.listing_id = any(:ids) order by 1"
)


def _rows_of_captures() -> str:
    return (
        "select 'captures' as t, to_jsonb(c)::text as r from captures c where c.listing_id = any(:ids)"
        " union all select 'capture_files', to_jsonb(f)::text from capture_files f"
        " join captures c on c.id = f.capture_id where c.listing_id = any(:ids)"
    )


def _rows_of_listings() -> str:
    others = (one for one in _OF_LISTING if one != "captures")
    parts = [f"select '{one}', to_jsonb(x)::text from {one} x where x.listing_id = any(:ids)" for one in others]
    listed = "select 'listings', to_jsonb(x)::text from listings x where x.id = any(:ids)"
    return " union all ".join([_rows_of_captures(), listed, *parts])


def _rows_of_lead(conn: Connection) -> str:
    there = {table for table, _ in _references(conn, "leads")}
    parts = [f"select '{t}', to_jsonb(x)::text from {t} x where x.lead_id = :lead" for t in _OF_LEAD if t in there]
    return " union all ".join(["select 'leads' as t, to_jsonb(x)::text as r from leads x where x.id = :lead", *parts])


def _stone(
    conn: Connection,
    kind: Class,
    subject: str,
    rows: str,
    given: Mapping[str, Any],
    detail: Mapping[str, Any],
    order: Order,
) -> int:
    statement = (
        "insert into tombstones (purge_id, class, subject, rule, rows, sha256, detail, at)"
        " select :purge, :class, :subject, :rule, count(*),"
        " encode(sha256(convert_to(coalesce(string_agg(t || ' ' || r, E'\\n' order by t, r), ''), 'utf8')), 'hex'),"
        f" cast(:detail as jsonb), :at from ({rows}) as gone (t, r) returning id"
    )
    facts = {"purge": order.purge_id, "class": kind.value, "subject": subject, "rule": order.rules[kind]}
    told = {"detail": json.dumps(detail, ensure_ascii=False), "at": order.at}
    return int(conn.execute(text(statement), {**given, **facts, **told}).scalar_one())


def _note(conn: Connection, kind: Class, stones: Sequence[int], order: Order) -> None:
    """The audit row of a batch: it names its tombstones by number and by what they say, so that none can be changed."""
    row = conn.execute(
        text(
            "select sum(rows) as rows, encode(sha256(convert_to("
            "string_agg(subject || ' ' || sha256, E'\\n' order by id), 'utf8')), 'hex') as hash"
            " from tombstones where id = any(:ids)"
        ),
        {"ids": list(stones)},
    ).one()
    detail = {"tombstones": [stones[0], stones[-1]], "rows": int(row.rows), "sha256": row.hash}
    audit.record(conn, actor=order.by, action="retention.purge", subject=kind.value, detail=detail, at=order.at)


def _delete_lead(conn: Connection, lead_id: int) -> None:
    there = {table for table, _ in _references(conn, "leads")}
    for table in _OF_LEAD:
        if table in there:
            conn.execute(text(f"delete from {table} where lead_id = :lead"), {"lead": lead_id})
    conn.execute(text("delete from holds where lead_id = :lead and lifted_at is not null"), {"lead": lead_id})
    news = "delete from outbox where key = :new or key like :more"
    conn.execute(text(news), {"new": f"lead.new:{lead_id}", "more": f"lead.more:{lead_id}:%"})
    conn.execute(text("delete from leads where id = :lead"), {"lead": lead_id})


def _delete_captures(conn: Connection, ids: Sequence[int]) -> None:
    given = {"ids": list(ids)}
    its = "select id from captures where listing_id = any(:ids)"
    conn.execute(text(f"update listing_states set capture_id = null where capture_id in ({its})"), given)
    conn.execute(text(f"delete from capture_files where capture_id in ({its})"), given)
    conn.execute(text("delete from captures where listing_id = any(:ids)"), given)


def _delete_listings(conn: Connection, ids: Sequence[int]) -> None:
    _delete_captures(conn, ids)
    for table in _OF_LISTING:
        conn.execute(text(f"delete from {table} where listing_id = any(:ids)"), {"ids": list(ids)})
    conn.execute(text("delete from listings where id = any(:ids)"), {"ids": list(ids)})


def _forget_sellers(conn: Connection, ids: Sequence[int], hashed: Hashed) -> None:
    """A seller of whom nothing is left goes; one without a lead and a hit becomes a hash again."""
    free = (
        " s.id = any(:ids) and not exists (select from leads l where l.seller_id = s.id)"
        " and not exists (select from holds x where x.seller_id = s.id)"
    )
    gone = "delete from sellers s where" + free + " and not exists (select from listings i where i.seller_id = s.id)"
    conn.execute(text(gone), {"ids": list(ids)})
    named = (
        "select s.id, s.platform, s.key from sellers s where" + free + " and not starts_with(s.key, :hash)"
        " and not exists (select from listings i where i.seller_id = s.id and i.level <> 'none') for update"
    )
    for row in conn.execute(text(named), {"ids": list(ids), "hash": HASHED}).all():
        key = hashed(row.platform, row.key)
        there = conn.execute(
            text("select id from sellers where platform = :p and key = :k"), {"p": row.platform, "k": key}
        )
        other = there.scalar()
        if other is None:
            blank = "update sellers set key = :k, name = '', place = '', url = '' where id = :id"
            conn.execute(text(blank), {"k": key, "id": row.id})
        else:
            conn.execute(text("update listings set seller_id = :o where seller_id = :id"), {"o": other, "id": row.id})
            conn.execute(text("delete from sellers where id = :id"), {"id": row.id})
        conn.execute(text("update listings set pictures = '{}' where seller_id = :id"), {"id": other or row.id})
