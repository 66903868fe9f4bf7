"""A night's hits screened by a person without a thought: actions, and what the machine takes, in a real Chromium.

`python -m bench.screening [--json] [--hits N] [--by-keys N]`. A fresh PostgreSQL is filled with N hits (2,000 unless
told) of a quarter as many sellers. A scripted reviewer screens the first leads of the queue one by one with keys alone,
one in three 转核查, one 待研判, one 排除 with its reason, then all else in bulk: a page ticked, X, a look, Enter.
An action is a key or a click. Key to next lead is the page's own clock, from the key that decides to the next lead
standing there: what somebody waits for the machine. At the end the database must hold one screening for every lead, or
there is no result.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from typing import Any

import uvicorn
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text

from bench._ours import bench_house
from bench.desk import bench_desk, fill
from bench.matcher import machine
from console import create_app
from crawler.limits import BrowserSettings
from crawler.program import find_chromium, runs_as_root
from db.engine import Engine, transaction
from ops.logs import log_to_stderr

_HITS_A_LEAD = 4
#: Milliseconds from each key to the next lead, kept by the page itself; and another lead, once keys decide it.
_WATCH = """(() => {
  const pane = () => (document.querySelector("#focus") || { dataset: {} }).dataset;
  let shown = "", pressed = 0;
  window.__took = [];
  addEventListener("keydown", () => { shown = pane().lead; pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (pressed && pane().lead !== shown) { window.__took.push(performance.now() - pressed); pressed = 0; }
  }).observe(document, { subtree: true, childList: true });
  window.__after = lead => new Promise(done => {
    const look = () => {
      const { lead: now, ready } = pane();
      if (now !== lead && /keys|yes/.test(ready)) done(now); else requestAnimationFrame(look);
    };
    look();
  });
})()"""
_SETTLED = ".htmx-request, .htmx-settling, .htmx-swapping"
#: What decides a lead, in turn.
_DECISIONS = (("a",), ("q",), ("x", "1"))
_WAIT_MS = 20_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one way of screening took."""

    leads: int
    actions: int  # keys and clicks
    # on the clock, with the driver's own and the 0.2 s in which a lead that has just come is not decided
    seconds: float
    key_to_next_ms: tuple[float, ...] = ()  # what a person waits for the machine, one a lead

    def told(self) -> dict[str, Any]:
        """As the JSON has it."""
        told: dict[str, Any] = {"leads": self.leads, "actions": self.actions, "seconds": round(self.seconds, 1)}
        if self.key_to_next_ms:
            took = sorted(self.key_to_next_ms)
            told["seconds_per_100_leads"] = round(self.seconds * 100 / self.leads, 1)
            told["of_them_waiting_for_the_next"] = round(sum(took) / len(took) / 10, 1)
            told["key_to_next_ms"] = {
                "median": round(statistics.median(took), 1),
                "p95": round(took[int(len(took) * 0.95)], 1),
            }
        return told


@contextmanager
def _served(engine: Engine, store: Path) -> Iterator[str]:
    socket = create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    app = create_app(bench_desk(engine, store, url))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield url
    server.should_exit = True
    thread.join(10)


@contextmanager
def _window(browser: BrowserSettings) -> Iterator[Page]:
    with sync_playwright() as driver:
        program = find_chromium(browser, driver.chromium.executable_path)
        if runs_as_root():
            print("Chromium runs as root, without its sandbox", file=sys.stderr)
        opened = driver.chromium.launch(executable_path=program, chromium_sandbox=not runs_as_root())
        page = opened.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(_WAIT_MS)
        page.add_init_script(_WATCH)
        yield page
        opened.close()


def _by_keys(page: Page, url: str, leads: int) -> Part:
    page.goto(f"{url}/review?district=*", wait_until="networkidle")
    actions, began = 0, time.monotonic()
    lead = page.evaluate("window.__after('')")
    for number in range(leads):
        for key in _DECISIONS[number % len(_DECISIONS)]:
            page.keyboard.press(key)
            actions += 1
        lead = page.evaluate("lead => window.__after(lead)", lead)
    seconds = time.monotonic() - began
    return Part(leads=leads, actions=actions, seconds=seconds, key_to_next_ms=tuple(page.evaluate("window.__took")))


def _in_bulk(page: Page, url: str, leads: int) -> Part:
    page.goto(f"{url}/review/bulk?district=*", wait_until="networkidle")
    actions, left, began = 0, leads, time.monotonic()
    while left:
        ticked = page.locator("[data-pick]:not(:disabled)").count()
        page.click("#bulk-page")
        page.keyboard.press("x")
        page.wait_for_selector("#bulk-preview[open]")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#bulk:has-text('{ticked} 条已判为“已排除”')")
        page.wait_for_selector(_SETTLED, state="detached")
        actions, left = actions + 3, left - ticked
    return Part(leads=leads, actions=actions, seconds=time.monotonic() - began)


def _check(engine: Engine, leads: int) -> None:
    """Raises SystemExit where a lead was left, or screened twice."""
    with transaction(engine) as conn:
        counts = "select count(*), count(distinct lead_id) from screenings"
        found = tuple(conn.execute(text(counts)).one())
        waiting = conn.execute(text("select count(*) from leads where state = '疑似'")).scalar_one()
    if (found, waiting) != ((leads, leads), 0):
        raise SystemExit(f"screened {found} of {leads}, {waiting} waiting")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--hits", type=int, default=2_000)
    parser.add_argument("--by-keys", type=int, default=200)
    told = parser.parse_args()
    log_to_stderr(quiet=True)
    leads = told.hits // _HITS_A_LEAD
    with tempfile.TemporaryDirectory() as home, bench_house(Path(home)) as house:
        fill(house.engine, leads * _HITS_A_LEAD, leads, hits=leads * _HITS_A_LEAD)
        chromium = BrowserSettings(executable=Path(named) if (named := house.settings.crawl.chromium) else None)
        with _served(house.engine, Path(home) / "evidence") as url, _window(chromium) as page:
            keys = _by_keys(page, url, min(told.by_keys, leads - 1))
            bulk = _in_bulk(page, url, leads - keys.leads)
        _check(house.engine, leads)
    result = {
        "machine": machine(),
        "hits": leads * _HITS_A_LEAD,
        "leads": leads,
        "by_keys": keys.told(),
        "in_bulk": bulk.told(),
        "actions": keys.actions + bulk.actions,
        "seconds": round(keys.seconds + bulk.seconds, 1),
        "asked": {"seconds_per_100_leads": 30, "key_to_next_p95_ms": 150},
    }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    main()
