"""Which Chromium is started, and whether its sandbox can be used. Imports no browser library."""

import os
import shutil
from pathlib import Path

from crawler.ends import NoBrowser, NoDisplay
from crawler.limits import BrowserSettings

NO_SANDBOX_NOTE = "浏览器以 root 身份运行，未启用沙箱"

_SYSTEM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge",
)


def find_chromium(settings: BrowserSettings, own: str = "") -> Path:
    """The program to start: the one named, else Playwright's own (`own`), else the system's. Raises NoBrowser."""
    if settings.executable is not None:
        if settings.executable.is_file():
            return settings.executable
        raise NoBrowser(str(settings.executable))
    if own and Path(own).is_file():
        return Path(own)
    found = next((path for name in _SYSTEM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser
    return Path(found)


def find_visible(settings: BrowserSettings, own: str = "") -> Path:
    """A program that can open a window. Raises NoBrowser, and NoDisplay where only a headless shell is installed."""
    named = find_chromium(settings, own)
    if "headless" not in named.name:
        return named
    windowed = (name for name in _SYSTEM_NAMES if "headless" not in name)
    found = next((path for name in windowed if (path := shutil.which(name))), None)
    if found is None:
        raise NoDisplay(named.name)
    return Path(found)


def runs_as_root() -> bool:
    """True where Chromium's sandbox cannot be used, because the kernel gives it no user to drop to."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
