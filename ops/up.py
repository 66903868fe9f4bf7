"""`xunwang up`: console, worker and clock on one machine, each begun again when it dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from ops.screen import say

#: A part that dies again within this many seconds waits twice as long before it is begun again, up to a minute.
_SETTLED = 60.0
_LONGEST_WAIT = 60.0


@dataclass(slots=True)
class _Part:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    wait: float = field(default=1.0)
    not_before: float = 0.0


def keep_up(parts: dict[str, list[str]]) -> None:
    """Run every command of `parts` (name → argv) until SIGTERM or Ctrl-C; begin again what ends by itself."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    running = [_Part(name=name, command=command) for name, command in parts.items()]
    try:
        while not stopping.is_set():
            for part in running:
                _look_after(part, time.monotonic())
            stopping.wait(0.5)
    finally:
        _stop(running)


def xunwang(*arguments: str) -> list[str]:
    """The command line of this very installation, as a child that ends when this process ends, even by kill -9."""
    program = (
        f"from ops.parent import die_with_parent; die_with_parent({os.getpid()}); from ops.cli import main; main()"
    )
    return [sys.executable, "-c", program, *arguments]


def _look_after(part: _Part, at: float) -> None:
    if part.process is not None and part.process.poll() is not None:
        say(f"{part.name} 已退出（{part.process.returncode}），{part.wait:.0f} 秒后重新启动。", style="yellow")
        part.not_before = at + part.wait
        part.wait = min(part.wait * 2, _LONGEST_WAIT) if at - part.begun < _SETTLED else 1.0
        part.process = None
    if part.process is None and at >= part.not_before:
        part.process = subprocess.Popen(part.command)
        part.begun = at


def _stop(parts: list[_Part]) -> None:
    living = [part.process for part in parts if part.process is not None]
    for process in living:
        process.terminate()
    deadline = time.monotonic() + 25
    for process in living:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
