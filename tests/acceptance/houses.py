"""A house on a test's own database, its settings as a file, and the processes that work in it."""

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sqlalchemy import Engine, text

from demo.serve import RunningTown
from ops.house import House, open_house
from ops.settings import read_settings
from tests.acceptance import forked

ROOT = Path(__file__).resolve().parents[2]
#: What the small towns deal in; fewer kinds, fewer requests.
CATEGORIES = ["ivory", "pangolin", "tool_clamp"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where one test's house stands."""

    home: Path
    config: Path
    database_url: str
    #: Each command starts Python anew, and imports by itself what it needs.
    anew: bool = False

    @contextmanager
    def house(self) -> Iterator[House]:
        """The house in this process, its connections closed at the end."""
        house = open_house(read_settings(self.config, home=self.home, database_url=self.database_url))
        try:
            yield house
        finally:
            house.engine.dispose()

    def environment(self, **more: str) -> dict[str, str]:
        """What a child process of this test sees."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        ours = {"XUNWANG_HOME": str(self.home), "DATABASE_URL": self.database_url, "PYTHONPATH": str(ROOT)}
        return kept | ours | {"PYTHONUTF8": "1", "COLUMNS": "200"} | more

    def xunwang(self, *words: str, stdin: bytes = b"", timeout: float = 120, **more: str) -> "Said":
        """Run the real command line to its end, in a process of its own."""
        words = ("--config", str(self.config), *words)
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            run = anew if self.anew else forked.run
            code = run(words, env=self.environment(**more), cwd=self.home, streams=(given, out, err), timeout=timeout)
            for said in (out, err):
                said.seek(0)
            return Said(code=code, out=out.read().decode(), err=err.read().decode())


def anew(words: Sequence[str], *, streams: Sequence[BinaryIO], **how: Any) -> int:
    """As `forked.run`, with an interpreter of its own."""
    command = [sys.executable, "-c", "from ops.cli import main; main()", *words]
    given, out, err = streams
    return subprocess.run(command, stdin=given, stdout=out, stderr=err, **how).returncode


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines; fails on anything else there."""
        return [json.loads(line) for line in self.out.splitlines()]


def place(tmp_path: Path, database_url: str, settings: Mapping[str, Mapping[str, Any]] | None = None) -> Place:
    """A house's place with `settings` (section → item → value) in its file."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    config = tmp_path / "xunwang.toml"
    lines = [
        line
        for section, items in (settings or {}).items()
        for line in (f"[{section}]", *(f"{name} = {_toml(value)}" for name, value in items.items()))
    ]
    config.write_text("\n".join(lines) + "\n", "utf-8")
    assert tomllib.loads(config.read_text("utf-8")) == json.loads(json.dumps(settings or {}))
    return Place(home=home, config=config, database_url=database_url)


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def crawling(town: RunningTown, **more: Any) -> dict[str, Any]:
    """The [crawl] section that patrols `town` and little of it."""
    return {
        "sites": dict(town.sites),
        "categories": CATEGORIES,
        "max_terms": 2,
        "max_pages": 8,
        "max_details": 3,
        **more,
    }


@contextmanager
def worker(there: Place, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`xunwang worker` as a process of its own while the block runs."""
    words = ["--config", str(there.config), "worker"]
    command = [sys.executable, "-c", "from ops.cli import main; main()", *words]
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=there.home, env=there.environment()
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(
    done: Callable[[], object],
    *,
    seconds: float,
    told: Callable[[], str] = str,
    needs: Sequence[subprocess.Popen[bytes]] = (),
) -> None:
    """Wait for `done` while the processes in `needs` live; a bound for a hung test, not a promise of speed."""
    give_up_at = time.monotonic() + seconds
    while not done():
        assert all(process.poll() is None for process in needs), told()
        assert time.monotonic() < give_up_at, told()
        time.sleep(0.3)


def sql(engine: Engine, statement: str, **facts: object) -> list[tuple[Any, ...]]:
    """Rows by raw SQL: what the house's own figures are held against."""
    with engine.begin() as conn:
        return [tuple(row) for row in conn.execute(text(statement), facts).all()]


def one(engine: Engine, statement: str, **facts: object) -> Any:
    """The one value of a statement."""
    [[value]] = sql(engine, statement, **facts)
    return value


def dump(raw: Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    with raw.begin() as conn:
        names = conn.execute(text("select tablename from pg_tables where schemaname = 'public' order by 1")).scalars()
        return {name: sorted(map(str, conn.execute(text(f'select * from "{name}"')).all())) for name in list(names)}
