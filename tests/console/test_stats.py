"""统计分析: the figures against counts by hand, nights that were not seen, and the charts in a real browser."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, text

from db import tables
from db.engine import transaction
from tests.console import seed
from tests.console.matrix import HERE
from tests.console.test_browser import page, site

__all__ = ["page", "site"]

pytestmark = pytest.mark.db

ROOT = Path(__file__).resolve().parents[2]

#: The clock of the tests stands on the 23rd, 08:31 in China; the sample leads were found in the night before.
RANGE = "?from=2026-11-14&to=2026-11-23"


def at(day: int, hour: int = 3) -> datetime:
    """A moment of November 2026, in China."""
    return datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=8)


def scan(conn, day: int, outcomes: dict[str, list[str]], kind: str = "nightly") -> None:
    scan_id = seed.scan(conn, outcomes=outcomes, kind=kind)
    conn.execute(tables.scans.update().where(tables.scans.c.id == scan_id).values(planned_for=date(2026, 11, day)))


@pytest.fixture
def days(engine, leads) -> list[int]:
    """The samples on different days, answered; nights that went well, were blocked, or were none."""
    good = {"demo_ads": ["searched"] * 2, "demo_goods": ["searched"]}
    with transaction(engine) as conn:
        for lead, day, answer in zip(leads, (15, 15, 17, 20, 21), ("属实", "不属实", "", "", "存疑"), strict=True):
            found = {"first_seen": at(day), "verdict": answer}
            conn.execute(tables.leads.update().where(tables.leads.c.id == lead).values(**found))
            conn.execute(tables.lead_hits.update().where(tables.lead_hits.c.lead_id == lead).values(added_at=at(day)))
        dismissed = tables.leads.update().where(tables.leads.c.id == leads[3])
        conn.execute(dismissed.values(state="已排除", screened_at=at(20)))
        for day in (15, 16, 17, 21):
            scan(conn, day, good)
        scan(conn, 18, {"demo_ads": ["blocked", "blocked"], "demo_goods": ["blocked"]})
        scan(conn, 19, {**good, "demo_goods": ["login_required"]})
        scan(conn, 22, good, kind="foreground")  # by hand alone
    return leads


def table(html: str, name: str) -> dict[str, list[str]]:
    """First cell of each line of the body → the numbers as the scripts read them; an empty text where there is none."""
    body = re.search(rf'id="by-{name}".*?<tbody>(.*?)</tbody>', html, re.S)[1]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)
    cells = [re.findall(r'<td class="num[^"]*"(?: data-n="([^"]*)")?', row) for row in rows]
    return {re.search(r"<th[^>]*>(.*?)</th>", row)[1]: numbers for row, numbers in zip(rows, cells, strict=True)}


def test_the_figures_are_those_of_the_rows(seat, days):
    html = seat("ke", "head").get("/stats" + RANGE).text
    # hits, high, review, leads, 属实, 不属实, 存疑, 已排除, 未作结论
    by_day = table(html, "day")
    assert next(iter(by_day)) == "2026/11/14" and len(by_day) == 10
    assert by_day["2026/11/15"] == ["8", "8", "0", "2", "1", "1", "0", "0", "0"]
    assert by_day["2026/11/17"] == ["1", "1", "0", "1", "0", "0", "0", "0", "1"]
    assert by_day["2026/11/20"] == ["1", "0", "1", "1", "0", "0", "0", "1", "0"]
    assert table(html, "platform") == {
        "演示分类信息": ["8", "7", "1", "3", "1", "0", "1", "1", "0"],
        "演示二手": ["2", "2", "0", "1", "0", "1", "0", "0", "0"],
        "演示藏品": ["1", "1", "0", "1", "0", "0", "0", "0", "1"],
    }
    assert table(html, "category")["象牙"] == ["6", "6", "0", "1", "1", "0", "0", "0", "0"]
    assert table(html, "district")["外地"] == ["1", "1", "0", "1", "0", "0", "1", "0", "0"]
    assert table(html, "precision")["象牙"][:3] == ["1", "1", "100.0"]
    assert table(html, "precision")["虎"][:3] == ["0", "0", ""]  # 存疑 is no answer
    assert "33.3%" in html and "1 / 3 条" in html


def test_a_night_that_was_not_seen_is_no_quiet_night(seat, days):
    html = seat("ke", "head").get("/stats" + RANGE).text
    by_day = table(html, "day")
    assert by_day["2026/11/16"] == ["0"] * 9  # seen, and there was nothing
    assert (
        by_day["2026/11/18"] == [""] * 9 and by_day["2026/11/20"][0] == "1"
    )  # no scan, and found by hand all the same
    marked = {day: mark for mark, day in re.findall(r'data-mark="(\w+)"[^>]*><th scope="row">([/\d]+)', html)}
    assert marked == {
        "2026/11/14": "blind",  # before the first scan of all
        "2026/11/18": "blind",
        "2026/11/19": "partial",
        "2026/11/20": "blind",
        "2026/11/22": "partial",
    }
    assert "其中 5 天没有看全" in html
    assert re.search(r"2026/11/18</b>.*?演示分类信息 被拦截（2 个检索任务）；演示二手 被拦截（1 个检索任务）", html)
    assert "演示二手 需登录（1 个检索任务）" in html and "只有手动监测" in html
    # of one platform alone its own nights count
    one = seat("li", "inspector").get(f"/stats{RANGE}&platform=demo_ads").text
    assert "其中 4 天没有看全" in one


def test_files_have_no_zero_for_a_night_that_was_not_seen_either(seat, days):
    visitor, range_ = seat("ke", "head"), "?from=2026-11-14&to=2026-11-24"
    answer = visitor.get(f"/stats/export{range_}&kind=csv&by=day")
    by_day = {row[0]: row[1:] for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))}
    book = openpyxl.load_workbook(io.BytesIO(visitor.get("/stats/export" + range_).content))
    sheet = {row[0]: row[1:] for row in book["按日"].iter_rows(values_only=True)}
    # 疑似信息, its two levels, 线索, its five answers, 属实率分母, 属实率
    assert by_day["2026-11-16"][:11] == ["0"] * 10 + [""] and sheet["2026-11-16"][:11] == (0,) * 10 + ("—",)
    for dark in ("2026-11-14", "2026-11-18", "2026-11-24"):  # before the first scan, blocked, still to come
        assert by_day[dark][:11] == [""] * 11 and sheet[dark][:11] == ("—",) * 11, dark
    # no scan, and found by hand all the same
    assert by_day["2026-11-20"][:4] == ["1", "0", "1", "1"] and sheet["2026-11-20"][:4] == (1, 0, 1, 1)
    assert by_day["2026-11-19"][:4] == ["0"] * 4  # seen in part: few, and not none
    assert sheet["合计"][:4] == (11, 10, 1, 5)


def test_filters_narrow_and_every_choice_says_what_it_would_show(seat, days):
    visitor = seat("ke", "head")
    html = visitor.get(f"/stats{RANGE}&platform=demo_ads&district=local").text
    assert table(html, "platform") == {"演示分类信息": ["7", "6", "1", "2", "1", "0", "0", "1", "0"]}
    # of the other platforms what they would show; of the others what this one has
    assert "演示二手 2<" in html and "象牙 6<" in html and "穿山甲" not in html.partition("<section")[0]
    assert table(visitor.get(f"/stats{RANGE}&level=review").text, "category") == {
        "猎套": ["1", "0", "1", "1", "0", "0", "0", "1", "0"]
    }
    assert table(visitor.get(f"/stats{RANGE}&state=已排除").text, "district")["市本级"][:4] == ["1", "0", "1", "1"]
    empty = visitor.get("/stats?from=2026-11-16&to=2026-11-16").text
    assert "所选范围内没有疑似信息和线索" in empty and "确实没有" in empty and "echarts" not in empty
    dark = visitor.get("/stats?from=2026-11-18&to=2026-11-18").text
    assert "没有看全的日子不能算作没有" in dark and "确实没有" not in dark


def test_a_listing_of_two_leads_counts_once_and_what_is_no_hit_any_more_not_at_all(seat, days, engine):
    with transaction(engine) as conn:
        of_first = "select listing_id from lead_hits where lead_id = :lead order by listing_id"
        first, second = list(conn.execute(text(of_first), {"lead": days[0]}).scalars())[:2]
        again = {"lead_id": days[1], "listing_id": first, "added_at": at(16)}
        conn.execute(tables.lead_hits.insert().values(**again))
        conn.execute(tables.listings.update().where(tables.listings.c.id == second).values(level="none", category=""))
    html = seat("ke", "head").get("/stats" + RANGE).text
    assert table(html, "day")["2026/11/15"][0] == "7" and table(html, "day")["2026/11/16"][0] == "0"


def test_a_hit_stands_on_the_day_on_which_it_first_joined_any_lead(seat, days, engine):
    """A split and a merge can give it to an older lead later: the number of the lead says nothing of the day."""
    with transaction(engine) as conn:
        of_last = select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == days[4]).limit(1)
        later = {"lead_id": days[0], "listing_id": conn.execute(of_last).scalar_one(), "added_at": at(22)}
        conn.execute(tables.lead_hits.insert().values(**later))
    by_day = table(seat("ke", "head").get("/stats" + RANGE).text, "day")
    assert (by_day["2026/11/21"][0], by_day["2026/11/22"][0]) == ("1", "0")


def test_a_district_counts_its_own(seat, days):
    html = seat("qu", "district", HERE).get("/stats" + RANGE).text
    assert list(table(html, "district")) == ["滕州市"] and "只含本区（市）的线索" in html
    assert table(html, "platform") == {"演示分类信息": ["6", "6", "0", "1", "1", "0", "0", "0", "0"]}
    assert "薛城区" not in html and "演示二手 2" not in html
    book = openpyxl.load_workbook(io.BytesIO(seat("qu2", "district", HERE).get("/stats/export" + RANGE).content))
    assert [row[0].value for row in book["按区划"].iter_rows(min_row=2)] == ["滕州市", "合计"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?from=2026-11-20&to=2026-11-01", "开始日期在结束日期之后"),
        ("?from=2020-01-01&to=2026-11-01", "一次最多统计 366 天"),
        ("?from=x", ""),
        ("?level=none", ""),
        ("?state=%00", ""),
        ("?state=已并入", ""),
        ("?from=9999-12-31&to=9999-12-31", ""),
    ],
)
def test_days_that_cannot_be_are_refused(seat, days, query, says):
    visitor = seat("ke", "head")
    answer = visitor.get("/stats" + query)
    assert answer.status_code == 400 and says in answer.text and "data-n=" not in answer.text
    assert visitor.get("/stats/export" + query).status_code == 400


def test_too_much_is_said_and_not_drawn(seat, days, monkeypatch):
    monkeypatch.setattr("db.figures.MOST_COUNTED", 5)
    visitor = seat("ke", "head")
    answer = visitor.get("/stats" + RANGE)
    assert answer.status_code == 200 and "没有统计" in answer.text and "data-n=" not in answer.text
    # nor as numbers of choices: they would be those of whichever rows came first
    selects = re.findall(r'<option value="([^"]*)"', answer.text)
    assert "demo_ads" not in selects and "local" in selects
    chosen = visitor.get(f"/stats{RANGE}&platform=demo_ads").text
    assert re.findall(r'<option value="demo_ads" selected>([^<]*)<', chosen) == ["演示分类信息"]
    assert visitor.get("/stats/export" + RANGE).status_code == 400


def test_files_hold_the_same_figures_and_no_formula(seat, desk, days, engine):
    with transaction(engine) as conn:
        conn.execute(text("update districts set name = '=2+3' where name = '薛城区'"))
        conn.execute(text("update leads set district = '=2+3' where district = '薛城区'"))
    visitor = seat("ke", "head", platforms={**seed.PLATFORMS, "demo_goods": "＠SUM(1)"})
    book = openpyxl.load_workbook(io.BytesIO(visitor.get("/stats/export" + RANGE).content))
    assert book.sheetnames == ["按日", "按平台", "按类别", "按区划", "说明"]
    assert [cell.value for cell in book["按日"][3][:10]] == ["2026-11-15", 8, 8, 0, 2, 1, 1, 0, 0, 0]
    named = {row[0].value: row[0].data_type for row in book["按区划"].iter_rows(min_row=2)}
    assert named["=2+3"] == "s"
    assert "被拦截 2 个检索任务" in book["按日"]["N6"].value
    for by, first in (("district", "=2+3"), ("platform", "＠SUM(1)")):
        answer = visitor.get(f"/stats/export{RANGE}&kind=csv&by={by}")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row[1] for row in rows if row[0] == f"'{first}"] == ["2"] and rows[0][1] == "疑似信息"
    assert visitor.get("/stats/export?by=secrets").status_code == 400


# --- in a browser -----------------------------------------------------------------------------------------------------

DRAWN = """() => [...document.querySelectorAll('.chart')].map(box => {
  const chart = window.echarts.getInstanceByDom(box);
  return [box.dataset.chart, chart.getOption().series.map(one => [one.name, one.data])];
})"""


@pytest.mark.browser
@pytest.mark.slow
def test_charts_are_the_tables_and_the_tables_stand_without_them(site, page, days, engine):
    opened, seen = page
    opened.goto(site.url + "/stats" + RANGE, wait_until="networkidle")
    drawn = opened.evaluate(DRAWN)
    assert [name for name, _ in drawn][:2] == ["by-day", "by-day"] and len(drawn) == 9
    hits = dict(drawn[0][1])
    assert hits["高风险"] == [None, 8, 0, 1, None, 0, 0, 1, 0, 0] and hits["待看"][6] == 1
    assert hits["没有监测或没有看到"] == [1, None, None, None, 1, None, 1, None, None, None]
    assert hits["没有看全"] == [None, None, None, None, None, 1, None, None, 1, None]
    # something was painted, and what a screen reader is told has the numbers
    painted = "() => [...document.querySelectorAll('.chart canvas')].map(c => new Set(new Uint32Array("
    painted += "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)"
    assert min(opened.evaluate(painted)) > 3
    labels = opened.evaluate(
        "() => [...document.querySelectorAll('.chart')].map(box => box.getAttribute('aria-label'))"
    )
    assert all(labels) and "高风险" in labels[0]
    assert opened.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    opened.pdf()  # what a person prints, charts fitted to the paper
    assert seen.violations == [] and seen.away == [] and seen.dialogs == []


def test_colours_stay_apart_for_people_who_see_fewer_of_them():
    """Any two of one chart lie 20 apart in CIELAB, to all eyes and to those without red or green cones."""
    source = (ROOT / "console/static/stats.js").read_text("utf-8")
    found = dict(re.findall(r'"?(\w+)"?: "(#[0-9a-f]{6})"', source.partition("COLOURS")[2].partition("}")[0]))
    for group in (("high", "review"), ("true", "false", "doubt", "dismissed", "open")):
        for one, other in combinations(group, 2):
            for sees in ("all", "no red", "no green"):
                a, b = lab(found[one], sees), lab(found[other], sees)
                apart = sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5
                assert apart > 20, (one, other, sees, apart)


#: Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
_SEEN = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def lab(colour: str, sees: str) -> tuple[float, float, float]:
    """CIE L*a*b* of #rrggbb as such eyes see it."""
    linear = [
        c / 12.92 if (c := int(colour[n : n + 2], 16) / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for n in (1, 3, 5)
    ]
    r, g, b = (max(0.0, sum(w * c for w, c in zip(row, linear, strict=True))) for row in _SEEN[sees])
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
