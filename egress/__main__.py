"""The guard as a process: its policy in on stdin, one JSON line an event out on stdout, its security log on stderr.

The first line out holds the port. It ends when stdin does, and so with whoever started it, however that one ended.
"""

import asyncio
import json
import sys

from egress.guard import Event, Guard
from egress.journal import Journal
from egress.policy import Policy


class Telling:
    """Every event to whoever started us, before the client hears of it; refusals to the log as well."""

    def __init__(self, pipe: asyncio.WriteTransport) -> None:
        self._pipe = pipe
        self._journal = Journal()

    def __call__(self, event: Event) -> None:
        self._pipe.write(json.dumps([event.host, event.port, event.peer, event.why]).encode() + b"\n")
        self._journal(event)


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
