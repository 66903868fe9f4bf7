"""Market (b): second-hand goods behind a JavaScript shell; lists and items come from a JSON API."""

import asyncio
import hmac
import time
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.markets import Offer
from demo.site import Site, page_number
from demo.stall import Mood, Stall, Wall

#: Seconds that a shell's token is good for.
TOKEN_LIFE = 600


class Goods(Site):
    """示例闲置: an empty page whose script fetches twenty items at a time as the visitor scrolls.

    The API answers only to a token that the shell carries and a signature that its script computes, so that what is
    read from it was loaded by a page in a browser. The signature guards nothing: it stands for those of real sites.
    """

    name = "示例闲置"
    closed = "/my/"
    size = 20
    operator = "示例闲置网络有限公司"
    uscc = "91000000MA00000B28"
    icp = "鲁ICP备00000002号-1"

    def __init__(self, stall: Stall) -> None:
        # Depends on the town alone, so that a restarted market still knows its shells.
        self._secret = sha256(f"shell {stall.market.town.seed}".encode()).digest()
        super().__init__(stall)

    def routes(self) -> list[Route]:
        return [
            Route("/", self._feed),
            Route("/search", self._search),
            Route("/item/{item_id}", self._item),
            Route("/my/{rest:path}", self._mine),
            Route("/api/list", self._api_list),
            Route("/api/search", self._api_search),
            Route("/api/item", self._api_item),
        ]

    def place(self, offer: Offer) -> str:
        where = offer.vendor.place
        if where is None:
            return ""
        return where.province.removesuffix("省") + where.city.removesuffix("市") + where.district

    async def _feed(self, request: Request) -> Response:
        return self._shell("feed")

    async def _search(self, request: Request) -> Response:
        return self._shell("search")

    async def _item(self, request: Request) -> Response:
        return self._shell("item")

    async def _mine(self, request: Request) -> Response:
        return self._shell("mine")

    def _shell(self, kind: str) -> Response:
        until = str(int(time.time()) + TOKEN_LIFE)
        return self.page("goods_shell.html", kind=kind, token=f"{until}.{self._mac(until)}")

    def _mac(self, until: str) -> str:
        return hmac.new(self._secret, until.encode(), sha256).hexdigest()[:32]

    def _let_in(self, request: Request) -> bool:
        """True for a request that a fresh shell's script made and signed for this very address."""
        token = request.headers.get("x-shell", "")
        until, _, mac = token.partition(".")
        if (
            not until.isascii()
            or not until.isdigit()
            or not hmac.compare_digest(mac.encode(), self._mac(until).encode())
        ):
            return False
        target = request.url.path + "?" + request.url.query
        return int(until) >= time.time() and request.headers.get("x-sign") == sign(f"{token}|{target}")

    async def _api_list(self, request: Request) -> Response:
        if not self._let_in(request):
            return _answer(403, 40301, "请求已失效，请刷新页面")
        number, market = page_number(self.query(request)), self.stall.market
        more = number * self.size < len(market)
        return self.items(market.page(number, self.size), number, more=more, total=len(market))

    async def _api_search(self, request: Request) -> Response:
        if not self._let_in(request):
            return _answer(403, 40301, "请求已失效，请刷新页面")
        query, market, search = self.query(request), self.stall.market, self.stall.search
        number = page_number(query)
        indices, more = await asyncio.to_thread(search.page, query.get("q", ""), number, self.size)
        return self.items([market.offer(index) for index in indices], number, more=more, total=None)

    async def _api_item(self, request: Request) -> Response:
        if not self._let_in(request):
            return _answer(403, 40301, "请求已失效，请刷新页面")
        offer = self.stall.market.find(self.query(request).get("id", ""))
        if offer is None:
            return _answer(404, 40401, "宝贝不存在或已下架")
        item = {**self._item_data(offer), "description": offer.description, "pictures": self.picture_paths(offer)}
        return _answer(200, 0, "ok", {"item": item})

    def items(self, offers: list[Offer], number: int, *, more: bool, total: int | None) -> Response:
        """An answer of the API with these listings."""
        items = [self._item_data(offer) for offer in offers]
        data = {"page": number, "pageSize": self.size, "hasMore": more, "total": total, "items": items}
        return _answer(200, 0, "ok", data)

    def _item_data(self, offer: Offer) -> dict[str, Any]:
        return {
            "id": offer.item_id,
            "title": offer.title,
            "price": None if offer.price is None else f"{offer.price}.00",
            "priceText": "面议" if offer.price is None else f"¥{offer.price}",
            "seller": {"id": f"u{offer.vendor.id}", "name": offer.vendor.name},
            "place": self.place(offer),
            "pictures": self.picture_paths(offer, 1),
            "url": f"/item/{offer.item_id}",
            "publishedAt": int(offer.published_at.timestamp() * 1000),
            "updatedAt": int(offer.updated_at.timestamp() * 1000),
        }

    def refusal(self, wall: Wall, path: str) -> Response:
        if path.startswith("/api/") and wall.mood is Mood.LOGIN:
            return _answer(200, 40101, "请先登录")
        if path.startswith("/api/") and wall.mood is Mood.CAPTCHA:
            return _answer(200, 40302, "访问过于频繁，请完成安全验证")
        return super().refusal(wall, path)


def _answer(status: int, code: int, message: str, data: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"code": code, "message": message, "data": data}, status)


def sign(text: str) -> str:
    """FNV-1a, 32 bit, over UTF-8, as eight hex digits: what the shell's script computes."""
    number = 0x811C9DC5
    for byte in text.encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{number:08x}"
