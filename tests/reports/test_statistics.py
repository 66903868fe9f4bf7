"""统计表.xlsx: every figure is the database's, and the sums prove themselves."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, event, text

import reports
from db import campaigns, statistics
from db.campaigns import CampaignUnknown
from records import CITY, ELSEWHERE, UNDECIDED
from tests.papers import DISTRICTS, Item, add_leads, add_scan, furnish, scalar

pytestmark = pytest.mark.db

UNTIL = date(2026, 10, 20)
#: The last second of the first phase in China, and the first of the second.
EDGE = datetime(2026, 7, 8, 15, 59, 59, tzinfo=UTC)
NEXT = datetime(2026, 7, 8, 16, 0, 0, tzinfo=UTC)
LATER = datetime(2026, 10, 20, 16, 0, 0, tzinfo=UTC)


@pytest.fixture
def name(engine: Engine) -> str:
    """The sample campaign with leads in two phases, one after the deadline, and one of another campaign."""
    default = furnish(engine)
    with engine.begin() as conn:
        special = campaigns.save(conn, reports.read_campaign(year=2026))
    add_scan(engine, {"demo_ads": ["searched", "empty"], "demo_shop": ["blocked"]}, at=EDGE)
    add_scan(engine, {"demo_ads": ["searched"], "demo_shop": ["failed", "empty"]}, at=NEXT)
    states = ["疑似", "核查中", "已排除", "待研判"]
    categories = ["ivory", "rhino", "tool_net", "reptile_live", "hornbill", ""]
    districts = [*(n for _, n in DISTRICTS), CITY, UNDECIDED, ELSEWHERE]
    items = [
        Item(
            at=EDGE if n % 3 else NEXT,
            state=states[n % 4],
            category=categories[n % 6],
            district=districts[n % 9],
            hits=1 + n % 3,
        )
        for n in range(40)
    ]
    add_leads(engine, special.id, [*items, Item(at=LATER)])
    add_leads(engine, default, [Item(at=EDGE, district="滕州市", hits=2)])
    return special.name


def read(path: Path, sheet: str) -> dict[str, dict[str, object]]:
    """District → column title → figure."""
    page = openpyxl.load_workbook(path)[sheet]
    titles = [str(cell.value).replace("\n", "") for cell in page[5]]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=7)]
    return {str(row[0]): dict(zip(titles[1:], row[1:], strict=True)) for row in rows if isinstance(row[1], int)}


SPANS = {
    "检查摸底": ("2026-06-01", "2026-07-09"),
    "整治规范": ("2026-07-09", "2026-10-19"),
    "全面总结": ("2026-10-19", "2026-10-21"),
    "累计": ("2026-06-01", "2026-10-21"),
}


def test_figures_equal_raw_sql(engine: Engine, name: str, tmp_path: Path) -> None:
    done = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "统计表.xlsx")
    day = "cast(:{} as timestamp) at time zone 'Asia/Shanghai'"
    within = f"{{0}} >= {day.format('a')} and {{0}} < {day.format('b')}"
    own = "campaign_id = (select id from campaigns where name = :name)"
    of = f"from leads where {own} and {within.format('first_seen')}"
    for sheet, (first, after) in SPANS.items():
        facts = {"a": first, "b": after, "name": name}
        table = read(done.path, sheet)
        assert list(table) == [*(n for _, n in DISTRICTS), CITY, UNDECIDED, ELSEWHERE, "合计"]
        for district, row in table.items():
            here = facts | {"d": None if district == "合计" else district}
            mine = f"{of} and (cast(:d as text) is null or district = :d)"
            if district == "合计":
                here.pop("d")
                mine = of
            assert row["归并疑似线索"] == scalar(engine, f"select count(*) {mine}", **here)
            for title, state in (
                ("形成线索（转核查）", "核查中"),
                ("排除", "已排除"),
                ("待研判", "待研判"),
                ("未初筛", "疑似"),
            ):
                assert row[title] == scalar(engine, f"select count(*) {mine} and state = '{state}'", **here)
            for title, keys in (("象牙", "'ivory'"), ("禁用猎捕工具", "'tool_net'"), ("活体及食用", "'reptile_live'")):
                assert row[title] == scalar(engine, f"select count(*) {mine} and category in ({keys})", **here)
            assert row["其他制品"] == scalar(engine, f"select count(*) {mine} and category in ('hornbill', '')", **here)
            where = "" if district == "合计" else " and district = :d"
            assert row["疑似信息"] == scalar(
                engine,
                "select count(distinct listing_id) from lead_hits where lead_id in"
                f" (select id from leads where {own}{where}) and {within.format('added_at')}",
                **here,
            )
        seen = scalar(engine, f"select count(*) from listings where {within.format('first_seen')}", a=first, b=after)
        assert table["合计"]["监测商品信息"] == table[CITY]["监测商品信息"] == seen
    assert read(done.path, "检查摸底")["合计"]["监测平台"] == 1
    assert read(done.path, "累计")["合计"]["监测平台"] == 3
    assert done.sound


def test_phases_and_the_whole_add_up(engine: Engine, name: str, tmp_path: Path) -> None:
    done = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx")
    *parts, whole = [table.total for table in done.tables]
    assert [sum(figures) for figures in zip(*parts, strict=True)] == list(whole)
    assert whole[3] == 40, "the lead after the deadline and the other campaign's are not in it"
    for table in done.tables:
        assert [sum(row[at] for row in table.rows.values()) for at in range(len(table.total))] == list(table.total)


def test_a_phase_that_has_not_begun_has_no_sheet(engine: Engine, name: str, tmp_path: Path) -> None:
    done = reports.build_statistics(engine, campaign=name, until=date(2026, 7, 7), path=tmp_path / "x.xlsx")
    assert openpyxl.load_workbook(done.path).sheetnames == ["检查摸底", "累计", "校验与口径"]
    assert done.tables[0].period.last == date(2026, 7, 7)


def test_the_default_campaign_has_one_sheet(engine: Engine, name: str, tmp_path: Path) -> None:
    done = reports.build_statistics(engine, campaign="日常监测", until=UNTIL, path=tmp_path / "x.xlsx")
    assert openpyxl.load_workbook(done.path).sheetnames == ["累计", "校验与口径"]
    assert read(done.path, "累计")["滕州市"]["疑似信息"] == 2
    with pytest.raises(CampaignUnknown):
        reports.build_statistics(engine, campaign="没有", until=UNTIL, path=tmp_path / "y.xlsx")


def test_a_listing_under_two_leads_is_counted_once(engine: Engine, name: str, tmp_path: Path) -> None:
    before = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx")
    with engine.begin() as conn:
        conn.execute(
            text(
                "insert into lead_hits (lead_id, listing_id, added_at) select l.id, h.listing_id, h.added_at"
                " from lead_hits h, leads l where h.lead_id = 1 and l.id = 5"
            )
        )
    after = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx")
    assert after.sound
    assert after.tables[-1].total[2] == before.tables[-1].total[2]


def test_hits_of_earlier_days_are_left_out_without_a_list_that_memory_must_hold(engine: Engine, name: str) -> None:
    """With `not in` the plan has a list instead, which is read again for every hit once it outgrows work_mem."""
    asked: list[tuple[str, Any]] = []
    listen = (engine, "before_cursor_execute", lambda c, cursor, statement, given, *_: asked.append((statement, given)))
    with engine.begin() as conn:
        campaign = conn.execute(text("select id from campaigns where name = :name"), {"name": name}).scalar_one()
        event.listen(*listen)
        statistics.tally(conn, campaign, statistics.Period(first=date(2026, 7, 9), last=UNTIL))
        event.remove(*listen)
        plans = ["\n".join(conn.exec_driver_sql(f"explain {statement}", given).scalars()) for statement, given in asked]
    assert [plan for plan in plans if "SubPlan" in plan] == []
    assert "Anti" in plans[-1]


def test_a_district_off_the_list_stands_under_undecided_and_fails_its_check(
    engine: Engine, name: str, tmp_path: Path
) -> None:
    with engine.begin() as conn:
        conn.execute(text("update leads set district = '火星区' where id = 1"))
    done = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx")
    assert not done.sound
    assert [check.rule for check in done.checks if not check.holds] == ["区划不在名单内的线索（暂列待定）＝0"]
    page = openpyxl.load_workbook(done.path)["累计"]
    assert any("有未通过项" in str(cell.value) for row in page.iter_rows(max_row=3) for cell in row)
    assert sum(row[3] for row in done.tables[-1].rows.values()) == 40


def test_a_state_that_no_column_counts_is_found_out(engine: Engine, name: str, tmp_path: Path) -> None:
    with engine.begin() as conn:
        conn.execute(text("update leads set state = '存疑' where id = 1"))
    done = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx")
    assert {check.rule for check in done.checks if not check.holds} == {"转核查＋排除＋待研判＋未初筛＝归并疑似线索"}


def test_the_sheet_prints_on_one_landscape_page(engine: Engine, name: str, tmp_path: Path) -> None:
    heading = reports.Heading(unit="=示例市场监督管理局", banner="演示数据　")
    done = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx", heading=heading)
    book = openpyxl.load_workbook(done.path)
    page = book["累计"]
    assert (page.page_setup.orientation, page.page_setup.paperSize, page.page_setup.fitToWidth) == (
        "landscape",
        "9",
        1,
    ) or (page.page_setup.orientation == "landscape" and int(page.page_setup.paperSize) == 9)
    assert page["A1"].font.name == "黑体"
    assert page["B7"].font.name == "宋体"
    assert str(page["A1"].value).startswith("演示数据")
    assert done.seal in str([cell.value for cell in page[3]])
    assert [
        cell.coordinate for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ] == []


def test_the_same_figures_have_the_same_seal(engine: Engine, name: str, tmp_path: Path) -> None:
    one = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "x.xlsx")
    two = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "y.xlsx")
    with engine.begin() as conn:
        conn.execute(text("update leads set state = '核查中' where id = 1"))
    three = reports.build_statistics(engine, campaign=name, until=UNTIL, path=tmp_path / "z.xlsx")
    assert one.seal == two.seal != three.seal
