"""Pictures are unpacked in a process of its own, with so much memory and time and no more.

A decoder that is led astray takes that process with it and nothing else. The parent writes each body behind its
length; the child answers with a line of JSON.
"""

import base64
import json
import resource
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from selectors import EVENT_READ, DefaultSelector
from typing import BinaryIO, Final

from records import Look

#: Bytes of a file that is looked at, at most.
MOST_BYTES: Final = 20_000_000
#: Memory of the child, in bytes of address space.
_MEMORY: Final = 1 << 30
#: Seconds that one picture may take.
_SECONDS: Final = 10.0
#: Seconds of computing in one child's life: the end of one whose parent was killed in the middle.
_LIFE: Final = 900
#: Longest line that a child answers with.
_LINE: Final = 1 << 20


class Looker:
    """One child at a time; another one takes its place when it dies or takes too long."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        """`seconds`: that one picture may take."""
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def look(self, body: bytes) -> Look:
        """What the picture looks like; why there is nothing to see stands in its note. No picture makes it raise."""
        if len(body) > MOST_BYTES:
            return Look(note="too large")
        # once more by a fresh child: what ended the first one may have been the machine's trouble
        line = self._line(body) or self._line(body)
        if not line:
            return Look(note="its decoder broke off")
        told = json.loads(line)
        return Look(**{**told, "small": base64.b64decode(told["small"])})

    def _line(self, body: bytes) -> bytes:
        child = self._child = self._child or _start()
        line = _ask(child, body, self._seconds)
        if not line:
            self.close()
        return line

    def close(self) -> None:
        """Ends the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


@contextmanager
def looking(*, seconds: float = _SECONDS) -> Iterator[Looker]:
    """A looker whose child has ended when the block has."""
    looker = Looker(seconds=seconds)
    try:
        yield looker
    finally:
        looker.close()


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "evidence.looker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _ask(child: subprocess.Popen[bytes], body: bytes, seconds: float) -> bytes:
    """The child's line; empty where it died or said nothing in time."""
    if child.stdin is None or child.stdout is None:
        raise AssertionError("a child without pipes")
    try:
        # it reads all of it before it begins, so this does not wait
        child.stdin.write(struct.pack(">I", len(body)) + body)
        child.stdin.flush()
    except BrokenPipeError:
        return b""
    with DefaultSelector() as waiting:
        waiting.register(child.stdout, EVENT_READ)
        return child.stdout.readline(_LINE) if waiting.select(seconds) else b""


# --- the child --------------------------------------------------------------------------------------------------------


def _bodies(given: BinaryIO) -> Iterator[bytes]:
    """What the parent sends, until it ends or closes the pipe."""
    while len(head := given.read(4)) == 4:
        yield given.read(struct.unpack(">I", head)[0])


def main() -> None:
    """Entry point of the child process."""
    from evidence.looks import look  # the decoders; the parent has no use for them

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_LIFE, _LIFE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for body in _bodies(sys.stdin.buffer):
        told = asdict(look(body))
        sys.stdout.write(json.dumps({**told, "small": base64.b64encode(told["small"]).decode()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
