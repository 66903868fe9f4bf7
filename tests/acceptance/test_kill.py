"""kill -9 of the scanning processes at random moments, then one full run: nothing is lost and nothing doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.serve import RunningTown, running
from tests.acceptance.houses import Place, place, until
from tests.acceptance.judging import all_evidence_rehashes, assert_no_orphans, sql
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

#: What two runs over the same town must agree on; each row says what a thing is, never its row id or its time.
SAME = {
    "listings": "select platform, item_id, title, description, price, detail_read, level, score, category"
    " from listings",
    "hits": "select platform, item_id, url, price_text, place, pictures, published_at, fingerprint, seller_id is null"
    " from listings where level <> 'none'",
    "sellers": "select platform, key, name from sellers",
    "leads": "select platform, subject_key, hits, score, level, category, district, state from leads",
    "lead hits": "select d.platform, d.subject_key, l.item_id from lead_hits h join leads d on d.id = h.lead_id"
    " join listings l on l.id = h.listing_id",
    "captures": "select l.platform, l.item_id, c.fingerprint, c.gaps from captures c join listings l"
    " on l.id = c.listing_id",
    "files": "select l.platform, l.item_id, f.position, f.role, f.url,"
    # the DOM and the screenshot are made anew by each browser; page and pictures are the market's own bytes
    " case when f.role in ('page', 'picture') then f.sha256 else '' end from capture_files f"
    " join captures c on c.id = f.capture_id join listings l on l.id = c.listing_id",
    "owed": "select listing_id from captures_due",
    "news": "select topic, count(*) from outbox group by topic",
    "quarantine": "select * from quarantine",
}


def told(url: str) -> dict[str, Counter[str]]:
    """What a database says under each head, rows counted, so that a doubled one shows."""
    return {name: Counter(map(repr, sql(url, statement))) for name, statement in SAME.items()}


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


def parents() -> dict[int, int]:
    """Process id → its parent's, of everything that runs and is not a zombie."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(entry.name)] = int(parent)
    return found


def tree(root: int) -> set[int]:
    """`root` and everything below it."""
    above = parents()
    found, grown = {root}, True
    while grown:
        below = {pid for pid, parent in above.items() if parent in found} - found
        found, grown = found | below, bool(below)
    return found & set(above)


def working_in(there: Place) -> set[int]:
    """Every process that carries this house in its environment: whoever was cut off from its parent, too."""
    sign = f"XUNWANG_HOME={there.home}".encode()
    found = set()
    for pid in parents():
        try:
            if sign in (Path(f"/proc/{pid}/environ").read_bytes()).split(b"\0"):
                found.add(pid)
        except OSError:
            continue
    return found


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


def same_salt(there: Place) -> None:
    """Hashed sellers, and fingerprints made with them, can be compared where one secret keys both."""
    secrets = there.home / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "seller_salt").write_bytes(bytes(range(32)))


def finish(there: Place) -> float:
    """One run to its end; its seconds."""
    begun = time.monotonic()
    process = start(there)
    assert process.wait(600) == 0
    return time.monotonic() - begun


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


def agree(quiet: Place, broken: Place, *, listings: int) -> None:
    """Both say the same of the same town, and neither has a row or a file too many or too few."""
    said, meant = told(broken.database_url), told(quiet.database_url)
    for name in SAME:
        assert (said[name] - meant[name], meant[name] - said[name]) == (Counter(), Counter()), name
    assert said["hits"].total() >= 6 and said["listings"].total() == listings
    for there in (quiet, broken):
        assert_no_orphans(there.database_url)
        assert all_evidence_rehashes(there.database_url, there.home / "evidence" / "store") > 0
    unended = "select count(*) from queries where outcome is null and scan_id = (select max(id) from scans)"
    assert sql(broken.database_url, unended) == [(0,)]
    assert working_in(quiet) | working_in(broken) == set()


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
