"""The clock's hands: what a tick does about what is due. Safe to run in two places at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from procrastinate import App

from alerts import deliver_due, make_digest
from db import canaries, scans, schedules, waking
from db.engine import naming_outages, transaction
from ops.channels import channels
from ops.clock import Due, due
from ops.house import House
from ops.labels import labels
from ops.looking import look_at_pictures
from ops.outage import outlast
from ops.planning import chosen
from ops.retention import nightly
from ops.scanning import TAKEN_UP, end_abandoned, plan_scan
from ops.worker import AWAY, enqueue, queue_app
from pipelines import settle
from records import Fault, Now, Outcome, now, shanghai_date

log = structlog.get_logger("ops")

#: Seconds between two looks at the schedules, and between two looks at the outbox.
TICK_SECONDS = 20
#: Of one tick, for pictures that nobody has looked at.
_LOOKING_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticked:
    """What one tick did."""

    #: Scans planned now.
    scans: tuple[int, ...]
    #: Slices put in the queue now.
    slices: int
    #: True when a digest was made now.
    digest: bool
    #: Deliveries that the channels confirmed now.
    sent: int


def tick(house: House, app: App, *, clock: Now = now) -> Ticked:
    """Plan what is due, keep the queue filled, send what waits."""
    moment = clock()
    if ended := end_abandoned(house):
        log.warning("abandoned_scans_ended", scans=ended)
    with transaction(house.engine) as conn:
        rows = schedules.every(conn)
        done = schedules.done(conn, shanghai_date(moment) - timedelta(days=3))
    planned: list[int] = []
    digest = False
    for one in due(rows, done, moment):
        if one.schedule.job == "scan":
            scan_id = _plan_or_say(house, one, moment)
            planned += [scan_id] if scan_id is not None else []
        elif not one.missed and one.planned_for == shanghai_date(moment):
            digest = _digest(house, moment)
    with transaction(house.engine) as conn:
        open_scans = [
            scan.id for scan in scans.latest(conn, kind="nightly", limit=TAKEN_UP) if scan.finished_at is None
        ]
    slices = sum(enqueue(house, app, scan_id) for scan_id in open_scans)
    with transaction(house.engine) as conn:
        waking.wake_due(conn, moment)
    sent = sum(1 for one in deliver_due(house.engine, channels(house.settings), now=moment) if one.ok)
    # after what somebody waits for: an evidence store that is away must not keep back the message that says so
    nightly(house, moment)
    look_at_pictures(house, seconds=_LOOKING_SECONDS)
    return Ticked(scans=tuple(planned), slices=slices, digest=digest, sent=sent)


def _digest(house: House, moment: datetime) -> bool:
    url = house.settings.console_url
    return make_digest(house.engine, now=moment, console_url=url, labels=labels(house)) is not None


def _plan_or_say(house: House, wanted: Due, moment: datetime) -> int | None:
    """A night that cannot be planned (an unknown platform in the settings, say) must not keep the digest back."""
    try:
        return _plan(house, wanted, moment)
    except Fault as fault:
        log.error("night_not_planned", schedule=wanted.schedule.name, code=fault.code, reason=fault.message("en"))
        return None


def _plan(house: House, wanted: Due, moment: datetime) -> int | None:
    """Plan one night; a night that can no longer be made up for is written down as not run."""
    options = wanted.schedule.options
    platforms = chosen(house.settings, options.get("platforms", ()), demo=house.demo)
    scan_id = plan_scan(
        house,
        platforms,
        house.lexicon(),
        kind="nightly",
        planned_for=wanted.planned_for,
        schedule_id=wanted.schedule.id,
        options=options,
        at=moment,
    )
    if scan_id is not None and wanted.missed:
        with transaction(house.engine) as conn:
            for platform in platforms:
                scans.end_rest(
                    conn, scan_id, platform.definition.key, Outcome.NOT_RUN, "到点未运行，且已过补跑时限", moment
                )
            canaries.ended(conn, scan_id, led=False, note="到点未运行，且已过补跑时限", at=moment)
            settle(conn, scan_id, [platform.definition.key for platform in platforms], moment)
    return scan_id


def tick_or_wait(house: House, app: App) -> None:
    """A tick; where the database is away it waits for it, and the night is planned late or written down as missed."""
    try:
        with naming_outages():
            tick(house, app)
    except AWAY as trouble:
        log.warning("tick_broke_off", reason=type(trouble).__name__)
        outlast(house)


def keep_time(house: House) -> None:
    """Tick until the process is stopped. APScheduler holds nothing but the interval."""
    app = queue_app(house)
    with app.open():
        scheduler = BlockingScheduler(timezone="Asia/Shanghai")
        scheduler.add_job(
            tick_or_wait,
            "interval",
            args=(house, app),
            seconds=TICK_SECONDS,
            next_run_time=now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        scheduler.start()
