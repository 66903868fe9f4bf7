"""Ways in which a package is changed by accident or on purpose; each says which file it changed."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from evidence.keys import Key
from evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, SUMS, FileFacts, canonical, digests, sums
from evidence.plain_zip import PlainZip

Members = dict[str, bytes]
#: Takes the members, changes them, and names the file that a verifier must name.
Harm = Callable[[Members, Random], str]


def read(package: Path) -> Members:
    with zipfile.ZipFile(package) as opened:
        return {one.filename: opened.read(one) for one in opened.infolist()}


def write(members: Members) -> bytes:
    """The members in the form of our own writer: nothing but what was changed tells of the change."""
    file = io.BytesIO()
    out = PlainZip(file)
    for name, body in members.items():
        out.write(name, len(body), [body])
    out.close()
    return file.getvalue()


def rezipped(members: Members) -> bytes:
    """As any archiver would pack them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, body in members.items():
            out.writestr(name, body)
    return file.getvalue()


def spans(package: Path) -> list[tuple[int, int, str]]:
    """Where the bytes of each member stand in the file."""
    found = []
    with zipfile.ZipFile(package) as opened, package.open("rb") as raw:
        for one in opened.infolist():
            raw.seek(one.header_offset + 26)
            name, extra = (int.from_bytes(raw.read(2), "little") for _ in range(2))
            start = one.header_offset + 30 + name + extra
            found.append((start, start + one.file_size, one.filename))
    return found


def flip(body: bytes, bit: int) -> bytes:
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def edit(members: Members, random: Random) -> str:
    name = _any(members, random)
    members[name] = flip(members[name], random.randrange(len(members[name]) * 8))
    return name


def cut(members: Members, random: Random) -> str:
    name = _any(members, random)
    members[name] = members[name][: random.randrange(len(members[name]))]
    return name


def lengthen(members: Members, random: Random) -> str:
    name = _any(members, random)
    members[name] += random.randbytes(random.randrange(1, 50))
    return name


def swap(members: Members, random: Random) -> str:
    first, second = random.sample([name for name in members if name not in (MANIFEST, *SUMS)], 2)
    members[first], members[second] = members[second], members[first]
    return first


def rename(members: Members, random: Random) -> str:
    name = _any(members, random)
    moved = {(f"{name}.old" if one == name else one): body for one, body in members.items()}
    members.clear()
    members.update(moved)
    return name


def remove(members: Members, random: Random) -> str:
    name = _any(members, random)
    del members[name]
    return name


def add(members: Members, random: Random) -> str:
    name = f"captures/0001/extra{random.randrange(100)}.png"
    members[name] = random.randbytes(random.randrange(100))
    return name


def relist(members: Members, random: Random) -> str:
    """A file changed, and the manifest and the lists made to fit; the signature stays."""
    _forge(members, random)
    return MANIFEST


def resign(key: Key) -> Harm:
    """The same, signed with another key, whose public half is put in the place of the first."""

    def harm(members: Members, random: Random) -> str:
        members[PUBLIC_KEY] = key.public
        _forge(members, random)
        members[SIGNATURE] = key.sign(members[MANIFEST])
        return PUBLIC_KEY

    return harm


def transplant(other: Path) -> Harm:
    """A file, or the signature, of another package."""
    donor = read(other)

    def harm(members: Members, random: Random) -> str:
        name = random.choice([one for one in members if members[one] != donor.get(one, members[one])])
        members[name] = donor[name]
        return MANIFEST if name == SIGNATURE else name

    return harm


def _forge(members: Members, random: Random) -> None:
    name = random.choice([one for one in members if one.startswith("captures/")])
    members[name] = flip(members[name], random.randrange(len(members[name]) * 8))
    told = json.loads(members[MANIFEST])
    for file in told["files"]:
        file["sha256"], file["sm3"] = digests(members[file["path"]])
    members[MANIFEST] = canonical(told)
    files = [FileFacts(**file) for file in told["files"]]
    for name, digest in SUMS.items():
        members[name] = sums(files, members[MANIFEST], digest)


def _any(members: Members, random: Random) -> str:
    return random.choice([name for name in members if members[name]])


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
