"""备注, 典型案例候选, 此词误报: what is said about a lead without deciding it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import RowId, Screener, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.language import _
from console.rendering import page
from console.review import focus_of
from console.views import TheView, View
from console.wording import cleaned
from db import remarks
from db import review as leads_review
from db.engine import Connection
from db.walls import transaction_as
from records import Fault

routes = APIRouter(prefix="/leads/{lead_id}")

NOTE_LENGTH = 500


class NoteEmpty(Fault):
    """备注没有内容，或者太长。

    The note is empty or too long.
    """

    code = "E-CONSOLE-026"
    remedy = (f"请写 1–{NOTE_LENGTH} 个字。", f"Write 1-{NOTE_LENGTH} characters.")


@routes.post("/note")
def note(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: RowId,
    text: Annotated[str, Form(max_length=4_000)] = "",
) -> Response:
    """C: words that stay with the lead."""
    words = cleaned(text)
    if not 1 <= len(words) <= NOTE_LENGTH:
        raise NoteEmpty

    def keep(conn: Connection) -> str:
        remarks.add_note(conn, lead_id, text=words, **visitor.by(desk.now()))
        return _("备注已保存")

    return _said(request, desk, visitor, view, lead_id, keep)


@routes.post("/star")
def star(request: Request, desk: TheDesk, visitor: Screener, view: TheView, lead_id: RowId) -> Response:
    """F: a candidate for 典型案例, or no longer one."""

    def turn(conn: Connection) -> str:
        starred = remarks.star(conn, lead_id, actor=visitor.user.name, at=desk.now())
        return _("已标为典型案例候选") if starred else _("已取消典型案例候选")

    return _said(request, desk, visitor, view, lead_id, turn)


@routes.post("/misread")
def misread(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: RowId,
    category: Annotated[str, Form(max_length=80)],
    term: Annotated[str, Form(max_length=200)],
) -> Response:
    """N: a term that hit where it should not goes to the analysts. 400 for one that did not hit here."""

    def tell(conn: Connection) -> str:
        found = leads_review.lead_page(conn, lead_id)
        if found is not None and (category, term) not in leads_review.terms_of(found.hits):
            raise HTTPException(400)
        remarks.misread(conn, lead_id, category=category, term=term, **visitor.by(desk.now()))
        return _("已告知词库员：“%(term)s”在这里是误报", term=term)

    return _said(request, desk, visitor, view, lead_id, tell)


def _said(
    request: Request, desk: Desk, visitor: Visitor, view: View, lead_id: int, do: Callable[[Connection], str]
) -> Response:
    """Does it, then shows the lead again: in the queue with a word about it, else as its own page."""
    with transaction_as(desk.engine, visitor.user) as conn:
        told = do(conn)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/leads/{lead_id}", status_code=303)
        context = focus_of(conn, desk, visitor, view, lead_id)
    return HTMLResponse(page(request, "said.html", {**context, "told": told}))
