"""The pictures in the README and the docs: the demo's console in a real browser, at the two screen sizes of offices.

Run by `make screenshots`. Writes docs/pictures/*.png. The archived page that is replayed is one of the demo's own
market; for it the player is installed from npm into the demo's folder, and where that fails its picture is left alone.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from crawler import BrowserSettings, find_chromium

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SIZES = ((1366, 768), (1920, 1080))
PAGES = (
    ("queue", "/review?district=*"),
    ("bulk", "/review/bulk?district=*"),
    ("search", "/search?q=象牙"),
    ("lead", "/leads/1"),
    ("today", "/"),
    ("scans", "/scans"),
    ("intake", "/intake"),
)
#: Seconds that the demo may take until its console answers.
PATIENCE = 600


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, demo: subprocess.Popen[bytes]) -> None:
    """Return when the console answers; end with a message when the demo does not come up."""
    for _ in range(PATIENCE):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own console on loopback
                return
        except OSError:
            if demo.poll() is not None:
                sys.exit("the demo ended before its console answered")
            time.sleep(1)
    sys.exit("the demo's console did not answer in time")


def take(browser: Browser, base: str) -> None:
    """Queue at both sizes, then one page of each other kind."""
    for width, height in SIZES:
        page = browser.new_page(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        for name, path in PAGES:
            page.goto(base + path, wait_until="networkidle")
            page.screenshot(path=PICTURES / f"{name}-{width}x{height}.png")
        page.close()


def replay(browser: Browser, base: str) -> None:
    """An archived page in the player, on the replay site, as the console's link opens it."""
    width, height = SIZES[0]
    page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai")
    page.goto(f"{base}/leads/1", wait_until="networkidle")
    page.locator("a[href*='/replay/']").first.click()
    with page.context.expect_page() as opened:
        page.click("text=在新窗口打开回放")
    shown = opened.value
    shown.set_viewport_size({"width": width, "height": height})
    shown.frame_locator("iframe").frame_locator("iframe").locator("h1").first.wait_for(timeout=60_000)
    shown.wait_for_timeout(2_000)  # its pictures
    shown.screenshot(path=PICTURES / f"replay-{width}x{height}.png")
    page.close()


def main() -> None:
    """Start the demo in a data folder of its own, photograph it, end it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="xunwang-pictures-") as home:
        environment = os.environ | {"XUNWANG_HOME": home}
        xunwang = Path(sys.executable).with_name("xunwang")
        player = subprocess.run([xunwang, "evidence", "player", "install"], env=environment, check=False)
        demo = subprocess.Popen([xunwang, "demo", "--port", str(port)], env=environment)
        try:
            wait_for(base + "/healthz", demo)
            with sync_playwright() as driver:
                arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
                browser = driver.chromium.launch(executable_path=find_chromium(BrowserSettings()), args=arguments)
                take(browser, base)
                if player.returncode == 0:
                    replay(browser, base)
                browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
            subprocess.run([xunwang, "db", "stop"], env=environment, check=False)


if __name__ == "__main__":
    main()
