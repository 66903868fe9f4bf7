"""The egress guard: a forward proxy that decides on the address it connects to (FAULTS §0.1, C1-C12).

One resolution; refused where any of a name's addresses is not public; connected to one of those very addresses. A plain
request gets a connection of its own, so that no second one can follow it to another host; a tunnel carries bytes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from egress.policy import PORTS, Policy
from egress.ranges import not_public
from egress.target import LONGEST_HEAD, Asked, Refusal, is_address, read_request
from records import Barred

#: Host in, its addresses out. Raises OSError where it has none.
Resolve = Callable[[str], Awaitable[list[str]]]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_PIECE = 65_536
_HTTP = b"HTTP/1."
#: Bytes in which a status line must come to its end.
_LONGEST_STATUS = 4_096
_STATUS = {Barred.UNRESOLVED: b"502 Bad Gateway", Barred.UNREACHABLE: b"502 Bad Gateway", Barred.SLOW: b"504 Timeout"}
_TOLD = "出口守卫没有放行这次访问。\n".encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What became of one connection: told before the client hears of it."""

    host: str
    port: int
    #: The address that was connected to; empty where none was.
    peer: str = ""
    #: Why it was not let out, or was cut; None where it was let out.
    why: Barred | None = None
    #: For the security log alone.
    detail: str = ""


async def ask_system(host: str) -> list[str]:
    """The system's resolver: each address once, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=1)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard:
    """One proxy with one policy, in the running event loop."""

    def __init__(self, policy: Policy, tell: Callable[[Event], None], resolve: Resolve = ask_system) -> None:
        self._policy = policy
        self._tell = tell
        self._resolve = resolve
        self._pinned: dict[str, tuple[float, list[str]]] = {}
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, on any free port unless one is named; the port. Raises OSError where it is taken."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=LONGEST_HEAD, backlog=256)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._attend(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._policy.longest_seconds):
                await self._serve((reader, writer))
        except (OSError, EOFError, TimeoutError):
            pass  # the client went away, or its time is up: there is nobody to tell
        finally:
            writer.close()

    async def _serve(self, client: Stream) -> None:
        reader, writer = client
        asked: Asked | None = None
        try:
            asked = await self._read(reader)
            if len(self._open) > self._policy.most_at_once:
                raise Refusal(Barred.BUSY)
            upstream = await self._connect(asked)
            try:
                await self._carry(asked, client, upstream)
            finally:
                upstream[1].close()
        except Refusal as refusal:
            host, port = (asked.host, asked.port) if asked else ("", 0)
            self._tell(Event(host=host, port=port, why=refusal.why, detail=refusal.detail))
            if refusal.why is not Barred.TOO_MUCH:  # that answer has begun already
                await _answer(writer, _STATUS.get(refusal.why, b"403 Forbidden"))

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        try:
            async with asyncio.timeout(self._policy.head_seconds):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Refusal(Barred.MALFORMED, "head too long") from None
        return read_request(head)

    async def _connect(self, asked: Asked) -> Stream:
        """A connection to one of the host's addresses, all of which may be reached. Raises Refusal."""
        if is_address(asked.host):
            self._check(asked.host, asked.port)
        if not any(fnmatchcase(asked.host, pattern) for pattern in self._policy.hosts):
            raise Refusal(Barred.HOST)
        addresses = await self._addresses(asked.host)
        for address in addresses:
            self._check(address, asked.port)
        why = Barred.UNREACHABLE
        for address in addresses:
            try:
                async with asyncio.timeout(self._policy.connect_seconds):
                    stream = await asyncio.open_connection(address, asked.port, limit=_PIECE)
            except (OSError, TimeoutError) as fault:
                why = Barred.SLOW if isinstance(fault, TimeoutError) else Barred.UNREACHABLE
                continue
            self._tell(Event(host=asked.host, port=asked.port, peer=address))
            return stream
        raise Refusal(why, ", ".join(addresses))

    def _check(self, address: str, port: int) -> None:
        if _place(address, port) in self._policy.allowed:
            return
        reason = not_public(address)
        if reason:
            raise Refusal(Barred.ADDRESS, f"{address} {reason}")
        if port not in PORTS:
            raise Refusal(Barred.PORT)

    async def _addresses(self, host: str) -> list[str]:
        if is_address(host):
            return [host]
        if host in self._policy.names:
            return list(self._policy.names[host])
        until, pinned = self._pinned.get(host, (0.0, []))
        if time.monotonic() < until:
            return pinned
        try:
            async with asyncio.timeout(self._policy.resolve_seconds):
                found = await self._resolve(host)
        except TimeoutError:
            raise Refusal(Barred.SLOW, "resolver") from None
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise Refusal(Barred.UNRESOLVED)
        self._pinned[host] = (time.monotonic() + self._policy.pinned_seconds, found)
        return found

    async def _carry(self, asked: Asked, client: Stream, upstream: Stream) -> None:
        """Bytes both ways until either side has done. Raises Refusal TOO_MUCH."""
        (from_client, to_client), (from_upstream, to_upstream) = client, upstream
        if asked.tunnel:
            to_client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            sending = self._pump(from_client, to_upstream, self._policy.most_up)
        else:
            to_upstream.write(asked.head)
            sending = self._send_body(from_client, to_upstream, asked.body)
        ways = {asyncio.ensure_future(sending), asyncio.ensure_future(self._bring(asked, from_upstream, to_client))}
        try:
            ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in ended:
            way.result()

    async def _send_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
        """The body of a plain request; then waits until the client goes, or asks for more on this connection."""
        if length > self._policy.most_up:
            raise Refusal(Barred.TOO_MUCH)
        while length > 0 and (piece := await reader.read(min(length, _PIECE))):
            length -= len(piece)
            writer.write(piece)
            await writer.drain()
        await reader.read(1)

    async def _bring(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = 0
        if not asked.tunnel:
            async with asyncio.timeout(self._policy.idle_seconds):
                first = await _answer_that_closes(reader)
            begun = len(first)
            writer.write(first)
        await self._pump(reader, writer, self._policy.most_down - begun)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
        loop, idle = asyncio.get_running_loop(), self._policy.idle_seconds
        async with asyncio.timeout(idle) as patience:
            while piece := await reader.read(_PIECE):
                most -= len(piece)
                if most < 0:
                    raise Refusal(Barred.TOO_MUCH)
                writer.write(piece)
                await writer.drain()
                patience.reschedule(loop.time() + idle)


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


async def _answer_that_closes(reader: asyncio.StreamReader) -> bytes:
    """The first bytes of an answer, saying after the status line that the connection ends with it (RFC 9112 §9.6)."""
    first = b""
    while _HTTP.startswith(first[: len(_HTTP)]) and b"\n" not in first and len(first) < _LONGEST_STATUS:
        piece = await reader.read(_PIECE)
        if not piece:
            return first
        first += piece
    status, line_end, rest = first.partition(b"\n")
    if not line_end or not status.startswith(_HTTP):
        return first
    return status + b"\nConnection: close\r\n" + rest


async def _answer(writer: asyncio.StreamWriter, status: bytes) -> None:
    head = b"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    writer.write(head % (status, len(_TOLD)) + _TOLD)
    await writer.drain()
