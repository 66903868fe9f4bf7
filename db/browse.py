"""Listings and sellers as they stand, looked up by people: search over everything stored, and one of either in full."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, true

from db.queue import lead_rows, to_lead
from db.search import LISTING_TEXT, stands_in, words_of
from db.tables import assessments, lead_hits, leads, listing_states, listing_versions, listings, sellers
from db.walls import district_of, in_sight, listing_in_sight
from records import CANARY, Lead, Level


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One listing of a search."""

    id: int
    platform: str
    title: str
    price: Decimal | None
    price_text: str
    place: str
    level: str
    score: int
    category: str
    #: 在售, 已下架 or 再次上架.
    state: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a listing said from some moment on."""

    seen_at: datetime
    title: str
    description: str
    price: Decimal | None
    price_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """One assessment of a listing."""

    assessed_at: datetime
    lexicon_version: str
    level: str
    score: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ListingPage:
    """A listing with what became of it."""

    found: Found
    url: str
    item_id: str
    description: str
    detail_read: bool
    source: str
    #: None where the listing has no seller; without a hit the name is empty.
    seller_id: int | None
    seller_name: str
    #: Oldest first.
    versions: tuple[Version, ...]
    #: Newest first.
    judgements: tuple[Judgement, ...]
    #: Moment and state, oldest first.
    states: tuple[tuple[datetime, str], ...]
    #: Leads that it is a hit of.
    leads: tuple[Lead, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SellerPage:
    """A seller with leads and listings."""

    id: int
    platform: str
    #: Empty while the seller has no hit: nothing but a keyed hash is kept then.
    name: str
    place: str
    url: str
    first_seen: datetime
    last_seen: datetime
    #: How many of the listings are stored, and how many of these are hits.
    listed: int
    hits: int
    #: The newest first.
    listings: tuple[Found, ...]
    leads: tuple[Lead, ...]


def search(
    conn: Connection,
    words: str,
    *,
    platform: str = "",
    hits_only: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Found]:
    """Listings in which every word stands, the newest row first; `before` a row id for the page that follows."""
    conditions: list[ColumnElement[bool]] = [listings.c.platform != CANARY, stands_in(LISTING_TEXT, words_of(words))]
    conditions.append(listing_in_sight(conn))
    if platform:
        conditions.append(listings.c.platform == platform)
    if hits_only:
        conditions.append(listings.c.level != Level.NONE.value)
    if before is not None:
        conditions.append(listings.c.id < before)
    statement = _founds().where(and_(true(), *conditions)).order_by(listings.c.id.desc()).limit(limit)
    return [_found(row) for row in conn.execute(statement)]


def listing_page(conn: Connection, listing_id: int) -> ListingPage | None:
    """The listing with its versions, judgements, states and leads; None where there is none."""
    row = conn.execute(
        select(listings, sellers.c.name.label("seller_name"))
        .outerjoin(sellers, sellers.c.id == listings.c.seller_id)
        .where(listings.c.id == listing_id, listing_in_sight(conn))
    ).one_or_none()
    if row is None:
        return None
    states = select(listing_states.c.at, listing_states.c.state).where(listing_states.c.listing_id == listing_id)
    judged = select(assessments).where(assessments.c.listing_id == listing_id)
    written = select(listing_versions).where(listing_versions.c.listing_id == listing_id)
    of_leads = select(lead_hits.c.lead_id).where(lead_hits.c.listing_id == listing_id)
    return ListingPage(
        found=_found(row),
        url=row.url,
        item_id=row.item_id,
        description=row.description,
        detail_read=row.detail_read,
        source=row.source,
        seller_id=row.seller_id,
        seller_name=row.seller_name or "",
        versions=tuple(_version(one) for one in conn.execute(written.order_by(listing_versions.c.seen_at))),
        judgements=tuple(_judgement(one) for one in conn.execute(judged.order_by(assessments.c.assessed_at.desc()))),
        states=tuple((one.at, one.state) for one in conn.execute(states.order_by(listing_states.c.id))),
        leads=tuple(to_lead(one) for one in conn.execute(lead_rows().where(leads.c.id.in_(of_leads), in_sight(conn)))),
    )


def seller_page(conn: Connection, seller_id: int, *, limit: int = 100) -> SellerPage | None:
    """The seller with the `limit` newest listings; None where there is none.

    Of one district: a seller who has a lead there, with the listings of its leads.
    """
    row = conn.execute(select(sellers).where(sellers.c.id == seller_id)).one_or_none()
    theirs = select(leads.c.id).where(leads.c.seller_id == seller_id, in_sight(conn)).limit(1)
    if row is None or (district_of(conn) is not None and conn.execute(theirs).first() is None):
        return None
    own = and_(listings.c.seller_id == seller_id, listing_in_sight(conn))
    is_hit = listings.c.level != Level.NONE.value
    counts = conn.execute(
        select(func.count().label("listed"), func.count().filter(is_hit).label("hits")).where(own)
    ).one()
    newest = _founds().where(own).order_by(listings.c.last_seen.desc(), listings.c.id.desc()).limit(limit)
    of_seller = lead_rows().where(leads.c.seller_id == seller_id, in_sight(conn)).order_by(leads.c.first_seen.desc())
    return SellerPage(
        id=row.id,
        platform=row.platform,
        name=row.name,
        place=row.place,
        url=row.url,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        listed=counts.listed,
        hits=counts.hits,
        listings=tuple(_found(one) for one in conn.execute(newest)),
        leads=tuple(to_lead(one) for one in conn.execute(of_seller)),
    )


_FOUND = tuple(Found.__dataclass_fields__)


def _founds() -> Select[Any]:
    return select(*(listings.c[name] for name in _FOUND))


def _found(row: Row[Any]) -> Found:
    return Found(**{name: row._mapping[name] for name in _FOUND})


def _version(row: Row[Any]) -> Version:
    return Version(**{name: row._mapping[name] for name in Version.__dataclass_fields__})


def _judgement(row: Row[Any]) -> Judgement:
    return Judgement(**{name: row._mapping[name] for name in Judgement.__dataclass_fields__})
