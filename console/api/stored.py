"""Everything stored: search, one listing, one seller."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from console.access import RowId, TheDesk
from console.api.asks import LeadCaller
from console.api.leads import USUAL, Limit, link_next
from console.api.problems import Malformed, NotThere
from console.api.shapes import LeadLine, Moment, said
from console.language import N_, _, recorded
from console.veil import person, veil
from console.views import Number, Word
from db import browse
from db.walls import transaction_as

routes = APIRouter(tags=[N_("商品与卖家")])


class ListingLine(BaseModel):
    """A listing as a list has it."""

    id: int = said(N_("商品信息的编号"), 41)
    platform: str = said(N_("平台代号"), "demo_ads")
    title: str = said(N_("标题，个人信息以等长的 * 遮盖"), recorded("小件 象牙 私聊"))
    price: Decimal | None = said(N_("价格（元），十进制文字；没有读出的为 null"), "6243.00")
    price_text: str = said(N_("页面上的价格写法"), "¥6243.00")
    place: str = said(N_("页面上的所在地"), recorded("山东枣庄"))
    level: str = said(N_("级别：high 高风险，review 待看，none 未命中"), "high")
    score: int = said(N_("分值"), 92)
    category: str = said(N_("类别代号"), "ivory")
    state: str = said(N_("在售、已下架、再次上架"), recorded("在售"))
    first_seen: Moment = said(N_("首次发现"), "2026-11-23T02:14:07+08:00")
    last_seen: Moment = said(N_("最近一次见到"), "2026-11-23T03:14:07+08:00")

    @classmethod
    def of(cls, found: browse.Found) -> "ListingLine":
        """The record, its texts veiled."""
        kept = {name: getattr(found, name) for name in cls.model_fields}
        return cls(**{**kept, **{name: veil(kept[name]) for name in ("title", "price_text", "place")}})


class Listings(BaseModel):
    """One page of a search."""

    items: list[ListingLine] = said(N_("本页商品信息，新存的在前"), [])
    next: str | None = said(N_("下一页的 cursor；没有下一页的为 null"), "41")


class ListingVersion(BaseModel):
    """What a listing said from some moment on."""

    seen_at: Moment = said(N_("见到的时间"), "2026-11-23T02:14:07+08:00")
    title: str = said(N_("标题"), recorded("小件 象牙 私聊"))
    price: Decimal | None = said(N_("价格（元）"), "6243.00")


class ListingJudged(BaseModel):
    """One assessment of a listing."""

    assessed_at: Moment = said(N_("研判时间"), "2026-11-23T02:14:07+08:00")
    lexicon_version: str = said(N_("词库版本"), "v12")
    level: str = said(N_("级别"), "high")
    score: int = said(N_("分值"), 92)


class ListingMoved(BaseModel):
    """It went off sale, or came back."""

    at: Moment = said(N_("时间"), "2026-11-24T02:14:07+08:00")
    state: str = said(N_("在售、已下架、再次上架"), recorded("已下架"))


class ListingWhole(ListingLine):
    """A listing with what became of it."""

    url: str = said(N_("商品地址"), "https://market.example/item/41")
    item_id: str = said(N_("平台上的商品号"), "600123456789")
    description: str = said(N_("描述，个人信息以等长的 * 遮盖"), recorded("家里老人留下的，象 牙料，包浆厚。"))
    detail_read: bool = said(N_("是否读过详情页；false 为仅见列表卡片"), True)
    source: str = said(N_("来源"), recorded("定向监测"))
    seller_id: int | None = said(N_("卖家的编号；没有卖家的为 null"), 9)
    seller: str = said(N_("卖家名称，遮盖；没有疑似信息的卖家不存名称"), recorded("示***"))
    versions: list[ListingVersion] = said(N_("价格与文字的变化，最早的在前"), [])
    judgements: list[ListingJudged] = said(N_("历次研判，最新的在前"), [])
    states: list[ListingMoved] = said(N_("上下架，最早的在前"), [])
    leads: list[LeadLine] = said(N_("所在的线索"), [])

    @classmethod
    def whole(cls, found: browse.ListingPage) -> "ListingWhole":
        """The record as its page shows it."""
        return cls(
            **ListingLine.of(found.found).model_dump(),
            **{name: getattr(found, name) for name in ("url", "item_id", "detail_read", "source", "seller_id")},
            description=veil(found.description),
            seller=person(found.seller_name),
            versions=[ListingVersion(seen_at=v.seen_at, title=veil(v.title), price=v.price) for v in found.versions],
            judgements=[ListingJudged(**_judged(one)) for one in found.judgements],
            states=[ListingMoved(at=at, state=state) for at, state in found.states],
            leads=[LeadLine.of(lead) for lead in found.leads],
        )


class SellerWhole(BaseModel):
    """A seller with leads and listings."""

    id: int = said(N_("卖家的编号"), 9)
    platform: str = said(N_("平台代号"), "demo_ads")
    name: str = said(N_("名称，遮盖；没有疑似信息的卖家不存名称"), recorded("示***"))
    place: str = said(N_("自报所在地"), recorded("山东枣庄"))
    listed: int = said(N_("已存商品信息条数"), 12)
    hits: int = said(N_("其中疑似信息条数"), 6)
    first_seen: Moment = said(N_("首次发现"), "2026-11-23T02:14:07+08:00")
    last_seen: Moment = said(N_("最近一次见到"), "2026-11-23T03:14:07+08:00")
    listings: list[ListingLine] = said(N_("商品信息，最近见到的在前，至多 100 条"), [])
    leads: list[LeadLine] = said(N_("线索，新发现的在前"), [])

    @classmethod
    def whole(cls, found: browse.SellerPage) -> "SellerWhole":
        """The record as its page shows it."""
        named = {name: getattr(found, name) for name in ("id", "platform", "listed", "hits", "first_seen", "last_seen")}
        return cls(
            **named,
            name=person(found.name),
            place=veil(found.place),
            listings=[ListingLine.of(one) for one in found.listings],
            leads=[LeadLine.of(one) for one in found.leads],
        )


@routes.get(
    "/search",
    summary=N_("查找商品信息"),
    description=N_("标题或描述中含有全部词语的商品信息，不论是否疑似；词语以空格分开，中文不必分词。"),
)
def search(
    request: Request,
    response: Response,
    desk: TheDesk,
    caller: LeadCaller,
    q: Annotated[str, Query(min_length=1, max_length=80)],
    platform: Word = "",
    hits: bool = False,
    limit: Limit = USUAL,
    cursor: Number = None,
) -> Listings:
    """Listings in which the words stand; a district account sees those of its leads."""
    wanted = q.replace("\x00", "").strip()
    if not wanted:
        raise Malformed(_("q 没有可以查找的词语"))
    with transaction_as(desk.engine, caller.user) as conn:
        found = browse.search(conn, wanted, platform=platform, hits_only=hits, before=cursor, limit=limit + 1)
    following = str(found[limit - 1].id) if len(found) > limit else None
    if following:
        link_next(request, response, following)
    return Listings(items=[ListingLine.of(one) for one in found[:limit]], next=following)


@routes.get("/listings/{listing_id}", summary=N_("一条商品信息"), description=N_("商品信息及其变化、研判和所在线索。"))
def listing(desk: TheDesk, caller: LeadCaller, listing_id: RowId) -> ListingWhole:
    """One listing. A district account is told of those of its leads."""
    with transaction_as(desk.engine, caller.user) as conn:
        found = browse.listing_page(conn, listing_id)
    if found is None:
        raise NotThere
    return ListingWhole.whole(found)


@routes.get("/sellers/{seller_id}", summary=N_("一个卖家"), description=N_("卖家（名称遮盖）及其商品信息和线索。"))
def seller(desk: TheDesk, caller: LeadCaller, seller_id: RowId) -> SellerWhole:
    """One seller. A district account is told of those who have a lead there."""
    with transaction_as(desk.engine, caller.user) as conn:
        found = browse.seller_page(conn, seller_id)
    if found is None:
        raise NotThere
    return SellerWhole.whole(found)


def _judged(one: browse.Judgement) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ListingJudged.model_fields}
