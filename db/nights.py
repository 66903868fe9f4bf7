"""How each night of some days went, platform by platform: what a chart must not show as quiet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from db.tables import canaries, queries, runs, scans
from records import CANARY, Outcome, ScanStatus, night_status, scan_status

#: What a platform's runs of one day are compared by: the best of them says what was seen.
_ORDER = (
    ScanStatus.NOT_RUN,
    ScanStatus.BLOCKED,
    ScanStatus.DRIFTED,
    ScanStatus.RUNNING,
    ScanStatus.PARTIAL,
    ScanStatus.NORMAL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """One platform that was not wholly seen in one night."""

    platform: str
    status: ScanStatus
    #: Outcome that was no answer → queries that ended so; empty where a number was not as it was.
    outcomes: tuple[tuple[Outcome, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Night:
    """One Shanghai date."""

    on: date
    #: None before the house had ever scanned, and where the day is still to come.
    status: ScanStatus | None
    gaps: tuple[Gap, ...] = ()
    #: True where the planted listing did not become a lead.
    canary_lost: bool = False
    #: True where nothing ran but what somebody asked by hand.
    by_hand: bool = False

    @property
    def seen(self) -> bool:
        """True where few hits mean that there were few."""
        return self.status is ScanStatus.NORMAL

    @property
    def blind(self) -> bool:
        """True where no hit means nothing at all."""
        return self.status not in (ScanStatus.NORMAL, ScanStatus.PARTIAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """One platform in one scan."""

    scan_id: int
    on: date
    kind: str
    platform: str
    outcomes: tuple[tuple[Outcome | None, int], ...]
    #: As judged; None where it was not.
    judged: ScanStatus | None
    #: Asked for all that the settings ask for.
    whole: bool

    @property
    def status(self) -> ScanStatus:
        """As judged, or as the outcomes say."""
        return self.judged or scan_status([outcome for outcome, _ in self.outcomes])


def nights(conn: Connection, first: date, last: date, *, today: date, platform: str = "") -> list[Night]:
    """Each date from `first` to `last`; with `platform` what was seen of that one.

    What counts is the nightly scan, made better by runs by hand that asked for everything. Where there was no nightly
    one, runs by hand count as part of a night: one word asked for is no night.
    """
    began = conn.execute(select(func.min(scans.c.planned_for))).scalar()
    runs_of = _runs(conn, first, last, platform)
    lost = _canaries(conn, first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        Night(on=day, status=None)
        if began is None or day < began or day > today
        else _night(day, runs_of.get(day, []), lost, today)
        for day in days
    ]


def _night(day: date, found: Sequence[_Run], lost: frozenset[int], today: date) -> Night:
    planned = [run for run in found if run.kind != "foreground"]
    counted = planned + [run for run in found if run.kind == "foreground" and (run.whole or not planned)]
    best: dict[str, _Run] = {}
    for run in counted:
        if run.platform not in best or _ORDER.index(best[run.platform].status) <= _ORDER.index(run.status):
            best[run.platform] = run
    canary_lost = bool({run.scan_id for run in best.values()} & lost)
    status = night_status([run.status for run in best.values()], canary=False if canary_lost else None)
    by_hand = bool(counted) and not planned and not all(run.whole for run in best.values())
    if by_hand and status is ScanStatus.NORMAL:
        status = ScanStatus.PARTIAL
    if not counted and day == today:
        return Night(on=day, status=None)  # tonight's may still begin
    gaps = [_gap(run) for _, run in sorted(best.items()) if run.status is not ScanStatus.NORMAL]
    return Night(on=day, status=status, gaps=tuple(gaps), canary_lost=canary_lost, by_hand=by_hand)


def _gap(run: _Run) -> Gap:
    bad = [(outcome, count) for outcome, count in run.outcomes if outcome is not None and not outcome.healthy]
    return Gap(platform=run.platform, status=run.status, outcomes=tuple(sorted(bad, key=lambda one: -one[1])))


def _runs(conn: Connection, first: date, last: date, platform: str) -> dict[date, list[_Run]]:
    """Date → the runs of its scans, the earliest scan first."""
    held = (runs.c.scan_id == queries.c.scan_id) & (runs.c.platform == queries.c.platform)
    columns = (scans.c.id, scans.c.planned_for, scans.c.kind, queries.c.platform, queries.c.outcome)
    judged = (runs.c.status, func.coalesce(runs.c.whole, False).label("whole"))
    statement = (
        select(*columns, *judged, func.count().label("number"))
        .select_from(scans.join(queries, queries.c.scan_id == scans.c.id).outerjoin(runs, held))
        .where(scans.c.planned_for >= first, scans.c.planned_for <= last, queries.c.platform != CANARY)
        .group_by(*columns, runs.c.status, runs.c.whole)
        .order_by(scans.c.id, queries.c.platform)
    )
    rows = conn.execute(statement.where(queries.c.platform == platform) if platform else statement).all()
    grouped: dict[tuple[int, str], list[tuple[Outcome | None, int]]] = {}
    facts = {}
    for row in rows:
        ends = grouped.setdefault((row.id, row.platform), [])
        ends.append((Outcome(row.outcome) if row.outcome else None, int(row.number)))
        facts[row.id, row.platform] = row
    return _by_day(
        _Run(
            scan_id=row.id,
            on=row.planned_for,
            kind=row.kind,
            platform=row.platform,
            outcomes=tuple(grouped[key]),
            judged=ScanStatus(row.status) if row.status else None,
            whole=bool(row.whole),
        )
        for key, row in facts.items()
    )


def _by_day(found: Iterable[_Run]) -> dict[date, list[_Run]]:
    days: dict[date, list[_Run]] = {}
    for run in found:
        days.setdefault(run.on, []).append(run)
    return days


def _canaries(conn: Connection, first: date, last: date) -> frozenset[int]:
    """Scans of these days whose planted listing did not become a lead."""
    lost = (
        select(canaries.c.scan_id)
        .join(scans, scans.c.id == canaries.c.scan_id)
        .where(scans.c.planned_for >= first, scans.c.planned_for <= last, canaries.c.led.is_(False))
    )
    return frozenset(conn.execute(lost).scalars())
