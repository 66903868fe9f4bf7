"""The store: files named by the sha256 of their content, so that a name proves what it stands for.

A file reaches its name only whole and only when the disk holds it: temporary file in the same file system → fsync →
rename → fsync of the directory. Rows are written after that, so a crash leaves at worst a file that no row names
(an orphan, which `sweep` takes away after a while), never a row without its file.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from records import Fault

#: What a name in the store looks like. Nothing that comes from a page ever becomes a part of a path.
LOWER_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

#: Called with the name of each step as it is reached; a test may end the process there.
Step = Callable[[str], None]

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY: Final = "tmp"
_BLOCK: Final = 1 << 20


class StoreFull(Fault):
    """证据存储空间不足，已停止写入；已保存的证据未受影响。

    There is no room left for evidence; nothing more is written, and what is stored is unharmed.
    """

    code = "E-EVIDENCE-001"
    remedy = (
        "请清理该磁盘或把证据目录移到更大的磁盘，然后重新运行；未完成的部分会自动补采。",
        "Free space on that disk or move the evidence folder to a larger one, then run again; the rest is redone.",
    )


class EvidenceMissing(Fault):
    """证据文件不存在，或文件名不合规。

    There is no such evidence file, or its name is not a sha256.
    """

    code = "E-EVIDENCE-002"
    remedy = (
        "请运行 xunwang doctor 核对证据目录；如从备份恢复，请一并恢复证据目录。",
        "Run xunwang doctor to compare the evidence folder with the database; restore that folder with the backup.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """A file that the disk holds."""

    #: Lower-case hex digest of its bytes; its name.
    sha256: str
    #: In bytes.
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When to stop writing, before the disk is full."""

    #: Bytes that stay free …
    keep_free: int = 1 << 30
    #: … or this share of the disk, whichever is less (a small disk would else refuse its first file).
    keep_free_share: float = 0.1
    #: Called with the size of each new file before it is written; raises `StoreFull` to refuse it.
    quota: Callable[[int], None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a sweep took away."""

    #: Names of files that no row knew.
    orphans: tuple[str, ...]
    #: Number of temporary files that a dead process had left.
    temporary: int


def nothing(_step: str) -> None:
    """Production has no crash points."""


class Store:
    """Evidence files under one folder, which belongs to this process's user alone (0700, files 0600)."""

    __slots__ = ("_limits", "_step", "root")

    def __init__(self, root: Path, *, limits: Limits | None = None, step: Step = nothing) -> None:
        """Makes `root` where it is missing. `step` is called at created, written, synced, renamed, kept."""
        self.root: Final = root.absolute()
        self._limits: Final = limits or Limits()
        self._step: Final = step
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        (self.root / _TEMPORARY).mkdir(mode=0o700, exist_ok=True)

    def put(self, body: bytes) -> StoredFile:
        """Keeps `body` and returns its name once the disk holds it. The same bytes twice are one file.

        Raises `StoreFull` (and leaves nothing behind) when the disk, the low-water mark or the quota says no.
        """
        name = hashlib.sha256(body).hexdigest()
        kept = StoredFile(sha256=name, size=len(body))
        if self._renew(name, body):
            return kept
        self._room_for(len(body))
        with self.writing():
            self._write(name, body)
        return kept

    @contextmanager
    def draft(self, size: int) -> Iterator[BinaryIO]:
        """An empty file in which something large is put together; gone at the end of the block, unless kept.

        `size`: bytes that it will hold at most. Raises `StoreFull` where there is no room for them.
        """
        self._room_for(size)
        temporary = self.root / _TEMPORARY / secrets.token_hex(16)
        try:
            with self.writing(), open(temporary, "x+b", opener=_private) as file:
                yield file
        finally:
            temporary.unlink(missing_ok=True)

    def keep(self, draft: BinaryIO) -> StoredFile:
        """Gives a draft its name, as `put` does with bytes; its whole content counts, wherever it stands."""
        draft.flush()
        draft.seek(0)
        digest = digest_of(draft)
        self._step("written")
        os.fsync(draft.fileno())
        self._step("synced")
        self._name(Path(draft.name), digest)
        return StoredFile(sha256=digest, size=os.fstat(draft.fileno()).st_size)

    def get(self, sha256: str) -> bytes:
        """The bytes under that name. Raises `EvidenceMissing`."""
        with self._open(sha256) as file:
            return file.read()

    def path(self, sha256: str) -> Path:
        """Where the file lies, for programs that want a path. Raises `EvidenceMissing`; never follows a link."""
        with self._open(sha256):
            return self.root / sha256[:2] / sha256

    def check(self, sha256: str) -> bool:
        """Reads the file again and hashes it: False when it is missing, a link, or no longer what its name says."""
        try:
            with self._open(sha256) as file:
                return digest_of(file) == sha256
        except EvidenceMissing:
            return False

    def names(self) -> Iterator[str]:
        """Every name in the store, in order."""
        for folder in sorted(self.root.iterdir()):
            if re.fullmatch(r"[0-9a-f]{2}", folder.name) and folder.is_dir() and not folder.is_symlink():
                yield from sorted(file.name for file in folder.iterdir() if LOWER_HEX.fullmatch(file.name))

    def sweep(self, known: Callable[[Iterable[str]], set[str]], *, older_than: timedelta, now: datetime) -> Swept:
        """Removes files older than `older_than` that no row names, and temporary files of that age.

        `known` gets names and returns those that rows refer to; it is asked after the age was read, and the age is
        read once more under the lock that `put` takes when it finds its bytes already here. So a file that a
        running `receive` counts on is never taken away from under it.
        """
        limit = (now - older_than).timestamp()
        old = [name for name in self.names() if self._age(name) < limit]
        orphans = sorted(set(old) - known(old)) if old else []
        removed = tuple(name for name in orphans if self._remove(name, limit))
        return Swept(orphans=removed, temporary=self._sweep_temporary(limit))

    def probe(self) -> str:
        """Writes and removes a file that is no evidence; the place. Raises OSError."""
        with open(self.root / _TEMPORARY / secrets.token_hex(16), "xb", opener=_private) as file:
            Path(file.name).unlink()
        return str(self.root)

    @staticmethod
    @contextmanager
    def writing() -> Iterator[None]:
        """A disk that is full by now is said as StoreFull."""
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise StoreFull(os.strerror(error.errno)) from error
            raise

    # --- the steps ---------------------------------------------------------------------------------------------

    def _renew(self, name: str, body: bytes) -> bool:
        """True when these very bytes are kept already; makes them young again, so that no sweep takes them."""
        with self._locked(fcntl.LOCK_SH):
            try:
                with self._open(name) as file:
                    same = file.read() == body
                    if same:
                        os.utime(file.fileno())
            except EvidenceMissing:
                return False
        return same

    def _room_for(self, size: int) -> None:
        self.room_on_disk(size)
        self.room_in_quota(size)

    def room_on_disk(self, size: int) -> None:
        """Raises StoreFull where `size` more bytes leave too little free on this disk."""
        disk = shutil.disk_usage(self.root)
        keep = min(self._limits.keep_free, int(disk.total * self._limits.keep_free_share))
        if disk.free - size < keep:
            raise StoreFull(f"{self.root}: {disk.free >> 20} MiB < {(keep + size) >> 20} MiB")

    def room_in_quota(self, size: int) -> None:
        """Raises StoreFull where `size` more bytes are more than may be kept."""
        if self._limits.quota is not None:
            self._limits.quota(size)

    def _write(self, name: str, body: bytes) -> None:
        temporary = self.root / _TEMPORARY / secrets.token_hex(16)
        try:
            with os.fdopen(os.open(temporary, _CREATE, 0o600), "wb") as file:
                self._step("created")
                file.write(body)
                file.flush()
                self._step("written")
                os.fsync(file.fileno())
            self._step("synced")
            self._name(temporary, name)
        finally:
            temporary.unlink(missing_ok=True)  # under its name it is gone from here; whatever failed leaves nothing

    def _name(self, temporary: Path, name: str) -> None:
        folder = self._folder(name[:2])
        try:
            os.rename(temporary, name, dst_dir_fd=folder)
            self._step("renamed")
            os.fsync(folder)
            self._step("kept")
        finally:
            os.close(folder)

    def _folder(self, prefix: str) -> int:
        """An open folder of the store; made where missing, and its own name made durable."""
        path = self.root / prefix
        if not path.is_dir():
            path.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self.root)
        return os.open(path, _FOLDER)

    @contextmanager
    def _open(self, sha256: str) -> Iterator[BinaryIO]:
        if not LOWER_HEX.fullmatch(sha256):
            raise EvidenceMissing
        try:
            folder = os.open(self.root / sha256[:2], _FOLDER)
            try:
                descriptor = os.open(sha256, _READ, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                raise EvidenceMissing(sha256) from error
            raise
        with os.fdopen(descriptor, "rb") as file:
            yield file

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(self.root / _TEMPORARY, _FOLDER)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _age(self, name: str) -> float:
        return (self.root / name[:2] / name).lstat().st_mtime

    def _remove(self, name: str, limit: float) -> bool:
        with self._locked(fcntl.LOCK_EX):
            if self._age(name) >= limit:
                return False
            (self.root / name[:2] / name).unlink()
        return True

    def _sweep_temporary(self, limit: float) -> int:
        stale = [file for file in (self.root / _TEMPORARY).iterdir() if file.lstat().st_mtime < limit]
        for file in stale:
            file.unlink(missing_ok=True)
        return len(stale)


def digest_of(file: BinaryIO) -> str:
    """Sha256 of what is left to read, lower-case hex."""
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
