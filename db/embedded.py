"""A PostgreSQL of our own, for those who have none: one server per home, shared by all our processes on the machine.

Nothing listens on the network: the server is reached through a socket in a folder that only its owner (and root) may
enter, which is why `trust` is safe inside. PostgreSQL refuses to run as root, so root's server runs as another user,
from a copy of the programs, with its data under /var/lib/xunwang; permissions of parent folders are never touched.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import shutil
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
from db.postmaster import Postmaster, is_private, unprivileged

__all__ = ["Embedded", "ServerStatus", "create_database"]

#: Where root's servers live: everyone may pass through, nobody but the server's user may read its data.
ROOT_PLACE = Path("/var/lib/xunwang")

#: Seconds for a start: recovery after a crash of a big database takes minutes.
START_SECONDS = 600

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
        self._server = Postmaster(self._data)
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
            return self._server.end()

    def status(self) -> ServerStatus:
        """Whether the server runs, where, and how to reach it."""
        pid = self._server.pid()
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
            raise EmbeddedFailed(str(error)) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise EmbeddedFailed(str(error)) from None
        finally:
            os.close(self._lock)

    def _make_place(self) -> None:
        if not self._as_root:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.place.stat().st_uid != os.geteuid():
                raise EmbeddedFailed(f"{self.place}: owner ≠ {os.geteuid()}")
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
        os.chown(folder, *self._account())
        return folder

    def _account(self) -> tuple[int, int]:
        """User and group that run the server: whoever owns the data; for root's first start somebody without rights."""
        if not self._as_root:
            return os.geteuid(), os.getegid()
        found = self._data.stat() if self._data.exists() else self.place.stat()
        if found.st_uid:
            return found.st_uid, found.st_gid
        account = unprivileged()
        return account.pw_uid, account.pw_gid

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
            if self._server.pid() and not self._server.socket().exists():
                self._server.end()  # its socket folder was swept away: alive, but out of reach
            if not self._server.pid():
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
        self._server.clear_the_dead(folder)
        options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(str(folder))} -c port=5432"
        self._private(self.place / "log")
        # from within `place`: pg_ctl hands its paths to a shell, between double quotes
        command = f"pg_ctl start -D data -l log/start.log -w -t {START_SECONDS} -o".split()
        self._call(programs, [*command, options])

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
        if self._as_root:
            user, group = self._account()
            options |= {"user": user, "group": group, "extra_groups": []}
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

    # --- the socket ---

    def _socket_folder(self) -> Path:
        """The folder for the next start: inside `place`, or a private one under /tmp where that path is too long."""
        plain = re.fullmatch(r"[A-Za-z0-9_./-]+", str(self._run))  # a comma or quote would split the setting
        if plain and len(os.fsencode(self._run)) <= _LONGEST_SOCKET_FOLDER:
            return self._private(self._run)
        note = self.place / "socket_folder"
        if note.is_file():
            former = Path(note.read_text(encoding="utf-8").strip())
            if is_private(former, self._account()[0]):
                return former
        made = Path(tempfile.mkdtemp(prefix="xunwang-", dir="/tmp"))
        os.chown(made, *self._account())
        note.write_text(f"{made}\n", encoding="utf-8")
        return made

    def _url(self, database: str) -> str:
        query = {"host": str(self._server.socket().parent), "port": "5432"}
        return render(URL.create("postgresql+psycopg", username="xunwang", database=database, query=query))


def _age(file: Path) -> float:
    return file.stat().st_mtime


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
