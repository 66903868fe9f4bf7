"""A night end to end without a hand: clock, workers, leads, digest. And the nights that go wrong."""

import email
import email.policy
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine

from db import schedules
from db.engine import connect, transaction
from db.schedules import Schedule
from demo.access import LogEntry
from demo.serve import RunningTown, running
from ops.clock import minute_of
from ops.ticking import Ticked, tick
from ops.worker import queue_app
from records import now, shanghai
from tests.acceptance.houses import Place, crawling, one, place, sql, until, worker
from tests.alerts.stubs import robot
from tests.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.db, pytest.mark.timeout(600)]

LISTINGS = 90
PLATFORMS = ["demo_ads", "demo_goods", "demo_shop"]
#: What of a query's end stands for good; the judgement of the whole run may add to its note.
_ENDS = "select id, outcome, requests, pages, cards, new, hits, started_at, finished_at from queries"
BUSY = {"errcode": 45009, "errmsg": "api freq out of limit"}


@dataclass(frozen=True, kw_only=True)
class Morning:
    """A make-believe morning not far from now, so that what the processes really write falls into its night."""

    #: 02:00 in China.
    two: datetime
    #: 08:00 in China or a little after, in any case after everything that this test does.
    eight: datetime


def coming_morning() -> Morning:
    """The first 08:00 after now."""
    moment = shanghai(now())
    eight = moment.replace(hour=8, minute=0, second=0, microsecond=0)
    eight += timedelta(days=1) if eight <= moment else timedelta()
    return Morning(two=eight - timedelta(hours=6), eight=max(eight, moment + timedelta(minutes=20)))


def plan_schedules(there: Place, morning: Morning) -> None:
    """The rows that `xunwang init` writes, wanted since an hour before this night."""
    with there.house() as house, transaction(house.engine) as conn:
        for name, job, at in (("夜间监测", "scan", "02:00"), ("晨报", "digest", "08:00")):
            since = morning.two - timedelta(hours=1)
            schedules.save(conn, Schedule(name=name, job=job, at_minute=minute_of(at), options={}, since=since))


def tick_at(there: Place, moment: datetime, *, clocks: int = 1) -> list[Ticked]:
    """What `clocks` clocks do that all show `moment`: each its own connections, all at once."""

    def one_clock(_: int) -> Ticked:
        with there.house() as house, queue_app(house).open() as app:
            return tick(house, app, clock=lambda: moment)

    with ThreadPoolExecutor(clocks) as pool:
        return list(pool.map(one_clock, range(clocks)))


class Mailbox:
    """What the SMTP server took."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(envelope.content)
        return "250 taken"

    def text(self, number: int) -> str:
        """Subject and plain text of a letter."""
        letter = email.message_from_bytes(self.letters[number], policy=email.policy.default)
        return f"{letter['Subject']}\n{letter.get_body(('plain',)).get_content()}"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server on loopback."""
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        yield box, server.port
    finally:
        server.stop()


def alerts(url: str, smtp: int) -> dict[str, Any]:
    """The [alerts] section for the two stubs."""
    mail = {
        "host": "127.0.0.1",
        "port": smtp,
        "security": "none",
        "sender": "x@unit.test",
        "recipients": ["y@unit.test"],
    }
    return {"wecom": [{"url": url}], "mail": [mail], "allow_loopback": True}


@pytest.fixture
def raw(database_url: str) -> Iterator[Engine]:
    """Connections for raw SQL, none of the house's own."""
    engine = connect(database_url, application="xunwang acceptance")
    yield engine
    engine.dispose()


def finished(engine: Engine) -> bool:
    """Whether the night's one scan has ended."""
    return sql(engine, "select 1 from scans where finished_at is not null") != []


def state(engine: Engine, *logs: Path) -> str:
    """For a failure's message: where things stand and what the processes said."""
    stands = sql(engine, "select platform, text, outcome, note from queries order by id")
    jobs = sql(engine, "select id, task_name, status, args from procrastinate_jobs")
    return "\n".join([*map(str, stands), *map(str, jobs), *(log.read_text("utf-8")[-3000:] for log in logs)])


def pages(town: RunningTown, key: str) -> list[LogEntry]:
    """What was asked of a market, without its pictures."""
    return [entry for entry in town.log(key) if not entry.path.startswith(("/pic", "/img", "/static"))]


@pytest.mark.browser
def test_a_night_without_a_hand(tmp_path: Path, database_url: str, raw: Engine) -> None:
    morning, log = coming_morning(), tmp_path / "workers.log"
    with (
        running(seed=7, listings=LISTINGS, crawl_delay=0.05) as town,
        robot(BUSY) as (wecom, url),
        mail_server() as (post, smtp),
    ):
        crawl = crawling(town, platforms=PLATFORMS)
        there = place(tmp_path, database_url, {"crawl": crawl, "alerts": alerts(url, smtp)})
        plan_schedules(there, morning)
        with worker(there, log) as first, worker(there, log) as second:
            ticked = tick_at(there, morning.two, clocks=2)
            assert sum(len(each.scans) for each in ticked) == 1
            until(lambda: finished(raw), seconds=400, told=lambda: state(raw, log), needs=(first, second))
        the_scan_was_one(raw, morning)
        nobody_was_asked_by_two(raw, town)
        assert not wecom.bodies
        assert not post.letters
        the_digest_came_once(there, raw, morning, wecom, post)


def the_scan_was_one(raw: Engine, morning: Morning) -> None:
    """One scan for the date, whatever two clocks wanted; every query in exactly one outcome; leads are there."""
    assert sql(raw, "select kind, planned_for from scans") == [("nightly", shanghai(morning.two).date())]
    assert one(raw, "select count(*) from queries where outcome is null") == 0
    ends = Counter(row[0] for row in sql(raw, "select outcome from queries"))
    others = (
        "select platform, text, outcome, note from queries where outcome not in ('searched', 'empty', 'budget_spent')"
    )
    assert set(ends) <= {"searched", "empty", "budget_spent"}, sql(raw, others)
    assert ends["searched"] > 0
    assert one(raw, "select count(distinct platform) from queries where outcome = 'searched'") == len(PLATFORMS)
    assert one(raw, "select count(*) from leads") > 0
    named = "select count(*) from leads where lexicon_version = (select name from lexicon_versions where live)"
    assert one(raw, named) == one(raw, "select count(*) from leads")
    assert one(raw, "select max(attempt) from queries") == 1


def nobody_was_asked_by_two(raw: Engine, town: RunningTown) -> None:
    """Two workers at one platform would read robots.txt twice, ask for a page twice, work queries side by side."""
    overlapping = """select count(*) from queries a join queries b on a.platform = b.platform and a.id < b.id
        where a.started_at < b.finished_at and b.started_at < a.finished_at"""
    assert one(raw, overlapping) == 0
    for key in PLATFORMS:
        asked = Counter((entry.path, entry.query) for entry in pages(town, key))
        assert asked["/robots.txt", ""] == 1
        lists = {address: count for address, count in asked.items() if "page=" in address[1] or "search" in address[0]}
        assert lists
        assert set(lists.values()) == {1}, lists


def the_digest_came_once(there: Place, raw: Engine, morning: Morning, wecom: Any, post: Mailbox) -> None:
    """08:00 for two clocks at once: one digest, refused by the robot with HTTP 200 and 45009, then taken, once."""
    ticked = tick_at(there, morning.eight, clocks=2)
    assert sum(each.digest for each in ticked) == 1
    assert sum(each.sent for each in ticked) == 1  # the mail; 45009 is no delivery
    assert (len(wecom.bodies), len(post.letters)) == (1, 1)
    left = "select channel, status, attempts from deliveries order by channel"
    assert sql(raw, left) == [("mail", "sent", 1), ("wecom", "waiting", 1)]
    assert "45009" in one(raw, "select error from deliveries where channel = 'wecom'")
    [too_early] = tick_at(there, morning.eight + timedelta(seconds=30))
    assert (too_early.sent, len(wecom.bodies)) == (0, 1)
    later = tick_at(there, morning.eight + timedelta(seconds=90), clocks=2)
    assert sum(each.sent for each in later) == 1
    tick_at(there, morning.eight + timedelta(hours=1), clocks=2)
    assert sql(raw, left) == [("mail", "sent", 1), ("wecom", "sent", 2)]
    assert (len(wecom.bodies), len(post.letters)) == (2, 1)
    the_counts_are_those_of_the_database(raw, wecom.bodies[1]["markdown"]["content"], post.text(0))


def the_counts_are_those_of_the_database(raw: Engine, chat: str, mail: str) -> None:
    """Every figure of both messages, by raw SQL."""
    leads = one(raw, "select count(*) from leads where state = '疑似'")
    hits = one(raw, "select count(distinct listing_id) from lead_hits")
    high = one(raw, "select count(*) from leads where level = 'high'")
    cards = one(raw, "select sum(cards) from queries")
    assert f"检视商品信息 {cards:,} 条次｜新增疑似信息 **{hits:,}** 条 → 新线索 **{leads:,}** 条" in chat
    assert f"- 待初筛共 {leads:,} 条" in chat
    assert f"高风险 {high:,} 条" in chat
    assert f"检视商品信息 {cards:,} 条次；新增疑似信息 {hits:,} 条；新线索 {leads:,} 条" in mail
    assert f"新线索{leads} 高风险{high} 待初筛{leads}｜" in mail
    for district, count in sql(raw, "select district, count(*) from leads group by district"):
        assert f"{district} {count:,}" in chat
        assert f"{district} {count:,}" in mail


def test_a_killed_workers_slice_is_taken_up(tmp_path: Path, database_url: str, raw: Engine) -> None:
    morning = coming_morning()
    first_log, second_log = tmp_path / "first.log", tmp_path / "second.log"
    with running(seed=7, listings=LISTINGS, crawl_delay=0.6) as town:
        crawl = crawling(town, platforms=["demo_ads"], max_terms=4, max_details=0)
        there = place(tmp_path, database_url, {"crawl": crawl})
        plan_schedules(there, morning)
        with worker(there, first_log) as doomed:
            tick_at(there, morning.two)
            ended = "select id from queries where outcome is not null"
            until(lambda: sql(raw, ended), seconds=120, told=lambda: state(raw, first_log))
            with worker(there, second_log):
                slices = children(doomed.pid)
                doomed.send_signal(signal.SIGKILL)
                doomed.wait()
                assert not finished(raw), "the kill came too late to mean anything"
                before = sql(raw, f"{_ENDS} where outcome is not null order by id")
                until(lambda: not any(map(alive, slices)), seconds=20)
                # the clock keeps the queue filled: the dead one's like must not keep its place for ever
                tick_at(there, morning.two + timedelta(minutes=1))
                until(lambda: finished(raw), seconds=200, told=lambda: state(raw, first_log, second_log))
    assert slices
    assert one(raw, "select count(*) from queries where outcome is null") == 0
    assert one(raw, "select count(*) from scans") == 1
    kept = {row[0]: row for row in before}
    after = {row[0]: row for row in sql(raw, f"{_ENDS} order by id")}
    assert {number: after[number] for number in kept} == kept, "a finished query stays finished"
    assert {row[0] for row in sql(raw, "select attempt from queries")} == {1, 2}
    assert (
        one(raw, "select count(*) from (select 1 from listings group by platform, item_id having count(*) > 1) x") == 0
    )
    assert one(raw, "select count(*) from leads") == one(raw, "select count(*) from outbox where topic = 'lead.new'")
    assert one(raw, "select count(*) from procrastinate_jobs where status = 'doing'") == 0


def children(pid: int) -> list[int]:
    """Process ids of the children of `pid`."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


def alive(pid: int) -> bool:
    """False for a process that is gone or waits to be buried."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_night_that_was_missed_is_a_row_and_a_sentence(tmp_path: Path, database_url: str, raw: Engine) -> None:
    """The clock comes back after the late window: nothing is made up for, nothing is silent."""
    coming = (
        coming_morning()
    )  # two days before it nothing really happened: what is written bears the clock's own moment
    morning = Morning(two=coming.two - timedelta(days=2), eight=coming.eight - timedelta(days=2))
    with robot() as (wecom, url), mail_server() as (post, smtp):
        settings = {"crawl": {"platforms": ["demo_ads"]}, "alerts": alerts(url, smtp)}
        there = place(tmp_path, database_url, settings)
        plan_schedules(there, morning)
        back = morning.two + timedelta(hours=6, minutes=25)
        ticked = tick_at(there, back, clocks=2)
        assert sum(len(each.scans) for each in ticked) == 1
        assert sum(each.slices for each in ticked) == 0
        assert sql(raw, "select distinct outcome from queries") == [("not_run",)]
        assert finished(raw)
        [body] = wecom.bodies
        [_] = post.letters
        told = body["markdown"]["content"]
        assert "未运行" in told
        assert "同城示例网（演示）：未运行" in told
        assert "未运行" in post.text(0)
        # and the next night is an ordinary one
        [again] = tick_at(there, morning.two + timedelta(days=1))
        assert (len(again.scans), again.slices) == (1, 2)  # the platform's, and the canary's


def test_a_night_that_cannot_be_planned_does_not_keep_the_digest_back(
    tmp_path: Path, database_url: str, raw: Engine
) -> None:
    morning = coming_morning()
    with robot() as (wecom, url), mail_server() as (_, smtp):
        settings = {"crawl": {"platforms": ["no_such_platform"]}, "alerts": alerts(url, smtp)}
        there = place(tmp_path, database_url, settings)
        plan_schedules(there, morning)
        tick_at(there, morning.eight)
        assert sql(raw, "select 1 from scans") == []
        [body] = wecom.bodies
        assert "夜间监测未运行" in body["markdown"]["content"]


def test_the_clock_as_a_process_plans_and_ends_on_sigterm(tmp_path: Path, database_url: str, raw: Engine) -> None:
    """`xunwang schedule` with a schedule that is due at this very minute."""
    there = place(tmp_path, database_url, {"crawl": {"platforms": ["demo_ads"]}})
    moment = shanghai(now())
    with there.house() as house, transaction(house.engine) as conn:
        row = Schedule(
            name="夜间监测",
            job="scan",
            at_minute=moment.hour * 60 + moment.minute,
            options={},
            since=moment - timedelta(minutes=2),
        )
        schedules.save(conn, row)
    words = ["--config", str(there.config), "schedule"]
    clock = subprocess.Popen(
        [sys.executable, "-c", "from ops.cli import main; main()", *words], cwd=there.home, env=there.environment()
    )
    try:
        until(lambda: sql(raw, "select 1 from procrastinate_jobs"), seconds=90)
        assert one(raw, "select count(*) from scans") == 1
    finally:
        clock.terminate()
        assert clock.wait(30) is not None
