"""核查队列: the list, the focused lead, and the three keys."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Reader, RowId, Screener, TheDesk
from console.accounts import Visitor
from console.choices import choices
from console.desk import Desk
from console.evidence_check import checked
from console.night import last_night
from console.rendering import page
from console.roles import Can
from console.views import SORT_NAMES, Number, TheView, View, midnight
from console.wording import REASONS, cleaned
from db import leases, licences, looks, waking
from db import queue as leads_queue
from db import review as leads_review
from db import views as saved
from db.engine import Connection
from db.queue import ANYWHERE, QueueFilter
from db.review import LeadPage
from db.screening import Decision, LeadMissing, Together, screen, undo
from db.walls import transaction_as
from records import ELSEWHERE, DismissReason, Fault, LeadState, Screening

routes = APIRouter()

PAGE_SIZE = 50
#: Hits of a lead that the pane shows in full or in its table; the lead page shows more.
_HITS_SHOWN = 20

#: 存疑 that came back, above the list.
_AWAKE_SHOWN = 5

#: Longest text that goes with 其他, in characters.
NOTE_LENGTH = 60

#: Categories whose goods people often hold lawfully: tools for other uses, animals bred with papers, licensed drugs.
_OFTEN_LAWFUL = ("tool_", "bird_live", "reptile_live", "raptor", "bushmeat", "bear", "musk")

PageNo = Annotated[int, Query(alias="page", ge=1, le=10_000)]


class ReasonUnsaid(Fault):
    """选“其他”作为排除原因时，须用几个字写明是什么原因。

    With 其他 as the reason some words must say which.
    """

    code = "E-CONSOLE-021"
    remedy = (f"请写明原因，至多 {NOTE_LENGTH} 字。", f"Say it in at most {NOTE_LENGTH} characters.")


class LeadHeld(Fault):
    """他人正在核查这条线索，您的操作没有保存。

    Somebody else is looking at this lead just now; nothing of yours was saved.
    """

    code = "E-CONSOLE-022"
    remedy = (
        "请处理下一条；十五分钟内无人操作，线索会自动放开。",
        "Take the next one; after fifteen minutes without a decision the lead is free again.",
    )


@routes.get("/review")
def review_page(
    request: Request,
    desk: TheDesk,
    visitor: Reader,
    view: TheView,
    lead: Number = None,
    page_no: PageNo = 1,
) -> Response:
    """The whole page: filters, list, and the lead `lead` or the first one in focus. Its counts come apart."""
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        rows = rows_of(conn, desk, view, page_no)
        focused = lead if lead is not None else _first(rows, visitor)
        context = {
            **rows,
            **_progress(conn, desk, view),
            **focus_of(conn, desk, visitor, view, focused),
            **filters_of(desk, view),
            **_awake(conn, view, page_no),
            "views": saved.every(conn, visitor.user.id),
        }
    return HTMLResponse(page(request, "review.html", context))


@routes.get("/review/facets")
def review_facets(request: Request, desk: TheDesk, visitor: Reader, view: TheView, bulk: bool = False) -> Response:
    """The selects above a list with their counts, which are asked for apart: counting takes longer than showing."""
    with transaction_as(desk.engine, visitor.user) as conn:
        base = "/review/bulk" if bulk else "/review"
        context = filters_of(desk, view, leads_queue.facets(conn, view.wanted), base=base)
    return HTMLResponse(page(request, "filters.html", context))


@routes.get("/review/rows")
def review_rows(
    request: Request,
    desk: TheDesk,
    visitor: Reader,
    view: TheView,
    lead: Number = None,
    page_no: PageNo = 1,
) -> Response:
    """The list alone: a page of it, or the page on which `lead` stands."""
    with transaction_as(desk.engine, visitor.user) as conn:
        if lead is not None:
            page_no = leads_queue.rank(conn, view.wanted, lead) // PAGE_SIZE + 1
        context = {**rows_of(conn, desk, view, page_no), **_awake(conn, view, page_no), "focused_id": lead}
    return HTMLResponse(page(request, "rows.html", context))


@routes.get("/review/{lead_id}")
def review_lead(request: Request, desk: TheDesk, visitor: Reader, view: TheView, lead_id: RowId) -> Response:
    """The focused lead alone, for htmx; without htmx the whole page with it."""
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/review?{view.query(lead=lead_id)}", status_code=303)
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        context = focus_of(conn, desk, visitor, view, lead_id)
    if context["found"] is None:
        raise LeadMissing
    return HTMLResponse(page(request, "focus.html", context))


@routes.post("/review/undo")
def take_back(request: Request, desk: TheDesk, visitor: Screener, view: TheView) -> Response:
    """Z: the visitor's last action never was; its lead, or the first one of many, comes back into focus."""
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        done = undo(conn, **visitor.by(desk.now()))
        lead_id = done.screened[0].lead_id
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/review?{view.query(lead=lead_id)}", status_code=303)
        context = _after(conn, desk, visitor, view, done, focused=lead_id)
    return _told(request, {**context, "undone": True})


@routes.post("/review/{lead_id}/screen")
def decide(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: RowId,
    action: Annotated[Screening, Form()],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """One key: the decision is written, and the next lead comes back."""
    decision = Decision(
        lead_id=lead_id,
        version=version,
        action=action,
        reason=reason_of(action, reason),
        note=words_of(action, reason, note),
        **visitor.by(desk.now()),
    )
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        if not leases.take(conn, lead_id, visitor.user.id, desk.now()):
            raise LeadHeld
        done = Together(screened=(screen(conn, decision),), changed=0)
        free = leases.free_for(visitor.user.id, desk.now())
        following = leads_queue.next_lead(conn, view.wanted, lead_id, free=free)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/review?{view.query(lead=following)}", status_code=303)
        context = _after(conn, desk, visitor, view, done, focused=following)
    return _told(request, {**context, "undone": False})


def _told(request: Request, context: dict[str, Any]) -> Response:
    """The next lead, and word to the page that its counts are old."""
    return HTMLResponse(page(request, "screened.html", context), headers={"HX-Trigger": "xunwang:screened"})


def reason_of(action: Screening, given: str) -> DismissReason | None:
    """The reason that goes with the action; 400 where 排除 comes without one."""
    if action is not Screening.DISMISS:
        return None
    if given not in list(DismissReason):
        raise HTTPException(400)
    return DismissReason(given)


def words_of(action: Screening, reason: str, given: str) -> str:
    """The text that goes with 其他; raises ReasonUnsaid where it is missing or too long. Other reasons take none."""
    if action is not Screening.DISMISS or reason != DismissReason.OTHER:
        return ""
    words = cleaned(given)
    if not words or len(words) > NOTE_LENGTH:
        raise ReasonUnsaid
    return words


# --- what the templates show ----------------------------------------------------------------------------------------


def rows_of(conn: Connection, desk: Desk, view: View, page_no: int, *, size: int = PAGE_SIZE) -> dict[str, Any]:
    """One page of the list, the last one where there are fewer, and who holds which lead of it."""
    total = leads_queue.queue_length(conn, view.wanted)
    pages = max(1, -(-total // size))
    page_no = min(page_no, pages)
    shown = leads_queue.queue(conn, view.wanted, limit=size, offset=(page_no - 1) * size)
    held = leases.held(conn, [lead.id for lead in shown], desk.now())
    return {"leads": shown, "held": held, "total": total, "page_no": page_no, "pages": pages, "view": view}


def _awake(conn: Connection, view: View, page_no: int) -> dict[str, Any]:
    """存疑 that came back, above the first page of what waits for a screening; nothing elsewhere."""
    if page_no != 1 or view.narrowed or view.wanted.state is not LeadState.CANDIDATE:
        return {"awake": [], "awake_total": 0}
    shown, total = waking.awake(conn, view.wanted, limit=_AWAKE_SHOWN)
    return {"awake": shown, "awake_total": total}


def _first(rows: dict[str, Any], visitor: Visitor) -> int | None:
    """The first lead of the page that nobody else is looking at; the first one where all are looked at."""
    held = rows["held"]
    free = [lead.id for lead in rows["leads"] if lead.id not in held or held[lead.id].user_id == visitor.user.id]
    every = [*free, *(lead.id for lead in rows["leads"])]
    return every[0] if every else None


def _progress(conn: Connection, desk: Desk, view: View) -> dict[str, Any]:
    """Screened since midnight in China and still waiting, in the view's district: no search or filter changes it."""
    district = view.wanted.district
    screened = leads_queue.screened_since(conn, midnight(desk.now()), district)
    return {
        "screened_today": screened,
        "waiting": leads_queue.queue_length(conn, QueueFilter(district=district)),
        "view": view,
    }


def filters_of(
    desk: Desk, view: View, facets: leads_queue.Facets | None = None, *, base: str = "/review"
) -> dict[str, Any]:
    """What the form above the list at path `base` shows; without `facets` no counts."""
    return {
        "base": base,
        "choices": choices(desk, view.wanted, facets),
        "elsewhere_here": facets.districts.get(ELSEWHERE, 0) if facets else 0,
        "ELSEWHERE": ELSEWHERE,
        "counted": facets is not None,
        "sorts": SORT_NAMES,
        "view": view,
    }


def focus_of(conn: Connection, desk: Desk, visitor: Visitor, view: View, lead_id: int | None) -> dict[str, Any]:
    """What the pane shows of the lead, which is in the visitor's hands from now on; of none why there is none."""
    found = leads_review.lead_page(conn, lead_id, hits=_HITS_SHOWN) if lead_id is not None else None
    return {
        "found": found,
        "focused_id": found.lead.id if found else None,
        "held_by": _held_by(conn, desk, visitor, found),
        "checks": checked(desk.store, found.hits[:1]) if found else {},
        "pictures": looks.firsts(conn, [hit.id for hit in found.hits]) if found and len(found.hits) > 1 else {},
        "suggested": suggested(found) if found else None,
        "LATER_DAYS": waking.LATER_DAYS,
        "reasons": REASONS,
        "note_length": NOTE_LENGTH,
        "terms": leads_review.terms_of(found.hits)[:9] if found else [],
        "may_screen": visitor.may(Can.SCREEN),
        "night": None if found else last_night(conn, desk.now()),
        "elsewhere": 0 if found else leads_queue.queue_length(conn, QueueFilter(district=ELSEWHERE)),
        "anywhere": 0 if found else leads_queue.queue_length(conn, replace(view.wanted, district=ANYWHERE)),
        "view": view,
        "same_numbers": _same_numbers(conn, found),
    }


def _same_numbers(conn: Connection, found: LeadPage | None) -> tuple[licences.SameNumber, ...]:
    """Permit numbers of the lead that stand at another seller too."""
    if found is None:
        return ()
    return licences.shared(conn, found.lead.id, [f"{hit.title}\n{hit.description}" for hit in found.hits])


def _held_by(conn: Connection, desk: Desk, visitor: Visitor, found: LeadPage | None) -> leases.Lease | None:
    """Who else looks at the lead; a screener who finds nobody there holds it from now on."""
    if found is None:
        return None
    at, me = desk.now(), visitor.user.id
    if visitor.may(Can.SCREEN) and leases.take(conn, found.lead.id, me, at):
        return None
    lease = leases.held(conn, [found.lead.id], at).get(found.lead.id)
    return lease if lease and lease.user_id != me else None


def _after(
    conn: Connection, desk: Desk, visitor: Visitor, view: View, done: Together, *, focused: int | None
) -> dict[str, Any]:
    return {
        **focus_of(conn, desk, visitor, view, focused),
        **_progress(conn, desk, view),
        "total": leads_queue.queue_length(conn, view.wanted),
        "changed": leads_review.lead_page(conn, done.screened[0].lead_id, hits=0),
        "done": done.screened[0],
        "together": done,
        "held": {},
    }


def suggested(found: LeadPage) -> DismissReason:
    """The reason that a second X accepts: read off the heaviest hit, never acted on by itself."""
    assessment = found.hits[0].assessment if found.hits else None
    if assessment is None:
        return DismissReason.GONE
    if assessment.direction in ("wanted", "information"):
        return DismissReason.NEWS
    counting = [match for match in assessment.matches if match.counts]
    if counting and all(match.strength == "weak" or match.tier != "T1" for match in counting):
        return DismissReason.MISREAD
    lawful = found.lead.category.startswith(_OFTEN_LAWFUL)
    return DismissReason.LICENSED if lawful else DismissReason.IMITATION
