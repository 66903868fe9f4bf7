"""The command line as a process that is forked off one with everything imported: a second less each time.

What it saves is the import alone: words, environment, folder, streams and exit code are the call's own. That each
command imports what it needs is shown by the tests that start Python anew (tests/ops/test_command_line.py).
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[2]
_BRINGS = ("db.migrations", "ops.house", "sqlalchemy.dialects.postgresql.psycopg")


def run(words: Sequence[str], *, env: Mapping[str, str], cwd: Path, streams: Sequence[BinaryIO], timeout: float) -> int:
    """Exit code of `xunwang` with `words` and three `streams`. Raises subprocess.TimeoutExpired, once it is killed."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(_mother())
        order = json.dumps({"words": list(words), "env": dict(env), "cwd": str(cwd)}).encode()
        socket.send_fds(line, [len(order).to_bytes(4, "big")], [stream.fileno() for stream in streams])
        line.sendall(order)
        pid = _number(line)
        line.settimeout(timeout)
        try:
            return _number(line)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(words), timeout) from None


def _number(line: socket.socket) -> int:
    told = line.recv(4, socket.MSG_WAITALL)
    assert len(told) == 4, "who attends the call has died"
    return int.from_bytes(told, "big", signed=True)


@cache
def _mother() -> str:
    """Address of the process that forks, one a run; it ends with the run."""
    folder = tempfile.TemporaryDirectory()
    address = f"{folder.name}/mother"
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.acceptance.forked import serve; serve()", address],
        cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0,
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    atexit.register(folder.cleanup)
    atexit.register(process.communicate)  # closes its standard input, which is what it lives by
    assert process.stdout.readline() == b"ready\n"
    return address


def serve() -> None:
    """Forks a process for each call until standard input ends."""
    from ops import cli

    for file in (*(f"ops.commands.{file}" for file, _ in cli.CONTENTS.values()), *_BRINGS):
        import_module(file)
    gc.freeze()  # what is collected is copied, page by page, in every process: a second each
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who attends a call is waited for by nobody
        if os.fork():
            sys.stdin.read()
            os.killpg(0, signal.SIGKILL)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _attend(line)
            line.close()


def _attend(line: socket.socket) -> None:
    """Runs one call in a process of its own, and says how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(line, 4, 3)
    order = json.loads(line.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    child = os.fork()
    if child == 0:
        line.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["cwd"])
        sys.argv[1:] = order["words"]
        import_module("ops.cli").main()  # and out through the interpreter's own end
    line.sendall(child.to_bytes(4, "big"))
    line.sendall(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]).to_bytes(4, "big", signed=True))
    os._exit(0)
