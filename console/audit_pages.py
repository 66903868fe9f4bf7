"""设置·审计: who did what, newest first. Read only; whether the chain is whole is said beside it."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from console.access import Auditor, TheDesk
from console.rendering import page
from console.views import Day, begin_of
from console.wording import ACTIONS
from db import audit
from db.audit import Wanted
from db.text import storable
from db.walls import transaction_as

routes = APIRouter(prefix="/settings/audit")

PAGE_SIZE = 100

Word = Annotated[str, Query(max_length=80)]


@routes.get("")
def audit_list(
    request: Request,
    desk: TheDesk,
    visitor: Auditor,
    who: Word = "",
    action: Word = "",
    subject: Word = "",
    first: Annotated[Day, Query(alias="from")] = None,
    last: Annotated[Day, Query(alias="to")] = None,
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """One page of rows, those before number `before` where it is given."""
    wanted = Wanted(
        actor=storable(who.strip()),
        action=storable(action.strip()),
        subject=storable(subject.strip()),
        since=begin_of(first),
        until=begin_of(last and last + timedelta(days=1)),
    )
    with transaction_as(desk.engine, visitor.user) as conn:
        rows = audit.newest(conn, wanted, before=before, limit=PAGE_SIZE + 1)
        context = {"head": audit.head(conn), "actions": ACTIONS}
    entered = {"who": who, "action": action, "subject": subject, "from": first or "", "to": last or ""}
    shown = {"rows": rows[:PAGE_SIZE], "more": len(rows) > PAGE_SIZE, "entered": entered, "later": before > 0}
    return HTMLResponse(page(request, "audit.html", {**context, **shown}))
