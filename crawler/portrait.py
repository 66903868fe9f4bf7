"""A picture of a line of Chinese, drawn by the browser of this machine: proof that it starts and has the fonts."""

import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from crawler.ends import NoBrowser
from crawler.limits import BrowserSettings
from crawler.program import find_chromium, runs_as_root

_SECONDS = 40


def portrait(settings: BrowserSettings, text: str) -> bytes:
    """A PNG of `text`. Raises NoBrowser where there is no browser, or where it does not start or draw."""
    program = find_chromium(settings)
    with tempfile.TemporaryDirectory(prefix="xunwang-portrait-") as folder:
        picture = Path(folder) / "portrait.png"
        command = [
            str(program),
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder}/profile",
            f"--screenshot={picture}",
            "--window-size=600,120",
            *(["--no-sandbox"] if runs_as_root() else []),
            f"data:text/html;charset=utf-8,{quote(f'<h1>{text}</h1>')}",
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as stopped:
            raise NoBrowser(f"{program}: {stopped}") from None
        if not picture.is_file():
            raise NoBrowser(f"{program}: {done.stderr.decode('utf-8', 'replace')[-300:]}")
        return picture.read_bytes()
