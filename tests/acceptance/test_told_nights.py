"""Blocked, drifted or not run, yet green: nights on a scripted market, each told the same night by what it was.

The patrol is the real one (a slice in its child process, PostgreSQL); judged by raw SQL and the market's own log.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from db import scans
from db.engine import transaction
from ops.house import House, open_house
from ops.planning import chosen, ranked_terms
from ops.scanning import plan_scan
from ops.settings import read_settings
from ops.slices import run_slice
from records import CANARY
from tests.acceptance import scripted
from tests.acceptance.judging import sql
from tests.acceptance.scripted import Given, Market, Stock

pytestmark = [pytest.mark.db]

FIRST = date(2026, 11, 1)
TERMS = 8
Trouble = Callable[[Market, str, dict[str, str]], Given | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One night as the database tells it."""

    status: str
    outcomes: Counter[str]
    notes: list[str]
    findings: list[str]
    planned: int

    @property
    def said(self) -> str:
        """Everything that is said about what was wrong."""
        return "\n".join([*self.notes, *self.findings])


class Nights:
    """The nights of one market, one after the other."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        #: True: the canary flies too, as it does in the field; another process a night.
        self.canary = False
        self.words = ranked_terms(house.lexicon())[:TERMS]
        self._dice = random.Random(20261124)
        self.market = Market(Stock.opening(self.words, self._dice))
        file = folder / "scripted.yml"
        file.write_text(scripted.DEFINITION.format(site=self.market.url), "utf-8")
        crawl = house.settings.crawl.model_copy(update={"max_terms": TERMS, "sites": {"scripted": self.market.url}})
        self._settings = house.settings.model_copy(update={"crawl": crawl})
        self._platforms = chosen(self._settings, [str(file)], demo=False)
        self._count = 0

    def night(self, name: str, trouble: Trouble | None = None, *, down: bool = False, deadline: float = 20.0) -> Told:
        """Run one night to its end."""
        self.market.stock.pass_a_day(self._dice)
        with transaction(self.house.engine) as conn:  # a day passes for what robots.txt was, too
            conn.execute(text("update robots set fetched_at = fetched_at - interval '1 day'"))
        self.market.night, self.market.trouble = name, trouble
        crawl = self._settings.crawl.model_copy(update={"page_deadline": deadline})
        nightly = self._settings.nightly.model_copy(update={"canary": self.canary})
        house = replace(self.house, settings=self._settings.model_copy(update={"crawl": crawl, "nightly": nightly}))
        on = FIRST + timedelta(days=self._count)
        self._count += 1
        scan_id = plan_scan(house, self._platforms, house.lexicon(), kind="nightly", planned_for=on)
        assert scan_id is not None
        if down:
            self.market.close()
        for platform in [CANARY, "scripted"] if self.canary else ["scripted"]:
            run_slice(house, scan_id, platform)
        if down:
            self.market.open()
        return self.told(scan_id)

    def told(self, scan_id: int) -> Told:
        """By raw SQL."""
        url = self.house.settings.database_url
        [(planned,)] = sql(url, "select count(*) from queries where scan_id = %s", scan_id)
        ends = sql(url, "select outcome, note from queries where scan_id = %s", scan_id)
        [(status, findings)] = sql(url, "select status, findings from runs where scan_id = %s", scan_id)
        outcomes = Counter(outcome for outcome, _ in ends)
        assert planned == sum(outcomes.values()) and None not in outcomes
        [(finished,)] = sql(url, "select finished_at is not null from scans where id = %s", scan_id)
        assert finished
        with transaction(self.house.engine) as conn:
            assert scans.scan_row(conn, scan_id).status == status  # the night is what its one platform is
        return Told(
            status=status,
            outcomes=outcomes,
            notes=[note for outcome, note in ends if outcome not in ("searched", "empty")],
            findings=[sentence for _, sentence in findings],
            planned=planned,
        )


@pytest.fixture
def nights(database_url: str, tmp_path: Path) -> Iterator[Nights]:
    """A market of its own, and a house that patrols it."""
    house = open_house(read_settings(None, home=tmp_path / "home", database_url=database_url))
    made = Nights(house, tmp_path)
    try:
        yield made
    finally:
        made.market.close()
        house.engine.dispose()


def quiet(told: Told) -> None:
    """A night on which nothing was wrong raises nothing."""
    assert told.status == "正常", told
    assert not told.findings and set(told.outcomes) <= {"searched", "empty"} and told.outcomes["searched"] >= 4, told


def flagged(told: Told, status: str, outcome: str, *words: str) -> None:
    """A troubled night says so by status, by the outcome of its queries, and in words."""
    assert told.status == status, told
    assert told.outcomes[outcome], told
    assert all(word in told.said for word in words), told


def banned(nights: Nights) -> Trouble:
    """The two words that give most."""
    return scripted.filtering(nights.words[:2])


#: Name → the trouble, and how it must be told: status, outcome, words.
TROUBLES: dict[str, tuple[str, Trouble | None, tuple[str, ...]]] = {
    "classes change": ("漂移", scripted.classes_change, ("drifted", "没有读出商品")),
    "price vanishes": ("漂移", scripted.price_vanishes, ("drifted", "有价格的商品从平时的", "降到 0%")),
    "login from page 3": ("部分", scripted.login_from_page_3, ("login_required", "登录页", "第 3 页")),
    "captcha": ("被拦截", scripted.captcha, ("blocked", "滑块", "接连拦截")),
    "429": ("被拦截", scripted.too_many, ("blocked", "429")),
    "5xx": ("未运行", scripted.server_errors, ("failed", "服务器错误 500")),
    "empty": ("漂移", scripted.all_empty, ("drifted", "手机", "不可信")),
    "all alike": ("漂移", scripted.all_alike, ("drifted", "不同的检索返回同一页")),
    "slow drip": ("未运行", scripted.slow_drip, ("failed", "超时")),
    "filtered": ("部分", None, ("blocked", "屏蔽了这个词", "手机")),
    "down": ("未运行", None, ("failed", "连接被拒绝")),
    "robots 500": ("被拦截", scripted.robots_500, ("robots_refused", "robots.txt", "500")),
}


def run(nights: Nights, name: str) -> None:
    """One troubled night, judged; the market was left alone where it had said no."""
    status, trouble, (outcome, *words) = TROUBLES[name]
    if name == "filtered":
        trouble = banned(nights)
    told = nights.night(name, trouble, down=name == "down", deadline=0.7 if name == "slow drip" else 20.0)
    flagged(told, status, outcome, *words)
    visits = nights.market.seen(name)
    if name == "robots 500":
        assert {visit.path for visit in visits} == {"/robots.txt"}
    if name == "captcha":
        assert len(visits) == 4  # robots.txt, then three walls
    if name == "429":
        gaps = [later.at - sooner.at for sooner, later in itertools.pairwise(visits[1:])]
        assert gaps and min(gaps) >= 1.0


@pytest.mark.slow
def test_trouble_is_told_the_same_night(nights: Nights) -> None:
    """The ones that used to be green."""
    for number in range(4):
        quiet(nights.night(f"normal {number}"))
    for name in ("price vanishes", "empty", "filtered", "all alike", "captcha", "down", "robots 500"):
        run(nights, name)
    still = nights.night("still shut", scripted.captcha)
    assert still.status == "被拦截" and len(nights.market.seen("still shut")) == 2  # robots.txt and one question
    quiet(nights.night("normal again"))


@pytest.mark.drill
@pytest.mark.timeout(2400)
def test_24_nights(nights: Nights) -> None:
    """Twelve kinds of trouble, each told the same night; twelve normal nights that vary as nights do, none raised."""
    nights.canary = True
    order = [
        "",
        "",
        "",
        *(name for pair in zip(TROUBLES, [""] * 9, strict=False) for name in pair),
        *list(TROUBLES)[9:],
    ]
    assert len(order) == 24 and order.count("") == 12 and set(TROUBLES) < set(order)
    for number, name in enumerate(order):
        if name:
            run(nights, name)
        else:
            quiet(nights.night(f"normal {number}"))
