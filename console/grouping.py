"""合并 and 拆出: leads put together or apart by a person, in the queue; Z takes it back."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import RowId, Screener, TheDesk
from console.accounts import Visitor
from console.bulk import NothingChosen
from console.desk import Desk
from console.language import _
from console.rendering import page
from console.review import LeadHeld, focus_of
from console.views import TheView, View
from db import grouping, leases
from db.engine import Connection
from db.grouping import Hand, Shown
from db.walls import transaction_as

routes = APIRouter(prefix="/leads/{lead_id}")

Version = Annotated[int, Form(ge=1, le=2**31 - 1)]


@routes.post("/merge")
def merge(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: RowId,
    version: Version,
    chosen: Annotated[list[str], Form(max_length=grouping.MOST, default_factory=list)],
) -> Response:
    """M: the chosen leads (id:version each) become part of this one. 409 where one is held or has changed."""
    others = [_shown(one) for one in chosen]
    if not others:
        raise NothingChosen

    def together(conn: Connection, hand: Hand) -> str:
        held = leases.held(conn, [one.id for one in others], desk.now())
        if any(lease.user_id != visitor.user.id for lease in held.values()):
            raise LeadHeld
        grouping.merge(conn, Shown(id=lead_id, version=version), others, hand)
        return _("已并入 %(count)s 条线索，按 Z 撤销", count=len(others))

    return _regrouped(request, desk, visitor, view, lead_id, together)


@routes.post("/split")
def split(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: RowId,
    version: Version,
    listing: Annotated[int, Form(ge=1, le=2**63 - 1)],
) -> Response:
    """One hit becomes a lead of its own."""

    def apart(conn: Connection, hand: Hand) -> str:
        grouping.split(conn, Shown(id=lead_id, version=version), listing, hand)
        return _("已拆出一条疑似信息，成为单独的线索，按 Z 撤销")

    return _regrouped(request, desk, visitor, view, lead_id, apart)


def _regrouped(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    view: View,
    lead_id: int,
    do: Callable[[Connection, Hand], str],
) -> Response:
    """Does it to a lead that is in the visitor's hands, and shows the lead again; the list is asked for anew."""
    hand = Hand(**visitor.by(desk.now()))
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        if not leases.take(conn, lead_id, visitor.user.id, hand.at):
            raise LeadHeld
        told = do(conn, hand)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/leads/{lead_id}", status_code=303)
        context = focus_of(conn, desk, visitor, view, lead_id)
    html = page(request, "said.html", {**context, "told": told})
    return HTMLResponse(html, headers={"HX-Trigger": "xunwang:screened, xunwang:regrouped"})


def _shown(given: str) -> Shown:
    """17:3 is lead 17 as version 3; 400 for anything else."""
    lead_id, colon, version = given.partition(":")
    numbers = [one for one in (lead_id, version) if one.isascii() and one.isdecimal() and len(one) < 19]
    if not colon or len(numbers) != 2:
        raise HTTPException(400)
    return Shown(id=int(numbers[0]), version=int(numbers[1]))
