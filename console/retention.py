"""保存期限: what is kept how long, what goes next, what is held and why, and what stands where something was."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console import reasons
from console.access import Holder, Keeper, RowId, TheDesk
from console.desk import Desk
from console.language import N_
from console.rendering import page
from db import holds, purgeable, purges
from db.engine import Connection
from db.purgeable import Class
from db.walls import transaction_as

routes = APIRouter()

NAMES = {
    Class.LISTINGS: N_("未命中的商品信息"),
    Class.UNSCREENED: N_("未初筛、待研判的线索"),
    Class.DISMISSED: N_("已排除的线索"),
    Class.EVIDENCE: N_("已排除线索的证据"),
    Class.CONFIRMED: N_("转核查的线索"),
    Class.FILES: N_("不再需要的证据文件"),
}
#: Days ahead, leads and tombstones that the page shows.
_AHEAD = timedelta(days=30)
_LEADS_SHOWN, _STONES_SHOWN = 20, 30

Why = Annotated[str, Form(max_length=400)]


@routes.get("/retention")
def retention(request: Request, desk: TheDesk, visitor: Keeper) -> Response:
    """The rules, what is due, what comes within a month, the holds, the last purges and their tombstones."""
    with transaction_as(desk.engine, visitor.user) as conn:
        context = {
            "rules": _rules(conn, desk),
            "coming": _coming(conn, desk),
            "holds": holds.standing(conn),
            "purges": purges.latest(conn, 10),
            "stones": [] if visitor.user.limited else purges.stones(conn, limit=_STONES_SHOWN),
            "names": {kind.value: name for kind, name in NAMES.items()},
        }
    return HTMLResponse(page(request, "retention.html", context))


@routes.post("/leads/{lead_id}/hold")
def hold(
    desk: TheDesk, visitor: Holder, lead_id: RowId, why: Why = "", whole: Annotated[bool, Form()] = False
) -> Response:
    """Nothing of the lead, or of any lead of its seller, is purged from now on."""
    with transaction_as(desk.engine, visitor.user) as conn:
        holds.place(conn, lead_id, whole_seller=whole, reason=reasons.said(why), by=visitor.user.name, at=desk.now())
    return RedirectResponse(f"/leads/{lead_id}", status_code=303)


@routes.post("/retention/holds/{hold_id}/lift")
def lift(desk: TheDesk, visitor: Holder, hold_id: RowId, why: Why = "") -> Response:
    """What was held goes with the next purge, if it has had its days."""
    with transaction_as(desk.engine, visitor.user) as conn:
        holds.lift(conn, hold_id, why=reasons.said(why), by=visitor.user.name, at=desk.now())
    return RedirectResponse("/retention", status_code=303)


def _rules(conn: Connection, desk: Desk) -> list[dict[str, Any]]:
    """Name, days, what a purge would take now, and what it would take in a month."""
    found: list[dict[str, Any]] = []
    for key, days in desk.kept_days.items():
        kind, then = Class(key), desk.now() - timedelta(days=days)
        # listings carry no policy and a million of them takes a while to look through: they are counted by the command
        counted = days and kind is not Class.LISTINGS
        due, soon = (purgeable.due(conn, kind, moment) for moment in (then, then + _AHEAD)) if counted else (None, None)
        found.append({"name": NAMES[kind], "days": days, "due": due, "soon": soon})
    return found


def _coming(conn: Connection, desk: Desk) -> list[dict[str, Any]]:
    """The leads that go within a month, the next one first."""
    found: list[dict[str, Any]] = []
    for kind in (Class.UNSCREENED, Class.DISMISSED, Class.CONFIRMED):
        if days := desk.kept_days.get(kind.value, 0):
            before = desk.now() - timedelta(days=days) + _AHEAD
            for lead_id, name, since in purgeable.coming(conn, kind, before, limit=_LEADS_SHOWN):
                found.append({"id": lead_id, "name": name, "kind": NAMES[kind], "on": since + timedelta(days=days)})
    return sorted(found, key=lambda one: one["on"])[:_LEADS_SHOWN]
