"""What programs do, not only ask: screen a lead, see it unmasked, bring leads in, take lists along."""

import hashlib
import json
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Response, UploadFile
from pydantic import BaseModel, ConfigDict

from console import reasons
from console.access import RowId, TheDesk
from console.api.asks import ExportCaller, IntakeCaller, ScreenCaller, UnmaskCaller
from console.api.leads import etag, whole
from console.api.problems import Malformed, ScopeWanting, VersionStale, VersionWanting
from console.api.shapes import LeadWhole, said
from console.desk import Desk
from console.exports import exported
from console.intake import SOURCES, Brought, Remark, Upload, handed_in
from console.language import N_, _, recorded
from console.review import NOTE_LENGTH, LeadHeld, words_of
from console.tokens import Caller, Scope
from console.veil import lifting
from db import api_answers, leases, unmasking
from db.engine import Connection
from db.screening import Decision, LeadChanged, locked, screen
from db.walls import transaction_as
from records import DismissReason, Fault, LeadState, Screening, Source

routes = APIRouter(tags=[N_("办理")])

_VERSION = re.compile(r'"([0-9]{1,10})"', re.ASCII)
IfMatch = Annotated[str, Header(alias="If-Match", max_length=40)]
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=100, pattern=r"^[!-~]*$")]
_SEALED = ConfigDict(extra="forbid")


class ScreeningAsked(BaseModel):
    """初筛 as asked for."""

    model_config = _SEALED
    action: Screening = said(N_("转核查、排除或待研判"), recorded("排除"))
    reason: DismissReason | None = said(N_("排除的原因，仅排除时写"), recorded("仿制品或材质不符"), default=None)
    note: str = said(N_("原因为“其他”时写明"), "", default="", max_length=NOTE_LENGTH)
    version: int | None = said(N_("所依据的版本；写了 If-Match 的不必写"), 1, default=None, ge=1, le=2**31 - 1)


class ScreeningDone(BaseModel):
    """What became of it."""

    lead_id: int = said(N_("线索的编号"), 17)
    state: str = said(N_("现在的状态"), recorded("核查中"))
    number: str = said(N_("线索号；没有的为空"), "XS-2026-1123-0001")
    version: int = said(N_("现在的版本"), 2)


class UnmaskingAsked(BaseModel):
    """Why personal data are to be seen."""

    model_config = _SEALED
    occasion: Literal["核实身份", "制作文书", "联系当事人", "移送或协查", "其他"] = said(
        N_("事由"), recorded("移送或协查")
    )
    why: str = said(N_("说明；事由为“其他”时必写"), "", default="", max_length=reasons.LONGEST)


class IntakeDone(BaseModel):
    """What a submission is part of now."""

    lead_ids: list[int] = said(N_("所在线索的编号；没有形成线索的为空"), [17])


class ExportAsked(BaseModel):
    """Which list, and how."""

    model_config = _SEALED
    kind: Literal["xlsx", "csv", "handover"] = said(N_("xlsx、csv 为线索清单，handover 为外地移交清单"), "csv")
    state: LeadState | None = said(N_("只要这一状态的；不写为全部"), recorded("核查中"), default=None)
    unmasked: bool = said(N_("不遮盖个人信息；须有 unmask 权限并写明事由"), False, default=False)
    why: str = said(N_("用途；不遮盖时至少 4 字"), "", default="", max_length=reasons.LONGEST)


@routes.post(
    "/leads/{lead_id}/screening",
    summary=N_("初筛一条线索"),
    description=N_(
        "与核查页的 A、X、Q 相同，以令牌所属账号的名义，记入审计。所依据的版本写在 If-Match（读取时的 ETag）"
        "或 version 中：If-Match 已过时的答 412，version 已过时、他人正在核查或已有结论的答 409。"
        "带 Idempotency-Key 的请求原样重发只执行一次，一天内得到同样的回答。"
    ),
)
def screening(
    response: Response,
    desk: TheDesk,
    caller: ScreenCaller,
    lead_id: RowId,
    asked: ScreeningAsked,
    if_match: IfMatch = "",
    idempotency_key: IdempotencyKey = "",
) -> ScreeningDone:
    """One decision about the lead as it was read."""
    decision = _decision(desk, caller, lead_id, asked, if_match)
    request = _digest("screening", lead_id, decision.version, asked.model_dump(mode="json"))
    with transaction_as(desk.engine, caller.user) as conn:
        leases.one_at_a_time(conn)
        locked(conn, lead_id)  # whoever may not see the lead is told nothing, not even what was answered before
        done = _answered(conn, desk, caller, idempotency_key, request, lead_id)
        if done is None:
            done = _screened(conn, desk, caller, decision, stale=VersionStale if if_match else LeadChanged)
            if idempotency_key:
                api_answers.settle(conn, caller.token.id, idempotency_key, done)
        else:
            response.headers["Idempotent-Replayed"] = "true"
    answer = ScreeningDone(**done)
    response.headers["ETag"] = etag(answer.version)
    return answer


@routes.post(
    "/leads/{lead_id}/unmasked",
    summary=N_("查看未遮盖的线索"),
    description=N_("写明事由后返回未遮盖的全部内容，只此一次；事由、账号和令牌先记入审计和保管链。"),
)
def unmasked(
    response: Response, desk: TheDesk, caller: UnmaskCaller, lead_id: RowId, asked: UnmaskingAsked
) -> LeadWhole:
    """The lead as it stands; the rows that say who saw it and why are written with the reading of it."""
    reason, at = reasons.occasion(asked.occasion, asked.why), desk.now()
    with lifting(True), transaction_as(desk.engine, caller.user) as conn:
        found = whole(conn, lead_id)
        unmasking.note(conn, caller.actor, lead_id, reason=reason, at=at)
    response.headers["ETag"] = etag(found.version)
    return found


@routes.post(
    "/intake",
    status_code=201,
    summary=N_("新增线索"),
    description=N_(
        "以表单（multipart/form-data）提交链接或分享文字、截图、保存的网页中的至少一项，与“新增线索”页走同一条路。"
        "已存有的商品不会重复。带 Idempotency-Key 的请求原样重发只执行一次。"
    ),
)
def intake(
    response: Response,
    desk: TheDesk,
    caller: IntakeCaller,
    source: Annotated[Source, Form()],
    text: Brought = "",
    note: Remark = "",
    screenshot: Upload = None,
    saved_page: Upload = None,
    idempotency_key: IdempotencyKey = "",
) -> IntakeDone:
    """The submission goes the way that the patrol's listings go."""
    if source not in SOURCES:
        raise Malformed(_("source 不能是定向监测：那是系统自己发现的"))
    request = _digest("intake", source, text, note, _body(screenshot), _body(saved_page))
    with transaction_as(desk.engine, caller.user) as conn:
        done = _answered(conn, desk, caller, idempotency_key, request, None)
    if done is not None:
        response.headers["Idempotent-Replayed"] = "true"
        return IntakeDone(**done)
    try:
        done = {"lead_ids": handed_in(desk, caller, source, text, note, screenshot, saved_page)}
    except Fault:
        _settle(desk, caller, idempotency_key, None)
        raise
    _settle(desk, caller, idempotency_key, done)
    return IntakeDone(**done)


@routes.post(
    "/exports",
    summary=N_("导出线索清单"),
    description=N_("与“导出”页相同的文件，默认遮盖；发出之前记入审计。不遮盖的须有 unmask 权限并写明用途。"),
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def export(desk: TheDesk, caller: ExportCaller, asked: ExportAsked) -> Response:
    """The list as a file."""
    if asked.unmasked and not caller.holds(Scope.UNMASK):
        raise ScopeWanting(Scope.UNMASK)
    return exported(desk, caller, asked.kind, asked.state, unmasked=asked.unmasked, why=asked.why)


def _decision(desk: Desk, caller: Caller, lead_id: int, asked: ScreeningAsked, if_match: str) -> Decision:
    """What is asked, as a record. Raises VersionWanting, ReasonUnsaid, Malformed."""
    if (asked.action is Screening.DISMISS) != (asked.reason is not None):
        raise Malformed(_("reason 与排除同写，别的操作不写"))
    named = _VERSION.fullmatch(if_match.strip())
    if if_match and not named:
        raise Malformed(_("If-Match 须为读取时的 ETag"))
    version = int(named[1]) if named else asked.version
    if version is None:
        raise VersionWanting
    return Decision(
        lead_id=lead_id,
        version=version,
        action=asked.action,
        reason=asked.reason,
        note=words_of(asked.action, asked.reason or "", asked.note),
        **caller.by(desk.now()),
    )


def _screened(
    conn: Connection, desk: Desk, caller: Caller, decision: Decision, *, stale: type[Fault]
) -> dict[str, Any]:
    """Raises LeadHeld where somebody else looks at the lead, LeadConcluded, and `stale` where it has changed."""
    held = leases.held(conn, [decision.lead_id], desk.now()).get(decision.lead_id)
    if held is not None and held.user_id != caller.user.id:
        raise LeadHeld
    try:
        done = screen(conn, decision)
    except LeadChanged as changed:
        raise stale(changed.detail) from None
    return {"lead_id": done.lead_id, "state": done.state.value, "number": done.number, "version": done.version}


def _answered(
    conn: Connection, desk: Desk, caller: Caller, key: str, request: bytes, lead_id: int | None
) -> dict[str, Any] | None:
    """What the same request was answered with before; None where it is new, or brings no key."""
    if not key:
        return None
    return api_answers.reserve(conn, caller.token.id, key, request, at=desk.now(), lead_id=lead_id)


def _settle(desk: Desk, caller: Caller, key: str, done: dict[str, Any] | None) -> None:
    if key:
        with transaction_as(desk.engine, caller.user) as conn:
            api_answers.settle(conn, caller.token.id, key, done)


def _body(upload: UploadFile | None) -> str:
    """Sha256 of what was uploaded; it is read again from its beginning by who uses it."""
    if upload is None:
        return ""
    digest = hashlib.sha256(upload.file.read()).hexdigest()
    upload.file.seek(0)
    return digest


def _digest(*asked: object) -> bytes:
    return hashlib.sha256(json.dumps(asked, ensure_ascii=True, default=str).encode()).digest()
