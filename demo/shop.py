"""Market (c): a collectibles shop with detail pages and schema.org JSON-LD."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from demo.markets import Offer
from demo.site import Site, moment, page_number


class Shop(Site):
    """示例藏品: sellers with shops, several pictures an item."""

    name = "示例藏品"
    closed = "/cart"
    size = 24
    operator = "示例藏品商贸有限公司"
    uscc = "91000000MA00000C3C"
    icp = "鲁ICP备00000003号-1"

    def routes(self) -> list[Route]:
        return [
            Route("/", self._home),
            Route("/goods/", self._latest),
            Route("/search", self._search),
            Route("/p/{item_id}.html", self._item),
            Route("/shop/{seller}", self._seller),
            Route("/cart", self._cart),
        ]

    def place(self, offer: Offer) -> str:
        where = offer.vendor.place
        return f"{where.province}{where.city}{where.district}" if where else ""

    def price(self, offer: Offer) -> str:
        """As shown."""
        return "议价" if offer.price is None else f"¥{offer.price:,}.00"

    def time(self, offer: Offer) -> str:
        """ISO 8601 with +08:00."""
        return moment(offer)

    async def _home(self, request: Request) -> Response:
        return RedirectResponse("/goods/", 302)

    async def _latest(self, request: Request) -> Response:
        number = page_number(self.query(request))
        market = self.stall.market
        following = f"/goods/?page={number + 1}" if number * self.size < len(market) else ""
        return self._list(market.page(number, self.size), "新上藏品", following, "没有更多藏品了")

    async def _search(self, request: Request) -> Response:
        query = self.query(request)
        words, number = query.get("q", ""), page_number(query)
        market, search = self.stall.market, self.stall.search
        indices, more = await asyncio.to_thread(search.page, words, number, self.size)
        following = f"/search?q={quote(words)}&page={number + 1}" if more else ""
        nothing = "没有找到相关藏品" if number == 1 else "没有更多藏品了"
        return self._list([market.offer(index) for index in indices], f"“{words}”", following, nothing)

    def _list(self, offers: list[Offer], heading: str, following: str, nothing: str) -> Response:
        return self.page("shop_list.html", offers=offers, heading=heading, following=following, nothing=nothing)

    async def _item(self, request: Request) -> Response:
        offer = self.stall.market.find(request.path_params["item_id"])
        if offer is None:
            return self.page(
                "shop_list.html", 404, offers=[], heading="提示", following="", nothing="藏品不存在或已下架"
            )
        base = str(request.base_url).rstrip("/")
        # Within a script element only "<" could end it early.
        data = Markup(json.dumps(self._product(offer, base), ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704
        return self.page("shop_item.html", offer=offer, data=data)

    async def _seller(self, request: Request) -> Response:
        return self.page("shop_list.html", offers=[], heading="店铺", following="", nothing="店铺装修中")

    async def _cart(self, request: Request) -> Response:
        return self.page("shop_list.html", offers=[], heading="购物车", following="", nothing="购物车是空的")

    def _product(self, offer: Offer, base: str) -> dict[str, Any]:
        """The listing as a schema.org Product."""
        offered: dict[str, Any] = {
            "@type": "Offer",
            "priceCurrency": "CNY",
            "availability": "https://schema.org/InStock",
        }
        if offer.price is not None:
            offered["price"] = f"{offer.price}.00"
        offered["seller"] = _organization(offer, base)
        return {
            "@context": "https://schema.org",
            "@type": "Product",
            "sku": offer.item_id,
            "name": offer.title,
            "description": offer.description,
            "image": [base + path for path in self.picture_paths(offer)],
            "url": f"{base}/p/{offer.item_id}.html",
            "category": offer.section,
            "releaseDate": moment(offer),
            "offers": offered,
        }


def _organization(offer: Offer, base: str) -> dict[str, Any]:
    key = f"S{offer.vendor.id}"
    seller: dict[str, Any] = {
        "@type": "Organization",
        "identifier": key,
        "name": offer.vendor.name,
        "url": f"{base}/shop/{key}",
    }
    if where := offer.vendor.place:
        seller["address"] = {
            "@type": "PostalAddress",
            "addressCountry": "CN",
            "addressRegion": where.province,
            "addressLocality": where.city + where.district,
        }
    return seller
