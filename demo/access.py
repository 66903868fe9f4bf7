"""What was really fetched: one JSON line per request, written before the answer's last byte leaves."""

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Name of the cookie that a market knows its members by.
MEMBER = "demo_member"

_REFERENCE = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One request as the market saw it."""

    #: Aware, UTC: when the request came, and when the last byte of its answer left.
    at: datetime
    ended: datetime
    method: str
    #: Percent-decoded.
    path: str
    #: Decoded in the market's charset, `kw=象牙&page=2`; empty without one.
    query: str
    user_agent: str
    status: int
    #: Of the body, as sent.
    bytes: int
    #: True where the visitor showed the cookie of a login.
    member: bool = False


class AccessLog:
    """Counts and writes the requests of one market."""

    def __init__(self, path: Path, charset: str) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._charset = charset
        self.count = 0

    def close(self) -> None:
        """No more lines after this."""
        self._file.close()

    def write(self, scope: Scope, at: datetime, status: int, size: int) -> None:
        """One line for the answered request in `scope`."""
        self.count += 1
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
        row = {
            "at": at.isoformat(),
            "ended": datetime.now(UTC).isoformat(),
            "method": scope["method"],
            "path": scope["path"],
            "query": "&".join(f"{key}={value}" for key, value in parameters(scope, self._charset).items()),
            "user_agent": agent.decode("latin-1"),
            "status": status,
            "bytes": size,
            "member": MEMBER.encode() + b"=" in cookies,
        }
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")


def log_path(log_dir: Path, key: str) -> Path:
    """The access log of market `key`."""
    return log_dir / f"{key}.jsonl"


def read_log(path: Path) -> list[LogEntry]:
    """The lines of a market's log, oldest first; a last line cut by a kill is left out. Empty without a file."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")[:-1]
    rows = [json.loads(line) for line in lines]
    times = ("at", "ended")
    return [LogEntry(**row | {name: datetime.fromisoformat(row[name]) for name in times}) for row in rows]


def parameters(scope: Scope, charset: str) -> dict[str, str]:
    """The query's names and values, percent-decoded in `charset`.

    A browser sends what the charset cannot hold as a numeric character reference; those are resolved.
    """
    pairs = [part.partition(b"=") for part in scope["query_string"].split(b"&") if part]
    return {_decoded(name, charset): _decoded(value, charset) for name, _, value in pairs}


def _decoded(part: bytes, charset: str) -> str:
    text = unquote_to_bytes(part.replace(b"+", b" ")).decode(charset, "replace")
    return _REFERENCE.sub(lambda found: html.unescape(found.group()), text)


class Logged:
    """An ASGI application whose every answer is written down."""

    def __init__(self, app: ASGIApp, log: AccessLog) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at, size = datetime.now(UTC), 0
        start: Message | None = None
        status = 0

        async def counted(message: Message) -> None:
            nonlocal start, status, size
            if message["type"] == "http.response.start":
                # Held back: an answer without a body is whole for the visitor as soon as its head is out.
                start, status = message, message["status"]
                return
            size += 0 if scope["method"] == "HEAD" else len(message.get("body", b""))
            if not message.get("more_body"):
                self._log.write(scope, at, status, size)
            if start is not None:
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, counted)
