"""复核抽查: the second queue, and for those who answer for the first one how far both agree."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Overseer, RowId, Screener, TheDesk
from console.language import recorded
from console.rendering import page
from console.review import reason_of, words_of
from db import review as leads_review
from db import second_looks
from db.second_looks import Due
from db.walls import transaction_as
from records import DismissReason, Screening

routes = APIRouter(prefix="/review/second")

#: Hits of a lead that are shown in full.
_HITS_SHOWN = 5


@routes.get("")
def second_queue(request: Request, desk: TheDesk, visitor: Screener, said: str = "") -> Response:
    """The next lead, with nothing of what was decided about it: no state, number, reason, note or history."""
    with transaction_as(desk.engine, visitor.user) as conn:
        due = second_looks.following(conn, visitor.user.id, desk.now())
        found = leads_review.lead_page(conn, due.lead_id, hits=_HITS_SHOWN) if due else None
        context: dict[str, Any] = {
            "due": due,
            "waiting": second_looks.waiting(conn, visitor.user.id, desk.now()),
            # these alone: what is not handed over cannot be shown
            "hits": found.hits if found else (),
            "seller": found.lead.seller_name if found else "",
            "place": found.seller_place if found else "",
            "district": found.lead.district if found else "",
            "count": found.lead.hits if found else 0,
            "reasons": list(DismissReason),
            "said": said == "1",
            "KEEP": Screening.KEEP.value,
            "DISMISS": Screening.DISMISS.value,
        }
    return HTMLResponse(page(request, "second.html", context))


@routes.get("/figures")
def figures(request: Request, desk: TheDesk, visitor: Overseer) -> Response:
    """Agreement in figures, and the leads about which two people differ."""
    with transaction_as(desk.engine, visitor.user) as conn:
        told = second_looks.agreement(conn, desk.now())
    return HTMLResponse(page(request, "second_figures.html", {"told": told, "days": second_looks.REACH.days}))


@routes.post("/{lead_id}")
def look(
    desk: TheDesk,
    visitor: Screener,
    lead_id: RowId,
    screening: Annotated[int, Form(ge=1, le=2**62)],
    action: Annotated[Screening, Form()],
    reason: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """The second answer; the lead itself is not touched, and the visitor is not told whether both agree."""
    if action is Screening.LATER:
        raise HTTPException(400)
    why = str(reason_of(action, reason) or "")
    words = words_of(action, reason, note)
    with transaction_as(desk.engine, visitor.user) as conn:
        second_looks.look(
            conn,
            Due(lead_id=lead_id, screening_id=screening),
            action=action,
            reason=f"{why}{recorded('：')}{words}" if words else why,
            **visitor.by(desk.now()),
        )
    return RedirectResponse("/review/second?said=1", status_code=303)
