"""Listings as stored: what is known of them, their upsert, their versions and assessments. Everything in batches."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, text

from db.locks import Lease
from db.sellers import HASHED
from db.text import storable, storable_json
from records import Assessment, Listing, ListingState, Seller

#: The columns that a sighting decides; the others are the table's own.
FACTS = (
    *("url", "title", "description", "price", "price_text", "currency", "seller_id", "place", "pictures"),
    *("published_at", "detail_read", "fingerprint", "source", "brought_by", "note", "sanitised"),
    *("level", "score", "category"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The newest assessment of a stored listing, as far as it decides whether a new one says anything new."""

    fingerprint: str
    lexicon_version: str
    matcher_version: str
    level: str
    score: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredListing:
    """A listing as the database holds it."""

    id: int
    #: Its seller only where that has a hit; else the database knows no more than `seller_id`.
    listing: Listing
    seller_id: int | None
    #: Key of that row: the platform's own, or a hash; empty where there is none.
    seller_key: str
    fingerprint: str
    source: str
    brought_by: str
    note: str
    sanitised: bool
    state: ListingState
    #: True when it belongs to a lead, now or ever.
    in_lead: bool
    last_seen: datetime
    #: None where it was never assessed.
    judged: Judged | None
    #: Column values by name, for comparison.
    facts: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListingRow:
    """What is to stand in the table for one listing."""

    platform: str
    item_id: str
    #: One value for each of FACTS.
    facts: dict[str, Any]
    #: Empty: leave what stands there.
    card_fingerprint: str
    #: None: leave what stands there.
    query_id: int | None
    seen_at: datetime
    #: True where its own page was read.
    looked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRow:
    """One state of a listing's text and price."""

    listing_id: int
    fingerprint: str
    title: str
    description: str
    price: Decimal | None
    price_text: str
    seen_at: datetime


def known(lease: Lease, platform: str, keys: Sequence[tuple[str, str]], at: datetime) -> set[str]:
    """Of the cards (item id, card fingerprint), the ids of those stored with that very card and nothing owed; they are
    noted as standing on a list still.

    Whether a clean card's own page was worth a request was decided when the card was new; one that stayed 仅见卡片
    costs nothing until it changes. A hit whose capture is still owed is not among them, so that a patrol that comes
    past looks at it again and keeps its page.
    """
    items, cards = [storable(item) for item, _ in keys], [card for _, card in keys]
    given = {"platform": storable(platform), "gone": ListingState.GONE.value, "items": items, "cards": cards, "at": at}
    [found] = lease.ask(_KNOWN, given)
    return set(found)


def skimmed(conn: Connection, platform: str, items: Collection[str]) -> dict[str, Listing]:
    """Of these item ids, the listings of which the card alone was ever read and that belong to no lead, by id."""
    stored = recall(conn, [(storable(platform), storable(item)) for item in sorted(items)])
    return {
        item: one.listing
        for (_, item), one in stored.items()
        if not one.listing.detail_read and not one.in_lead and one.facts["level"] == "none"
    }


def hold_platforms(conn: Connection, platforms: Sequence[str]) -> None:
    """Until the end of the transaction nobody else writes listings of these platforms.

    One lock a platform, taken in order: two batches with the same items can neither deadlock nor both find an
    item missing. Patrols hold a platform alone anyway; it is imports, tips and rematches that wait here.
    """
    for platform in sorted(set(platforms)):
        conn.execute(text("select pg_advisory_xact_lock(hashtextextended('listings:' || :p, 0))"), {"p": platform})


def recall(conn: Connection, items: Sequence[tuple[str, str]]) -> dict[tuple[str, str], StoredListing]:
    """What is stored of these (platform, item id)."""
    wanted = {"platforms": [one for one, _ in items], "items": [one for _, one in items]}
    return {(row.platform, row.item_id): _stored(row) for row in conn.execute(_STORED, wanted)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Which listing a row is."""

    id: int
    platform: str
    item_id: str


def walk(conn: Connection, *, after: int, limit: int) -> list[Place]:
    """The next `limit` listings by row id, beginning behind `after`."""
    statement = text("select id, platform, item_id from listings where id > :after order by id limit :n")
    return [Place(**row._mapping) for row in conn.execute(statement, {"after": after, "n": limit})]


def upsert(conn: Connection, rows: Sequence[ListingRow]) -> dict[tuple[str, str], int]:
    """Writes new and changed listings; returns their row ids by (platform, item id)."""
    if not rows:
        return {}
    ordered = sorted(rows, key=lambda row: (row.platform, row.item_id))
    # one parameter, whatever the number of rows: binding each value of each row took most of the time
    given = json.dumps([_values(row) for row in ordered], default=str)
    written = conn.execute(_UPSERT, {"given": given})
    return {(row.platform, row.item_id): row.id for row in written}


def touch(conn: Connection, seen: Sequence[tuple[int, ListingRow]]) -> None:
    """Marks unchanged listings (row id, what was seen) as seen again; nothing else of them changes."""
    if not seen:
        return
    ordered = sorted(seen, key=lambda one: one[0])
    conn.execute(
        text(
            "update listings l set last_seen = greatest(l.last_seen, s.at),"
            " query_id = coalesce(s.query_id, l.query_id),"
            " card_fingerprint = coalesce(nullif(s.card, ''), l.card_fingerprint),"
            " looked_at = case when s.looked then s.at else l.looked_at end "
            "from unnest(cast(:ids as bigint[]), cast(:at as timestamptz[]), cast(:queries as bigint[]),"
            " cast(:cards as text[]), cast(:looked as boolean[])) as s (id, at, query_id, card, looked)"
            " where l.id = s.id"
        ),
        {
            "ids": [listing_id for listing_id, _ in ordered],
            "at": [row.seen_at for _, row in ordered],
            "queries": [row.query_id for _, row in ordered],
            "cards": [row.card_fingerprint for _, row in ordered],
            "looked": [row.looked for _, row in ordered],
        },
    )


def rejudge(conn: Connection, judged: Sequence[tuple[int, Assessment]]) -> None:
    """Puts level, score and category of a new assessment on stored listings."""
    if not judged:
        return
    conn.execute(
        text(
            "update listings l set level = j.level, score = j.score, category = j.category "
            "from unnest(cast(:ids as bigint[]), cast(:levels as text[]), cast(:scores as integer[]),"
            " cast(:categories as text[])) as j (id, level, score, category) where l.id = j.id"
        ),
        {
            "ids": [listing_id for listing_id, _ in judged],
            "levels": [found.level.value for _, found in judged],
            "scores": [found.score for _, found in judged],
            "categories": [found.category for _, found in judged],
        },
    )


def keep_versions(conn: Connection, rows: Sequence[VersionRow]) -> None:
    """Writes states of listings that are not on record yet."""
    if rows:
        conn.execute(_KEEP_VERSIONS, {"given": json.dumps([_version(row) for row in rows], default=str)})


def keep_assessments(conn: Connection, judged: Sequence[tuple[int, str, Assessment]], at: datetime) -> None:
    """Writes assessments (row id, fingerprint of the text, assessment). The one written last is the newest one.

    The same text judged again by the same lexicon and matcher keeps its one row, which becomes the newest: a seller
    who changes a text and changes it back is judged by the text that stands.
    """
    if not judged:
        return
    given = json.dumps([_assessment(*one, at=at) for one in judged], default=str)
    conn.execute(_KEEP_ASSESSMENTS, {"given": given})


def count(conn: Connection) -> Iterator[tuple[str, int]]:
    """Platforms with their number of listings."""
    rows = conn.execute(text("select platform, count(*) as n from listings group by platform order by platform"))
    return ((row.platform, row.n) for row in rows)


_COLUMNS = ("platform", "item_id", *FACTS, "card_fingerprint", "query_id", "first_seen", "last_seen", "looked_at")
_UPSERT = text(
    f"insert into listings ({', '.join(_COLUMNS)}) select {', '.join(_COLUMNS)} "  # noqa: S608 - names of our own
    "from json_populate_recordset(cast(null as listings), cast(:given as json)) "
    "on conflict (platform, item_id) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in FACTS)
    + ", last_seen = greatest(listings.last_seen, excluded.last_seen),"
    " query_id = coalesce(excluded.query_id, listings.query_id),"
    " card_fingerprint = coalesce(nullif(excluded.card_fingerprint, ''), listings.card_fingerprint),"
    " looked_at = coalesce(excluded.looked_at, listings.looked_at)"
    " returning id, platform, item_id"
)
_VERSION = ("listing_id", "fingerprint", "title", "description", "price", "price_text", "seen_at")
_KEEP_VERSIONS = text(
    f"insert into listing_versions ({', '.join(_VERSION)}) select {', '.join(_VERSION)} "  # noqa: S608 - our own names
    "from json_populate_recordset(cast(null as listing_versions), cast(:given as json)) on conflict do nothing"
)
_JUDGED_OF = ("listing_id", "fingerprint", "lexicon_version", "matcher_version")
_JUDGEMENT = ("level", "score", "category", "direction", "parts", "matches", "assessed_at")
_KEEP_ASSESSMENTS = text(
    f"insert into assessments ({', '.join((*_JUDGED_OF, *_JUDGEMENT))}) "  # noqa: S608 - names of our own
    f"select {', '.join((*_JUDGED_OF, *_JUDGEMENT))} "
    "from json_populate_recordset(cast(null as assessments), cast(:given as json)) "
    f"on conflict ({', '.join(_JUDGED_OF)}) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in _JUDGEMENT)
)
# `offset 0`: each item by the index. Planned while the table was empty, a join would go on reading all of it.
_KNOWN = """
    with found as (
        select l.id, l.item_id from unnest(%(items)s::text[], %(cards)s::text[]) as seen (item_id, card)
        cross join lateral (
            select id, item_id, card_fingerprint, state from listings
            where platform = %(platform)s and item_id = seen.item_id offset 0) l
        where l.card_fingerprint = seen.card and seen.card <> ''
          and l.state <> %(gone)s -- on sale again: that has to be told
          and not exists (select from captures_due d where d.listing_id = l.id)),
    noted as (
        update listings set last_seen = greatest(last_seen, %(at)s)
        where id in (select id from listings where id in (select id from found) order by id for update))
    select coalesce(array_agg(item_id), '{}') from found
"""
_STORED = text(
    "select l.*, s.key as seller_key, s.name as seller_name, s.place as seller_place, s.url as seller_url,"
    " a.fingerprint as a_fingerprint, a.lexicon_version as a_lexicon, a.matcher_version as a_matcher,"
    " a.level as a_level, a.score as a_score,"
    " exists (select from lead_hits h where h.listing_id = l.id) as in_lead "
    "from unnest(cast(:platforms as text[]), cast(:items as text[])) as wanted (platform, item_id) "
    "cross join lateral (select * from listings"
    " where platform = wanted.platform and item_id = wanted.item_id offset 0) l "
    "left join sellers s on s.id = l.seller_id "
    "left join lateral (select * from assessments a where a.listing_id = l.id"
    " order by a.assessed_at desc, a.id desc limit 1) a on true"
)


def _stored(row: Row[Any]) -> StoredListing:
    return StoredListing(
        id=row.id,
        listing=_listing(row),
        seller_id=row.seller_id,
        seller_key=row.seller_key or "",
        fingerprint=row.fingerprint,
        source=row.source,
        brought_by=row.brought_by,
        note=row.note,
        sanitised=row.sanitised,
        state=ListingState(row.state),
        in_lead=row.in_lead,
        last_seen=row.last_seen,
        judged=_judged(row),
        facts={name: getattr(row, name) for name in FACTS},
    )


def _judged(row: Row[Any]) -> Judged | None:
    if row.a_fingerprint is None:
        return None
    return Judged(
        fingerprint=row.a_fingerprint,
        lexicon_version=row.a_lexicon,
        matcher_version=row.a_matcher,
        level=row.a_level,
        score=row.a_score,
    )


def _listing(row: Row[Any]) -> Listing:
    return Listing(
        platform=row.platform,
        item_id=row.item_id,
        url=row.url,
        title=row.title,
        description=row.description,
        price=row.price,
        price_text=row.price_text,
        currency=row.currency,
        seller=_seller(row),
        place=row.place,
        pictures=tuple(row.pictures),
        published_at=row.published_at,
        detail_read=row.detail_read,
    )


def _seller(row: Row[Any]) -> Seller | None:
    if row.seller_key is None or row.seller_key.startswith(HASHED):
        return None
    return Seller(key=row.seller_key, name=row.seller_name, place=row.seller_place, url=row.seller_url)


def _values(row: ListingRow) -> dict[str, Any]:
    return {
        "platform": row.platform,
        "item_id": row.item_id,
        **{name: row.facts[name] for name in FACTS},
        "card_fingerprint": row.card_fingerprint,
        "query_id": row.query_id,
        "first_seen": row.seen_at,
        "last_seen": row.seen_at,
        "looked_at": row.seen_at if row.looked else None,
    }


def _version(row: VersionRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _VERSION}


def _assessment(listing_id: int, fingerprint: str, found: Assessment, *, at: datetime) -> dict[str, Any]:
    return {
        "listing_id": listing_id,
        "fingerprint": fingerprint,
        "lexicon_version": found.lexicon_version,
        "matcher_version": found.matcher_version,
        "level": found.level.value,
        "score": found.score,
        "category": found.category,
        "direction": found.direction,
        "parts": storable_json([asdict(part) for part in found.parts]),
        "matches": storable_json([asdict(match) for match in found.matches]),
        "assessed_at": at,
    }
