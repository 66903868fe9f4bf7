"""A lead on paper: who printed it stands across every page, persons are covered, and uncovering them leaves a trace."""

import unicodedata

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from db.engine import transaction
from records.masking import veiled
from tests.console.test_browser import Seen, page, site  # noqa: F401  fixtures
from tests.console.test_verdicts import sql

pytestmark = pytest.mark.db

TOLD = "加微信 laoliao_97 或电话 138-1234-5678，１３８１２３４５６７９，QQ：98765432，一三八一二三四五六七八 http://shop.example/u/97"
HIDDEN = ("laoliao_97", "1234-5678", "１２３４５６７９", "98765432", "二三四五六七", "/u/97")


def test_what_reaches_a_person_is_covered_and_the_rest_is_not():
    given = f"老料手串 象牙 6243元 2件 {TOLD} 卖家@x a.b@example.com"
    covered = veiled(given, paper=True)
    assert not [one for one in (*HIDDEN, "a.b@example") if one in covered], covered
    assert "老料手串 象牙 6243元 2件" in covered and "http://shop.example/***" in covered
    assert len(covered) == len(given)
    for plain in ("直径 12 毫米，重 35.6 克", "V领毛衣", "2026年11月", ""):
        assert veiled(plain, paper=True) == plain


def test_paper_is_covered_unless_somebody_says_why_not(account, leads, engine):
    with transaction(engine) as conn:
        conn.execute(text("update listings set description = :told"), {"told": TOLD})
    visitor = account()
    sheet = visitor.get(f"/leads/{leads[0]}/print").text
    assert "示***" in sheet and "示例卖家97" not in sheet and "/evidence/" not in sheet
    assert not [one for one in HIDDEN if one in sheet.replace("http://127.0.0.1", "")]
    assert sheet.count("内部资料 王某 wang") >= 40 and "个人信息已遮盖" in sheet
    for reason in ("", "要看", " \u200b  ", "长" * 201):
        assert visitor.post(f"/leads/{leads[0]}/print", {"reason": reason}).status_code == 400
    whole = visitor.post(f"/leads/{leads[0]}/print", {"reason": "移送公安附卷<b>"})
    assert whole.status_code == 200 and "示例卖家97" in whole.text and "laoliao_97" in whole.text
    assert "未遮盖，理由：移送公安附卷&lt;b&gt;" in whole.text and "/evidence/" in whole.text
    rows = sql(
        engine, "select actor, action, detail from audit where subject = :who order by seq", who=f"lead:{leads[0]}"
    )
    assert [(row.action, row.detail["reason"]) for row in rows] == [
        ("lead.print", ""),
        ("lead.unmask", "移送公安附卷<b>"),
    ]
    looks = sql(engine, "select action, detail from custody where subject = :who", who=f"lead:{leads[0]}")
    assert [(row.action, row.detail.get("unmasked")) for row in looks] == [("查看", "移送公安附卷<b>")]
    auditor = account("shen", role="auditor")
    assert auditor.get(f"/leads/{leads[0]}/print").status_code == 200
    assert auditor.post(f"/leads/{leads[0]}/print", {"reason": "审计需要看"}).status_code == 403
    assert visitor.post("/leads/999999/print", {"reason": ""}).status_code == 404


@pytest.mark.browser
@pytest.mark.slow
def test_every_sheet_of_paper_says_who_printed_it(site, page, engine, tmp_path):  # noqa: F811  fixtures
    opened, seen = page
    opened.goto(f"{site.url}/leads/{site.leads[0]}/print")
    paper = tmp_path / "lead.pdf"
    opened.pdf(path=str(paper), prefer_css_page_size=True, print_background=True)
    # Chromium writes 示 as the radical ⽰, which has the same glyph in its font; NFKC makes 戶 of the radical ⼾
    sheets = [unicodedata.normalize("NFKC", sheet.extract_text()) for sheet in PdfReader(paper).pages]
    told = "".join(sheets)
    assert len(sheets) >= 2
    for sheet in sheets:
        assert "内部资料" in sheet and "打印人" in sheet and "演示用戶" in sheet.replace("户", "戶")
    assert "示例卖家97" not in told and "快捷键" not in told and seen == Seen()
