"""What people are told: the news that waits in the outbox, the digest of a day, and its deliveries.

The pipelines write the outbox (`db.outbox`); this is where it is read. A digest is unique per Shanghai date, and
the row that claims the date is what keeps two clocks from telling a night twice.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Select, and_, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from db import runs
from db.scans import scan_row
from db.tables import audit, deliveries, digests, lead_hits, leads, outbox, queries, scans
from records import Coverage, LeadState, Outcome, ScanStatus, scan_status


@dataclass(frozen=True, kw_only=True, slots=True)
class NightQuery:
    """One query of a night: where it went and how it ended."""

    platform: str
    #: None while it has not ended.
    outcome: Outcome | None
    #: Cards read.
    cards: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NightScan:
    """One scan that was planned in the time a digest covers."""

    id: int
    #: nightly, foreground or demo.
    kind: str
    planned_at: datetime
    #: None while a query has not ended.
    finished_at: datetime | None
    queries: tuple[NightQuery, ...]
    #: Derived: of the whole scan, and of each platform in it.
    status: ScanStatus
    platforms: dict[str, ScanStatus]
    coverage: Coverage


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadNews:
    """A lead as far as a message may know it: no seller, no text, no address of the item."""

    id: int
    #: Empty for a candidate.
    number: str
    platform: str
    category: str
    district: str
    level: str
    score: int
    #: True when the lead itself is new, False when it only got more hits.
    new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """One delivery that this sender alone may try now."""

    id: int
    channel: str
    #: Number of this attempt, from 1; a later settlement must name it.
    attempt: int
    digest_id: int
    for_date: date
    made_at: datetime
    content: dict[str, Any]


def open_day(conn: Connection, for_date: date, made_at: datetime) -> int | None:
    """Claims `for_date`: the id of its new digest, or None where the day already has one.

    A second caller waits here for the first one's transaction, so content may be written after it.
    """
    statement = insert(digests).values(for_date=for_date, content={}, made_at=made_at)
    return conn.execute(
        statement.on_conflict_do_nothing(index_elements=["for_date"]).returning(digests.c.id)
    ).scalar_one_or_none()


def write(conn: Connection, digest_id: int, content: dict[str, Any]) -> None:
    """Puts the content into a digest opened in the same transaction."""
    conn.execute(update(digests).where(digests.c.id == digest_id).values(content=content))


def last_made(conn: Connection, before: date) -> datetime | None:
    """When the newest digest of an earlier day was made; None where there is none."""
    newest: datetime | None = conn.execute(
        select(func.max(digests.c.made_at)).where(digests.c.for_date < before)
    ).scalar_one()
    return newest


def content_of(conn: Connection, for_date: date) -> tuple[int, dict[str, Any]] | None:
    """Id and content of a day's digest; None where the day has none."""
    row = conn.execute(select(digests.c.id, digests.c.content).where(digests.c.for_date == for_date)).one_or_none()
    return None if row is None else (row.id, row.content)


# --- what a digest tells ---------------------------------------------------------------------------------------------


def night(conn: Connection, since: datetime, until: datetime) -> tuple[NightScan, ...]:
    """Every scan planned in (since, until], oldest first, with its queries."""
    rows = conn.execute(
        select(
            scans.c.id,
            scans.c.kind,
            scans.c.planned_at,
            scans.c.finished_at,
            queries.c.platform,
            queries.c.outcome,
            queries.c.cards,
        )
        .select_from(scans.outerjoin(queries, queries.c.scan_id == scans.c.id))
        .where(scans.c.planned_at > since, scans.c.planned_at <= until)
        .order_by(scans.c.id, queries.c.id)
    ).all()
    heads = {row.id: row for row in rows}
    parts: dict[int, list[NightQuery]] = {scan_id: [] for scan_id in heads}
    for row in rows:
        if row.platform is not None:
            outcome = None if row.outcome is None else Outcome(row.outcome)
            parts[row.id].append(NightQuery(platform=row.platform, outcome=outcome, cards=row.cards))
    return tuple(
        NightScan(
            id=row.id,
            kind=row.kind,
            planned_at=row.planned_at,
            finished_at=row.finished_at,
            queries=tuple(parts[row.id]),
            status=scan_row(conn, row.id).status,
            platforms=_platforms(runs.of_scans(conn, [row.id])[row.id], parts[row.id]),
            coverage=runs.coverage(conn, row.id),
        )
        for row in heads.values()
    )


def _platforms(judged: list[runs.Run], queries: list[NightQuery]) -> dict[str, ScanStatus]:
    """As judged; what has no judgement yet from the outcomes alone."""
    ends: dict[str, list[Outcome | None]] = {}
    for query in queries:
        ends.setdefault(query.platform, []).append(query.outcome)
    return {key: scan_status(outcomes) for key, outcomes in ends.items()} | {run.platform: run.status for run in judged}


def waiting_news(conn: Connection) -> tuple[LeadNews, ...]:
    """What no digest has told yet, left as it is."""
    return _news(conn, [(row.topic, row.key) for row in conn.execute(_waiting())])


def take_news(conn: Connection, digest_id: int) -> tuple[LeadNews, ...]:
    """What no digest has told yet, marked as told by this one in the same transaction."""
    statement = update(outbox).where(outbox.c.digest_id.is_(None)).values(digest_id=digest_id)
    rows = conn.execute(statement.returning(outbox.c.topic, outbox.c.key)).all()
    return _news(conn, [(row.topic, row.key) for row in rows])


def new_hits(conn: Connection, since: datetime, until: datetime) -> int:
    """Listings that became hits of a lead in (since, until]."""
    first = select(lead_hits.c.listing_id, func.min(lead_hits.c.added_at).label("at")).group_by(lead_hits.c.listing_id)
    added = first.subquery()
    return conn.execute(select(func.count()).where(added.c.at > since, added.c.at <= until)).scalar_one()


def unscreened(conn: Connection) -> int:
    """Candidates that nobody has screened."""
    return conn.execute(select(func.count()).where(leads.c.state == LeadState.CANDIDATE)).scalar_one()


def audit_head(conn: Connection) -> tuple[int, str]:
    """Number and hash of the newest audit row: the anchor that leaves the house with every digest. (0, "") if none."""
    row = conn.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    return (0, "") if row is None else (row.seq, row.hash)


def _waiting() -> Select[Any]:
    return select(outbox.c.topic, outbox.c.key).where(outbox.c.digest_id.is_(None)).order_by(outbox.c.id)


def _news(conn: Connection, rows: list[tuple[str, str]]) -> tuple[LeadNews, ...]:
    """The leads behind outbox keys (`lead.new:17`, `lead.more:17:…`), the gravest first."""
    topics: dict[int, set[str]] = {}
    for topic, key in rows:
        topics.setdefault(int(key.split(":")[1]), set()).add(topic)
    found = conn.execute(
        select(leads)
        .where(leads.c.id == any_(literal(list(topics), ARRAY(BigInteger))))
        .order_by((leads.c.level == "high").desc(), leads.c.score.desc(), leads.c.id)
    )
    return tuple(
        LeadNews(
            id=row.id,
            number=row.number or "",
            platform=row.platform,
            category=row.category,
            district=row.district,
            level=row.level,
            score=row.score,
            new="lead.new" in topics[row.id],
        )
        for row in found
    )


# --- who has been told -----------------------------------------------------------------------------------------------


def owe(conn: Connection, channel: str, *, since: datetime, now: datetime) -> int:
    """Writes down that `channel` is owed every digest made after `since`; returns how many were added.

    A channel that has never been used is owed the newest digest alone: nobody wants three old ones at once.
    """
    used = conn.execute(select(deliveries.c.id).where(deliveries.c.channel == channel).limit(1)).first()
    wanted = select(digests.c.id).where(digests.c.made_at > since).order_by(digests.c.for_date.desc())
    ids = conn.execute(wanted if used else wanted.limit(1)).scalars().all()
    if not ids:
        return 0
    rows = [{"digest_id": each, "channel": channel, "status": "waiting", "next_at": now} for each in ids]
    statement = insert(deliveries).on_conflict_do_nothing(index_elements=["digest_id", "channel"])
    return len(conn.execute(statement.values(rows).returning(deliveries.c.id)).all())


def claim(conn: Connection, channels: list[str], *, now: datetime, lease: timedelta) -> Claimed | None:
    """The oldest delivery that is due on one of `channels`, out of everybody else's reach for `lease`.

    The caller commits at once and sends afterwards, so that no transaction is held across the network. A sender
    that dies leaves the row waiting until the lease has run out.
    """
    due = (
        select(deliveries.c.id)
        .where(deliveries.c.status == "waiting", deliveries.c.next_at <= now, deliveries.c.channel.in_(channels))
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    delivery_id = conn.execute(due).scalar_one_or_none()
    if delivery_id is None:
        return None
    taken = conn.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, digests.c.id == deliveries.c.digest_id)
        .values(attempts=deliveries.c.attempts + 1, next_at=now + lease)
        .returning(
            deliveries.c.channel,
            deliveries.c.attempts,
            deliveries.c.digest_id,
            digests.c.for_date,
            digests.c.made_at,
            digests.c.content,
        )
    ).one()
    return Claimed(
        id=delivery_id,
        channel=taken.channel,
        attempt=taken.attempts,
        digest_id=taken.digest_id,
        for_date=taken.for_date,
        made_at=taken.made_at,
        content=taken.content,
    )


def settle_sent(conn: Connection, claimed: Claimed, *, at: datetime, note: str = "") -> bool:
    """Writes down that the channel took it; False where another attempt has the row by now."""
    return _settle(conn, claimed, {"status": "sent", "sent_at": at, "error": note})


def settle_failed(conn: Connection, claimed: Claimed, *, next_at: datetime | None, error: str) -> bool:
    """Puts it off until `next_at`, or gives it up where that is None; False where another attempt has the row."""
    if next_at is None:
        return _settle(conn, claimed, {"status": "given_up", "error": error})
    return _settle(conn, claimed, {"next_at": next_at, "error": error})


def _settle(conn: Connection, claimed: Claimed, values: dict[str, Any]) -> bool:
    mine = and_(
        deliveries.c.id == claimed.id,
        deliveries.c.attempts == claimed.attempt,
        deliveries.c.status == "waiting",
    )
    return conn.execute(update(deliveries).where(mine).values(**values)).rowcount == 1


def abandon(conn: Connection, *, made_before: datetime, now: datetime) -> list[tuple[str, date]]:
    """Gives up what nobody took for too long, also on channels that are configured no more: (channel, date) each."""
    old = and_(
        deliveries.c.digest_id == digests.c.id,
        deliveries.c.status == "waiting",
        deliveries.c.next_at <= now,
        digests.c.made_at <= made_before,
    )
    statement = update(deliveries).where(old).values(status="given_up")
    return [
        (row.channel, row.for_date)
        for row in conn.execute(statement.returning(deliveries.c.channel, digests.c.for_date))
    ]
