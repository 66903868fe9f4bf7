"""网络在线提取: two named officers led through basis, environment, live capture, digests and confirmation."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Binder, EvidenceReader, RowId, TheDesk
from console.accounts import Attempt, SignInRefused, SignInTooSoon, Visitor
from console.desk import Desk
from console.evidence_check import still_sound
from console.language import N_, _, recorded, told_by
from console.login import prove_again
from console.packages import NothingGoesOut, state_of
from console.rendering import page
from console.roles import ROLES, Can, may
from console.wording import cleaned
from db import audit, custody, extractions, packages, users
from db import review as leads_review
from db.engine import Connection
from db.extractions import Extraction, ExtractionMoved, Officer, Opening, StepKind, Witness
from db.screening import LeadMissing
from db.walls import district_of, transaction_as
from pipelines.extracting import clock_told, number_of, step_told
from records import Fault

routes = APIRouter()

#: Roles whose accounts may be officers.
_OFFICERS = tuple(role for role in ROLES if may(role, Can.BIND))
#: As long as a line of a form.
LONGEST = 200
Words = Annotated[str, Form(max_length=LONGEST)]
Line = Annotated[str, AfterValidator(cleaned), Field(max_length=LONGEST)]
#: Who stands by, as the transcript calls them; the first is nobody.
WITNESS_KINDS: tuple[Literal["无"], Literal["见证人"], Literal["持有人"]] = (N_("无"), N_("见证人"), N_("持有人"))
NOBODY = WITNESS_KINDS[0]
Secret = Annotated[str, Form(max_length=256)]


class OpeningRefused(Fault):
    """提取登记不完整，没有开始。

    What is to be said at the beginning of an extraction is incomplete; it was not begun.
    """

    code = "E-CONSOLE-051"
    remedy = ("请按提示补全后再提交。", "Complete it and send it again.")


class Given(BaseModel):
    """The opening form as typed in: one line a field."""

    #: Id of the hit.
    listing: int
    basis: Line = ""
    case_number: Line = ""
    place: Line = ""
    #: Accounts of the officers, their 执法证号 and where they belong.
    first: Line = ""
    first_badge: Line = ""
    first_unit: Line = ""
    second: Line = ""
    second_badge: Line = ""
    second_unit: Line = ""
    witness_kind: Literal["见证人", "持有人", "无"] = NOBODY
    witness_name: Line = ""
    #: Identity and how to reach them, or why nobody is there.
    witness_told: Line = ""


@routes.get("/leads/{lead_id}/extract")
def opening_form(request: Request, desk: TheDesk, visitor: Binder, lead_id: RowId) -> Response:
    """The empty form, with what is known of the officers filled in."""
    blank = Given(listing=0, first=visitor.user.name)
    return _opening(request, desk, visitor, lead_id, blank.model_dump())


@routes.post("/leads/{lead_id}/extract")
def begin(
    request: Request, desk: TheDesk, visitor: Binder, lead_id: RowId, given: Annotated[Given, Form()]
) -> Response:
    """Writes down who extracts what by what right; everything after it is a step."""
    try:
        with transaction_as(desk.engine, visitor.user) as conn:
            opening = _read(conn, lead_id, visitor, given)
            extraction_id = extractions.begin(conn, opening, desk.now())
            _note(conn, desk, visitor, lead_id, "extraction.open", {"extraction": extraction_id})
    except OpeningRefused as refusal:
        return _opening(request, desk, visitor, lead_id, given.model_dump(), refusal=refusal.detail, status=400)
    return _to(extraction_id)


@routes.get("/extractions/{extraction_id}")
def extraction_page(request: Request, desk: TheDesk, visitor: EvidenceReader, extraction_id: RowId) -> Response:
    """What was done, and the one thing to do next; htmx asks for that part alone while a capture is under way."""
    return _page(request, desk, visitor, _found(desk, visitor, extraction_id))


@routes.post("/extractions/{extraction_id}/environment")
def environment(request: Request, desk: TheDesk, visitor: Binder, extraction_id: RowId, screen: Words = "") -> Response:
    """Looks at clock, machine and way out just now, and writes down what was found, whatever it is."""
    found = _found(desk, visitor, extraction_id, going_on=True)
    if desk.errands is None:
        raise NothingGoesOut
    told = desk.errands.environment() | {
        "screen": cleaned(screen)[:60] or recorded("未采集：浏览器没有告知"),
        "terminal": cleaned(request.headers.get("user-agent", ""))[:200] or recorded("未采集"),
        "terminal_address": request.client.host if request.client else "",
    }
    _step(desk, visitor, found, StepKind.ENVIRONMENT, told)
    return _to(extraction_id)


@routes.post("/extractions/{extraction_id}/capture")
def capture(desk: TheDesk, visitor: Binder, extraction_id: RowId) -> Response:
    """Has the page captured again, now, by a child process that asks as politely as a patrol."""
    found = _found(desk, visitor, extraction_id, going_on=True)
    if found.last(StepKind.ENVIRONMENT) is None:
        raise ExtractionMoved(_("先做环境检查"))
    if desk.errands is None:
        raise NothingGoesOut
    if desk.errands.running(f"extraction:{extraction_id}"):
        raise ExtractionMoved(_("正在采集"))
    _step(desk, visitor, found, StepKind.ASKED, {})
    desk.errands.capture(extraction_id)
    return _to(extraction_id)


@routes.post("/extractions/{extraction_id}/confirm")
def confirm(
    request: Request,
    desk: TheDesk,
    visitor: Binder,
    extraction_id: RowId,
    officer: Words,
    password: Secret,
    capture: Annotated[int, Form()],
) -> Response:
    """One officer confirms, with a password of their own, the capture that the page showed; the second completes."""
    found = _found(desk, visitor, extraction_id, going_on=True)
    if found.captured is None or found.waiting:
        raise ExtractionMoved(_("还没有采集结果"))
    if officer not in {one.account for one in found.officers}:
        raise HTTPException(403)
    address = request.client.host if request.client else ""
    attempt = Attempt(name=officer, password=password, address=address, at=desk.now())
    try:
        proven = prove_again(desk, attempt, refused="extraction.refused")
        if proven.must_change:  # whoever made the account knows that password too
            raise SignInRefused(_("一次性密码不能用于确认，请本人先登录改密码"))
    except (SignInRefused, SignInTooSoon) as refusal:
        told = " ".join(told_by(refusal))
        return _page(
            request, desk, visitor, found, refusal=told, status=429 if isinstance(refusal, SignInTooSoon) else 401
        )
    if False in _sound(desk, found).values():
        raise ExtractionMoved(_("采集文件与采集时的校验值不一致，不能确认"))
    with transaction_as(desk.engine, visitor.user) as conn:
        detail = {"capture": capture, "from": address}
        both = _confirmed(conn, extraction_id, officer, detail, desk.now())
        _note(conn, desk, visitor, found.lead_id, "extraction.confirm", detail | {"officer": officer, "both": both})
    return _to(extraction_id)


def _confirmed(conn: Connection, extraction_id: int, officer: str, detail: dict[str, Any], at: datetime) -> bool:
    """True where this completes it. Raises ExtractionMoved where another capture came meanwhile."""
    extractions.add_step(conn, extraction_id, StepKind.CONFIRMED, actor=officer, detail=detail, at=at)
    found = extractions.find(conn, extraction_id)
    if found is None or found.captured is None or found.captured.detail["capture"] != detail["capture"]:
        raise ExtractionMoved(_("页面已重新采集，请核对新的结果后再确认"))
    if len(found.confirmed) < len(found.officers):
        return False
    extractions.add_step(conn, extraction_id, StepKind.COMPLETED, actor=officer, detail={}, at=at)
    return True


@routes.post("/extractions/{extraction_id}/abandon")
def abandon(desk: TheDesk, visitor: Binder, extraction_id: RowId, why: Words = "") -> Response:
    """Ends it without a transcript; what was captured stays."""
    found = _found(desk, visitor, extraction_id, going_on=True)
    _step(desk, visitor, found, StepKind.ABANDONED, {"why": cleaned(why) or recorded("未写明原因")})
    return _to(extraction_id)


@routes.post("/extractions/{extraction_id}/package")
def make(desk: TheDesk, visitor: Binder, extraction_id: RowId) -> Response:
    """Has the package with the transcript made; NotAttended where both have not confirmed."""
    _found(desk, visitor, extraction_id)
    with transaction_as(desk.engine, visitor.user) as conn:
        found = extractions.attended(conn, extraction_id)
        _note(conn, desk, visitor, found.lead_id, "extraction.package", {"extraction": extraction_id})
    if desk.errands is None:
        raise NothingGoesOut
    desk.errands.package(found.lead_id, by=visitor.user.name, extraction_id=extraction_id)
    return RedirectResponse(f"/leads/{found.lead_id}/packages", status_code=303)


def _read(conn: Connection, lead_id: int, visitor: Visitor, given: Given) -> Opening:
    """The opening as typed in. Raises OpeningRefused, naming the first thing that is missing."""
    if not given.basis or not given.place:
        raise OpeningRefused(_("请填写提取依据和提取地点"))
    first = _officer(conn, given.first, given.first_badge, given.first_unit)
    second = _officer(conn, given.second, given.second_badge, given.second_unit)
    if first.account == second.account or first.badge == second.badge:
        raise OpeningRefused(_("两名执法人员须是不同的人：账号与执法证号都不能相同"))
    return Opening(
        lead_id=lead_id,
        listing_id=given.listing,
        basis=given.basis,
        case_number=given.case_number,
        place=given.place,
        officers=(first, second),
        witness=_witness(given),
        opened_by=visitor.user.name,
    )


def _witness(given: Given) -> Witness:
    nobody = given.witness_kind == NOBODY
    if nobody and not given.witness_told:
        raise OpeningRefused(_("没有见证人或持有人的，请写明原因"))
    if not nobody and not (given.witness_name and given.witness_told):
        raise OpeningRefused(_("请填写见证人（持有人）的姓名、身份与联系方式"))
    return Witness(kind=given.witness_kind, name="" if nobody else given.witness_name, told=given.witness_told)


def _officer(conn: Connection, account: str, badge: str, unit: str) -> Officer:
    named = dict(users.in_roles(conn, _OFFICERS, district_of(conn)))
    if account not in named:
        raise OpeningRefused(_("两名执法人员都要从有提取权限的账号中选定"))
    if not (badge and unit):
        raise OpeningRefused(_("请填写两名执法人员的执法证号和单位"))
    return Officer(account=account, name=named[account], badge=badge, unit=unit)


def _found(desk: Desk, visitor: Visitor, extraction_id: int, *, going_on: bool = False) -> Extraction:
    with transaction_as(desk.engine, visitor.user) as conn:
        found = extractions.find(conn, extraction_id)
    if found is None:
        raise HTTPException(404)
    if going_on and found.ended is not None:
        raise ExtractionMoved(number_of(found))
    return found


def _step(desk: Desk, visitor: Visitor, found: Extraction, kind: StepKind, detail: dict[str, Any]) -> None:
    with transaction_as(desk.engine, visitor.user) as conn:
        extractions.add_step(conn, found.id, kind, actor=visitor.user.name, detail=detail, at=desk.now())
        _note(conn, desk, visitor, found.lead_id, f"extraction.{kind.value}", {"extraction": found.id})


def _note(conn: Connection, desk: Desk, visitor: Visitor, lead_id: int, action: str, detail: dict[str, Any]) -> None:
    subject = custody.subject(lead_id)
    audit.record(conn, actor=visitor.user.name, action=action, subject=subject, detail=detail, at=desk.now())


def _sound(desk: Desk, found: Extraction) -> dict[str, bool]:
    """Sha256 → whether the stored file is still that one, for the files of the last capture."""
    files = found.captured.detail["files"] if found.captured else ()
    return still_sound(desk.store, [one["sha256"] for one in files])


def _to(extraction_id: int) -> Response:
    return RedirectResponse(f"/extractions/{extraction_id}", status_code=303)


def _opening(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    lead_id: int,
    entered: dict[str, Any],
    *,
    refusal: str = "",
    status: int = 200,
) -> Response:
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id)
        if found is None:
            raise LeadMissing
        people = users.in_roles(conn, _OFFICERS, district_of(conn))
        known = extractions.badges(conn)
        earlier = extractions.of_lead(conn, lead_id)
    context = {
        "lead": found.lead,
        "hits": found.hits,
        "people": people,
        "known": known,
        "entered": entered,
        "refusal": refusal,
        "earlier": [(one, number_of(one)) for one in earlier],
        "unit": desk.office_now,
        "witness_kinds": WITNESS_KINDS,
    }
    return HTMLResponse(page(request, "extract.html", context), status_code=status)


def _page(
    request: Request, desk: Desk, visitor: Visitor, found: Extraction, *, refusal: str = "", status: int = 200
) -> Response:
    with transaction_as(desk.engine, visitor.user) as conn:
        issued = [one for one in packages.issued(conn, lead_ids=[found.lead_id]) if one.extraction_id == found.id]
        shown = leads_review.files_of(conn, found.captured.detail["capture"]) if found.captured else ()
    errand = state_of(desk, f"extraction:{found.id}")
    context = {
        "found": found,
        "number": number_of(found),
        "steps": [(one, step_told(one)) for one in found.steps],
        "names": {one.account: one.name for one in found.officers},
        "environment": found.last(StepKind.ENVIRONMENT),
        "clock": clock_told,
        "files": shown,
        "digests": {one["sha256"]: one["sm3"] for one in found.captured.detail["files"]} if found.captured else {},
        "sound": _sound(desk, found),
        "confirmed": {one.actor: one.at for one in found.confirmed},
        "issued": issued,
        "refusal": refusal,
        "interrupted": found.waiting and not errand["running"],
        **errand,
    }
    template = "extraction_work.html" if "hx-request" in request.headers else "extraction.html"
    return HTMLResponse(page(request, template, context), status_code=status)
