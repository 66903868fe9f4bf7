"""The processes of our own server: which are alive, which only seem so, and under whose name they run."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from db.faults import EmbeddedFailed

#: Seconds for a shutdown: everything in memory is written first.
STOP_SECONDS = 120

_SOCKET = ".s.PGSQL.5432"


class Postmaster:
    """The server process of one data folder, known by its pid file."""

    def __init__(self, data: Path) -> None:
        """`data` need not exist yet."""
        self._data = data

    def pid(self) -> int:
        """Process id of the living server of this very data folder, else 0."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        return pid if pid and self._works_here(pid) else 0

    def socket(self) -> Path:
        """The socket of the running server, from its own pid file."""
        lines = self._pid_file()
        folder = Path(lines[4]) if len(lines) > 4 and lines[4] else self._data.parent / "run"
        return folder / _SOCKET

    def end(self) -> bool:
        """Fast shutdown: open transactions are rolled back, everything is written. False where no server runs.

        A signal does it, so no program of a certain version is needed. Raises EmbeddedFailed after STOP_SECONDS.
        """
        pid = self.pid()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            if not self._gone([pid], STOP_SECONDS):
                raise EmbeddedFailed(f"{self._data}: process {pid} has not ended within {STOP_SECONDS} s")
        return bool(pid)

    def clear_the_dead(self, socket_folder: Path) -> None:
        """After kill -9 of the server: ends its orphans, which would bar a new one, and removes lying pid files."""
        orphans = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._works_here(int(entry.name))]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        self._gone(orphans, 30)
        # their number may by now belong to another program of the same user, or to a zombie that nobody buries; the
        # server takes either for a living rival
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (socket_folder / f"{_SOCKET}.lock").unlink(missing_ok=True)

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _works_here(self, pid: int) -> bool:
        """True where `pid` is a server of ours: after a crash its number may belong to anybody."""
        if not Path("/proc/self").exists():
            return _exists(pid)
        process = Path(f"/proc/{pid}")
        try:
            # a person's shell may stand in the data folder too
            return (process / "comm").read_text().strip() == "postgres" and (process / "cwd").samefile(self._data)
        except OSError:
            return False

    def _gone(self, pids: list[int], seconds: float) -> bool:
        """Waits until none of the processes is a server of ours; False where `seconds` are not enough."""
        give_up_at = time.monotonic() + seconds
        while any(self._works_here(pid) for pid in pids):
            if time.monotonic() > give_up_at:
                return False
            time.sleep(0.02)
        return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def unprivileged() -> pwd.struct_passwd:
    """The user that runs root's server: xunwang, postgres, a new system user xunwang, or nobody."""
    for name in ("xunwang", "postgres"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    adder = shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if adder:
        command = [adder, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "xunwang"]
        subprocess.run(command, check=False, capture_output=True)
    for name in ("xunwang", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedFailed("useradd: xunwang")


def is_private(folder: Path, uid: int) -> bool:
    """True for a real folder of user `uid` that nobody else may enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and found.st_uid == uid and not found.st_mode & 0o077
