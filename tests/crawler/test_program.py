"""Finding Chromium, and saying so plainly where there is none."""

import shutil
from pathlib import Path

import pytest

from crawler import BrowserSettings, NoBrowser, find_chromium


def test_the_named_program_wins(tmp_path: Path) -> None:
    named = tmp_path / "chromium"
    named.touch()
    assert find_chromium(BrowserSettings(executable=named)) == named


def test_a_named_program_that_is_absent_is_not_silently_replaced(tmp_path: Path) -> None:
    with pytest.raises(NoBrowser) as fault:
        find_chromium(BrowserSettings(executable=tmp_path / "gone"))
    assert "gone" in fault.value.message()
    assert "XUNWANG_CHROMIUM" in fault.value.message()


def test_playwrights_own_comes_before_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.touch()
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/" + name if name == "chromium" else None)
    assert find_chromium(BrowserSettings(), str(own)) == own
    assert find_chromium(BrowserSettings(), str(tmp_path / "gone")) == Path("/usr/bin/chromium")


def test_no_browser_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NoBrowser) as fault:
        find_chromium(BrowserSettings())
    assert "apt-get install" in fault.value.message("en")
