"""A PostgreSQL of our own, for those who have none: one server per home, shared by all our processes on the machine.

Nothing listens on the network: the server is reached through a socket in a folder that only its owner (and root) may
enter, which is why `trust` is safe inside. PostgreSQL refuses to run as root, so root's server runs as another user,
from a copy of the programs, with its data under /var/lib/xunwang; permissions of parent folders are never touched.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from db import binaries
from db.engine import Limits, connect, create_database, render, wait_until_up
from db.faults import DatabaseUnreachable, EmbeddedFailed

__all__ = ["Embedded", "ServerStatus", "create_database"]

#: Where root's servers live: everyone may pass through, nobody but the server's user may read its data.
ROOT_PLACE = Path("/var/lib/xunwang")

#: Seconds for a start: recovery after a crash of a big database takes minutes.
START_SECONDS = 600
STOP_SECONDS = 120

#: sun_path holds 107 bytes, and the server adds `/.s.PGSQL.5432.lock`.
_LONGEST_SOCKET_FOLDER = 80

_SETTINGS = """
# --- written once by xunwang; yours to change ---
shared_buffers = 128MB
max_connections = 80
max_wal_size = 1GB
jit = off
timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_timezone = 'Asia/Shanghai'
# a killed client's long statement ends soon
client_connection_check_interval = 10s
# the DETAIL of an error repeats rows, and rows hold personal data
log_error_verbosity = terse
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerStatus:
    """What is known of the server without asking it."""

    running: bool
    #: Process id of the server; 0 when it does not run.
    pid: int
    #: Folder with data, socket and log.
    place: Path
    #: Major version that made the data; 0 before the first start.
    major: int
    #: URL of the house's database; empty when the server does not run.
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Account:
    """Who runs the server."""

    uid: int
    gid: int
    name: str


class Embedded:
    """The server that belongs to `home`. Any number of these may exist; they all mean the same server."""

    def __init__(self, home: Path, *, installed: list[binaries.Programs] | None = None) -> None:
        """`installed` replaces the search for PostgreSQL's programs."""
        self._installed = installed
        self._as_root = os.geteuid() == 0
        home = home.resolve()  # two spellings of one folder are one server
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        #: Folder with data, socket and log.
        self.place = ROOT_PLACE / digest if self._as_root else home / "postgres"
        self._data = self.place / "data"
        self._run = self.place / "run"
        self._home = home

    def start(self) -> str:
        """URL of the house's database, its server started if need be and answering.

        The first start makes the data folder (about a second). Two processes may call this at once. Raises
        EmbeddedFailed, DataOfOtherVersion or NoServerPrograms.
        """
        with self._locked():
            self._bring_up()
            return create_database(self._url("postgres"), "xunwang")

    def stop(self) -> bool:
        """Ends the server, open transactions rolled back; False where none ran. Raises EmbeddedFailed."""
        if not self.place.is_dir():
            return False
        with self._locked():
            pid = self._pid()
            if pid:
                self._end(pid)
            return bool(pid)

    def status(self) -> ServerStatus:
        """Whether the server runs, where, and how to reach it."""
        pid = self._pid()
        url = self._url("xunwang") if pid else ""
        return ServerStatus(running=bool(pid), pid=pid, place=self.place, major=self._data_major() or 0, url=url)

    # --- folders ---

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among our processes for this home; ends with the process, however it ends."""
        try:
            self._make_place()
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._lock = os.open(self.place / "lock", flags, 0o600)
        except OSError as error:
            raise _failed(error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            yield
        except (OSError, shutil.Error) as error:
            raise _failed(error) from None
        finally:
            os.close(self._lock)

    def _make_place(self) -> None:
        if not self._as_root:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        for folder in (ROOT_PLACE, self.place):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o755)
                folder.chmod(0o755)  # whatever the umask
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid != 0 or found.st_mode & 0o022:
                raise EmbeddedFailed(f"{folder}: owner ≠ root, or writable for others")
        (self.place / "home").write_text(f"{self._home}\n", encoding="utf-8", errors="surrogateescape")

    def _private(self, folder: Path) -> Path:
        """`folder`, made if missing, that only the server's user may enter."""
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, self._account().uid, self._account().gid)
        return folder

    def _account(self) -> _Account:
        if not self._as_root:
            return _Account(uid=os.geteuid(), gid=os.getegid(), name="")
        if self._data.exists() and self._data.stat().st_uid:
            entry = pwd.getpwuid(self._data.stat().st_uid)
        else:
            entry = _unprivileged()
        return _Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)

    def _data_major(self) -> int | None:
        try:
            return int((self._data / "PG_VERSION").read_text(encoding="ascii").strip())
        except (FileNotFoundError, PermissionError, ValueError):
            return None

    # --- the server ---

    def _bring_up(self) -> None:
        """Returns once the server answers. One found alive may be recovering, or dying: ask again."""
        give_up_at = time.monotonic() + START_SECONDS
        while True:
            pid = self._pid()
            if pid and not self._socket().exists():
                self._end(pid)  # its socket folder was swept away: alive, but out of reach
                pid = 0
            if not pid:
                self._launch()
            engine = connect(self._url("postgres"), limits=Limits(pool=1))
            try:
                return wait_until_up(engine, seconds=1)
            except DatabaseUnreachable:
                if time.monotonic() > give_up_at:
                    raise
            finally:
                engine.dispose()

    def _launch(self) -> None:
        programs = self._programs()
        if not self._data.exists():
            self._make_data(programs)
        folder = self._socket_folder()
        self._clear_the_dead(folder)
        options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(str(folder))} -c port=5432"
        self._private(self.place / "log")
        # from within `place`: pg_ctl hands its paths to a shell, between double quotes
        command = [
            "pg_ctl",
            "start",
            "-D",
            "data",
            "-l",
            "log/start.log",
            "-w",
            "-t",
            str(START_SECONDS),
            "-o",
            options,
        ]
        self._call(programs, command)

    def _end(self, pid: int) -> None:
        """Fast shutdown: open transactions are rolled back, everything is written. Needs no program of any version."""
        os.kill(pid, signal.SIGINT)
        if not self._gone([pid], STOP_SECONDS):
            raise EmbeddedFailed(f"{self.place}: process {pid} has not ended within {STOP_SECONDS} s")

    def _gone(self, pids: list[int], seconds: float) -> bool:
        """Waits until none of the processes is a server of ours; False where `seconds` are not enough."""
        give_up_at = time.monotonic() + seconds
        while any(self._works_here(pid) for pid in pids):
            if time.monotonic() > give_up_at:
                return False
            time.sleep(0.02)
        return True

    def _programs(self) -> binaries.Programs:
        found = binaries.installed() if self._installed is None else self._installed
        programs = binaries.choose(found, data_major=self._data_major())
        return binaries.copy_for_others(programs, ROOT_PLACE) if self._as_root else programs

    def _make_data(self, programs: binaries.Programs) -> None:
        """initdb beside the final name, then one rename: a killed first start leaves nothing that looks like data."""
        unfinished = self.place / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._private(unfinished)
        command = ["initdb", "-D", unfinished.name, "-U", "xunwang", "-A", "trust", "-E", "UTF8", "--locale=C"]
        # initdb holds our lock open: should we be killed, the next starter waits for it to end
        self._call(programs, command, pass_fds=(self._lock,))
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS)
            settings.flush()
            os.fsync(settings.fileno())
        unfinished.rename(self._data)
        _sync_folder(self.place)

    def _call(self, programs: binaries.Programs, command: list[str], **options: Any) -> None:
        """Runs one of the programs as the server's user, in an environment of its own. Raises EmbeddedFailed."""
        account = self._account()
        if self._as_root:
            options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
        with tempfile.TemporaryFile() as said:
            # a file, not a pipe: the server inherits it and would hold a pipe open for ever
            answer = subprocess.run(
                [programs.bin / command[0], *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=self.place,
                env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"},
                umask=0o077,
                check=False,
                **options,
            )
            if answer.returncode:
                said.seek(0)
                raise EmbeddedFailed(self._explain(said.read().decode("utf-8", "replace")))

    def _explain(self, said: str) -> str:
        """The last lines of what the program and the server's newest logs said."""
        logs = [self.place / "log" / "start.log", *sorted((self._data / "log").glob("*.log"), key=_age)[-1:]]
        texts = [said, *(log.read_text(encoding="utf-8", errors="replace") for log in logs if log.is_file())]
        lines = [line for text in texts for line in text.strip().splitlines()[-6:]]
        return "\n".join([str(self.place), *lines])

    # --- alive or dead ---

    def _pid(self) -> int:
        """Process id of the living server of this very data folder, else 0."""
        pid = self._written_pid()
        return pid if pid and self._works_here(pid) else 0

    def _pidfile(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _written_pid(self) -> int:
        lines = self._pidfile()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else 0

    def _works_here(self, pid: int) -> bool:
        """True where `pid` is a server of ours: after a crash its number may belong to anybody."""
        if not Path("/proc/self").exists():
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return False
            except PermissionError:
                return True
            return True
        process = Path(f"/proc/{pid}")
        try:
            # a person's shell may stand in the data folder too
            return (process / "comm").read_text().strip() == "postgres" and (process / "cwd").samefile(self._data)
        except OSError:
            return False

    def _clear_the_dead(self, socket_folder: Path) -> None:
        """After kill -9 of the server: ends its orphans, which would bar a new one, and removes lying pid files."""
        orphans = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._works_here(int(entry.name))]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        self._gone(orphans, 30)
        # their number may by now belong to another program of the same user, or to a zombie that nobody buries; the
        # server takes either for a living rival
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    # --- the socket ---

    def _socket_folder(self) -> Path:
        """The folder for the next start: inside `place`, or a private one under /tmp where that path is too long."""
        plain = re.fullmatch(r"[A-Za-z0-9_./-]+", str(self._run))  # a comma or quote would split the setting
        if plain and len(os.fsencode(self._run)) <= _LONGEST_SOCKET_FOLDER:
            return self._private(self._run)
        note = self.place / "socket_folder"
        if note.is_file():
            former = Path(note.read_text(encoding="utf-8").strip())
            if _is_private(former, self._account().uid):
                return former
        made = Path(tempfile.mkdtemp(prefix="xunwang-", dir="/tmp"))
        os.chown(made, self._account().uid, self._account().gid)
        note.write_text(f"{made}\n", encoding="utf-8")
        return made

    def _socket(self) -> Path:
        """The socket of the running server, from its own pid file."""
        lines = self._pidfile()
        folder = Path(lines[4]) if len(lines) > 4 and lines[4] else self._run
        return folder / ".s.PGSQL.5432"

    def _url(self, database: str) -> str:
        query = {"host": str(self._socket().parent), "port": "5432"}
        return render(URL.create("postgresql+psycopg", username="xunwang", database=database, query=query))


def _unprivileged() -> pwd.struct_passwd:
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


def _is_private(folder: Path, uid: int) -> bool:
    """True for a real folder of user `uid` that nobody else may enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and found.st_uid == uid and not found.st_mode & 0o077


def _failed(error: OSError | shutil.Error) -> EmbeddedFailed:
    return EmbeddedFailed(str(error))


def _age(file: Path) -> float:
    return file.stat().st_mtime


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
