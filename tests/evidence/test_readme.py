"""verify/README.txt followed to the letter in a shell, by somebody who has nothing but sha256sum and openssl."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.stamping import add_tokens, ask
from tests.evidence.authority import found
from tests.evidence.bound import a_key, a_package

#: What each command of the description, in its order, must say of a package as it was signed.
SAID = (
    lambda lines: lines and all(line.endswith(": OK") for line in lines),
    lambda lines: lines and all(line.endswith(": OK") for line in lines),
    lambda lines: lines == ["Signature Verified Successfully"],
    lambda lines: re.fullmatch(r"[0-9a-f]{64}  -", lines[0]),
    lambda lines: "Verification: OK" in lines,
    lambda lines: sorted(lines) == ["SHA256SUMS", "SM3SUMS", "manifest.sig"],
)
SHA256, SM3, SIGNATURE, KEY, STAMP, SURPLUS = range(6)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a time-stamp, unpacked, and the authority's root one level up."""
    folder = tmp_path_factory.mktemp("stranger")
    package, authority = a_package(folder / "made.zip", a_key(folder / "keys")), found(folder / "tsa")
    with zipfile.ZipFile(package) as held:
        token = authority.reply(ask(held.read("manifest.json")).as_bytes())
    with (folder / "stamped.zip").open("w+b") as into:
        add_tokens(package, [token], into)
    with zipfile.ZipFile(folder / "stamped.zip") as stamped:
        stamped.extractall(folder / "EV")
    shutil.copy(authority.roots, folder / "ca.pem")
    return folder / "EV"


def commands(folder: Path, language: str) -> list[str]:
    """The indented lines of the Chinese or the English half."""
    chinese, english = re.split(r"^-{50,}$", (folder / "verify/README.txt").read_text("utf-8"), flags=re.M)
    return re.findall(r"^     (\S.*)$", chinese if language == "zh" else english, re.M)


def say(command: str, folder: Path) -> list[str]:
    """What a shell without our programs says to it."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_says_what_the_description_promises(unpacked: Path, language: str) -> None:
    written = commands(unpacked, language)
    assert len(written) == len(SAID)
    for command, promised in zip(written, SAID, strict=True):
        told = say(command, unpacked)
        assert promised(told), (command, told)


def change(folder: Path) -> None:
    (folder / "captures/0001/picture.png").write_bytes(b"another picture")


def add(folder: Path) -> None:
    (folder / "captures/0001/another.png").write_bytes(b"one more")


def edit(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"370481", b"370482"))


def another_key(folder: Path) -> None:
    (folder / "verify/public.pem").write_bytes(a_key(folder.parent / "others").public)


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (change, {SHA256, SM3}),
        (add, {SURPLUS}),
        (edit, {SHA256, SM3, SIGNATURE, STAMP}),
        (another_key, {SHA256, SM3, SIGNATURE}),
    ],
)
def test_each_change_is_seen_by_the_commands_that_should(
    unpacked: Path, tmp_path: Path, harm: Callable[[Path], None], seen: set[int]
) -> None:
    folder = tmp_path / "EV"
    shutil.copytree(unpacked, folder)
    shutil.copy(unpacked.parent / "ca.pem", tmp_path)
    harm(folder)
    written = commands(folder, "zh")
    assert {n for n, command in enumerate(written) if not SAID[n](say(command, folder))} == seen
