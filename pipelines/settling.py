"""What is thought of a run once its last query has ended: ends reconsidered, numbers compared, one status."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from db import runs, scans
from db.engine import Connection
from db.runs import Run
from db.scans import QueryRow
from pipelines.baseline import deviations, share
from pipelines.doubts import Changed, End, Known, reconsider_empty, reconsider_searched
from records import Figures, Measures, Outcome, QueryKind, scan_status

#: A run of which less was seen is no measure for others.
_MOSTLY = 0.8
#: Characters of a title that are asked for: a platform's search takes no novels.
_CONTROL_LENGTH = 20
_WALLS = (Outcome.BLOCKED, Outcome.LOGIN_REQUIRED)


def settle(conn: Connection, scan_id: int, platforms: Collection[str], at: datetime) -> bool:
    """Judge the runs of `platforms` that have no open query, and close the scan where nothing is left; True then.

    Each run is judged once, in the transaction that also changes its queries' ends.
    """
    scans.hold(conn, scan_id)
    options = scans.options(conn, scan_id)
    rows = scans.query_rows(conn, scan_id)
    for platform in runs.unjudged(conn, scan_id):
        mine = [row for row in rows if row.query.platform == platform]
        if platform in platforms and all(row.outcome is not None for row in mine):
            _judge(conn, scan_id, platform, mine, options=options, at=at)
    return not runs.unjudged(conn, scan_id) and scans.close_if_done(conn, scan_id, at)


def control_words(conn: Connection, scan_id: int, platform: str, neutral: str) -> tuple[str, ...]:
    """Ordinary words to ask of a platform that had nothing for half of tonight's searches; empty without a doubt.

    `neutral` are the definition's; after them the beginning of the title of something that the platform showed
    lately: not every market has a telephone, but each should find what it shows itself. Asked once a scan.
    """
    rows = [row for row in scans.query_rows(conn, scan_id) if row.query.platform == platform]
    # a region may well have nothing: only what everywhere gave can be doubted
    searched = [row.outcome for row in rows if row.query.kind is QueryKind.SEARCH and not row.query.region]
    answered = [one for one in searched if one is not None and one.healthy]
    doubtful = 0 < len(answered) <= 2 * answered.count(Outcome.EMPTY)
    if not doubtful or None in searched or runs.control(conn, scan_id, platform) is not None:
        return ()
    shown = runs.ordinary_title(conn, platform).split()[:1]
    return tuple(word[:_CONTROL_LENGTH] for word in [*neutral.split(), *shown])


def _judge(
    conn: Connection, scan_id: int, platform: str, rows: Sequence[QueryRow], *, options: dict[str, Any], at: datetime
) -> None:
    control = runs.control(conn, scan_id, platform)
    # pages known before were seen: that says nothing of the lists, and counts only where it went wrong
    ends = [_end(row) for row in rows if row.query.kind is not QueryKind.REVISIT] or [_end(row) for row in rows]
    rounds = [row.outcome for row in rows if row.query.kind is QueryKind.REVISIT and not _healthy(row.outcome)]
    words = [
        one.text for one in ends if one.outcome is Outcome.EMPTY and one.kind is QueryKind.SEARCH and not one.region
    ]
    known = Known(
        control=control,
        usual=runs.usual_cards(conn, platform, words, scan_id),
        shown=runs.shown_tonight(conn, scan_id, platform, words),
    )
    figures = figures_of(ends)
    declared = options.get("platforms", {}).get(platform, {}).get("may_be_zero", ())
    asked = not (options.get("terms") or options.get("max_pages") or any(o.outcome is Outcome.NOT_RUN for o in ends))
    findings = deviations(figures, runs.before(conn, platform, scan_id) if asked else [], declared)
    changed = reconsider_empty(ends, known) + reconsider_searched(ends, figures, findings)
    for one in changed:
        runs.rejudge(conn, one.id, one.outcome, one.note)
    status = scan_status(
        [*_outcomes(ends, changed), *rounds], deviates=bool(findings), proven=control is not None and control.works
    )
    run = Run(scan_id=scan_id, platform=platform, status=status, findings=findings, figures=figures, control=control)
    runs.judged(conn, run, whole=asked and _mostly_seen(ends), at=at)


def _mostly_seen(ends: Sequence[End]) -> bool:
    """True where later runs may be held against this one."""
    seen = sum(one.outcome.healthy or one.outcome is Outcome.BUDGET_SPENT for one in ends)
    return share(seen, len(ends)) >= _MOSTLY


def figures_of(ends: Sequence[End]) -> Figures:
    """All queries of a run together."""
    return Figures(
        queries=len(ends),
        walled=sum(one.outcome in _WALLS for one in ends),
        pages=sum(one.pages for one in ends),
        cards=sum(one.cards for one in ends),
        new=sum(one.new for one in ends),
        measures=sum((one.measures for one in ends), Measures()),
    )


def _outcomes(ends: Sequence[End], changed: Sequence[Changed]) -> list[Outcome | None]:
    now = {one.id: one.outcome for one in changed}
    return [now.get(one.id, one.outcome) for one in ends]


def _healthy(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.healthy


def _end(row: QueryRow) -> End:
    assert row.outcome is not None  # settle judges runs without an open query alone
    return End(
        id=row.query.id,
        kind=row.query.kind,
        text=row.query.text,
        region=row.query.region,
        outcome=row.outcome,
        note=row.note,
        pages=row.pages,
        cards=row.cards,
        new=row.new,
        measures=row.measures,
    )
