"""设置·接口令牌: tokens as those see them who made them, and as an admin sees all; and the reference of the API."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from console import tokens
from console.access import RowId, SignedIn, TheDesk
from console.accounts import DEMO_USER, Attempt, SignInRefused, SignInTooSoon, Visitor, prove
from console.api.handbook import chapters, forms
from console.api.reference import described
from console.desk import Desk
from console.language import told_by
from console.rendering import page
from console.roles import Can
from console.tokens import SCOPES, TokenRefused, TokenUnknown, make, scopes_of, state
from db import api_tokens
from db.engine import transaction
from records import Fault

routes = APIRouter(prefix="/settings")

#: Days that the form offers.
DAYS = (30, 90, 180, 365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """What was typed into the form."""

    name: str = ""
    scopes: tuple[str, ...] = ("read",)
    days: int = tokens.USUAL_DAYS


@routes.get("/tokens")
def token_list(request: Request, desk: TheDesk, visitor: SignedIn) -> Response:
    """One's own tokens and the form for a new one; an admin sees everybody's."""
    return _shown(request, desk, visitor)


@routes.post("/tokens")
def new_token(
    request: Request,
    desk: TheDesk,
    visitor: SignedIn,
    scopes: Annotated[list[str], Form(max_length=10, default_factory=list)],
    name: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[int, Form()] = tokens.USUAL_DAYS,
    password: Annotated[str, Form(max_length=256)] = "",
) -> Response:
    """Make a token for oneself, with the password again: it outlives the session. It stands on this answer alone."""
    entered, at = Entered(name=name, scopes=tuple(scopes), days=days), desk.now()
    try:
        _prove(request, desk, visitor, password)
        with transaction(desk.engine) as conn:
            facts: dict[str, Any] = {"name": name, "scopes": scopes, "days": days}
            _number, secret = make(conn, visitor.user, **facts, actor=visitor.actor, at=at)
    except (SignInRefused, SignInTooSoon, TokenRefused) as refusal:
        status = 429 if isinstance(refusal, SignInTooSoon) else 400
        return _shown(request, desk, visitor, entered=entered, refusal=refusal, status=status)
    return _shown(request, desk, visitor, issued=secret)


@routes.post("/tokens/{token_id}/revoke")
def revoke(desk: TheDesk, visitor: SignedIn, token_id: RowId) -> Response:
    """One's own, or as an admin anybody's. For everybody else another's token is not there."""
    with transaction(desk.engine) as conn:
        token = api_tokens.of_id(conn, token_id)
        if token is None or not (token.user_id == visitor.user.id or visitor.may(Can.ACCOUNTS)):
            raise TokenUnknown
        tokens.revoke(conn, token, actor=visitor.actor, at=desk.now())
    return RedirectResponse("/settings/tokens", status_code=303)


@routes.get("/api")
def handbook(request: Request, visitor: SignedIn) -> Response:
    """The reference, drawn from the description of the API."""
    del visitor
    document = described(request.app)
    context = {"document": document, "chapters": chapters(document), "forms": forms(document), "scopes": SCOPES}
    return HTMLResponse(page(request, "api.html", context))


@routes.get("/api/openapi.json")
def document(request: Request, visitor: SignedIn) -> Response:
    """The same for programs that read it, to be saved by a person who is signed in."""
    del visitor
    headers = {"Content-Disposition": 'attachment; filename="xunwang-openapi.json"'}
    return JSONResponse(described(request.app), headers=headers)


def _prove(request: Request, desk: Desk, visitor: Visitor, password: str) -> None:
    """The person is at the keyboard. Raises SignInRefused, SignInTooSoon. The demo's user has no password to give."""
    if desk.demo and visitor.user.name == DEMO_USER:
        return
    address = request.client.host if request.client else ""
    attempt = Attempt(name=visitor.user.name, password=password, address=address, at=desk.now())
    prove(lambda: transaction(desk.engine), attempt, refused="token.refused")


def _shown(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    *,
    entered: Entered | None = None,
    refusal: Fault | None = None,
    issued: str = "",
    status: int = 200,
) -> Response:
    oversees = visitor.may(Can.ACCOUNTS)
    with transaction(desk.engine) as conn:
        listed = api_tokens.every(conn, None if oversees else visitor.user.id)
    context: dict[str, Any] = {
        "own": [one for one in listed if one.user_id == visitor.user.id],
        "others": [one for one in listed if one.user_id != visitor.user.id],
        "oversees": oversees,
        "state_of": lambda token: state(token, desk.now()),
        "scopes": {scope: SCOPES[scope][0] for scope in scopes_of(visitor.user.role)},
        "days": DAYS,
        "name_length": tokens.NAME_LENGTH,
        "needs_password": not (desk.demo and visitor.user.name == DEMO_USER),
        "entered": entered or Entered(),
        "issued": issued,
        "refusal": " ".join(told_by(refusal)) if refusal else "",
    }
    return HTMLResponse(page(request, "tokens.html", context), status_code=status)
