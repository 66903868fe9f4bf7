"""What the three sites share: templates, pictures, robots.txt, the login page, and the wall in front."""

from abc import ABC, abstractmethod
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.access import MEMBER, parameters
from demo.markets import Offer
from demo.pictures import picture
from demo.stall import Mood, Stall, Wall
from records import shanghai

#: Paths that stay open in every mood.
_ALWAYS_OPEN = ("/robots.txt", "/pic/", "/login", "/favicon.ico")


class Site(ABC):
    """The pages of one market over its stall."""

    #: As the pages are encoded and their queries percent-encoded.
    charset = "utf-8"
    #: What the site calls itself.
    name: str
    #: A path that robots.txt closes and the pages link.
    closed: str
    size: int
    #: Who runs it, as its foot says; all of it made up.
    operator: str
    uscc: str
    icp: str
    seat = "示例省示例市示例路1号"

    def __init__(self, stall: Stall) -> None:
        self.stall = stall
        self._pages = Environment(
            loader=PackageLoader("demo", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters["lines"] = lambda text: Markup("<br>").join(escape(line) for line in text.split("\n"))
        common = [
            Route("/robots.txt", self._robots),
            Route("/login", self._login, methods=["GET", "POST"]),
            Route("/pic/{item_id}/{number:int}.png", self._picture),
            Route("/favicon.ico", self._nothing),
        ]
        self.app = Starlette(routes=[*common, *self.routes()])

    @abstractmethod
    def routes(self) -> list[Route]:
        """The site's own pages."""

    @abstractmethod
    def place(self, offer: Offer) -> str:
        """The seller's place as this site shows it; empty where it shows none."""

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page in the site's charset; what that cannot hold stands as numeric character references."""
        text = self._pages.get_template(template).render(site=self, **values)
        body = text.encode(self.charset, "xmlcharrefreplace")
        return Response(body, status, headers={"content-type": f"text/html; charset={self.charset}"})

    def renewed(self, offer: Offer) -> str:
        """When the listing was last changed, as cards show it."""
        return shanghai(offer.updated_at).strftime("%Y-%m-%d %H:%M")

    def query(self, request: Request) -> dict[str, str]:
        """The request's parameters, decoded as this site does."""
        return parameters(request.scope, self.charset)

    def picture_paths(self, offer: Offer, most: int = 9) -> list[str]:
        """Where the listing's pictures lie, at most `most` of them."""
        return [f"/pic/{offer.item_id}/{number}.png" for number in range(min(most, offer.pictures))]

    def refusal(self, wall: Wall, path: str) -> Response:
        """What a visitor gets who meets the wall."""
        if wall.mood is Mood.LOGIN:
            return RedirectResponse(f"/login?next={path}", 302)
        if wall.mood is Mood.CAPTCHA:
            return self.page("captcha.html")
        if wall.mood is Mood.TOO_MANY:
            refused = self.page("refused.html", 429, message="请求过于频繁，请稍后再试")
            refused.headers["retry-after"] = str(wall.retry_after)
            return refused
        return self.page("refused.html", 500, message="服务器繁忙，请稍后再试")

    def wall_before(self, request: Request) -> Wall | None:
        """The wall, if it stands before this request."""
        path = request.url.path
        if path.startswith(_ALWAYS_OPEN):
            return None
        if self.stall.wall.mood is Mood.LOGIN and request.cookies.get(MEMBER) == self.stall.member_token:
            return None
        return self.stall.refuse(page_number(self.query(request)))

    async def _robots(self, request: Request) -> Response:
        return PlainTextResponse(f"User-agent: *\nCrawl-delay: {self.stall.crawl_delay:g}\nDisallow: {self.closed}\n")

    async def _login(self, request: Request) -> Response:
        """The form; whoever sends it with an account and a password is a member."""
        sent = await request.form() if request.method == "POST" else {}
        if not (sent.get("account") and sent.get("password")):
            return self.page("login.html")
        entered = RedirectResponse("/", 303)
        entered.set_cookie(MEMBER, self.stall.member_token, max_age=86400, httponly=True)
        return entered

    async def _nothing(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _picture(self, request: Request) -> Response:
        offer = self.stall.market.find(request.path_params["item_id"])
        number = request.path_params["number"]
        if offer is None or number >= offer.pictures:
            return Response(status_code=404)
        # A ring shows the same first picture wherever it sells.
        shared = offer.planted is not None and offer.planted.ring and number == 0
        seed = self.stall.market.town.seed
        body = picture(seed, offer.vendor.name) if shared else picture(seed, offer.item_id, number)
        return Response(body, media_type="image/png", headers={"cache-control": "max-age=86400"})


def page_number(query: dict[str, str]) -> int:
    """The page asked for, from 1; 1 for nonsense."""
    text = query.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def moment(offer: Offer) -> str:
    """ISO 8601 on a clock in China, to the second: `2026-11-20T13:05:07+08:00`."""
    return shanghai(offer.published_at).isoformat(timespec="seconds")
