"""The gate of the API: a token in the Authorization header and nothing else. No cookie is read here."""

import re
import threading
from datetime import datetime
from urllib.parse import unquote_plus

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console import language
from console.accounts import remembered_since, seconds_to_wait
from console.api import problems
from console.api.problems import STATUSES
from console.bodies import BODY_LIMIT, UPLOAD_LIMIT, replayed, whole
from console.desk import Desk
from console.language import CHINESE, ENGLISH, _
from console.tokens import PREFIX, Caller, recognise
from db import audit, users
from db.engine import transaction
from records import Fault

#: What failures are remembered under: no account has such a name.
_FAILED = "Bearer"
_UPLOADS = "/api/v1/intake"
#: Parameters that would hold a token with other services.
_TELLING = re.compile(rf"(^|[?&;])(access_token|api_?key|token|authorization|bearer)=|{PREFIX}[0-9A-Za-z]{{8}}", re.I)


class Pace:
    """How often each token may ask: so many at once, and so many a minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._lock = threading.Lock()
        #: Token → what it has left, and as of when.
        self._left: dict[int, tuple[float, datetime]] = {}

    def wait(self, token_id: int, at: datetime) -> int:
        """0 for a request that may go on and is counted; else whole seconds until one may."""
        with self._lock:
            left, since = self._left.get(token_id, (float(self._per_minute), at))
            left += max(0.0, (at - since).total_seconds()) * self._per_minute / 60
            left = min(left, float(self._per_minute))
            self._left[token_id] = (left - 1 if left >= 1 else left, at)
        return 0 if left >= 1 else int((1 - left) * 60 / self._per_minute) + 1


class ApiGate:
    """ASGI: who is calling, not too often, not too much at once."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._pace = Pace(desk.api_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers by itself what may not pass; all else goes on with `scope["state"]["caller"]` set."""
        request = Request(scope, receive)
        language.speak(_language(request.headers.get("accept-language", "")))
        caller = await to_thread.run_sync(self._caller, request)
        if isinstance(caller, Response):
            await caller(scope, receive, send)
            return
        if request.url.path.endswith("/"):  # where a route without it is, the router would send the caller there
            await _refused(problems.NotThere())(scope, receive, send)
            return
        scope.setdefault("state", {}).update(visitor=None, caller=caller)
        send = _with_expiry(send, caller)
        body = await whole(receive, UPLOAD_LIMIT if request.url.path == _UPLOADS else BODY_LIMIT)
        if body is None:
            await _refused(problems.BodyTooLarge())(scope, receive, send)
            return
        await self._app(scope, replayed(body), send)

    def _caller(self, request: Request) -> Caller | Response:
        if _TELLING.search(unquote_plus(request.url.query)) or PREFIX in request.url.path:
            return _refused(problems.TokenInAddress())
        secret = _bearer(request)
        if secret is None:
            return _refused(problems.TokenWanting())
        at, address = self._desk.now(), request.client.host if request.client else ""
        with transaction(self._desk.engine) as conn:
            caller, told = recognise(conn, secret, at=at, address=address)
        if caller is None:
            return self._wrong(address, told, at)
        seconds = self._pace.wait(caller.token.id, at)
        if seconds:
            detail = _("每分钟至多 %(count)s 次", count=self._desk.api_per_minute)
            return _refused(problems.TooManyRequests(detail), seconds)
        return caller

    def _wrong(self, address: str, told: dict[str, object], at: datetime) -> Response:
        """The same answer whatever is wrong with the token; slower with each, from that address alone.

        A good token is heard all the while: what has 256 random bits is not found by asking faster.
        """
        since = remembered_since(at)
        with transaction(self._desk.engine) as conn:
            past = users.failures(conn, _FAILED, address, since)
            seconds = seconds_to_wait(past.count, past.last, at)
            if not seconds:
                users.note_failure(conn, _FAILED, address, at)
                detail = {"from": address, **told}
                audit.record(conn, actor="", action="token.refused", subject="api", detail=detail, at=at)
        return _refused(problems.TokenTooSoon(), seconds) if seconds else _refused(problems.TokenWrong())


def _refused(fault: Fault, seconds: int = 0) -> Response:
    return problems.of_fault(fault, STATUSES[type(fault)], **({"Retry-After": str(seconds)} if seconds else {}))


def _bearer(request: Request) -> str | None:
    """What stands behind Bearer in the one header that may say it; None where there is none."""
    given = request.headers.getlist("authorization")
    scheme, _space, secret = given[0].strip().partition(" ") if given else ("", "", "")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    return secret.strip() if len(given) == 1 else ""


def _language(accepted: str) -> str:
    """English for who prefers it; Chinese for everybody else."""
    first = accepted.partition(",")[0].strip().lower()
    return ENGLISH if re.match(r"en(?![a-z])", first) else CHINESE


def _with_expiry(send: Send, caller: Caller) -> Send:
    """Says with each answer when the token ends, so that nobody finds out by its end."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Xunwang-Token-Expires"] = caller.token.expires_at.isoformat(
                timespec="seconds"
            )
        await send(message)

    return wrapped
