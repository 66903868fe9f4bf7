"""Nobody comes in who may not, no page of somebody else can act for who may, and sessions end."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from console import add_demo_user
from console.accounts import seconds_to_wait
from console.api.problems import is_api
from console.door import SAFE_METHODS, local_path
from console.roles import PUBLIC
from db import tables, users
from db.engine import transaction
from tests.console import seed
from tests.console.conftest import BASE, PASSWORD, Browser, token_in
from tests.console.matrix import matrix

pytestmark = pytest.mark.db

#: Every route, and what somebody gets who has not signed in.
ANONYMOUS = {key: row["anonymous"] for key, row in matrix().items()}
#: What a page of another site could make a browser send; programs bring a token, which no browser sends by itself.
UNSAFE = sorted(key for key in ANONYMOUS if key[0] not in SAFE_METHODS and not is_api(key[1]))


def filled(path: str, lead_id: int) -> str:
    """With that lead, and the first of everything else."""
    return re.sub(r"\{\w+\}", "1", path.replace("{lead_id}", str(lead_id)))


def test_what_is_public_is_what_the_door_says():
    assert {path for _, path in ANONYMOUS if ANONYMOUS.get(("GET", path)) == 200} == set(PUBLIC) - {"/language"}
    assert ("GET", "/language") not in ANONYMOUS


def test_anonymous_gets_nothing_but_the_door(browser, leads):
    for (method, path), status in sorted(ANONYMOUS.items()):
        where, sent = filled(path, leads[0]), {"Origin": BASE}
        answer = browser().http.request(method, where, headers=sent, follow_redirects=False)
        assert answer.status_code == status, (method, path)
        assert "示例卖家" not in answer.text and "象牙" not in answer.text
        if status == 303:
            assert answer.headers["location"] == f"/login?next={where}"


OTHER_SITES = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:8000.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


def allowed(seat) -> Callable[[str], Browser]:
    """Who may do what a path does, so that nothing but the forgery is in the way."""
    inspector, admin = seat("wang", "inspector"), seat("chef", "admin")
    return lambda path: admin if path.startswith("/settings/") else inspector


def test_requests_of_other_sites_are_refused(seat, leads, engine):
    who = allowed(seat)
    before = rows(engine)
    sent = {"action": "转核查", "version": "1", "source": "投诉举报", "text": "x", "role": "head"}
    for method, path in UNSAFE:
        visitor, where = who(path), filled(path, leads[0])
        for headers in OTHER_SITES:
            data = {**sent, "csrf_token": visitor.token}
            answer = visitor.http.request(method, where, data=data, headers=headers, follow_redirects=False)
            assert answer.status_code == 403 and "不是从本系统的页面发出的" in answer.text, (path, headers)
    assert rows(engine) == before


def test_requests_without_our_token_are_refused(seat, leads, engine):
    who = allowed(seat)
    before = rows(engine)
    for _, path in UNSAFE:
        for token in ("", "wrong", "é", who("/settings/" if path.startswith("/review") else "/").token[:-1]):
            answer = who(path).post(filled(path, leads[0]), {"action": "转核查", "version": "1"}, token=token)
            assert answer.status_code == 403 and "页面已过期" in answer.text, (path, token)
    assert rows(engine) == before


def rows(engine: Engine) -> tuple[int, ...]:
    with transaction(engine) as conn:
        return tuple(
            conn.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.screenings, tables.audit, tables.sessions, tables.users)
        )


def test_reading_changes_nothing(account, leads, engine):
    visitor = account()
    before = rows(engine)
    for method, path in ANONYMOUS:
        if method == "GET":
            visitor.get(filled(path, leads[0]))
    screened, audited, *others = rows(engine)
    # a sheet of paper leaves the house, so who printed it is written down
    assert (screened, audited - 1, *others) == before
    with transaction(engine) as conn:
        newest = conn.execute(select(tables.audit).order_by(tables.audit.c.seq.desc()).limit(1)).one()
    assert newest.action == "lead.print"


def test_every_unsafe_route_leaves_one_audit_row(account, leads, engine):
    visitor = account()
    steps = [
        ("lead.keep", lambda: visitor.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1})),
        ("lead.undo", lambda: visitor.key("/review/undo")),
        ("logout", lambda: visitor.post("/logout")),
    ]
    for action, step in steps:
        before = rows(engine)[1]
        assert step().status_code in (200, 303)
        assert rows(engine)[1] == before + 1
        with transaction(engine) as conn:
            newest = conn.execute(select(tables.audit).order_by(tables.audit.c.seq.desc()).limit(1)).one()
        assert (newest.action, newest.actor) == (action, "wang")


# --- sessions -------------------------------------------------------------------------------------------------------


def test_a_one_time_password_opens_only_the_form_that_replaces_it(desk, browser, clock, account):
    account()
    from console import add_user

    with transaction(desk.engine) as conn:
        once = add_user(conn, name="li", role="inspector", actor="test", at=clock())
    visitor = browser()
    assert visitor.sign_in("li", once).status_code == 303
    assert visitor.get("/review").headers["location"] == "/password"
    for weak in ("短", "aaaaaaaaaaaa", "1234567890123", "abcdefghijklmn", "li-li-li-2026-x", "password-2026!", once):
        answer = visitor.post("/password", {"old": once, "new": weak, "again": weak})
        assert answer.status_code == 400, weak
    assert visitor.post("/password", {"old": once, "new": PASSWORD, "again": PASSWORD + "x"}).status_code == 400
    assert visitor.post("/password", {"old": "wrong", "new": PASSWORD, "again": PASSWORD}).status_code == 400
    assert visitor.post("/password", {"old": once, "new": PASSWORD, "again": PASSWORD}).status_code == 303
    assert visitor.get("/review").status_code == 200
    assert browser().sign_in("li", once).status_code == 401


def test_a_planted_cookie_is_not_taken_over_and_a_new_one_comes_at_each_login(account, browser):
    account()
    visitor = browser()
    visitor.http.cookies.set("xunwang", "planted")
    visitor.sign_in("wang", PASSWORD)
    first = visitor.http.cookies.get("xunwang", domain="127.0.0.1")
    assert first not in (None, "planted") and len(first) >= 43
    other = browser()
    other.sign_in("wang", PASSWORD)
    assert other.http.cookies.get("xunwang") != first


def test_logout_ends_the_session_on_our_side(account):
    visitor = account()
    stolen = visitor.http.cookies.get("xunwang")
    assert visitor.post("/logout").status_code == 303
    visitor.http.cookies.set("xunwang", stolen)
    assert visitor.get("/review").headers["location"].startswith("/login")


def test_sessions_end_when_idle_when_old_and_when_the_user_is_disabled(account, clock, engine):
    visitor = account()
    for _ in range(23):
        clock.forward(minutes=29)
        assert visitor.get("/").status_code == 200
    clock.forward(minutes=60 * 12 - 29 * 23 + 1)
    assert visitor.get("/").status_code == 303  # twelve hours, however busy
    visitor.sign_in("wang", PASSWORD)
    clock.forward(minutes=31)
    assert visitor.get("/").status_code == 303
    visitor.sign_in("wang", PASSWORD)
    with transaction(engine) as conn:
        conn.execute(update(tables.users).values(enabled=False))
    assert visitor.get("/").status_code == 303
    assert visitor.sign_in("wang", PASSWORD).status_code == 401


def test_the_table_holds_no_cookie(account, engine):
    visitor = account()
    with transaction(engine) as conn:
        stored = conn.execute(select(tables.sessions.c.token_hash)).scalars().all()
        found = users.find(conn, "wang")
    assert visitor.http.cookies.get("xunwang").encode() not in b"".join(stored)
    assert found is not None and found[1].startswith("$argon2id$")


def test_cookies_carry_their_flags(account, browser):
    account()
    plain = browser().sign_in("wang", PASSWORD).headers["set-cookie"]
    assert "xunwang=" in plain and "HttpOnly" in plain and "SameSite=Lax" in plain and "Secure" not in plain
    over_tls = browser(tls=True, base_url="https://console.test", trusted_hosts=("console.test",))
    form = over_tls.get("/login")
    assert "__Host-xunwang_login=" in form.headers["set-cookie"] and "Secure" in form.headers["set-cookie"]
    assert form.headers["strict-transport-security"].startswith("max-age=")


def test_a_form_that_another_tab_was_sent_to_leaves_the_first_one_good(browser):
    visitor = browser()
    first = token_in(visitor.get("/login").text)
    assert token_in(visitor.get("/login?next=/review").text) == first
    assert visitor.post("/login", {"name": "x", "password": "y"}, token=first).status_code == 401
    assert visitor.post("/login", {"name": "x", "password": "y"}, token="A" * 43).status_code == 403


@pytest.mark.parametrize("planted", ["short", '"a\\015\\012Set-Cookie: x=y"', "A" * 43 + "=", "好" * 43])
def test_a_planted_login_cookie_is_replaced_and_never_echoed(browser, planted):
    visitor = browser()
    form = visitor.get("/login", headers={"Cookie": f"xunwang_login={planted}".encode()})
    assert form.status_code == 200 and token_in(form.text) in form.headers["set-cookie"]
    assert len(token_in(form.text)) == 43 and token_in(form.text) != "A" * 43
    assert planted not in form.text and "x=y" not in form.headers["set-cookie"]


# --- guessing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "wait"), [(0, 0), (2, 0), (3, 1), (4, 2), (6, 8), (30, 300)])
def test_the_wait_grows_and_never_becomes_a_lock(count, wait):
    assert seconds_to_wait(count, seed.MORNING, seed.MORNING) == wait
    assert seconds_to_wait(count, seed.MORNING - timedelta(seconds=wait), seed.MORNING) == 0


def test_guesses_are_slowed_from_one_address_and_the_owner_still_gets_in(account, browser, engine):
    account()
    thief = browser(address="198.51.100.7")
    answers = [thief.sign_in("wang", f"guess-{number}").status_code for number in range(12)]
    assert answers[:3] == [401] * 3 and answers[3:] == [429] * 9
    assert browser(address="192.0.2.5").sign_in("wang", PASSWORD).status_code == 303


def test_an_unknown_name_hears_the_same(account, browser):
    account()
    known, unknown = browser(), browser()
    one = known.sign_in("wang", "guess")
    two = unknown.sign_in("nobody", "guess")
    assert (one.status_code, two.status_code) == (401, 401)
    blank = [text.replace(token_in(text), "") for text in (one.text, two.text)]
    assert blank[0] == blank[1]


def test_nobody_is_sent_elsewhere_after_signing_in(account, browser):
    account()
    elsewhere = (
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "javascript:alert(1)",
    )
    for target in (*elsewhere, "", "/a\r\nb", "\\\\evil", "/\t/evil.example"):
        assert local_path(target) == "/", target
    assert local_path("/review?lead=3") == "/review?lead=3"
    assert browser().sign_in("wang", PASSWORD, "//evil.example").headers["location"] == "/"


# --- the demo -------------------------------------------------------------------------------------------------------


def test_the_demo_signs_in_on_loopback_alone(browser, desk, leads, clock):
    here = {"address": "127.0.0.1"}
    assert browser(demo=True, **here).get("/review").status_code == 303  # no demo user: no demo database
    with transaction(desk.engine) as conn:
        add_demo_user(conn, clock())
    opened = browser(demo=True, **here)
    page = opened.get("/review")
    assert page.status_code == 200 and "演示数据" in page.text and "xunwang_demo=" in page.headers["set-cookie"]
    assert browser(**here).get("/review").status_code == 303
    assert browser(demo=True, address="203.0.113.9").get("/review").status_code == 303
    assert browser(demo=True, **here).get("/review", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 303
    assert browser(demo=True, **here).sign_in("demo", "!").status_code == 401


# --- the rest of the wall -------------------------------------------------------------------------------------------


def test_headers_hosts_and_sizes(account, browser, leads):
    visitor = account()
    for path in ("/review", "/login", "/healthz", "/leads/999", "/static/console.js"):
        headers = visitor.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; object-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin" and "server" not in headers
    assert visitor.get("/review").headers["cache-control"] == "no-store"
    assert visitor.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert visitor.post("/review/undo", {"x": "y" * 70_000}).status_code == 413
    assert visitor.get("/static/../app.py").status_code in (303, 404)
    assert visitor.get("/static/%2e%2e/app.py").status_code == 404


def test_a_failing_page_says_an_id_and_nothing_else(account, monkeypatch):
    visitor = account()

    def broken(*args, **kwargs):
        raise RuntimeError("secret detail at line 7")

    monkeypatch.setattr("console.today.last_night", broken)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "错误编号" in answer.text and "secret" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["x-error-id"] in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


def test_what_the_database_cannot_hold_is_a_bad_request(seat, browser, leads, engine):
    visitor = seat("wang", "inspector")
    for query in ("review?platform=%00", "review?district=a%00b", "review/rows?level=%00", "search?q=a&platform=%00"):
        answer = visitor.get(f"/{query}")
        assert answer.status_code == 400 and "NUL" in answer.text, query
    assert browser().sign_in("wa\x00ng", "x").status_code == 400


def test_an_expired_session_is_said_and_moves_nothing(browser, leads):
    answer = browser().get(f"/review/{leads[0]}", headers={"HX-Request": "true"})
    assert answer.status_code == 401 and "登录已过期" in answer.text
    assert "hx-redirect" not in answer.headers and "示例卖家" not in answer.text


def test_a_token_of_an_earlier_session_is_named_as_such(account, leads):
    visitor = account()
    visitor.token = "of-the-session-before"
    answer = visitor.key(f"/review/{leads[0]}/screen", {"action": "待研判", "version": 1})
    assert (answer.status_code, answer.headers["x-stale-token"]) == (403, "1")


def test_what_a_page_asks_for_in_the_background_brings_no_login_form(browser) -> None:
    """It would bring a token of its own, and make the form stale in which somebody types."""
    visitor = browser()
    for wanted, status in (("image", 401), ("empty", 401), ("document", 303), ("iframe", 303)):
        answer = visitor.get("/evidence/1", headers={"Sec-Fetch-Dest": wanted})
        assert (answer.status_code, "set-cookie" in answer.headers) == (status, False), wanted
    assert visitor.get("/login").headers["set-cookie"]
