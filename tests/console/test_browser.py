"""The console in a real Chromium: a night screened by keys alone, and hostile text that stays text."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
import uvicorn
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from console import Desk, add_demo_user, add_user, create_app
from db import tables
from db.engine import transaction
from tests.console import seed

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")  # fmt: skip

WATCH = """
window.__ran = [];
document.addEventListener('securitypolicyviolation', e => window.__ran.push(e.violatedDirective + ' ' + e.blockedURI));
"""

SECRET = "a-long-enough-secret-9"

#: Words on every visible button that is cut by an edge of the window or lies under something else.
HIDDEN_BUTTONS = """
() => [...document.querySelectorAll('button, .btn, .pager a, .top a')].filter(b => b.offsetParent)
    .filter(b => !b.closest('details:not([open])') || b.closest('summary')).filter(b => {
    const box = b.getBoundingClientRect();
    const at = [[box.left + 2, box.top + 2], [box.right - 3, box.bottom - 3], [box.right - 3, box.top + 3]];
    return b.closest('.focus-body') ? box.right > innerWidth : !at.every(([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top && (b.contains(top) || top.contains(b));
    });
}).map(b => b.innerText)
"""

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><body onpageshow=alert(1)>",
    "</title><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "{{ 7*7 }}{% raw %}",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<div hx-get=/healthz hx-trigger=load hx-on::load=alert(1)>",
    "<style>@import 'http://evil.example/x.css'</style>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<link rel=prefetch href=http://evil.example/beacon>",
    "<form action=http://evil.example><input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "--><script>alert(1)</script><!--",
)


@dataclass
class Seen:
    """What a browser page did that it should not have done."""

    dialogs: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)


@pytest.fixture
def site(desk, engine, leads) -> Iterator[SimpleNamespace]:
    with transaction(engine) as conn:
        add_demo_user(conn, desk.now())
    with served(replace(desk, demo=True)) as url:
        yield SimpleNamespace(url=url, leads=leads)


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The console on a port of the loopback, as long as the block lasts; its address."""
    config = uvicorn.Config(create_app(desk), host="127.0.0.1", port=0, log_level="critical", proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(chromium: str) -> Iterator[tuple[Page, Seen]]:
    seen = Seen()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        opened = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        opened.set_default_timeout(20_000)
        opened.add_init_script(WATCH)
        opened.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        opened.on("console", lambda m: seen.violations.append(m.text) if "Content Security" in m.text else None)
        opened.on("pageerror", lambda error: seen.violations.append(str(error)))
        opened.on("request", lambda r: seen.away.append(r.url) if "127.0.0.1" not in r.url else None)
        yield opened, seen
        browser.close()


def state_of(engine, lead_id: int):
    with transaction(engine) as conn:
        return conn.execute(select(tables.leads).where(tables.leads.c.id == lead_id)).one()


def shows(page: Page, lead_id: int | None) -> None:
    """Waits until the lead stands in the pane and may be decided (None: the empty page)."""
    wanted = f'#focus[data-lead="{lead_id}"][data-ready="yes"]' if lead_id else "#focus.empty"
    page.wait_for_selector(wanted)


def press(page: Page, key: str, *, until: int | None) -> None:
    """Presses a key and waits until the lead `until` stands in the pane (None: the empty page)."""
    page.keyboard.press(key)
    shows(page, until)
    page.wait_for_selector(".htmx-request, .htmx-settling, .htmx-swapping", state="detached")


def dispatch(page: Page, target: str, event: dict[str, object]) -> None:
    """A keydown of A on the target, with whatever an input method makes of it."""
    page.evaluate(
        "([t, o]) => document.querySelector(t).dispatchEvent("
        "new KeyboardEvent('keydown', {code: 'KeyA', bubbles: true, ...o}))",
        [target, event],
    )


def signed_in(page: Page, url: str, name: str, once: str) -> None:
    """Signs in with a one-time password and replaces it by SECRET."""
    page.goto(url + "/login")
    page.fill("#name", name)
    page.fill("#password", once)
    page.press("#password", "Enter")
    page.fill("#old", once)
    page.fill("#new", SECRET)
    page.fill("#repeated", SECRET)
    page.press("#repeated", "Enter")
    page.wait_for_selector("text=退出")


def test_a_night_is_screened_by_keys_alone(site, page, engine):
    opened, seen = page
    first, second, third, fourth, _ = site.leads
    opened.goto(site.url + "/review")
    shows(opened, first)
    assert opened.locator(".demo-banner").is_visible()
    press(opened, "j", until=second)
    press(opened, "ArrowUp", until=first)
    opened.keyboard.press("e")
    opened.wait_for_selector("#viewer[open] img")
    opened.keyboard.press("a")  # a dialog is open: nothing is decided
    opened.keyboard.press("Escape")
    opened.keyboard.press("?")
    opened.wait_for_selector("#keys-sheet[open]")
    opened.keyboard.press("Escape")
    assert state_of(engine, first).state == "疑似"
    press(opened, "a", until=second)
    assert "XS-2026-1123-0001" in opened.locator("#toast").inner_text()
    assert opened.locator(f"#row-{first}.done").count() == 1
    assert opened.locator("#progress").inner_text().split() == ["今日已初筛", "1", "待初筛", "3"]
    assert opened.locator("#f-state option:checked").inner_text() == "疑似 3"
    assert "核查中 1" in opened.locator("#f-state").inner_text()
    assert opened.locator(".pager").inner_text().startswith("共 3 条\n本页余 3 条")
    opened.keyboard.press("x")
    opened.wait_for_selector("#act-reasons:not([hidden])")
    press(opened, "2", until=third)
    assert state_of(engine, second).dismiss_reason == "词义误报"
    opened.keyboard.press("x")
    press(opened, "x", until=fourth)
    assert state_of(engine, third).dismiss_reason == "仿制品或材质不符"
    press(opened, "z", until=third)
    assert state_of(engine, third).state == "疑似"
    press(opened, "q", until=fourth)
    press(opened, "q", until=None)
    assert "今日没有待核查线索" in opened.locator("#focus").inner_text()
    press(opened, "z", until=fourth)
    assert [state_of(engine, lead).state for lead in site.leads] == ["核查中", "已排除", "待研判", "疑似", "疑似"]
    assert seen == Seen()
    assert opened.evaluate("window.__ran") == []


def test_many_are_screened_by_keys_and_taken_back_at_once(site, page, engine):
    """批量: ticked by keys, looked at, applied, undone; the counts above follow."""
    opened, seen = page
    opened.goto(f"{site.url}/review/bulk")
    opened.wait_for_selector("#f-state option:has-text('疑似 4')", state="attached")
    for key in ("KeyJ", "Space", "Shift+ArrowDown", "KeyX"):
        opened.keyboard.press(key)
    opened.wait_for_selector("#bulk-preview[open]")
    assert "将 2 条线索判为“排除”，原因：仿制品或材质不符" in opened.inner_text("#bulk-preview")
    opened.keyboard.press("Enter")
    opened.wait_for_selector("#bulk:has-text('2 条已判为“已排除”')")
    opened.wait_for_selector("#f-state option:has-text('已排除 2')", state="attached")
    with transaction(engine) as conn:
        query = select(tables.leads.c.id).where(tables.leads.c.state == "已排除").order_by(tables.leads.c.id)
        assert conn.execute(query).scalars().all() == site.leads[:2]
    opened.keyboard.press("KeyZ")
    opened.wait_for_selector("#bulk:has-text('已撤销 2 条')")
    with transaction(engine) as conn:
        assert conn.execute(query).scalars().all() == []
    opened.keyboard.press("KeyA")  # nothing is ticked
    opened.wait_for_selector("#toast:has-text('没有选中任何线索')")
    assert seen == Seen()


def test_remarks_are_made_by_keys_and_the_lead_stays(site, page, engine):
    """C, N and F: asked for in place, answered in place; nothing of it decides the lead."""
    opened, seen = page
    opened.goto(f"{site.url}/review")
    shows(opened, site.leads[0])
    opened.keyboard.press("c")
    opened.wait_for_selector("#note-sheet[open]")
    opened.keyboard.type("axq 已电话核实")
    opened.keyboard.press("Control+Enter")
    opened.wait_for_selector("#toast:has-text('备注已保存')")
    shows(opened, site.leads[0])
    assert "axq 已电话核实" in opened.inner_text("#focus")
    opened.keyboard.press("n")
    opened.wait_for_selector("#misread-sheet[open]")
    opened.keyboard.press("1")
    opened.wait_for_selector("#toast:has-text('在这里是误报')")
    shows(opened, site.leads[0])
    opened.keyboard.press("f")
    opened.wait_for_selector("#focus :text('★ 典型')")
    assert state_of(engine, site.leads[0]).state == "疑似"
    assert seen == Seen()


def test_keys_are_safe_with_input_methods_and_can_be_switched_off(site, page, engine):
    opened, _ = page
    opened.goto(site.url + "/review")
    first = site.leads[0]
    shows(opened, first)
    opened.keyboard.press("/")
    opened.keyboard.type("aqz")
    assert opened.input_value("#search") == "aqz"
    opened.keyboard.press("Escape")
    for odd in ({"ctrlKey": True}, {"repeat": True}):
        dispatch(opened, "body", odd)
    for odd in ({}, {"isComposing": True}, {"keyCode": 229, "key": "Process"}):
        dispatch(opened, "#search", odd)
    opened.evaluate("localStorage.setItem('xunwang.keys', 'off')")
    opened.keyboard.press("a")
    opened.wait_for_timeout(400)
    assert state_of(engine, first).version == 1
    opened.evaluate("localStorage.setItem('xunwang.keys', 'on')")
    # full-width mode changes the character, not the key; an input method may call every key 229; some send no code
    odd_keys = ({"key": "ａ"}, {"key": "Process", "keyCode": 229, "isComposing": True}, {"code": "", "key": "a"})
    for odd, following in zip(odd_keys, site.leads[1:], strict=False):
        dispatch(opened, "body", odd)
        shows(opened, following)
    assert [state_of(engine, lead).state for lead in site.leads[:4]] == ["核查中"] * 3 + ["疑似"]


def test_a_double_click_takes_longer_than_a_key_pressed_twice(site, page, engine):
    """In the time between, a second click decides nothing, and a key does."""
    opened, _ = page
    opened.goto(site.url + "/review")
    first, second, third, *_ = site.leads
    shows(opened, first)
    opened.evaluate(
        """() => {
            window.__before = 0;
            new MutationObserver((seen, observer) => {
                const pane = document.querySelector('#focus');
                if (pane.dataset.ready !== 'keys') return;
                observer.disconnect();
                const later = pane.querySelector('.btn-later');
                later.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, detail: 2}));
                window.__before += document.querySelectorAll('#focus .busy').length;
                document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyQ', bubbles: true}));
            }).observe(document, {subtree: true, attributes: true, attributeFilter: ['data-ready']});
            document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyA', bubbles: true}));
        }"""
    )
    opened.wait_for_selector(f"#row-{second}.done")
    opened.wait_for_selector(f"#focus[data-lead='{third}']")
    assert opened.evaluate("window.__before") == 0
    assert [state_of(engine, lead).state for lead in (first, second)] == ["核查中", "待研判"]


def test_a_double_press_decides_one_lead(site, page, engine):
    opened, _ = page
    opened.goto(site.url + "/review")
    first, second, third, fourth, _ = site.leads
    shows(opened, first)
    # twice at once, and once more as soon as the next lead stands there: nobody can have read it
    opened.evaluate(
        """() => {
            const press = code => document.body.dispatchEvent(new KeyboardEvent('keydown', {code, bubbles: true}));
            document.addEventListener('htmx:afterSettle', () => { press('KeyA'); press('KeyX'); }, {once: true});
            press('KeyA'); press('KeyA');
        }"""
    )
    shows(opened, second)
    assert opened.locator("#act-reasons").is_hidden()
    assert [state_of(engine, lead).state for lead in (first, second)] == ["核查中", "疑似"]
    opened.evaluate(
        """() => {
            const button = () => document.querySelector('#focus .btn-later');
            document.addEventListener('htmx:afterSettle', () => button().click(), {once: true});
            button().click(); button().click();
        }"""
    )
    shows(opened, third)
    assert [state_of(engine, lead).state for lead in (second, third)] == ["待研判", "疑似"]
    # a second button is dead while the first one's request is under way
    sent = []
    opened.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    opened.evaluate(
        """() => {
            document.querySelector('#focus .btn-later').click();
            document.querySelector('#focus [data-key=KeyZ]').click();
        }"""
    )
    shows(opened, fourth)
    assert [url.rsplit("/", 1)[1] for url in sent] == ["screen?"]
    # and of three steps two presses of Z at once take back the last alone
    opened.evaluate(
        """() => {
            const press = code => document.body.dispatchEvent(new KeyboardEvent('keydown', {code, bubbles: true}));
            press('KeyZ'); press('KeyZ');
        }"""
    )
    shows(opened, third)
    assert [state_of(engine, lead).state for lead in (first, second, third)] == ["核查中", "待研判", "疑似"]


def test_other_as_a_reason_takes_words(site, page, engine):
    opened, seen = page
    opened.goto(site.url + "/review")
    first, second, *_ = site.leads
    shows(opened, first)
    opened.keyboard.press("x")
    opened.keyboard.press("8")
    opened.keyboard.press("Enter")
    assert "须先写明原因" in opened.locator("#toast").inner_text()
    opened.keyboard.type("aqzx 1")  # letters of keys are letters here
    dispatch(opened, "#other-text", {"code": "Enter", "key": "Enter", "isComposing": True, "keyCode": 229})
    assert state_of(engine, first).state == "疑似"
    assert opened.locator("#other-text").input_value() == "aqzx 1"
    opened.keyboard.press("Escape")
    opened.wait_for_selector("#act-reasons:not([hidden])")
    opened.keyboard.press("8")
    opened.fill("#other-text", "卖家是本市博物馆商店，已当面核实")
    opened.keyboard.press("Enter")
    shows(opened, second)
    assert state_of(engine, first).dismiss_reason == "其他：卖家是本市博物馆商店，已当面核实"
    opened.goto(f"{site.url}/leads/{first}")
    assert opened.locator("text=其他：卖家是本市博物馆商店，已当面核实").count() == 2
    assert seen == Seen()


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_nothing_hangs_over_the_edge_or_lies_over_a_button(site, page, size):
    opened, _ = page
    opened.set_viewport_size({"width": size[0], "height": size[1]})
    opened.goto(site.url + "/review")
    shows(opened, site.leads[0])
    press(opened, "a", until=site.leads[1])
    for key in ("", "x", "8"):
        if key:
            opened.keyboard.press(key)
        assert opened.evaluate(HIDDEN_BUTTONS) == [], key


def test_an_ended_session_is_renewed_in_place(desk, engine, leads, page):
    opened, seen = page
    with transaction(engine) as conn:
        once = add_user(conn, name="neu", role="inspector", actor="test", at=desk.now())
    with served(desk) as url:
        signed_in(opened, url, "neu", once)
        opened.goto(url + "/review")
        shows(opened, leads[0])
        for lead_id, following, word in ((leads[0], leads[1], "核查中"), (leads[1], leads[2], "待研判")):
            with transaction(engine) as conn:
                conn.execute(tables.sessions.delete())
            opened.keyboard.press("a" if word == "核查中" else "q")
            opened.wait_for_selector("#again[open]")
            assert opened.locator(f'#focus[data-lead="{lead_id}"]').is_visible()
            assert state_of(engine, lead_id).state == "疑似"
            opened.fill("#again-password", "wrong")
            opened.keyboard.press("Enter")
            opened.wait_for_selector("#again-refusal:not([hidden])")
            opened.fill("#again-password", SECRET)
            opened.keyboard.press("Enter")
            shows(opened, following)
            assert opened.locator("#again[open]").count() == 0
            assert state_of(engine, lead_id).state == word
        with transaction(engine) as conn:
            conn.execute(tables.sessions.delete())
        opened.keyboard.press("a")
        opened.wait_for_selector("#again[open]")
        opened.keyboard.press("Escape")
        opened.wait_for_selector("#toast .bad")
        assert "没有保存" in opened.locator("#toast").inner_text()
        assert state_of(engine, leads[2]).state == "疑似"
    assert seen == Seen()


def test_a_tip_is_not_lost_with_the_session(desk, engine, page):
    opened, _ = page
    taken = []
    with transaction(engine) as conn:
        once = add_user(conn, name="neu", role="inspector", actor="test", at=desk.now())
    with served(replace(desk, intake=lambda submission: taken.append(submission) or [])) as url:
        signed_in(opened, url, "neu", once)
        opened.goto(url + "/intake")
        opened.fill("[name=text]", "举报人来电，很长的一段话")
        opened.select_option("#source", index=1)
        with transaction(engine) as conn:
            conn.execute(tables.sessions.delete())
        opened.click("button:has-text('提交')")
        opened.fill("#again-password", SECRET)
        opened.keyboard.press("Enter")
        opened.wait_for_selector(".banner.good")
        assert [one.text for one in taken] == ["举报人来电，很长的一段话"]


def test_signing_in_again_in_another_tab_is_enough(desk, engine, leads, page):
    opened, _ = page
    with transaction(engine) as conn:
        once = add_user(conn, name="neu", role="inspector", actor="test", at=desk.now())
    with served(desk) as url:
        signed_in(opened, url, "neu", once)
        opened.goto(url + "/review")
        shows(opened, leads[0])
        other = opened.context.new_page()
        other.goto(url + "/review")
        with transaction(engine) as conn:
            conn.execute(tables.sessions.delete())
        other.goto(url + "/login")
        other.fill("#name", "neu")
        other.fill("#password", SECRET)
        other.press("#password", "Enter")
        other.wait_for_selector("text=退出")
        opened.bring_to_front()
        press(opened, "a", until=leads[1])
        assert state_of(engine, leads[0]).state == "核查中"


def test_a_stale_lead_is_told_and_shown_anew(site, page, engine):
    opened, _ = page
    opened.goto(site.url + "/review")
    shows(opened, site.leads[0])
    with transaction(engine) as conn:
        conn.execute(tables.leads.update().where(tables.leads.c.id == site.leads[0]).values(version=5, hits=7))
    opened.keyboard.press("a")
    opened.wait_for_selector("#toast .toast-note.bad")
    assert "没有保存" in opened.locator("#toast").inner_text()
    opened.wait_for_selector('#focus input[name=version][value="5"]', state="attached")
    assert state_of(engine, site.leads[0]).state == "疑似"


def test_hostile_text_stays_text(site, page, engine, desk):
    opened, seen = page
    with transaction(engine) as conn:
        campaign_id = conn.execute(select(tables.leads.c.campaign_id).limit(1)).scalar_one()
        hostile = [
            seed.lead(
                conn,
                desk.store,
                seed.Plant(seller=text, title=f"象牙 {text}", description=text * 2, place=text, term=text, score=99),
                campaign_id,
                serial=500 + number,
            )
            for number, text in enumerate(PAYLOADS)
        ]
        conn.execute(
            tables.listings.update().values(url="javascript:alert(1)", note=PAYLOADS[0], brought_by=PAYLOADS[1])
        )
        conn.execute(tables.sellers.update().values(url="javascript:alert(1)"))
        scan_id = seed.scan(conn, outcomes={"demo_ads": ["blocked"]})
        conn.execute(
            tables.queries.update()
            .where(tables.queries.c.scan_id == scan_id)
            .values(note=PAYLOADS[1], text=PAYLOADS[0])
        )
    for path in (
        "/",
        "/scans",
        "/review",
        f"/review?q={PAYLOADS[1]}&platform={PAYLOADS[2]}",
        f"/login?next={PAYLOADS[0]}",
    ):
        opened.goto(site.url + path)
        opened.wait_for_load_state("networkidle")
    for lead_id, payload in zip(hostile, PAYLOADS, strict=True):
        opened.goto(f"{site.url}/leads/{lead_id}")
        assert payload in opened.locator("h1").inner_text()
        opened.goto(f"{site.url}/review?lead={lead_id}")
        assert opened.locator('a[href^="javascript"]').count() == 0
        opened.wait_for_load_state("networkidle")
        assert opened.evaluate("window.__ran") == []
    shows(opened, hostile[-1])
    opened.keyboard.press("q")
    opened.wait_for_selector("#toast .toast-note")
    assert seen == Seen()


def test_plain_forms_work_in_a_real_browser(desk, engine, page) -> None:
    """A browser says Origin with every form: sign in, change the password, bring in a tip, sign out."""
    opened, _ = page
    with transaction(engine) as conn:
        password = add_user(conn, name="neu", role="inspector", actor="test", at=desk.now())
    taken = []
    with served(replace(desk, intake=lambda submission: taken.append(submission) or [])) as url:
        signed_in(opened, url, "neu", password)
        opened.goto(url + "/intake")
        opened.fill("[name=text]", "老物件 https://www.example.com/item/1")
        opened.select_option("#source", index=1)
        opened.click("button:has-text('提交')")
        opened.wait_for_selector(".banner.good")
        assert [one.text for one in taken] == ["老物件 https://www.example.com/item/1"]
        opened.click("text=退出")
        opened.wait_for_selector("#password")
        opened.goto(url + "/review")
        assert "/login" in opened.url


def test_m_shows_what_is_related_and_merges_what_is_ticked(site, page, engine):
    opened, seen = page
    with transaction(engine) as conn:
        texts = tables.listings.update().where(tables.listings.c.platform.in_(("demo_ads", "demo_goods")))
        conn.execute(texts.values(description="要的联系138-0013-8000"))
    opened.goto(site.url + "/review?district=*")
    shows(opened, site.leads[0])
    opened.keyboard.press("m")
    opened.check(f'[name=chosen][value="{site.leads[1]}:1"]')
    opened.locator("#focus h1").click()
    opened.keyboard.press("m")
    opened.wait_for_selector("text=已并入 1 条线索")
    opened.wait_for_selector(f'.lead-row[data-lead="{site.leads[1]}"]', state="detached")
    assert state_of(engine, site.leads[1]).merged_into == site.leads[0]
    opened.keyboard.press("z")
    shows(opened, site.leads[1])
    assert state_of(engine, site.leads[1]).state == "疑似"
    assert opened.evaluate(HIDDEN_BUTTONS) == []
    assert not seen.dialogs and not seen.violations and not seen.away
