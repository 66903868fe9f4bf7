"""From what a selector finds to what a Listing holds: text, price, pictures, time. Nothing in here raises."""

import html
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from lxml import etree

from crawler.addresses import absolute
from records import SHANGHAI

LONGEST_TITLE = 20_000
LONGEST_TEXT = 200_000
_LONGEST_ID = 120
_MOST_PICTURES = 100
#: What stands at the end of a text that was cut; the whole of it is in the evidence.
CUT = "…（过长，已截断）"

_NOT_IN_IDS = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff]+")
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "dd", "dt", "h1", "h2", "h3", "h4", "section", "article"})
_UNREAD = frozenset({"script", "style", "noscript", "template"})
#: Markup that JSON answers put into titles; <象牙> or <ivory> is text.
_TAG = re.compile(
    r"</?(?:span|em|b|i|u|s|font|strong|mark|br|p|div|a|img|sub|sup|h[1-6]|li|ul|small)(?:\s[^<>]*)?/?>", re.I
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
_DATE = re.compile(
    r"(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
    r"(?:[T\s]*(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}))?(?:\.\d+)?\s*(?P<z>Z|[+-]\d{2}:?\d{2})?)?"
)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_AGO = re.compile(r"(\d{1,4})\s*(秒|分钟?|小时|天|周|星期|个月|月|年)以?前")
_TODAY = re.compile(r"(今天|今日|昨天|昨日|前天)\s*(?:(\d{1,2}):(\d{2}))?")
_SECONDS = {"秒": 1, "分": 60, "分钟": 60, "小时": 3600, "天": 86_400, "周": 604_800, "星期": 604_800,
            "个月": 2_592_000, "月": 2_592_000, "年": 31_536_000}  # fmt: skip
_DAYS = {"今": 0, "昨": 1, "前": 2}


def plain(found: Any) -> str:
    """What was found as text: an element's, an attribute, a number; tags and references of JSON texts resolved."""
    return _plain(found, broken=False).strip()


def one_line(text: str) -> str:
    """`text` on one line, at most LONGEST_TITLE characters."""
    return _cut(" ".join(text.split()), LONGEST_TITLE)


def lines(found: Any) -> str:
    """What was found as text that keeps its line breaks, at most LONGEST_TEXT characters."""
    text = re.sub(r"[^\S\n]+", " ", _plain(found, broken=True).replace("\r\n", "\n").replace("\r", "\n"))
    return _cut(re.sub(r" ?\n\s*", "\n", text).strip(), LONGEST_TEXT)


def identity(text: str) -> str:
    """`text` as an id, without blanks and control characters; empty when too long to be one."""
    if len(text) > 2 * _LONGEST_ID:
        return ""
    text = _NOT_IN_IDS.sub("", text)
    return text if len(text) <= _LONGEST_ID else ""


def pictures(found: list[str], base: str) -> tuple[str, ...]:
    """Absolute addresses of at most 100 different pictures, in order."""
    addresses = (absolute(base, text) for text in found[: _MOST_PICTURES * 4])
    return tuple(dict.fromkeys(address for address in addresses if address))[:_MOST_PICTURES]


def moment(text: str, seen: datetime, *, live: bool = True) -> datetime | None:
    """When something was put up, aware, UTC; page times without a zone are China's. None when unreadable.

    `seen` is when the page was fetched: 3 天前 counts from there, unless the page is not `live` but a file whose
    own time says nothing.
    """
    if not text:
        return None
    if _EPOCH.fullmatch(text):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return _sane(datetime.fromtimestamp(seconds, UTC), seen if live else None)
    if date := _DATE.search(text):
        return _dated(date, seen if live else None)
    if not live:
        return None
    if ago := _AGO.search(text):
        return seen - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    if today := _TODAY.search(text):
        day = seen.astimezone(SHANGHAI) - timedelta(days=_DAYS[today[1][0]])
        hour, minute = int(today[2] or 0), int(today[3] or 0)
        if hour < 24 and minute < 60:
            return day.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)
    return None


def quoted(value: str) -> str:
    """`value` fit to stand in an address."""
    return quote(value, safe="", errors="replace")


def truth(text: str) -> bool | None:
    """What `more` says: True or False; None when nothing was found."""
    return None if not text else text.lower() not in ("", "false", "0", "no", "none", "null")


def _plain(found: Any, *, broken: bool) -> str:
    if isinstance(found, str):
        text = str(found)
        if "<" in text and not hasattr(found, "getparent"):  # texts out of an element tree have lost their tags
            text = _TAG.sub(lambda tag: "\n" if broken and tag[0][1:3].lower() in ("br", "p>", "p ") else "", text)
        if "&" in text and not hasattr(found, "getparent"):
            text = _REFERENCE.sub(lambda reference: html.unescape(reference[0]), text)
        return text
    if isinstance(found, bool) or found is None:
        return str(found) if found is not None else ""
    if isinstance(found, int | float | Decimal):
        return _number(found)
    if hasattr(found, "itertext"):
        # the usual card field has no children: no need to walk
        return found.text or "" if not len(found) else _element_text(found, broken=broken)
    return ""


def _number(found: float | Decimal) -> str:
    if isinstance(found, float):
        if not math.isfinite(found):
            return ""
        return str(int(found)) if found.is_integer() and abs(found) < 1e15 else repr(found)
    return str(found)[:_LONGEST_ID] if not isinstance(found, int) or found.bit_length() < 400 else ""


def _element_text(element: Any, *, broken: bool) -> str:
    pieces: list[str] = []
    for event, child in etree.iterwalk(element, events=("start", "end")):
        block = broken and child.tag in _BREAKS
        if event == "start":
            pieces.append("\n" if block else "")
            pieces.append(child.text or "" if child.tag not in _UNREAD else "")
        elif child is not element:
            pieces.append("\n" if block and child.tag != "br" else "")
            pieces.append(child.tail or "")
    return "".join(pieces)


def _dated(date: re.Match[str], seen: datetime | None) -> datetime | None:
    *numbers, zone = date.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    try:
        read = datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone) if zone else SHANGHAI)
        return _sane(read.astimezone(UTC), seen)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=64)
def _zone(text: str) -> timezone:
    """The zone that `Z`, `+08:00` or `-0330` names. Raises ValueError where there is none so far away."""
    if text == "Z":
        return UTC
    minutes = int(text[-2:])
    if minutes > 59:
        raise ValueError(text)
    ahead = timedelta(hours=int(text[1:3]), minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


def _sane(read: datetime, seen: datetime | None) -> datetime | None:
    """None for dates before the web, and for those more than two days ahead of a page whose time is known."""
    ahead = seen is not None and read > seen + timedelta(days=2)
    return read if read.year >= 1995 and not ahead else None


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT
