"""Child processes run side by side, and what they cost: CPU, memory of their trees over time, PostgreSQL's share."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil
from sqlalchemy import text

from db.engine import Engine, transaction

_LOOK_EVERY = 0.5


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One child process."""

    command: list[str]
    #: Written to its standard input.
    order: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a crew cost from its start to its end. Seconds."""

    wall: float
    cpu: float
    #: Of `cpu`, what was spent before the street opened.
    cpu_before: float
    #: (seconds since the start, bytes of the whole tree counted once, PSS).
    memory: tuple[tuple[float, int], ...] = ()


class CrewFailed(RuntimeError):
    """A child ended with an error; the message is what it said."""


def run_crew(
    errands: Sequence[Errand], *, opened: Callable[[], float], weigh: bool = False, side_by_side: int = 0
) -> Spent:
    """Runs all of them at once, or so many at a time, to their ends. Raises CrewFailed.

    `opened` tells when the street opened (0.0 while it is closed); `weigh`: look at memory twice a second.
    """
    begun, watch = time.monotonic(), _Watch(opened, weigh=weigh)
    waiting, running = list(errands), []
    with watch.looking():
        while waiting or running:
            while waiting and (not side_by_side or len(running) < side_by_side):
                running.append(watch.start(waiting.pop(0)))
            for child in [one for one in running if one.poll() is not None]:
                running.remove(child)
                watch.ended(child)
            time.sleep(0.02)
    return Spent(
        wall=time.monotonic() - begun,
        cpu=watch.cpu,
        cpu_before=watch.cpu_before,
        memory=tuple((at - begun, held) for at, held in watch.memory),
    )


@dataclass
class _Watch:
    """Looks at the children from a thread: their CPU when the street opened, their memory all the time."""

    opened: Callable[[], float]
    weigh: bool = False
    #: CPU seconds of the children that have ended, with all that they had started and waited for.
    cpu: float = 0.0
    cpu_before: float = 0.0
    memory: list[tuple[float, int]] = field(default_factory=list)
    _children: dict[int, "psutil.Process"] = field(default_factory=dict)
    #: Process id → CPU seconds of its own when looked at last, of everybody ever seen below the children.
    _last: dict[int, float] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self, errand: Errand) -> "subprocess.Popen[bytes]":
        """A child with its order."""
        pipe = subprocess.PIPE
        child = subprocess.Popen(errand.command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=None)
        assert child.stdin is not None
        child.stdin.write(errand.order)
        child.stdin.close()
        self._children[child.pid] = psutil.Process(child.pid)
        return child

    def ended(self, child: "subprocess.Popen[bytes]") -> None:
        """Forgets it."""
        self._children.pop(child.pid, None)
        if child.returncode:
            raise CrewFailed(f"{child.args!r}: exit code {child.returncode}")

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Looks until the block ends; `cpu` is complete then."""
        before = _children_cpu()
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            # whose parent is killed is waited for by nobody of ours: the pages of a browser, for one
            self.cpu = max(_children_cpu() - before, sum(self._last.values()))

    def _look(self) -> None:
        counted = False
        while not self._over.wait(0.1 if not counted else _LOOK_EVERY):
            if not counted and self.opened():
                self.cpu_before, counted = sum(map(tree_cpu, tuple(self._children.values()))), True
            for child in tuple(self._children.values()):
                self._last |= _own_cpu(child)
            if self.weigh:
                self.memory.append((time.monotonic(), sum(map(_tree_memory, tuple(self._children.values())))))


def _children_cpu() -> float:
    """CPU seconds of all children that this process has waited for."""
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


def tree_cpu(root: "psutil.Process") -> float:
    """CPU seconds of a process, its living descendants, and those that they have waited for."""
    total = 0.0
    with suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])
    return total


def _own_cpu(root: "psutil.Process") -> dict[int, float]:
    """Process id → CPU seconds, without those of children, of a process and its living descendants."""
    found = {}
    with suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                found[process.pid] = sum(process.cpu_times()[:2])
    return found


def _tree_memory(root: "psutil.Process") -> int:
    total = 0
    with suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total


def postmaster(engine: Engine) -> "psutil.Process | None":
    """The PostgreSQL server of `engine` where it runs on this machine as far as we see, else None."""
    with transaction(engine) as conn:
        backend = conn.execute(text("select pg_backend_pid()")).scalar_one()
        with suppress(psutil.Error):
            found = psutil.Process(backend)
            return found.parent() if found.name() == "postgres" else None
    return None


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Rise of y for one of x over `points`, by least squares."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
