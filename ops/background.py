"""Work that takes longer than a request: in a thread of its own, one at a time for each name."""

import threading
from collections.abc import Callable


class Background:
    """What goes on in one process, by name; why the last work of a name came to nothing is remembered."""

    def __init__(self, cut: str) -> None:
        #: What is said of work that ended by an error of ours.
        self._cut = cut
        self._changing = threading.Lock()
        self._running: set[str] = set()
        self._failures: dict[str, str] = {}

    def running(self, name: str) -> bool:
        """True while it is worked on."""
        with self._changing:
            return name in self._running

    def failure(self, name: str) -> str:
        """Why the last work of that name came to nothing, in Chinese; empty where it did not."""
        with self._changing:
            return self._failures.get(name, "")

    def start(self, name: str, work: Callable[[], str]) -> bool:
        """Has `work` done, which returns why it came to nothing; False where that name is worked on already."""
        with self._changing:
            if name in self._running:
                return False
            self._running.add(name)
            self._failures.pop(name, None)
        threading.Thread(target=self._attend, args=(name, work), name=name, daemon=True).start()
        return True

    def _attend(self, name: str, work: Callable[[], str]) -> None:
        failure = self._cut
        try:
            failure = work()
        finally:
            with self._changing:
                self._running.discard(name)
                if failure:
                    self._failures[name] = failure
