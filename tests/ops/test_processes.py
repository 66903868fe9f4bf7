"""What runs: `up` and its parts, the embedded server by command, a slice that crashes, a scan that stores nothing."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.embedded import Embedded
from db.scans import QueryRow
from demo.serve import RunningTown, running
from ops.commands.scan import exit_code
from ops.planning import chosen
from ops.scanning import plan_scan, run_scan
from records import Outcome, Query, QueryKind, ScanStatus
from tests.acceptance.houses import ROOT, crawling, dump, one, place, sql, until
from tests.conftest import remove
from tests.ports import free_port

pytestmark = [pytest.mark.db, pytest.mark.slow]


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=40, crawl_delay=0.05) as standing:
        yield standing


def parts(pid: int) -> dict[str, int]:
    """Command → process id of the living children of `pid`."""
    found = subprocess.run(
        ["ps", "-ww", "-o", "pid=,stat=,args=", "--ppid", str(pid)], capture_output=True, text=True
    ).stdout
    lines = [line.split() for line in found.splitlines()]
    return {words[-1]: int(words[0]) for words in lines if not words[1].startswith("Z")}


def gone(pids: list[int]) -> bool:
    """True when none of the processes lives."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", ",".join(map(str, pids))], capture_output=True, text=True)
    return all(line.strip().startswith("Z") for line in found.stdout.splitlines())


def answers(address: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_up_keeps_three_parts_alive_and_leaves_none(tmp_path: Path, database_url: str, end: signal.Signals) -> None:
    port = free_port()
    there = place(tmp_path, database_url, {"console": {"port": port}, "crawl": {"platforms": ["demo_ads"]}})
    command = [sys.executable, "-c", "from ops.cli import main; main()", "--config", str(there.config), "up"]
    with (tmp_path / "up.log").open("wb") as log:
        up = subprocess.Popen(command, cwd=there.home, env=there.environment(), stdout=log, stderr=log)
    try:
        told = lambda: (tmp_path / "up.log").read_text("utf-8")[-3000:]  # noqa: E731
        until(lambda: len(parts(up.pid)) == 3, seconds=60, told=told)
        until(lambda: answers(f"http://127.0.0.1:{port}/login"), seconds=90, told=told)
        before = parts(up.pid)
        assert set(before) == {"serve", "worker", "schedule"}
        if end == signal.SIGTERM:
            os.kill(before["worker"], signal.SIGKILL)
            until(lambda: parts(up.pid).get("worker", before["worker"]) != before["worker"], seconds=60, told=told)
            assert {name: parts(up.pid)[name] for name in ("serve", "schedule")} == {
                name: before[name] for name in ("serve", "schedule")
            }
        living = list(parts(up.pid).values())
        up.send_signal(end)
        up.wait(60)
        until(lambda: gone(living), seconds=30)
        assert not answers(f"http://127.0.0.1:{port}/login")
    finally:
        up.kill()
        up.wait()


def test_the_embedded_server_by_command(tmp_path: Path) -> None:
    there = place(tmp_path, "")
    server = Embedded(there.home)
    try:
        assert there.xunwang("db", "status").code == 0
        assert not server.status().running
        assert there.xunwang("db", "migrate").code == 0
        assert server.status().running
        shown = there.xunwang("db", "status")
        assert "内置 PostgreSQL" in shown.err
        assert there.xunwang("leads", "list", "--json").out == ""
        assert there.xunwang("db", "stop").code == 0
        assert not server.status().running
        assert there.xunwang("db", "stop").code == 0
    finally:
        remove(server)


def test_a_crashing_platform_ends_as_failed_and_harms_no_other(
    tmp_path: Path, database_url: str, raw: Engine, town: RunningTown
) -> None:
    file = tmp_path / "broken.yml"
    file.write_text((ROOT / "crawler/platforms/demo_shop.yml").read_text("utf-8"), "utf-8")
    sites = {**town.sites, "broken": town.sites["demo_shop"]}
    there = place(tmp_path, database_url, {"crawl": crawling(town, max_terms=1, sites=sites)})
    with there.house() as house:
        platforms = chosen(house.settings, ["demo_ads", str(file)], demo=False)
        scan_id = plan_scan(house, platforms, house.lexicon(), kind="foreground")
        assert scan_id is not None
        file.write_text("name: [", "utf-8")  # its child process cannot even begin
        run_scan(house, scan_id, watch=lambda _rows: None)
    ends = sql(raw, "select platform, outcome, note from queries order by id")
    assert {(platform, outcome) for platform, outcome, _ in ends if platform == "broken"} == {("broken", "failed")}
    assert all("3 次异常退出" in note for platform, _, note in ends if platform == "broken")
    assert "searched" in {outcome for platform, outcome, _ in ends if platform == "demo_ads"}
    assert one(raw, "select count(*) from scans where finished_at is null") == 0


def test_a_rehearsal_stores_nothing(tmp_path: Path, database_url: str, raw: Engine, town: RunningTown) -> None:
    there = place(tmp_path, database_url, {"crawl": crawling(town, max_terms=1)})
    assert there.xunwang("lexicon", "versions").code == 0  # furnishes the house
    before, files = dump(raw), sorted(there.home.rglob("*"))
    said = there.xunwang(
        "scan", "--platform", "demo_ads", "--platform", "demo_shop", "--dry-run", "--json", timeout=200
    )
    assert said.code == 0, said.err
    [told] = said.rows()
    assert told["scan"] is None
    assert told["planned"] == sum(told["outcomes"].values()) == len(told["queries"])
    assert {row["outcome"] for row in told["queries"]} <= {"searched", "empty"}
    assert {hit["platform"] for hit in told["hits"]} == {"demo_ads", "demo_shop"}
    after = dump(raw)
    # pace, budget and robots.txt are shared with real scans: politeness is no exercise
    for shared in ("pacing", "robots", "spending"):
        assert before.pop(shared) != after.pop(shared)
    assert after == before
    assert sorted(path for path in there.home.rglob("*") if "secrets" not in str(path)) == files


def test_a_wall_degrades_the_scan_and_its_exit_code(
    tmp_path: Path, database_url: str, raw: Engine, town: RunningTown
) -> None:
    there = place(tmp_path, database_url, {"crawl": crawling(town)})
    town.change("demo_shop", mood="login")
    try:
        said = there.xunwang("scan", "--platform", "demo_shop", "--query", "象牙", "--json", timeout=200)
        exact = there.xunwang("scan", "--platform", "demo_shop", "--query", "象牙", "--exit-status", timeout=200)
    finally:
        town.change("demo_shop", mood="open")
    assert said.code == 3, said.err
    assert exact.code == 5 and "监测状态：被拦截" in exact.err and "没有看到 1 个" in exact.err
    [told] = said.rows()
    assert told["outcomes"] == {"login_required": 1}
    assert told["status"] == "被拦截"
    assert [(run["platform"], run["status"]) for run in told["platforms"]] == [("demo_shop", "被拦截")]
    assert told["coverage"][0] == "计划 1 个检索任务，看到 0 个，没有看到 1 个"
    assert "demo_shop：1 个检索任务需登录" in told["coverage"][1]
    assert sql(raw, "select outcome from queries") == [("login_required",)] * 2


@pytest.mark.parametrize(
    ("status", "plain", "exact"), [("正常", 0, 0), ("部分", 3, 3), ("被拦截", 3, 5), ("漂移", 3, 6), ("未运行", 3, 7)]
)
def test_each_status_has_its_exit_code(status: str, plain: int, exact: int) -> None:
    rows = [_row(Outcome.SEARCHED)]
    assert exit_code(ScanStatus(status), rows) == plain
    assert exit_code(ScanStatus(status), rows, exact=True) == exact


def test_nothing_found_anywhere_is_no_success() -> None:
    assert exit_code(ScanStatus.NORMAL, [_row(Outcome.EMPTY)]) == 3


def _row(outcome: Outcome) -> QueryRow:
    query = Query(platform="a", kind=QueryKind.SEARCH, text="b")
    counts = dict.fromkeys(("requests", "pages", "cards", "new", "card_only", "hits"), 0)
    return QueryRow(query=query, outcome=outcome, note="", **counts, started_at=None, finished_at=None)
