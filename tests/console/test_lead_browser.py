"""A lead's page in a real Chromium: a verdict by keys alone, taken back by one."""

import pytest
from sqlalchemy import text

from db.engine import transaction
from tests.console.test_browser import Seen, page, site  # noqa: F401  fixtures

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]


def test_a_verdict_by_keys_alone(site, page, engine):  # noqa: F811  fixtures
    opened, seen = page
    opened.goto(f"{site.url}/review?lead={site.leads[0]}")
    opened.wait_for_selector("#focus[data-ready=yes]")
    opened.keyboard.press("a")
    opened.wait_for_selector(f"#row-{site.leads[0]}.done")
    with transaction(engine) as conn:
        conn.execute(text("update listings set description = '带专用标识 编号：LY2018-0034567'"))
    opened.goto(f"{site.url}/leads/{site.leads[0]}")
    assert "同一编号，另一卖家" in opened.inner_text("main")
    opened.keyboard.press("a")
    opened.wait_for_url("**/verdict?to=*")
    for field, words in (("subject_name", "某文玩店"), ("identity_basis", "平台回函〔2026〕1号")):
        opened.fill(f"#{field}", words)
    opened.select_option("#known", "yes")
    opened.focus("input[name=violation]")
    opened.keyboard.press("Space")
    opened.keyboard.press("Control+Enter")
    opened.wait_for_url(f"**/leads/{site.leads[0]}#verdict")
    assert "某文玩店" in opened.inner_text("#verdict") and "给出编号" in opened.inner_text("#licences")
    opened.keyboard.press("z")
    opened.wait_for_selector("#verdict >> text=还没有结论")
    with transaction(engine) as conn:
        told = conn.execute(text("select verdict from verdicts order by id")).scalars().all()
    assert told == ["属实", "撤销"] and seen == Seen()
