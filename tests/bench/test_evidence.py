"""The evidence bench, tiny: it runs, and its JSON says what it promises. No time is asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.db
@pytest.mark.slow
@pytest.mark.browser
def test_it_says_what_it_promises(server_url: str, chromium: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "bench.evidence", "--json", "--captures", "2", "--rounds", "1"]
    env = os.environ | {"DATABASE_URL": server_url, "XUNWANG_HOME": str(tmp_path), "XUNWANG_CRAWL__CHROMIUM": chromium}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, timeout=240)
    told = json.loads(done.stdout)
    assert told["captures"] == 2 and told["bytes_per_capture"] > 3 * 40_000
    assert told["captures_per_minute"] > 0 and told["kept_per_minute"] > told["captures_per_minute"]
    assert set(told["verify"]["mb_per_second"]) == {"verify", "sha256sum", "sha256sum_and_sm3"}
    assert told["verify"]["verify_to_sha256sum"] > 0
