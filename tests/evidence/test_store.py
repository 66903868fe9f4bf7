"""The store keeps what it was given, under no other name than its hash, through crashes and full disks."""

import errno
import hashlib
import os
import resource
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import EvidenceMissing, Limits, Store, StoreFull
from records import now

ROOM = Limits(keep_free=0)
TRAVERSALS = [
    *("", ".", "..", "/", "\\", "~", "CON", "NUL", "aux.txt", "a" * 300, "*", "%2e%2e%2f", "\x00", "a\x00b"),
    *("../../etc/passwd", "..\\..\\windows", "..%2f..%2fetc", "....//etc", "/etc/passwd", "//server/share"),
    *("file:///etc/passwd", "tmp", "tmp/x", "tmp/../tmp", "./x", "x/..", "$(touch${IFS}marker)", "`id`", "; rm -rf /"),
    *("a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 63 + "/", "../" + "a" * 61, "a" * 64 + "\n", "\n" + "a" * 64),
    *("a" * 62 + "..", "\uff41" * 64, "\u0661" * 64, "\ud800" * 64, " " + "a" * 63),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence", limits=ROOM)


def test_the_same_bytes_twice_are_one_file_under_their_hash(store: Store) -> None:
    first, second = store.put("象牙".encode()), store.put("象牙".encode())
    assert first == second
    assert first.sha256 == hashlib.sha256("象牙".encode()).hexdigest()
    assert list(store.names()) == [first.sha256]
    assert store.get(first.sha256) == "象牙".encode()
    assert store.path(first.sha256).read_bytes() == "象牙".encode()


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=5000))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    store = Store(tmp_path_factory.mktemp("store"), limits=ROOM)
    kept = store.put(body)
    assert store.get(kept.sha256) == body
    assert store.check(kept.sha256)
    assert kept.size == len(body)


def test_nobody_else_may_read(store: Store) -> None:
    kept = store.put(b"x")
    folders = [store.root, store.root / "tmp", store.path(kept.sha256).parent]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3
    assert store.path(kept.sha256).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", TRAVERSALS)
def test_a_name_that_is_no_hash_reaches_no_file(store: Store, name: str) -> None:
    (store.root / "secret").write_text("secret")
    assert len(TRAVERSALS) >= 40
    assert not store.check(name)
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


def test_changed_bytes_are_seen_and_put_again(store: Store) -> None:
    kept = store.put(b"as captured")
    store.path(kept.sha256).write_bytes(b"as changed!")
    assert not store.check(kept.sha256)
    store.put(b"as captured")
    assert store.check(kept.sha256)


def test_the_sha256sum_program_agrees_over_the_whole_store(store: Store) -> None:
    for number in range(40):
        store.put(os.urandom(number * 97))
    lines = "".join(f"{name}  {name[:2]}/{name}\n" for name in store.names())
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet"], cwd=store.root, input=lines, text=True, capture_output=True
    )
    assert lines.count("\n") == 40
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_sweep_takes_old_orphans_and_old_temporary_files_only(store: Store) -> None:
    known, orphan = store.put(b"known").sha256, store.put(b"orphan").sha256
    day = timedelta(hours=24)
    for name in (known, orphan):
        os.utime(store.path(name), (0, 0))
    young = store.put(b"young").sha256
    (store.root / "tmp" / "dead").write_bytes(b"half")
    os.utime(store.root / "tmp" / "dead", (0, 0))
    (store.root / "tmp" / "alive").write_bytes(b"half")
    swept = store.sweep(lambda names: {known} & set(names), older_than=day, now=now())
    assert (swept.orphans, swept.temporary) == ((orphan,), 1)
    assert sorted(store.names()) == sorted([known, young])
    assert (store.root / "tmp" / "alive").exists()


def test_sweep_spares_a_file_that_was_put_again_meanwhile(store: Store) -> None:
    name = store.put(b"again").sha256
    os.utime(store.path(name), (0, 0))

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


def test_the_quota_is_asked_once_for_each_new_file(tmp_path: Path) -> None:
    asked: list[int] = []

    def quota(size: int) -> None:
        asked.append(size)
        if sum(asked) > 6:
            raise StoreFull

    store = Store(tmp_path / "evidence", limits=Limits(keep_free=0, quota=quota))
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
from evidence import Limits, Store
def end(step):
    if step == sys.argv[2]:
        os._exit(9)
Store(Path(sys.argv[1]), limits=Limits(keep_free=0), step=end).put(b"evidence" * 1000)
"""


@pytest.mark.parametrize("step", ["created", "written", "synced", "renamed", "kept"])
def test_a_crash_at_any_step_leaves_a_good_file_or_none(tmp_path: Path, step: str) -> None:
    root = tmp_path / "evidence"
    ran = subprocess.run([sys.executable, "-c", CRASH, str(root), step], cwd=Path(__file__).parents[2])
    assert ran.returncode == 9
    store = Store(root, limits=ROOM)
    assert all(store.check(name) for name in store.names())
    kept = store.put(b"evidence" * 1000)
    assert list(store.names()) == [kept.sha256]
    assert store.check(kept.sha256)
