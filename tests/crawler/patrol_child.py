"""A patrol in a process of its own, as the worker runs it: errand in on stdin, one JSON line an event out on stdout."""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import structlog

from crawler.definition import read_definition
from crawler.limits import BrowserSettings, Delivered, Hooks, Limits
from crawler.spider import patrol
from egress import Policy, guarded
from records import Assessment, Capture, Level, Listing, Query, QueryKind, QueryReport, Sighting

USER_AGENT = "xunwang-test/0.1 (+https://example.invalid/contact)"


def main() -> None:
    """Runs the errand described on stdin."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    errand: dict[str, Any] = json.load(sys.stdin)
    definition = read_definition(Path(errand["definition"])).at(errand["site"])
    definition = definition.model_copy(update=errand["changes"])
    queries = [
        Query(id=number, platform=definition.key, kind=QueryKind(kind), text=text, read_before=errand["read_before"])
        for number, (kind, text) in enumerate(errand["queries"], 1)
    ]
    browser = BrowserSettings(**{k: Path(v) if k == "executable" else v for k, v in errand["browser"].items()})
    limits = Limits(user_agent=USER_AGENT, allow_loopback=True, browser=browser, **errand["limits"])
    market = urlsplit(definition.site)
    policy = Policy(
        hosts=(str(market.hostname), *definition.hosts),
        allowed=(market.netloc, *errand["allowed"]),
        names=errand["names"],
    )
    with guarded(policy) as way_out:
        if errand["break_on"] == "guard":
            os.kill(way_out._child.pid, signal.SIGKILL)
            way_out._child.wait()
        patrol(definition, queries, hooks=_hooks(errand), limits=limits, way_out=way_out)
    _say("end")


def _hooks(errand: dict[str, Any]) -> Hooks:
    stored = {(item, print_) for item, print_ in errand["stored"]}

    def known(platform: str, pairs: Sequence[tuple[str, str]]) -> set[str]:
        if errand["break_on"] == "list":  # a page of it was read, the next one was not
            errand["break_on"] = ""  # once
            kill_browsers(os.getpid())
        return {item for item, print_ in pairs if (item, print_) in stored}

    def judge(listing: Listing) -> Assessment:
        text = listing.title + "\n" + listing.description
        level = Level.REVIEW if any(word in text for word in errand["words"]) else Level.NONE
        if errand["break_on"] == "photograph" and level.is_hit and listing.detail_read:
            errand["break_on"] = ""  # once
            kill_browsers(os.getpid())
        return Assessment(level=level, score=0, parts=(), matches=(), lexicon_version="t", matcher_version="t")

    def deliver(sightings: list[Sighting]) -> Delivered:
        if errand["break_on"] == "deliver":
            raise OSError("the database is gone")
        new = {s.listing.item_id for s in sightings} - {item for item, _ in stored}
        stored.update((s.listing.item_id, s.card_fingerprint) for s in sightings)
        _say("deliver", sightings=[_sighting(sighting) for sighting in sightings])
        hits = sum(judge(sighting.listing).level.is_hit for sighting in sightings)
        return Delivered(new=len(new), hits=hits)

    def starting(query: Query) -> None:
        _say("starting", id=query.id)

    return Hooks(
        known=known,
        judge=judge,
        deliver=deliver,
        starting=starting,
        report=_report,
        shells=lambda: bool(errand["shells"]),
        learned=lambda shell: _say("learned", shell=shell),
    )


def kill_browsers(parent: int) -> int:
    """All below a process, at once; how many processes they were."""
    killed = 0
    for process in psutil.Process(parent).children(recursive=True):
        with suppress(psutil.Error):  # gone with the one before it
            if "chrom" in process.name():
                process.kill()
                killed += 1
    return killed


def _report(report: QueryReport) -> None:
    numbers = {
        name: getattr(report, name) for name in ("requests", "pages", "cards", "new", "card_only", "hits", "to_end")
    }
    _say("report", id=report.query.id, outcome=report.outcome.value, note=report.note, **numbers)


def _sighting(sighting: Sighting) -> dict[str, Any]:
    listing = sighting.listing
    return {
        "item_id": listing.item_id,
        "title": listing.title,
        "description": listing.description,
        "detail_read": listing.detail_read,
        "card_fingerprint": sighting.card_fingerprint,
        "page": [sighting.page.final_url, sighting.page.fetched_by, sighting.page.media_type],
        "peer": sighting.page.peer,
        "pictures": list(listing.pictures),
        "capture": _capture(sighting.capture) if sighting.capture else None,
    }


def _capture(capture: Capture) -> dict[str, Any]:
    files = [(f.role.value, f.media_type, len(f.body), f.body[:3].hex()) for f in capture.files]
    dom = next((f.body.decode() for f in capture.files if f.role.value == "dom"), "")
    told = {"url": capture.url, "method": capture.method, "gaps": list(capture.gaps), "files": files, "dom": dom}
    record = next((json.loads(f.body) for f in capture.files if f.role.value == "record"), None)
    return told | {"record": record, "hashes": [hashlib.sha256(f.body).hexdigest() for f in capture.files]}


def _say(event: str, **rest: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **rest}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
