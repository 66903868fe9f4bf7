"""核查队列: the list, the focused lead, and the three keys."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import SCREENERS, Reader, Screener, TheDesk
from console.accounts import Visitor
from console.choices import choices
from console.desk import Desk
from console.evidence_check import checked
from console.night import last_night
from console.rendering import page
from console.wording import REASONS, cleaned
from db import queue as leads_queue
from db import review as leads_review
from db.engine import Connection, transaction
from db.queue import ANYWHERE, QueueFilter
from db.review import LeadPage
from db.screening import Decision, Screened, screen, undo
from records import ELSEWHERE, DismissReason, Fault, LeadState, Screening, shanghai

routes = APIRouter()

PAGE_SIZE = 50
#: Hits of a lead that the pane shows in full or in its table; the lead page shows more.
_HITS_SHOWN = 20

#: Longest text that goes with 其他, in characters.
NOTE_LENGTH = 60

#: Categories whose goods people often hold lawfully: tools for other uses, animals bred with papers, licensed drugs.
_OFTEN_LAWFUL = ("tool_", "bird_live", "reptile_live", "raptor", "bushmeat", "bear", "musk")

Word = Annotated[str, Query(max_length=80)]


class ReasonUnsaid(Fault):
    """选“其他”作为排除原因时，须用几个字写明是什么原因。

    With 其他 as the reason some words must say which.
    """

    code = "E-CONSOLE-021"
    remedy = (f"请写明原因，至多 {NOTE_LENGTH} 字。", f"Say it in at most {NOTE_LENGTH} characters.")


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A filter and the address that brings it back."""

    wanted: QueueFilter

    def query(self, **changes: object) -> str:
        """URL parameters of this filter with some of them changed; defaults are left out."""
        wanted = self.wanted
        values: dict[str, object] = {
            "state": "" if wanted.state is LeadState.CANDIDATE else wanted.state.value,
            "platform": wanted.platform,
            "category": wanted.category,
            "district": wanted.district,
            "level": wanted.level,
            "q": wanted.text,
        }
        return urlencode({key: value for key, value in {**values, **changes}.items() if value not in ("", None)})

    @property
    def narrowed(self) -> bool:
        """True where more than state and district limit the list."""
        return bool(self.wanted.platform or self.wanted.category or self.wanted.level or self.wanted.text)


def view_of(
    state: LeadState = LeadState.CANDIDATE,
    platform: Word = "",
    category: Word = "",
    district: Word = leads_queue.LOCAL,
    level: Word = "",
    q: Word = "",
) -> View:
    """The filter that the URL carries."""
    return View(
        wanted=QueueFilter(
            state=state,
            platform=platform,
            category=category,
            district=district,
            level=level,
            text=q.replace("\x00", "").strip(),
        )
    )


TheView = Annotated[View, Depends(view_of)]


@routes.get("/review")
def review_page(
    request: Request,
    desk: TheDesk,
    visitor: Reader,
    view: TheView,
    lead: int | None = None,
    page_no: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The whole page: filters, list, and the lead `lead` or the first one in focus."""
    with transaction(desk.engine) as conn:
        rows = _rows(conn, view, page_no)
        focused = lead if lead is not None else (rows["leads"][0].id if rows["leads"] else None)
        context = {
            **rows,
            **_progress(conn, desk, view),
            **_focus(conn, desk, visitor, view, focused),
            **_counts(conn, desk, view),
        }
    return HTMLResponse(page(request, "review.html", context))


@routes.get("/review/rows")
def review_rows(
    request: Request,
    desk: TheDesk,
    view: TheView,
    lead: int | None = None,
    page_no: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The list alone: a page of it, or the page on which `lead` stands."""
    with transaction(desk.engine) as conn:
        if lead is not None:
            page_no = leads_queue.rank(conn, view.wanted, lead) // PAGE_SIZE + 1
        context = {**_rows(conn, view, page_no), "focused_id": lead}
    return HTMLResponse(page(request, "rows.html", context))


@routes.get("/review/{lead_id}")
def review_lead(request: Request, desk: TheDesk, visitor: Reader, view: TheView, lead_id: int) -> Response:
    """The focused lead alone, for htmx; without htmx the whole page with it."""
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/review?{view.query(lead=lead_id)}", status_code=303)
    with transaction(desk.engine) as conn:
        context = _focus(conn, desk, visitor, view, lead_id)
    return HTMLResponse(page(request, "focus.html", context))


@routes.post("/review/undo")
def take_back(request: Request, desk: TheDesk, visitor: Screener, view: TheView) -> Response:
    """Z: the visitor's last screening never was; its lead comes back into focus."""
    with transaction(desk.engine) as conn:
        done = undo(conn, user_id=visitor.user.id, actor=visitor.user.name, at=desk.now())
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/review?{view.query(lead=done.lead_id)}", status_code=303)
        context = _after(conn, desk, visitor, view, done, focused=done.lead_id)
    return HTMLResponse(page(request, "screened.html", {**context, "undone": True}))


@routes.post("/review/{lead_id}/screen")
def decide(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: int,
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
        reason=_reason(action, reason),
        note=_words(reason, note) if action is Screening.DISMISS else "",
        user_id=visitor.user.id,
        actor=visitor.user.name,
        at=desk.now(),
    )
    with transaction(desk.engine) as conn:
        done = screen(conn, decision)
        following = leads_queue.next_lead(conn, view.wanted, lead_id)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/review?{view.query(lead=following)}", status_code=303)
        context = _after(conn, desk, visitor, view, done, focused=following)
    return HTMLResponse(page(request, "screened.html", {**context, "undone": False}))


def _reason(action: Screening, given: str) -> DismissReason | None:
    """The reason that goes with the action; 400 where 排除 comes without one."""
    if action is not Screening.DISMISS:
        return None
    if given not in list(DismissReason):
        raise HTTPException(400)
    return DismissReason(given)


def _words(reason: str, given: str) -> str:
    """The text that goes with 其他; raises ReasonUnsaid where it is missing or too long. Other reasons take none."""
    if reason != DismissReason.OTHER:
        return ""
    words = cleaned(given)
    if not words or len(words) > NOTE_LENGTH:
        raise ReasonUnsaid
    return words


# --- what the templates show ----------------------------------------------------------------------------------------


def _rows(conn: Connection, view: View, page_no: int) -> dict[str, Any]:
    total = leads_queue.queue_length(conn, view.wanted)
    pages = max(1, -(-total // PAGE_SIZE))
    page_no = min(page_no, pages)
    shown = leads_queue.queue(conn, view.wanted, limit=PAGE_SIZE, offset=(page_no - 1) * PAGE_SIZE)
    return {"leads": shown, "total": total, "page_no": page_no, "pages": pages, "view": view}


def _progress(conn: Connection, desk: Desk, view: View) -> dict[str, Any]:
    """Screened since midnight in China and still waiting, in the view's district: no search or filter changes it."""
    district = view.wanted.district
    screened = leads_queue.screened_since(conn, midnight(desk.now()), district)
    return {
        "screened_today": screened,
        "waiting": leads_queue.queue_length(conn, QueueFilter(district=district)),
        "view": view,
    }


def _counts(conn: Connection, desk: Desk, view: View) -> dict[str, Any]:
    facets = leads_queue.facets(conn, view.wanted)
    return {
        "choices": choices(desk, view.wanted, facets),
        "elsewhere_here": facets.districts.get(ELSEWHERE, 0),
        "ELSEWHERE": ELSEWHERE,
    }


def _focus(conn: Connection, desk: Desk, visitor: Visitor, view: View, lead_id: int | None) -> dict[str, Any]:
    found = leads_review.lead_page(conn, lead_id, hits=_HITS_SHOWN) if lead_id is not None else None
    return {
        "found": found,
        "focused_id": found.lead.id if found else None,
        "checks": checked(desk.store, found.hits[:1]) if found else {},
        "suggested": suggested(found) if found else None,
        "reasons": REASONS,
        "note_length": NOTE_LENGTH,
        "may_screen": visitor.user.role in SCREENERS,
        "night": None if found else last_night(conn, desk.now()),
        "elsewhere": 0 if found else leads_queue.queue_length(conn, QueueFilter(district=ELSEWHERE)),
        "anywhere": 0 if found else leads_queue.queue_length(conn, replace(view.wanted, district=ANYWHERE)),
        "view": view,
    }


def _after(
    conn: Connection, desk: Desk, visitor: Visitor, view: View, done: Screened, *, focused: int | None
) -> dict[str, Any]:
    changed = leads_review.lead_page(conn, done.lead_id, hits=0)
    return {
        **_focus(conn, desk, visitor, view, focused),
        **_progress(conn, desk, view),
        **_counts(conn, desk, view),
        "total": leads_queue.queue_length(conn, view.wanted),
        "changed": changed,
        "done": done,
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


def midnight(moment: datetime) -> datetime:
    """The beginning of the day in China on which `moment` falls."""
    return shanghai(moment).replace(hour=0, minute=0, second=0, microsecond=0)
