"""Putting a package together: the files as they stream by, then the manifest that binds them, then the signature."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, BinaryIO, Final

from evidence.keys import Key
from evidence.manifest import (
    FORMAT,
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    SUMS,
    Digests,
    FileFacts,
    canonical,
    missing,
    sums,
)
from evidence.plain_zip import PlainZip
from evidence.transcript import PATH as TRANSCRIPT
from evidence.transcript import check_attended
from records import Fault

_BLOCK: Final = 1 << 20
_README: Final = "verify/README.txt"


class FileAltered(Fault):
    """存储中的文件与入库时的校验值不符，或已不存在，没有制作证据包。

    A stored file is missing or is no longer what it was; no package was made.
    """

    code = "E-EVIDENCE-030"
    remedy = (
        "请立即保全证据目录与日志，并从备份恢复该文件，再重新制作。",
        "Preserve the evidence folder and the logs, restore the file from a backup, then make the package again.",
    )


class ManifestIncomplete(Fault):
    """清单缺少必备的项，没有制作证据包。

    The manifest lacks fields that it must have; no package was made.
    """

    code = "E-EVIDENCE-031"
    remedy = ("这是程序的缺陷，请把这条信息交给维护人员。", "This is a bug; hand this message to the maintainers.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file that goes in."""

    #: Inside the package.
    path: str
    #: Bytes, or the file that holds them.
    body: bytes | Path
    media_type: str
    #: `raw`, `derived` or `record`.
    role: str
    #: What the bytes must be; empty where they were made just now.
    sha256: str = ""


class Packer:
    """One package in the making, in a file that can be gone back in."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip: Final = PlainZip(file)
        self._files: Final[list[FileFacts]] = []

    def add(self, member: Member) -> FileFacts:
        """One more file, a block at a time. Raises FileAltered, naming it."""
        both = Digests()
        try:
            size = len(member.body) if isinstance(member.body, bytes) else member.body.stat().st_size
            self._zip.write(member.path, size, _watched(member.body, both))
        except (FileNotFoundError, ValueError) as gone:
            raise FileAltered(f"{member.path}（{member.sha256}）：不存在或长度有变") from gone
        sha256, sm3 = both.ended()
        if member.sha256 not in ("", sha256):
            raise FileAltered(f"{member.path}（{member.sha256}）：现为 {sha256}")
        facts = FileFacts(
            path=member.path,
            bytes=both.size,
            sha256=sha256,
            sm3=sm3,
            media_type=member.media_type,
            role=member.role,
        )
        self._files.append(facts)
        return facts

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """What is in it so far."""
        return tuple(self._files)

    def seal(self, facts: Mapping[str, Any], key: Key) -> bytes:
        """Adds what verifies, then the manifest with `facts`, the lists and the signature; returns the manifest.

        Raises ManifestIncomplete where a fact is neither told nor marked 未采集, and Unattended where a transcript
        is among the files without officers in `facts`.
        """
        if any(file.path.startswith(TRANSCRIPT) for file in self._files):
            check_attended(facts)
        readme = resources("evidence").joinpath("verify.txt").read_bytes()
        self.add(Member(path=PUBLIC_KEY, body=key.public, media_type="application/x-pem-file", role="record"))
        self.add(Member(path=_README, body=readme, media_type="text/plain; charset=utf-8", role="record"))
        whole = {**facts, "format": FORMAT, "files": [asdict(file) for file in self._files]}
        whole["key"] = {"id": key.id, "algorithm": "Ed25519"}
        if lacking := missing(whole):
            raise ManifestIncomplete("、".join(lacking))
        manifest = canonical(whole)
        self._plain(MANIFEST, manifest)
        for name, digest in SUMS.items():
            self._plain(name, sums(self._files, manifest, digest))
        self._plain(SIGNATURE, key.sign(manifest))
        self._zip.close()
        return manifest

    def _plain(self, path: str, body: bytes) -> None:
        self._zip.write(path, len(body), [body])


def manifest_hash(manifest: bytes) -> str:
    """What the next package of the district names, and a time-stamp stands for."""
    return hashlib.sha256(manifest).hexdigest()


def _watched(body: bytes | Path, both: Digests) -> Iterator[bytes]:
    if isinstance(body, bytes):
        both.update(body)
        yield body
        return
    with body.open("rb") as file:
        while block := file.read(_BLOCK):
            both.update(block)
            yield block
