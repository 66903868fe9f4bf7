"""Is a package what was signed? Asked of the file alone: no database, no network, nothing unpacked."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import Certificate

from evidence.keys import KeyUnreadable, key_id, read_public, signed_by
from evidence.manifest import FORMAT, MANIFEST, PUBLIC_KEY, SIGNATURE, SUMS, TIMESTAMPS, Digests, FileFacts, sums
from evidence.manifest import canonical as spelled
from evidence.stamping import LONGEST_TOKEN, Stamp, TokenRefused, check_token, token_name
from evidence.strange_zip import MemberBroken, StrangeZip, ZipRefused

#: Bytes of a manifest, and of a list, that are read.
_LONGEST: Final = 64 << 20


class Flaw(StrEnum):
    """What is wrong with a package, or with one file of it."""

    ALTERED = "内容被改动"
    REMOVED = "被删除"
    ADDED = "清单以外的文件"
    RENAMED = "被改名"
    SIGNATURE = "签名与清单不符"
    UNTRUSTED = "签名完好，但签名密钥不在信任的公钥之中"
    STAMP = "时间戳不成立"
    ANCHOR = "清单所记的链首与库外留存的不符"
    REPACKED = "重新打包：内容与签名时完全一致，外层压缩包的字节不是签发时的"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong."""

    #: The file inside the package; the package's own name where it is the package as such.
    path: str
    flaw: Flaw
    #: What more can be said.
    told: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What verifying one package found."""

    #: Name of the file.
    package: str
    findings: tuple[Finding, ...]
    #: As the manifest says; empty where it cannot be read.
    number: str = ""
    made_at: str = ""
    demo: bool = False
    #: Of the key that signed; empty where no signature holds.
    key: str = ""
    #: True where that key was among the trusted ones; None where none were named.
    trusted: bool | None = None
    manifest_sha256: str = ""
    files: int = 0
    #: Of all files together.
    bytes: int = 0
    stamps: tuple[Stamp, ...] = ()
    #: Heads of the chains in the manifest that were among those told outside, and are the same.
    anchored: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 as signed, 1 altered, 3 as signed but without a time-stamp that could be checked."""
        if self.findings:
            return 1
        return 0 if any(stamp.checked for stamp in self.stamps) else 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """What a package is held against."""

    #: Public keys; empty: the one in the package, which proves nothing about who signed.
    keys: tuple[Ed25519PublicKey, ...] = ()
    #: Roots of time-stamping authorities.
    roots: tuple[Certificate, ...] = field(default=(), repr=False)
    #: Heads that were told outside the house: chain (audit, custody) and number → hashes.
    heads: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)


def verify(path: Path, trust: Trust | None = None) -> Verdict:
    """Reads the whole package once, in blocks. Raises ZipRefused for what is no package at all."""
    held = trust or Trust()
    with StrangeZip(path) as package:
        if MANIFEST not in package.names:
            raise ZipRefused(f"{path.name}：没有 {MANIFEST}，不是本系统的证据包")
        try:
            manifest = package.read(MANIFEST, _LONGEST)
        except MemberBroken:
            return Verdict(package=path.name, findings=(Finding(path=MANIFEST, flaw=Flaw.ALTERED),))
        signed, key, trusted = _signature(package, manifest, held)
        verdict = Verdict(package=path.name, findings=tuple(signed), key=key, trusted=trusted)
        listed = _listed(manifest)
        if listed is None:
            altered = Finding(path=MANIFEST, flaw=Flaw.ALTERED, told="不是规范写法的清单")
            return replace(verdict, findings=(*verdict.findings, altered))
        stamps, refused = _stamps(package, manifest, held.roots)
        anchored, strange = _anchors(listed.heads, held.heads)
        found = [*signed, *_files(package, listed.files), *_lists(package, listed.files, manifest), *refused, *strange]
        if not found and not package.as_written(_order(package, listed.files)):
            found = [Finding(path=path.name, flaw=Flaw.REPACKED)]
    return replace(
        verdict,
        findings=tuple(found),
        number=listed.number,
        made_at=listed.made_at,
        demo=listed.demo,
        manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        files=len(listed.files),
        bytes=sum(file.bytes for file in listed.files),
        stamps=tuple(stamps),
        anchored=tuple(anchored),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    number: str
    made_at: str
    demo: bool
    files: list[FileFacts]
    #: Chain → number and hash of its head when the package was made.
    heads: dict[str, tuple[int, str]]


def _listed(manifest: bytes) -> _Listed | None:
    """What the manifest lists; None where it is not spelled as ours are."""
    try:
        told = json.loads(manifest)
        if spelled(told) != manifest or told["format"] != FORMAT:
            return None
        files = [_facts(one) for one in told["files"]]
        if len({file.path for file in files}) != len(files):
            return None
        return _Listed(
            number=str(told["number"]),
            made_at=str(told["packaging"]["at"]["beijing"]),
            demo=bool(told.get("demo")),
            files=files,
            heads={chain: _head(told[chain]) for chain in ("audit", "custody")},
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _head(told: Any) -> tuple[int, str]:
    return int(told["seq"]), str(told["head"])


def _anchors(
    heads: Mapping[str, tuple[int, str]], told: Mapping[tuple[str, int], frozenset[str]]
) -> tuple[list[str], list[Finding]]:
    """Which heads were told outside as they stand here, and which otherwise; one that was not told says nothing."""
    same, strange = [], []
    for chain, (seq, value) in heads.items():
        expected = told.get((chain, seq))
        if expected == frozenset({value}):
            same.append(f"{chain} {seq}")
        elif expected:
            strange.append(Finding(path=MANIFEST, flaw=Flaw.ANCHOR, told=f"{chain} {seq}"))
    return same, strange


def _facts(told: Any) -> FileFacts:
    facts = FileFacts(**told)
    for one in fields(facts):
        if type(getattr(facts, one.name)) is not (int if one.name == "bytes" else str):
            raise TypeError(one.name)
    return facts


def _signature(package: StrangeZip, manifest: bytes, held: Trust) -> tuple[list[Finding], str, bool | None]:
    """What is wrong with the signature; which key made it; whether that key is trusted."""
    if SIGNATURE not in package.names:
        return [Finding(path=SIGNATURE, flaw=Flaw.REMOVED)], "", None
    try:
        signature = package.read(SIGNATURE, 4096)
    except MemberBroken:
        return [Finding(path=SIGNATURE, flaw=Flaw.ALTERED)], "", None
    for public in held.keys:
        if signed_by(public, signature, manifest):
            return [], key_id(public), True
    own = _own_key(package)
    if own is None or not signed_by(own, signature, manifest):
        return [_unsigned(package, manifest)], "", None
    if held.keys:
        return [Finding(path=PUBLIC_KEY, flaw=Flaw.UNTRUSTED, told=f"密钥 {key_id(own)}")], key_id(own), False
    return [], key_id(own), None


def _unsigned(package: StrangeZip, manifest: bytes) -> Finding:
    """No key made this signature over this manifest: the lists beside them tell which of the two was touched."""
    line = f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()
    try:
        listed = "SHA256SUMS" in package.names and package.read("SHA256SUMS", _LONGEST).endswith(line)
    except MemberBroken:
        listed = False
    if listed:
        return Finding(path=SIGNATURE, flaw=Flaw.SIGNATURE, told=f"也可能是 {MANIFEST} 与校验值清单一并被改")
    return Finding(path=MANIFEST, flaw=Flaw.SIGNATURE)


def _own_key(package: StrangeZip) -> Ed25519PublicKey | None:
    if PUBLIC_KEY not in package.names:
        return None
    try:
        return read_public(package.read(PUBLIC_KEY, 10_000))[0]
    except (KeyUnreadable, MemberBroken):
        return None


def _files(package: StrangeZip, files: list[FileFacts]) -> list[Finding]:
    """Every file of the manifest against its bytes, and every other one."""
    known = {file.path for file in files} | {MANIFEST, SIGNATURE, *SUMS}
    strangers = {name: _digest(package, name) for name in package.names if name not in known and not _token(name)}
    found = []
    for file in files:
        if file.path not in package.names:
            moved = next((name for name, sha256 in strangers.items() if sha256 == file.sha256), "")
            strangers.pop(moved, None)
            flaw = Flaw.RENAMED if moved else Flaw.REMOVED
            found.append(Finding(path=file.path, flaw=flaw, told=f"现名 {moved}" if moved else ""))
        elif why := _difference(package, file):
            found.append(Finding(path=file.path, flaw=Flaw.ALTERED, told=why))
    return found + [Finding(path=name, flaw=Flaw.ADDED) for name in strangers]


def _difference(package: StrangeZip, file: FileFacts) -> str:
    if package.size(file.path) != file.bytes:
        return f"应为 {file.bytes} 字节，现为 {package.size(file.path)} 字节"
    both = Digests()
    try:
        for block in package.blocks(file.path):
            both.update(block)
    except MemberBroken:
        return "读不到结尾，或与压缩包自己的校验码不符"
    sha256, sm3 = both.ended()
    return "" if (sha256, sm3) == (file.sha256, file.sm3) else f"sha256 现为 {sha256}"


def _digest(package: StrangeZip, name: str) -> str:
    """Digest of a file that the manifest does not list; its own name where it cannot be read."""
    digest = hashlib.sha256()
    try:
        for block in package.blocks(name):
            digest.update(block)
    except MemberBroken:
        return name
    return digest.hexdigest()


def _lists(package: StrangeZip, files: list[FileFacts], manifest: bytes) -> Iterator[Finding]:
    for name, digest in SUMS.items():
        if name not in package.names:
            yield Finding(path=name, flaw=Flaw.REMOVED)
            continue
        expected = sums(files, manifest, digest)
        try:
            same = package.size(name) == len(expected) and package.read(name, _LONGEST) == expected
        except MemberBroken:
            same = False
        if not same:
            yield Finding(path=name, flaw=Flaw.ALTERED)


def _stamps(package: StrangeZip, manifest: bytes, roots: Sequence[Certificate]) -> tuple[list[Stamp], list[Finding]]:
    stamps: list[Stamp] = []
    found: list[Finding] = []
    for number, name in enumerate(sorted(filter(_token, package.names)), 1):
        try:
            token = package.read(name, LONGEST_TOKEN)
            stamp = check_token(token, manifest, roots)
        except TokenRefused as refused:
            found.append(Finding(path=name, flaw=Flaw.STAMP, told=refused.detail))
        except MemberBroken:
            found.append(Finding(path=name, flaw=Flaw.ALTERED))
        else:
            # a token has parts that nobody signed: its name tells of a change there, and of one taken from before it
            if name != token_name(number, token):
                found.append(Finding(path=name, flaw=Flaw.STAMP, told="与文件名所记的次序和校验值不符"))
            stamps.append(replace(stamp, path=name))
    return stamps, found


def _token(name: str) -> bool:
    return name.startswith(TIMESTAMPS) and name.endswith(".tsr")


def _order(package: StrangeZip, files: list[FileFacts]) -> list[str]:
    """The members of a package in the order in which they were written."""
    return [*(file.path for file in files), MANIFEST, *SUMS, SIGNATURE, *sorted(filter(_token, package.names))]
