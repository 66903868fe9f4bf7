"""The review queue: which leads, in which order, how many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    any_,
    exists,
    func,
    intersect,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.search import LISTING_TEXT, SELLER_NAME, stands_in, words_of
from db.tables import lead_hits, leads, listings, sellers
from db.walls import in_sight, listing_in_sight
from records import CANARY, ELSEWHERE, Lead, LeadState, Level

#: `district` of a filter: the city's own districts, 市本级 and 待定 together, the view people open with.
LOCAL = ""
#: `district` of a filter: every district.
ANYWHERE = "*"

_RAISED: ColumnElement[Any] = literal_column("coalesce(leads.raised_at, '2000-01-01 00:00:00+00')")
_AGE: ColumnElement[Any] = literal_column("(-leads.id)")
#: Each order as columns, all of them from the largest down. Each has an index: without one a page took four times as
#: long with a hundred thousand leads.
SORTS: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "": (_RAISED, leads.c.score, _AGE),  # on sale again, heaviest, oldest
        "new": (leads.c.first_seen, _AGE),
        "hits": (leads.c.hits, leads.c.score, _AGE),
    }
)

#: Where a lead stands in an order: its values of the order's columns, a moment or whole numbers.
Place = tuple[Any, ...]

#: Counting stops here: nobody reads a queue that long, and a count of everything would be paid with every key.
MOST_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueFilter:
    """Which leads of the queue, and in which order; an empty field filters nothing."""

    state: LeadState = LeadState.CANDIDATE
    platform: str = ""
    category: str = ""
    #: Name of a district, LOCAL or ANYWHERE.
    district: str = LOCAL
    level: str = ""
    #: Least score of the lead.
    min_score: int = 0
    #: Bounds on the price of a hit, both included; None for none.
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    #: First seen from the one moment on and before the other.
    since: datetime | None = None
    until: datetime | None = None
    #: Row id of the user who screened it; None for anybody and nobody.
    screened_by: int | None = None
    #: Searched in the lead's number, seller and the titles and descriptions of its hits.
    text: str = ""
    #: One of SORTS.
    sort: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facets:
    """How many leads each value would show if it were chosen in place of the filter's own, all else as it is.

    Counted among the first MOST_COUNTED leads of each; more than that reads as a full count of MOST_COUNTED.
    """

    states: dict[str, int]
    platforms: dict[str, int]
    categories: dict[str, int]
    districts: dict[str, int]
    levels: dict[str, int]


def queue(conn: Connection, wanted: QueueFilter, *, limit: int, offset: int = 0) -> list[Lead]:
    """The leads of the filter: first those with a hit on sale again, the newest before; then the heaviest."""
    statement = lead_rows().where(matches(conn, wanted)).order_by(*_descending(wanted))
    return [to_lead(row) for row in conn.execute(statement.limit(limit).offset(offset))]


def page_after(
    conn: Connection, wanted: QueueFilter, after: Place | None, *, limit: int, any_state: bool = False
) -> list[tuple[Lead, Place]]:
    """The first `limit` leads of the filter behind a place in its order, each with its own; None: from the front.

    What is screened or found between two pages moves no other lead from one of them to the other. A lead that itself
    rises meanwhile (score, hits, raised_at) passes by whoever reads in an order of these; `first_seen` never changes.
    """
    order = SORTS[wanted.sort]
    places = [column.label(f"place_{number}") for number, column in enumerate(order)]
    statement = lead_rows().add_columns(*places).where(matches(conn, wanted, any_state=any_state))
    if after is not None:
        statement = statement.where(tuple_(*order) < tuple_(*after))
    rows = conn.execute(statement.order_by(*_descending(wanted)).limit(limit))
    return [(to_lead(row), tuple(row._mapping[place.name] for place in places)) for row in rows]


def queue_ids(conn: Connection, wanted: QueueFilter, *, limit: int) -> list[tuple[int, int]]:
    """Id and version of the first `limit` leads of the filter, in its order."""
    statement = select(leads.c.id, leads.c.version).where(matches(conn, wanted)).order_by(*_descending(wanted))
    return [(row.id, row.version) for row in conn.execute(statement.limit(limit))]


def leads_by_id(conn: Connection, lead_ids: Sequence[int]) -> list[Lead]:
    """These leads in that order; those that are no more are left out."""
    found = {
        row.id: to_lead(row) for row in conn.execute(lead_rows().where(leads.c.id.in_(list(lead_ids)), in_sight(conn)))
    }
    return [found[lead_id] for lead_id in lead_ids if lead_id in found]


def queue_length(conn: Connection, wanted: QueueFilter) -> int:
    """How many leads the filter holds; MOST_COUNTED where there are as many or more."""
    some = select(leads.c.id).where(matches(conn, wanted)).limit(MOST_COUNTED).subquery()
    return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def next_lead(
    conn: Connection, wanted: QueueFilter, after: int | None = None, *, free: ColumnElement[bool] | None = None
) -> int | None:
    """Id of the lead that follows `after` in the queue's order; the first one past its end. None: the queue is empty.

    `after` need not be in the filter any more: it usually has just been screened out of it. With `free` only leads
    of which that is true are considered.
    """
    order = SORTS[wanted.sort]
    statement = select(leads.c.id).where(matches(conn, wanted), true() if free is None else free)
    ordered = statement.order_by(*_descending(wanted)).limit(1)
    place = conn.execute(select(*order).where(leads.c.id == after, in_sight(conn))).one_or_none()
    if place is not None:
        found = conn.execute(ordered.where(tuple_(*order) < tuple_(*place))).scalar()
        if found is not None:
            return int(found)
        ordered = ordered.where(leads.c.id != after)
    found = conn.execute(ordered).scalar()
    return None if found is None else int(found)


def rank(conn: Connection, wanted: QueueFilter, lead_id: int) -> int:
    """How many leads of the filter stand before this one: its offset in the queue."""
    order = SORTS[wanted.sort]
    place = conn.execute(select(*order).where(leads.c.id == lead_id, in_sight(conn))).one_or_none()
    if place is None:
        return 0
    before = (
        select(leads.c.id).where(matches(conn, wanted), tuple_(*order) > tuple_(*place)).limit(MOST_COUNTED).subquery()
    )
    return int(conn.execute(select(func.count()).select_from(before)).scalar_one())


def facets(conn: Connection, wanted: QueueFilter) -> Facets:
    """Counts by state, platform, category, district and level, each among what the other fields let through."""

    def count(column: ColumnElement[str], others: ColumnElement[bool]) -> dict[str, int]:
        some = select(column.label("value")).where(others).limit(MOST_COUNTED).subquery()
        counted = select(some.c.value, func.count()).group_by(some.c.value)
        ordered = counted.order_by(func.count().desc(), some.c.value)
        return {str(value): int(number) for value, number in conn.execute(ordered)}

    return Facets(
        states=count(leads.c.state, matches(conn, wanted, any_state=True)),
        platforms=count(leads.c.platform, matches(conn, replace(wanted, platform=""))),
        categories=count(leads.c.category, matches(conn, replace(wanted, category=""))),
        districts=count(leads.c.district, matches(conn, replace(wanted, district=ANYWHERE))),
        levels=count(leads.c.level, matches(conn, replace(wanted, level=""))),
    )


def screened_since(conn: Connection, since: datetime, district: str = ANYWHERE) -> int:
    """How many leads of the district (a name, LOCAL or ANYWHERE) were screened from that moment on and stand so."""
    counted = (
        select(func.count())
        .select_from(leads)
        .where(leads.c.screened_at >= since, in_sight(conn), in_district(district))
    )
    return int(conn.execute(counted).scalar_one())


def count_by_state(conn: Connection) -> dict[str, int]:
    """Every state with its number of leads, zeros included."""
    counts = select(leads.c.state, func.count()).where(in_sight(conn)).group_by(leads.c.state)
    counted = {str(state): int(number) for state, number in conn.execute(counts)}
    return {state.value: counted.get(state.value, 0) for state in LeadState}


def seen_since(conn: Connection, since: datetime) -> dict[str, int]:
    """`listings`, `hits` and `leads` first seen from that moment on; of one district those of its leads alone."""
    is_hit = listings.c.level != Level.NONE.value
    counted = select(func.count().label("listings"), func.count().filter(is_hit).label("hits"))
    counted = counted.where(listings.c.first_seen >= since, listing_in_sight(conn))
    row = conn.execute(counted).one()
    made = conn.execute(select(func.count()).where(leads.c.first_seen >= since, in_sight(conn))).scalar_one()
    return {"listings": int(row.listings), "hits": int(row.hits), "leads": int(made)}


def with_sellers() -> Any:
    """Leads with their sellers, where they have one."""
    return leads.outerjoin(sellers, sellers.c.id == leads.c.seller_id)


def lead_rows() -> Select[Any]:
    """What `to_lead` reads."""
    return select(leads, sellers.c.key.label("seller_key"), sellers.c.name.label("seller_name")).select_from(
        with_sellers()
    )


def in_district(district: str) -> ColumnElement[bool]:
    """True for the leads of a district: a name, LOCAL or ANYWHERE."""
    if district == ANYWHERE:
        return true()
    return leads.c.district != ELSEWHERE if district == LOCAL else leads.c.district == district


def _descending(wanted: QueueFilter) -> tuple[Any, ...]:
    return tuple(column.desc() for column in SORTS[wanted.sort])


def matches(conn: Connection, wanted: QueueFilter, *, any_state: bool = False) -> ColumnElement[bool]:
    """True for a row of `leads` that the filter lets through and the transaction may see."""
    conditions: list[ColumnElement[bool]] = [in_sight(conn), in_district(wanted.district), leads.c.platform != CANARY]
    if not any_state:
        conditions.append(leads.c.state == wanted.state)
    for column, value in (
        (leads.c.platform, wanted.platform),
        (leads.c.category, wanted.category),
        (leads.c.level, wanted.level),
        (leads.c.screened_by, wanted.screened_by),
    ):
        if value:
            conditions.append(column == value)
    conditions += _bounds(wanted)
    words = words_of(wanted.text)
    if words:
        # one list of ids, made once: as joins, two words whose frequency was misjudged were compared row by row
        each = [_mentioning(word) for word in words]
        ids = intersect(*each) if len(each) > 1 else each[0]
        conditions.append(leads.c.id == any_(func.array(ids.scalar_subquery(), type_=ARRAY(BigInteger))))
    return and_(true(), *conditions)


def _bounds(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = []
    if wanted.min_score:
        bounds.append(leads.c.score >= wanted.min_score)
    if wanted.since is not None:
        bounds.append(leads.c.first_seen >= wanted.since)
    if wanted.until is not None:
        bounds.append(leads.c.first_seen < wanted.until)
    prices = [listings.c.price >= wanted.min_price] if wanted.min_price is not None else []
    prices += [listings.c.price <= wanted.max_price] if wanted.max_price is not None else []
    if prices:
        of_lead = and_(lead_hits.c.lead_id == leads.c.id, listings.c.id == lead_hits.c.listing_id)
        bounds.append(exists().where(of_lead, *prices))
    return bounds


def _mentioning(word: str) -> CompoundSelect[Any]:
    """Ids of the leads in which the word stands somewhere: each way by an index of its own, none by all leads."""
    in_a_hit = (
        select(lead_hits.c.lead_id)
        .join(listings, listings.c.id == lead_hits.c.listing_id)
        .where(listings.c.level != literal_column("'none'"), stands_in(LISTING_TEXT, [word]))
    )
    other = leads.alias("other")
    of_seller = (
        select(other.c.id)
        .join(sellers, sellers.c.id == other.c.seller_id)
        .where(sellers.c.name != "", stands_in(SELLER_NAME, [word]))
    )
    ways: list[Any] = [in_a_hit, of_seller]
    if word.isascii():
        ways.append(select(other.c.id).where(other.c.number.contains(word.upper(), autoescape=True)))
    return union_all(*ways)


def to_lead(row: Row[Any]) -> Lead:
    """One row of `lead_rows` as a record."""
    return Lead(
        id=row.id,
        number=row.number or "",
        state=LeadState(row.state),
        platform=row.platform,
        seller_key=row.seller_key or "",
        seller_name=row.seller_name or "",
        district=row.district,
        category=row.category,
        level=row.level,
        score=row.score,
        hits=row.hits,
        title=row.title,
        source=row.source,
        lexicon_version=row.lexicon_version,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        version=row.version,
        raised_at=row.raised_at,
        raised_why=row.raised_why,
        woken_at=row.woken_at,
        verdict=row.verdict,
    )
