"""The guard as whoever goes out sees it: started as a child, asked for the peer of a connection."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from urllib.parse import urlsplit

from egress.policy import Policy
from records import Barred, Fault

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SECONDS_TO_END = 5
_PIECE = 65_536


class GuardDown(Fault):
    """出口守卫没有启动，未访问任何网站。

    The egress guard did not start; nothing was visited.
    """

    code = "E-EGRESS-001"
    remedy = (
        "请运行 xunwang doctor；若系统内存或进程数不足，请先释放。",
        "Run `xunwang doctor`; free memory or processes where they are short.",
    )


class WayOut:
    """A guard that runs in a child process of ours. For one thread."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        """Raises GuardDown where the child ended before its port was open."""
        assert child.stdout is not None
        self._child = child
        self._told = child.stdout.fileno()
        self._unread = b""
        #: (host, port) → address that was connected to last.
        self._peers: dict[tuple[str, int], str] = {}
        #: (host, port) → why its last connection did not come about.
        self._barred: dict[tuple[str, int], Barred] = {}
        first = child.stdout.readline()
        if not first:
            raise GuardDown
        #: Address of the proxy for http and CONNECT.
        self.proxy = f"http://127.0.0.1:{json.loads(first)['port']}"
        os.set_blocking(self._told, False)

    @property
    def is_down(self) -> bool:
        """True once the guard has ended: from then on nothing goes out."""
        return self._child.poll() is not None

    def peer(self, url: str) -> str:
        """The address that `url`'s host was last connected to at; empty where it never was."""
        self._listen()
        return self._peers.get(_place(url), "")

    def barred(self, url: str) -> Barred | None:
        """Why the last connection to `url`'s host and port was refused or cut; None where it was let out."""
        self._listen()
        return self._barred.get(_place(url))

    def _listen(self) -> None:
        """Takes in what the guard has told; it tells before it answers, so whoever has an answer hears all of it."""
        while True:
            try:
                piece = os.read(self._told, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                return
            *lines, self._unread = (self._unread + piece).split(b"\n")
            for line in lines:
                self._take_in(*json.loads(line))

    def _take_in(self, host: str, port: int, peer: str, why: str | None) -> None:
        if why is None:
            self._peers[host, port] = peer
            self._barred.pop((host, port), None)
        else:
            self._barred[host, port] = Barred(why)


@contextmanager
def guarded(policy: Policy) -> Iterator[WayOut]:
    """A guard in a child process while the block runs; it ends with this process too. Raises GuardDown."""
    pipe = subprocess.PIPE
    # no buffer: what readline() took beyond the first line would be lost to os.read
    child = subprocess.Popen([sys.executable, "-m", "egress"], stdin=pipe, stdout=pipe, bufsize=0)
    assert child.stdin is not None and child.stdout is not None
    try:
        with suppress(BrokenPipeError):  # it has ended already, which WayOut says
            child.stdin.write(json.dumps(asdict(policy)).encode() + b"\n")
        yield WayOut(child)
    finally:
        child.stdin.close()
        try:
            child.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def _place(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
    except ValueError:
        return ("", 0)
