"""The pictures of hits are looked at a few at a time, by the clock and at the end of a scan (`evidence.looks`)."""

import time
from collections.abc import Sequence

import structlog

from db import looks
from db.engine import transaction
from db.locks import holding
from evidence import BucketAway, EvidenceMissing, Store
from evidence.looker import Looker, looking
from ops.house import House
from records import Look, now

log = structlog.get_logger("ops")

#: Files that are asked for at once.
_BATCH = 20


def look_at_pictures(house: House, *, seconds: float) -> int:
    """Looks at what waits for so many seconds at most, or to the end; how many. None where another is at it."""
    looked, until = 0, time.monotonic() + seconds
    with holding(house.engine, "pictures", wait=False) as alone, looking() as looker:
        while alone and time.monotonic() < until:
            with transaction(house.engine) as conn:
                waiting = looks.due(conn, limit=_BATCH)
            if not waiting:
                break
            seen = _seen(house.store, looker, waiting, until)
            if not seen:
                break
            with transaction(house.engine) as conn:
                looks.keep(conn, seen, now())
            looked += len(seen)
    if looked:
        log.info("pictures_looked_at", count=looked)
    return looked


def _seen(store: Store, looker: Looker, waiting: Sequence[str], until: float) -> dict[str, Look]:
    """What was seen of the files until then; less, or nothing, where the store is away: they go on waiting."""
    seen: dict[str, Look] = {}
    for sha256 in waiting:
        try:
            seen[sha256] = _look(store, looker, sha256)
        except BucketAway as away:
            log.warning("pictures_wait", code=away.code)
            break
        if time.monotonic() >= until:
            break
    return seen


def _look(store: Store, looker: Looker, sha256: str) -> Look:
    try:
        return looker.look(store.get(sha256))
    except EvidenceMissing:  # doctor tells of it
        return Look(note="missing")
    except OSError as error:  # of this file alone: the others go on
        log.warning("picture_unreadable", sha256=sha256, why=error.strerror)
        return Look(note="unreadable")
