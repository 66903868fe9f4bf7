"""The benches of the console, tiny: they run, and their JSON says what it promises. No time is asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def run(module: str, server_url: str, home: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", module, "--json", *options]
    env = os.environ | {"DATABASE_URL": server_url, "XUNWANG_HOME": str(home)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, timeout=240)
    return dict(json.loads(done.stdout))


@pytest.mark.db
def test_it_says_what_it_promises(server_url: str, tmp_path: Path) -> None:
    told = run("bench.desk", server_url, tmp_path, "--listings", "400", "--rounds", "1")
    assert (told["listings"], told["hits"], told["leads"]) == (400, 400, 40)
    assert {"limit", "queue page", "key to next lead", "search everything"} <= set(told["pages"])
    assert all(0 < each["median_ms"] <= each["p95_ms"] for each in told["pages"].values())


@pytest.mark.db
@pytest.mark.browser
def test_a_night_is_screened_to_the_end(server_url: str, tmp_path: Path, chromium: str) -> None:
    told = run("bench.screening", server_url, tmp_path, "--hits", "48", "--by-keys", "6")
    keys, bulk = told["by_keys"], told["in_bulk"]
    assert (told["leads"], keys["leads"], bulk["leads"]) == (12, 6, 6)
    assert (keys["actions"], bulk["actions"], told["actions"]) == (8, 3, 11)
    assert 0 < keys["key_to_next_ms"]["median"] <= keys["key_to_next_ms"]["p95"]
