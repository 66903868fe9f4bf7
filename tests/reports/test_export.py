"""线索清单.xlsx: complete, masked, and nothing in it that runs."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine, text

import reports
from db.text import storable
from records import Labels, shanghai
from tests.papers import Item, add_leads, furnish, scalar

pytestmark = pytest.mark.db

FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.test\",\"x\")", "=IMPORTXML(\"http://evil.test\")", "+1+1",
    "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "=1+1\x0b",
    "'=1+1", "\"=1+1", "{=1+1}", "==1", "=+1", "=-1", "%0A=1", ";=1", "=WEBSERVICE(\"http://evil.test\")",
    "=DDE(\"cmd\";\"/C calc\";\"x\")", "=1+1" + "象" * 33_000, "_x003D_1+1", "=SUM(A1:A9)*\u202e", "#REF!",
]  # fmt: skip


def sheet(path: Path, name: str) -> list[dict]:
    page = openpyxl.load_workbook(path)[name]
    head = [cell.value for cell in page[1]]
    return [dict(zip(head, (cell.value for cell in row), strict=True)) for row in page.iter_rows(min_row=2)]


def test_thirty_formula_titles_are_thirty_texts(engine: Engine, tmp_path: Path) -> None:
    campaign = furnish(engine)
    assert len(FORMULAS) == 30
    add_leads(engine, campaign, [Item(title=storable(each), seller=storable(each)) for each in FORMULAS])
    path = tmp_path / "线索.xlsx"
    done = reports.export_leads(engine, path, masked=False)
    book = openpyxl.load_workbook(path)
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == []
    titles = {str(row["涉嫌商品标题（分值最高）"]) for row in sheet(path, "线索清单")}
    assert done.leads == len(titles) == 30
    assert {"=1+1", "=1+1_x005F_x000B_"} & titles, "what the page said is still there"
    foreign = book["线索清单"]["G"][1:]
    assert all(cell.quotePrefix for cell in foreign), "an edit in Excel must not wake the formula"
    assert max(len(str(cell.value)) for cell in foreign) <= 32_767
    raw = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in raw


def test_sellers_are_masked_unless_asked(engine: Engine, tmp_path: Path) -> None:
    campaign = furnish(engine)
    add_leads(engine, campaign, [Item(seller="示例店铺", title="象牙 13812345678")])
    with engine.begin() as conn:
        for table in ("sellers", "listings"):
            conn.execute(text(f"update {table} set place = '枣庄 13812345678'"))
    masked, full = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    reports.export_leads(engine, masked)
    reports.export_leads(engine, full, masked=False)
    (row,), (hit,) = sheet(masked, "线索清单"), sheet(masked, "疑似信息明细")
    assert row["卖家"] == "示***"
    assert row["涉嫌商品标题（分值最高）"] == hit["涉嫌商品标题"] == "象牙 138****5678"
    assert row["卖家自报地"] == hit["所在地"] == "枣庄 138****5678"
    assert sheet(full, "线索清单")[0]["卖家"] == "示例店铺"
    everything = b"".join(zipfile.ZipFile(masked).read(name) for name in zipfile.ZipFile(masked).namelist())
    assert "示例店铺".encode() not in everything
    assert b"13812345678" not in everything


def test_rows_and_counts_are_those_of_raw_sql(engine: Engine, tmp_path: Path) -> None:
    campaign = furnish(engine)
    add_leads(
        engine,
        campaign,
        [
            Item(score=90, level="high", hits=3, state="核查中", number="XS-2026-1123-0001"),
            Item(score=40, hits=2),
            Item(score=70, district="外地", category="tool_net"),
        ],
    )
    path = tmp_path / "x.xlsx"
    labels = Labels(platforms={"demo_ads": "示例网"}, categories={"ivory": "象牙"})
    done = reports.export_leads(engine, path, labels=labels)
    assert done.leads == scalar(engine, "select count(*) from leads") == 3
    assert done.hits == scalar(engine, "select count(*) from lead_hits") == 6
    rows = sheet(path, "线索清单")
    assert [row["研判分"] for row in rows] == [90, 70, 40]
    assert rows[0]["线索编号"] == "XS-2026-1123-0001"
    assert rows[2]["线索编号"].startswith("疑似-")
    first = rows[0]
    assert (first["平台"], first["涉嫌类别"], first["研判等级"], first["疑似信息（条）"]) == ("示例网", "象牙", "高", 3)
    assert first["首次发现（北京时间）"] == datetime(2026, 11, 23, 2, 0)  # noqa: DTZ001  sheets know no zone
    hits = sheet(path, "疑似信息明细")
    assert len(hits) == 6
    assert (hits[0]["标价"], hits[0]["命中词"]) == (1234.5, "象牙")
    facts = {row["项目"]: row["内容"] for row in sheet(path, "说明")}
    assert facts["线索数"] == "3 条"
    assert facts["数据截止"].endswith("+08:00")
    assert facts["数据截止"].startswith(f"{shanghai(done.as_of):%Y-%m-%d %H:%M}")
    assert "涉嫌" in facts["性质"]


def test_filters_are_applied_and_said(engine: Engine, tmp_path: Path) -> None:
    campaign = furnish(engine)
    add_leads(engine, campaign, [Item(), Item(district="外地"), Item(state="已排除"), Item(platform="demo_shop")])
    path = tmp_path / "x.xlsx"
    wanted = reports.LeadFilter(
        districts=("滕州市",),
        states=("疑似",),
        platforms=("demo_ads",),
        first=date(2026, 11, 23),
        last=date(2026, 11, 23),
    )
    assert reports.export_leads(engine, path, filters=wanted).leads == 1
    facts = {row["项目"]: row["内容"] for row in sheet(path, "说明")}
    assert (facts["区（市）"], facts["状态"]) == ("滕州市", "疑似")
    assert facts["首次发现日期"] == "2026-11-23 至 2026-11-23"
    day_before = reports.LeadFilter(first=date(2026, 11, 22), last=date(2026, 11, 22))
    assert reports.export_leads(engine, path, filters=day_before).leads == 0, "02:00 in China is the 23rd, not the 22nd"


def test_an_empty_list_is_a_file_all_the_same(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    done = reports.export_leads(engine, tmp_path / "x.xlsx")
    assert (done.leads, sheet(done.path, "线索清单")) == (0, [])


def test_a_failed_export_leaves_the_old_file_and_no_half_one(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "rows"))
    (tmp_path / "rows").mkdir()
    add_leads(engine, furnish(engine), [Item()])
    with pytest.raises(reports.NotWritten):
        reports.export_leads(engine, tmp_path / "nowhere" / "x.xlsx")
    path = tmp_path / "x.xlsx"
    path.write_text("old")
    with engine.begin() as conn:
        conn.execute(text("alter table assessments rename to gone"))
    with pytest.raises(Exception, match="assessments"):
        reports.export_leads(engine, path)
    assert path.read_text() == "old"
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["rows", "x.xlsx"]


def test_more_than_a_sheet_holds_is_refused(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = furnish(engine)
    add_leads(engine, campaign, [Item(), Item()])
    monkeypatch.setattr("reports.export._MOST_ROWS", 1)
    with pytest.raises(reports.TooMuchForOneSheet):
        reports.export_leads(engine, tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []
