"""kill -9 of the scanning processes at random moments, then one full run: nothing is lost and nothing doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.serve import RunningTown, running
from tests.acceptance.houses import Place, place, until
from tests.acceptance.judging import sql
from tests.acceptance.killing import agree, same_salt, tree, working_in
from tests.conftest import copied_database

pytestmark = [pytest.mark.drill, pytest.mark.browser, pytest.mark.db, pytest.mark.timeout(3600)]

KILLS = 10
#: Listings a market: few enough that every detail page fits into one query's budget, so that a run that was broken
#: off and begun again has nothing to find that an undisturbed one has not.
LISTINGS = 80
#: What comes on top before the second night: more than one list page.
NEW = 48
PLATFORMS = ("demo_ads", "demo_goods", "demo_shop")
SEED = int(os.environ.get("SEED", "20261123"))

# --- processes ---


def start(there: Place) -> "subprocess.Popen[bytes]":
    """`xunwang scan` as an operator starts it, in a session of its own."""
    words = [word for platform in PLATFORMS for word in ("--platform", platform)]
    command = [sys.executable, "-c", "from ops.cli import main; main()", "--config", str(there.config), "scan", *words]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=there.home,
        env=there.environment(),
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[bytes]", *, whole_tree: bool) -> int:
    """SIGKILL for the parent alone, whose children must die by themselves, or for all at once; how many there were."""
    family = tree(process.pid)
    for pid in sorted(family) if whole_tree else [process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(30)
    return len(family)


# --- the drill ---


@pytest.fixture
def town(tmp_path: Path) -> Iterator[RunningTown]:
    with running(listings=LISTINGS, log_dir=tmp_path) as found:
        yield found


def settings(town: RunningTown, chromium: str) -> dict[str, Any]:
    """Few terms, every detail, and a list that ends at the first page of known items, where it may."""
    crawl = {
        "sites": dict(town.sites),
        "categories": ["ivory", "pangolin", "tool_clamp"],
        "max_terms": 3,  # so few that none waits for its turn: every run asks the same
        "max_details": 2 * LISTINGS,
        "reread_pages": 1,
        "chromium": chromium,
    }
    return {"crawl": crawl}


def finish(there: Place) -> float:
    """One run to its end; its seconds."""
    begun = time.monotonic()
    process = start(there)
    assert process.wait(600) == 0, cut_short(there)
    return time.monotonic() - begun


def cut_short(there: Place) -> list[tuple[Any, ...]]:
    """The queries of the last scan that did not end as searched, and why."""
    statement = (
        "select platform, kind, text, outcome, note, attempt from queries"
        " where scan_id = (select max(id) from scans) and outcome is distinct from 'searched'"
    )
    return sql(there.database_url, statement)


def disturb(there: Place, dice: random.Random, kills: int, seconds: float) -> None:
    """Starts `kills` runs and kills each at a random moment before it ends; `seconds` is what a whole one may take."""
    done = 0
    for _ in range(5 * kills):
        process, moment = start(there), dice.uniform(1.0, seconds)
        try:
            process.wait(moment)
            # so little was left to do that it came to its end
            seconds = max(2.0, seconds * 0.7)
            continue
        except subprocess.TimeoutExpired:
            family = kill(process, whole_tree=bool(done % 2))
        until(lambda: not working_in(there), seconds=30, told=lambda: f"left over: {working_in(there)}")
        done += 1
        [(stored,)] = sql(there.database_url, "select count(*) from listings")
        print(f"kill {done} at {moment:.1f} s: {family} processes, {stored} listings stored")
        if done == kills:
            return
    raise AssertionError(f"{done} of {kills} runs could be killed before their end")


def test_ten_kills_and_a_full_run_leave_what_a_quiet_run_leaves(
    town: RunningTown, database_url: str, server_url: str, migrated_template: str, chromium: str, tmp_path: Path
) -> None:
    """Five kills on the opening night, five on a night with so many new listings that they fill several pages."""
    dice = random.Random(SEED)
    for name in ("quiet", "broken"):
        (tmp_path / name).mkdir()
    with copied_database(server_url, migrated_template) as quiet_url:
        quiet = place(tmp_path / "quiet", quiet_url, settings(town, chromium))
        broken = place(tmp_path / "broken", database_url, settings(town, chromium))
        for there in (quiet, broken):
            same_salt(there)
        for night in range(2):
            if night:
                for key in PLATFORMS:
                    town.change(key, new_listings=NEW)
            seconds = finish(quiet)
            print(f"SEED={SEED}, night {night}: an undisturbed run takes {seconds:.0f} s")
            disturb(broken, dice, KILLS // 2, 0.8 * seconds)
            finish(broken)
            agree(quiet, broken, listings=len(PLATFORMS) * (LISTINGS + night * NEW))
            assert working_in(quiet) | working_in(broken) == set()
