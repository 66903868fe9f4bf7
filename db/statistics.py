"""Counts for the statistics table: by district, category and state, over days of the Shanghai calendar."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, exists, func, select, true

from db.tables import lead_hits, leads, listings, queries
from db.walls import in_sight, listing_in_sight
from records import SHANGHAI, LeadState, Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Both days belong to it; None: open on that side."""

    first: date | None
    last: date | None

    @property
    def since(self) -> datetime | None:
        """The first moment of the first day in China."""
        return None if self.first is None else datetime.combine(self.first, time(), SHANGHAI)

    @property
    def until(self) -> datetime | None:
        """The first moment after the last day in China."""
        return None if self.last is None else datetime.combine(self.last + timedelta(days=1), time(), SHANGHAI)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many leads (or hits of leads) share these three."""

    district: str
    category: str
    #: LeadState value.
    state: str
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Everything one period is counted by."""

    #: Pairs of scan and platform of which at least one query was really answered (个次).
    platforms: int
    #: Listings first seen in the period, each once.
    listings: int
    #: Leads of the campaign first seen in the period.
    leads: tuple[Count, ...]
    #: Listings that became hits of a lead of the campaign in the period, each once, under its youngest lead.
    hits: tuple[Count, ...]
    #: The same two counted again without any grouping, for the check of the totals.
    all_leads: int
    all_hits: int


def tally(conn: Connection, campaign_id: int, period: Period) -> Tally:
    """The counts of one period, of what the transaction may see. States are those at the moment of counting."""
    counted = and_(of_campaign(campaign_id), in_sight(conn))
    seen_hits, seen = _hits(counted), within(listings.c.first_seen, period)
    grouped = (leads.c.district, leads.c.category, leads.c.state)
    by_lead = select(*grouped, func.count().label("number")).where(counted, within(leads.c.first_seen, period))
    by_hit = (
        select(*grouped, func.count().label("number"))
        .select_from(seen_hits.join(leads, leads.c.id == seen_hits.c.lead_id))
        .where(within(seen_hits.c.added_at, period))
    )
    return Tally(
        platforms=_platforms(conn, period),
        listings=_number(conn, select(func.count()).select_from(listings).where(seen, listing_in_sight(conn))),
        leads=_counts(conn, by_lead.group_by(*grouped)),
        hits=_counts(conn, by_hit.group_by(*grouped)),
        all_leads=_number(conn, select(func.count()).where(counted, within(leads.c.first_seen, period))),
        all_hits=_number(conn, _all_hits(counted, period)),
    )


def _platforms(conn: Connection, period: Period) -> int:
    answered = queries.c.outcome.in_([outcome for outcome in Outcome if outcome.healthy])
    pairs = select(queries.c.scan_id, queries.c.platform).where(answered, within(queries.c.finished_at, period))
    return _number(conn, select(func.count()).select_from(pairs.distinct().subquery()))


def _hits(counted: ColumnElement[bool]) -> Subquery:
    """One row per hit listing of the leads that count: its youngest lead, and when it first became a hit.

    A listing whose seller changed hangs on two leads; counted under both, rows would add up to more than there is.
    """
    return (
        select(
            lead_hits.c.listing_id,
            func.max(lead_hits.c.lead_id).label("lead_id"),
            func.min(lead_hits.c.added_at).label("added_at"),
        )
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(counted)
        .group_by(lead_hits.c.listing_id)
        .subquery()
    )


def _all_hits(counted: ColumnElement[bool], period: Period) -> Select[int]:
    """Counted another way than `_hits`, so that the check has something to compare with."""
    of_them, other = select(leads.c.id).where(counted), lead_hits.alias("other")
    inside = select(lead_hits.c.listing_id).where(
        lead_hits.c.lead_id.in_(of_them), within(lead_hits.c.added_at, period)
    )
    if period.since is not None:
        # not "not in": a list that outgrows work_mem is read again for every hit
        same = other.c.listing_id == lead_hits.c.listing_id
        inside = inside.where(~exists().where(same, other.c.lead_id.in_(of_them), other.c.added_at < period.since))
    return select(func.count()).select_from(inside.distinct().subquery())


def of_campaign(campaign_id: int) -> ColumnElement[bool]:
    """True for leads of the campaign; one that was merged into another is no lead of its own any more."""
    return and_(leads.c.campaign_id == campaign_id, leads.c.state != LeadState.MERGED)


def within(moment: ColumnElement[object], period: Period) -> ColumnElement[bool]:
    """The condition that `moment` (a timestamptz) falls into the period."""
    sides: list[ColumnElement[bool]] = [true()]
    if period.since is not None:
        sides.append(moment >= period.since)
    if period.until is not None:
        sides.append(moment < period.until)
    return and_(*sides)


def _number(conn: Connection, statement: Select[int]) -> int:
    return conn.execute(statement).scalar_one()


def _counts(conn: Connection, statement: Select[str, str, str, int]) -> tuple[Count, ...]:
    return tuple(
        Count(district=row.district, category=row.category, state=row.state, number=row.number)
        for row in conn.execute(statement)
    )
