"""The store keeps what it was given, under no other name than its hash, through crashes and full disks.

Where a test takes `place` it is held in a folder and in a bucket; what is said of links, modes and disks is a folder's.
"""

import errno
import hashlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import EvidenceMissing, Limits, Store, StoreFull
from records import now
from tests.evidence.places import ROOM, Folder, Objectstore, bucket_at, bucket_server

TRAVERSALS = [
    *("", ".", "..", "/", "\\", "~", "CON", "NUL", "aux.txt", "a" * 300, "*", "%2e%2e%2f", "\x00", "a\x00b"),
    *("../../etc/passwd", "..\\..\\windows", "..%2f..%2fetc", "....//etc", "/etc/passwd", "//server/share"),
    *("file:///etc/passwd", "tmp", "tmp/x", "tmp/../tmp", "./x", "x/..", "$(touch${IFS}marker)", "`id`", "; rm -rf /"),
    *("a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 63 + "/", "../" + "a" * 61, "a" * 64 + "\n", "\n" + "a" * 64),
    *("a" * 62 + "..", "\uff41" * 64, "\u0661" * 64, "\ud800" * 64, " " + "a" * 63),
]


_NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Folder | Objectstore:
    root = tmp_path / "evidence"
    if request.param == "folder":
        return Folder(root=root)
    return bucket_at(request.getfixturevalue("server"), root, f"test-{next(_NUMBERS)}")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence", limits=ROOM)


def test_the_same_bytes_twice_are_one_file_under_their_hash(place: Folder | Objectstore) -> None:
    store = place.store()
    first, second = store.put("象牙".encode()), store.put("象牙".encode())
    assert first == second
    assert first.sha256 == hashlib.sha256("象牙".encode()).hexdigest()
    assert list(store.names()) == [first.sha256]
    assert place.bytes_of() == {first.sha256: "象牙".encode()}
    assert store.get(first.sha256) == "象牙".encode()
    assert store.path(first.sha256).read_bytes() == "象牙".encode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=5000))
def test_what_goes_in_comes_out(place: Folder | Objectstore, body: bytes) -> None:
    store = place.store()
    kept = store.put(body)
    assert store.get(kept.sha256) == body
    assert store.check(kept.sha256)
    assert kept.size == len(body)


def test_nobody_else_may_read(store: Store) -> None:
    kept = store.put(b"x")
    folders = [store.root, store.root / "tmp", store.path(kept.sha256).parent]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3
    assert store.path(kept.sha256).stat().st_mode & 0o777 == 0o600


def test_a_name_that_is_no_hash_reaches_no_file(place: Folder | Objectstore) -> None:
    store = place.store()
    (store.root / "secret").write_text("secret")
    assert len(TRAVERSALS) >= 40
    for name in TRAVERSALS:
        assert not store.check(name), name
        for reach in (store.get, store.path):
            with pytest.raises(EvidenceMissing):
                reach(name)


def test_a_link_is_never_followed(store: Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    name = hashlib.sha256(b"secret").hexdigest()
    (store.root / name[:2]).mkdir()
    (store.root / name[:2] / name).symlink_to(secret)
    assert not store.check(name)
    with pytest.raises(EvidenceMissing):
        store.get(name)
    other = hashlib.sha256(b"other").hexdigest()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / other).write_bytes(b"other")
    (store.root / other[:2]).symlink_to(tmp_path / "outside")
    assert not store.check(other)


def test_a_link_in_the_place_of_a_file_is_replaced_not_written_through(store: Store, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    name = hashlib.sha256(b"body").hexdigest()
    (store.root / name[:2]).mkdir()
    (store.root / name[:2] / name).symlink_to(victim)
    store.put(b"body")
    assert victim.read_bytes() == b"untouched"
    assert store.check(name)


def test_changed_bytes_are_seen_and_put_again(place: Folder | Objectstore) -> None:
    store = place.store()
    kept = store.put(b"as captured")
    place.write(kept.sha256, b"as changed!")
    assert not store.check(kept.sha256)
    assert store.path(kept.sha256).read_bytes() == b"as changed!"  # for whoever packs it to hash and to name
    store.put(b"as captured")
    assert store.check(kept.sha256)


def test_something_large_is_drafted_and_kept_whole(place: Folder | Objectstore) -> None:
    store, body = place.store(), os.urandom(3_000_000)
    with store.draft(len(body)) as draft:
        draft.write(body)
        draft.seek(10)  # wherever it stands
        kept = store.keep(draft)
    assert (kept.sha256, kept.size) == (hashlib.sha256(body).hexdigest(), len(body))
    assert place.bytes_of() == {kept.sha256: body}
    assert list((store.root / "tmp").iterdir()) == []


def test_the_sha256sum_program_agrees_over_the_whole_store(place: Folder | Objectstore, tmp_path: Path) -> None:
    store = place.store()
    for number in range(40):
        store.put(os.urandom(number * 97))
    for name, body in place.bytes_of().items():
        (tmp_path / name).write_bytes(body)
    lines = "".join(f"{name}  {name}\n" for name in store.names())
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet"], cwd=tmp_path, input=lines, text=True, capture_output=True
    )
    assert lines.count("\n") == 40
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_sweep_takes_old_orphans_and_old_temporary_files_only(place: Folder | Objectstore) -> None:
    store = place.store()
    known, orphan = store.put(b"known").sha256, store.put(b"orphan").sha256
    day = timedelta(hours=24)
    for name in (known, orphan):
        place.age(name)
    young = store.put(b"young").sha256
    (store.root / "tmp" / "dead").write_bytes(b"half")
    os.utime(store.root / "tmp" / "dead", (0, 0))
    (store.root / "tmp" / "alive").write_bytes(b"half")
    swept = store.sweep(lambda names: {known} & set(names), older_than=day, now=now())
    assert (swept.orphans, swept.temporary) == ((orphan,), 1)
    assert sorted(store.names()) == sorted([known, young])
    assert (store.root / "tmp" / "alive").exists()


def test_sweep_spares_a_file_that_was_put_again_meanwhile(place: Folder | Objectstore) -> None:
    store = place.store()
    name = store.put(b"again").sha256
    place.age(name)

    def known_while_another_puts(_names: object) -> set[str]:
        store.put(b"again")  # its row is not committed yet, so nobody knows it
        return set()

    swept = store.sweep(known_while_another_puts, older_than=timedelta(hours=24), now=now())
    assert swept.orphans == ()
    assert store.check(name)


def test_a_disk_below_the_low_water_mark_is_refused_with_a_remedy(tmp_path: Path) -> None:
    store = Store(tmp_path / "evidence", limits=Limits(keep_free=1 << 62, keep_free_share=1.0))
    with pytest.raises(StoreFull) as refused:
        store.put(b"x")
    assert "E-EVIDENCE-001" in str(refused.value)
    assert "磁盘" in refused.value.remedy[0]
    assert list(store.names()) == []


def test_the_quota_is_asked_once_for_each_new_file(place: Folder | Objectstore) -> None:
    asked: list[int] = []

    def quota(size: int) -> None:
        asked.append(size)
        if sum(asked) > 6:
            raise StoreFull

    store = place.store(Limits(keep_free=0, quota=quota))
    store.put(b"four")
    store.put(b"four")
    with pytest.raises(StoreFull):
        store.put(b"three")
    assert asked == [4, 5]
    assert len(list(store.names())) == 1


def test_a_write_cut_short_leaves_nothing(store: Store) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StoreFull) as refused:
            store.put(b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.strerror(errno.EFBIG) in refused.value.detail
    assert list(store.names()) == []
    assert list((store.root / "tmp").iterdir()) == []
    assert store.check(store.put(b"x" * 5000).sha256)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
def test_a_full_disk_is_met_before_it_is_full(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        assert 0 < _filled(Store(small / "evidence")) < 1_900_000
        assert 0 < _filled(Store(small / "evidence", limits=ROOM)) < 2_200_000
    finally:
        subprocess.run(["umount", str(small)], check=True)


def _filled(store: Store) -> int:
    """Bytes that were taken before the store said no; all of them whole, and nothing beside them."""
    with pytest.raises(StoreFull):
        for _ in range(60):
            store.put(os.urandom(100_000))
    names = list(store.names())
    assert all(store.check(name) for name in names)
    assert list((store.root / "tmp").iterdir()) == []
    return len(names) * 100_000


CRASH = """
import os, sys
from pathlib import Path
from evidence import Address, Bucket, Limits, Objects, Store
def end(step):
    if step == sys.argv[1]:
        os._exit(9)
store = {opening}
store.put(b"evidence" * 1000)
"""
STEPS = [
    *((Folder, step) for step in ("created", "written", "synced", "renamed", "kept")),
    *((Objectstore, step) for step in ("created", "kept")),
]


@pytest.mark.parametrize(("kind", "step"), STEPS)
def test_a_crash_at_any_step_leaves_a_good_file_or_none(
    request: pytest.FixtureRequest, tmp_path: Path, kind: type, step: str
) -> None:
    root = tmp_path / "evidence"
    place: Folder | Objectstore = (
        Folder(root=root)
        if kind is Folder
        else bucket_at(request.getfixturevalue("server"), root, f"crash-{next(_NUMBERS)}")
    )
    script = CRASH.format(opening=place.opening())
    ran = subprocess.run([sys.executable, "-c", script, step], cwd=Path(__file__).parents[2])
    assert ran.returncode == 9
    store = place.store()
    assert all(store.check(name) for name in store.names())
    assert len(place.bytes_of()) == (step in ("renamed", "kept"))
    kept = store.put(b"evidence" * 1000)
    assert list(store.names()) == [kept.sha256]
    assert store.check(kept.sha256)
