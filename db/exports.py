"""Leads and their hits as rows of a sheet, read in batches so that a long list needs little memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, lateral, select, true

from db.statistics import Period, within
from db.tables import assessments, lead_hits, leads, listings, sellers, users
from db.walls import in_sight
from records import LeadState

_BATCH = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadFilter:
    """Which leads; an empty tuple or None lets everything through."""

    #: LeadState values.
    states: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    #: First seen on these Shanghai dates, both included.
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadRow:
    """One lead as a list shows it."""

    id: int
    #: Empty for a candidate.
    number: str
    state: str
    platform: str
    category: str
    level: str
    score: int
    #: Title of the heaviest hit: hostile text.
    title: str
    #: As shown on the platform: personal data, hostile text.
    seller_name: str
    seller_place: str
    district: str
    district_source: str
    source: str
    hits: int
    first_seen: datetime
    last_seen: datetime
    lexicon_version: str
    dismiss_reason: str
    screened_at: datetime | None
    #: Full name of the officer; empty where nobody has screened.
    screened_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HitRow:
    """One hit of a lead."""

    lead_id: int
    #: Empty for a candidate.
    lead_number: str
    platform: str
    item_id: str
    #: Hostile text, all four.
    url: str
    title: str
    place: str
    #: The words that counted, as they stand in the text.
    words: tuple[str, ...]
    category: str
    level: str
    score: int
    #: None where none is shown.
    price: Decimal | None
    first_seen: datetime
    last_seen: datetime


def count_leads(conn: Connection, filters: LeadFilter) -> int:
    """How many leads pass the filter."""
    return conn.execute(select(func.count()).select_from(leads).where(*_conditions(conn, filters))).scalar_one()


def count_hits(conn: Connection, filters: LeadFilter) -> int:
    """How many rows `hit_rows` gives."""
    both = leads.join(lead_hits, lead_hits.c.lead_id == leads.c.id)
    return conn.execute(select(func.count()).select_from(both).where(*_conditions(conn, filters))).scalar_one()


def hold_snapshot(conn: Connection) -> datetime:
    """Everything read after this in the transaction is of one moment, which it returns. Must be its first statement."""
    conn.exec_driver_sql("set transaction isolation level repeatable read, read only")
    return moment(conn)


def moment(conn: Connection) -> datetime:
    """The time by the database's clock."""
    found: datetime = conn.execute(select(func.statement_timestamp())).scalar_one()
    return found


def lead_rows(conn: Connection, filters: LeadFilter) -> Iterator[LeadRow]:
    """The leads that pass, the gravest first. The connection must stay open while this is read."""
    statement = (
        select(
            leads,
            func.coalesce(sellers.c.name, "").label("seller_name"),
            func.coalesce(sellers.c.place, "").label("seller_place"),
            func.coalesce(users.c.full_name, "").label("officer"),
        )
        .select_from(
            leads.outerjoin(sellers, sellers.c.id == leads.c.seller_id).outerjoin(
                users, users.c.id == leads.c.screened_by
            )
        )
        .where(*_conditions(conn, filters))
        .order_by(leads.c.score.desc(), leads.c.id)
    )
    for row in _stream(conn, statement):
        yield _lead_row(row)


def hit_rows(conn: Connection, filters: LeadFilter) -> Iterator[HitRow]:
    """The hits of the leads that pass, in the order of the leads. The connection must stay open while this is read."""
    newest = lateral(
        select(assessments.c.matches)
        .where(assessments.c.listing_id == listings.c.id)
        .order_by(assessments.c.assessed_at.desc(), assessments.c.id.desc())
        .limit(1)
    ).alias("newest")
    statement = (
        select(listings, leads.c.id.label("lead_id"), leads.c.number.label("lead_number"), newest.c.matches)
        .select_from(
            leads.join(lead_hits, lead_hits.c.lead_id == leads.c.id)
            .join(listings, listings.c.id == lead_hits.c.listing_id)
            .outerjoin(newest, true())
        )
        .where(*_conditions(conn, filters))
        .order_by(leads.c.score.desc(), leads.c.id, listings.c.score.desc(), listings.c.id)
    )
    for row in _stream(conn, statement):
        yield _hit_row(row)


def _stream(conn: Connection, statement: Select[Any]) -> Iterator[Row[Any]]:
    return iter(conn.execute(statement, execution_options={"yield_per": _BATCH}))


def _conditions(conn: Connection, filters: LeadFilter) -> list[ColumnElement[bool]]:
    wanted = (
        (leads.c.state, filters.states),
        (leads.c.platform, filters.platforms),
        (leads.c.category, filters.categories),
        (leads.c.district, filters.districts),
    )
    period = Period(first=filters.first, last=filters.last)
    # what was merged stands in the list as part of the other one
    merged = leads.c.state != LeadState.MERGED if not filters.states else true()
    return [
        in_sight(conn),
        within(leads.c.first_seen, period),
        merged,
        *(column.in_(values) for column, values in wanted if values),
    ]


def _lead_row(row: Row[Any]) -> LeadRow:
    return LeadRow(
        id=row.id,
        number=row.number or "",
        state=row.state,
        platform=row.platform,
        category=row.category,
        level=row.level,
        score=row.score,
        title=row.title,
        seller_name=row.seller_name,
        seller_place=row.seller_place,
        district=row.district,
        district_source=row.district_source,
        source=row.source,
        hits=row.hits,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        lexicon_version=row.lexicon_version,
        dismiss_reason=row.dismiss_reason,
        screened_at=row.screened_at,
        screened_by=row.officer,
    )


def _hit_row(row: Row[Any]) -> HitRow:
    counted = [match for match in row.matches or [] if not (match.get("cancelled_by") or match.get("covered_by"))]
    return HitRow(
        lead_id=row.lead_id,
        lead_number=row.lead_number or "",
        platform=row.platform,
        item_id=row.item_id,
        url=row.url,
        title=row.title,
        place=row.place,
        words=tuple(dict.fromkeys(match["surface"] for match in counted)),
        category=row.category,
        level=row.level,
        score=row.score,
        price=row.price,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
