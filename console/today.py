"""今日: whether the night is to be trusted, what waits, and the last scans query by query."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from console.access import ScanReader, SignedIn, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.night import last_night
from console.related import masked_term
from console.rendering import page
from console.roles import Can
from console.setup import unfinished
from console.views import Number, midnight
from console.wording import percent
from db import extra_terms, leave, runs, scans, second_looks, waking
from db import queue as leads_queue
from db.engine import Connection, transaction
from db.faults import DatabaseUnreachable
from db.queue import ANYWHERE, QueueFilter
from db.walls import transaction_as
from records import ELSEWHERE, LeadState, shanghai_date

routes = APIRouter()

_SCANS_SHOWN = 30
_LEADS_SHOWN = 8


@routes.get("/")
def today(request: Request, desk: TheDesk, visitor: SignedIn) -> Response:
    """The day on one screen; who may not see leads is shown the night alone."""
    with transaction_as(desk.engine, visitor.user) as conn:
        sees_leads = visitor.may(Can.LEADS)
        context = {
            "night": last_night(conn, desk.now()),
            "sees_leads": sees_leads,
            "setup_left": unfinished(conn, desk) if visitor.may(Can.SET_UP) or visitor.may(Can.INTAKE) else 0,
            **(_leads(conn, desk.now()) if sees_leads else {}),
            **_second(conn, visitor, desk.now()),
        }
    return HTMLResponse(page(request, "today.html", context))


def _second(conn: Connection, visitor: Visitor, now: datetime) -> dict[str, Any]:
    """What waits for the visitor's second look, and how far both looks agree, for whom it is."""
    figures = second_looks.agreement(conn, now, shown=0) if visitor.may(Can.OVERSEE) else None
    return {
        "second_waiting": second_looks.waiting(conn, visitor.user.id, now) if visitor.may(Can.SCREEN) else 0,
        "second_rate": percent(figures.rate) if figures and figures.rate is not None else "",
        "second_days": second_looks.REACH.days,
    }


def _leads(conn: Connection, now: datetime) -> dict[str, Any]:
    kept = QueueFilter(state=LeadState.KEPT, district=ANYWHERE)
    return {
        "states": leads_queue.count_by_state(conn),
        "waiting": leads_queue.queue_length(conn, QueueFilter()),
        "elsewhere": leads_queue.queue_length(conn, QueueFilter(district=ELSEWHERE)),
        "awake": waking.awake(conn, QueueFilter(district=ANYWHERE), limit=0)[1],
        "high": leads_queue.queue_length(conn, QueueFilter(level="high")),
        "screened_today": leads_queue.screened_since(conn, midnight(now)),
        "seen": leads_queue.seen_since(conn, midnight(now)),
        "first": leads_queue.queue(conn, QueueFilter(), limit=_LEADS_SHOWN),
        "kept": leads_queue.queue(conn, kept, limit=_LEADS_SHOWN),
        "LeadState": LeadState,
        "ELSEWHERE": ELSEWHERE,
    }


@routes.get("/scans")
def scan_list(request: Request, desk: TheDesk, visitor: ScanReader, scan: Number = None) -> Response:
    """The last scans; the queries of one of them with the outcome of each."""
    with transaction_as(desk.engine, visitor.user) as conn:
        listed = scans.latest(conn, _SCANS_SHOWN)
        chosen = next((row for row in listed if row.id == scan), None) if scan else (listed[0] if listed else None)
        if scan and chosen is None:
            raise HTTPException(404)
        context = {
            "listed": listed,
            "chosen": chosen,
            "queries": scans.query_rows(conn, chosen.id) if chosen else [],
            "runs": runs.of_scans(conn, [chosen.id])[chosen.id] if chosen else [],
            "coverage": _coverage(conn, desk, chosen),
            "night": last_night(conn, desk.now()),
            "halted": leave.halted(conn),
            "terms": extra_terms.standing(conn, shanghai_date(desk.now())),
            "extra": extra_terms.kinds_of(chosen.options) if chosen else {},
            "masked_term": masked_term,
        }
    return HTMLResponse(page(request, "scans.html", context))


def _coverage(conn: Connection, desk: Desk, scan: scans.ScanRow | None) -> list[str]:
    return runs.coverage(conn, scan.id).lines(lambda key: desk.platforms.get(key, key)) if scan else []


@routes.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@routes.get("/readyz")
def readyz(desk: TheDesk) -> Response:
    """The database answers too."""
    try:
        with transaction(desk.engine) as conn:
            leads_queue.count_by_state(conn)
    except DatabaseUnreachable:
        return JSONResponse({"status": "database"}, status_code=503)
    return JSONResponse({"status": "ok"})
