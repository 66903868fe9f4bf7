"""The manifest: what a package holds and how it came about, in the one spelling that is hashed and signed.

Canonical JSON: keys sorted, no spaces, UTF-8, no floats. What FAULTS §3.2 asks for and nobody recorded stands there
too, as `{"未采集": reason}`: a missing fact is told, never left out.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SM3, Hash

#: Name and version of what the package is written in.
FORMAT: Final = "xunwang-evidence/1"

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
#: Lists for programs that everybody has, each with the digest it is made of.
SUMS: Final = {"SHA256SUMS": "sha256", "SM3SUMS": "sm3"}
#: Stand outside the signed set and are added later.
TIMESTAMPS: Final = "timestamp/"
PUBLIC_KEY: Final = "verify/public.pem"
CUSTODY: Final = "chain/custody.jsonl"

NOT_COLLECTED: Final = "未采集"

#: Facts of the package as a whole, and of each of its captures; a dot leads into a group.
PACKAGE_FIELDS: Final = (
    "format", "number", "nature", "previous", "files", "captures", "custody", "audit",
    "maker.operator", "maker.unit", "maker.officers",
    "packaging.software", "packaging.version", "packaging.commit", "packaging.at.utc", "packaging.at.beijing",
    "packaging.host", "packaging.os", "packaging.image_digest", "packaging.hosts_file_sha256",
)  # fmt: skip
CAPTURE_FIELDS: Final = (
    "source.requested_url", "source.final_url", "source.redirects", "source.entry", "source.platform",
    "source.item_id", "source.peer", "source.resolver",
    "method.told", "method.software", "method.version", "method.commit", "method.chromium", "method.scrapy",
    "method.user_agent", "method.viewport", "method.proxy", "method.robots", "method.rate",
    "time.start.utc", "time.start.beijing", "time.end", "time.clock_offset", "time.clock_source", "time.server_date",
    "environment.host", "environment.os", "environment.image_digest", "environment.clean_profile",
    "environment.extensions", "environment.hosts_file_sha256", "environment.dns_answer",
    "flags.truncated", "flags.partial", "flags.blocked", "encoding.declared", "encoding.used",
    "bodies", "gaps", "files", "match",
)  # fmt: skip
FILE_FIELDS: Final = ("path", "bytes", "sha256", "sm3", "media_type", "role")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """One file of a package, as the manifest lists it."""

    #: Inside the package, with slashes.
    path: str
    bytes: int
    #: Lower-case hex.
    sha256: str
    sm3: str
    media_type: str
    #: `raw` as received, `derived` by us from that, `record` for what tells of it.
    role: str


class Digests:
    """Both digests of bytes that pass by."""

    def __init__(self) -> None:
        self._sha256, self._sm3, self.size = hashlib.sha256(), Hash(SM3()), 0

    def update(self, block: bytes) -> None:
        """The next bytes."""
        self._sha256.update(block)
        self._sm3.update(block)
        self.size += len(block)

    def ended(self) -> tuple[str, str]:
        """sha256 and sm3, lower-case hex; no more bytes may follow."""
        return self._sha256.hexdigest(), self._sm3.finalize().hex()


def digests(body: bytes) -> tuple[str, str]:
    """sha256 and sm3 of `body`."""
    both = Digests()
    both.update(body)
    return both.ended()


def canonical(value: Any) -> bytes:
    """`value` in its one spelling. Raises TypeError for a float: it has many."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def not_collected(reason: str) -> dict[str, str]:
    """Stands for a fact that nobody recorded."""
    return {NOT_COLLECTED: reason}


def missing(manifest: Mapping[str, Any]) -> list[str]:
    """The fields that are neither there nor marked 未采集 with a reason."""
    found = [name for name in PACKAGE_FIELDS if not _told(manifest, name)]
    for number, capture in enumerate(manifest.get("captures", ()), 1):
        found += [f"captures[{number}].{name}" for name in CAPTURE_FIELDS if not _told(capture, name)]
    for file in manifest.get("files", ()):
        found += [f"{file.get('path')}: {name}" for name in FILE_FIELDS if not _told(file, name)]
    return found


def sums(files: list[FileFacts], manifest: bytes, digest: str) -> bytes:
    """What `sha256sum -c` reads (`digest` sha256), or the same with sm3: every file, and the manifest itself."""
    sha256, sm3 = digests(manifest)
    listed = [(getattr(file, digest), file.path) for file in files]
    listed.append((sha256 if digest == "sha256" else sm3, MANIFEST))
    return "".join(f"{value}  {path}\n" for value, path in listed).encode()


def _told(facts: Mapping[str, Any], name: str) -> bool:
    value: Any = facts
    for part in name.split("."):
        if isinstance(value, Mapping) and NOT_COLLECTED in value:
            break
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    if isinstance(value, Mapping) and NOT_COLLECTED in value:
        return bool(str(value[NOT_COLLECTED]).strip())
    return value is not None and value != ""


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("no floats in a manifest: write them as text")
    for one in _inside(value):
        _refuse_floats(one)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
