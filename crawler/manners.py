"""The gate of every Scrapy request: address, robots.txt, turn. A middleware, so that no path can forget it."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import structlog
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.admission import refusal
from crawler.definition import Definition
from crawler.ends import QueryEnd
from crawler.limits import Limits
from crawler.network import DOWN_FAULTS, NETWORK_FAULTS, chinese
from crawler.politeness import Politeness, Turn
from crawler.robots import Robots, read_robots, unreachable_robots
from records import Outcome, Spent

log = structlog.get_logger(__name__)

#: Keys of `Request.meta`: what the request is for, and the turn it holds.
ERRAND = "xunwang_errand"
TURN = "xunwang_turn"


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


class RobotsBook:
    """The robots.txt of every origin of one patrol, each asked for once."""

    def __init__(self, charge: Charge, crawler: Crawler) -> None:
        self._charge = charge
        self._crawler = crawler
        self._rules: dict[str, Robots] = {}

    async def check(self, url: str) -> None:
        """Raises QueryEnd ROBOTS_REFUSED where robots.txt does not allow `url`."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = await self._ask(origin + "/robots.txt")
            self._charge.politeness.respect(self._rules[origin])
        robots = self._rules[origin]
        if not robots.allows(url):
            outcome = Outcome.FAILED if robots.down else Outcome.ROBOTS_REFUSED
            raise QueryEnd(outcome, robots.unreachable or f"robots.txt 不允许访问 {parts.path}")

    async def _ask(self, url: str) -> Robots:
        product = self._charge.limits.product
        try:
            response = await self._crawler.engine.download_async(Request(url, meta={ERRAND: Errand.ROBOTS}))
        except NETWORK_FAULTS as fault:
            return unreachable_robots(product, chinese(fault), down=isinstance(fault, DOWN_FAULTS))
        except QueryEnd as end:
            if end.outcome is Outcome.FAILED:  # a redirect to where we do not go
                return unreachable_robots(product, end.note)
            raise
        return read_robots(product, response.status, response.body)


class Manners:
    """Downloader middleware, nearest to the network: each request and each redirect hop passes it."""

    def __init__(self, charge: Charge, robots: RobotsBook) -> None:
        self._charge = charge
        self._robots = robots

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        """Called by Scrapy."""
        return cls(crawler.spider.charge, crawler.spider.robots)

    async def process_request(self, request: Request) -> None:
        """Lets a request through when it may go, at its time. Raises QueryEnd where it may not."""
        errand = request.meta.get(ERRAND, Errand.PAGE)
        limits = self._charge.limits
        why = refusal(request.url, self._charge.definition, allow_loopback=limits.allow_loopback)
        if why:
            log.warning("address refused", platform=self._charge.definition.key, url=request.url, why=why)
            raise QueryEnd(Outcome.FAILED, f"{why}：{request.url[:120]}")
        if errand is not Errand.ROBOTS:
            await self._robots.check(request.url)
        if errand is Errand.PICTURE:
            self._charge.politeness.spend(Spent(requests=1))
        else:
            request.meta[TURN] = await self._charge.politeness.take_turn(pages=int(errand is Errand.PAGE))

    def process_response(self, request: Request, response: Response) -> Response:
        """Gives the turn back and counts what came."""
        _give_back(request)
        self._charge.politeness.spend(Spent(bytes=len(response.body)))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Gives the turn back; the exception goes on to who asked."""
        _give_back(request)


def _give_back(request: Request) -> None:
    turn: Turn | None = request.meta.pop(TURN, None)
    if turn is not None:
        turn.give_back()
