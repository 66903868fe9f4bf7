"""What every capture says about where it was made: this machine, its programs, and how far its clock can be trusted."""

import getpass
import hashlib
import os
import platform
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import ntplib  # type: ignore[import-untyped]

from ops.settings import Clock, Settings
from records import ClockCheck, Surroundings, now

#: Seconds for which one comparison with the time source counts.
COUNTS_FOR = 1_800.0
_PATIENCE = 3.0
_PROGRAMS = ("xunwang", "scrapy", "twisted", "playwright", "warcio", "jieba")
_HERE = Path(__file__).resolve().parent.parent


def surroundings_of(settings: Settings) -> Callable[[], Surroundings]:
    """Asked for every capture; the time source is asked every half hour at most, by one thread."""
    lock = threading.Lock()
    held: list[tuple[float, ClockCheck]] = []

    def told() -> Surroundings:
        with lock:
            if not held or time.monotonic() - held[-1][0] > COUNTS_FOR:
                held[:] = [(time.monotonic(), check_clock(settings.clock))]
            return Surroundings(clock=held[-1][1], machine=machine(settings))

    return told


def check_clock(clock: Clock) -> ClockCheck:
    """One question to the time source (SNTP, RFC 4330). Never raises: what is not known is said."""
    if not clock.source:
        return ClockCheck(limit_ms=clock.limit_ms)
    host, _, port = clock.source.partition(":")
    try:
        answer = ntplib.NTPClient().request(host, port=int(port or 123), version=3, timeout=_PATIENCE)
    except (ntplib.NTPException, OSError) as fault:
        return ClockCheck(
            source=clock.source, limit_ms=clock.limit_ms, checked_at=now(), note=f"时间源没有应答：{fault}"[:120]
        )
    if answer.stratum == 0 or answer.leap == 3:
        return ClockCheck(source=clock.source, limit_ms=clock.limit_ms, checked_at=now(), note="时间源自身未同步")
    return ClockCheck(
        source=clock.source,
        offset_ms=round(answer.offset * 1_000),
        limit_ms=clock.limit_ms,
        checked_at=now(),
        note="",
    )


def own_address() -> str:
    """The address by which this machine would go out; empty where it has no way. Nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # of RFC 5737: nobody's; naming a peer only chooses the route
        except OSError:
            return ""
        return str(asked.getsockname()[0])


def machine(settings: Settings) -> dict[str, str]:
    """Name → value; what is unknown is not there."""
    return _machine() | {
        name: value for name, value in {"unit": settings.unit.name, "image": settings.image}.items() if value
    }


@cache
def _machine() -> dict[str, str]:
    facts = {
        "host": _digest(Path("/etc/machine-id")),
        "system": platform.platform(),
        "python": platform.python_version(),
        "programs": ", ".join(f"{name} {version(name)}" for name in _PROGRAMS),
        "commit": _commit(),
        "account": _account(),
        "hosts_file": _digest(Path("/etc/hosts")),
        "resolver": ", ".join(_resolvers()),
        "way_out": "经本机出口守卫外出：域名只解析一次，只连公网地址，其后不经其他代理",
    }
    return {name: value for name, value in facts.items() if value}


def _digest(file: Path) -> str:
    """sha256 of a file's content: tells whether it is the same one, and nothing else of it."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.geteuid())


def _resolvers() -> list[str]:
    try:
        lines = Path("/etc/resolv.conf").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "nameserver"]


def _commit() -> str:
    """Of the source folder that runs; empty for an installed wheel, whose version says it."""
    if not (_HERE / ".git").exists():
        return ""
    asked = ["git", "-C", str(_HERE), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=_PATIENCE, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
