"""The store in a bucket: the same names, the same promises, the files as objects of an S3-compatible server.

An object is there whole or not at all, once the server has said so; rows are written after that. The folder holds only
what is in the making, and copies for programs that want a path.
"""

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from evidence.objects import Objects
from evidence.store import LOWER_HEX, EvidenceMissing, Limits, Step, Store, StoredFile, Swept, digest_of, nothing

#: Holds what a sweep and those who put files must not do at once: True alone, False together with others.
Alone = Callable[[bool], AbstractContextManager[object]]

_COPIES: Final = "copies"
#: Seconds after which a copy is nobody's any more.
_COPY_AGE: Final = 3600


class Bucket(Store):
    """Evidence files as objects `aa/aabb…`, as a folder has them, so that one may be copied into the other."""

    __slots__ = ("_alone", "_objects")

    def __init__(
        self,
        folder: Path,
        objects: Objects,
        *,
        limits: Limits | None = None,
        step: Step = nothing,
        alone: Alone | None = None,
    ) -> None:
        """`folder`: for drafts and copies. `step` is called at created, kept.

        `alone` must be one for all machines that share the bucket; without it this machine's processes alone are safe.
        """
        super().__init__(folder, limits=limits, step=step)
        (self.root / _COPIES).mkdir(mode=0o700, exist_ok=True)
        self._objects: Final = objects
        self._alone: Final = alone or self._on_this_machine

    def put(self, body: bytes) -> StoredFile:
        """As in a folder. The same bytes twice are one object, put anew: young, and good again."""
        name = hashlib.sha256(body).hexdigest()
        self._upload(name, len(body), body)
        return StoredFile(sha256=name, size=len(body))

    def keep(self, draft: BinaryIO) -> StoredFile:
        """As in a folder."""
        draft.flush()
        draft.seek(0)
        name, size = digest_of(draft), os.fstat(draft.fileno()).st_size
        self._upload(name, size, draft)
        return StoredFile(sha256=name, size=size)

    def get(self, sha256: str) -> bytes:
        """The bytes under that name. Raises EvidenceMissing, BucketAway."""
        return b"".join(self._objects.blocks(_key(sha256)))

    def path(self, sha256: str) -> Path:
        """A copy of it as it is in the bucket now, good for an hour. Raises EvidenceMissing, BucketAway, StoreFull."""
        key = _key(sha256)
        self._drop_copies(time.time() - _COPY_AGE)
        temporary = self.root / "tmp" / secrets.token_hex(16)
        copy = self.root / _COPIES / sha256
        try:
            with self.writing(), temporary.open("xb") as file:
                for block in self._objects.blocks(key):
                    self.room_on_disk(len(block))
                    file.write(block)
            temporary.chmod(0o600)
            temporary.rename(copy)
        finally:
            temporary.unlink(missing_ok=True)
        return copy

    def check(self, sha256: str) -> bool:
        """Reads the object again and hashes it: False when it is missing, or no longer what its name says."""
        digest = hashlib.sha256()
        try:
            for block in self._objects.blocks(_key(sha256)):
                digest.update(block)
        except EvidenceMissing:
            return False
        return digest.hexdigest() == sha256

    def names(self) -> Iterator[str]:
        """Every name in the bucket, in order."""
        return (name for name, _ in self._listed())

    def sweep(self, known: Callable[[Iterable[str]], set[str]], *, older_than: timedelta, now: datetime) -> Swept:
        """As in a folder; temporary files and copies are this machine's."""
        limit = now - older_than
        old = [name for name, at in self._listed() if at < limit]
        orphans = sorted(set(old) - known(old)) if old else []
        removed = tuple(name for name in orphans if self._take_away(name, limit))
        self._drop_copies(limit.timestamp())
        return Swept(orphans=removed, temporary=self._sweep_temporary(limit.timestamp()))

    def probe(self) -> str:
        """Writes, reads and removes an object that is no evidence; the place. Raises BucketAway."""
        key, body = f"probe/{secrets.token_hex(16)}", secrets.token_bytes(64)
        self._objects.put(key, body)
        try:
            if b"".join(self._objects.blocks(key)) != body:
                raise EvidenceMissing(key)
        finally:
            self._objects.delete(key)
        return self._objects.place

    def _upload(self, name: str, size: int, body: bytes | BinaryIO) -> None:
        with self._alone(False):
            if self._objects.written_at(_key(name)) is None:
                self.room_in_quota(size)
            self._step("created")
            self._objects.put(_key(name), body)
            self._step("kept")

    def _listed(self) -> Iterator[tuple[str, datetime]]:
        for key, at in self._objects.listed():
            folder, _, name = key.partition("/")
            if LOWER_HEX.fullmatch(name) and folder == name[:2]:
                yield name, at

    def _take_away(self, name: str, limit: datetime) -> bool:
        with self._alone(True):
            at = self._objects.written_at(_key(name))
            if at is None or at >= limit:
                return False
            self._objects.delete(_key(name))
        return True

    def _on_this_machine(self, alone: bool) -> AbstractContextManager[None]:
        return self._locked(fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

    def _drop_copies(self, limit: float) -> None:
        for copy in (self.root / _COPIES).iterdir():
            try:
                if copy.lstat().st_mtime < limit:
                    copy.unlink()
            except FileNotFoundError:  # another process was quicker
                continue


def _key(sha256: str) -> str:
    if not LOWER_HEX.fullmatch(sha256):
        raise EvidenceMissing
    return f"{sha256[:2]}/{sha256}"
