"""Workers: any number, on any machine, taking slices from the queue in PostgreSQL.

A slice whose worker dies is taken up again when its heartbeat stops. Delivery is at least once; the slices' own
writes are idempotent and each query ends once.
"""

import asyncio

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from db import scans
from db.engine import conninfo, transaction
from ops.house import House
from ops.scanning import ATTEMPTS, end_abandoned, give_up, slice_command, slice_order

#: Seconds without a heartbeat after which a worker counts as dead and its slice is taken up again.
DEAD_AFTER = 30
#: Seconds between two looks for jobs in progress whose worker is dead.
_LOOK_FOR_THE_DEAD = 10.0

log = structlog.get_logger("ops")


def queue_app(house: House) -> App:
    """The queue with its tasks. Open it (`with app.open()` or `async with app.open_async()`) before use."""
    app = App(connector=PsycopgConnector(conninfo=conninfo(house.settings.database_url)))

    @app.task(name="slice", queue="scans")
    async def run_slice(scan_id: int, platform: str) -> None:
        await _run_slice(house, scan_id, platform)

    return app


async def _take_up_again(app: App) -> None:
    """Look for the jobs of dead workers until cancelled: beside the queue, where no long slice can keep it waiting."""
    while True:
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
                await _take_up(app, job)
        except ConnectorException as trouble:  # the database is away, or another worker was faster: the next look tells
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
    """Take slices until told to stop (SIGTERM), or until the queue is empty."""
    await asyncio.to_thread(end_abandoned, house)
    app = queue_app(house)
    async with app.open_async():
        watch = asyncio.create_task(_take_up_again(app))
        try:
            await app.run_worker_async(
                concurrency=concurrency,
                wait=not until_empty,
                fetch_job_polling_interval=1.0,  # a slice that waits for a platform's lock is seen by polling alone
                shutdown_graceful_timeout=20.0,
                stalled_worker_timeout=float(DEAD_AFTER),
                delete_jobs="always",  # what became of a slice stands in its queries
                install_signal_handlers=not until_empty,
            )
        finally:
            watch.cancel()


async def _run_slice(house: House, scan_id: int, platform: str) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        order = await asyncio.to_thread(slice_order, house, scan_id, platform)
        child = await asyncio.create_subprocess_exec(*slice_command(), stdin=asyncio.subprocess.PIPE)
        try:
            await child.communicate(order)
        finally:
            if child.returncode is None:  # the worker is stopping: the slice's queries stay open for the next one
                child.terminate()
                await child.wait()
        if child.returncode == 0:
            return
        await asyncio.sleep(attempt)
    await asyncio.to_thread(give_up, house, scan_id, platform)
