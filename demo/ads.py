"""Market (a): classified ads, server-rendered, GBK."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from demo.markets import Offer
from demo.site import Site, moment, page_number


def _as_asked(request: Request, name: str) -> str:
    """A parameter as it came, for a link: re-encoding would lose what the charset cannot hold."""
    return next((f"{part}&" for part in request.url.query.split("&") if part.startswith(f"{name}=")), "")


class Ads(Site):
    """同城示例网: lists, searches and ads as old Chinese sites serve them."""

    charset = "gbk"
    name = "同城示例网"
    closed = "/contact/"
    size = 30
    operator = "示例同城信息有限公司"
    uscc = "91000000MA00000A14"
    icp = "鲁ICP备00000001号-1"

    def routes(self) -> list[Route]:
        return [
            Route("/", self._home),
            Route("/latest/", self._latest),
            Route("/search", self._search),
            Route("/item/{item_id:int}.html", self._item),
            Route("/u/{seller}/", self._seller),
            Route("/contact/{item_id}", self._contact),
        ]

    def place(self, offer: Offer) -> str:
        where = offer.vendor.place
        if where is None:
            return ""
        return f"{where.city.removesuffix('市')}-{where.district}" if where.district else where.city.removesuffix("市")

    def price(self, offer: Offer) -> str:
        """As shown."""
        return "面议" if offer.price is None else f"￥{offer.price}"

    def time(self, offer: Offer) -> str:
        """As shown: `2026-11-20 13:05:07`, on a clock in China."""
        return moment(offer)[:19].replace("T", " ")

    async def _home(self, request: Request) -> Response:
        return RedirectResponse("/latest/", 302)

    async def _latest(self, request: Request) -> Response:
        query, market = self.query(request), self.stall.market
        number, area, renewed = page_number(query), query.get("area", ""), query.get("order") == "renewed"
        if area or renewed:
            listed = await asyncio.to_thread(market.listed, area, renewed=renewed)
            offers = [market.offer(index) for index in listed[(number - 1) * self.size : number * self.size]]
            held = len(listed)
        else:
            offers, held = market.page(number, self.size), len(market)
        asked = f"{_as_asked(request, 'order')}{_as_asked(request, 'area')}"
        following = f"/latest/?{asked}page={number + 1}" if number * self.size < held else ""
        return self._list(offers, f"{area}最新信息", following, "没有更多信息了")

    async def _search(self, request: Request) -> Response:
        query = self.query(request)
        words, number = query.get("kw", ""), page_number(query)
        market, search = self.stall.market, self.stall.search
        indices, more = await asyncio.to_thread(search.page, words, number, self.size, query.get("area", ""))
        asked = f"{_as_asked(request, 'kw') or 'kw=&'}{_as_asked(request, 'area')}"
        following = f"/search?{asked}page={number + 1}" if more else ""
        nothing = f"没有找到与“{words}”相关的信息" if number == 1 else "没有更多信息了"
        return self._list([market.offer(index) for index in indices], f"搜索：{words}", following, nothing)

    def _list(self, offers: list[Offer], heading: str, following: str, nothing: str) -> Response:
        return self.page("ads_list.html", offers=offers, heading=heading, following=following, nothing=nothing)

    async def _item(self, request: Request) -> Response:
        offer = self.stall.market.find(str(request.path_params["item_id"]))
        if offer is None:
            return self.page(
                "ads_list.html", 404, offers=[], heading="提示", following="", nothing="信息不存在或已删除"
            )
        return self.page("ads_item.html", offer=offer)

    async def _seller(self, request: Request) -> Response:
        return self.page("ads_list.html", offers=[], heading="个人主页", following="", nothing="该用户没有公开主页")

    async def _contact(self, request: Request) -> Response:
        return self.page(
            "ads_list.html", offers=[], heading="联系方式", following="", nothing="请在客户端内查看联系方式"
        )
