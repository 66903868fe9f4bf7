"""The gate of every Scrapy request: address, robots.txt, turn, the one way out. A middleware: no path can forget it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import structlog
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.admission import refusal
from crawler.definition import Definition
from crawler.encrypted import Encryption
from crawler.ends import QueryEnd
from crawler.limits import Courtesy, Limits
from crawler.network import BROWSER_FAULTS, DOWN_FAULTS, NETWORK_FAULTS, chinese
from crawler.politeness import Politeness, Turn
from crawler.retry_after import asked_to_wait
from crawler.robots import Robots, is_fresh, read_kept, read_part
from crawler.session import cookie_header
from crawler.trail import TRAIL, exchange_of
from crawler.way_out import GUARD_ANSWERS, NotLetOut, WayOut, check_guard, check_passage
from records import KeptRobots, Outcome, RobotsRuling, Spent, now

log = structlog.get_logger(__name__)

#: Keys of `Request.meta`: what the request is for, and the turn it holds.
ERRAND = "xunwang_errand"
TURN = "xunwang_turn"
#: When the hop began that is under way.
_BEGAN = "xunwang_began"


#: Times that a robots.txt is asked for where its server only says when to come again.
ROBOTS_TRIES = 3


class Errand(StrEnum):
    """What a request is for."""

    PAGE = "page"  # a navigation or data request: takes a turn
    PICTURE = "picture"  # a static sub-resource: no turn, few at once
    ROBOTS = "robots"


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """What a patrol is about; the spider carries it to the components that Scrapy builds."""

    definition: Definition
    limits: Limits
    politeness: Politeness
    courtesy: Courtesy
    way_out: WayOut


class RobotsBook:
    """The robots.txt of every origin that a patrol meets, asked for once while it counts, by all workers together."""

    def __init__(self, charge: Charge, crawler: Crawler) -> None:
        self._charge = charge
        self._crawler = crawler
        self._rules: dict[str, tuple[KeptRobots, Robots]] = {}
        self._one_at_a_time = asyncio.Lock()
        #: The decision of a person by which something was asked that robots.txt refuses; None while nothing was.
        self.ruling: RobotsRuling | None = None

    async def check(self, url: str) -> None:
        """Raises QueryEnd ROBOTS_REFUSED where robots.txt does not allow `url` and nobody ruled otherwise."""
        parts = urlsplit(url)
        robots = await self._of(f"{parts.scheme}://{parts.netloc}")
        if robots.allows(url):
            return
        if not robots.down and (ruling := await asyncio.to_thread(self._charge.courtesy.ruling)) is not None:
            log.info("asked against robots.txt, as ruled", platform=ruling.platform, basis=ruling.basis)
            self.ruling = ruling
            return
        outcome = Outcome.FAILED if robots.down else Outcome.ROBOTS_REFUSED
        raise QueryEnd(outcome, robots.unreachable or f"robots.txt 不允许访问 {parts.path}")

    def permits(self) -> list[str]:
        """What people decided about asking this platform, as far as it was made use of, for captures to name."""
        session = self._charge.courtesy.session
        used = [] if session is None else [f"使用{session.name}"]
        return used if self.ruling is None else [*used, self.ruling.sentence]

    @property
    def basis(self) -> str:
        """By what right what was asked could be asked, in Chinese."""
        return self.ruling.sentence if self.ruling else "robots.txt 允许（RFC 9309）"

    async def _of(self, origin: str) -> Robots:
        async with self._one_at_a_time:
            if origin in self._rules and self._counts(self._rules[origin][0]):
                return self._rules[origin][1]
            kept = await asyncio.to_thread(self._charge.courtesy.kept_robots, origin)
            if kept is not None and self._counts(kept):
                robots = read_kept(self._charge.limits.product, kept)
            else:
                kept, robots = await self._ask(origin)
            self._rules[origin] = kept, robots
            self._charge.politeness.respect(robots)
            return robots

    def _counts(self, kept: KeptRobots) -> bool:
        return is_fresh(kept, now(), timedelta(hours=self._charge.limits.robots_hours))

    async def _ask(self, origin: str) -> tuple[KeptRobots, Robots]:
        down = False
        try:
            kept = await self._fetched(origin)
        except NETWORK_FAULTS as fault:
            kept = KeptRobots(origin=origin, status=0, why=chinese(fault), fetched_at=now())
            down = isinstance(fault, DOWN_FAULTS)
        except QueryEnd as end:
            if end.outcome is not Outcome.FAILED or isinstance(end, NotLetOut):
                raise
            kept = KeptRobots(
                origin=origin, status=0, why=end.note, fetched_at=now()
            )  # redirected to where we do not go
        if not down:  # a site that is not there told nothing that others need to know
            await asyncio.to_thread(self._charge.courtesy.keep_robots, kept)
        return kept, replace(read_kept(self._charge.limits.product, kept), down=down)

    async def _fetched(self, origin: str) -> KeptRobots:
        for _ in range(ROBOTS_TRIES):
            request = Request(origin + "/robots.txt", meta={ERRAND: Errand.ROBOTS})
            response = await self._crawler.engine.download_async(request)
            if _wish(response) is None:  # else `Manners` has obeyed it, and its time has passed when we ask again
                break
        return KeptRobots(origin=origin, status=response.status, body=read_part(response.body), fetched_at=now())


class Manners:
    """Downloader middleware, nearest to the network: each request and each redirect hop passes it."""

    def __init__(self, charge: Charge, robots: RobotsBook, encryption: Encryption) -> None:
        self._charge = charge
        self._robots = robots
        self._encryption = encryption

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        """Called by Scrapy."""
        return cls(crawler.spider.charge, crawler.spider.robots, crawler.spider.encryption)

    async def process_request(self, request: Request) -> None:
        """Lets a request through when it may go, at its time. Raises QueryEnd where it may not."""
        errand = request.meta.get(ERRAND, Errand.PAGE)
        limits = self._charge.limits
        why = refusal(request.url, self._charge.definition, allow_loopback=limits.allow_loopback)
        if why:
            log.warning("address refused", platform=self._charge.definition.key, url=request.url, why=why)
            raise QueryEnd(Outcome.FAILED, f"{why}：{request.url[:120]}")
        check_guard(self._charge.way_out)
        request.meta["proxy"] = self._charge.way_out.proxy
        if errand is not Errand.ROBOTS:
            await self._robots.check(request.url)
        self._show_session(request, errand)
        politeness = self._charge.politeness
        if errand is not Errand.PICTURE:
            request.meta[TURN] = await politeness.take_turn(pages=int(errand is Errand.PAGE))
        else:
            request.meta[TURN] = part = await politeness.take_part()
            if part is None:
                raise QueryEnd(Outcome.BLOCKED, "平台要求稍后再来")
        request.meta[_BEGAN] = now()

    def _show_session(self, request: Request, errand: Errand) -> None:
        """Cookies of the supplied session, for this very hop: what an earlier hop was shown is no business of it."""
        request.headers.pop(b"Cookie", None)
        session = self._charge.courtesy.session
        if session is None or errand is Errand.ROBOTS or request.meta.get("playwright"):
            return
        if cookies := cookie_header(session.state, request.url):
            request.headers[b"Cookie"] = cookies

    async def process_response(self, request: Request, response: Response) -> Response:
        """Counts what came, obeys a Retry-After, and gives the turn back. Raises QueryEnd where that lasts too long.

        Raises as well what the guard says, where the answer is the guard's own.
        """
        self._charge.politeness.spend(Spent(bytes=len(response.body)))
        self._write_down(request, response)
        try:
            if response.status in GUARD_ANSWERS:
                check_passage(self._charge.way_out, response.url)
            seconds = _wish(response)
            if seconds is not None:
                log.warning("told to wait", platform=self._charge.definition.key, seconds=seconds)
                await self._charge.politeness.stay_away(seconds)
        finally:
            _give_back(request)
        return response

    def _write_down(self, request: Request, response: Response) -> None:
        """Adds this hop to the trail of its request, which the request of the next hop takes along."""
        peer = self._charge.way_out.peer(request.url)
        hop = exchange_of(
            request, response, began=request.meta[_BEGAN], peer=peer, tls=self._encryption.of(request.url)
        )
        request.meta[TRAIL] = (*request.meta.get(TRAIL, ()), hop)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Gives the turn back; what the guard says of it, or else the exception, goes on to who asked."""
        _give_back(request)
        if isinstance(exception, (*NETWORK_FAULTS, *BROWSER_FAULTS)):
            check_passage(self._charge.way_out, request.url)


def _wish(response: Response) -> float | None:
    """Seconds that an answer asks us to stay away."""
    header: bytes = response.headers.get(b"Retry-After") or b""
    return asked_to_wait(response.status, header.decode("latin-1"), now())


def _give_back(request: Request) -> None:
    turn: Turn | None = request.meta.pop(TURN, None)
    if turn is not None:
        turn.give_back()
