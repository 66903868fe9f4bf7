"""导出: leads as Excel or CSV and hand-over lists, masked unless a person says why not. Each is a row of the audit."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from console import reasons
from console.access import Screener, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.language import N_
from console.rendering import page
from console.tokens import Caller
from db import audit, exports
from db.exports import LeadFilter
from db.walls import transaction_as
from records import Labels, LeadState, shanghai_date
from reports import Exported, write_list

routes = APIRouter(prefix="/exports")

Kind = Literal["xlsx", "csv", "handover"]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Name of the file and its media type.
_FILES: Mapping[str, tuple[str, str]] = {
    "xlsx": (N_("线索清单.xlsx"), _XLSX),
    "csv": (N_("线索清单.csv"), "text/csv; charset=utf-8"),
    "handover": (N_("外地移交清单.xlsx"), _XLSX),
}


@routes.get("")
def form(request: Request, desk: TheDesk, visitor: Screener) -> Response:
    """What may be exported, and how."""
    context = {"states": [state for state in LeadState if state is not LeadState.MERGED]}
    return HTMLResponse(page(request, "exports.html", context))


@routes.post("")
def export(
    desk: TheDesk,
    visitor: Screener,
    kind: Annotated[Kind, Form()],
    state: Annotated[str, Form(max_length=20)] = "",
    unmasked: Annotated[bool, Form()] = False,
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """The file."""
    if state and state not in list(LeadState):
        raise HTTPException(400)
    return exported(desk, visitor, kind, LeadState(state) if state else None, unmasked=unmasked, why=why)


def exported(
    desk: Desk, visitor: Visitor | Caller, kind: Kind, state: LeadState | None, *, unmasked: bool, why: str
) -> Response:
    """The file, for a person or a program. Nothing of it goes out before its row stands in the audit.

    Raises ReasonWanting where it is to be unmasked and no words say why.
    """
    reason = reasons.said(why, least=reasons.IN_WORDS if unmasked else 0)
    name, media_type = _FILES[kind]
    with TemporaryDirectory(prefix="xunwang-") as folder:
        path = Path(folder) / name
        with transaction_as(desk.engine, visitor.user, snapshot=True) as conn:
            done = write_list(
                conn,
                path,
                kind,
                filters=LeadFilter(states=(state.value,) if state else ()),
                masked=not unmasked,
                labels=Labels(platforms=desk.platforms, categories=desk.categories),
                as_of=exports.moment(conn),
            )
        body = path.read_bytes()
    _note(desk, visitor, done, {"kind": kind, "state": state or "", "masked": not unmasked, "why": reason})
    dated = f"{name.partition('.')[0]}-{shanghai_date(desk.now()):%Y%m%d}.{name.partition('.')[2]}"
    disposition = f"attachment; filename=\"leads.{name.partition('.')[2]}\"; filename*=UTF-8''{quote(dated)}"
    return Response(body, media_type=media_type, headers={"Content-Disposition": disposition})


def _note(desk: Desk, visitor: Visitor | Caller, done: Exported, told: dict[str, Any]) -> None:
    """Who took which list, how many leads of it, and why in full: the access log of personal data."""
    with transaction_as(desk.engine, visitor.user) as conn:
        audit.record(
            conn,
            actor=visitor.actor,
            action="lead.export" if told["masked"] else "lead.export.unmasked",
            subject="leads",
            detail={**told, "leads": done.leads},
            at=desk.now(),
        )
