"""What a process and all that it has started hold in memory. Linux alone; elsewhere nothing is known."""

from pathlib import Path


def tree_memory(root: int) -> int:
    """Bytes that `root` and everything below it hold, what several share counted once; 0 where it cannot be told."""
    return sum(map(_proportional, _tree(root)))


def _tree(root: int) -> set[int]:
    found: set[int] = set()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += [int(word) for word in _read(listed).split()]
    return found


def _proportional(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended meanwhile
        return ""
