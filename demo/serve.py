"""The three markets as a child process: what the demo, the tests and the benches start."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.access import LogEntry, log_path, read_log
from demo.markets import Plant, Town, plants
from demo.stall import CONTROL_PATH

_ROOT = Path(__file__).resolve().parent.parent


class DemoNotStarted(RuntimeError):
    """The child ended before its ports were open; the message is what it said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningTown:
    """Three markets that answer, and what they remember of their visitors."""

    #: Market key -> base address without a slash at the end.
    sites: dict[str, str]
    log_dir: Path
    pid: int
    seed: int
    listings: int
    titles: Path | None
    _token: str = field(repr=False)

    def log(self, key: str) -> list[LogEntry]:
        """Every request that market `key` has answered, oldest first."""
        return read_log(log_path(self.log_dir, key))

    @property
    def counts(self) -> dict[str, int]:
        """Requests answered so far, by market, pictures and robots.txt included."""
        return {key: int(self._control(key, None)["requests"]) for key in self.sites}

    def plants(self) -> list[Plant]:
        """What was planted for the opening night; the scanner must not see this."""
        return plants(self.town())

    def town(self) -> Town:
        """The same town in this process, for judging what was read."""
        return Town(self.seed, self.listings, self.titles)

    def change(self, key: str, **wishes: Any) -> dict[str, Any]:
        """Another night, or another mood, for market `key`; returns its state after the change.

        `changed_share` (0 to 1): so many listings fall in price. `edited_share`: so many have another price, title or
        text, or are gone (`demo.markets.Change`). `new_listings`: so many come on top. `mood`: `open`,
        `login`, `captcha`, `too_many`, `error`, with `from_page`, `for_requests`, `retry_after` (`demo.stall.Wall`).
        `log_out`: every member must log in again.
        Raises urllib.error.HTTPError (400) for an unknown wish.
        """
        return self._control(key, json.dumps(wishes).encode())

    def _control(self, key: str, body: bytes | None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self.sites[key] + CONTROL_PATH, data=body, headers={"X-Control-Token": self._token}
        )
        # No proxy between us and loopback, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            state = json.load(answer)
        assert isinstance(state, dict)
        return state


@contextmanager
def running(
    *,
    seed: int = 7,
    listings: int = 300,
    titles: Path | None = None,
    log_dir: Path | None = None,
    ports: tuple[int, int, int] = (0, 0, 0),
    crawl_delay: float = 0.1,
) -> Iterator[RunningTown]:
    """The three markets in a child process while the block runs; it dies with the thread that entered the block.

    Without `log_dir` the logs go to a temporary folder that is removed at the end. Raises DemoNotStarted.
    """
    with tempfile.TemporaryDirectory(prefix="xunwang-demo-") as scratch:
        logs, token = log_dir or Path(scratch), secrets.token_hex(16)
        options = {
            "--seed": seed,
            "--listings": listings,
            "--ports": ",".join(map(str, ports)),
            "--log-dir": logs.resolve(),
            "--control-token": token,
            "--crawl-delay": crawl_delay,
            **({"--titles": titles.resolve()} if titles else {}),
        }
        with _child(options) as ready:
            yield RunningTown(
                sites=ready["sites"],
                log_dir=logs,
                pid=ready["pid"],
                seed=seed,
                listings=listings,
                titles=titles,
                _token=token,
            )


@contextmanager
def _child(options: dict[str, object]) -> Iterator[dict[str, Any]]:
    """The child's first line, once it has said it; the child is ended with the block."""
    words = [f"{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "demo", *words, "--parent", str(os.getpid())]
    child = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line:
            raise DemoNotStarted(f"python -m demo ended with code {child.wait()}")
        yield json.loads(line)
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
