"""设置·快捷键 and language: what an account sets for itself."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import SignedIn, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.door import Cookies, local_path
from console.keys import ACTIONS, CHOICES, KeysClash, KeyUnknown, checked, chosen
from console.language import LANGUAGES, told_by
from console.rendering import page
from db import audit, preferences
from db.engine import Connection
from db.walls import transaction_as

routes = APIRouter()

#: A year, in seconds.
_KEPT_FOR = 365 * 24 * 3600


@routes.post("/language")
def choose_language(request: Request, desk: TheDesk, language: Annotated[str, Form(max_length=12)]) -> Response:
    """From now on this browser, and this account in every one, is answered in `language`; back to the page before.

    400 for a language that we do not speak.
    """
    if language not in LANGUAGES:
        raise HTTPException(400)
    visitor: Visitor | None = request.state.visitor
    if visitor is not None:
        with transaction_as(desk.engine, visitor.user) as conn:
            preferences.keep_language(conn, visitor.user.id, language, desk.now())
            _note(conn, visitor, desk.now(), "preference.language", {"language": language})
    cookies = Cookies(tls=desk.tls, demo=desk.demo)
    response = RedirectResponse(_page_before(request), status_code=303)
    response.headers.append("Set-Cookie", cookies.header(cookies.language, language, max_age=_KEPT_FOR))
    return response


@routes.get("/settings/keys")
def keys_form(request: Request, visitor: SignedIn) -> Response:
    """Every action with the key that this account has for it."""
    return _shown(request, chosen(visitor.user), on=visitor.user.keys_on)


@routes.post("/settings/keys")
async def choose_keys(request: Request, desk: TheDesk, visitor: SignedIn) -> Response:
    """Keep the account's keys; a key that stands for two actions is refused with both named, and nothing is kept."""
    async with request.form(max_files=0, max_fields=40) as form:
        given = {name: str(form.get(f"key_{name}", action.usual)) for name, action in ACTIONS.items()}
        on = form.get("on") == "true"
    return await to_thread.run_sync(_kept, request, desk, visitor, given, on)


@routes.post("/settings/keys/reset")
def usual_keys(desk: TheDesk, visitor: SignedIn) -> Response:
    """The usual keys again, and switched on."""
    with transaction_as(desk.engine, visitor.user) as conn:
        preferences.keep_keys(conn, visitor.user.id, {}, on=True, at=desk.now())
        _note(conn, visitor, desk.now(), "preference.keys", {})
    return RedirectResponse("/settings/keys", status_code=303)


def _kept(request: Request, desk: Desk, visitor: Visitor, given: dict[str, str], on: bool) -> Response:
    try:
        own = checked(given)
    except (KeysClash, KeyUnknown) as refusal:
        return _shown(request, given, on=on, refusal=" ".join(told_by(refusal)), status=400)
    with transaction_as(desk.engine, visitor.user) as conn:
        preferences.keep_keys(conn, visitor.user.id, own, on=on, at=desk.now())
        _note(conn, visitor, desk.now(), "preference.keys", {"keys": own, "on": on})
    return RedirectResponse("/settings/keys", status_code=303)


def _note(conn: Connection, visitor: Visitor, at: datetime, action: str, detail: dict[str, Any]) -> None:
    subject = f"user:{visitor.user.id}"
    audit.record(conn, actor=visitor.user.name, action=action, subject=subject, detail=detail, at=at)


def _shown(request: Request, keys: dict[str, str], *, on: bool, refusal: str = "", status: int = 200) -> Response:
    context = {"actions": ACTIONS, "choices": CHOICES, "keys": keys, "on": on, "refusal": refusal}
    return HTMLResponse(page(request, "keys_page.html", context), status_code=status)


def _page_before(request: Request) -> str:
    """Path and query of the page of ours that sent the form; / where it was another's, or unsaid."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if before.netloc != request.headers["host"]:
        return "/"
    return local_path(before.path + (f"?{before.query}" if before.query else ""))
