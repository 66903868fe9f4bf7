"""批量初筛: many leads of one filter, one reason, a look at a sample before anything is written."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from console.access import Screener, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.rendering import page
from console.review import NOTE_LENGTH, PageNo, filters_of, reason_of, rows_of, words_of
from console.views import TheView, View
from console.wording import REASONS
from db import leases, looks
from db import queue as leads_queue
from db import review as leads_review
from db import views as saved
from db.engine import Connection
from db.screening import Decision, Together, screen_together, undo
from db.walls import transaction_as
from records import Fault, Screening

routes = APIRouter(prefix="/review/bulk")

PAGE_SIZE = 100
#: Leads that one action may decide; more than anybody can answer for is not offered.
MOST = 500
#: Leads that are shown before anything is written.
SAMPLE = 5

#: Id and version of leads: 12:3,15:1.
_CHOSEN = re.compile(r"\d{1,18}:\d{1,9}(?:,\d{1,18}:\d{1,9})*", re.ASCII)
Chosen = Annotated[str, Form(max_length=MOST * 30)]
Reason = Annotated[str, Form(max_length=40)]
Note = Annotated[str, Form(max_length=1000)]


class NothingChosen(Fault):
    """没有选中任何线索。

    No lead is chosen.
    """

    code = "E-CONSOLE-023"
    remedy = ("请先勾选，或点“选中全部匹配”。", "Tick some, or choose all that match.")


class TooManyChosen(Fault):
    """一次选中的线索太多。

    Too many leads are chosen at once.
    """

    code = "E-CONSOLE-024"
    remedy = (f"一次至多 {MOST} 条，请分几次处理。", f"At most {MOST} at once: do it in several steps.")


@routes.get("")
def bulk_page(request: Request, desk: TheDesk, visitor: Screener, view: TheView, page_no: PageNo = 1) -> Response:
    """The table with its boxes."""
    return _table(request, desk, visitor, view, page_no)


@routes.post("/preview")
def preview(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    action: Annotated[Screening, Form()],
    chosen: Chosen = "",
    everything: Annotated[bool, Form()] = False,
    reason: Reason = "",
    note: Note = "",
) -> Response:
    """What would be decided: how many, and a sample of them. Nothing is written."""
    reason_of(action, reason), words_of(action, reason, note)
    with transaction_as(desk.engine, visitor.user) as conn:
        pairs = leads_queue.queue_ids(conn, view.wanted, limit=MOST) if everything else _pairs(chosen)
        if not pairs:
            raise NothingChosen
        pairs, held = _without_held(conn, desk, visitor, pairs)
        sample = leads_queue.leads_by_id(conn, [lead_id for lead_id, _ in _spread(pairs)])
        total = leads_queue.queue_length(conn, view.wanted)
        tops = leads_review.heaviest(conn, [lead.id for lead in sample])
        pictures = looks.firsts(conn, [hit.id for hit in tops.values()])
    context = {
        "pictures": {lead_id: pictures.get(hit.id) for lead_id, hit in tops.items()},
        "action": action,
        "reason": reason,
        "note": note,
        "chosen": ",".join(f"{lead_id}:{version}" for lead_id, version in pairs),
        "count": len(pairs),
        "held_count": held,
        "beyond": max(0, total - len(pairs) - held) if everything else 0,
        "sample": sample,
        "view": view,
    }
    return HTMLResponse(page(request, "bulk_preview.html", context))


@routes.post("")
def apply(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    action: Annotated[Screening, Form()],
    chosen: Chosen,
    reason: Reason = "",
    note: Note = "",
) -> Response:
    """Decide those that were previewed, as they were then; one undo takes all of it back."""
    at = desk.now()
    why, words = reason_of(action, reason), words_of(action, reason, note)
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        pairs, held = _without_held(conn, desk, visitor, _pairs(chosen))
        decisions = [
            Decision(lead_id=lead_id, version=version, action=action, reason=why, note=words, **visitor.by(at))
            for lead_id, version in pairs
        ]
        done = screen_together(conn, decisions)
    return _table(request, desk, visitor, view, 1, done=done, held=held)


@routes.post("/undo")
def take_back(request: Request, desk: TheDesk, visitor: Screener, view: TheView) -> Response:
    """Z: the visitor's last action, one lead or many, never was."""
    with transaction_as(desk.engine, visitor.user) as conn:
        leases.one_at_a_time(conn)
        done = undo(conn, **visitor.by(desk.now()))
    return _table(request, desk, visitor, view, 1, done=done, undone=True)


def _table(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    view: View,
    page_no: int,
    *,
    done: Together | None = None,
    held: int = 0,
    undone: bool = False,
) -> Response:
    with transaction_as(desk.engine, visitor.user) as conn:
        rows = rows_of(conn, desk, view, page_no, size=PAGE_SIZE)
        context = {
            **rows,
            "tops": leads_review.heaviest(conn, [lead.id for lead in rows["leads"]]),
            **filters_of(desk, view, base="/review/bulk"),
            "views": saved.every(conn, visitor.user.id),
            "reasons": REASONS,
            "note_length": NOTE_LENGTH,
            "most": MOST,
            "done": done,
            "undone": undone,
            "skipped": held + done.changed if done else 0,
        }
    template = "bulk_table.html" if "hx-request" in request.headers else "bulk.html"
    headers = {"HX-Trigger": "xunwang:screened"} if done else {}
    return HTMLResponse(page(request, template, context), headers=headers)


def _pairs(chosen: str) -> list[tuple[int, int]]:
    """Ids and versions as the form sends them. Raises NothingChosen, TooManyChosen; 400 for anything else."""
    if not chosen:
        raise NothingChosen
    if not _CHOSEN.fullmatch(chosen):
        raise HTTPException(400)
    pairs = dict(pair.split(":") for pair in chosen.split(","))
    if len(pairs) > MOST:
        raise TooManyChosen(str(len(pairs)))
    return [(int(lead_id), int(version)) for lead_id, version in pairs.items()]


def _without_held(
    conn: Connection, desk: Desk, visitor: Visitor, pairs: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], int]:
    """The pairs without those that somebody else looks at, and how many these are."""
    held = leases.held(conn, [lead_id for lead_id, _ in pairs], desk.now())
    free = [pair for pair in pairs if pair[0] not in held or held[pair[0]].user_id == visitor.user.id]
    return free, len(pairs) - len(free)


def _spread(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """SAMPLE of them from the first to the last, so that the light end is looked at too."""
    if len(pairs) <= SAMPLE:
        return pairs
    return [pairs[round(step * (len(pairs) - 1) / (SAMPLE - 1))] for step in range(SAMPLE)]
