"""Processes that this one started, browsers above all: what memory they hold, and their end."""

from contextlib import suppress
from functools import partial

import psutil


def mark_of(name: str) -> str:
    """A switch that means nothing to Chromium and tells its processes from every other."""
    return f"--xunwang-browser={name}"


def tree(mark: str) -> list[psutil.Process]:
    """The browser started with `mark` and all its descendants; empty where it has ended."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if mark in child.cmdline():
                return [child, *child.children(recursive=True)]
    return []


def memory(mark: str) -> int:
    """Bytes that the browser started with `mark` holds; what its processes share is counted once (PSS)."""
    return sum(map(_held, tree(mark)))


class Holding:
    """What one browser holds, for who looks every second: a full count takes thirty milliseconds of the processor.

    Until the next one its processes hold no more than they did at the last, and what each has grown by since.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._root: psutil.Process | None = None
        #: Bytes that were counted in full, and those that each process showed then, shared ones included.
        self._counted = 0
        self._shown: dict[int, int] = {}

    def bytes(self, matters: int) -> int:
        """Never less than what it holds, and exactly that where it may be `matters` or more."""
        processes = self._processes()
        shown = {one.pid: _shown(one) for one in processes}
        grown = sum(max(0, size - self._shown.get(pid, 0)) for pid, size in shown.items())
        if self._counted + grown < matters:
            return self._counted + grown if processes else 0
        self._counted, self._shown = sum(map(_held, processes)), shown
        return self._counted

    def _processes(self) -> list[psutil.Process]:
        if self._root is None:
            found = tree(self._mark)
            self._root = found[0] if found else None
            return found
        with suppress(psutil.Error):
            return [self._root, *self._root.children(recursive=True)]
        return []


def memory_below(pid: int) -> int:
    """Bytes that a process and all below it hold, counted likewise; 0 for one that has ended."""
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        return sum(map(_held, [root, *root.children(recursive=True)]))
    return 0


def kill(mark: str) -> None:
    """Ends the browser started with `mark`, whatever state it is in."""
    for process in tree(mark):
        with suppress(psutil.Error):
            process.kill()


def _shown(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _held(process: psutil.Process) -> int:
    # a sandboxed process shows its PSS to nobody; what it has for itself is a little less
    for look in (lambda: process.memory_full_info().pss, partial(_own, process)):
        with suppress(psutil.Error, AttributeError):
            return int(look())
    return 0


def _own(process: psutil.Process) -> int:
    memory = process.memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))
