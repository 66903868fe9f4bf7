"""A bucket that is away, full or cut off in the middle of a file is told as such; nothing half passes for whole."""

import base64
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.locks import holding
from evidence import Address, Bucket, BucketAway, EvidenceMissing, Objects, Store, StoreFull
from evidence.objects import BucketExtraMissing
from records import now
from tests.evidence.places import ROOM, Objectstore, bucket_at, bucket_server
from tests.loopback import Quiet, listening

SECRET = "canary-secret-key"
ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>said by the server</Message></Error>'


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.fixture
def place(server: str, tmp_path: Path, request: pytest.FixtureRequest) -> Objectstore:
    return bucket_at(server, tmp_path / "evidence", f"b-{abs(hash(request.node.name))}")


def store_at(url: str, root: Path) -> Store:
    address = Address(url=url, name="held", access_key="canary-access-key", secret_key=SECRET)
    return Bucket(root, Objects(address), limits=ROOM)


@contextmanager
def answering(*puts: tuple[int, str]) -> Iterator[tuple[str, list[tuple[Any, bytes]]]]:
    """A server that has nothing and answers each PUT in turn (the last one for ever); and what it was sent."""
    sent: list[tuple[Any, bytes]] = []

    class Handler(Quiet):
        def do_HEAD(self) -> None:
            self.answer(404, "")

        def do_PUT(self) -> None:
            sent.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(*puts[min(len(sent), len(puts)) - 1])

        def answer(self, status: int, code: str) -> None:
            body = ERROR.format(code=code).encode() if code else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as url:
        yield url, sent


def test_a_bucket_out_of_reach_is_told_with_a_remedy_and_no_secret(tmp_path: Path) -> None:
    store = store_at("http://127.0.0.1:9", tmp_path)
    for reach in (lambda: store.put(b"x"), lambda: store.get("a" * 64), lambda: store.check("a" * 64), store.probe):
        with pytest.raises(BucketAway) as refused:
            reach()
        told = f"{refused.value}{refused.value.detail}{refused.value!r}"
        assert "E-EVIDENCE-003" in told and "127.0.0.1:9" in told and "canary" not in told


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (507, "InsufficientStorage", StoreFull),
        (507, "XMinioStorageFull", StoreFull),
        (507, "", StoreFull),
        (403, "QuotaExceeded", StoreFull),
        (403, "AccessDenied", BucketAway),
        (400, "BadDigest", BucketAway),
        (404, "NoSuchBucket", BucketAway),
    ],
)
def test_a_server_that_takes_nothing_is_told_as_full_or_as_away(
    tmp_path: Path, status: int, code: str, fault: type
) -> None:
    with answering((status, code)) as (url, _), pytest.raises(fault) as refused:
        store_at(url, tmp_path).put(b"body")
    assert type(refused.value) is fault and str(status) in refused.value.detail
    assert list((tmp_path / "tmp").iterdir()) == []


def test_once_there_is_room_again_it_goes_on(tmp_path: Path) -> None:
    with answering((507, "XMinioStorageFull"), (507, "XMinioStorageFull"), (507, "XMinioStorageFull"), (200, "")) as (
        url,
        sent,
    ):
        store = store_at(url, tmp_path)
        with pytest.raises(StoreFull):
            store.put(b"body")
        while len(sent) < 3:  # as often as the library asks again
            sent.append(sent[-1])
        assert store.put(b"body").sha256 == hashlib.sha256(b"body").hexdigest()


def test_the_server_is_told_what_it_must_have_received(tmp_path: Path) -> None:
    with answering((200, "")) as (url, sent):
        store_at(url, tmp_path).put(b"body" * 999)
    [(headers, body)] = sent
    assert body == b"body" * 999
    assert base64.b64decode(headers["Content-MD5"]) == hashlib.md5(body, usedforsecurity=False).digest()
    assert headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()
    assert SECRET not in str(headers)


DYING = """
import os, sys
from pathlib import Path
from evidence import Address, Bucket, Limits, Objects, Store
import botocore.awsrequest
def end(step): pass
class Dying:
    def __init__(self, body): self.body, self.given = body, 0
    def __len__(self): return len(self.body)
    def tell(self): return self.given
    def seek(self, to, whence=0): self.given = {{0: to, 2: len(self.body)}}[whence]
    def read(self, size=-1):
        if self.given > 500_000 and sending:
            os._exit(9)
        size = len(self.body) if size < 0 else size
        block = self.body[self.given:self.given + size]
        self.given += len(block)
        return block
sending = False
store, body = {opening}, os.urandom(3_000_000)
objects = store._objects
objects._client.meta.events.register("before-send.s3", lambda **_: globals().__setitem__("sending", True))
objects.put("aa/" + "a" * 64, Dying(body))
"""


def test_a_process_that_dies_while_it_sends_leaves_nothing_that_passes_for_whole(place: Objectstore) -> None:
    ran = subprocess.run([sys.executable, "-c", DYING.format(opening=place.opening())], cwd=Path(__file__).parents[2])
    assert ran.returncode == 9
    store = place.store()
    assert not [name for name in store.names() if store.check(name)]
    kept = store.put(b"whole")
    assert store.check(kept.sha256)


def test_nothing_of_the_environment_is_heeded(
    place: Objectstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:9\nregion = nowhere\n")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    store = place.store()
    assert store.check(store.put(b"where the settings say").sha256)


def test_a_probe_leaves_nothing(place: Objectstore) -> None:
    store = place.store()
    assert place.address.url in store.probe()
    assert dict(place.held.items()) == {}


def test_copies_go_after_an_hour_and_are_taken_anew(place: Objectstore) -> None:
    store = place.store()
    first, second = store.put(b"first").sha256, store.put(b"second").sha256
    copy = store.path(first)
    os.utime(copy, (0, 0))
    assert store.path(second).read_bytes() == b"second"
    assert not copy.exists()
    assert (store.path(second).stat().st_mode & 0o777, store.root.stat().st_mode & 0o777) == (0o600, 0o700)
    place.held.clear()
    with pytest.raises(EvidenceMissing):
        store.path(second)


def test_what_is_no_evidence_in_the_bucket_is_left_alone(place: Objectstore) -> None:
    store = place.store()
    objects = Objects(place.address)
    for key in ("notes.txt", "ab/" + "c" * 64, "cc/" + "c" * 63, "cc/x/" + "c" * 64):
        objects.put(key, b"somebody else's")
    assert list(store.names()) == []
    swept = store.sweep(lambda _: set(), older_than=timedelta(0), now=now() + timedelta(days=9))
    assert (swept.orphans, len(dict(place.held.items()))) == ((), 4)


@pytest.mark.db
def test_a_sweep_on_one_machine_waits_for_no_file_that_another_counts_on(
    place: Objectstore, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is old and nobody's; it is put again on another machine just as it is about to be taken away."""
    here, there = (
        Bucket(
            tmp_path / name,
            Objects(place.address),
            limits=ROOM,
            alone=lambda alone: holding(engine, "evidence:test", shared=not alone),
        )
        for name in ("here", "there")
    )
    name = here.put(b"again").sha256
    place.age(name)
    takes_away, again = here._objects.delete, threading.Thread(target=lambda: there.put(b"again"))

    def delete(key: str) -> None:
        again.start()
        again.join(1.0)  # it would be done by now, had it not to wait
        takes_away(key)

    monkeypatch.setattr(Objects, "delete", lambda _, key: delete(key))
    here.sweep(lambda _: set(), older_than=timedelta(hours=24), now=now())
    again.join()
    assert here.check(name)


def test_without_the_library_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(BucketExtraMissing) as refused:
        store_at("https://s3.example", tmp_path)
    assert "locks/s3.txt" in refused.value.remedy[0]
