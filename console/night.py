"""One line on whether last night is to be trusted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db import leave, runs, scans, schedules
from db.engine import Connection
from db.scans import QueryRow, ScanRow
from records import Finding, Halt, Outcome, ScanStatus, shanghai, shanghai_date

#: A planned scan that has not begun this long after its time counts as not run.
_GRACE = timedelta(minutes=30)
#: A nightly scan this much older than the newest one by hand no longer speaks for the present.
_RECENT = timedelta(hours=36)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One platform that was not seen as it should have been."""

    platform: str
    outcome: Outcome
    #: Queries of that platform that ended so.
    queries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Night:
    """The newest scan, and what is to be thought of it."""

    status: ScanStatus
    #: None where nothing has ever been scanned.
    scan: ScanRow | None
    troubles: tuple[Trouble, ...]
    #: Platform and what is not as it usually is there.
    deviations: tuple[tuple[str, Finding], ...] = ()
    #: False where the planted listing did not become a lead; None where none was planned.
    canary: bool | None = None
    #: Listings read on the result pages of that scan.
    cards: int
    new: int
    hits: int
    #: HH:MM of a scan that should have begun today and has not; empty where none is missing.
    missed: str
    #: Who stopped all crawling and why; None while it is not stopped.
    halted: Halt | None = None

    @property
    def fine(self) -> bool:
        """True where an empty queue may be believed."""
        return self.status is ScanStatus.NORMAL and not self.missed and not self.halted


def last_night(conn: Connection, now: datetime) -> Night:
    """The state of the last night, or of the newest scan where the nights are long past, as of `now`."""
    missed, halted = _missed(conn, now), leave.halted(conn)
    newest = _newest(conn)
    if not newest:
        return Night(
            status=ScanStatus.NOT_RUN, scan=None, troubles=(), cards=0, new=0, hits=0, missed=missed, halted=halted
        )
    rows = scans.query_rows(conn, newest[0].id)
    coverage = runs.coverage(conn, newest[0].id)
    return Night(
        status=ScanStatus.NOT_RUN if missed else newest[0].status,
        scan=newest[0],
        troubles=_troubles(rows),
        deviations=coverage.findings,
        canary=coverage.canary,
        cards=sum(row.cards for row in rows),
        new=sum(row.new for row in rows),
        hits=sum(row.hits for row in rows),
        missed=missed,
        halted=halted,
    )


def _newest(conn: Connection) -> list[ScanRow]:
    """The last night's scan where one is recent: one word asked by hand afterwards makes no bad night fine."""
    newest, nightly = scans.latest(conn, 1), scans.latest(conn, 1, kind="nightly")
    recent = bool(nightly) and newest[0].planned_at - nightly[0].planned_at < _RECENT
    return nightly if recent else newest


def _troubles(rows: list[QueryRow]) -> tuple[Trouble, ...]:
    counts: dict[tuple[str, Outcome], int] = {}
    for row in rows:
        if row.outcome is not None and not row.outcome.healthy:
            key = (row.query.platform, row.outcome)
            counts[key] = counts.get(key, 0) + 1
    return tuple(
        Trouble(platform=platform, outcome=outcome, queries=count) for (platform, outcome), count in counts.items()
    )


def _missed(conn: Connection, now: datetime) -> str:
    """The time of day of an enabled scan that should have begun today and has no row."""
    today = shanghai_date(now)
    midnight = shanghai(now).replace(hour=0, minute=0, second=0, microsecond=0)
    done = schedules.done(conn, today)
    for schedule in schedules.every(conn):
        due = midnight + timedelta(minutes=schedule.at_minute)
        wanted = schedule.enabled and schedule.job == "scan" and today.isoweekday() in schedule.weekdays
        if wanted and schedule.since <= due < now - _GRACE and (schedule.id, today) not in done:
            return f"{due:%H:%M}"
    return ""
