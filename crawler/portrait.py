"""What this machine's browser draws or prints by itself: a picture of Chinese, a page on paper. It reaches nothing."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from crawler.ends import NoBrowser
from crawler.limits import BrowserSettings
from crawler.program import find_chromium, runs_as_root

_SECONDS = 40


def portrait(settings: BrowserSettings, text: str) -> bytes:
    """A PNG of `text`: proof that the browser starts and has the fonts. Raises NoBrowser where it does not draw."""
    shown = f"data:text/html;charset=utf-8,{quote(f'<h1>{text}</h1>')}"
    return _made(settings, "made.png", lambda to: [f"--screenshot={to}", "--window-size=600,120", shown])


def printed(settings: BrowserSettings, html: str) -> bytes:
    """A PDF of a page of ours, which holds no script. Raises NoBrowser where it is not printed."""

    def words(to: Path) -> list[str]:
        page = to.with_name("page.html")
        page.write_text(html, "utf-8", "replace")
        return [f"--print-to-pdf={to}", "--no-pdf-header-footer", page.as_uri()]

    return _made(settings, "made.pdf", words)


def _made(settings: BrowserSettings, name: str, words: Callable[[Path], list[str]]) -> bytes:
    """What a browser without a window leaves in the file of that name, which `words` tell it; the ending counts."""
    program = find_chromium(settings)
    with tempfile.TemporaryDirectory(prefix="xunwang-portrait-") as folder:
        made = Path(folder) / name
        command = [
            str(program),
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder}/profile",
            *(["--no-sandbox"] if runs_as_root() else []),
            *words(made),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as stopped:
            raise NoBrowser(f"{program}: {stopped}") from None
        if not made.is_file():
            raise NoBrowser(f"{program}: {done.stderr.decode('utf-8', 'replace')[-300:]}")
        return made.read_bytes()
