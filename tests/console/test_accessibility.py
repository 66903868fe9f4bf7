"""Every page through axe in a real Chromium: no serious fault (WCAG 2.1 A and AA), whatever dialog stands open."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import text

from console import add_demo_user, add_user
from db.engine import transaction
from tests.console.test_browser import SECRET, Seen, page, served, shows, signed_in

__all__ = ["page"]  # the fixture

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """
() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}).then(found =>
    found.violations.filter(one => ['serious', 'critical'].includes(one.impact))
        .map(one => one.id + ': ' + one.nodes.map(node => node.target.join(' ')).slice(0, 4).join(' | ')))
"""


def faults(opened: Page) -> list[str]:
    """What axe holds against the page as it stands; run beside the page's own policy, not against it."""
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    return list(opened.evaluate(RUN))


def test_no_page_has_a_serious_fault(desk, engine, leads, page: tuple[Page, Seen]) -> None:
    opened, seen = page
    with transaction(engine) as conn:
        add_demo_user(conn, desk.now())
    found: dict[str, list[str]] = {}
    with served(replace(desk, demo=True)) as url:
        for path in (
            "/",
            "/review",
            "/review?q=不存在的词",
            "/review/bulk",
            "/search",
            "/search?q=象牙",
            "/listings/1",
            "/sellers/1",
            f"/leads/{leads[0]}",
            f"/leads/{leads[0]}/packages",
            f"/leads/{leads[0]}/extract",
            f"/leads/{leads[0]}/verdict?to=属实",
            f"/leads/{leads[0]}/verdict?to=存疑",
            f"/leads/{leads[0]}/licences",
            f"/leads/{leads[0]}/disposition",
            f"/leads/{leads[0]}/print",
            "/review/second",
            f"/leads/{leads[0]}/related",
            "/exports",
            "/scans",
            "/intake",
            "/leads/999999",
        ):
            opened.goto(url + path)
            opened.wait_for_load_state("networkidle")
            found[path] = faults(opened)
        with transaction(engine) as conn:
            conn.execute(text("update users set role = 'head' where name = 'demo'"))
        opened.goto(url + "/review/second/figures")
        found["/review/second/figures"] = faults(opened)
        opened.goto(url + "/review")
        for key, dialog in (("?", "#keys-sheet"), ("c", "#note-sheet"), ("n", "#misread-sheet"), ("e", "#viewer")):
            shows(opened, leads[0])
            opened.keyboard.press(key)
            opened.wait_for_selector(f"{dialog}[open]")
            found[dialog] = faults(opened)
            opened.keyboard.press("Escape")
        opened.keyboard.press("x")
        found["reasons"] = faults(opened)
        opened.goto(url + "/review/bulk")
        for key in ("j", "Space", "x"):
            opened.keyboard.press(key)
        opened.wait_for_selector("#bulk-preview[open]")
        found["#bulk-preview"] = faults(opened)
    assert {where: told for where, told in found.items() if told} == {}
    assert seen == Seen()


def test_the_door_and_the_settings_have_no_serious_fault(desk, engine, page: tuple[Page, Seen]) -> None:
    opened, seen = page
    found: dict[str, list[str]] = {}
    with transaction(engine) as conn:
        once = add_user(conn, name="chef", role="admin", actor="test", at=desk.now())
        add_user(conn, name="wang", role="inspector", actor="test", at=desk.now())  # whose row has buttons
    with served(desk) as url:
        opened.goto(url + "/login")
        found["/login"] = faults(opened)
        signed_in(opened, url, "chef", once)
        for path in ("/password", "/settings/keys", "/settings/users", "/settings/audit"):
            opened.goto(url + path)
            found[path] = faults(opened)
    assert SECRET and {where: told for where, told in found.items() if told} == {}
    assert seen == Seen()
