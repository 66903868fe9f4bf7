"""采集过程: how one capture came about, as a file of it. Canonical JSON: sorted keys, UTF-8, no floats."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from records import CapturedFile, Exchange, FileRole, Surroundings, shanghai

FORMAT = "xunwang-capture-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What happened while a capture was made."""

    #: Address asked for, and the one that answered.
    url: str
    final_url: str
    #: Aware, UTC.
    began: datetime
    ended: datetime
    #: Program, browser, viewport, in Chinese.
    method: str
    exchanges: tuple[Exchange, ...]
    #: What the page's scripts wrote to the browser's console, and their errors.
    console: tuple[str, ...]
    surroundings: Surroundings
    user_agent: str
    #: By what right of robots.txt, or of whose decision, in Chinese.
    robots: str
    #: Seconds between two requests at least.
    delay: float
    #: In what state the browser began, in Chinese; empty where none was used or it is somebody else's.
    browser: str


def written_down(course: Course, files: tuple[CapturedFile, ...]) -> tuple[CapturedFile, ...]:
    """The record of a capture, and the answers' bodies that are not among its `files` already."""
    held = {file.body for file in files}
    bodies: dict[bytes, Exchange] = {}
    for exchange in course.exchanges:
        if exchange.body and exchange.body not in held:
            bodies.setdefault(exchange.body, exchange)
    answers = tuple(_answer(body, exchange) for body, exchange in bodies.items())
    record = json.dumps(_data(course), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    sheet = CapturedFile(role=FileRole.RECORD, body=record.encode("utf-8", "replace"), media_type="application/json")
    return (sheet, *answers)


def _answer(body: bytes, exchange: Exchange) -> CapturedFile:
    sent = next((value for name, value in exchange.answered if name.lower() == "content-type"), "")
    media_type = sent.partition(";")[0].strip().lower() or "application/octet-stream"
    return CapturedFile(role=FileRole.ANSWER, body=body, media_type=media_type, url=exchange.url)


def _data(course: Course) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "url": course.url,
        "final_url": course.final_url,
        "method": course.method,
        "user_agent": course.user_agent,
        "robots": course.robots,
        "delay_ms": round(course.delay * 1_000),
        "browser": course.browser,
        "bodies": "decoded",  # of transfer and content coding: as the clients hand them over
        "time": {
            "began": course.began.isoformat(timespec="milliseconds"),
            "began_shanghai": shanghai(course.began).isoformat(timespec="milliseconds"),
            "ended": course.ended.isoformat(timespec="milliseconds"),
            "ended_shanghai": shanghai(course.ended).isoformat(timespec="milliseconds"),
            "monotonic_ms": time.monotonic_ns() // 1_000_000,
            "clock": course.surroundings.clock.to_data(),
            "servers": _servers(course.exchanges),
        },
        "machine": dict(course.surroundings.machine),
        "exchanges": [one.to_data() for one in course.exchanges],
        "console": list(course.console),
    }


def _servers(exchanges: tuple[Exchange, ...]) -> list[dict[str, Any]]:
    """What each server said the time was, and how far ours was from it in seconds (its header counts whole ones)."""
    told = []
    for exchange in exchanges:
        try:
            date = parsedate_to_datetime(exchange.date)
            ahead = int((date - exchange.ended).total_seconds())
        except (TypeError, ValueError, OverflowError):  # none, nonsense, or without a zone
            continue
        told.append({"url": exchange.url, "date": exchange.date, "ahead_seconds": ahead})
    return told
