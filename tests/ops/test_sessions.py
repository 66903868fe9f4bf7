"""A session supplied by a person: used for its platform alone, by HTTP and by browser; judged by the access log."""

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright
from sqlalchemy import Engine

from crawler import BrowserSettings, definition
from crawler.ends import NoDisplay, NotLoggedIn
from crawler.program import find_visible
from crawler.session import cookie_header, own_state
from crawler.visible import log_in
from db.locks import leasing
from demo.access import MEMBER
from demo.serve import RunningTown, running
from egress import Policy, guarded
from ops.commands.sessions import keep
from ops.courtesy import courtesy_for
from ops.planning import chosen
from ops.scanning import plan_scan, run_slice
from ops.sealing import seal, unseal
from records import now, shanghai_date
from tests.acceptance.houses import Place, crawling, one, place, sql

pytestmark = [pytest.mark.db]

WHO: dict[str, Any] = {"by": "值班员甲", "approval": "网监〔2026〕3 号", "basis": "本单位账号"}
SECRET = "s3cr3t-of-the-account"


@pytest.fixture
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=60, crawl_delay=0.0) as standing:
        for key in ("demo_ads", "demo_goods"):
            standing.change(key, mood="login")
        yield standing


def headless(driver: Playwright, program: Path, arguments: Sequence[str]) -> Browser:
    return driver.chromium.launch(executable_path=program, headless=True, args=list(arguments))


def night(there: Place, platform: str, *terms: str) -> list[tuple[Any, ...]]:
    """Outcome and note of each query of one scan, run in its slice's own process."""
    with there.house() as house:
        platforms = chosen(house.settings, [platform], demo=True)
        options = {"terms": list(terms), "max_pages": 1}
        scan_id = plan_scan(house, platforms, house.lexicon(), kind="foreground", options=options)
        assert scan_id is not None
        run_slice(house, scan_id, platform)
        return sql(house.engine, "select outcome, note from queries where scan_id = :id", id=scan_id)


def supply(there: Place, platform: str, state: dict[str, Any], *, days: int = 30) -> None:
    with there.house() as house:
        keep(house, platform, state, **WHO, until=shanghai_date(now()) + timedelta(days))


@pytest.mark.browser
@pytest.mark.slow
def test_a_login_by_a_person_opens_the_market_until_it_is_logged_out(
    tmp_path: Path, database_url: str, town: RunningTown, raw: Engine, chromium: str
) -> None:
    there = place(tmp_path, database_url, {"crawl": crawling(town, chromium=chromium)})
    [(outcome, note)] = night(there, "demo_ads", "绝户网")
    assert outcome == "login_required" and "xunwang platform login demo_ads" in note and "会话失效" not in note

    def person(page: Any) -> None:
        page.fill("input[name=account]", "unit")
        page.fill("input[name=password]", "not kept")
        page.click("button")
        page.wait_for_url("**/")

    reader = definition("demo_ads").at(town.sites["demo_ads"])
    with guarded(Policy(hosts=("*",), allowed=(reader.site.removeprefix("http://"),))) as way_out:
        browser = BrowserSettings(executable=Path(chromium))
        state = log_in(reader, browser, proxy=way_out.proxy, ready=person, opener=headless)
        assert way_out.peer(reader.site) == "127.0.0.1"  # the window, too, has this one way out
    supply(there, "demo_ads", state)
    before = len(town.log("demo_ads"))
    [(outcome, note)] = night(there, "demo_ads", "绝户网")
    assert outcome in ("searched", "budget_spent"), note
    seen = town.log("demo_ads")[before:]
    assert seen and all(entry.member for entry in seen if entry.path != "/robots.txt")
    assert not any(entry.member for entry in town.log("demo_goods"))
    [(method,)] = sql(raw, "select method from captures order by id limit 1")
    assert "网监〔2026〕3 号" in method and "值班员甲" in method
    token = next(cookie["value"] for cookie in state["cookies"] if cookie["name"] == MEMBER)
    assert token not in str(raw_dump(raw)) and token.encode() not in everything_under(there.home)

    town.change("demo_ads", log_out=True, mood="login")
    [(outcome, note)] = night(there, "demo_ads", "绝户网")
    assert outcome == "login_required" and note.startswith("会话失效") and "网监〔2026〕3 号" in note


@pytest.mark.browser
@pytest.mark.slow
def test_the_browser_shows_it_too(tmp_path: Path, database_url: str, town: RunningTown, chromium: str) -> None:
    there = place(tmp_path, database_url, {"crawl": crawling(town, chromium=chromium)})
    with_login = {"cookies": [member(town, "demo_goods")], "origins": []}
    supply(there, "demo_goods", with_login)
    [(outcome, note)] = night(there, "demo_goods", "穿山甲")
    assert outcome in ("searched", "budget_spent", "empty"), note
    asked = [entry for entry in town.log("demo_goods") if entry.path not in ("/robots.txt", "/favicon.ico", "/login")]
    assert asked and all(entry.member for entry in asked)
    assert any("HeadlessChrome" in entry.user_agent or "Chrome/" in entry.user_agent for entry in asked)


def member(town: RunningTown, key: str) -> dict[str, Any]:
    """The cookie that the market gives to whoever logs in."""
    import httpx

    with httpx.Client(trust_env=False) as visitor:
        answer = visitor.post(f"{town.sites[key]}/login", data={"account": "unit", "password": "x"})
        value = answer.cookies[MEMBER]
    return {"name": MEMBER, "value": value, "domain": "127.0.0.1", "path": "/", "expires": -1,
            "httpOnly": True, "secure": False, "sameSite": "Lax"}  # fmt: skip


def raw_dump(raw: Engine) -> list[Any]:
    names = [name for (name,) in sql(raw, "select tablename from pg_tables where schemaname = 'public'")]
    return [sql(raw, f'select * from "{name}"') for name in names]


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_expired_a_revoked_and_a_foreign_session_are_not_used(tmp_path: Path, database_url: str) -> None:
    there = place(tmp_path, database_url)
    state = {"cookies": [{"name": "a", "value": SECRET, "domain": "127.0.0.1", "path": "/"}], "origins": []}
    with there.house() as house, leasing(house.engine, "platform:x") as lease:
        assert courtesy_for(house, "demo_ads", lease).session is None
        supply(there, "demo_ads", state, days=-1)
        lapsed = courtesy_for(house, "demo_ads", lease)
        assert lapsed.session is None and "到期，未使用" in lapsed.login_hint and "platform login" in lapsed.login_hint
        supply(there, "demo_ads", state)
        used = courtesy_for(house, "demo_ads", lease).session
        assert used is not None and used.state == state and SECRET not in repr(used)
        assert courtesy_for(house, "demo_goods", lease).session is None
        assert SECRET not in str(raw_dump(house.engine))
        key = house.settings.home / "secrets" / "session_key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        [row] = there.xunwang("platform", "sessions", "list", "--json").rows()[:1]
        assert row["state"] == "可用" and SECRET not in str(row)
        key.write_bytes(os.urandom(32))
        other = courtesy_for(house, "demo_ads", lease)
        assert other.session is None and "打不开" in other.login_hint
        assert there.xunwang("platform", "sessions", "revoke", str(row["session"]), "--by", "李某").code == 0
        assert there.xunwang("platform", "sessions", "revoke", str(row["session"]), "--by", "李某").code == 4
        assert one(house.engine, "select count(*) from platform_sessions where sealed is not null") == 0


def test_a_sealed_session_opens_for_its_platform_and_key_alone() -> None:
    key = os.urandom(32)
    sealed = seal(key, "p", {"cookies": [], "origins": []})
    assert unseal(key, "p", sealed) == {"cookies": [], "origins": []}
    assert unseal(key, "q", sealed) is None and unseal(os.urandom(32), "p", sealed) is None
    assert unseal(key, "p", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None and unseal(key, "p", b"") is None


def cookie(name: str, domain: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": "1", "domain": domain, "path": "/", "expires": -1, "secure": False} | more


def test_cookies_go_where_they_belong() -> None:
    reader = definition("taobao")
    state = {
        "cookies": [
            cookie("all", ".taobao.com"),
            cookie("one", "s.taobao.com", secure=True),
            cookie("deep", ".taobao.com", path="/search"),
            cookie("late", ".taobao.com", expires=1.0),
            cookie("mall", "login.tmall.com"),
            cookie("foreign", ".alipay.com"),
            cookie("trick", ".eviltaobao.com"),
        ],
        "origins": [{"origin": "https://s.taobao.com"}, {"origin": "https://g.alicdn.com"}],
    }
    own = own_state(reader, state)
    assert {one["name"] for one in own["cookies"]} == {"all", "one", "deep", "late", "mall"}
    assert [one["origin"] for one in own["origins"]] == ["https://s.taobao.com"]
    assert cookie_header(own, "https://s.taobao.com/search?q=1") == "deep=1; all=1; one=1"
    assert cookie_header(own, "http://s.taobao.com/searching") == "all=1"
    assert cookie_header(own, "https://item.taobao.com/") == "all=1"
    assert cookie_header(own, "https://login.tmall.com/") == "mall=1"
    assert cookie_header(own, "https://eviltaobao.com/") == "" and cookie_header(own, "https://taobao.com.cn/") == ""


@pytest.mark.browser
def test_nobody_logged_in_is_said_and_a_shell_without_windows_refused(
    town: RunningTown, chromium: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = definition("demo_ads").at(town.sites["demo_ads"])
    browser = BrowserSettings(executable=Path(chromium))
    policy = Policy(hosts=("*",), allowed=(reader.site.removeprefix("http://"),))
    with guarded(policy) as way_out, pytest.raises(NotLoggedIn):
        log_in(reader, browser, proxy=way_out.proxy, ready=lambda _page: None, opener=headless)
    shell = tmp_path / "chromium-headless-shell"
    shell.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoDisplay):
        find_visible(BrowserSettings(executable=shell))
