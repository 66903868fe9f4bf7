"""平台摸底台账: the newest reading of each platform, as a person reads it in the workbook."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine

from db import ledger
from db.engine import transaction
from records import Imprint, Labels
from reports import credit_code_says, export_ledger

READ = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


def imprint(days: int = 0, **facts: str) -> Imprint:
    return Imprint(url="https://a.test/", read_at=READ + timedelta(days=days), page_sha256="0" * 64, **facts)


@pytest.mark.db
def test_each_reading_is_kept_and_the_newest_is_told(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as conn:
        assert ledger.is_due(conn, "goods", READ)
        ledger.keep(conn, "goods", imprint(operator="前一家有限公司"))
        ledger.keep(conn, "goods", imprint(1, operator="=cmd()\x00有限公司", uscc="91000000MA00000A15"))
        ledger.keep(conn, "ads", imprint(icp="鲁ICP备00000001号-1"))
        assert not ledger.is_due(conn, "goods", READ + timedelta(days=1))
        assert ledger.is_due(conn, "goods", READ + timedelta(days=1, seconds=1))
        entries = ledger.entries(conn)
    assert [(one.platform, one.imprint.read_at) for one in entries] == [
        ("ads", READ),
        ("goods", READ + timedelta(days=1)),
    ]
    path = tmp_path / "台账.xlsx"
    assert export_ledger(entries, path, labels=Labels(platforms={"goods": "示例闲置"}), made_at=READ) == 2
    _, ads, goods, notice = openpyxl.load_workbook(path)["平台摸底台账"].iter_rows(values_only=True)
    assert ads[0] == "ads" and ads[4] == "鲁ICP备00000001号-1"
    assert (goods[0], goods[2], goods[3]) == ("示例闲置", "91000000MA00000A15", "不符")
    # a formula of a page's own is text, and a character that no sheet may hold is no longer there
    assert goods[1].endswith("=cmd()有限公司") or goods[1].startswith("=cmd()")
    assert openpyxl.load_workbook(path)["平台摸底台账"]["B3"].data_type == "s"
    assert notice[0].startswith("以上均为平台页面自行公示的内容")


def test_an_empty_code_is_neither_right_nor_wrong() -> None:
    assert (credit_code_says(""), credit_code_says("91000000MA00000A14")) == ("", "相符")
