"""Keys of the desk: chosen by an account, printed on its buttons, refused where one stands for two actions."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import text

from console.keys import ACTIONS, CHOICES
from tests.console.test_browser import HIDDEN_BUTTONS, page, site

__all__ = ["page", "site"]

pytestmark = pytest.mark.db

USUAL = {f"key_{name}": action.usual for name, action in ACTIONS.items()}


def rows(engine, query: str) -> list[tuple]:
    with engine.begin() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def to_browser(page: str) -> dict[str, str]:
    return json.loads(unescape(re.search(r'<meta name="keys" content="([^"]*)"', page)[1]))


def caps(page: str, usual: str) -> list[str]:
    """What is printed on the buttons with that usual key."""
    return re.findall(rf'data-key="{usual}"[^>]*>[^<]*(?:<kbd>([^<]*)</kbd>)?', page)


def test_a_key_of_ones_own_is_printed_and_told_to_the_browser(account, leads, engine):
    visitor, other = account("wang"), account("li")
    saved = visitor.post("/settings/keys", {**USUAL, "key_keep": "KeyD", "key_star": "", "on": "true"})
    assert saved.status_code == 303
    page = visitor.get("/review").text
    assert caps(page, "KeyA") == ["D"] and caps(page, "KeyX") == ["X"] and caps(page, "KeyF") == [""]
    told = to_browser(page)
    assert told["KeyD"] == "KeyA" and told["KeyA"] == "" and told["KeyF"] == "" and told["KeyX"] == "KeyX"
    assert "<kbd>D</kbd>" in visitor.get("/review/bulk").text
    # nobody else's desk changes
    assert caps(other.get("/review").text, "KeyA") == ["A"]
    kept = rows(engine, "select keys, keys_on from preferences")
    assert kept == [({"keep": "KeyD", "star": ""}, True)]
    noted = rows(engine, "select actor from audit where action = 'preference.keys'")
    assert noted == [("wang",)]


def test_two_actions_may_change_their_keys_with_each_other(account, leads):
    visitor = account()
    assert (
        visitor.post("/settings/keys", {**USUAL, "key_keep": "KeyX", "key_dismiss": "KeyA", "on": "true"}).status_code
        == 303
    )
    told = to_browser(visitor.get("/review").text)
    assert (told["KeyX"], told["KeyA"]) == ("KeyA", "KeyX")


def test_one_key_for_two_actions_is_refused_by_name_and_nothing_is_kept(account, leads, engine):
    visitor = account()
    refused = visitor.post("/settings/keys", {**USUAL, "key_keep": "KeyX", "on": "true"})
    assert refused.status_code == 400
    assert "X：“转核查（结论：属实）”和“排除（结论：不属实）”" in refused.text and "没有保存" in refused.text
    # what was chosen stands in the form again
    assert re.search(r'name="key_keep".*?value="KeyX" selected', refused.text)
    assert rows(engine, "select * from preferences") == []


@pytest.mark.parametrize("code", ["Digit1", "Slash", "Escape", "<script>", "KeyAA", "x" * 5000])
def test_a_key_that_is_not_on_the_list_is_refused(account, code):
    refused = account().post("/settings/keys", {**USUAL, "key_keep": code, "on": "true"})
    assert refused.status_code == 400 and "<script>alert" not in refused.text and code not in CHOICES


def test_switched_off_and_back_to_the_usual_ones(account, leads):
    visitor = account()
    visitor.post("/settings/keys", {**USUAL, "key_keep": "KeyD"})
    page = visitor.get("/review").text
    assert 'data-off="yes"' in page and caps(page, "KeyA") == [""] and caps(page, "KeyJ")[0] == ""
    assert visitor.post("/settings/keys/reset").status_code == 303
    page = visitor.get("/review").text
    assert 'data-off="yes"' not in page and caps(page, "KeyA") == ["A"]
    assert to_browser(page)["KeyA"] == "KeyA"


def test_the_language_goes_with_the_account(account, browser, desk, clock):
    first = account("wang")
    assert first.post("/language", {"language": "en"}).status_code == 303
    # another browser, without the cookie
    again = browser()
    again.http.cookies.set("xunwang", first.http.cookies.get("xunwang"))
    assert 'lang="en"' in again.get("/").text and "Review" in again.get("/").text
    again.http.cookies.set("xunwang_language", "zh-CN")
    assert 'lang="en"' in again.get("/").text


@pytest.mark.browser
@pytest.mark.slow
def test_in_a_browser_the_own_key_decides_the_usual_one_does_nothing_and_english_fits(site, page):
    opened, seen = page
    opened.goto(site.url + "/settings/keys")
    opened.select_option("#key-keep", "KeyD")
    opened.click("form[action='/settings/keys'] button[type=submit]")
    opened.click("button[lang=en]")
    assert opened.url.endswith("/settings/keys") and opened.input_value("#key-keep") == "KeyD"
    for path in ("/review?district=*", "/review/bulk?district=*"):
        opened.goto(site.url + path, wait_until="networkidle")
        assert opened.evaluate(HIDDEN_BUTTONS) == [], path
        cut = "() => [...document.querySelectorAll('.filters select')].filter(s => s.offsetParent).filter(s => {"
        cut += "const as = document.createElement('canvas').getContext('2d'); as.font = getComputedStyle(s).font;"
        cut += "return as.measureText(s.selectedOptions[0].text).width > s.clientWidth - 34; }).map(s => s.value)"
        assert opened.evaluate(cut) == [], path
    opened.goto(site.url + "/review?district=*", wait_until="networkidle")
    opened.wait_for_selector('#focus[data-ready="yes"]')
    first = opened.get_attribute("#focus", "data-lead")
    opened.keyboard.press("a")
    opened.keyboard.press("j")
    opened.wait_for_selector(f'#focus[data-ready="yes"]:not([data-lead="{first}"])')
    assert opened.locator(".row-done").count() == 0
    opened.keyboard.press("k")
    opened.wait_for_selector(f'#focus[data-ready="yes"][data-lead="{first}"]')
    opened.keyboard.press("d")
    opened.wait_for_selector(f'#row-{first} .row-done:has-text("In review")')
    assert "takes it back" in opened.inner_text("#toast")
    assert not seen.dialogs and not seen.violations and not seen.away


@pytest.mark.browser
@pytest.mark.slow
def test_g_and_a_letter_go_to_a_page_and_decide_nothing(site, page, engine):
    opened, seen = page
    decided = "select count(*) from screenings"

    def there(path: str = "/review?district=*") -> None:
        opened.goto(site.url + path, wait_until="networkidle")
        if path.startswith("/review"):
            opened.wait_for_selector('#focus[data-ready="yes"]')

    there()
    opened.keyboard.press("g")
    assert "Q 核查" in opened.inner_text(".going") and "C 统计" in opened.inner_text(".going")
    opened.keyboard.press("s")
    opened.wait_for_url("**/scans")
    # the letters that decide a lead do not, however late they come; what is no page ends it
    there()
    for letter in ("x", "z", "Escape", "1"):
        opened.keyboard.press("g")
        opened.wait_for_timeout(30)
        opened.keyboard.press(letter)
        assert opened.locator(".going").count() == 0 and "/review?district" in opened.url
        assert opened.is_hidden("#act-reasons")
    opened.keyboard.press("g")
    opened.keyboard.press("q")
    opened.wait_for_function("() => location.pathname === '/review' && !location.search.includes('district')")
    # as a Chinese input method reports it, and full-width; never while somebody types or holds the key
    there()
    for made in ({"key": "Process", "keyCode": 229}, {"key": "ｇ"}):
        press = "o => document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyG', bubbles: true, ...o}))"
        opened.evaluate(press, made)
        assert opened.locator(".going").count() == 1
        opened.mouse.click(5, 300)
        assert opened.locator(".going").count() == 0
    opened.evaluate(press, {"key": "g", "repeat": True})
    opened.evaluate(press, {"key": "g", "ctrlKey": True})
    assert opened.locator(".going").count() == 0
    opened.keyboard.press("/")
    opened.keyboard.type("gs")
    assert opened.input_value("#search") == "gs" and "/review?district" in opened.url
    # another key for it, then none: both are told by the sheet
    for chosen, told in (("KeyY", "Y"), ("", None)):
        there("/settings/keys")
        opened.select_option("#key-go", chosen)
        opened.click("form[action='/settings/keys'] button[type=submit]")
        there("/scans")
        opened.keyboard.press("g")
        assert opened.locator(".going").count() == 0
        sheet = opened.text_content("#keys-sheet")
        assert ("去别的页面" in sheet) is (told is not None)
        if told:
            opened.keyboard.press(told.lower())
            opened.keyboard.press("f")
            opened.wait_for_url("**/search")
    assert rows(engine, decided) == [(0,)]
    assert not seen.dialogs and not seen.violations and not seen.away
