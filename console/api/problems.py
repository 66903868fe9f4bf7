"""How a program is refused: `application/problem+json` (RFC 9457) with a code, and what to do about it, in words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from console.language import N_, _, told, told_by
from records import Fault

PREFIX = "/api"
MEDIA_TYPE = "application/problem+json"
#: Before the code, what the problem is called: a name, no address.
TYPE = "urn:xunwang:problem:"


class TokenWanting(Fault):
    """请求没有带令牌。

    The request brings no token.
    """

    code = "E-API-001"
    remedy = (
        "请在请求头写 Authorization: Bearer 令牌；令牌在控制台“接口令牌”页建立。",
        "Send the header `Authorization: Bearer TOKEN`; tokens are made in the console, under API tokens.",
    )


class TokenWrong(Fault):
    """令牌无效：不存在、已撤销、已过期，或者账号不能使用。

    The token is no good: unknown, revoked or expired, or its account cannot be used.
    """

    code = "E-API-002"
    remedy = (
        "请在控制台“接口令牌”页查看它的状态，或另建一个。",
        "See what has become of it in the console, under API tokens, or make another.",
    )


class TokenTooSoon(Fault):
    """无效的令牌尝试过多，请稍候再试。

    Too many tokens that were no good; wait before the next one.
    """

    code = "E-API-003"
    remedy = (
        "请等 Retry-After 所写的秒数；有效的令牌不受影响。",
        "Wait for the seconds of Retry-After; a good token is heard all the while.",
    )


class TokenInAddress(Fault):
    """地址中写有令牌，没有执行。

    The address holds a token; nothing was done.
    """

    code = "E-API-004"
    remedy = (
        "地址会留在各处的日志里：请撤销这个令牌另建一个，并只写在 Authorization 请求头中。",
        "Addresses stay in logs: revoke that token, make another, and send it in the Authorization header alone.",
    )


class ScopeWanting(Fault):
    """令牌没有这项权限。

    The token was not made for this.
    """

    code = "E-API-005"
    remedy = (
        "请本人在“接口令牌”页另建一个带这项权限的令牌；detail 为所缺的权限。",
        "Its owner can make one that has the scope named in `detail`.",
    )


class TooManyRequests(Fault):
    """请求过于频繁。

    Too many requests.
    """

    code = "E-API-006"
    remedy = ("请等 Retry-After 所写的秒数后再发。", "Wait for the seconds of Retry-After.")


class BodyTooLarge(Fault):
    """提交的内容过大。

    The body is too large.
    """

    code = "E-API-007"
    remedy = ("新增线索至多 32 MB，其他请求至多 64 KB。", "32 MB for an intake, 64 KB for everything else.")


class Malformed(Fault):
    """请求的参数或内容不符合接口说明，没有执行。

    Parameters or body are not as the reference says; nothing was done.
    """

    code = "E-API-008"
    remedy = ("请按 detail 和 errors 所写改正。", "Correct what `detail` and `errors` say.")


class NotThere(Fault):
    """没有这个地址或记录，或者您无权查看。

    There is no such address or record, or none for you to see.
    """

    code = "E-API-009"
    remedy = ("请核对地址和编号。", "Check the address and the number.")


class MethodRefused(Fault):
    """这个地址不接受这种请求方法。

    This address takes no such method.
    """

    code = "E-API-010"
    remedy = ("可用的方法见 Allow 响应头和接口说明。", "See the Allow header and the reference.")


class VersionWanting(Fault):
    """没有写明所依据的线索版本，没有执行。

    The request does not say which version of the lead it is about; nothing was done.
    """

    code = "E-API-011"
    remedy = (
        "请在 If-Match 请求头写读取该线索时的 ETag，或在内容中写 version。",
        "Send the lead's ETag as If-Match, or its version in the body.",
    )


class VersionStale(Fault):
    """线索在您读取之后有变化，没有执行。

    The lead has changed since you read it; nothing was done.
    """

    code = "E-API-012"
    remedy = ("请重新读取该线索再决定。", "Read the lead again and decide anew.")


class CursorUnknown(Fault):
    """cursor 不能用于这个查询。

    The cursor does not go with this query.
    """

    code = "E-API-013"
    remedy = (
        "请原样使用上一页 next 中的值，不改变排序；或不带 cursor 从头读起。",
        "Use what `next` of the page before says as it is, with the same order; or begin without one.",
    )


class Unreadable(Fault):
    """这个请求不完整或格式不对。

    The request is incomplete or malformed.
    """

    code = "E-API-014"
    remedy = ("请按接口说明核对请求。", "Check it against the reference.")


class Crashed(Fault):
    """系统出了问题，操作没有完成。

    Something went wrong on our side; nothing was done.
    """

    code = "E-API-099"
    remedy = (
        "请稍后再试；再次出现的，把 error_id 告诉管理员。",
        "Try again later; if it happens again, tell the administrator the `error_id`.",
    )


#: Each refusal of this room with its status; those of other rooms stand in `console.errors`.
STATUSES: Mapping[type[Fault], int] = {
    TokenInAddress: 400,
    CursorUnknown: 400,
    Unreadable: 400,
    TokenWanting: 401,
    TokenWrong: 401,
    ScopeWanting: 403,
    NotThere: 404,
    MethodRefused: 405,
    VersionStale: 412,
    BodyTooLarge: 413,
    Malformed: 422,
    VersionWanting: 428,
    TokenTooSoon: 429,
    TooManyRequests: 429,
    Crashed: 500,
}
_OF_STATUS: Mapping[int, type[Fault]] = {
    401: TokenWanting,
    404: NotThere,
    405: MethodRefused,
    413: BodyTooLarge,
    422: Malformed,
    429: TooManyRequests,
    500: Crashed,
}
_CHALLENGES: Mapping[type[Fault], str] = {
    TokenWanting: 'Bearer realm="xunwang"',
    TokenWrong: 'Bearer realm="xunwang", error="invalid_token"',
    ScopeWanting: 'Bearer realm="xunwang", error="insufficient_scope"',
}

#: What a value lacks, by pydantic's name for it; the places are filled in from what pydantic says of the limit.
_WRONG: Mapping[str, str] = {
    "missing": N_("缺少这一项"),
    "extra_forbidden": N_("没有这一项"),
    "enum": N_("只能是 %(expected)s"),
    "literal_error": N_("只能是 %(expected)s"),
    "string_too_short": N_("至少 %(min_length)s 字"),
    "string_too_long": N_("至多 %(max_length)s 字"),
    "too_short": N_("至少 %(min_length)s 项"),
    "too_long": N_("至多 %(max_length)s 项"),
    "greater_than_equal": N_("不小于 %(ge)s"),
    "less_than_equal": N_("不大于 %(le)s"),
    "int_parsing": N_("须为整数"),
    "int_type": N_("须为整数"),
    "bool_parsing": N_("须为 true 或 false"),
    "bool_type": N_("须为 true 或 false"),
    "string_type": N_("须为文字"),
    "string_unicode": N_("含有不成对的代理字符（\\ud800–\\udfff）"),
    "json_invalid": N_("不是正确的 JSON"),
}
_MOST_ERRORS = 20
_LONGEST = 100


def is_api(path: str) -> bool:
    """True for what programs ask. The first folder of the path is compared whole."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def of_fault(fault: Fault, status: int, **headers: str) -> Response:
    """The refusal that a fault is, in the language of the request."""
    cause, *rest = told_by(fault)
    remedy = rest.pop() if fault.remedy[0] and rest else ""
    if type(fault) in _CHALLENGES:
        headers["WWW-Authenticate"] = _CHALLENGES[type(fault)]
    return _problem(status, fault.code, cause, _one_line(fault.detail and "　".join(rest)), remedy, headers)


def of_status(status: int, **headers: str) -> Response:
    """The refusal of what nobody answers, and of what no route says more about."""
    fault = _OF_STATUS.get(status, Unreadable)()
    return of_fault(fault, status, **headers)


def of_errors(error: RequestValidationError) -> Response:
    """Every parameter and field that is not as it should be. What was sent is not repeated: only its place is."""
    wrong = [(_place(one["loc"]), _why(one)) for one in error.errors()[:_MOST_ERRORS]]
    return malformed(wrong)


def malformed(wrong: Sequence[tuple[str, str]]) -> Response:
    """The refusal that names places (body.reason) and what is wrong there."""
    errors = [{"at": at, "why": why} for at, why in wrong]
    cause, remedy = told_by(Malformed())
    detail = _("；").join(f"{at}{_('：')}{why}" for at, why in wrong[:3])
    return _problem(422, Malformed.code, cause, detail, remedy, {}, errors=errors)


def crashed(error_id: str) -> Response:
    """The refusal of what went wrong on our side: an id for the log, and nothing else."""
    cause, remedy = told_by(Crashed())
    return _problem(500, Crashed.code, cause, "", remedy, {"X-Error-Id": error_id}, error_id=error_id)


def _problem(
    status: int, code: str, title: str, detail: str, remedy: str, headers: Mapping[str, str], **more: Any
) -> Response:
    told_in_full = {"type": TYPE + code, "title": title, "status": status, "detail": detail, "code": code}
    body = json.dumps({**told_in_full, "remedy": remedy, **more}, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers))


def _place(where: Sequence[object]) -> str:
    """query.limit, body.reason: what FastAPI calls the place, cut where somebody sent a very long name."""
    return _one_line(".".join(str(one) for one in where))


def _why(one: Mapping[str, Any]) -> str:
    sentence = _WRONG.get(one["type"])
    if sentence is None:
        return _("格式不对")
    limits = {key: str(value).replace(" or ", " / ") for key, value in one.get("ctx", {}).items()}
    return _(sentence, **limits)


def _one_line(text: str) -> str:
    line = "".join(character if character.isprintable() else "\ufffd" for character in told(text))
    return line if len(line) <= _LONGEST * 3 else line[: _LONGEST * 3] + "…"
