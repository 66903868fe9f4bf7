"""RFC 9309: what each answer to /robots.txt means, and that no answer is a no."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response

from crawler import Courtesy, Limits, definition
from crawler.ends import QueryEnd
from crawler.manners import Charge, RobotsBook
from crawler.politeness import Politeness
from crawler.robots import is_fresh, read_robots
from records import KeptRobots, Outcome, RobotsRuling, now

SITE = "http://127.0.0.1:18071"
RULES = b"User-agent: *\nDisallow: /contact/\nAllow: /contact/open\nCrawl-delay: 2.5\n"


def _book(answer: Any, **more: Any) -> tuple[RobotsBook, list[str], Politeness]:
    asked: list[str] = []

    async def download_async(request: Any) -> Any:
        asked.append(request.url)
        if isinstance(answer, Exception):
            raise answer
        return Response(request.url, status=answer[0], body=answer[1])

    courtesy = Courtesy(**more)
    limits = Limits(user_agent="xunwang/1 (+x)", allow_loopback=True)

    politeness = Politeness("demo_ads", 0.1, courtesy=courtesy, limits=limits)
    way_out: Any = SimpleNamespace(is_down=False)
    charge = Charge(
        definition=definition("demo_ads"), limits=limits, politeness=politeness, courtesy=courtesy, way_out=way_out
    )
    return RobotsBook(charge, SimpleNamespace(engine=SimpleNamespace(download_async=download_async))), asked, politeness


def _allowed(answer: Any, path: str = "/latest/") -> bool:
    async def walk() -> bool:
        book, asked, _ = _book(answer)
        try:
            for _ in range(2):
                await book.check(SITE + path)
        except QueryEnd as end:
            assert end.outcome is Outcome.ROBOTS_REFUSED
            assert end.note
            return False
        finally:
            assert asked == [SITE + "/robots.txt"]
        return True

    return asyncio.run(walk())


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        ((200, RULES), True),
        ((200, b""), True),
        ((200, b"\xef\xbb\xbf" + RULES), True),
        ((200, b"<html><body>not found</body></html>"), True),
        ((200, b"User-agent: *\nDisallow: /"), False),
        ((200, b"User-agent: xunwang\nDisallow: /\n\nUser-agent: *\nAllow: /"), False),
        ((200, b"User-agent: otherbot\nDisallow: /"), True),
        ((404, b""), True),
        ((403, b""), True),
        ((429, b""), True),
        ((500, b""), False),
        ((503, b"User-agent: *\nAllow: /"), False),
        ((302, b""), False),
        (DownloadTimeoutError("slow"), False),
        (DownloadFailedError("reset"), False),
        (IgnoreRequest("max redirections reached"), False),
        (QueryEnd(Outcome.FAILED, "地址不在该平台的主机之内"), False),
    ],
)
def test_what_an_answer_means(answer: Any, allowed: bool) -> None:
    assert _allowed(answer) is allowed


def test_paths_and_the_longest_rule() -> None:
    assert not _allowed((200, RULES), "/contact/7")
    assert _allowed((200, RULES), "/contact/open")


def test_a_budget_that_ends_while_asking_is_not_taken_for_a_refusal() -> None:
    async def walk() -> None:
        book, _, _ = _book(QueryEnd(Outcome.BUDGET_SPENT, "时间"))
        await book.check(SITE + "/latest/")

    with pytest.raises(QueryEnd) as ended:
        asyncio.run(walk())
    assert ended.value.outcome is Outcome.BUDGET_SPENT


def test_the_crawl_delay_reaches_the_pacing() -> None:
    async def walk() -> float:
        book, _, politeness = _book((200, RULES))
        await book.check(SITE + "/latest/")
        return politeness.delay

    assert asyncio.run(walk()) == 2.5


def test_a_huge_file_is_read_for_half_a_megabyte_and_no_half_rule_counts() -> None:
    filler = b"# " + b"x" * 97 + b"\n"
    early = b"User-agent: *\nDisallow: /early\n" + filler * 10_000 + b"Disallow: /late\n"
    robots = read_robots("xunwang", 200, early)
    assert not robots.allows(SITE + "/early")
    assert robots.allows(SITE + "/late")
    cut = b"User-agent: *\n" + filler * 5242 + b"Disallow: /a/very/long/path/that/the/cut/goes/through" * 20
    assert len(cut) > 512 * 1024
    assert read_robots("xunwang", 200, cut).allows(SITE + "/a/very")


def test_absurd_crawl_delays_are_harmless() -> None:
    assert read_robots("xunwang", 200, b"User-agent: *\nCrawl-delay: -5").crawl_delay == 0.0
    assert read_robots("xunwang", 200, b"User-agent: *\nCrawl-delay: often").crawl_delay == 0.0
    assert read_robots("xunwang", 200, b"User-agent: *\nCrawl-delay: nan").crawl_delay == 0.0
    assert read_robots("xunwang", 200, b"User-agent: *\nCrawl-delay: 999999999").crawl_delay == 86_400.0


DAY = timedelta(hours=12)


@pytest.mark.parametrize(
    ("status", "why", "hours", "counts"),
    [
        (200, "", 11.9, True),
        (200, "", 12.1, False),
        (404, "", 11.9, True),
        (500, "", 0.1, True),
        (500, "", 0.2, False),
        (302, "", 0.2, False),
        (0, "超时", 0.1, True),
        (0, "超时", 0.2, False),
        (200, "", -0.1, False),  # another machine's wrong clock
    ],
)
def test_how_long_an_answer_counts(status: int, why: str, hours: float, counts: bool) -> None:
    kept = KeptRobots(origin=SITE, status=status, why=why, fetched_at=now() - timedelta(hours=hours))
    assert is_fresh(kept, now(), DAY) is counts
    assert not is_fresh(replace(kept, fetched_at=now() - timedelta(hours=24.1)), now(), timedelta(days=3))


def _walk(book: RobotsBook, *paths: str) -> list[bool]:
    async def walk() -> list[bool]:
        passed = []
        for path in paths:
            try:
                await book.check(SITE + path)
                passed.append(True)
            except QueryEnd:
                passed.append(False)
        return passed

    return asyncio.run(walk())


def test_what_another_worker_was_told_is_not_asked_again_and_what_we_are_told_is_passed_on() -> None:
    shared: dict[str, KeptRobots] = {}
    hooks: dict[str, Any] = {"kept_robots": shared.get, "keep_robots": lambda kept: shared.update({kept.origin: kept})}
    first, asked, _ = _book((200, RULES), **hooks)
    assert _walk(first, "/latest/", "/contact/7") == [True, False] and len(asked) == 1
    second, asked, politeness = _book((200, b"User-agent: *\nDisallow: /"), **hooks)
    assert _walk(second, "/latest/", "/contact/7") == [True, False] and asked == []
    assert politeness.delay == 2.5
    shared[SITE] = replace(shared[SITE], fetched_at=now() - timedelta(hours=13))
    third, asked, _ = _book((200, b"User-agent: *\nDisallow: /"), **hooks)
    assert _walk(third, "/latest/") == [False] and len(asked) == 1
    assert shared[SITE].body == b"User-agent: *\nDisallow: /"


def test_a_site_that_is_down_told_nothing_that_others_need_to_know() -> None:
    told: list[KeptRobots] = []
    book, _, _ = _book(DownloadConnectionRefusedError("nobody"), keep_robots=told.append)
    assert _walk(book, "/latest/") == [False] and told == []
    book, _, _ = _book(DownloadTimeoutError("slow"), keep_robots=told.append)
    assert _walk(book, "/latest/") == [False] and [one.why for one in told] == ["超时"]


def test_a_ruling_lifts_refusals_alone_and_is_named() -> None:
    ruled = RobotsRuling(platform="demo_ads", allow=True, by="王某", basis="7 号", until=date(2026, 12, 1), at=now())
    asked: list[int] = []

    def ruling() -> RobotsRuling:
        asked.append(1)
        return ruled

    book, _, politeness = _book((200, RULES), ruling=ruling)
    assert _walk(book, "/latest/") == [True] and asked == [] and book.permits() == []
    assert _walk(book, "/contact/7") == [True] and "7 号" in book.permits()[0]
    assert politeness.delay == 2.5  # the site's pace is kept all the same
    assert _walk(_book((500, b""), ruling=ruling)[0], "/latest/") == [True]
    assert _walk(_book(DownloadConnectionRefusedError("nobody"), ruling=ruling)[0], "/latest/") == [False]
