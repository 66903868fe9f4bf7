"""What is no longer needed goes, a batch a transaction, with a tombstone; what is held or belongs to a case stays.

What may go is asked of `db.purgeable`. Files lose their row here and are taken from the store afterwards
(`Store.sweep`): killed in between, a file is left that no row names, which the next sweep takes.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from db import audit
from db.grouping import family
from db.listings import hold_platforms
from db.purgeable import (
    HELD,
    OF_FILE,
    OF_LEAD,
    OF_LISTING,
    STAYS,
    Class,
    no_case,
    old_listings,
    own_evidence,
    references,
    takes,
)
from db.sellers import HASHED

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


def purge_leads(conn: Connection, kind: Class, before: datetime, order: Order) -> int:
    """Takes a batch of leads of the class with all that were merged into them, or their evidence alone (`EVIDENCE`).

    How many there were, each counted once with what was merged into it. Writers of their listings wait, and so does a
    hold that somebody is just placing.
    """
    # what is append-only otherwise gives way to a purge that says which one it is
    conn.execute(text("select set_config('xunwang.purge', :id, true)"), {"id": str(order.purge_id)})
    taken = _held_still(conn, kind, before)
    if not taken:
        return 0
    stones: list[int] = []
    gone: list[int] = []
    for row in taken:
        gone.append(row.id)
        # of evidence alone nothing is left with a lead that was merged: its hits hang on the other one
        if kind is not Class.EVIDENCE or row.merged_into is None:
            stones.append(_bury(conn, kind, row, gone, order))
    if kind is not Class.EVIDENCE:
        _delete_leads(conn, gone)
        _forget_sellers(conn, _sellers(taken), order.hashed)
    _note(conn, kind, stones, order)
    return sum(row.merged_into is None for row in taken)


def _held_still(conn: Connection, kind: Class, before: datetime) -> list[Row[Any]]:
    """The next leads that may go, locked, each with those that were merged into it; what somebody has in hand waits."""
    found = f"select l.id from leads l where {takes(conn, kind)} order by l.id limit :limit"
    given = {"before": before, "limit": BATCH_LEADS}
    ids = [one for lead_id in conn.execute(text(found), given).scalars() for one in family(conn, lead_id)]
    platforms = text("select distinct platform from leads where id = any(:ids)")
    hold_platforms(conn, list(conn.execute(platforms, {"ids": ids}).scalars()))
    facts = "select l.id, l.number, l.state, l.platform, l.seller_id, l.merged_into from leads l"
    still = f"{facts} where l.id = any(:ids) and {takes(conn, kind)} order by l.id for update of l skip locked"
    roots = conn.execute(text(still), {"ids": ids, "before": before}).all()
    merged = f"{facts} where l.id = any(:ids) and l.merged_into is not null order by l.id for update skip locked"
    rows = {row.id: row for row in (*roots, *conn.execute(text(merged), {"ids": ids}))}
    sellers = "select from sellers where id = any(:ids) order by id for update"
    conn.execute(text(sellers), {"ids": _sellers(rows.values())})
    held = f"select l.id from leads l where l.id = any(:ids) and {HELD}"
    late = set(conn.execute(text(held), {"ids": list(rows)}).scalars())
    families = (family(conn, row.id) for row in roots)
    return [rows[one] for ids in families if set(ids) <= rows.keys() - late for one in ids]


def _sellers(rows: Iterable[Row[Any]]) -> list[int]:
    return sorted({row.seller_id for row in rows if row.seller_id is not None})


def purge_listings(conn: Connection, before: datetime, after: int, order: Order) -> tuple[int, int]:
    """Takes a batch of listings that are no hits, behind row id `after`: how many, and the last id looked at (0: end).

    Their sellers are known by a hash alone; a seller of whom nothing is left goes too.
    """
    found = (
        f"select i.id, i.platform, i.seller_id from listings i where i.id > :after and {old_listings(conn)}"
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
        for table, column in references(conn, "evidence_files")
        if table not in OF_FILE
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
    rows = " union all ".join(
        f"select '{table}' as t, to_jsonb(x)::text as r from {table} x where x.sha256 = any(:ids)"
        for table in ("evidence_files", *OF_FILE)
    )
    stones = [_stone(conn, Class.FILES, "files", rows, {"ids": names}, detail, order)]
    for table in (*OF_FILE, "evidence_files"):
        conn.execute(text(f"delete from {table} where sha256 = any(:ids)"), {"ids": names})
    _note(conn, Class.FILES, stones, order)
    return len(taken)


# --- what goes --------------------------------------------------------------------------------------------------------


def _bury(conn: Connection, kind: Class, lead: Row[Any], gone: list[int], order: Order) -> int:
    """The tombstone of one lead, or of its evidence alone, and the end of the listings that nobody else needs.

    `gone`: the leads of the batch so far, this one with them; a listing goes with the last lead that it is a hit of.
    """
    if kind is Class.EVIDENCE:
        alone = f"select i.id from leads l, lateral ({own_evidence(conn)}) i where l.id = :lead"
    else:
        alone = (
            "select i.id from listings i join lead_hits h on h.listing_id = i.id"
            f" where h.lead_id = :lead and not {STAYS} and {no_case(conn)}"
        )
    ids = list(conn.execute(text(alone), {"lead": lead.id, "leads": gone}).scalars())
    files = list(conn.execute(text(_FILES), {"ids": ids}).scalars())
    detail = {"number": lead.number or "", "state": lead.state, "platform": lead.platform, "files": files}
    if lead.merged_into is not None:
        detail["merged_into"] = f"lead:{lead.merged_into}"
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
    others = (one for one in OF_LISTING if one != "captures")
    parts = [f"select '{one}', to_jsonb(x)::text from {one} x where x.listing_id = any(:ids)" for one in others]
    listed = "select 'listings', to_jsonb(x)::text from listings x where x.id = any(:ids)"
    return " union all ".join([_rows_of_captures(), listed, *parts])


def _rows_of_lead(conn: Connection) -> str:
    there = {table for table, _ in references(conn, "leads")}
    parts = [f"select '{t}', to_jsonb(x)::text from {t} x where x.lead_id = :lead" for t in OF_LEAD if t in there]
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


def _delete_leads(conn: Connection, ids: Sequence[int]) -> None:
    given = {"ids": list(ids)}
    there = {table for table, _ in references(conn, "leads")}
    for table in OF_LEAD:
        if table in there:
            conn.execute(text(f"delete from {table} where lead_id = any(:ids)"), given)
    conn.execute(text("delete from holds where lead_id = any(:ids) and lifted_at is not null"), given)
    news = "delete from outbox where key = any(:new) or key like any(:more)"
    keys = {"new": [f"lead.new:{one}" for one in ids], "more": [f"lead.more:{one}:%" for one in ids]}
    conn.execute(text(news), keys)
    conn.execute(text("update leads set split_from = null where split_from = any(:ids)"), given)
    conn.execute(text("update lead_hits set origin_id = null where origin_id = any(:ids)"), given)
    # at once: those that were merged refer to each other
    conn.execute(text("delete from leads where id = any(:ids)"), given)


def _delete_captures(conn: Connection, ids: Sequence[int]) -> None:
    given = {"ids": list(ids)}
    its = "select id from captures where listing_id = any(:ids)"
    conn.execute(text(f"update listing_states set capture_id = null where capture_id in ({its})"), given)
    conn.execute(text(f"delete from capture_files where capture_id in ({its})"), given)
    conn.execute(text("delete from captures where listing_id = any(:ids)"), given)


def _delete_listings(conn: Connection, ids: Sequence[int]) -> None:
    _delete_captures(conn, ids)
    for table in OF_LISTING:
        conn.execute(text(f"delete from {table} where listing_id = any(:ids)"), {"ids": list(ids)})
    conn.execute(text("delete from listings where id = any(:ids)"), {"ids": list(ids)})


def _forget_sellers(conn: Connection, ids: Sequence[int], hashed: Hashed) -> None:
    """A seller of whom nothing is left goes; one without a lead and a hit becomes a hash again."""
    free = (
        " s.id = any(:ids) and not exists (select from leads l where l.seller_id = s.id)"
        " and not exists (select from holds x where x.seller_id = s.id and x.lifted_at is null)"
    )
    gone = f"select s.id from sellers s where {free} and not exists (select from listings i where i.seller_id = s.id)"
    nobody = {"ids": list(conn.execute(text(gone), {"ids": list(ids)}).scalars())}
    conn.execute(text("delete from holds where seller_id = any(:ids)"), nobody)
    conn.execute(text("delete from sellers where id = any(:ids)"), nobody)
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
            for table in ("listings", "holds"):
                moved = f"update {table} set seller_id = :o where seller_id = :id"
                conn.execute(text(moved), {"o": other, "id": row.id})
            conn.execute(text("delete from sellers where id = :id"), {"id": row.id})
        conn.execute(text("update listings set pictures = '{}' where seller_id = :id"), {"id": other or row.id})
