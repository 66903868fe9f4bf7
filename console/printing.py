"""打印: a lead on paper, who printed it when across every page, persons covered unless somebody says why not."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from console import reasons, verdicts
from console.access import Reader, RowId, TheDesk, Unmasker
from console.accounts import Visitor
from console.desk import Desk
from console.rendering import page
from console.veil import lifting
from db import audit, custody
from db import review as leads_review
from db.custody import Handling
from db.screening import LeadMissing
from db.walls import transaction_as
from records import FileRole

routes = APIRouter(prefix="/leads/{lead_id}/print")

#: Lines of the watermark; more than fill a page of A4.
_LINES = 24


@routes.get("")
def masked(request: Request, desk: TheDesk, visitor: Reader, lead_id: RowId) -> Response:
    """The lead for paper, persons covered and no pictures, which show persons too."""
    return _sheet(request, desk, visitor, lead_id)


@routes.post("")
def unmasked(
    request: Request,
    desk: TheDesk,
    visitor: Unmasker,
    lead_id: RowId,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """The same with persons and pictures. The reason stands on the paper and in the audit."""
    return _sheet(request, desk, visitor, lead_id, why=reason)


def _sheet(request: Request, desk: Desk, visitor: Visitor, lead_id: int, *, why: str | None = None) -> Response:
    """With persons where `why` is given, which may be wanting; whoever may not see the lead is not told so."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id)
        if found is None:
            raise LeadMissing
        reason = "" if why is None else reasons.said(why, least=reasons.IN_WORDS)
        told = verdicts.told_of(conn, found)
        action = "lead.unmask" if reason else "lead.print"
        if reason:  # the pictures are evidence, and the texts show the same persons
            custody.record(
                conn,
                actor=visitor.user.name,
                handling=Handling.VIEW,
                lead_id=lead_id,
                detail={"unmasked": reason},
                at=desk.now(),
            )
        detail = {"hits": len(found.hits), "reason": reason}
        audit.record(
            conn, actor=visitor.user.name, action=action, subject=f"lead:{lead_id}", detail=detail, at=desk.now()
        )
    shown_roles = (FileRole.FIRST_SCREEN.value, FileRole.SCREENSHOT.value) if reason else ()
    context = {"found": found, **told, "reason": reason, "lines": _LINES, "shown_roles": shown_roles}
    with lifting(bool(reason)):
        return HTMLResponse(page(request, "print.html", context))
