"""Sends a patrol out in a child process and gathers what it said."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LATEST = ("browse", "最新")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one patrol said, in order."""

    events: list[dict[str, Any]]
    errors: str
    code: int

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == "report"]

    @property
    def outcomes(self) -> list[str]:
        return [report["outcome"] for report in self.reports]

    @property
    def sightings(self) -> list[dict[str, Any]]:
        return [one for event in self.events if event["event"] == "deliver" for one in event["sightings"]]

    @property
    def hits(self) -> list[dict[str, Any]]:
        return [one for one in self.sightings if one["capture"]]

    @property
    def stored(self) -> list[tuple[str, str]]:
        return [(one["item_id"], one["card_fingerprint"]) for one in self.sightings]


def describe(key: str, site: str, *queries: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An errand as `patrol_child` reads it."""
    from tests.conftest import find_chromium

    plain: dict[str, Any] = {
        "definition": str(ROOT / "crawler" / "platforms" / f"{key}.yml"),
        "site": site,
        "queries": queries or [LATEST],
        "changes": {},
        "read_before": False,
        "browser": {"executable": chromium} if (chromium := find_chromium()) else {"screenshots": False},
        "limits": {"max_details": 0},
        "stored": [],
        "words": [],
        "break_on": "",
        "names": {},
        "allowed": [],
        "shells": False,
    }
    return plain | more


def send(errand: dict[str, Any]) -> Told:
    """Runs it to its end."""
    with start(errand) as child:
        out, errors = child.communicate(json.dumps(errand), timeout=240)
    return Told(events=[json.loads(line) for line in out.splitlines()], errors=errors, code=child.returncode)


def start(errand: dict[str, Any]) -> "subprocess.Popen[str]":
    """The child, waiting for its errand on stdin."""
    command = [sys.executable, "-W", "error::DeprecationWarning:crawler", "-m", "tests.crawler.patrol_child"]
    pipe = subprocess.PIPE
    environ = os.environ | errand.get("environ", {})
    return subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
    )


def patrol(key: str, site: str, *queries: tuple[str, str], **more: Any) -> Told:
    """`send(describe(…))`."""
    return send(describe(key, site, *queries, **more))
