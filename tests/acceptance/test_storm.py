"""A night in which everything is killed: workers, slices, browsers, clocks, PostgreSQL. Nothing is lost or doubled."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import schedules
from db.embedded import Embedded
from db.engine import transaction
from db.schedules import Schedule
from demo.serve import RunningTown, running
from records import now, shanghai
from tests.acceptance.houses import Place, place, until
from tests.acceptance.judging import sql, without_sub_resources
from tests.acceptance.killing import agree, same_salt, tree, working_in
from tests.conftest import remove

pytestmark = [pytest.mark.drill, pytest.mark.browser, pytest.mark.db, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("STORM_KILLS", "100"))
#: Of PostgreSQL, between the others.
OUTAGES = int(os.environ.get("STORM_OUTAGES", "5"))
#: A market; every one has its detail page read, so that a list page for each two dozen comes on top.
LISTINGS = int(os.environ.get("STORM_LISTINGS", "750"))
#: Navigations and data requests of the disturbed scan alone, at least: of a market of shells each page takes two.
PAGES = 4 * LISTINGS + 3 * LISTINGS // 24
#: Seconds between two kills.
PAUSE = (0.5, 3.5)
PLATFORMS = ("demo_ads", "demo_goods", "demo_shop")
WORKERS, CLOCKS = 4, 2
#: How often each kind is hit, of ten.
KINDS = {"worker": 3, "slice": 3, "browser": 3, "clock": 1}
#: Seconds for one of a kind to come to life: a dead worker's slice is taken up again after a minute.
AWAITED = 180
SEED = int(os.environ.get("SEED", "20261128"))


class Crew:
    """Workers and clocks of one house, each begun again when it is dead, as a service manager would."""

    def __init__(self, there: Place, log_dir: Path) -> None:
        self._there, self._log_dir = there, log_dir
        self._doing = {f"worker{n}": "worker --concurrency 1" for n in range(WORKERS)}
        self._doing |= {f"clock{n}": "schedule" for n in range(CLOCKS)}
        self._alive: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: set[int] = set()
        #: Who ended without having been killed: name and exit code.
        self.deserted: list[tuple[str, int]] = []

    def muster(self) -> None:
        """Whoever is dead is begun again."""
        for name, words in self._doing.items():
            process = self._alive.get(name)
            if process is not None and process.poll() is None:
                continue
            if process is not None and process.pid not in self._killed:
                self.deserted.append((name, process.returncode))
            self._alive[name] = self._begin(name, words)

    def _begin(self, name: str, words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "from ops.cli import main; main()", "--config", str(self._there.config)]
        with (self._log_dir / f"{name}.log").open("ab") as said:
            return subprocess.Popen(
                [*command, *words.split()],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self._there.home,
                env=self._there.environment(),
            )

    def of_kind(self, kind: str) -> list[int]:
        """Process ids of all living ones of a kind; every one of them is this crew's or a child of it."""
        if kind in ("worker", "clock"):
            return [process.pid for name, process in self._alive.items() if name.startswith(kind)]
        ours = set[int]().union(*(tree(process.pid) for process in self._alive.values()))
        return sorted(pid for pid in ours if _is(kind, pid))

    def kill(self, pid: int) -> bool:
        """SIGKILL; False for who has gone already."""
        self._killed.add(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def dismiss(self) -> None:
        """The end of the night, told by SIGTERM."""
        for process in self._alive.values():
            process.terminate()
        for process in self._alive.values():
            process.wait(60)


def _is(kind: str, pid: int) -> bool:
    try:
        # a renderer is forked and writes its words anew, with spaces between them
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").split()
    except OSError:
        return False
    if kind == "slice":
        return b"ops.slice" in words
    # the browser itself, or one of its pages
    programs = [word for word in words[:1] if b"chrom" in word]
    return bool(programs) and (b"--type=renderer" in words or not any(word.startswith(b"--type=") for word in words))


@contextmanager
def crew_of(there: Place, log_dir: Path) -> Iterator[Crew]:
    """A crew at work; killed with the block if need be."""
    crew = Crew(there, log_dir)
    try:
        crew.muster()
        yield crew
    finally:
        for kind in ("worker", "clock"):
            for pid in crew.of_kind(kind):
                crew.kill(pid)


def over(there: Place) -> bool:
    """Whether the one scan has ended; a database that is away says no."""
    try:
        return sql(there.database_url, "select 1 from scans where finished_at is not null") != []
    except psycopg.OperationalError:
        return False


def strike_server(server: Embedded, dice: random.Random) -> float:
    """kill -9 or immediate stop of PostgreSQL, a pause, and its start; seconds that it was away."""
    begun = time.monotonic()
    os.kill(server.status().pid, dice.choice([signal.SIGKILL, signal.SIGQUIT]))
    time.sleep(dice.uniform(0.5, 3.0))
    server.start()
    return time.monotonic() - begun


def turns(dice: random.Random) -> list[str]:
    """Whose turn it is, kill after kill: none passes, or workers would die before they have a browser."""
    rounds = [kind for kind, share in KINDS.items() for _ in range(share)]
    order = [kind for _ in range(-(-KILLS // len(rounds))) for kind in dice.sample(rounds, len(rounds))]
    return order[:KILLS]


def strike(there: Place, crew: Crew, kind: str, dice: random.Random) -> None:
    """Kills one of a kind, once there is one."""

    def struck() -> bool:
        crew.muster()
        assert not over(there), "the scan ended before the storm"
        living = crew.of_kind(kind)
        return bool(living) and crew.kill(dice.choice(living))

    time.sleep(dice.uniform(*PAUSE))
    until(struck, seconds=AWAITED, told=lambda: f"no {kind} came to life")


def storm(there: Place, server: Embedded, crew: Crew, dice: random.Random) -> Counter[str]:
    """Kills until it has killed often enough, then waits for the end of the scan; how often each kind was hit."""
    hit: Counter[str] = Counter()
    outages = {(number + 1) * KILLS // (OUTAGES + 1) for number in range(OUTAGES)}
    for kind in turns(dice):
        strike(there, crew, kind, dice)
        hit[kind] += 1
        if hit.total() in outages:
            away = strike_server(server, dice)
            print(f"PostgreSQL away for {away:.1f} s after {dict(hit)}", flush=True)

    def ended() -> bool:
        crew.muster()
        return over(there)

    until(ended, seconds=1500, told=lambda: repr(sql(there.database_url, "select * from procrastinate_jobs")))
    return hit


def settings(town: RunningTown, chromium: str) -> dict[str, Any]:
    """Few terms and every detail, so that what was broken off and begun again finds what an undisturbed run finds."""
    crawl = {
        "sites": dict(town.sites),
        "platforms": list(PLATFORMS),
        "categories": ["ivory", "pangolin", "tool_clamp"],
        "max_terms": 3,
        "max_details": 2 * LISTINGS,
        "reread_pages": 1,
        "chromium": chromium,
    }
    return {"crawl": crawl, "nightly": {"canary": False}}  # a canary leaves two files of no listing


def due_now(there: Place) -> None:
    """A nightly scan that is to begin at this very minute."""
    moment = shanghai(now())
    minute = moment.hour * 60 + moment.minute
    since = moment.replace(second=0, microsecond=0)
    with there.house() as house, transaction(house.engine) as conn:
        schedules.save(conn, Schedule(name="夜间监测", job="scan", at_minute=minute, options={}, since=since))


def asked(town: RunningTown) -> int:
    """Navigations and data requests that the markets have answered."""
    return sum(len(without_sub_resources(town.log(key))) for key in town.sites)


def at_once(town: RunningTown) -> list[tuple[str, str, str]]:
    """Pairs of navigations or data requests of which the second came before the first was answered."""
    pairs = []
    for key in town.sites:
        entries = sorted(without_sub_resources(town.log(key)), key=lambda entry: entry.at)
        pairs += [
            (key, f"{one.at} {one.path}", f"{two.at} {two.path}")
            for one, two in itertools.pairwise(entries)
            if two.at < one.ended
        ]
    return pairs


def test_a_night_in_which_everything_is_killed(
    database_url: str, server_url: str, migrated_template: str, chromium: str, tmp_path: Path
) -> None:
    dice = random.Random(SEED)
    for name in ("quiet", "broken"):
        (tmp_path / name).mkdir()
    server = Embedded(tmp_path / "server")
    try:
        with running(listings=LISTINGS, log_dir=tmp_path) as town:
            quiet = place(tmp_path / "quiet", database_url, settings(town, chromium))
            broken = place(tmp_path / "broken", server.start(), settings(town, chromium))
            for there in (quiet, broken):
                same_salt(there)
            begun = time.monotonic()
            words = [word for platform in PLATFORMS for word in ("--platform", platform)]
            assert quiet.xunwang("scan", *words, timeout=1500).code == 0
            print(f"SEED={SEED}: an undisturbed run takes {time.monotonic() - begun:.0f} s", flush=True)
            due_now(broken)
            before = asked(town)
            begun = time.monotonic()
            with crew_of(broken, tmp_path) as crew:
                hit = storm(broken, server, crew, dice)
                crew.dismiss()
            pages = asked(town) - before
            print(f"{dict(hit)} in {time.monotonic() - begun:.0f} s, {before} pages and {pages}", flush=True)
            assert crew.deserted == []
            assert working_in(broken) == set()
            assert at_once(town) == []
            assert sql(broken.database_url, "select count(*) from scans") == [(1,)]
            outcomes = "select platform, kind, text, outcome from queries order by 1, 2, 3"
            assert sql(broken.database_url, outcomes) == sql(quiet.database_url, outcomes)
            agree(quiet, broken, listings=len(PLATFORMS) * LISTINGS)
            assert pages >= PAGES and hit["browser"] >= KILLS // 5
    finally:
        remove(server)
