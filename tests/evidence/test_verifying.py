"""A changed package is found and the file named; a clean one never raises an alarm; a hostile one does no harm."""

import os
import shutil
import stat
import struct
import subprocess
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from evidence.keys import Key, KeyExposed, KeyRing, NoKey, read_public
from evidence.manifest import MANIFEST, SIGNATURE
from evidence.package import FileAltered, ManifestIncomplete, Member, Packer
from evidence.stamping import add_tokens, ask, read_roots
from evidence.strange_zip import MemberBroken, StrangeZip, ZipRefused
from evidence.verifying import Flaw, Trust, verify
from tests.evidence import harm
from tests.evidence.authority import Authority
from tests.evidence.authority import found as found_authority
from tests.evidence.bound import AT, a_key, a_package, facts, trusting


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return a_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return a_key(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, key: Key) -> Path:
    return a_package(tmp_path_factory.mktemp("package") / "EV-370481-20261128-0001.zip", key)


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory, key: Key) -> Path:
    return a_package(tmp_path_factory.mktemp("package") / "EV-370481-20261128-0002.zip", key, seed=2)


def kinds(package: Path, another: Path, other: Key) -> list[harm.Harm]:
    inside = [harm.edit, harm.cut, harm.lengthen, harm.swap, harm.rename, harm.remove, harm.add, harm.relist]
    return [*inside, harm.resign(other), harm.transplant(another)]


def found(path: Path, trust: Trust) -> tuple[int, set[str]]:
    """Exit code, and the names that a reader is told."""
    try:
        verdict = verify(path, trust)
    except ZipRefused as refused:
        return refused.exit_code, {refused.detail}
    return verdict.exit_code, {one.path + one.told for one in verdict.findings}


def mutate(count: int, package: Path, kinds: list[harm.Harm], trust: Trust, folder: Path) -> list[str]:
    """Changes `package` so many times, by every kind in turn; returns what was not found or not named."""
    random, members, raw = Random(20261128), harm.read(package), package.read_bytes()
    spans, missed = harm.spans(package), []
    folder.mkdir(exist_ok=True)
    changed = folder / package.name
    for number in range(count):
        name, kind = package.name, number % (len(kinds) + 3)
        if kind == len(kinds):  # a bit of the file itself, wherever it stands
            bit = random.randrange(len(raw) * 8)
            changed.write_bytes(harm.flip(raw, bit))
            name = next((inside for start, end, inside in spans if start <= bit // 8 < end), name)
        elif kind == len(kinds) + 1:
            changed.write_bytes(raw[: random.randrange(len(raw))])
        elif kind == len(kinds) + 2:
            changed.write_bytes(harm.rezipped(members))
        else:
            mine = dict(members)
            name = kinds[kind](mine, random)
            changed.write_bytes(harm.write(mine))
        code, names = found(changed, trust)
        told = " ".join(names)
        if (
            code == 3
            and kind < len(kinds)
            and kinds[kind] is harm.remove
            and trust.roots
            and name not in harm.read(changed)
        ):
            continue  # without its only time-stamp a package is what it was before, and no longer exit 0
        if code not in (1, 2) or (name not in told and not _structural(name, told, package)):
            missed.append(f"{number} {name}: {code} {names}")
    return missed


def _structural(name: str, told: str, package: Path) -> bool:
    """A bit of a header changes what the zip itself says: then the package is named, or a member by its new name."""
    return name == package.name and bool(told)


def test_random_changes_are_all_found_and_named(
    package: Path, another: Path, key: Key, other: Key, tmp_path: Path
) -> None:
    assert mutate(130, package, kinds(package, another, other), trusting(key), tmp_path) == []


@pytest.mark.drill
def test_a_thousand_changes_are_found_and_two_hundred_clean_ones_are_clean(
    package: Path, another: Path, key: Key, other: Key, tmp_path: Path
) -> None:
    """Must-show 1 of the issue: every change found and named, no false alarm, sha256sum and openssl agree."""
    assert mutate(1_000, package, kinds(package, another, other), trusting(key), tmp_path) == []
    for number in range(200):
        clean = a_package(tmp_path / f"EV-370481-20261128-{number:04}.zip", key, seed=number, captures=number % 4 + 1)
        assert found(clean, trusting(key)) == (3, set())
        strangers_agree(clean, tmp_path / f"unpacked{number}")


def stamped(package: Path, authority: Authority, into: Path) -> Path:
    """The package with a token of that authority."""
    manifest = harm.read(package)[MANIFEST]
    token = authority.reply(ask(manifest).as_bytes())
    with into.open("w+b") as file:
        add_tokens(package, [token], file)
    return into


def trusting_both(key: Key, authority: Authority) -> Trust:
    return replace(trusting(key), roots=tuple(read_roots(authority.roots.read_bytes())))


def test_changes_of_a_time_stamp_are_found_and_named(
    package: Path, another: Path, key: Key, other: Key, tmp_path: Path
) -> None:
    """Also in the parts of a token that its authority did not sign; and one of several taken away."""
    tsa = found_authority(tmp_path / "tsa")
    trust, once = trusting_both(key, tsa), stamped(package, tsa, tmp_path / package.name)
    assert found(once, trust) == (0, set())
    [(start, end, name)] = [span for span in harm.spans(once) if span[2].startswith("timestamp/")]
    raw, changed = once.read_bytes(), tmp_path / "changed.zip"
    random = Random(7)
    for bit in random.sample(range(start * 8, end * 8), 60):
        members = harm.read(once)
        members[name] = harm.flip(raw, bit)[start:end]
        changed.write_bytes(harm.write(members))
        code, names = found(changed, trust)
        assert code == 1 and name in " ".join(names), bit
    twice = stamped(once, tsa, tmp_path / "twice.zip")
    members = harm.read(twice)
    del members[name]
    changed.write_bytes(harm.write(members))
    assert found(changed, trust)[0] == 1
    assert mutate(26, once, kinds(once, another, other), trust, tmp_path / "drill") == []


@pytest.mark.drill
def test_a_thousand_changes_of_stamped_packages_are_found_and_clean_ones_are_clean(
    package: Path, another: Path, key: Key, other: Key, tmp_path: Path
) -> None:
    """Must-show 1 once more, with tokens of an authority of our own (`openssl ts`) in the packages."""
    tsa = found_authority(tmp_path / "tsa")
    trust, once = trusting_both(key, tsa), stamped(package, tsa, tmp_path / package.name)
    beside = stamped(another, tsa, tmp_path / another.name)
    assert mutate(1_000, once, kinds(once, beside, other), trust, tmp_path / "drill") == []
    for number in range(200):
        clean = a_package(tmp_path / f"clean{number}.zip", key, seed=number, captures=number % 4 + 1)
        assert found(stamped(clean, tsa, tmp_path / f"stamped{number}.zip"), trust) == (0, set())


def test_clean_ones_raise_no_alarm(key: Key, tmp_path: Path) -> None:
    for number in range(12):
        clean = a_package(tmp_path / f"EV-370481-20261128-{number:04}.zip", key, seed=number, captures=number % 4 + 1)
        assert found(clean, trusting(key)) == (3, set())
    strangers_agree(clean, tmp_path / "unpacked")


def strangers_agree(package: Path, folder: Path) -> None:
    """What verify/README tells a reader to do, without any code of ours."""
    subprocess.run(["unzip", "-q", str(package), "-d", str(folder)], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    signed = ["-rawin", "-in", "manifest.json", "-sigfile", "manifest.sig"]
    asked = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "verify/public.pem", *signed]
    told = subprocess.run(asked, cwd=folder, capture_output=True, text=True)
    assert (told.returncode, told.stdout.strip()) == (0, "Signature Verified Successfully")
    listed = dict(reversed(line.split("  ")) for line in (folder / "SM3SUMS").read_text().splitlines())
    for name in listed:
        told = subprocess.run(["openssl", "dgst", "-sm3", "-r", name], cwd=folder, capture_output=True, text=True)
        assert told.stdout.split()[0] == listed[name]
    shutil.rmtree(folder)


def test_openssl_refuses_a_changed_manifest(package: Path, tmp_path: Path) -> None:
    subprocess.run(["unzip", "-q", str(package), "-d", str(tmp_path)], check=True)
    changed = tmp_path / MANIFEST
    changed.write_bytes(harm.flip(changed.read_bytes(), 100))
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run(["sha256sum", "--check", "--strict", "--status", "SHA256SUMS"], cwd=tmp_path, check=True)
    signed = ["-rawin", "-in", "manifest.json", "-sigfile", "manifest.sig"]
    asked = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "verify/public.pem", *signed]
    assert subprocess.run(asked, cwd=tmp_path, capture_output=True).returncode != 0


def test_packing_it_again_is_told_as_that_and_nothing_else(package: Path, key: Key, tmp_path: Path) -> None:
    again = tmp_path / package.name
    again.write_bytes(harm.rezipped(harm.read(package)))
    verdict = verify(again, trusting(key))
    assert [(one.path, one.flaw) for one in verdict.findings] == [(package.name, Flaw.REPACKED)]
    assert verdict.exit_code == 1
    by_hand = tmp_path / "hand.zip"
    subprocess.run(["unzip", "-q", str(package), "-d", str(tmp_path / "u")], check=True)
    subprocess.run(["zip", "-q", "-r", str(by_hand), "."], cwd=tmp_path / "u", check=True)
    assert [one.flaw for one in verify(by_hand, trusting(key)).findings] == [Flaw.REPACKED]
    upside_down = dict(reversed(harm.read(package).items()))
    by_hand.write_bytes(harm.write(upside_down))
    assert [one.flaw for one in verify(by_hand, trusting(key)).findings] == [Flaw.REPACKED]


def test_another_key_is_untrusted_and_a_forgery_without_one_has_no_signature(
    package: Path, key: Key, other: Key, tmp_path: Path
) -> None:
    forged = tmp_path / "forged.zip"
    members = harm.read(package)
    harm.resign(other)(members, Random(1))
    forged.write_bytes(harm.write(members))
    verdict = verify(forged, trusting(key))
    assert ([one.flaw for one in verdict.findings], verdict.trusted, verdict.key) == ([Flaw.UNTRUSTED], False, other.id)
    assert (
        verify(forged).exit_code == 3
    )  # consistent in itself: without a pinned key nobody can tell, and `key` says so
    assert verify(forged).trusted is None
    members[SIGNATURE] = key.sign(b"something else")
    forged.write_bytes(harm.write(members))
    assert Flaw.SIGNATURE in {one.flaw for one in verify(forged, trusting(key)).findings}


def test_a_rotated_key_still_proves_old_packages(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    with pytest.raises(NoKey):
        ring.current()
    old = ring.new(AT)
    package = a_package(tmp_path / "EV-1.zip", old)
    new = ring.new(AT + timedelta(days=400))
    assert [one.id for one in ring.all()] == [old.id, new.id]
    assert ring.current().id == new.id
    exported = b"".join(b"# a line of words\n" + one.public for one in ring.all())
    verdict = verify(package, Trust(keys=tuple(read_public(exported))))
    assert (verdict.exit_code, verdict.key, verdict.trusted) == (3, old.id, True)
    assert verify(package, trusting(new)).trusted is False


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    ring = KeyRing(tmp_path / "keys")
    ring.new(AT)
    [path] = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(mode)
    with pytest.raises(KeyExposed):
        ring.current()


def test_what_is_no_key_is_not_used(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    ring.new(AT)
    [path] = (tmp_path / "keys").iterdir()
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nx\n")
    with pytest.raises(KeyExposed):
        ring.current()
    moved = tmp_path / "moved"
    path.rename(moved)
    path.symlink_to(moved)
    with pytest.raises(KeyExposed):
        ring.current()


def test_heads_told_outside_must_be_those_in_the_manifest(package: Path, key: Key) -> None:
    def held(*values: str, seq: int = 12) -> Trust:
        return Trust(keys=trusting(key).keys, heads={("audit", seq): frozenset(values)})

    assert verify(package, held("a" * 64)).anchored == ("audit 12",)
    assert verify(package, held("b" * 64, seq=11)).exit_code == 3  # of another row: says nothing
    for wrong in (("b" * 64,), ("a" * 64, "b" * 64)):
        assert [one.flaw for one in verify(package, held(*wrong)).findings] == [Flaw.ANCHOR]


# --- hostile files ---


def zipped(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, body in members:
            out.writestr(name, body)
    return path


def linked(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/../../x",
        "C:/x",
        "a\\..\\x",
        "..",
        "a//b",
        "./x",
        "a\x01b",
        "x\u202egnp",
        "CON:",
        "a" * 1_001,
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", [(MANIFEST, b"{}"), (name, b"x")])
    with pytest.raises(ZipRefused, match="E-EVIDENCE-010"):
        verify(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_links_doubles_and_secrets_are_refused(package: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with pytest.raises(ZipRefused, match="符号链接"):
        verify(zipped(path, [(MANIFEST, b"{}"), (linked("x"), b"/etc/passwd")]))
    for twice in (MANIFEST, MANIFEST.upper()):
        with pytest.raises(ZipRefused, match="重复"):
            verify(zipped(path, [(MANIFEST, b"{}"), (twice, b"{}")]))
    raw = bytearray(zipped(path, [(MANIFEST, b"{}")]).read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(ZipRefused, match="加密"):
        verify(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as out:
        out.writestr(MANIFEST, b"{}")
    with pytest.raises(ZipRefused, match="压缩方法"):
        verify(path)


def test_what_stands_before_behind_or_between_is_refused(package: Path, tmp_path: Path) -> None:
    raw, path = package.read_bytes(), tmp_path / "a.zip"
    hidden = harm.spans(package)[0][1]
    directory = struct.unpack("<I", raw[-6:-2])[0]
    for changed in (
        b"MZ" + raw,
        raw + b"\0",
        raw + raw,
        raw[:hidden] + b"hidden" + raw[hidden:],
        raw[:directory] + b"hidden" + raw[directory:],
        raw[:-2] + b"\x05\0hello",
        b"",
        b"PK\x05\x06",
        os.urandom(100_000),
    ):
        path.write_bytes(changed)
        with pytest.raises(ZipRefused):
            verify(path)


def test_a_bomb_is_not_set_off(tmp_path: Path) -> None:
    """A gigabyte of nothing in a megabyte, said as it is; and a member that lies about its size."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out, out.open(MANIFEST, "w") as member:
        for _ in range(256):
            member.write(bytes(1 << 20))
    with pytest.raises(ZipRefused, match="炸弹"):
        verify(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(MANIFEST, bytes(1 << 20))
    raw = path.read_bytes().replace(struct.pack("<I", 1 << 20), struct.pack("<I", 10))
    path.write_bytes(raw)
    verdict = verify(path)
    assert [one.path for one in verdict.findings] == [MANIFEST]


def test_lies_in_zip64_fields_are_refused(package: Path, tmp_path: Path) -> None:
    """A directory said to be elsewhere, longer, or of more members; entries that overlap one another."""
    raw, path = package.read_bytes(), tmp_path / "a.zip"
    end = len(raw) - 22
    count, length, start = struct.unpack("<HII", raw[end + 10 : end + 20])
    narrow = raw[end : end + 8] + struct.pack("<2H2IH", 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    for said in (
        (count, length, start + 1),
        (1 << 40, length, start),
        (count, 1 << 40, start),
        (count, length, 1 << 63),
    ):
        wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, said[0], *said)
        path.write_bytes(raw[:end] + wide + struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1) + narrow)
        with pytest.raises(ZipRefused):
            verify(path)
    second = raw.index(b"PK\x01\x02", start + 4)
    path.write_bytes(raw[: second + 42] + struct.pack("<I", 0) + raw[second + 46 :])
    with pytest.raises(ZipRefused, match="重叠"):
        verify(path)


def test_a_manifest_that_cannot_be_read_is_named(package: Path, tmp_path: Path, key: Key) -> None:
    members, path = harm.read(package), tmp_path / "a.zip"
    for body in (b"", b"[" * 100_000, b'{"format":1}', b"\xff", b'{"files":1e999}', b"9" * 100_000):
        members[MANIFEST] = body
        members[SIGNATURE] = key.sign(body)
        path.write_bytes(harm.write(members))
        assert MANIFEST in {one.path for one in verify(path, trusting(key)).findings}
    del members[MANIFEST]
    path.write_bytes(harm.write(members))
    with pytest.raises(ZipRefused, match=MANIFEST):
        verify(path)


# --- making them ---


def test_a_file_that_is_not_what_it_was_stops_the_packing(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"as captured")
    member = Member(path="a", body=body, media_type="text/plain", role="raw", sha256=harm.digest(b"as captured"))
    with (tmp_path / "p.zip").open("w+b") as file:
        Packer(file).add(member)
    body.write_bytes(b"as CHANGED!")
    with (tmp_path / "p.zip").open("w+b") as file, pytest.raises(FileAltered, match=member.sha256):
        Packer(file).add(member)


def test_a_manifest_without_a_fact_is_not_signed(tmp_path: Path, key: Key) -> None:
    lacking = facts()
    del lacking["captures"][0]["source"]["peer"]
    lacking["maker"]["unit"] = ""
    with (tmp_path / "p.zip").open("w+b") as file, pytest.raises(ManifestIncomplete) as refused:
        Packer(file).seal(lacking, key)
    assert refused.value.detail == "maker.unit、captures[1].source.peer"


def test_a_package_beyond_the_old_limits_is_read_by_everybody(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes and positions in zip64 fields, with the limit lowered so that small files reach it."""
    monkeypatch.setattr("evidence.plain_zip.LIMIT", 1_500)
    package = a_package(tmp_path / "EV-1.zip", key, captures=3)
    assert found(package, trusting(key)) == (3, set())
    with zipfile.ZipFile(package) as opened:
        assert opened.testzip() is None
        assert {one.extract_version for one in opened.infolist()} == {20, 45}
    strangers_agree(package, tmp_path / "unpacked")
    monkeypatch.undo()
    assert found(package, trusting(key))[0] == 1  # nobody has to write so: it is told as packed again


def test_strange_zips_are_read_in_blocks(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [("a", bytes(3 << 20))])
    with StrangeZip(path) as opened:
        assert [len(block) for block in opened.blocks("a")] == [1 << 20] * 3
        with pytest.raises(MemberBroken):
            opened.read("a", 10)
