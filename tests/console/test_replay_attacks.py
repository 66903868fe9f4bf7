"""An archived page that attacks the console while it is replayed, in the real player and a real Chromium.

The player is fetched from npm (it is AGPL and no part of the project), so this is a drill.
"""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from console import ReplaySite, add_demo_user, create_app, create_replay_app
from db.engine import transaction
from ops.player import install
from tests.console.test_browser import state_of
from tests.evidence.test_replay import archived

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.drill]

#: Each tries one way and says what came of it; `console` is the console's address, `lead` a lead of it.
WAYS = {
    "fetch": """fetch(console + '/leads/' + lead, {credentials: 'include'}).then(r => r.text())
        .then(t => t.includes('线索'))""",
    "xhr": """new Promise(done => { const x = new XMLHttpRequest(); x.withCredentials = true;
        x.onload = () => done(x.responseText.includes('线索')); x.onerror = () => done(false);
        x.open('GET', console + '/review'); x.send(); })""",
    "raw fetch": """(() => { const raw = document.createElement('iframe'); document.body.append(raw);
        return raw.contentWindow.fetch(console + '/review?raw', {credentials: 'include'}).then(r => r.text())
            .then(t => t.includes('线索')); })()""",
    "worker": """new Promise(done => { const code = `fetch('${console}/review?worker', {credentials: 'include'})
        .then(r => r.text()).then(t => postMessage(t.includes('线索'))).catch(() => postMessage(false))`;
        const one = new Worker(URL.createObjectURL(new Blob([code]))); one.onmessage = e => done(e.data);
        one.onerror = () => done(false); })""",
    "form": """(() => { const f = document.createElement('form'); f.method = 'post'; f.target = 'sink';
        f.action = console + '/leads/' + lead + '/screen'; document.body.append(f); f.submit(); return false; })()""",
    "cookie": "Promise.resolve(document.cookie.includes('xunwang'))",
    "opener": "Promise.resolve(!!(window.opener || top.opener || top.document.title.includes('巡网')))",
    "beacon": "Promise.resolve(navigator.sendBeacon(console + '/leads/' + lead + '/screen', 'verdict=x') && false)",
    "socket": """(() => { const raw = document.createElement('iframe'); document.body.append(raw);
        for (const Kind of [WebSocket, raw.contentWindow.WebSocket]) new Kind(console.replace('http', 'ws'));
        return new Promise(done => setTimeout(() => done(false), 1000)); })()""",
    "frame": """new Promise(done => { const f = document.createElement('iframe'); f.src = console + '/review?frame';
        f.onload = () => { try { done(f.contentDocument.body.innerText.includes('线索')); } catch { done(false); } };
        document.body.append(f); setTimeout(() => done(false), 2000); })""",
    "storage": "Promise.resolve(!!Object.keys(localStorage).find(k => k.includes('xunwang')))",
}  # fmt: skip
#: And these try to move a window; the player takes them for a step to another archived page.
MOVES = {
    "top": "top.location = 'https://elsewhere.example/'",
    "window": "window.open(console + '/review?popup')",
    "location": "location.href = console + '/leads/' + lead",
}
PAGE = """<!DOCTYPE html><meta charset=gbk><title>象牙</title><h1>开始</h1><script>
(async () => { const console = '%s', lead = %d, told = [];
const ways = {%s};
for (const [name, way] of Object.entries(ways)) {
    let got = false;
    try { got = await Promise.race([way(), new Promise(done => setTimeout(() => done(false), 3000))]); } catch {}
    if (got) told.push(name);
}
document.querySelector('h1').textContent = '结束 ' + (told.join(' ') || 'nothing');
setTimeout(() => { %s }, 3000);
})();</script>"""


@dataclass
class Log:
    """What reached the console: method, path with query, and the headers that tell whence."""

    app: Any
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
            path = scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
            self.asked.append((scope.get("method", "WEBSOCKET"), path, headers))
        await self.app(scope, receive, send)


@contextmanager
def standing(app: Any, port: int) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield
    server.should_exit = True
    thread.join(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("home"))


def test_a_player_that_takes_long_to_install_is_waited_for(player, chromium, tmp_path) -> None:
    slow = tmp_path / "player"
    shutil.copytree(player, slow)
    wait = "self.addEventListener('install', told => told.waitUntil(new Promise(done => setTimeout(done, 3000))));"
    (slow / "sw.js").write_text((player / "sw.js").read_text(encoding="utf-8") + "\n" + wait, encoding="utf-8")
    port = free_port()
    site = ReplaySite(url=f"http://replay.localhost:{port}", player=slow)
    wacz = tmp_path / "one.wacz"
    wacz.write_bytes(archived(tmp_path, "<!DOCTYPE html><meta charset=gbk><title>象牙</title><h1>结束</h1>"))
    name = site.shelf.put(wacz, "https://shop.example/item/1")
    with standing(create_replay_app(site), port), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        replayed = browser.new_page()
        replayed.goto(f"{site.url}/play/{name}")
        replayed.frame_locator("iframe").frame_locator("iframe").locator("h1", has_text="结束").wait_for(timeout=60_000)
        assert replayed.locator("#failed").is_hidden()
        browser.close()


def test_a_player_that_cannot_be_installed_says_so(player, chromium, tmp_path) -> None:
    broken = tmp_path / "player"
    shutil.copytree(player, broken)
    (broken / "sw.js").write_text("(", encoding="utf-8")
    port = free_port()
    site = ReplaySite(url=f"http://replay.localhost:{port}", player=broken)
    name = site.shelf.put(tmp_path / "none.wacz", "https://shop.example/item/1")
    with standing(create_replay_app(site), port), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        replayed = browser.new_page()
        replayed.goto(f"{site.url}/play/{name}")
        replayed.wait_for_selector("#failed:not([hidden])", timeout=60_000)
        assert "Service Worker" in replayed.inner_text("#failed")
        browser.close()


@pytest.mark.parametrize("move", MOVES)
def test_no_way_leads_from_an_archived_page_to_the_console(
    move, desk, engine, leads, player, chromium, tmp_path, monkeypatch
) -> None:
    ports = free_port(), free_port()
    console, outside = f"http://127.0.0.1:{ports[0]}", f"http://replay.localhost:{ports[1]}"
    ways = ",".join(f"{name!r}: () => {way}" for name, way in WAYS.items())
    wacz = archived(tmp_path, PAGE % (console, leads[0], ways, MOVES[move]))
    monkeypatch.setattr(
        "console.replay.write_archive",
        lambda _store, _captures, into: [into.write(wacz), "https://shop.example/item/1"][1:],
    )
    site = ReplaySite(url=outside, player=player)
    with transaction(engine) as conn:
        add_demo_user(conn, desk.now())
    before = state_of(engine, leads[0])
    log = Log(create_app(replace(desk, demo=True, replay=site, base_url=console)))
    with standing(log, ports[0]), standing(create_replay_app(site), ports[1]), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": 1366, "height": 768})
        dialogs: list[str] = []
        window.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        window.goto(f"{console}/leads/{leads[0]}/replay/1")
        with window.context.expect_page() as opened:
            window.click("text=在新窗口打开回放")
        replayed = opened.value
        inner = replayed.frame_locator("iframe").frame_locator("iframe").locator("h1", has_text="结束")
        inner.wait_for(timeout=60_000)
        told = inner.inner_text()
        replayed.screenshot(path=tmp_path / "replay.png")
        replayed.wait_for_timeout(5_000)
        held = window.context.cookies()
        assert len(window.context.pages) == 2
        assert window.url == f"{console}/leads/{leads[0]}/replay/1" and replayed.url.startswith(outside + "/play/")
        browser.close()
    assert told == "结束 nothing"
    assert dialogs == []
    assert {cookie["domain"] for cookie in held} == {"127.0.0.1"}  # ours, and none on the replay site
    foreign = [
        (method, path, "cookie" in headers)
        for method, path, headers in log.asked
        if headers.get("origin", console) != console or headers.get("sec-fetch-site") in ("cross-site", "same-site")
    ]
    assert foreign == []
    assert "WEBSOCKET" not in [method for method, *_ in log.asked]  # the player only plays that one opens
    assert state_of(engine, leads[0]) == before
