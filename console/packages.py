"""证据包 of a lead: made by a child process when asked for, listed, handed out."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from console.access import Binder, EvidenceReader, RowId, TheDesk
from console.desk import Desk
from console.leads import EvidenceDamaged
from console.rendering import page
from db import custody, packages
from db import review as leads_review
from db.custody import Handling
from db.screening import LeadMissing
from db.walls import transaction_as
from records import Fault

routes = APIRouter()

#: EV-370481-20261123-0001; nothing else is asked of the database.
Number = Annotated[str, Path(pattern=r"^EV-\w{1,40}-\d{8}-\d{4,9}$")]


class NothingGoesOut(Fault):
    """这个控制台不能制作证据包，也不能在线提取。

    This console makes no packages and extracts nothing.
    """

    code = "E-CONSOLE-050"
    remedy = (
        "请用 xunwang serve 或 xunwang up 启动控制台，或用命令行 xunwang evidence package。",
        "Start the console with `xunwang serve` or `xunwang up`, or use `xunwang evidence package`.",
    )


@routes.get("/leads/{lead_id}/packages")
def packages_page(request: Request, desk: TheDesk, visitor: EvidenceReader, lead_id: RowId) -> Response:
    """Every package of the lead, and whether one is being made; htmx asks for the list alone."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id, hits=1)
        if found is None:
            raise LeadMissing
        issued = packages.issued(conn, lead_ids=[lead_id])
    context = {"lead": found.lead, "issued": issued[::-1], **state_of(desk, f"lead:{lead_id}")}
    template = "packages_list.html" if "hx-request" in request.headers else "packages.html"
    return HTMLResponse(page(request, template, context))


@routes.post("/leads/{lead_id}/packages")
def make(desk: TheDesk, visitor: Binder, lead_id: RowId) -> Response:
    """Has a package of the lead made. Custody and audit rows are written with it."""
    with transaction_as(desk.engine, visitor.user) as conn:
        if leads_review.lead_page(conn, lead_id, hits=1) is None:
            raise LeadMissing
    if desk.errands is None:
        raise NothingGoesOut
    desk.errands.package(lead_id, by=visitor.user.name)
    return RedirectResponse(f"/leads/{lead_id}/packages", status_code=303)


@routes.get("/leads/{lead_id}/packages/{number}")
def download(desk: TheDesk, visitor: EvidenceReader, lead_id: RowId, number: Number) -> Response:
    """A package of that very lead as it was issued; a custody row is written before the bytes go out."""
    with transaction_as(desk.engine, visitor.user) as conn:
        seen = leads_review.lead_page(conn, lead_id, hits=1) is not None
        issued = packages.issued(conn, number=number) if seen else []
    found = next((one for one in issued if one.lead_id == lead_id), None)
    if found is None:
        raise HTTPException(404)
    if not desk.store.check(found.sha256):
        raise EvidenceDamaged(found.sha256)
    with transaction_as(desk.engine, visitor.user) as conn:
        custody.record(
            conn,
            actor=visitor.user.name,
            handling=Handling.DOWNLOAD,
            lead_id=lead_id,
            detail={"number": found.number, "sha256": found.sha256},
            at=desk.now(),
        )
    return FileResponse(desk.store.path(found.sha256), media_type="application/zip", filename=f"{found.number}.zip")


def state_of(desk: Desk, name: str) -> dict[str, Any]:
    """Whether an errand of that name is under way, and why the last one came to nothing."""
    errands = desk.errands
    return {
        "running": errands is not None and errands.running(name),
        "failure": errands.failure(name) if errands else "",
    }
