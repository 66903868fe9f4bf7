"""The one way out as a patrol sees it, and what became of a request that was not let through it."""

from typing import Protocol

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)

from crawler.ends import QueryEnd
from records import Barred, Outcome

#: Statuses with which the guard itself may have answered.
GUARD_ANSWERS = (403, 502, 504)

_FAULTS: dict[Barred, type[Exception]] = {
    Barred.UNRESOLVED: CannotResolveHostError,
    Barred.UNREACHABLE: DownloadConnectionRefusedError,
    Barred.SLOW: DownloadTimeoutError,
    Barred.TOO_MUCH: DownloadCancelledError,
    Barred.BUSY: DownloadFailedError,
}


class WayOut(Protocol):
    """The egress guard, handed in by `ops`: the only place to which Scrapy and Chromium connect."""

    @property
    def proxy(self) -> str:
        """Its address, for http and CONNECT: `http://127.0.0.1:port`."""

    @property
    def is_down(self) -> bool:
        """True once it has ended: from then on nothing goes out."""

    def peer(self, url: str) -> str:
        """The address that `url`'s host was last connected to; empty where it never was."""

    def barred(self, url: str) -> Barred | None:
        """Why the last connection to `url`'s host and port was refused or cut; None where it was let out."""


class NotLetOut(QueryEnd):
    """The guard refused an address, or is gone: whatever robots.txt and the platform would have said, nobody knows."""


def check_guard(way_out: WayOut) -> None:
    """Raises NotLetOut where the guard is gone."""
    if way_out.is_down:
        raise NotLetOut(Outcome.FAILED, "出口守卫已停止运行，没有发出请求")


def check_passage(way_out: WayOut, url: str) -> None:
    """Raises what the last connection to `url`'s host ended with: NotLetOut, or the fault of the network."""
    check_guard(way_out)
    barred = way_out.barred(url)
    if barred is None:
        return
    if barred.forbidden:
        raise NotLetOut(Outcome.FAILED, f"出口守卫未放行（{barred.label}）：{url[:120]}")
    raise _FAULTS[barred](barred.label)
