"""Our own server: one per home, through kills, races, long paths and closed folders, as root and as anybody."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from db.binaries import Programs, choose, installed
from db.embedded import Embedded
from db.engine import connect, transaction
from db.faults import DataOfOtherVersion, EmbeddedFailed, NoServerPrograms

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0

pytestmark = pytest.mark.db

STARTER = (
    "import sys; from pathlib import Path; from db.embedded import Embedded; print(Embedded(Path(sys.argv[1])).start())"
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own, its server ended and its data gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"xunwang-tests-{os.getpid()}-") as folder:
        yield Path(folder)
        embedded = Embedded(Path(folder))
        embedded.stop()
        shutil.rmtree(embedded.place, ignore_errors=True)


def ask(url: str, statement: str) -> object:
    engine = connect(url)
    try:
        with transaction(engine) as conn:
            result = conn.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def ask_until_cut(url: str, statement: str) -> None:
    with pytest.raises(OperationalError):
        ask(url, statement)


def start_elsewhere(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STARTER, str(home)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_data_outlive_a_stop_and_a_start(home: Path) -> None:
    embedded = Embedded(home)
    assert (embedded.status().running, embedded.stop()) == (False, False)
    url = embedded.start()
    ask(url, "create table t as select 42 as n")
    assert embedded.status().running
    assert embedded.status().url == url
    assert (embedded.stop(), embedded.stop(), embedded.status().running) == (True, False, False)
    assert embedded.start() == url
    assert ask(url, "select n from t") == 42


def test_nothing_listens_on_the_network_and_nobody_else_may_enter(home: Path) -> None:
    embedded = Embedded(home)
    url = embedded.start()
    assert ask(url, "select current_setting('listen_addresses')") == ""
    assert [ask(url, f"show {name}") for name in ("fsync", "shared_buffers", "server_encoding")] == [
        "on",
        "128MB",
        "UTF8",
    ]
    folder = Path(str(ask(url, "select current_setting('unix_socket_directories')")))
    for private in (folder, embedded.place / "data"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert len(str(folder / ".s.PGSQL.5432.lock")) <= 107


def test_a_killed_server_starts_again_with_all_that_was_committed(home: Path) -> None:
    embedded = Embedded(home)
    url = embedded.start()
    ask(url, "create table t as select generate_series(1, 1000) as n")
    pid = embedded.status().pid
    # a session too busy to notice the death must not bar the new server
    busy = threading.Thread(target=ask_until_cut, args=(url, "do $$ begin loop end loop; end $$"))
    busy.start()
    while ask(url, "select count(*) from pg_stat_activity where query like 'do %'") == 0:
        threading.Event().wait(0.05)
    os.kill(pid, signal.SIGKILL)
    assert embedded.start() == url
    busy.join()
    assert embedded.status().pid != pid
    assert ask(url, "select count(*) from t") == 1000


def test_a_pid_file_whose_number_belongs_to_another_is_no_obstacle(home: Path) -> None:
    embedded = Embedded(home)
    embedded.start()
    pid_file = embedded.place / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    while embedded.status().running:
        threading.Event().wait(0.02)
    # of the same user, for another user's process cannot be a server of these data
    as_server = {"user": pid_file.stat().st_uid} if AS_ROOT else {}
    stranger = subprocess.Popen(["sleep", "120"], cwd=pid_file.parent, **as_server)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert not embedded.status().running
        assert not embedded.stop()
        assert ask(embedded.start(), "select 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_the_server_outlives_its_killed_starter(home: Path) -> None:
    child = start_elsewhere(home)
    assert child.stdout is not None
    url = child.stdout.readline().strip()
    child.kill()
    child.wait()
    child.stdout.close()
    assert ask(url, "select 1") == 1
    assert Embedded(home).start() == url


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.35, 0.5, 0.7, 0.9, 1.2])
def test_a_starter_killed_at_any_moment_leaves_nothing_in_the_way(home: Path, seconds: float) -> None:
    child = start_elsewhere(home)
    threading.Event().wait(seconds)
    child.kill()
    child.communicate()
    assert ask(Embedded(home).start(), "select 1") == 1


def test_two_that_start_at_once_share_one_server(home: Path) -> None:
    children = [start_elsewhere(home) for _ in range(3)]
    urls = {child.communicate()[0].strip() for child in children}
    assert [child.returncode for child in children] == [0, 0, 0]
    assert urls == {Embedded(home).status().url}


def test_a_server_whose_socket_was_swept_away_is_reached_again(home: Path) -> None:
    embedded = Embedded(home)
    url = embedded.start()
    Path(str(ask(url, "select current_setting('unix_socket_directories')")), ".s.PGSQL.5432").unlink()
    assert ask(embedded.start(), "select 1") == 1


def test_data_of_another_major_version_are_refused_and_kept(home: Path) -> None:
    embedded = Embedded(home)
    embedded.start()
    embedded.stop()
    (embedded.place / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(DataOfOtherVersion, match="14"):
        embedded.start()
    assert (embedded.place / "data" / "global").is_dir()
    major = next(iter(installed())).major
    (embedded.place / "data" / "PG_VERSION").write_text(f"{major}\n")


def test_the_programs_that_fit_the_data_are_chosen() -> None:
    wheel = Programs(bin=Path("/wheel"), major=18)
    old, older, oldest = (Programs(bin=Path(f"/{major}"), major=major) for major in (17, 15, 14))
    assert choose([wheel, old, older], data_major=None) is wheel
    assert choose([wheel, old, older], data_major=15) is older
    with pytest.raises(DataOfOtherVersion, match="14"):
        choose([wheel, oldest], data_major=14)
    with pytest.raises(NoServerPrograms):
        choose([oldest], data_major=None)


def test_a_disk_that_is_full_is_said_with_its_reason(home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="xunwang-tests-") as folder:
        Path(folder).chmod(0o755)
        for name in ("initdb", "pg_ctl", "postgres"):
            program = Path(folder, name)
            program.write_text("#!/bin/sh\necho 'could not write: No space left on device' >&2\nexit 1\n")
            program.chmod(0o755)
        with pytest.raises(EmbeddedFailed) as failed:
            Embedded(home, installed=[Programs(bin=Path(folder), major=18)]).start()
    assert "No space left on device" in failed.value.message("zh")
    assert "磁盘" in failed.value.message("zh")
    assert ask(Embedded(home).start(), "select 1") == 1


@pytest.mark.parametrize("programs", [p for p in installed() if p.major >= 15], ids=lambda p: f"{p.major}-{p.version}")
def test_every_installation_found_here_serves(home: Path, programs: Programs) -> None:
    url = Embedded(home, installed=[programs]).start()
    assert str(ask(url, "show server_version")).startswith(str(programs.major))


# --- as another user ---


def as_nobody(work: Callable[[], None]) -> None:
    """Does `work` in a child that has become `nobody`; the interpreter need not be readable for nobody."""
    nobody = pwd.getpwnam("nobody")
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            work()
            status = 0
        finally:
            if status:
                traceback.print_exc()
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def _as_anybody(home: Path) -> None:
    embedded = Embedded(home)
    try:
        url = embedded.start()
        assert embedded.place == home / "postgres"
        assert ask(url, "select 1") == 1
        os.kill(embedded.status().pid, signal.SIGKILL)
        assert ask(embedded.start(), "select 1") == 1
    finally:
        embedded.stop()
    assert not embedded.status().running


@pytest.mark.parametrize("name", ["short", "家, 'with' \"spaces\"", "/".join(["a-very-long-name-of-a-folder"] * 7)])
def test_an_ordinary_user_keeps_all_in_the_home(home: Path, name: str) -> None:
    inner = home / name
    inner.mkdir(parents=True)
    if not AS_ROOT:
        _as_anybody(inner)
        return
    wheel = next(iter(installed())).bin
    if wheel.stat().st_mode & 0o005 != 0o005 or any(not p.stat().st_mode & 0o001 for p in wheel.parents):
        pytest.skip("the programs stand in a folder that other users cannot enter")
    nobody = pwd.getpwnam("nobody")
    home.chmod(0o755)
    os.chown(inner, nobody.pw_uid, nobody.pw_gid)
    as_nobody(lambda: _as_anybody(inner))
    assert (inner / "postgres" / "data").stat().st_uid == nobody.pw_uid


@pytest.mark.skipif(AS_ROOT, reason="root may write anywhere")
def test_a_home_that_may_not_be_written_is_said() -> None:
    with pytest.raises(EmbeddedFailed, match="/proc"):
        Embedded(Path("/proc/nowhere")).start()


@pytest.mark.skipif(not AS_ROOT, reason="needs root")
def test_roots_server_runs_as_another_and_opens_no_folder(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    embedded = Embedded(closed)
    try:
        embedded.start()
        uid = Path(f"/proc/{embedded.status().pid}").stat().st_uid
        assert uid != 0
        assert (embedded.place / "data").stat().st_uid == uid
        assert (embedded.place / "home").read_text().strip() == str(closed)
        assert embedded.place.parent == Path("/var/lib/xunwang")
        assert (stat.S_IMODE(closed.stat().st_mode), list(closed.iterdir())) == (0o700, [])
    finally:
        embedded.stop()
        shutil.rmtree(embedded.place)


@pytest.mark.skipif(not AS_ROOT, reason="needs root")
def test_a_place_that_another_user_prepared_is_refused(home: Path) -> None:
    embedded = Embedded(home)
    embedded.place.mkdir(parents=True)
    os.chown(embedded.place, 65534, 65534)
    with pytest.raises(EmbeddedFailed, match="root"):
        embedded.start()
    os.chown(embedded.place, 0, 0)
