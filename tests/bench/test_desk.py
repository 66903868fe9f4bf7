"""The bench of the console, tiny: it runs, and its JSON says what it promises. No time is asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.db
def test_it_says_what_it_promises(server_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "bench.desk", "--json", "--listings", "400", "--rounds", "1"]
    env = os.environ | {"DATABASE_URL": server_url, "XUNWANG_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, timeout=240)
    told = json.loads(done.stdout)
    assert (told["listings"], told["hits"], told["leads"]) == (400, 400, 40)
    assert {"limit", "queue page", "key to next lead", "search everything"} <= set(told["pages"])
    assert all(0 < each["median_ms"] <= each["p95_ms"] for each in told["pages"].values())
