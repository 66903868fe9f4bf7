"""导出: masked unless somebody says why not, each a row of the audit, and of one's own district alone."""

import csv
import io

import openpyxl
import pytest
from sqlalchemy import select

from db import tables
from db.engine import transaction
from reports.export import NOWHERE, recipient
from tests.console.matrix import HERE

pytestmark = pytest.mark.db


def read(answer) -> str:
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    return answer.content.decode("utf-8-sig")


def entries(desk) -> list[tuple[str, dict]]:
    with transaction(desk.engine) as conn:
        rows = conn.execute(
            select(tables.audit).where(tables.audit.c.action.like("lead.%")).order_by(tables.audit.c.seq)
        )
        return [(row.action, row.detail) for row in rows]


def test_a_list_is_masked_unless_somebody_says_why_not(seat, desk, leads):
    visitor = seat("ke", "head")
    masked = read(visitor.post("/exports", {"kind": "csv"}))
    assert "湖***" in masked and "湖畔旧物" not in masked
    for why in ("", "   ", "查"):
        assert visitor.post("/exports", {"kind": "csv", "unmasked": "true", "why": why}).status_code == 400
    whole = read(visitor.post("/exports", {"kind": "csv", "unmasked": "true", "why": "移交海关核对"}))
    assert "湖畔旧物" in whole
    assert [action for action, _ in entries(desk)] == ["lead.export", "lead.export.unmasked"]
    assert entries(desk)[1][1] == {
        "kind": "csv",
        "state": "",
        "masked": False,
        "why": "移交海关核对",
        "leads": len(leads),
    }


def test_a_district_takes_its_own(seat, desk, leads):
    visitor = seat("wang", "inspector", HERE)
    for kind in ("csv", "xlsx"):
        answer = visitor.post("/exports", {"kind": kind})
        assert answer.status_code == 200
    lines = list(csv.reader(io.StringIO(read(visitor.post("/exports", {"kind": "csv"})))))
    assert len(lines) == 2 and "滕州市" in lines[1]
    book = openpyxl.load_workbook(io.BytesIO(visitor.post("/exports", {"kind": "xlsx"}).content))
    assert (book["线索清单"].max_row, book["疑似信息明细"].max_row) == (2, 7)


def test_what_goes_elsewhere_is_sorted_by_who_would_receive_it(seat, desk, leads):
    with transaction(desk.engine) as conn:
        kept = tables.leads.update().values(state="核查中")
        conn.execute(kept.where(tables.leads.c.id.in_((leads[2], leads[4]))))
        conn.execute(tables.leads.update().where(tables.leads.c.id == leads[2]).values(district="外地"))
    answer = seat("ke", "head").post("/exports", {"kind": "handover"})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["浙江", NOWHERE, "说明"]
    assert [book[name].max_row for name in book.sheetnames[:2]] == [2, 2]


@pytest.mark.parametrize(
    ("place", "goes_to"), [("浙江杭州", "浙江"), ("内蒙古呼和浩特", "内蒙古"), ("", NOWHERE), ("=浙江", NOWHERE)]
)
def test_a_recipient_is_read_off_the_place(place, goes_to):
    assert recipient(place) == goes_to


def test_nonsense_is_refused(seat, leads):
    visitor = seat("ke", "head")
    for form in ({"kind": "exe"}, {"kind": "csv", "state": "x"}, {}):
        assert visitor.post("/exports", form).status_code == 400
    assert "导出线索" in visitor.get("/exports").text
