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


def _held(process: psutil.Process) -> int:
    # a sandboxed process shows its PSS to nobody; what it has for itself is a little less
    for look in (lambda: process.memory_full_info().pss, partial(_own, process)):
        with suppress(psutil.Error, AttributeError):
            return int(look())
    return 0


def _own(process: psutil.Process) -> int:
    memory = process.memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))
