"""查找: everything stored, one listing, one seller."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import HTMLResponse, Response

from console.access import Reader, RowId, TheDesk
from console.curve import curve
from console.rendering import page
from console.views import Number, Word, everything
from db import browse
from db.prices import prices
from db.walls import transaction_as

routes = APIRouter()

PAGE_SIZE = 50


@routes.get("/search")
def search(
    request: Request,
    desk: TheDesk,
    visitor: Reader,
    q: Word = "",
    platform: Word = "",
    hits: Annotated[bool, Query()] = False,
    before: Number = None,
) -> Response:
    """Listings in which the words stand, whether hits or not. Nothing is asked for: how to ask."""
    wanted = q.replace("\x00", "").strip()
    with transaction_as(desk.engine, visitor.user) as conn:
        found = (
            browse.search(conn, wanted, platform=platform, hits_only=hits, before=before, limit=PAGE_SIZE + 1)
            if wanted
            else []
        )
    context = {
        "wanted": wanted,
        "platform": platform,
        "hits": hits,
        "found": found[:PAGE_SIZE],
        "more": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
    }
    return HTMLResponse(page(request, "search.html", context))


@routes.get("/listings/{listing_id}")
def listing(request: Request, desk: TheDesk, visitor: Reader, listing_id: RowId) -> Response:
    """商品快照: one listing with its versions, judgements and leads."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = browse.listing_page(conn, listing_id)
        if found is None:
            raise HTTPException(404)
        known = prices(conn, [listing_id]).get(listing_id, ())
    drawn = {"prices": known, "curve": curve(known, found.found.last_seen)}
    return HTMLResponse(page(request, "listing.html", {"found": found, "view": everything(), **drawn}))


@routes.get("/sellers/{seller_id}")
def seller(request: Request, desk: TheDesk, visitor: Reader, seller_id: RowId) -> Response:
    """卖家画像: one seller with leads and listings."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = browse.seller_page(conn, seller_id)
    if found is None:
        raise HTTPException(404)
    return HTMLResponse(page(request, "seller.html", {"found": found, "view": everything()}))
