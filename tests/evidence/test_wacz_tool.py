"""Our web archives held against the format's own tool, `wacz validate`, in an environment of its own.

The tool brings AGPL: it is run as a program and never imported. Its lock is `locks/archives.txt`.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.evidence import harm
from tests.evidence.bound import a_key, a_package

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, installed for this run; skipped with what was said where no registry answers."""
    folder = tmp_path_factory.mktemp("tool") / "venv"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    python, lock = folder / "bin" / "python", ROOT / "locks" / "archives.txt"
    words = [uv, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", lock]
    done = subprocess.run(words, capture_output=True, text=True, timeout=400)
    if done.returncode:
        pytest.skip(f"wacz could not be installed: {done.stderr.strip()[-300:]}")
    return folder / "bin" / "wacz"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web archive of a package, as it lies in it."""
    folder = tmp_path_factory.mktemp("package")
    package = a_package(folder / "EV-370481-20261128-0001.zip", a_key(folder / "keys"), captures=3)
    with zipfile.ZipFile(package) as opened:
        return Path(opened.extract("capture.wacz", folder))


def valid(tool: Path, archive: Path) -> bool:
    done = subprocess.run([tool, "validate", "-f", archive], capture_output=True, text=True, timeout=120)
    passed = done.returncode == 0 and "Validation succeeded" in done.stdout
    assert passed or done.returncode or "failed" in (done.stdout + done.stderr).lower(), done
    return passed


def test_the_web_archive_of_a_package_is_valid(tool: Path, archive: Path) -> None:
    assert valid(tool, archive)


def test_one_that_was_tampered_with_is_not(tool: Path, archive: Path, tmp_path: Path) -> None:
    members = harm.read(archive)
    names = [name for name in members if name.startswith(("archive/", "indexes/", "pages/"))]
    assert len(names) >= 3
    changed = tmp_path / "changed.wacz"
    for name in names:
        changed.write_bytes(harm.write(members | {name: members[name] + b"x"}))
        assert not valid(tool, changed), f"{name} was lengthened"
        changed.write_bytes(harm.write({one: body for one, body in members.items() if one != name}))
        assert not valid(tool, changed), f"{name} was taken out"
