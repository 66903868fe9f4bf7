"""A lead's page in a real Chromium: a verdict by keys alone, taken back by one; a second look by one."""

import pytest
from sqlalchemy import text

from console import add_user
from db import users
from db.engine import transaction
from db.screening import Decision, screen
from records import Screening
from tests.console import seed
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


def test_a_second_look_by_one_key_says_which_button_it_was(site, page, engine, desk):  # noqa: F811  fixtures
    """A guarded form is sent by a script once the session was looked at, and must not forget the button."""
    opened, seen = page
    with transaction(engine) as conn:
        other = (
            add_user(conn, name="li", role="inspector", actor="test", at=desk.now()) and users.find(conn, "li")[0].id
        )
        chosen = "select i from generate_series(100, 999) s (i) where mod(hashtextextended('second look', i), 20) = 0"
        lead_id = conn.execute(text(f"{chosen} limit 1")).scalar_one()
        conn.execute(text("select setval(pg_get_serial_sequence('leads', 'id'), :id, false)"), {"id": lead_id})
        campaign = conn.execute(text("select max(id) from campaigns")).scalar_one()
        assert seed.lead(conn, desk.store, seed.SAMPLES[1], campaign, serial=77) == lead_id
        version = conn.execute(text("select version from leads where id = :id"), {"id": lead_id}).scalar_one()
        first = Decision(
            lead_id=lead_id, version=version, action=Screening.KEEP, user_id=other, actor="li", at=desk.now()
        )
        screen(conn, first)
    opened.goto(f"{site.url}/review/second")
    opened.select_option("#reason", "重复")
    opened.click("body")
    opened.keyboard.press("x")
    opened.wait_for_url("**said=1")
    with transaction(engine) as conn:
        told = conn.execute(text("select action, reason, agrees from second_looks")).one()
    assert tuple(told) == ("排除", "重复", False) and seen == Seen()
