"""What a date costs is counted once for all who ask, and one switch stops them all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text

from db import leave
from db.engine import transaction
from db.locks import Lease, leasing
from ops.leave import Leave
from ops.settings import Crawl
from records import Budget, Hours, Outcome, Spent, Stop, now

pytestmark = pytest.mark.db

TONIGHT = date(2026, 11, 24)
ONE = Spent(requests=1, pages=1)

Ask = Callable[[Spent, Spent], Stop | None]


@pytest.fixture
def lease(engine: Engine) -> Iterator[Lease]:
    with leasing(engine, "platform:p") as held:
        yield held


def asking(lease: Lease, platform: str = "p", **crawl: object) -> Ask:
    """Turns without a delay; None for one that may be taken now."""
    leave = Leave(lease, Crawl(**crawl), platform)  # type: ignore[arg-type]

    def ask(spent: Spent, asked: Spent) -> Stop | None:
        answer = leave.turn(spent, asked, 0.0)
        return answer if isinstance(answer, Stop) else None

    return ask


def test_eight_workers_at_once_ask_no_more_than_the_budget(engine: Engine, lease: Lease) -> None:
    with leasing(engine, "platform:p of another house") as other, ThreadPoolExecutor(8) as pool:
        asks = [asking(lease, budget={"requests": 25}), asking(other, budget={"requests": 25})]
        stops = list(pool.map(lambda turn: asks[turn % 2](Spent(), ONE), range(60)))
    assert sum(stop is None for stop in stops) == 25
    [told] = {stop for stop in stops if stop}
    assert told == Stop(outcome=Outcome.BUDGET_SPENT, note="该平台当日的请求额度 25 次已用完")
    with engine.connect() as conn:
        assert conn.execute(text("select requests, pages from spending")).one() == (25, 25)


@pytest.mark.parametrize(
    ("limit", "spent", "named"),
    [
        ({"requests": 2}, Spent(requests=1), "请求额度 2 次"),
        ({"pages": 2}, Spent(pages=1), "页面额度 2 页"),
        ({"minutes": 2}, Spent(seconds=120), "时间额度 2 分钟"),
        ({"megabytes": 2}, Spent(bytes=2 * 1024**2), "流量额度 2 MB"),
    ],
)
def test_each_budget_ends_the_asking_and_is_named(
    lease: Lease, limit: dict[str, int], spent: Spent, named: str
) -> None:
    ask = asking(lease, budgets={"p": limit})
    assert ask(Spent(), ONE) is None
    stop = ask(spent, ONE)
    assert stop is not None and stop.outcome is Outcome.BUDGET_SPENT and named in stop.note
    assert asking(lease, "another", budgets={"p": limit})(spent, ONE) is None


def test_the_next_date_has_a_budget_of_its_own(lease: Lease) -> None:
    assert leave.count(lease, "p", TONIGHT, Spent(requests=3)) == (Spent(requests=3), None)
    assert leave.count(lease, "p", TONIGHT, Spent(requests=4, bytes=2**40)) == (Spent(requests=7, bytes=2**40), None)
    assert leave.count(lease, "p", date(2026, 11, 25), ONE) == (ONE, None)


def test_turns_of_a_platform_lie_a_delay_apart_whoever_takes_them(engine: Engine, lease: Lease) -> None:
    with leasing(engine, "platform:p of another house") as other:
        waits = [leave.take(one, "p", TONIGHT, ONE, delay=100.0).wait for one in (lease, other, lease)]
        assert waits == [pytest.approx(at, abs=50) for at in (0, 100, 200)]
        assert leave.take(other, "q", TONIGHT, ONE, delay=100.0).wait == pytest.approx(0, abs=50)


def test_a_turn_that_is_refused_costs_nothing_and_what_was_spent_stays_counted(engine: Engine, lease: Lease) -> None:
    ask = asking(lease, budget={"requests": 1})
    assert ask(Spent(), ONE) is None
    assert ask(Spent(seconds=2.5, bytes=7), ONE) is not None
    with engine.connect() as conn:
        assert conn.execute(text("select requests, pages, seconds, bytes from spending")).one() == (1, 1, 2.5, 7)


def test_between_turns_what_was_spent_is_counted_and_the_switch_is_seen(engine: Engine, lease: Lease) -> None:
    told = Leave(lease, Crawl(budget={"requests": 1}), "p").leave
    assert told(Spent(requests=5)) is None  # a used-up budget ends turns, not the waiting for one that was granted
    with transaction(engine) as conn:
        assert leave.halt(conn, by="王某", why="平台来函", at=now())
    stop = told(Spent(requests=1))
    assert stop is not None and stop.outcome is Outcome.NOT_RUN
    with engine.connect() as conn:
        assert conn.execute(text("select requests from spending")).scalar_one() == 6


def test_the_switch_stops_every_platform_and_stands_in_the_audit(engine: Engine, lease: Lease) -> None:
    one, other = asking(lease), asking(lease, "other")
    assert one(Spent(), ONE) is None
    with transaction(engine) as conn:
        assert leave.halt(conn, by="王某", why="平台来函", at=now())
        assert not leave.halt(conn, by="李某", why="再按一次", at=now())
    for ask in (one, other):
        stop = ask(Spent(), ONE)
        assert stop is not None and stop.outcome is Outcome.NOT_RUN
        assert "王某" in stop.note and "平台来函" in stop.note
    with transaction(engine) as conn:
        assert leave.lift(conn, by="王某", why="已说明", at=now())
        assert not leave.lift(conn, by="王某", why="已说明", at=now())
    assert one(Spent(), ONE) is None
    with engine.connect() as conn:
        rows = conn.execute(text("select actor, action, detail ->> 'why' from audit order by seq")).all()
        assert conn.execute(text("select coalesce(sum(requests), 0) from spending")).scalar_one() == 2
    assert [tuple(row) for row in rows] == [("王某", "crawl.halt", "平台来函"), ("王某", "crawl.resume", "已说明")]


def test_outside_its_hours_nothing_may_be_asked(lease: Lease) -> None:
    local = Hours("00:00-24:00")
    assert local.allow(now())
    hour = (datetime.now(UTC).hour + 8) % 24
    shut = f"{(hour + 2) % 24:02}:00-{(hour + 3) % 24:02}:00"
    stop = asking(lease, hours=shut)(Spent(), ONE)
    assert stop == Stop(outcome=Outcome.NOT_RUN, note=f"不在允许访问的时段（北京时间 {shut}）")
    assert asking(lease, hours=shut, hours_of={"p": ""})(Spent(), ONE) is None


@pytest.mark.parametrize(
    ("written", "utc_hour", "allowed"),
    [
        ("00:00-06:00", 16, True),  # midnight in China
        ("00:00-06:00", 21, True),
        ("00:00-06:00", 22, False),  # six: the end lies outside
        ("22:00-06:00", 14, True),  # ten at night
        ("22:00-06:00", 20, True),
        ("22:00-06:00", 4, False),
        ("", 4, True),
    ],
)
def test_hours_are_of_beijing_and_may_pass_midnight(written: str, utc_hour: int, allowed: bool) -> None:
    assert Hours(written).allow(datetime(2026, 11, 24, utc_hour, tzinfo=UTC)) is allowed


@pytest.mark.parametrize("written", ["6-8", "06:00-06:00", "25:00-26:00", "06:00-24:30", "夜里"])
def test_hours_that_mean_nothing_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="时段"):
        Hours(written)


def test_the_stricter_limit_holds_and_zero_is_none() -> None:
    both = Budget(requests=10, minutes=5).stricter({"requests": 20, "pages": 3, "minutes": 0}.items())
    assert both == Budget(requests=10, pages=3, minutes=5)
    assert Budget().used_up(Spent(requests=10**9)) == ""
