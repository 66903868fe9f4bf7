"""What Chromium and the sites of one page said to each other, as Chromium's own network domain tells it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import Any
from urllib.parse import urlsplit

import structlog
from playwright.async_api import CDPSession
from playwright.async_api import Error as BrowserError

from crawler.deadline import Deadline
from crawler.network import BROWSER_FAULTS
from crawler.sheet import Sheet
from records import Exchange, Tls, withheld

log = structlog.get_logger(__name__)

#: Exchanges of one page that are kept; a page with more of them repeats itself.
_MOST = 200
#: Bytes of all bodies of one page together.
_LARGEST = 20 * 1024 * 1024
#: Kinds whose bodies are kept: what the page is and what its scripts loaded. Pictures are asked for by `Fetcher`.
_KEPT = ("Document", "XHR", "Fetch")
#: Lines of a page's console that are kept, and characters of one.
_MOST_LINES, _LONGEST_LINE = 100, 500


@dataclass(slots=True)
class _Heard:
    """One request on its way."""

    request_id: str
    kind: str
    method: str
    url: str
    began: datetime
    #: Chromium's own clock in seconds, to measure by.
    ticks: float
    asked: dict[str, str]
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    security: dict[str, Any] = field(default_factory=dict)
    took: float = 0.0
    note: str = "应答未到"
    whole: bool = False


class Overheard:
    """Listens on one page's line to Chromium, from navigation to navigation."""

    def __init__(self, peer: Callable[[str], str]) -> None:
        """`peer`: the address that the guard connected to for a URL; empty for unknown."""
        self._peer = peer
        self._all: list[_Heard] = []
        self._last: dict[str, _Heard] = {}
        self._lines: list[str] = []
        self._session: CDPSession | None = None

    def listen(self, sheet: Sheet) -> None:
        """From now on. The Network domain of its session is enabled."""
        self._session = session = sheet.session
        sheet.page.on("console", lambda line: self._hear(f"{line.type}: {line.text}"))
        sheet.page.on("pageerror", lambda error: self._hear(f"uncaught: {error}"))
        session.on("Network.requestWillBeSent", self._asks)
        session.on("Network.requestWillBeSentExtraInfo", self._asks_truly)
        session.on("Network.responseReceived", self._answers)
        session.on("Network.loadingFinished", self._ends)
        session.on("Network.loadingFailed", self._fails)

    def forget(self) -> None:
        """A new navigation begins."""
        self._all.clear()
        self._last.clear()
        self._lines.clear()

    @property
    def console(self) -> tuple[str, ...]:
        """What the page's scripts wrote to the console, and their errors."""
        return tuple(self._lines)

    async def trail(self, deadline: Deadline) -> tuple[Exchange, ...]:
        """What was said for the page that is open, bodies and all; empty where its browser does not tell any more."""
        try:
            return await deadline.keep(self._trail())
        except BROWSER_FAULTS as fault:
            log.warning("exchanges were not told", why=type(fault).__name__)
            return ()

    def _hear(self, line: str) -> None:
        if len(self._lines) < _MOST_LINES:
            self._lines.append(line[:_LONGEST_LINE])

    async def _trail(self) -> tuple[Exchange, ...]:
        chains: dict[str, tuple[str, ...]] = {}
        room, told = _LARGEST, []
        for heard in list(self._all):
            body, note = await self._body(heard, room) if heard.whole and heard.kind in _KEPT else (None, heard.note)
            room -= len(body or b"")
            told.append(
                replace(
                    _exchange(heard),
                    body=body,
                    note=note,
                    peer=self._peer(heard.url),
                    tls=await self._tls(heard, chains),
                )
            )
        return tuple(told)

    async def _body(self, heard: _Heard, room: int) -> tuple[bytes | None, str]:
        assert self._session is not None
        try:
            answer = await self._session.send("Network.getResponseBody", {"requestId": heard.request_id})
        except BrowserError:  # the document that a navigation replaced, and what Chromium had no room for
            return None, "浏览器已不再保存该应答的正文"
        if answer["base64Encoded"]:
            body, note = base64.b64decode(answer["body"]), ""
        else:
            body, note = answer["body"].encode("utf-8", "replace"), "浏览器给出的正文是转成 UTF-8 的文本"
        return (body, note) if len(body) <= room else (None, "正文过大，未留存")

    async def _tls(self, heard: _Heard, chains: dict[str, tuple[str, ...]]) -> Tls | None:
        if not heard.security:
            return None
        parts = urlsplit(heard.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in chains:
            assert self._session is not None
            try:
                shown = await self._session.send("Network.getCertificate", {"origin": origin})
            except BrowserError:
                shown = {"tableNames": []}
            chains[origin] = tuple(_pem(one) for one in shown["tableNames"])
        security = heard.security
        return Tls(
            protocol=str(security.get("protocol", "")),
            cipher=str(security.get("cipher", "")),
            certificates=chains[origin],
        )

    def _asks(self, event: dict[str, Any]) -> None:
        before = self._last.get(event["requestId"])
        if before is not None and "redirectResponse" in event:
            _take_answer(before, event["redirectResponse"])
            before.took, before.note = event["timestamp"] - before.ticks, "跳转应答，浏览器不给出正文"
        if len(self._all) >= _MOST:
            return
        request = event["request"]
        heard = _Heard(
            request_id=event["requestId"],
            kind=str(event.get("type", "")),
            method=str(request["method"]),
            url=str(request["url"]),
            began=datetime.fromtimestamp(event["wallTime"], UTC),
            ticks=event["timestamp"],
            asked={str(name): str(value) for name, value in request["headers"].items()},
        )
        self._all.append(heard)
        self._last[heard.request_id] = heard

    def _asks_truly(self, event: dict[str, Any]) -> None:
        heard = self._last.get(event["requestId"])
        if heard is not None and not heard.status:
            heard.asked = {str(name): str(value) for name, value in event["headers"].items()}

    def _answers(self, event: dict[str, Any]) -> None:
        if heard := self._last.get(event["requestId"]):
            _take_answer(heard, event["response"])

    def _ends(self, event: dict[str, Any]) -> None:
        if heard := self._last.get(event["requestId"]):
            heard.took, heard.whole = event["timestamp"] - heard.ticks, True
            heard.note = "" if heard.kind in _KEPT else "按采集规则不留存正文"

    def _fails(self, event: dict[str, Any]) -> None:
        if heard := self._last.get(event["requestId"]):
            heard.took = event["timestamp"] - heard.ticks
            barred = event.get("blockedReason") or event.get("errorText") == "net::ERR_BLOCKED_BY_CLIENT"
            heard.note = "按采集规则未放行" if barred else f"未完成：{str(event.get('errorText', ''))[:80]}"


def _pem(der: str) -> str:
    """A certificate as Chromium shows it (DER, base64) in the form in which people keep it (RFC 7468)."""
    return "\n".join(("-----BEGIN CERTIFICATE-----", *wrap(der, 64), "-----END CERTIFICATE-----", ""))


def _take_answer(heard: _Heard, response: dict[str, Any]) -> None:
    heard.status = int(response["status"])
    heard.answered = {str(name): str(value) for name, value in response["headers"].items()}
    heard.security = response.get("securityDetails") or {}


def _exchange(heard: _Heard) -> Exchange:
    return Exchange(
        method=heard.method,
        url=heard.url,
        status=heard.status,
        asked=withheld(tuple(heard.asked.items())),
        answered=withheld(tuple(heard.answered.items())),
        began=heard.began,
        ended=heard.began + timedelta(seconds=max(0.0, heard.took)),
        client="browser",
    )
