"""The door: every request passes it before any route. What is not listed as public needs a signed-in user."""

import hmac
from dataclasses import dataclass
from http.cookies import SimpleCookie
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.datastructures import FormData, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console import language
from console.accounts import DEMO_USER, Ticket, Visitor, open_session, recognise
from console.api.gate import ApiGate
from console.api.problems import is_api
from console.bodies import BODY_LIMIT, UPLOAD_LIMIT, replayed, whole
from console.desk import Desk
from console.errors import SECURITY_HEADERS, error_page
from console.language import _
from console.roles import PUBLIC_FOLDER, is_public
from db import users
from db.engine import transaction

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

#: Where everybody may go who is signed in, even with a one-time password.
_OWN_ACCOUNT = ("/password", "/logout")

#: What brings a screenshot and a saved page along.
_UPLOADS = ("/intake", "/setup/file")


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and flags of our cookies."""

    tls: bool
    demo: bool

    @property
    def session(self) -> str:
        """`__Host-` binds the cookie to this host over TLS; browsers refuse that name without TLS."""
        return ("__Host-" if self.tls else "") + ("xunwang_demo" if self.demo else "xunwang")

    @property
    def login(self) -> str:
        """Holds the token that the login form must repeat."""
        return self.session + "_login"

    @property
    def language(self) -> str:
        """The language that this browser asked for last."""
        return self.session + "_language"

    def header(self, name: str, value: str, *, max_age: int | None = None) -> str:
        """One Set-Cookie value; without `max_age` the cookie ends with the browser."""
        parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
        if self.tls:
            parts.append("Secure")
        if max_age is not None:
            parts.append(f"Max-Age={max_age}")
        return "; ".join(parts)


class Door:
    """ASGI middleware: who is asking, may they, and is the request really theirs."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._cookies = Cookies(tls=desk.tls, demo=desk.demo)
        self._api = ApiGate(app, desk)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers by itself what may not pass; all else goes on with `scope["state"]["visitor"]` set."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            send = _with_headers(send, self._desk.tls, scope["path"])
            # programs have a gate of their own, which knows tokens and no cookie
            await (self._api if is_api(scope["path"]) else self._admit)(scope, receive, send)
        # websockets: there are none, and nothing is answered

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        ticket = None
        language.speak(cookie_value(request, self._cookies.language))
        visitor = await to_thread.run_sync(self._visitor, request)
        if visitor is None and self._signs_demo_in(request):
            ticket = await to_thread.run_sync(self._demo_ticket)
            visitor = ticket.visitor if ticket else None
        scope.setdefault("state", {})["visitor"] = visitor
        if visitor is not None and visitor.user.language:
            language.speak(visitor.user.language)
        if ticket is not None:
            send = _with_cookie(send, self._cookies.header(self._cookies.session, ticket.cookie))
        refusal = self._turned_away(request, visitor)
        if refusal is None and request.method not in SAFE_METHODS:
            body = await whole(receive, UPLOAD_LIMIT if request.url.path in _UPLOADS else BODY_LIMIT)
            receive = replayed(body or b"")
            refusal = await self._not_theirs(Request(scope, receive), visitor, body)
            receive = replayed(body or b"")
        await (refusal or self._app)(scope, receive, send)

    def _visitor(self, request: Request) -> Visitor | None:
        cookie = cookie_value(request, self._cookies.session)
        if not cookie:
            return None
        with transaction(self._desk.engine) as conn:
            return recognise(conn, cookie, self._desk.now())

    def _signs_demo_in(self, request: Request) -> bool:
        """Only the demo, only a page, only from this very machine and not through a proxy."""
        return (
            self._desk.demo
            and request.method == "GET"
            and not is_public(request.url.path)
            and request.client is not None
            and _is_loopback(request.client.host)
            and not any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
        )

    def _demo_ticket(self) -> Ticket | None:
        """None where the demo's user is missing: then this is no demo database."""
        with transaction(self._desk.engine) as conn:
            found = users.find(conn, DEMO_USER)
            return open_session(conn, found[0], self._desk.now()) if found and found[0].enabled else None

    def _turned_away(self, request: Request, visitor: Visitor | None) -> Response | None:
        """The answer for somebody who may not pass; None for who may."""
        path = request.url.path
        if is_public(path):
            return None
        if visitor is None:
            return _to_login(request)
        if path in _OWN_ACCOUNT:
            return None
        if visitor.user.must_change:
            return _send_to(request, "/password")
        return None

    async def _not_theirs(self, request: Request, visitor: Visitor | None, body: bytes | None) -> Response | None:
        """The answer for a forged or oversized request; None for one that our own page sent."""
        if body is None:
            return error_page(request, 413, _("提交的内容过大。"))
        if not self._from_our_page(request):
            return error_page(request, 403, _("请求不是从本系统的页面发出的，已拒绝。"))
        expected = visitor.session.csrf_token if visitor else cookie_value(request, self._cookies.login)
        given = request.headers.get("x-csrf-token")
        if given is None:
            async with request.form(max_files=4, max_fields=64) as form:
                given = _field(form)
        if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
            refusal = error_page(request, 403, _("页面已过期，请返回并刷新后再试。"))
            # the page may fetch the token of the session that has begun meanwhile, in another tab for instance
            refusal.headers["X-Stale-Token"] = "1"
            return refusal
        return None

    def _from_our_page(self, request: Request) -> bool:
        """Origin says where the request came from; browsers without it say Sec-Fetch-Site, or nothing at all."""
        origin = request.headers.get("origin")
        if origin is not None:
            return origin == _origin(self._desk.base_url) or origin == f"{self._scheme}://{request.headers['host']}"
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")

    @property
    def _scheme(self) -> str:
        return "https" if self._desk.tls else "http"


def cookie_value(connection: HTTPConnection, name: str) -> str:
    """The cookie's value; empty where it is missing or unreadable."""
    jar = SimpleCookie()
    jar.load(connection.headers.get("cookie", ""))
    return jar[name].value if name in jar else ""


def local_path(target: str) -> str:
    """`target` where it is a page of ours, else the queue: nobody is sent elsewhere after signing in."""
    fine = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if fine and "\\" not in target and not urlsplit(target).netloc else "/"


#: What a browser says it wants when it wants a page to show.
_PAGES = ("document", "iframe")


def _to_login(request: Request) -> Response:
    """The login page; a request of htmx hears 401, and the page that made it asks for the password in place.

    So does a picture or whatever else a page asks for: each login page that is answered may bring another token, and
    one that came in the background makes the form stale in which somebody types.
    """
    if "hx-request" in request.headers or request.headers.get("sec-fetch-dest", "document") not in _PAGES:
        return error_page(request, 401, _("登录已过期，操作没有保存。"), _("重新登录后可以接着做。"))
    query = f"?{request.url.query}" if request.url.query else ""
    where = request.url.path + query if request.method == "GET" else "/"
    return _send_to(request, f"/login?next={quote(where)}")


def _send_to(request: Request, where: str) -> Response:
    """A redirect; for htmx a header that makes the whole page move, and 401 so that nothing is swapped in."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": where})
    if request.method not in SAFE_METHODS:
        return error_page(
            request, 401, _("登录已过期，请重新登录后再试。"), _("用浏览器的“后退”可以找回刚才填写的文字。")
        )
    return RedirectResponse(where, status_code=303)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _field(form: FormData) -> str:
    value = form.get("csrf_token")
    return value if isinstance(value, str) else ""


def _with_headers(send: Send, tls: bool, path: str) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if tls:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            headers["Cache-Control"] = "public, max-age=3600" if path.startswith(PUBLIC_FOLDER) else "no-store"
        await send(message)

    return wrapped


def _with_cookie(send: Send, cookie: str) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return wrapped
