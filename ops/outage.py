"""Outlasting a database that is away: processes that work for days wait for it instead of dying again and again."""

from collections.abc import Callable

import structlog

from ops.house import House
from records import Fault

#: Seconds between two lines about it in the log; `stopped` is asked as often.
_SAY_AGAIN = 10.0

log = structlog.get_logger("ops")


def outlast(house: House, stopped: Callable[[], bool] = lambda: False) -> None:
    """Returns once the database answers, however long that takes, or `stopped` says so."""
    while not stopped():
        try:
            house.reach(seconds=_SAY_AGAIN)
        except Fault as trouble:
            log.warning("database_away", code=trouble.code)
        else:
            return
