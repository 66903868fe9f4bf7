"""线索详情 and the files kept for it."""

import base64
import hashlib
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console import reasons, verdicts
from console.access import EvidenceReader, Reader, RowId, TheDesk, Unmasker
from console.accounts import Visitor
from console.curve import curve
from console.desk import Desk
from console.evidence_check import checked
from console.rendering import page
from console.roles import Can
from console.tokens import Caller
from console.veil import lifting
from console.views import midnight, view_of
from db import custody, holds, looks, unmasking
from db import review as leads_review
from db.custody import Handling
from db.prices import prices
from db.screening import LeadMissing
from db.walls import transaction_as
from records import Fault, FileRole

routes = APIRouter()

#: How a picture that a browser may show begins. What merely calls itself one is handed out as a download.
_PICTURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n", 0),
    "image/jpeg": (b"\xff\xd8\xff", 0),
    "image/gif": (b"GIF8", 0),
    "image/webp": (b"WEBP", 8),
}
_SHOWN = (FileRole.SCREENSHOT, FileRole.FIRST_SCREEN, FileRole.PICTURE)
#: What small copies are called in the custody chain.
_SMALL = "small"
_SEALED = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}

#: How long personal data show after a reason was given.
SHOWN_FOR = timedelta(minutes=15)


class EvidenceDamaged(Fault):
    """证据文件校验不通过：内容与采集时的哈希不一致，已停止提供。

    The stored file is no longer what its hash says; it is not handed out.
    """

    code = "E-CONSOLE-020"
    remedy = (
        "请立即告知管理员，并从备份恢复该文件。",
        "Tell the administrator at once and restore the file from a backup.",
    )


@routes.get("/leads/{lead_id}")
def lead_detail(request: Request, desk: TheDesk, visitor: Reader, lead_id: RowId) -> Response:
    """One lead with its hits, evidence and history."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id)
        if found is None:
            raise LeadMissing
        told = verdicts.told_of(conn, found)
        known = prices(conn, [hit.id for hit in found.hits])
        held = holds.standing(conn, lead_id)
        bare = unmasking.standing(conn, visitor.user.id, lead_id, desk.now()) if visitor.may(Can.UNMASK) else None
    context = {
        "found": found,
        **told,
        "prices": known,
        "curves_of": {hit.id: curve(known.get(hit.id, ()), hit.last_seen) for hit in found.hits},
        "checks": checked(desk.store, found.hits),
        "view": view_of(state=found.lead.state, district="*"),
        "bare": bare,
        "held": held,
        "occasions": reasons.OCCASIONS,
    }
    with lifting(bare is not None):
        return HTMLResponse(page(request, "lead.html", context))


@routes.post("/leads/{lead_id}/unmask")
def unmask(
    desk: TheDesk,
    visitor: Unmasker,
    lead_id: RowId,
    occasion: Annotated[str, Form(max_length=40)] = "",
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """For a quarter of an hour this person sees the lead's personal data; three rows say so before anything shows."""
    reason, at = reasons.occasion(occasion, why), desk.now()
    with transaction_as(desk.engine, visitor.user) as conn:
        if leads_review.lead_page(conn, lead_id, hits=1) is None:
            raise LeadMissing
        unmasking.unmask(conn, visitor.user, lead_id, reason=reason, at=at, until=at + SHOWN_FOR)
    return RedirectResponse(f"/leads/{lead_id}", status_code=303)


@routes.get("/leads/{lead_id}/evidence/{capture_file_id}")
def evidence_file(desk: TheDesk, visitor: EvidenceReader, lead_id: RowId, capture_file_id: RowId) -> Response:
    """The bytes of a file of that lead. Pictures are shown; what a platform's page said is only ever a download."""
    return handed_out(desk, visitor, lead_id, capture_file_id)


def handed_out(desk: Desk, visitor: Visitor | Caller, lead_id: int, capture_file_id: int) -> Response:
    """A file of that lead, to a person or a program: a row of the custody chain before its bytes go out.

    Raises EvidenceMissing, EvidenceDamaged; 404 for a file that is none of that lead's.
    """
    with transaction_as(desk.engine, visitor.user) as conn:
        kept = leads_review.evidence_file(conn, lead_id, capture_file_id)
    if kept is None:
        raise HTTPException(404)
    body = desk.store.get(kept.sha256)
    if hashlib.sha256(body).hexdigest() != kept.sha256:
        raise EvidenceDamaged(kept.sha256)
    shown_as = picture_type(kept.media_type, body) if kept.role in _SHOWN else None
    with transaction_as(desk.engine, visitor.user) as conn:
        custody.record(
            conn,
            actor=visitor.actor,
            handling=Handling.DOWNLOAD if shown_as is None else Handling.VIEW,
            lead_id=lead_id,
            detail={"sha256": kept.sha256, "role": kept.role},
            at=desk.now(),
        )
    digest = base64.b64encode(bytes.fromhex(kept.sha256)).decode()
    headers = {**_SEALED, "Repr-Digest": f"sha-256=:{digest}:"}  # RFC 9530: who takes it can tell that it is whole
    if shown_as is not None:
        return Response(body, media_type=shown_as, headers=headers)
    # a snapshot is opened in a browser, which runs no script of one; everything else is text to whoever clicks on it
    ending, as_type = ("mhtml", "multipart/related") if kept.role is FileRole.SNAPSHOT else ("txt", "text/plain")
    disposition = f'attachment; filename="{kept.role}-{kept.sha256[:16]}.{ending}"'
    return Response(body, media_type=as_type, headers={**headers, "Content-Disposition": disposition})


@routes.get("/leads/{lead_id}/small/{capture_file_id}")
def small_picture(desk: TheDesk, visitor: EvidenceReader, lead_id: RowId, capture_file_id: RowId) -> Response:
    """The small copy of a picture of that lead: of our own making, so no decoder of a browser meets a platform's bytes.

    It is no evidence, but shows what evidence shows: the first one of a lead that somebody sees on a day is a row of
    the custody chain.
    """
    at = desk.now()
    with transaction_as(desk.engine, visitor.user) as conn:
        body = looks.small_of(conn, lead_id, capture_file_id)
        if body is None:
            raise HTTPException(404)
        if not custody.seen(conn, visitor.user.name, lead_id, role=_SMALL, since=midnight(at)):
            custody.record(
                conn,
                actor=visitor.user.name,
                handling=Handling.VIEW,
                lead_id=lead_id,
                detail={"role": _SMALL},
                at=at,
            )
    return Response(body, media_type="image/jpeg", headers=_SEALED)


def picture_type(media_type: str, body: bytes) -> str | None:
    """The media type where the bytes really begin as such a picture, else None."""
    start = _PICTURES.get(media_type)
    return media_type if start and body[start[1] :].startswith(start[0]) else None
