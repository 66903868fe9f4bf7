"""存档回放: an archived page shown again, from the replay site; and the archive itself as a download."""

import os
import tempfile
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, HTMLResponse, Response

from console.access import EvidenceReader, RowId, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.leads import EvidenceDamaged
from console.rendering import page
from db import custody, packages
from db.custody import Handling
from db.packages import PackedCapture
from db.walls import transaction_as
from evidence.package import FileAltered
from pipelines.packaging import write_archive

routes = APIRouter()


@routes.get("/leads/{lead_id}/replay/{listing_id}")
def replay(request: Request, desk: TheDesk, visitor: EvidenceReader, lead_id: RowId, listing_id: RowId) -> Response:
    """The way to the newest capture of that hit on the replay site, or how a player is installed."""
    capture = _newest(desk, visitor, lead_id, listing_id)
    context = {"lead_id": lead_id, "capture": capture, "window": ""}
    if desk.replay is None:
        return HTMLResponse(page(request, "replay.html", context))
    name = desk.replay.shelf.put(*_archived(desk, capture))
    _note(desk, visitor, lead_id, capture, Handling.VIEW)
    context["window"] = f"{desk.replay.url}/play/{name}"
    return HTMLResponse(page(request, "replay.html", context))


@routes.get("/leads/{lead_id}/archive/{listing_id}")
def archive(desk: TheDesk, visitor: EvidenceReader, lead_id: RowId, listing_id: RowId) -> Response:
    """The newest capture of that hit as a WACZ file, for any player of web archives."""
    capture = _newest(desk, visitor, lead_id, listing_id)
    path, _ = _archived(desk, capture)
    _note(desk, visitor, lead_id, capture, Handling.DOWNLOAD)
    return FileResponse(
        path,
        media_type="application/wacz",
        filename=f"{capture.platform}-{capture.id}.wacz",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _newest(desk: Desk, visitor: Visitor, lead_id: int, listing_id: int) -> PackedCapture:
    """404 where the lead has no such hit, or nothing was captured of it."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = packages.packed(conn, lead_id, listing_id, every=True)
    shown = [one for one in found.captures if not one.notice] if found else []
    if not shown:
        raise HTTPException(404)
    return max(shown, key=lambda one: (one.captured_at, one.id))


def _archived(desk: Desk, capture: PackedCapture) -> tuple[Path, str]:
    """The archive of one capture in a file that whoever asked removes, and the address of its page.

    Raises EvidenceDamaged, and leaves no file, where the store does not hold what it took in.
    """
    handle, name = tempfile.mkstemp(prefix="xunwang-", suffix=".wacz")
    try:
        with os.fdopen(handle, "wb") as file:
            [url] = write_archive(desk.store, [capture], file)
    except FileAltered as altered:
        Path(name).unlink()
        raise EvidenceDamaged(altered.detail) from altered
    return Path(name), url


def _note(desk: Desk, visitor: Visitor, lead_id: int, capture: PackedCapture, handling: Handling) -> None:
    detail = {"capture": capture.id, "as": "wacz"}
    with transaction_as(desk.engine, visitor.user) as conn:
        custody.record(conn, actor=visitor.user.name, handling=handling, lead_id=lead_id, detail=detail, at=desk.now())
