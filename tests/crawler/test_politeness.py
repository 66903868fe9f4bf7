"""Pacing, turns, Retry-After and the budgets, on a clock of the test's own where there is one."""

import asyncio
from datetime import UTC, datetime

import pytest

from crawler import Courtesy, Limits
from crawler.ends import QueryEnd
from crawler.politeness import LocalPace, Politeness
from crawler.retry_after import CAP_SECONDS, retry_after
from crawler.robots import read_robots
from records import Outcome

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5),
        (" 120 ", 120),
        ("0", 0),
        ("86400", CAP_SECONDS),
        ("9" * 5000, CAP_SECONDS),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 20:00:30 +0800", 30),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", CAP_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٥", None),
        ("Mon, 99 Foo 2026", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_slots_of_one_platform_lie_a_delay_apart_and_platforms_do_not_meet() -> None:
    now = [100.0]
    pace = LocalPace(lambda: now[0]).pace
    assert [pace("a", 2.0), pace("a", 2.0), pace("a", 3.0), pace("a", 2.0)] == [0.0, 2.0, 4.0, 7.0]
    assert pace("b", 2.0) == 0.0
    now[0] = 200.0
    assert pace("a", 2.0) == 0.0


def _politeness(delay: float = 0.0, pace: object = None, rest: object = None, **limits: float) -> Politeness:
    turn = (lambda _spent, _asking, delay: pace("p", delay)) if pace else None  # type: ignore[operator]
    courtesy = Courtesy(turn=turn, rest=rest)  # type: ignore[arg-type]
    return Politeness("p", delay, courtesy=courtesy, limits=Limits(user_agent="xunwang/1 (+x)", **limits))  # type: ignore[arg-type]


def test_the_delay_asked_of_the_pacer_is_never_below_the_longer_of_ours_and_the_sites() -> None:
    asked: list[float] = []

    async def walk() -> None:
        politeness = _politeness(2.0, pace=lambda _, delay: asked.append(delay) or 0.0, max_seconds=0.5)
        politeness.respect(read_robots("xunwang", 200, b"User-agent: *\nCrawl-delay: 7"))
        politeness.respect(read_robots("xunwang", 200, b"User-agent: *\nCrawl-delay: 1"))
        (await politeness.take_turn()).give_back()

    asyncio.run(walk())
    assert len(asked) == 1
    assert 7.0 < asked[0] <= 7.0 * 1.5


def test_a_turn_is_one_at_a_time_and_given_back_once() -> None:
    async def walk() -> None:
        politeness = _politeness()
        turn = await politeness.take_turn()
        second = asyncio.ensure_future(politeness.take_turn())
        await asyncio.sleep(0.05)
        assert not second.done()
        turn.give_back()
        turn.give_back()
        third = asyncio.ensure_future(politeness.take_turn())
        await second
        await asyncio.sleep(0.05)
        assert not third.done()
        third.cancel()
        (await second).give_back()
        assert politeness.requests == 2

    asyncio.run(walk())


@pytest.mark.parametrize(
    ("limits", "pace"),
    [({"max_requests": 1}, None), ({"max_seconds": 10.0}, lambda _p, _d: 0.0 if _p == "-" else 11.0)],
)
def test_a_budget_that_is_used_up_ends_the_query(limits: dict[str, float], pace: object) -> None:
    async def walk() -> None:
        politeness = _politeness(pace=pace, **limits)
        (await politeness.take_turn()).give_back()
        await politeness.take_turn()

    with pytest.raises(QueryEnd) as ended:
        asyncio.run(walk())
    assert ended.value.outcome is Outcome.BUDGET_SPENT


def test_a_wait_longer_than_the_patrol_is_a_block_for_this_query_and_the_next() -> None:
    reserved: list[float] = []

    async def walk() -> list[Outcome]:
        politeness = _politeness(rest=lambda _, seconds: reserved.append(seconds), max_seconds=60)
        ends = []
        for step in (politeness.stay_away(600.0), politeness.take_turn()):
            with pytest.raises(QueryEnd) as ended:
                await step
            ends.append(ended.value.outcome)
        return ends

    assert asyncio.run(walk()) == [Outcome.BLOCKED, Outcome.BLOCKED]
    assert reserved == [pytest.approx(600.0, abs=5)]  # every other worker of the platform waits as well


def test_a_refused_turn_leaves_the_way_free() -> None:
    async def walk() -> None:
        politeness = _politeness(max_requests=0)
        for _ in range(2):
            with pytest.raises(QueryEnd):
                await asyncio.wait_for(politeness.take_turn(), 1)

    asyncio.run(walk())
