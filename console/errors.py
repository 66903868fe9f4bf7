"""Error pages: one human sentence, what to do, an id for the log; never a traceback."""

import secrets

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from console.accounts import PasswordRefused, SignInRefused, SignInTooSoon
from console.api import problems
from console.api.problems import is_api
from console.language import N_, gettext, told_by
from console.rendering import page
from console.review import LeadHeld
from console.roles import NotPermitted
from console.staff import LastAdmin, OwnAccount, UserUnknown
from console.tokens import TokenUnknown
from db.api_answers import KeyInUse, KeyTaken
from db.dispositions import EntryCorrected
from db.extractions import ExtractionMoved, NotAttended
from db.grouping import NotMergeable, NotSplittable
from db.holds import HoldUnknown, NothingToHold
from db.screening import LeadChanged, LeadConcluded, LeadMissing, NothingToUndo
from db.second_looks import SecondLookMoved
from db.verdicts import NotScreenedIn, VerdictActedOn
from evidence import EvidenceMissing
from records import Fault

#: On every answer. The strictest policy that our own files need: no inline script or style, nothing from elsewhere.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not no-referrer: under that a browser sends `Origin: null` with our own forms. Other sites are told nothing either
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

_SENTENCES = {
    400: N_("这个请求不完整或格式不对。"),
    401: N_("登录已过期，请重新登录。"),
    403: N_("您没有权限进行这项操作。"),
    404: N_("没有这个页面，或者您无权查看。"),
    405: N_("这个地址不接受这样的请求。"),
    409: N_("内容刚刚有变化，您的操作没有保存。"),
    413: N_("提交的内容过大。"),
    429: N_("请求过于频繁，请稍候再试。"),
    500: N_("系统出了问题，您的操作没有完成。"),
}
_ADVICE = {
    403: N_("如需开通，请联系本单位的系统管理员。"),
    404: N_("请从“核查”或“今日”重新进入。"),
    409: N_("请看过最新内容后再操作一次。"),
    500: N_("请稍后再试；若再次出现，请把下面的错误编号告诉管理员。"),
}
_FAULTS: dict[type[Fault], int] = {
    NotPermitted: 403,
    UserUnknown: 404,
    LastAdmin: 409,
    OwnAccount: 409,
    LeadMissing: 404,
    HoldUnknown: 404,
    NothingToHold: 404,
    LeadChanged: 409,
    LeadConcluded: 409,
    NothingToUndo: 409,
    NotScreenedIn: 409,
    VerdictActedOn: 409,
    EntryCorrected: 409,
    SecondLookMoved: 409,
    NotMergeable: 409,
    NotSplittable: 409,
    LeadHeld: 409,
    ExtractionMoved: 409,
    NotAttended: 409,
    EvidenceMissing: 404,
    PasswordRefused: 400,
    SignInRefused: 401,
    SignInTooSoon: 429,
    TokenUnknown: 404,
    KeyInUse: 409,
    KeyTaken: 422,
    **problems.STATUSES,
}


def error_page(request: Request, status: int, sentence: str = "", advice: str = "") -> Response:
    """The page for `status`; for htmx only the box, which the page in the browser shows as a message.

    Programs, which asked under /api, are told the same as a problem.
    """
    if is_api(request.url.path):
        return problems.of_status(status)
    fragment = "hx-request" in request.headers
    context = {
        "status": status,
        "sentence": sentence or gettext(_SENTENCES.get(status, _SENTENCES[400])),
        "advice": advice or gettext(_ADVICE.get(status, "")),
        "error_id": secrets.token_hex(4),
        "visitor": None if status >= 500 else getattr(request.state, "visitor", None),
    }
    if status >= 500:
        _log(request, str(context["error_id"]))
    html = page(request, "error_box.html" if fragment else "error.html", context)
    return HTMLResponse(html, status_code=status, headers={"X-Error-Id": str(context["error_id"])})


def install(app: FastAPI) -> None:
    """Gives the application its handlers."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Fault, _fault)
    app.add_exception_handler(Exception, _crash)


def _http(request: Request, error: Exception) -> Response:
    response = error_page(request, error.status_code if isinstance(error, HTTPException) else 500)
    response.headers.update(getattr(error, "headers", None) or {})  # Allow, where the method is wrong
    return response


def _malformed(request: Request, error: Exception) -> Response:
    # an id that is no number addresses nothing; everything else is a bad request
    in_path = isinstance(error, RequestValidationError) and any(e["loc"][:1] == ("path",) for e in error.errors())
    if isinstance(error, RequestValidationError) and is_api(request.url.path) and not in_path:
        return problems.of_errors(error)
    return error_page(request, 404 if in_path else 400)


def _fault(request: Request, error: Exception) -> Response:
    if not isinstance(error, Fault):
        return error_page(request, 500)
    status = _FAULTS.get(type(error), 400)
    if is_api(request.url.path):
        return problems.of_fault(error, status)
    cause, *rest = told_by(error)
    return error_page(request, status, cause, "　".join(rest))


def _crash(request: Request, error: Exception) -> Response:
    """Starlette logs the traceback after this answer; the reader gets the id alone."""
    del error
    response = _crashed(request) if is_api(request.url.path) else error_page(request, 500)
    # this answer is made outside of the door, which gives all the others their headers
    response.headers.update({**SECURITY_HEADERS, "Cache-Control": "no-store"})
    return response


def _crashed(request: Request) -> Response:
    error_id = secrets.token_hex(4)
    _log(request, error_id)
    return problems.crashed(error_id)


def _log(request: Request, error_id: str) -> None:
    structlog.get_logger().error("page failed", error_id=error_id, path=request.url.path)
