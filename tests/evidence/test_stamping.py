"""Time-stamps of an authority on loopback: made, checked by openssl too, refused where they fit another manifest."""

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.keys import Key
from evidence.manifest import MANIFEST
from evidence.stamping import RootsUnreadable, TokenRefused, ask, check_answer, check_token, read_roots
from evidence.verifying import Flaw, Trust, verify
from ops.stamps import NotAsSigned, exchanging, stamp
from tests.evidence import authority, harm
from tests.evidence.authority import Authority
from tests.evidence.bound import a_key, a_package, trusting

HERE = exchanging(["127.0.0.1"])
BODY = b'{"manifest":1}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority.found(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def tsa(made: Authority) -> Iterator[Authority]:
    with authority.serving(Authority(made.folder)) as served:
        yield served


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority.found(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return a_key(tmp_path / "keys")


@pytest.fixture
def package(tmp_path: Path, key: Key) -> Path:
    return a_package(tmp_path / "EV-370481-20261128-0001.zip", key, captures=1)


def held(key: Key, tsa: Authority) -> Trust:
    return Trust(keys=trusting(key).keys, roots=tuple(read_roots(tsa.roots.read_bytes())))


def test_stamped_later_and_nothing_signed_changes(package: Path, key: Key, tsa: Authority, tmp_path: Path) -> None:
    before = package.read_bytes()
    assert verify(package, held(key, tsa)).exit_code == 3
    roots = read_roots(tsa.roots.read_bytes())
    done = stamp(package, [tsa.url, tsa.url], roots, HERE, None, "王芳")
    assert (len(done.stamps), done.failed, done.recorded) == (2, (), False)
    verdict = verify(package, held(key, tsa))
    assert (verdict.exit_code, verdict.findings, len(verdict.stamps)) == (0, (), 2)
    assert all(one.checked for one in verdict.stamps)
    end = harm.spans(package)[-3][1]
    assert package.read_bytes()[:end] == before[:end]
    stamp(package, [tsa.url], roots, HERE, None, "王芳")  # and once more, a third one
    names = [name for name in zipfile.ZipFile(package).namelist() if name.startswith("timestamp/")]
    assert (len(names), verify(package, held(key, tsa)).exit_code) == (3, 0)
    subprocess.run(["unzip", "-q", str(package), "-d", str(tmp_path / "u")], check=True)
    for name in names:  # by openssl, as verify/README says
        asked = ["openssl", "ts", "-verify", "-data", MANIFEST, "-in", name, "-CAfile", str(tsa.roots)]
        told = subprocess.run(asked, cwd=tmp_path / "u", capture_output=True, text=True)
        assert "Verification: OK" in told.stdout + told.stderr


def test_without_a_root_a_stamp_counts_for_nothing(package: Path, key: Key, tsa: Authority) -> None:
    done = stamp(package, [tsa.url], [], HERE, None, "王芳")
    assert not done.stamps[0][1].checked
    verdict = verify(package, trusting(key))
    assert (verdict.exit_code, [one.checked for one in verdict.stamps]) == (3, [False])


def test_another_nonce_manifest_or_root_is_refused(tsa: Authority, stranger: Authority) -> None:
    roots = read_roots(tsa.roots.read_bytes())
    request, other = ask(BODY), ask(BODY)
    answer = tsa.reply(request.as_bytes())
    assert check_answer(request, answer, BODY, roots).checked
    with pytest.raises(TokenRefused, match="随机数"):
        check_answer(other, answer, BODY, roots)
    with pytest.raises(TokenRefused, match="不是这份清单"):
        check_token(answer, BODY + b" ", roots)
    with pytest.raises(TokenRefused, match="根证书"):
        check_token(answer, BODY, read_roots(stranger.roots.read_bytes()))
    with pytest.raises(TokenRefused, match="不是 RFC 3161"):
        check_token(b"<html>", BODY, roots)
    with pytest.raises(RootsUnreadable):
        read_roots(b"no certificate")


def test_a_replayed_broken_or_foreign_answer_leaves_the_package_as_it_was(
    package: Path, tsa: Authority, stranger: Authority
) -> None:
    roots, before = read_roots(tsa.roots.read_bytes()), package.read_bytes()
    with zipfile.ZipFile(package) as opened:
        manifest = opened.read(MANIFEST)
    replayed = tsa.reply(ask(manifest).as_bytes())
    foreign = stranger.reply(ask(manifest).as_bytes())
    for step in (replayed, foreign, b"", b"x" * 100_000, 500, 302):
        tsa.script = [step, step]
        done = stamp(package, [tsa.url], roots, HERE, None, "王芳")
        assert (len(done.failed), done.stamps) == (1, ())
        assert package.read_bytes() == before
    assert len(tsa.asked) == 12  # each tried twice
    assert len(set(tsa.asked)) == 12  # and with a nonce of its own
    tsa.script = [500]
    assert (
        stamp(package, ["http://127.0.0.1:9/tsa", tsa.url], roots, HERE, None, "王芳").failed[0][0].endswith(":9/tsa")
    )


def test_an_address_inside_that_nobody_declared_is_not_asked(package: Path, tsa: Authority) -> None:
    for address in (tsa.url, tsa.url.replace("127.0.0.1", "localhost"), "ftp://tsa.test/", "http://u:p@tsa.test/"):
        done = stamp(package, [address], [], exchanging([]), None, "王芳")
        assert done.stamps == ()
    assert tsa.asked == []


def test_a_changed_package_is_not_stamped_and_a_changed_token_is_found(
    package: Path, key: Key, tsa: Authority, tmp_path: Path
) -> None:
    stamp(package, [tsa.url], [], HERE, None, "王芳")
    members = harm.read(package)
    [name] = [one for one in members if one.startswith("timestamp/")]
    changed = tmp_path / "changed.zip"
    for bit in range(0, len(members[name]) * 8, 997):
        changed.write_bytes(harm.write({**members, name: harm.flip(members[name], bit)}))
        assert {one.path for one in verify(changed, held(key, tsa)).findings} == {name}
    changed.write_bytes(harm.rezipped(members))
    with pytest.raises(NotAsSigned):
        stamp(changed, [tsa.url], [], HERE, None, "王芳")
    moved = {one: body for one, body in members.items() if one != name} | {"timestamp/01-x.tsr.exe": b"x"}
    changed.write_bytes(harm.write(moved))
    assert [one.flaw for one in verify(changed, trusting(key)).findings] == [Flaw.ADDED]
