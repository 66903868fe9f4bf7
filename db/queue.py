"""The review queue: which leads, in which order, how many."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select, true, tuple_

from db.tables import lead_hits, leads, listings, sellers
from records import CANARY, ELSEWHERE, Lead, LeadState, Level

#: `district` of a filter: the city's own districts, 市本级 and 待定 together, the view people open with.
LOCAL = ""
#: `district` of a filter: every district.
ANYWHERE = "*"
#: The queue's order, each from the smallest up: raised last, heaviest, oldest.
_ORDER = (-func.coalesce(func.extract("epoch", leads.c.raised_at), 0), -leads.c.score, leads.c.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueFilter:
    """Which leads of the queue; an empty field filters nothing."""

    state: LeadState = LeadState.CANDIDATE
    platform: str = ""
    category: str = ""
    #: Name of a district, LOCAL or ANYWHERE.
    district: str = LOCAL
    level: str = ""
    #: Searched in the lead's number, seller and the titles and descriptions of its hits.
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facets:
    """How many leads each value would show if it were chosen in place of the filter's own, all else as it is."""

    states: dict[str, int]
    platforms: dict[str, int]
    categories: dict[str, int]
    districts: dict[str, int]
    levels: dict[str, int]


def queue(conn: Connection, wanted: QueueFilter, *, limit: int, offset: int = 0) -> list[Lead]:
    """The leads of the filter: first those with a hit on sale again, the newest before; then the heaviest."""
    statement = lead_rows().where(_matches(wanted)).order_by(*_ORDER)
    return [to_lead(row) for row in conn.execute(statement.limit(limit).offset(offset))]


def queue_length(conn: Connection, wanted: QueueFilter) -> int:
    """How many leads the filter holds."""
    return int(conn.execute(select(func.count()).select_from(with_sellers()).where(_matches(wanted))).scalar_one())


def next_lead(conn: Connection, wanted: QueueFilter, after: int | None = None) -> int | None:
    """Id of the lead that follows `after` in the queue's order; the first one past its end. None: the queue is empty.

    `after` need not be in the filter any more: it usually has just been screened out of it.
    """
    statement = select(leads.c.id).select_from(with_sellers()).where(_matches(wanted))
    ordered = statement.order_by(*_ORDER).limit(1)
    place = conn.execute(select(*_ORDER).where(leads.c.id == after)).one_or_none()
    if place is not None:
        follows = tuple_(*_ORDER) > tuple_(*place)
        found = conn.execute(ordered.where(follows)).scalar()
        if found is not None:
            return int(found)
        ordered = ordered.where(leads.c.id != after)
    found = conn.execute(ordered).scalar()
    return None if found is None else int(found)


def rank(conn: Connection, wanted: QueueFilter, lead_id: int) -> int:
    """How many leads of the filter stand before this one: its offset in the queue."""
    place = conn.execute(select(*_ORDER).where(leads.c.id == lead_id)).one_or_none()
    if place is None:
        return 0
    before = tuple_(*_ORDER) < tuple_(*place)
    statement = select(func.count()).select_from(with_sellers()).where(_matches(wanted), before)
    return int(conn.execute(statement).scalar_one())


def facets(conn: Connection, wanted: QueueFilter) -> Facets:
    """Counts by state, platform, category, district and level, each among what the other fields let through."""

    def count(column: ColumnElement[str], others: ColumnElement[bool]) -> dict[str, int]:
        counted = select(column, func.count()).select_from(with_sellers()).where(others)
        ordered = counted.group_by(column).order_by(func.count().desc(), column)
        return {str(value): int(number) for value, number in conn.execute(ordered)}

    return Facets(
        states=count(leads.c.state, _matches(wanted, any_state=True)),
        platforms=count(leads.c.platform, _matches(replace(wanted, platform=""))),
        categories=count(leads.c.category, _matches(replace(wanted, category=""))),
        districts=count(leads.c.district, _matches(replace(wanted, district=ANYWHERE))),
        levels=count(leads.c.level, _matches(replace(wanted, level=""))),
    )


def screened_since(conn: Connection, since: datetime, district: str = ANYWHERE) -> int:
    """How many leads of the district (a name, LOCAL or ANYWHERE) were screened from that moment on and stand so."""
    counted = select(func.count()).select_from(leads).where(leads.c.screened_at >= since, _in(district))
    return int(conn.execute(counted).scalar_one())


def count_by_state(conn: Connection) -> dict[str, int]:
    """Every state with its number of leads, zeros included."""
    counted = {str(s): int(n) for s, n in conn.execute(select(leads.c.state, func.count()).group_by(leads.c.state))}
    return {state.value: counted.get(state.value, 0) for state in LeadState}


def seen_since(conn: Connection, since: datetime) -> dict[str, int]:
    """`listings`, `hits` and `leads` first seen from that moment on."""
    is_hit = listings.c.level != Level.NONE.value
    row = conn.execute(
        select(func.count().label("listings"), func.count().filter(is_hit).label("hits")).where(
            listings.c.first_seen >= since
        )
    ).one()
    made = conn.execute(select(func.count()).where(leads.c.first_seen >= since)).scalar_one()
    return {"listings": int(row.listings), "hits": int(row.hits), "leads": int(made)}


def with_sellers() -> Any:
    """Leads with their sellers, where they have one."""
    return leads.outerjoin(sellers, sellers.c.id == leads.c.seller_id)


def lead_rows() -> Select[Any]:
    """What `to_lead` reads."""
    return select(leads, sellers.c.key.label("seller_key"), sellers.c.name.label("seller_name")).select_from(
        with_sellers()
    )


def _in(district: str) -> ColumnElement[bool]:
    if district == ANYWHERE:
        return true()
    return leads.c.district != ELSEWHERE if district == LOCAL else leads.c.district == district


def _matches(wanted: QueueFilter, *, any_state: bool = False) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [_in(wanted.district), leads.c.platform != CANARY]
    if not any_state:
        conditions.append(leads.c.state == wanted.state)
    if wanted.platform:
        conditions.append(leads.c.platform == wanted.platform)
    if wanted.category:
        conditions.append(leads.c.category == wanted.category)
    if wanted.level:
        conditions.append(leads.c.level == wanted.level)
    conditions.extend(_mentions(word) for word in wanted.text.split())
    return and_(true(), *conditions)


def _mentions(word: str) -> ColumnElement[bool]:
    """True for a lead in which the word stands somewhere; % and _ mean themselves."""
    in_a_hit = exists().where(
        lead_hits.c.lead_id == leads.c.id,
        listings.c.id == lead_hits.c.listing_id,
        or_(listings.c.title.icontains(word, autoescape=True), listings.c.description.icontains(word, autoescape=True)),
    )
    return or_(
        leads.c.number.icontains(word, autoescape=True), sellers.c.name.icontains(word, autoescape=True), in_a_hit
    )


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
    )
