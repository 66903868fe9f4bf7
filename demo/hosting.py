"""The serving side: three sites behind one server, on three ports of 127.0.0.1."""

import ctypes
import hmac
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from demo.access import AccessLog, Logged, log_path
from demo.ads import Ads
from demo.goods import Goods
from demo.markets import MARKETS, Town
from demo.shop import Shop
from demo.site import Site
from demo.stall import CONTROL_PATH, Stall

_SITES: dict[str, type[Site]] = {"demo_ads": Ads, "demo_goods": Goods, "demo_shop": Shop}
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What `python -m demo` was asked for."""

    seed: int
    listings: int
    titles: Path | None
    #: In the order of MARKETS; 0 for any free one.
    ports: tuple[int, ...]
    log_dir: Path
    #: Opens the control path; empty keeps it shut.
    control_token: str
    #: Seconds, told in robots.txt.
    crawl_delay: float


class Door:
    """One port: control, wall, site; everything but control is logged."""

    def __init__(self, town: Town, key: str, options: Options) -> None:
        self._stall = Stall(town, key, crawl_delay=options.crawl_delay)
        self._site = _SITES[key](self._stall)
        self._token = options.control_token
        self.log = AccessLog(log_path(options.log_dir, key), self._site.charset)
        self._logged = Logged(self._visited, self.log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        sent = request.headers.get("x-control-token", "")
        allowed = self._token and hmac.compare_digest(sent.encode(), self._token.encode())
        if scope["path"] == CONTROL_PATH and allowed:
            await (await self._control(request))(scope, receive, send)
        else:
            await self._logged(scope, receive, send)

    async def _visited(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        wall = self._site.wall_before(request)
        if wall is None:
            await self._site.app(scope, receive, send)
        else:
            await self._site.refusal(wall, request.url.path)(scope, receive, send)

    async def _control(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self._stall.change(json.loads(await request.body()))
            except (TypeError, ValueError) as problem:
                return JSONResponse({"problem": str(problem)}, 400)
        market, wall = self._stall.market, self._stall.wall
        return JSONResponse(
            {"listings": len(market), "arrivals": market.arrivals, "mood": wall.mood, "requests": self.log.count}
        )


class _ByPort:
    """Sends each connection to the market whose port it came in on."""

    def __init__(self, doors: dict[int, Door]) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await self._doors[scope["server"][1]](scope, receive, send)


def serve(options: Options) -> None:
    """Serves until SIGTERM or SIGINT. Writes one JSON line with the addresses to stdout when the ports are open."""
    options.log_dir.mkdir(parents=True, exist_ok=True)
    town = Town(options.seed, options.listings, options.titles)
    sockets = [_listen(port) for port in options.ports]
    ports = [sock.getsockname()[1] for sock in sockets]
    doors = {port: Door(town, key, options) for key, port in zip(MARKETS, ports, strict=True)}
    sites = {key: f"http://127.0.0.1:{port}" for key, port in zip(MARKETS, ports, strict=True)}
    server = uvicorn.Server(
        uvicorn.Config(
            _ByPort(doors), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
    )
    # The sockets listen already: whoever reads the line may connect, and is served as soon as the loop turns.
    sys.stdout.write(json.dumps({"sites": sites, "log_dir": str(options.log_dir), "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    server.run(sockets=sockets)
    for door in doors.values():
        door.log.close()


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off; without it every answer waits 40 ms for an ACK.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(512)
    return sock


def die_with_parent(parent: int) -> None:
    """Has the kernel end this process when the thread that started it ends; Linux alone, elsewhere a no-op."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it was gone before we asked
        os.kill(os.getpid(), signal.SIGTERM)
