"""The keys that sign packages: made by a command, 0600, one of them in use, none ever thrown away.

A signature keeps others from changing a package unseen. It does not bind whoever holds the key: for that the heads of
the chains go out of the house every day.
"""

import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from records import Fault

_NAME: Final = re.compile(r"(\d{8}T\d{6})Z-([0-9a-f]{16})\.pem", re.ASCII)
_PEM: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NoKey(Fault):
    """还没有签名密钥，没有制作证据包。

    There is no signing key yet; no package was made.
    """

    code = "E-EVIDENCE-020"
    remedy = (
        "请运行 xunwang evidence key new 生成，再用 xunwang evidence key export 导出公钥，交法制机构留存。",
        "Make one with `xunwang evidence key new`, then export the public key and hand it to whoever will verify.",
    )


class KeyExposed(Fault):
    """签名密钥的文件可被他人读取，或已不是密钥，没有使用。

    The key file can be read by others, or holds no key; it was not used.
    """

    code = "E-EVIDENCE-021"
    remedy = (
        "请把文件权限改为 0600、属主改为运行本系统的账号；如可能已泄露，请运行 xunwang evidence key new 换新密钥。",
        "Set the file to 0600 and to this account; if it may have leaked, make a new one with `evidence key new`.",
    )


class KeyUnreadable(Fault):
    """给出的公钥读不出。

    The public key given cannot be read.
    """

    code = "E-EVIDENCE-022"
    remedy = (
        "需要 Ed25519 公钥，PEM 格式（-----BEGIN PUBLIC KEY-----），可有多个。",
        "It takes Ed25519 public keys as PEM, one or several.",
    )
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One signing key of the house."""

    #: First 16 hex digits of the sha256 of its public half (DER).
    id: str
    made_at: datetime
    #: PEM, for those who verify.
    public: bytes
    private: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """64 bytes that `openssl pkeyutl -verify -rawin` takes."""
        return self.private.sign(message)


class KeyRing:
    """The keys in one folder, oldest first; the newest signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self, at: datetime) -> Key:
        """Makes a key, which is the one in use from now on."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        moment = at.astimezone(UTC).replace(microsecond=0)
        if (old := self.all()) and old[-1].made_at >= moment:
            raise ValueError("a key was made in this very second")
        path = self._folder / f"{moment:%Y%m%dT%H%M%S}Z-{key_id(private.public_key())}.pem"
        with os.fdopen(os.open(path, _CREATE, 0o600), "wb") as file:
            file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        return self._read(path)

    def current(self) -> Key:
        """The one in use. Raises NoKey, KeyExposed."""
        if not (names := self._names()):
            raise NoKey
        return self._read(names[-1])

    def all(self) -> list[Key]:
        """Every key, the one in use last. Raises KeyExposed."""
        return [self._read(path) for path in self._names()]

    def _names(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def _read(self, path: Path) -> Key:
        private = _private(path)
        made, named = _NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]  # only such are listed
        if key_id(private.public_key()) != named:
            raise KeyExposed(f"{path}：内容与文件名不符")
        return Key(
            id=named,
            made_at=datetime.strptime(made, "%Y%m%dT%H%M%S").replace(tzinfo=UTC),
            public=public_pem(private.public_key()),
            private=private,
        )


def key_id(public: Ed25519PublicKey) -> str:
    """How a key is called."""
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:16]


def public_pem(public: Ed25519PublicKey) -> bytes:
    """The public half as PEM."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(pem: bytes) -> list[Ed25519PublicKey]:
    """Every public key in `pem`. Raises KeyUnreadable for none, and for any other kind."""
    try:
        found = [load_pem_public_key(block) for block in _PEM.findall(pem)]
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise KeyUnreadable from wrong
    keys = [one for one in found if isinstance(one, Ed25519PublicKey)]
    if not keys or len(keys) != len(found):
        raise KeyUnreadable
    return keys


def signed_by(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """True where `signature` is that key's over `message`."""
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            facts = os.fstat(file.fileno())
            pem = file.read(10_000)
    except OSError as error:
        raise KeyExposed(f"{path}：{error.strerror}") from error
    if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077 or facts.st_uid != os.geteuid():
        raise KeyExposed(f"{path}：{stat.filemode(facts.st_mode)}")
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise KeyExposed(f"{path}：读不出") from wrong
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyExposed(f"{path}：不是 Ed25519 密钥")
    return private
