"""Signing in and out, and replacing a one-time password."""

import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import SignedIn, TheDesk
from console.accounts import (
    Attempt,
    PasswordRefused,
    SignInRefused,
    SignInTooSoon,
    change_password,
    prove,
    sign_in,
    sign_out,
)
from console.desk import Desk
from console.door import Cookies, cookie_value, local_path
from console.language import _, told_by
from console.rendering import page
from db.engine import transaction
from db.users import User
from records import Fault

routes = APIRouter()

#: What `secrets.token_urlsafe(32)` looks like; a cookie of any other form is not sent back.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
Secret = Annotated[str, Form(max_length=256)]
Target = Annotated[str, Form(alias="next", max_length=2000)]


@routes.get("/login")
def login_form(request: Request, desk: TheDesk, target: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form; with a token of its own, since there is no session yet."""
    if request.state.visitor is not None:
        return RedirectResponse(local_path(target), status_code=303)
    return _form(request, Cookies(tls=desk.tls, demo=desk.demo), target=local_path(target))


@routes.post("/login")
def login(request: Request, desk: TheDesk, name: Secret, password: Secret, target: Target = "/") -> Response:
    """Begin a session under a new id, whatever cookie came along."""
    cookies = Cookies(tls=desk.tls, demo=desk.demo)
    address = request.client.host if request.client else ""
    attempt = Attempt(name=name.strip(), password=password, address=address, at=desk.now())
    try:
        ticket = sign_in(lambda: transaction(desk.engine), attempt)
    except (SignInRefused, SignInTooSoon) as refusal:
        status = 429 if isinstance(refusal, SignInTooSoon) else 401
        return _form(request, cookies, target=local_path(target), refusal=refusal, status=status)
    response = RedirectResponse(local_path(target), status_code=303)
    response.headers.append("Set-Cookie", cookies.header(cookies.session, ticket.cookie))
    response.headers.append("Set-Cookie", cookies.header(cookies.login, "", max_age=0))
    return response


@routes.post("/logout")
def logout(desk: TheDesk, visitor: SignedIn) -> Response:
    """End the session on our side; the cookie is worth nothing afterwards."""
    with transaction(desk.engine) as conn:
        sign_out(conn, visitor, desk.now())
    cookies = Cookies(tls=desk.tls, demo=desk.demo)
    response = RedirectResponse("/login", status_code=303)
    response.headers.append("Set-Cookie", cookies.header(cookies.session, "", max_age=0))
    return response


@routes.get("/password")
def password_form(request: Request, visitor: SignedIn) -> Response:
    """The form for a new password."""
    return HTMLResponse(page(request, "password.html", {"refusal": None, "forced": visitor.user.must_change}))


@routes.post("/password")
def password(
    request: Request,
    desk: TheDesk,
    visitor: SignedIn,
    old: Secret,
    new: Secret,
    again: Secret,
) -> Response:
    """Replace the password; every other session of the user ends."""
    try:
        if new != again:
            raise PasswordRefused(_("两次输入的新密码不一致"))
        with transaction(desk.engine) as conn:
            ticket = change_password(conn, visitor.user, old=old, new=new, at=desk.now())
    except (PasswordRefused, SignInRefused) as refusal:
        context = {"refusal": " ".join(told_by(refusal)), "forced": visitor.user.must_change}
        return HTMLResponse(page(request, "password.html", context), status_code=400)
    cookies = Cookies(tls=desk.tls, demo=desk.demo)
    response = RedirectResponse("/", status_code=303)
    response.headers.append("Set-Cookie", cookies.header(cookies.session, ticket.cookie))
    return response


def prove_again(desk: Desk, attempt: Attempt, *, refused: str) -> User:
    """Whose account and password these are, with no session begun: for what somebody must confirm in person.

    Raises SignInRefused or SignInTooSoon. `refused`: what the audit calls a wrong one.
    """
    return prove(lambda: transaction(desk.engine), attempt, refused=refused)


def _form(
    request: Request, cookies: Cookies, *, target: str, refusal: Fault | None = None, status: int = 200
) -> Response:
    # another tab that is sent to the form in the background must not make this one's token stale
    held = cookie_value(request, cookies.login)
    token = held if _TOKEN.fullmatch(held) else secrets.token_urlsafe(32)
    context = {"login_token": token, "target": target, "refusal": " ".join(told_by(refusal)) if refusal else None}
    response = HTMLResponse(page(request, "login.html", context), status_code=status)
    response.headers.append("Set-Cookie", cookies.header(cookies.login, token))
    return response
