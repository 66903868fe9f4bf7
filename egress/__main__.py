"""The guard as a process: its policy in on stdin, one JSON line an event out on stdout, its security log on stderr.

The first line out holds the port. It ends when stdin does, and so with whoever started it, however that one ended.
"""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from egress.guard import Event, Guard
from egress.policy import Policy
from records import Barred

#: What happens on any day: a site is down, a page wants what is none of the platform's.
_ORDINARY = (Barred.HOST, Barred.UNRESOLVED, Barred.UNREACHABLE, Barred.SLOW)
#: Lines of log for one host, port and reason: a page may ask a thousand times.
_LINES_A_REASON = 20


class Telling:
    """Every event to whoever started us, before the client hears of it; refusals to the log as well."""

    def __init__(self, pipe: asyncio.WriteTransport) -> None:
        self._pipe = pipe
        self._logged: Counter[tuple[str, int, str]] = Counter()

    def __call__(self, event: Event) -> None:
        self._pipe.write(json.dumps([event.host, event.port, event.peer, event.why]).encode() + b"\n")
        if event.why is not None:
            self._log(event)

    def _log(self, event: Event) -> None:
        reason = (event.host, event.port, str(event.why))
        self._logged[reason] += 1
        if self._logged[reason] > _LINES_A_REASON:
            return
        told = {
            "event": "egress_refused",
            "level": "info" if event.why in _ORDINARY else "warning",
            "timestamp": datetime.now(UTC).isoformat(),
            **{name: value for name, value in asdict(event).items() if value},
        }
        if self._logged[reason] == _LINES_A_REASON:
            told["more"] = "not logged"
        sys.stderr.write(json.dumps(told) + "\n")  # ASCII: no name that a page thought of can forge a line
        sys.stderr.flush()


async def serve() -> None:
    """Guards until stdin ends."""
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    given = json.loads(await stdin.readline())
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    pipe, _ = await loop.connect_write_pipe(asyncio.Protocol, sys.stdout)
    guard = Guard(Policy(**given | lists), Telling(pipe))
    pipe.write(json.dumps({"port": await guard.start()}).encode() + b"\n")
    await stdin.read()
    await guard.close()


if __name__ == "__main__":
    asyncio.run(serve())
