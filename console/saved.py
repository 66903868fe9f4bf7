"""Saved views: a filter of the queue under a name of one's own."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from console.access import Reader, RowId, TheDesk
from console.views import TheView
from console.wording import cleaned
from db import audit
from db import views as saved
from db.walls import transaction_as
from records import Fault

routes = APIRouter(prefix="/review/views")

NAME_LENGTH = 20


class NameUnsuitable(Fault):
    """视图没有名称，或者名称太长。

    The view has no name, or too long a one.
    """

    code = "E-CONSOLE-025"
    remedy = (f"请写 1–{NAME_LENGTH} 个字。", f"Give it 1-{NAME_LENGTH} characters.")


@routes.post("")
def save(desk: TheDesk, visitor: Reader, view: TheView, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Keep the filter of the address under a name; one of the same name is replaced."""
    wanted = cleaned(name)
    if not 1 <= len(wanted) <= NAME_LENGTH:
        raise NameUnsuitable
    with transaction_as(desk.engine, visitor.user) as conn:
        saved.save(conn, visitor.user.id, wanted, view.query(), desk.now())
        audit.record(conn, actor=visitor.user.name, action="view.save", subject="view", detail={}, at=desk.now())
    return RedirectResponse(f"/review?{view.query()}", status_code=303)


@routes.post("/{view_id}/remove")
def remove(request: Request, desk: TheDesk, visitor: Reader, view: TheView, view_id: RowId) -> Response:
    """Forget one's own view; 404 for anybody else's."""
    del request
    with transaction_as(desk.engine, visitor.user) as conn:
        if not saved.remove(conn, visitor.user.id, view_id):
            raise HTTPException(404)
        audit.record(conn, actor=visitor.user.name, action="view.remove", subject="view", detail={}, at=desk.now())
    return RedirectResponse(f"/review?{view.query()}", status_code=303)
