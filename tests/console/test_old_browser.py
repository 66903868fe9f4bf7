"""The console on Chromium 90, which offices have, beside the Chromium of today: the same keys, the same picture.

The old browser comes from npm, pinned by what it unpacks to, and meets nothing but our own loopback: a drill.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from console import add_demo_user
from db.engine import transaction
from tests.console.test_browser import FLAGS, WATCH, served, state_of

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.drill]

PACKAGE = "chrome-aws-lambda@8.0.2"
PACKED = {
    "chromium": "0fea04d0354ebac41dd5eb1ffd5e47b1b3a4866ebabf5b34ff31f4ed44255e2f",
    "aws.tar": "40658c563df63f62ec5be43312818bad27857c17e59f62ca300de9266838a007",
}
UNPACK = """
const [packed, unpacked] = process.argv.slice(1);
require('fs').writeFileSync(unpacked, require('zlib').brotliDecompressSync(require('fs').readFileSync(packed)));
"""
#: It knows no sandbox of today's systems and has never been mended since 2021: for our own pages alone.
OLD_FLAGS = ("--headless", "--single-process", "--no-zygote", "--no-sandbox", "--disable-gpu", "--no-first-run")

#: Where the parts of a page stand that are in sight.
BOXES = """
() => [...document.querySelectorAll('.top, .filters, .rows, .focus, .focus-body, .act, .look, .bulk-bar, .bulk-body,'
    + ' h1, .btn-keep, .btn-dismiss, .btn-later, .search-form, .card-box, .lead-row, dialog[open], .act-reasons .btn')]
    .filter(part => part.offsetParent || part.tagName === 'DIALOG')
    .filter(part => part.getBoundingClientRect().top < innerHeight).slice(0, 60).map(part => {
        const box = part.getBoundingClientRect();
        return [part.className + '#' + part.id, Math.round(box.left), Math.round(box.top), Math.round(box.width),
                Math.round(box.height)];
    })
"""


@pytest.fixture(scope="module")
def chromium_90(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The old browser and the libraries that it brings."""
    here = tmp_path_factory.mktemp("chromium-90")
    subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE], cwd=here, check=True)
    for name, digest in PACKED.items():
        packed = here / "node_modules" / "chrome-aws-lambda" / "bin" / f"{name}.br"
        assert hashlib.sha256(packed.read_bytes()).hexdigest() == digest, name
        subprocess.run(["node", "-e", UNPACK, str(packed), str(here / name)], check=True)
    (here / "chromium").chmod(0o755)
    subprocess.run(["tar", "xf", "aws.tar"], cwd=here, check=True)
    return SimpleNamespace(path=here / "chromium", libraries=here / "lib")


@contextmanager
def opened(path: Path, flags: tuple[str, ...], **environment: str) -> Iterator[tuple[Page, list[str]]]:
    """A page of that browser, and what went wrong on it."""
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(flags), env={**os.environ, **environment}, timeout=60_000
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        page.set_default_timeout(20_000)
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        wrong.append(browser.version.partition(".")[0])
        yield page, wrong
        browser.close()


def there(page: Page, selector: str) -> None:
    """Waits for it; whether it is visible Playwright cannot ask a browser of 2021."""
    page.wait_for_function("selector => document.querySelector(selector) !== null", arg=selector)


def worked(page: Page, url: str, leads: list[int], pictures: Path) -> dict[str, Any]:
    """What a reviewer does with every kind of page, by keys; where everything stood meanwhile."""
    stood: dict[str, Any] = {}

    def note(name: str) -> None:
        page.wait_for_timeout(300)
        stood[name] = page.evaluate(BOXES)
        page.screenshot(path=pictures / f"{name}.png")

    page.goto(f"{url}/review")
    there(page, f'#focus[data-lead="{leads[0]}"][data-ready=yes]')
    page.wait_for_function("() => document.querySelector('#f-state').innerText.includes('疑似 4')")
    note("queue")
    page.keyboard.press("x")
    note("reasons")
    page.keyboard.press("1")
    there(page, f'#focus[data-lead="{leads[1]}"][data-ready=yes]')
    page.keyboard.press("z")
    there(page, f'#focus[data-lead="{leads[0]}"][data-ready=yes]')
    page.keyboard.press("c")
    there(page, "#note-sheet[open]")
    note("note")
    page.keyboard.press("Escape")
    page.goto(f"{url}/review/bulk")
    for key in ("j", "Space", "q"):
        page.keyboard.press(key)
    there(page, "#bulk-preview[open]")
    note("bulk")
    for name, path in (
        ("lead", f"/leads/{leads[0]}"),
        ("search", "/search?q=象牙"),
        ("today", "/"),
        ("intake", "/intake"),
        ("figures", "/stats"),
        ("related", f"/leads/{leads[0]}/related"),
        ("keys", "/settings/keys"),
        ("tokens", "/settings/tokens"),
        ("api", "/settings/api"),
    ):
        page.goto(url + path)
        note(name)
    return stood


def side_by_side(pictures: Path, chromium: Path) -> None:
    """Every picture of the old browser beside that of the new one: `side-by-side.png` in the test's folder."""
    rows = "".join(
        f"<p>{name}</p><img src='old/{name}.png' width=660> <img src='new/{name}.png' width=660>"
        for name in sorted(path.stem for path in (pictures / "new").glob("*.png"))
    )
    (pictures / "side-by-side.html").write_text(f"<meta charset=utf-8>{rows}", encoding="utf-8")
    with opened(chromium, FLAGS) as (page, _):
        page.goto((pictures / "side-by-side.html").as_uri())
        page.screenshot(path=pictures / "side-by-side.png", full_page=True)


def test_the_old_browser_shows_and_does_the_same(desk, engine, leads, chromium, chromium_90, tmp_path: Path) -> None:
    with transaction(engine) as conn:
        add_demo_user(conn, desk.now())
    places: dict[str, Any] = {}
    browsers = {
        "old": (chromium_90.path, OLD_FLAGS, {"LD_LIBRARY_PATH": str(chromium_90.libraries)}),
        "new": (Path(chromium), FLAGS, {}),
    }
    with served(replace(desk, demo=True)) as url:
        for name, (path, flags, environment) in browsers.items():
            (tmp_path / name).mkdir()
            with opened(path, flags, **environment) as (page, wrong):
                places[name] = worked(page, url, leads, tmp_path / name)
            assert wrong[1:] == [] and (name == "new" or wrong[0] == "90")
    side_by_side(tmp_path, Path(chromium))
    assert state_of(engine, leads[0]).state == "疑似"
    for name, new in places["new"].items():
        old = places["old"][name]
        assert [part for part, *_ in old] == [part for part, *_ in new], name
        apart = [
            (part, box, beside)
            for (part, *box), (_, *beside) in zip(old, new, strict=True)
            if max(abs(one - other) for one, other in zip(box, beside, strict=True)) > 24
        ]
        assert apart == [], name
