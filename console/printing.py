"""打印: a lead on paper, who printed it when across every page, persons covered unless somebody says why not."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from console import verdicts
from console.access import Reader, RowId, TheDesk, Unmasker
from console.accounts import Visitor
from console.desk import Desk
from console.rendering import page
from console.veil import lifting
from console.wording import cleaned
from db import audit
from db import review as leads_review
from db.screening import LeadMissing
from db.walls import transaction_as
from records import Fault, FileRole

routes = APIRouter(prefix="/leads/{lead_id}/print")

_SHORTEST, _LONGEST = 4, 200
#: Lines of the watermark; more than fill a page of A4.
_LINES = 24


class ReasonWanting(Fault):
    """显示未遮盖的个人信息须写明理由，没有显示。

    Showing personal data uncovered takes a reason; it was not shown.
    """

    code = "E-CONSOLE-060"
    remedy = (f"请写 {_SHORTEST}–{_LONGEST} 个字。", f"Write {_SHORTEST}-{_LONGEST} characters.")


@routes.get("")
def masked(request: Request, desk: TheDesk, visitor: Reader, lead_id: RowId) -> Response:
    """The lead for paper, persons covered and no pictures, which show persons too."""
    return _sheet(request, desk, visitor, lead_id, action="lead.print", reason="")


@routes.post("")
def unmasked(
    request: Request,
    desk: TheDesk,
    visitor: Unmasker,
    lead_id: RowId,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """The same with persons and pictures. The reason stands on the paper and in the audit."""
    words = cleaned(reason)
    if not _SHORTEST <= len(words) <= _LONGEST:
        with transaction_as(desk.engine, visitor.user) as conn:
            if leads_review.lead_page(conn, lead_id, hits=0) is None:
                raise LeadMissing
        raise ReasonWanting
    return _sheet(request, desk, visitor, lead_id, action="lead.unmask", reason=words)


def _sheet(request: Request, desk: Desk, visitor: Visitor, lead_id: int, *, action: str, reason: str) -> Response:
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id)
        if found is None:
            raise LeadMissing
        told = verdicts.told_of(conn, found)
        detail = {"hits": len(found.hits), "reason": reason}
        audit.record(
            conn, actor=visitor.user.name, action=action, subject=f"lead:{lead_id}", detail=detail, at=desk.now()
        )
    shown_roles = (FileRole.FIRST_SCREEN.value, FileRole.SCREENSHOT.value) if reason else ()
    context = {"found": found, **told, "reason": reason, "lines": _LINES, "shown_roles": shown_roles}
    with lifting(bool(reason)):
        return HTMLResponse(page(request, "print.html", context))
