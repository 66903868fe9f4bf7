"""Packages for the tests of evidence: made of made-up captures, no database needed."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from evidence.keys import Key, KeyRing, read_public
from evidence.manifest import CAPTURE_FIELDS, PACKAGE_FIELDS, not_collected
from evidence.package import Member, Packer
from evidence.verifying import Trust
from evidence.wacz import Received, Visit, write_wacz

AT = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)


def a_key(folder: Path, at: datetime = AT) -> Key:
    return KeyRing(folder).new(at)


def trusting(*keys: Key) -> Trust:
    return Trust(keys=tuple(read_public(b"".join(key.public for key in keys))))


def unrecorded(names: tuple[str, ...]) -> dict[str, Any]:
    """Every field, marked 未采集."""
    facts: dict[str, Any] = {}
    for name in names:
        *groups, last = name.split(".")
        place = facts
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = not_collected("测试")
    return facts


def facts(captures: int = 1) -> dict[str, Any]:
    told = unrecorded(PACKAGE_FIELDS)
    told["packaging"]["at"] = {"utc": AT.isoformat(), "beijing": (AT + timedelta(hours=8)).isoformat()}
    told |= {"audit": {"seq": 12, "head": "a" * 64}, "custody": {"rows": 0, "seq": 0, "head": "0" * 64}}
    return told | {"number": "EV-370481-20261128-0001", "captures": [unrecorded(CAPTURE_FIELDS)] * captures}


def a_package(path: Path, key: Key, *, seed: int = 1, captures: int = 2) -> Path:
    """A package with `captures` pages and pictures of random bytes in it."""
    random = Random(seed)
    work = path.parent / f"{path.name}.d"
    work.mkdir()
    visits, members = [], []
    for number in range(1, captures + 1):
        url = f"http://goods.test/item/{number}"
        page, picture = work / f"page{number}", work / f"picture{number}"
        page.write_bytes(f"<html>象牙 {number}</html>".encode() + random.randbytes(random.randrange(2_000)))
        picture.write_bytes(random.randbytes(random.randrange(1, 3_000)))
        received = []
        for name, file, media_type in (("page.html.txt", page, "text/html"), ("picture.png", picture, "image/png")):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            members.append(
                Member(path=f"captures/{number:04}/{name}", body=file, media_type=media_type, role="raw", sha256=digest)
            )
            received.append(
                Received(url=f"{url}/{name}", media_type=media_type, path=file, sha256=digest, size=file.stat().st_size)
            )
        visits.append(Visit(url=url, title="象牙", at=AT, received=tuple(received), told={"gaps": []}))
    archive = work / "capture.wacz"
    with archive.open("w+b") as file:
        write_wacz(file, visits, software="xunwang tests")
    members.append(Member(path="capture.wacz", body=archive, media_type="application/wacz", role="derived"))
    with path.open("w+b") as file:
        packer = Packer(file)
        for member in members:
            packer.add(member)
        packer.seal(facts(captures), key)
    return path
