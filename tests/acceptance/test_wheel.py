"""The built wheel, installed in an empty environment outside the checkout, carries every file that it needs."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
#: What is no Python and still has to travel: ending → at least so many files.
CARRIED = {".html": 20, ".yml": 40, ".sql": 1, ".json": 10, ".toml": 1, ".css": 2, ".js": 2}

pytestmark = [pytest.mark.slow, pytest.mark.db]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and nothing of the checkout."""

    python: Path
    wheel: Path
    place: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-W", "ignore", *arguments],
            cwd=self.place,
            env=_clean(self.place) | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )


def _clean(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
    return kept | {"HOME": str(home), "XUNWANG_HOME": str(home / "home")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    place = tmp_path_factory.mktemp("wheel")
    copy = place / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    shutil.copytree(ROOT / "console/static/vendor", copy / "console/static/vendor")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", place, copy],
        check=True,
        capture_output=True,
    )
    shutil.rmtree(copy)
    wheel = next(place.glob("*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "env"], check=True)
    python = place / "env/bin/python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    with zipfile.ZipFile(wheel) as archive:  # a pure wheel is installed by unpacking it
        archive.extractall(site)
    # the locked dependencies come from this environment; its .pth files, the checkout's among them, are not followed
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    yield Installed(python=python, wheel=wheel, place=place)


def test_it_is_the_wheel_that_answers(installed: Installed) -> None:
    done = installed.run("-c", "import ops, console, records; print(ops.__file__, console.__file__, records.__file__)")
    assert done.returncode == 0, done.stderr
    assert all(str(installed.place) in path for path in done.stdout.split())
    assert str(ROOT) not in done.stdout


def test_the_wheel_carries_what_is_no_python(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    for ending, least in CARRIED.items():
        assert sum(name.endswith(ending) for name in names) >= least, ending
    assert not [name for name in names if name.startswith(("tests/", "bench/", "docs/", "scripts/"))]


def test_commands_that_read_shipped_files(installed: Installed) -> None:
    main = "import sys; from ops.cli import main; sys.argv[0] = 'xunwang'; main()"
    assert "[crawl]" in installed.run("-c", main, "init", "--print").stdout
    assert "goofish" in installed.run("-c", main, "platform", "list").stdout
    told = installed.run("-c", main, "lexicon", "test", "出一条老象牙手串", "--json").stdout
    assert '"ivory"' in told


def test_it_serves_every_page_and_file(installed: Installed, empty_database_url: str) -> None:
    port = free_port()
    environment = {"DATABASE_URL": empty_database_url, "XUNWANG_CONSOLE__PORT": str(port)}
    main = "import sys; from ops.cli import main; sys.argv[0] = 'xunwang'; main()"
    made = installed.run("-c", main, "user", "add", "pruefer", "--role", "inspector", **environment)
    assert made.returncode == 0, made.stderr
    server = subprocess.Popen(
        [installed.python, "-W", "ignore", "-c", main, "serve"],
        cwd=installed.place,
        env=_clean(installed.place) | environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as visitor:
            _wait(visitor, server)
            _sign_in(visitor, "pruefer", made.stdout.strip())
            for page in ("/", "/review", "/intake", "/scans"):
                assert visitor.get(page).status_code == 200, page
            assert visitor.get("/leads/1").status_code == 404
            statics = [n for n in zipfile.ZipFile(installed.wheel).namelist() if n.startswith("console/static/")]
            assert len(statics) >= 7
            for name in statics:
                answer = visitor.get("/" + name.removeprefix("console/"))
                assert answer.status_code == 200, name
                assert answer.content == zipfile.ZipFile(installed.wheel).read(name)
    finally:
        server.terminate()
        server.wait(20)


def _wait(visitor: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            if visitor.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            assert server.poll() is None, "the console ended"
        time.sleep(0.2)
    raise AssertionError("the console did not answer")


def _sign_in(visitor: httpx.Client, name: str, password: str) -> None:
    token = _token(visitor.get("/login").text)
    origin = {"Origin": str(visitor.base_url).rstrip("/")}
    fields = {"csrf_token": token, "name": name, "password": password, "next": "/"}
    answer = visitor.post("/login", data=fields, headers=origin)
    assert "一次性密码" in answer.text
    chosen = "richtig-langes-Kennwort-42"
    fields = {"csrf_token": _token(answer.text), "old": password, "new": chosen, "again": chosen}
    assert visitor.post("/password", data=fields, headers=origin).status_code == 200


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:500]
    return found[1]
