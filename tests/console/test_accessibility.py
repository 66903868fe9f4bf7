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


def in_english(opened: Page, url: str, english: bool, *, name: str) -> None:
    """From here on the browser asks for that language."""
    opened.context.add_cookies([{"name": name, "value": "en" if english else "zh-CN", "url": url}])


def test_no_page_has_a_serious_fault(desk, engine, leads, page: tuple[Page, Seen]) -> None:
    opened, seen = page
    with transaction(engine) as conn:
        add_demo_user(conn, desk.now())
        conn.execute(text("update users set role = 'head' where name = 'demo'"))
    found: dict[str, list[str]] = {}
    paths = (
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
        "/review/second/figures",
        f"/leads/{leads[0]}/related",
        "/exports",
        "/stats?from=2026-11-20&to=2026-11-23",
        "/stats?from=2026-11-01&to=2026-11-02",
        "/retention",
        "/scans",
        "/intake",
        "/leads/999999",
    )
    with served(replace(desk, demo=True)) as url:
        for english in (False, True):
            in_english(opened, url, english, name="xunwang_demo_language")
            for path in paths:
                opened.goto(url + path)
                opened.wait_for_load_state("networkidle")
                assert opened.get_attribute("html", "lang") == ("en" if english else "zh-CN"), path
                found[f"{english} {path}"] = faults(opened)
            found |= {f"{english} {what}": told for what, told in dialogs(opened, url, leads[0]).items()}
    assert {where: told for where, told in found.items() if told} == {}
    assert seen == Seen()


def dialogs(opened: Page, url: str, lead: int) -> dict[str, list[str]]:
    """Faults of each dialog of the queue, of the reasons, and of the look before many are decided."""
    found = {}
    opened.goto(url + "/review")
    for key, dialog in (("?", "#keys-sheet"), ("c", "#note-sheet"), ("n", "#misread-sheet"), ("e", "#viewer")):
        shows(opened, lead)
        opened.keyboard.press(key)
        opened.wait_for_selector(f"{dialog}[open]")
        found[dialog] = faults(opened)
        opened.keyboard.press("Escape")
    opened.keyboard.press("g")
    found["going"] = faults(opened)
    opened.keyboard.press("Escape")
    opened.keyboard.press("x")
    found["reasons"] = faults(opened)
    opened.goto(url + "/review/bulk")
    for key in ("j", "Space", "x"):
        opened.keyboard.press(key)
    opened.wait_for_selector("#bulk-preview[open]")
    found["#bulk-preview"] = faults(opened)
    return found


SETTINGS = ("/password", "/settings/keys", "/settings/users", "/settings/audit")


def test_the_door_and_the_settings_have_no_serious_fault(desk, engine, page: tuple[Page, Seen]) -> None:
    opened, seen = page
    found: dict[str, list[str]] = {}
    with transaction(engine) as conn:
        once = add_user(conn, name="chef", role="admin", actor="test", at=desk.now())
        add_user(conn, name="wang", role="inspector", actor="test", at=desk.now())  # whose row has buttons
    with served(desk) as url:
        for english in (True, False):
            in_english(opened, url, english, name="xunwang_language")
            opened.goto(url + "/login")
            found[f"{english} /login"] = faults(opened)
        signed_in(opened, url, "chef", once)
        for english in (False, True):
            in_english(opened, url, english, name="xunwang_language")
            for path in (*SETTINGS, "/settings/tokens", "/settings/api"):
                opened.goto(url + path)
                assert opened.get_attribute("html", "lang") == ("en" if english else "zh-CN"), path
                found[f"{english} {path}"] = faults(opened)
    assert SECRET and {where: told for where, told in found.items() if told} == {}
    assert seen == Seen()
