"""The shelf between the console and the replay site: archives that may be replayed just now."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: Seconds for which an archive stands on the shelf, and how many stand there at once.
STANDS_FOR: Final = 1_800.0
MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Shelved:
    """One archive."""

    path: Path
    #: Address of the page in the archive.
    url: str
    until: float


@dataclass(slots=True)
class Shelf:
    """Archives that may be replayed just now. Shared by the console, which fills it, and the replay site."""

    _archives: dict[str, Shelved] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, path: Path, url: str) -> str:
        """Takes over the file, which is removed when its time is up or others need the room; its name here."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._archives[name] = Shelved(path, url, time.monotonic() + STANDS_FOR)
            while len(self._archives) > MOST:
                self._remove(next(iter(self._archives)))
        return name

    def get(self, name: str) -> Shelved | None:
        """The archive of that name while its time lasts."""
        with self._lock:
            for old in [key for key, one in self._archives.items() if one.until < time.monotonic()]:
                self._remove(old)
            return self._archives.get(name)

    def clear(self) -> None:
        """Removes everything."""
        with self._lock:
            for name in list(self._archives):
                self._remove(name)

    def _remove(self, name: str) -> None:
        self._archives.pop(name).path.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaySite:
    """Where replay stands, and with what player."""

    #: Base address as browsers reach it; another host name than the console's.
    url: str
    #: Folder with ui.js and sw.js of the player.
    player: Path
    shelf: Shelf = field(default_factory=Shelf)
