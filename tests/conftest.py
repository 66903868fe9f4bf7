"""One PostgreSQL for the whole run, a fresh migrated database for every test that asks, and the marks' own rules."""

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine, text
from xdist.scheduler import LoadFileScheduling

from db.embedded import Embedded
from db.engine import Limits, connect, create_database, drop_database, parse, render
from db.migrations import migrate

ROOT = Path(__file__).resolve().parent.parent

#: How the homes of the tests' own servers are called; the number of the run's process follows.
_HOMES = "xunwang-tests-"

#: A folder in memory, as Linux has it, and the bytes that must be free there before the databases go into it.
_MEMORY, _ROOM = Path("/dev/shm"), 2 << 30

# Read once, then gone: no test may depend on the settings of the machine it runs on.
_NAMES = ("DATABASE_URL", "SHARD", "XUNWANG_CHROMIUM", "XUNWANG_REQUIRE_BROWSER")
_MACHINE = {name: os.environ.get(name, "") for name in _NAMES}
for _name in [name for name in os.environ if name == "DATABASE_URL" or name.startswith("XUNWANG_")]:
    del os.environ[_name]


def pytest_configure(config: pytest.Config) -> None:
    """Settings for hypothesis; and a run that is told to end ends its servers first."""
    # no example database: the suite also runs from a folder that it may not write
    settings.register_profile("house", database=None, deadline=None)
    settings.load_profile("house")
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", returncode=143))
    # a run that a shell puts in the background ignores Ctrl-C, and so would every process that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _MACHINE.update(getattr(config, "workerinput", {}).get("machine", {}))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of `-n 2` inherits an environment that is clean already, so it is told what stood there."""
    node.workerinput["machine"] = _MACHINE


#: Files whose tests judge the same four nights of one town (`opening_night`).
ONE_TOWN = ("tests/acceptance/test_changed_market.py", "tests/acceptance/test_plants.py")

#: Files that take longest, the longest first: begun last, one would keep its worker while the other idles.
#: As `--durations=0` tells them; which file stands where need only be roughly right.
LONGEST = (
    *ONE_TOWN,
    "tests/acceptance/test_night.py",
    "tests/ops/test_interrupted_scan.py",
    "tests/ops/test_first_run.py",
    "tests/acceptance/test_told_nights.py",
    "tests/ops/test_extract_url.py",
    "tests/ops/test_halt.py",
    "tests/ops/test_errands.py",
    "tests/crawler/test_patrol_mischief.py",
    "tests/crawler/test_patrol_markets.py",
    "tests/crawler/test_traps.py",
    "tests/ops/test_processes.py",
    "tests/ops/test_commands_on_a_house.py",
    "tests/acceptance/test_analyst.py",
    "tests/acceptance/test_new_category.py",
    "tests/acceptance/test_wheel.py",
    "tests/acceptance/test_manners.py",
    "tests/ops/test_permits.py",
    "tests/keywords/test_properties.py",
    "tests/console/test_accessibility.py",
    "tests/console/test_browser.py",
    "tests/console/test_hostile.py",
    "tests/console/test_hostile_forms.py",
    "tests/ops/test_evidence_commands.py",
    "tests/ops/test_evidence_bucket.py",
    "tests/ops/test_lexicon_commands.py",
    "tests/keywords/test_judgement.py",
    "tests/alerts/test_sender.py",
)

# --- marks ---


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the drills out unless `-m` names them, and then takes those of this shard."""
    drills = [item for item in items if item.get_closest_marker("drill")]
    if "drill" in (config.getoption("-m") or ""):
        mine = in_shard({str(item.path.relative_to(ROOT)) for item in drills}, _MACHINE["SHARD"] or "all")
        dropped = [item for item in drills if str(item.path.relative_to(ROOT)) not in mine]
    else:
        dropped = drills
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    file = item.nodeid.partition("::")[0]
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)


class ByFile(LoadFileScheduling):
    """One worker runs a file (`pytest -n 2`), or all the files that share a scan of the same town.

    xdist's own groups are marked in the ids of tests, which pytest 9.2 no longer lets it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "nights" if file in ONE_TOWN else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """How `pytest -n` deals tests out to its workers: as they were collected, not by the number of tests."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A shard without a drill in it is no failure."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and _MACHINE["SHARD"] not in ("", "all"):
        session.exitstatus = pytest.ExitCode.OK


def in_shard(files: Iterable[str], shard: str) -> set[str]:
    """The files whose turn it is: `all`, or `i/n` for every n-th one in the order of their names, beginning with i.

    Raises pytest.UsageError for anything else: a shard that is misread would leave drills out without a word.
    """
    ordered = sorted(files)
    if shard == "all":
        return set(ordered)
    index, slash, count = shard.partition("/")
    if not (slash and index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise pytest.UsageError(f"SHARD is {shard!r}; it is `all`, or i/n with i from 0 to n-1")
    return set(ordered[int(index) :: int(count)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips, with the reason, what this machine cannot show; a missing browser is a failure where one is demanded."""
    if item.get_closest_marker("shared") and not (ROOT.parent / "shared").is_dir():
        pytest.skip("../shared is absent: the real texts and captured pages are not part of the project")
    if item.get_closest_marker("browser") and not find_chromium():
        reason = "no Chromium found (XUNWANG_CHROMIUM, Playwright's own, or a system browser)"
        if os.environ.get("CI") == "true" or _MACHINE["XUNWANG_REQUIRE_BROWSER"] == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def find_chromium() -> str:
    """Path of a Chromium that can be started here; empty where there is none."""
    if named := _MACHINE["XUNWANG_CHROMIUM"]:
        return named
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "microsoft-edge-stable")
    found = [path for path in (shutil.which(name) for name in names) if path]
    own = sorted(Path.home().glob(".cache/ms-playwright/chromium*/*/*chrom*"))
    return next(iter([*found, *(str(path) for path in own if os.access(path, os.X_OK) and path.is_file())]), "")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser that the tests drive (mark such a test `browser`)."""
    return find_chromium()


# --- databases ---


@contextmanager
def copied_database(server: str, template: str) -> Iterator[str]:
    """URL of a new database with the template's tables; dropped at the end of the block."""
    name = f"xunwang_test_{uuid.uuid4().hex[:12]}"
    _administer(server, f'create database "{name}" template "{template}"')
    try:
        yield render(parse(server).set(database=name))
    finally:
        drop_database(server, name)


def _administer(server: str, statement: str) -> None:
    engine = connect(server, limits=Limits(pool=1))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


def remove(embedded: Embedded) -> None:
    """Ends a test's server and takes its data away."""
    embedded.stop()
    shutil.rmtree(embedded.place, ignore_errors=True)


def _bury_the_dead() -> None:
    """Ends the servers of runs that were killed with -9: the process named in the home is no more."""
    homes = (home for place in (Path(tempfile.gettempdir()), _MEMORY) for home in place.glob(f"{_HOMES}[0-9]*-*"))
    for home in homes:
        owner = int(home.name.removeprefix(_HOMES).partition("-")[0])
        if home.stat().st_uid == os.geteuid() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            remove(Embedded(home))
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server on which databases may be made: DATABASE_URL's, or an embedded one of this run's own."""
    if server := _MACHINE["DATABASE_URL"]:
        yield server
        return
    _bury_the_dead()
    with ExitStack() as stack:
        embedded = Embedded(Path(stack.enter_context(_home())))
        stack.callback(remove, embedded)
        url = embedded.start()
        _administer(url, "alter system set fsync = off")  # who kills a server leaves the machine on
        _administer(url, "select pg_reload_conf()")
        if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
            folder = Path(stack.enter_context(_home(_MEMORY)))
            stack.callback(remove, embedded)  # before the files under it
            _keep_in(folder, embedded, url)
        yield url


def _home(place: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """A folder of this run's own, which the next run takes away where this one is killed."""
    return tempfile.TemporaryDirectory(prefix=f"{_HOMES}{os.getpid()}-", dir=place, ignore_cleanup_errors=True)


def _keep_in(folder: Path, embedded: Embedded, url: str) -> None:
    """Has the server keep in `folder` whatever database is made from now on.

    On a disk each of them, of seven hundred files, costs up to half a second of the kernel's, and the more the more
    were dropped before it.
    """
    folder.chmod(0o711)  # root's server runs as another user
    databases = folder / "databases"
    databases.mkdir(mode=0o700)
    owner = (embedded.place / "data").stat()
    os.chown(databases, owner.st_uid, owner.st_gid)
    _administer(url, f"create tablespace memory location '{databases}'")
    _administer(url, "alter database template0 set tablespace memory")


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> Iterator[str]:
    """Name of a migrated database that others are copied from."""
    name = f"xunwang_test_template_{uuid.uuid4().hex[:12]}"
    engine = connect(create_database(server_url, name))
    migrate(engine)
    engine.dispose()
    yield name
    drop_database(server_url, name)


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """URL of a new database without a table."""
    name = f"xunwang_test_{uuid.uuid4().hex[:12]}"
    yield create_database(server_url, name)
    drop_database(server_url, name)


@pytest.fixture
def database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a new, migrated, empty database of this test's own."""
    with copied_database(server_url, migrated_template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`."""
    made = connect(database_url, application="xunwang tests")
    yield made
    made.dispose()
