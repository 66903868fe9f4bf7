"""Workers: any number, on any machine, taking slices from the queue in PostgreSQL.

A slice whose worker dies is taken up again when its heartbeat stops. Delivery is at least once; the slices' own
writes are idempotent and each query ends once.
"""

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from db import scans
from db.engine import conninfo, manners, naming_outages, transaction
from db.faults import DatabaseUnreachable
from ops.files import ENOUGH, raise_limit
from ops.house import House
from ops.outage import outlast
from ops.scanning import end_abandoned
from ops.slices import Children, run_slice

#: Seconds without a heartbeat after which a worker counts as dead and its slice is taken up again.
DEAD_AFTER = 30
#: Seconds between two looks for jobs in progress whose worker is dead.
_LOOK_FOR_THE_DEAD = 10.0
#: What a queue says whose database is away.
AWAY = (ConnectorException, DatabaseUnreachable)
#: A shift that broke off within this many seconds makes the next one wait twice as long, up to half a minute.
_SETTLED, _LONGEST_WAIT = 60.0, 30.0

log = structlog.get_logger("ops")


@dataclass(kw_only=True, slots=True)
class _InHand:
    """The jobs that one worker process has in hand."""

    jobs: set[int] = field(default_factory=set)
    #: As which worker the queue knows this process; 0 before its first job.
    worker: int = 0


def queue_app(house: House, in_hand: _InHand | None = None) -> App:
    """The queue with its tasks. Open it (`with app.open()` or `async with app.open_async()`) before use."""
    in_hand = in_hand or _InHand()
    url = house.settings.database_url
    # the queue's connections have the time limits of all others
    polite = manners(url, application="xunwang queue")
    app = App(connector=PsycopgConnector(conninfo=conninfo(url), kwargs=polite))

    @app.task(name="slice", queue="scans", pass_context=True)
    async def take_slice(context: JobContext, scan_id: int, platform: str) -> None:
        job = context.job
        in_hand.worker = job.worker_id or 0
        in_hand.jobs.add(job.id or 0)
        try:
            await _in_a_thread(house, scan_id, platform)
        finally:
            in_hand.jobs.discard(job.id or 0)

    return app


async def _in_a_thread(house: House, scan_id: int, platform: str) -> None:
    """The slice, whose children end before this does: when the worker is stopping, its queries stay open."""
    children = Children()
    running = asyncio.create_task(asyncio.to_thread(run_slice, house, scan_id, platform, children, quiet=False))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.to_thread(children.stop)
        await running
        raise


async def _take_up_again(house: House, app: App, in_hand: _InHand) -> None:
    """Look for the jobs of dead workers until cancelled: beside the queue, where no long slice can keep it waiting."""
    forgotten: set[int] = set()
    while True:
        try:
            with naming_outages():
                for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
                    await _take_up(app, job)
                forgotten = await _take_up_forgotten(house, app, in_hand, before=forgotten)
        except AWAY as trouble:  # the database is away, or another worker was faster: the next look tells
            log.warning("cannot_look_for_dead_workers", reason=type(trouble).__name__)
        await asyncio.sleep(_LOOK_FOR_THE_DEAD)


async def _take_up(app: App, job: Job) -> None:
    """Put a dead worker's job back in the queue.

    Where its like waits there already (the clock keeps the queue filled), the dead one ends instead: while it counts
    as running it holds the platform's lock, and that one would wait for ever.
    """
    log.warning("worker_died", job=job.task_name, args=job.task_kwargs)
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


async def _take_up_forgotten(house: House, app: App, in_hand: _InHand, *, before: set[int]) -> set[int]:
    """The jobs that count as ours and are not in hand: their end could not be written down, the database being away.

    Those that were so at the look `before` too end now; the clock puts back what is left of them.
    """

    def held() -> set[int]:
        with transaction(house.engine) as conn:
            return scans.jobs_of(conn, in_hand.worker) - in_hand.jobs

    forgotten = await asyncio.to_thread(held) if in_hand.worker else set()
    for job_id in forgotten & before:
        log.warning("job_forgotten", job=job_id)
        await app.job_manager.finish_job_by_id_async(job_id, Status.FAILED, delete_job=True)
    return forgotten


def enqueue(house: House, app: App, scan_id: int) -> int:
    """Put every platform of a scan that has unfinished queries in the queue; how many were put there now.

    A platform whose slice already waits is left alone, so that this may be called again and again.
    """
    with transaction(house.engine) as conn:
        platforms = scans.platforms(conn, scan_id, unfinished_only=True)
    put = 0
    for platform in platforms:
        waiting = app.configure_task(
            "slice", queue="scans", lock=f"platform:{platform}", queueing_lock=f"slice:{scan_id}:{platform}"
        )
        try:
            waiting.defer(scan_id=scan_id, platform=platform)
            put += 1
        except AlreadyEnqueued:
            continue
    return put


async def work(house: House, *, concurrency: int, until_empty: bool = False) -> None:
    """Take slices until told to stop (SIGTERM, Ctrl-C), or until the queue is empty; a lost database is waited for."""
    if (allowed := raise_limit()) < ENOUGH:
        log.warning("few_open_files", allowed=allowed, wanted=ENOUGH)
    stop, wait = asyncio.Event(), 1.0
    _hear(stop.set)
    while not stop.is_set():
        begun = time.monotonic()
        try:
            with naming_outages():
                await asyncio.to_thread(end_abandoned, house)
                await _shift(house, concurrency=concurrency, until_empty=until_empty, stop=stop)
            if until_empty:
                return
        except AWAY as trouble:
            log.warning("shift_broke_off", reason=type(trouble).__name__)
        if not stop.is_set():
            wait = min(wait * 2, _LONGEST_WAIT) if time.monotonic() - begun < _SETTLED else 1.0
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait * random.uniform(0.5, 1.0))  # noqa: S311  not a secret
            await asyncio.to_thread(outlast, house, stop.is_set)


async def _shift(house: House, *, concurrency: int, until_empty: bool, stop: asyncio.Event) -> None:
    """The queue's own worker, for as long as its connections last."""
    in_hand = _InHand()
    app = queue_app(house, in_hand)
    async with app.open_async():
        taking = app.run_worker_async(
            concurrency=concurrency,
            wait=not until_empty,
            fetch_job_polling_interval=1.0,  # a slice that waits for a platform's lock is seen by polling alone
            shutdown_graceful_timeout=20.0,
            stalled_worker_timeout=float(DEAD_AFTER),
            delete_jobs="always",  # what became of a slice stands in its queries
            install_signal_handlers=False,
        )
        shift = asyncio.create_task(taking)
        beside = [asyncio.create_task(_take_up_again(house, app, in_hand)), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait([shift, beside[1]], return_when=asyncio.FIRST_COMPLETED)
        finally:
            shift.cancel()
            for task in beside:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await shift


def _hear(stop: Callable[[], object]) -> None:
    """Called at SIGTERM and Ctrl-C; elsewhere than in a main thread nobody signals."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)
