"""A process that dies at any step leaves no row without its file, and the next run loses and doubles nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import transaction
from db.evidence import all_files, known_files
from evidence import Store
from pipelines import receive
from records import now
from tests.evidence.places import Folder, Objectstore, bucket_at, bucket_server
from tests.pipelines.made import STATE, captured, listing, one, reception, rows

pytestmark = pytest.mark.db
ROOT = Path(__file__).parents[2]

CHILD = """
import os, sys
from pathlib import Path
from db.engine import connect
from evidence import Address, Bucket, Limits, Objects, Store
from pipelines import receive
from tests.pipelines.made import captured, listing, reception
url, point, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
left = [nth]
def end(step):
    if step == point:
        left[0] -= 1
        if not left[0]:
            os._exit(9)
engine = connect(url)
given = [captured(listing(str(n), "象牙" if n % 2 else "木雕")) for n in range(6)]
receive(given, reception(engine, Path(), step=end, store={opening}))
"""

POINTS = [
    *[("folder", step, nth) for step in ("created", "written", "synced", "renamed", "kept") for nth in (1, 4)],
    *[("folder", step, 1) for step in ("recall", "assess", "keep", "evidence", "lead", "commit", "committed")],
    *[("bucket", step, nth) for step in ("created", "kept") for nth in (1, 4)],
    *[("bucket", step, 1) for step in ("evidence", "lead", "commit", "committed")],
]


def good(engine: Engine, store: Store) -> bool:
    """Every row's file is in the store and still what its name says."""
    with engine.connect() as connection:
        return all(store.check(name) for name in all_files(connection))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "point", "nth"), POINTS)
def test_a_crash_at_any_point_then_one_run(
    engine: Engine, database_url: str, tmp_path: Path, request: pytest.FixtureRequest, kind: str, point: str, nth: int
) -> None:
    root = tmp_path / "crashed"
    place: Folder | Objectstore = (
        Folder(root=root) if kind == "folder" else bucket_at(request.getfixturevalue("server"), root, f"{point}-{nth}")
    )
    script = CHILD.replace("{opening}", place.opening())
    assert subprocess.run([sys.executable, "-c", script, database_url, point, str(nth)], cwd=ROOT).returncode == 9
    store = place.store()
    assert good(engine, store)
    expected = 6 if point == "committed" else 0
    assert one(engine, "select count(*) from listings") == expected
    given = [captured(listing(str(n), "象牙" if n % 2 else "木雕")) for n in range(6)]
    receive(given, reception(engine, root, store=store))
    counts = "select (select count(*) from listings), (select count(*) from captures), (select count(*) from leads)"
    assert rows(engine, counts) == [(6, 3, 1)]
    assert rows(engine, "select hits from leads") == [(3,)]
    assert one(engine, "select count(*) from outbox") == 1
    assert good(engine, store)
    before = rows(engine, STATE)
    receive(given, reception(engine, root, store=store))
    assert rows(engine, STATE) == before


def test_every_file_of_every_row_is_what_sha256sum_says(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(listing(str(n), "象牙")) for n in range(8)], desk)
    with engine.connect() as connection:
        names = all_files(connection)
    assert len(names) == 16
    lines = "".join(f"{name}  {desk.store.path(name)}\n" for name in names)
    ran = subprocess.run(["sha256sum", "--check", "--strict", "--quiet"], input=lines, text=True, capture_output=True)
    assert (ran.returncode, ran.stdout) == (0, "")
    sizes = rows(engine, "select sha256, size from evidence_files")
    assert all(desk.store.path(name).stat().st_size == size for name, size in sizes)


def test_the_sweep_knows_which_files_rows_need(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(listing("1", "象牙"))], desk)
    orphan = desk.store.put(b"nobody's").sha256
    for name in list(desk.store.names()):
        os.utime(desk.store.path(name), (0, 0))
    with transaction(engine) as connection:
        swept = desk.store.sweep(
            lambda names: known_files(connection, names), older_than=timedelta(hours=24), now=now()
        )
    assert swept.orphans == (orphan,)
    assert good(engine, desk.store)
