"""Runs: what each platform gave in each scan, as judged when its last query had ended; and the canary of a scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db import permits
from db.scans import QueryRow, options, query_rows
from db.tables import canaries, listings, queries, runs, scans
from records import KNOWN_BEHIND, Control, Coverage, Figures, Finding, Outcome, QueryKind, ScanStatus, now, unseen

#: How many runs a platform is held against.
BEFORE = 14
#: Days after which what a word used to give no longer counts.
_LONG_AGO = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One platform in one scan, judged."""

    scan_id: int
    platform: str
    status: ScanStatus
    findings: tuple[Finding, ...]
    figures: Figures
    #: None where no control word was asked.
    control: Control | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """金丝雀: the planted listing of one scan."""

    #: None while it has not ended.
    led: bool | None
    note: str


def control_ended(conn: Connection, scan_id: int, platform: str, control: Control) -> None:
    """Keep what the control word gave; the first answer of a scan stands."""
    facts = {
        "word": control.word,
        "outcome": control.outcome.value,
        "cards": control.cards,
        "note": control.note,
        "requests": control.requests,
    }
    row = upsert(runs).values(scan_id=scan_id, platform=platform, control=facts)
    kept = {"control": func.coalesce(runs.c.control, row.excluded.control)}
    conn.execute(row.on_conflict_do_update(index_elements=["scan_id", "platform"], set_=kept))


def control(conn: Connection, scan_id: int, platform: str) -> Control | None:
    """What the control word gave in this scan; None where it was not asked."""
    found = conn.execute(
        select(runs.c.control).where(runs.c.scan_id == scan_id, runs.c.platform == platform)
    ).scalar_one_or_none()
    return _control(found)


def judged(conn: Connection, run: Run, *, whole: bool, at: datetime) -> None:
    """Write the judgement of a run, once."""
    facts = {
        "status": run.status.value,
        "findings": [[one.key, one.sentence] for one in run.findings],
        "figures": run.figures.to_data(),
        "whole": whole,
        "judged_at": at,
    }
    row = upsert(runs).values(scan_id=run.scan_id, platform=run.platform, **facts)
    conn.execute(
        row.on_conflict_do_update(index_elements=["scan_id", "platform"], set_=facts, where=runs.c.judged_at.is_(None))
    )


def rejudge(conn: Connection, query_id: int, outcome: Outcome, note: str) -> None:
    """Give a query that has ended another outcome: what the whole run showed of it."""
    conn.execute(
        update(queries)
        .where(queries.c.id == query_id, queries.c.outcome.is_not(None))
        .values(outcome=outcome, note=note)
    )


def unjudged(conn: Connection, scan_id: int) -> list[str]:
    """Platforms of a scan whose run has no judgement yet, sorted."""
    held = and_(runs.c.scan_id == queries.c.scan_id, runs.c.platform == queries.c.platform)
    found = conn.execute(
        select(queries.c.platform)
        .select_from(queries.outerjoin(runs, held))
        .where(queries.c.scan_id == scan_id, runs.c.judged_at.is_(None))
        .distinct()
        .order_by(queries.c.platform)
    )
    return list(found.scalars())


def of_scans(conn: Connection, scan_ids: Sequence[int]) -> dict[int, list[Run]]:
    """The judged runs of each scan, by platform."""
    rows = conn.execute(
        select(runs)
        .where(runs.c.scan_id.in_(scan_ids), runs.c.judged_at.is_not(None))
        .order_by(runs.c.scan_id, runs.c.platform)
    ).all()
    found: dict[int, list[Run]] = {scan_id: [] for scan_id in scan_ids}
    for row in rows:
        found[row.scan_id].append(_run(row))
    return found


def coverage(conn: Connection, scan_id: int) -> Coverage:
    """What a scan saw, and what not and why; queries that have not ended are counted apart."""
    rows = query_rows(conn, scan_id)
    resting = options(conn, scan_id).get("resting", {})
    left = [row.query.id for row in rows if row.outcome is Outcome.SEARCHED and KNOWN_BEHIND in row.note]
    canary = conn.execute(select(canaries).where(canaries.c.scan_id == scan_id)).first()
    return Coverage(
        planned=len(rows),
        seen=sum(row.outcome is not None and row.outcome.healthy for row in rows),
        empty=sum(row.outcome is Outcome.EMPTY for row in rows),
        open=sum(row.outcome is None for row in rows),
        unseen=unseen((row.query.platform, row.outcome, row.note) for row in rows),
        findings=tuple((run.platform, one) for run in of_scans(conn, [scan_id])[scan_id] for one in run.findings),
        card_only=sum(row.card_only for row in rows),
        permits=_permits(conn, scan_id, sorted({row.query.platform for row in rows})),
        visits=tuple(
            (row.query.platform, row.note)
            for row in rows
            if row.query.kind is QueryKind.REVISIT and row.outcome is not None and row.outcome.healthy
        ),
        left_early=len(left),
        left_since=conn.execute(_READ_WHOLE, {"ids": left}).scalar(),
        resting=sum(resting.values()),
        **_regions(rows),
        canary=bool(canary.led) if canary and canary.ended_at else None,
        canary_note=canary.note if canary else "",
    )


#: Of some queries, the one whose list waits longest for being read to its last page: the date of the scan that did.
_READ_WHOLE = text(
    "select min(whole) from (select max(scans.planned_for) as whole from queries now"
    " join queries was on was.platform = now.platform and was.kind = now.kind and was.text = now.text"
    " and was.region = now.region and was.to_end and was.id < now.id"
    " join scans on scans.id = was.scan_id where now.id = any(cast(:ids as bigint[])) group by now.id) as lists"
)


def _regions(rows: Sequence[QueryRow]) -> dict[str, Any]:
    """What `Coverage` says of regions: nothing where no query was narrowed down."""
    lists = [row for row in rows if row.query.kind is not QueryKind.REVISIT]
    narrowed = {row.query.platform for row in lists if row.query.region}
    if not narrowed:
        return {}
    counts = {
        region: [row.outcome is not None and row.outcome.healthy for row in lists if row.query.region == region]
        for region in sorted({row.query.region for row in lists}, reverse=True)
    }
    return {
        "regions": {region: (len(seen), sum(seen)) for region, seen in counts.items()},
        "unnarrowed": tuple(sorted({row.query.platform for row in lists} - narrowed)),
    }


def _permits(conn: Connection, scan_id: int, platforms: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What held for a scan's platforms when it ended, or holds now while it runs."""
    if not platforms:
        return ()
    ended = conn.execute(select(scans.c.finished_at).where(scans.c.id == scan_id)).scalar()
    return permits.told(conn, platforms, ended or now())


def before(conn: Connection, platform: str, scan_id: int) -> list[Figures]:
    """The figures of the platform's last whole runs before this scan, newest first; what deviated is no measure."""
    good = (ScanStatus.NORMAL.value, ScanStatus.PARTIAL.value)
    rows = conn.execute(
        select(runs.c.figures)
        .where(
            runs.c.platform == platform,
            runs.c.scan_id < scan_id,
            runs.c.whole,
            runs.c.status.in_(good),
            runs.c.findings == [],
        )
        .order_by(runs.c.scan_id.desc())
        .limit(BEFORE)
    )
    return [Figures.from_data(row) for row in rows.scalars()]


def last_status(conn: Connection, platform: str, scan_id: int) -> ScanStatus | None:
    """How the platform's last run before this scan was judged; None where there is none."""
    found = conn.execute(
        select(runs.c.status)
        .where(runs.c.platform == platform, runs.c.scan_id < scan_id, runs.c.judged_at.is_not(None))
        .order_by(runs.c.scan_id.desc())
        .limit(1)
    ).scalar()
    return ScanStatus(found) if found else None


def nights_alike(conn: Connection, platform: str) -> int:
    """How many of the platform's last runs, the newest counted, were judged alike; 0 where there is none."""
    rows = conn.execute(
        select(runs.c.status)
        .where(runs.c.platform == platform, runs.c.judged_at.is_not(None))
        .order_by(runs.c.scan_id.desc())
        .limit(_LONG_AGO)
    )
    statuses = list(rows.scalars())
    return next((place for place, one in enumerate(statuses) if one != statuses[0]), len(statuses))


def usual_cards(conn: Connection, platform: str, words: Sequence[str], scan_id: int) -> dict[str, tuple[int, float]]:
    """Search word → how often it was answered lately, and the median of the cards that it gave."""
    rows = conn.execute(
        select(queries.c.text, queries.c.cards)
        .join(scans, scans.c.id == queries.c.scan_id)
        .where(
            queries.c.platform == platform,
            queries.c.kind == QueryKind.SEARCH,
            queries.c.text.in_(words),
            queries.c.region == "",
            queries.c.scan_id < scan_id,
            queries.c.outcome.in_([Outcome.SEARCHED, Outcome.BUDGET_SPENT, Outcome.EMPTY]),
            scans.c.planned_at > func.now() - timedelta(days=_LONG_AGO),
        )
        .order_by(queries.c.scan_id.desc())
    ).all()
    given: dict[str, list[int]] = {}
    for row in rows:
        given.setdefault(row.text, []).append(row.cards)
    return {word: (len(cards[:BEFORE]), float(median(cards[:BEFORE]))) for word, cards in given.items()}


def shown_tonight(conn: Connection, scan_id: int, platform: str, words: Sequence[str]) -> dict[str, int]:
    """Search word → listings with it in their title that other queries of this scan brought."""
    titles = conn.execute(
        select(listings.c.title)
        .join(queries, queries.c.id == listings.c.query_id)
        .where(queries.c.scan_id == scan_id, queries.c.platform == platform)
    )
    counts = dict.fromkeys(words, 0)
    for title in titles.scalars():
        for word in words:
            counts[word] += word in title
    return {word: count for word, count in counts.items() if count}


def ordinary_title(conn: Connection, platform: str) -> str:
    """The title of the listing without a hit that the platform showed last; empty where there is none."""
    found = conn.execute(
        select(listings.c.title)
        .where(listings.c.platform == platform, listings.c.level == "none")
        .order_by(listings.c.last_seen.desc(), listings.c.id.desc())
        .limit(1)
    ).scalar()
    return found or ""


def _run(row: Row[Any]) -> Run:
    return Run(
        scan_id=row.scan_id,
        platform=row.platform,
        status=ScanStatus(row.status),
        findings=tuple(Finding(key=key, sentence=sentence) for key, sentence in row.findings),
        figures=Figures.from_data(row.figures),
        control=_control(row.control),
    )


def _control(data: Mapping[str, Any] | None) -> Control | None:
    return None if data is None else Control(**{**data, "outcome": Outcome(data["outcome"])})
