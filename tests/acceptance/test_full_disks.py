"""Disks that fill up, one after the other: evidence, packages, the database's tables, its log of writes, our own log.

Each time it is said which disk, nothing of the batch is stored, and once there is room the same batch goes in whole.
Small disks are tmpfs, which only root may mount.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.embedded import Embedded
from db.engine import Patience, connect
from db.evidence import all_files
from db.faults import DatabaseFull, DatabaseUnreachable
from db.migrations import migrate
from evidence import Limits, Store, StoreFull
from evidence.keys import KeyRing
from evidence.verifying import verify
from pipelines import Reception, receive
from pipelines.packaging import Maker, make_package
from records import Fault, Sighting, now
from tests.acceptance.houses import one, place
from tests.evidence.bound import trusting
from tests.pipelines.made import captured, listing, reception

pytestmark = [
    pytest.mark.db,
    pytest.mark.drill,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root"),
]
PLACE = {"host": "h", "os": "o", "commit": "c", "image_digest": "i", "hosts_file_sha256": "s"}


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """`folder` with what it holds on a disk of so many megabytes of its own, until the end of the block."""
    folder.mkdir(exist_ok=True)
    facts, held = folder.stat(), folder.with_name(f"{folder.name}.held")
    shutil.copytree(folder, held, symlinks=True)
    options = f"size={megabytes}m,uid={facts.st_uid},gid={facts.st_gid},mode=0700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        subprocess.run(["cp", "-a", f"{held}/.", str(folder)], check=True)
        subprocess.run(["chown", "-R", f"{facts.st_uid}:{facts.st_gid}", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is left on that disk until the end of the block."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


def batch(first: int, count: int = 20) -> list[Sighting]:
    """Hits whose descriptions no database makes smaller."""
    return [
        captured(listing(str(n), "象牙 手串", description=f"老料 象牙 {os.urandom(4000).hex()}"))
        for n in range(first, first + count)
    ]


def whole(engine: Engine, store: Store) -> int:
    """How many listings there are; every file that a row names is what sha256sum says."""
    with engine.connect() as conn:
        names = all_files(conn)
        lines = "".join(f"{name}  {store.path(name)}\n" for name in names)
        if names:
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet"], input=lines, text=True, check=True)
        return int(conn.execute(text("select count(*) from listings")).scalar_one())


def test_the_disk_of_the_evidence(engine: Engine, tmp_path: Path) -> None:
    root, given = tmp_path / "evidence", batch(0)
    with small_disk(root, 8):
        store = Store(root, limits=Limits(keep_free=0))
        with filled(root), pytest.raises(StoreFull) as refused:
            receive(given, reception(engine, root, store=store))
        assert "E-EVIDENCE-001" in str(refused.value)
        assert (whole(engine, store), list(store.names()), list((root / "tmp").iterdir())) == (0, [], [])
        receive(given, reception(engine, root, store=store))
        assert whole(engine, store) == 20


def test_the_disk_on_which_packages_are_made(engine: Engine, tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    with small_disk(root, 64):
        store = Store(root, limits=Limits(keep_free=0))
        receive(batch(0), reception(engine, root, store=store))
        key = KeyRing(tmp_path / "keys").new(now())
        maker = Maker(engine=engine, store=store, key=key, by="wang", unit="网监科", place=PLACE, at=now())
        lead = str(one(engine, "select id from leads"))
        with filled(root), pytest.raises(StoreFull):
            make_package(maker, lead)
        assert one(engine, "select count(*) from packages") == 0 and list((root / "tmp").iterdir()) == []
        made = make_package(maker, lead)
        assert made.number.endswith("-0001")  # the number was not used up
        assert verify(store.path(made.sha256), trusting(key)).findings == ()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    """A server of this test's own, stopped, with our tables in it."""
    with tempfile.TemporaryDirectory(prefix=f"xunwang-tests-{os.getpid()}-") as home:
        embedded = Embedded(Path(home))
        engine = connect(embedded.start())
        migrate(engine)
        engine.dispose()
        embedded.stop()
        yield embedded
        embedded.stop()
        shutil.rmtree(embedded.place, ignore_errors=True)


@dataclass(kw_only=True)
class Filled:
    """A server whose disk was full while batches came in, and is not any more."""

    engine: Engine
    desk: Reception
    #: Batches of twenty; the last one was refused.
    given: list[list[Sighting]]
    refusal: Fault

    def stored(self) -> int:
        """Hits that are stored, each whole with its evidence."""
        return whole(self.engine, self.desk.store)


@contextmanager
def full_while_receiving(
    server: Embedded,
    disk: Path,
    megabytes: int,
    *,
    refused: tuple[type[Fault], ...],
    before: Callable[[Engine], object],
) -> Iterator[Filled]:
    """The server on a small `disk`, which is full from the second batch until one is `refused`; started again."""
    with small_disk(disk, megabytes), tempfile.TemporaryDirectory() as folder:
        engine = connect(server.start())
        desk = replace(reception(engine, Path(folder)), patience=Patience(outage=2.0))
        given = [batch(0)]
        receive(given[0], desk)
        with filled(disk):
            before(engine)
            with pytest.raises(refused) as refusal:
                for first in range(20, 2000, 20):
                    given.append(batch(first))
                    receive(given[-1], desk)
        server.start()
        yield Filled(engine=engine, desk=desk, given=given, refusal=refusal.value)
        engine.dispose()
        server.stop()


def test_the_disk_of_the_databases_tables(server: Embedded) -> None:
    disk = server.place / "data" / "base"
    with full_while_receiving(server, disk, 90, refused=(DatabaseFull,), before=lambda _: None) as after:
        assert after.refusal.remedy
        assert after.stored() == 20 * (len(after.given) - 1)  # the one that was refused left nothing
        receive(after.given[-1], after.desk)
        assert after.stored() == 20 * len(after.given)


def test_the_disk_of_the_databases_log_of_writes(server: Embedded) -> None:
    def begin_another_segment(engine: Engine) -> None:
        with engine.begin() as conn:
            conn.execute(text("select pg_switch_wal()"))

    # in the middle of a write the server ends itself; where it only wanted the next segment it can still say why
    either, disk = (DatabaseUnreachable, DatabaseFull), server.place / "data" / "pg_wal"
    with full_while_receiving(server, disk, 66, refused=either, before=begin_another_segment) as after:
        assert after.refusal.remedy
        assert after.stored() == 20 * (len(after.given) - 1)  # the one that was refused left nothing
        receive(after.given[-1], after.desk)
        assert after.stored() == 20 * len(after.given)


def test_the_disk_of_our_own_log(tmp_path: Path, database_url: str, engine: Engine) -> None:
    there = place(tmp_path, database_url)
    with there.house() as house:
        receive(batch(0, 2), reception(house.engine, house.store.root, store=house.store))
        assert there.xunwang("evidence", "key", "new").code == 0
        lead = str(one(engine, "select id from leads"))
        with Path("/dev/full").open("w") as full:
            subprocess.run(
                [sys.executable, "-c", "from ops.cli import main; main()", "--config", str(there.config),
                 "evidence", "package", lead, "--out", str(tmp_path / "out")],
                stderr=full, cwd=there.home, env=there.environment(), check=False,
            )  # fmt: skip
        assert one(engine, "select count(*) from packages") == 1
        assert whole(engine, house.store) == 2
        assert there.xunwang("evidence", "package", lead, "--out", "again").code == 0
