"""Where evidence is kept, a folder or a bucket, and how a test gets at the bytes behind the store's back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence import Address, Bucket, Limits, Objects, Step, Store
from evidence.store import nothing

ROOM = Limits(keep_free=0)
EPOCH = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Files on this disk."""

    root: Path

    def store(self, limits: Limits = ROOM, step: Step = nothing) -> Store:
        return Store(self.root, limits=limits, step=step)

    def bytes_of(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.root.glob("[0-9a-f][0-9a-f]/*")}

    def write(self, name: str, body: bytes) -> None:
        (self.root / name[:2] / name).write_bytes(body)

    def age(self, name: str) -> None:
        os.utime(self.root / name[:2] / name, (EPOCH.timestamp(), EPOCH.timestamp()))

    def opening(self) -> str:
        """Python that opens it in another process."""
        return f"Store(Path({str(self.root)!r}), limits=Limits(keep_free=0), step=end)"


@dataclass(frozen=True, kw_only=True)
class Objectstore:
    """Objects of a server on loopback (moto), in a bucket of their own."""

    root: Path
    address: Address
    #: The server's own objects, by key.
    held: Any

    def store(self, limits: Limits = ROOM, step: Step = nothing) -> Store:
        return Bucket(self.root, Objects(self.address), limits=limits, step=step)

    def bytes_of(self) -> dict[str, bytes]:
        return {key.rpartition("/")[2]: one.value for key, one in self.held.items()}

    def write(self, name: str, body: bytes) -> None:
        self.held[self._key(name)].value = body

    def age(self, name: str) -> None:
        self.held[self._key(name)].last_modified = EPOCH.replace(tzinfo=None)

    def opening(self) -> str:
        one = self.address
        said = f"url={one.url!r}, name={one.name!r}, prefix={one.prefix!r}, access_key='a', secret_key='s'"
        return f"Bucket(Path({str(self.root)!r}), Objects(Address({said})), limits=Limits(keep_free=0), step=end)"

    def _key(self, name: str) -> str:
        return f"{self.address.prefix}{name[:2]}/{name}"


@contextmanager
def bucket_server() -> Iterator[str]:
    """An S3-compatible server on loopback; its address. Skips where it is not installed."""
    server = pytest.importorskip("moto.server", reason="moto（locks/dev.txt）没有安装，无法起一个本机的 S3 服务")
    one = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    one.start()
    try:
        host, port = one.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        one.stop()


def bucket_at(url: str, root: Path, name: str) -> Objectstore:
    """A new bucket of that server."""
    from moto.s3.models import s3_backends

    backend = s3_backends["123456789012"]["aws"]
    backend.create_bucket(name, "us-east-1")
    address = Address(url=url, name=name, prefix="evidence/", access_key="a", secret_key="s")
    return Objectstore(root=root, address=address, held=backend.buckets[name].keys)
