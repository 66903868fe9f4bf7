"""处置: entering what was done about a lead, and correcting an entry by another."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Concluder, RowId, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.language import _, told_by
from console.rendering import page
from console.verdicts import Line
from db import dispositions
from db import review as leads_review
from db.dispositions import EntryCorrected, EntryWanting
from db.screening import LeadMissing, locked
from db.walls import transaction_as
from records import Disposition, DispositionKind, possible_dispositions, shanghai_date

routes = APIRouter(prefix="/leads/{lead_id}/disposition")


class EntryForm(BaseModel):
    """The form as typed in."""

    kind: Line = ""
    on: Line = ""
    recipient: Line = ""
    reference: Line = ""
    note: Line = ""
    corrects: int | None = None
    #: True where the entry that is corrected is void.
    voids: bool = False


@routes.get("")
def entry_form(
    request: Request,
    desk: TheDesk,
    visitor: Concluder,
    lead_id: RowId,
    corrects: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The empty form; with `corrects` that entry as it stands, to be corrected."""
    context = _context(desk, visitor, lead_id, corrects)
    old = context["old"]
    known = old or Disposition(kind=context["kinds"][0], on=shanghai_date(desk.now()))
    entered = EntryForm(
        kind=known.kind, on=str(known.on), recipient=known.recipient, reference=known.reference, corrects=corrects
    )
    return HTMLResponse(page(request, "disposition.html", context | {"entered": entered, "refusal": ""}))


@routes.post("")
def enter(
    request: Request, desk: TheDesk, visitor: Concluder, lead_id: RowId, given: Annotated[EntryForm, Form()]
) -> Response:
    """Keeps the entry; where something is missing the form comes back with all that was typed."""
    try:
        with transaction_as(desk.engine, visitor.user) as conn:
            locked(conn, lead_id)  # whoever may not see the lead is not told what is wrong with the form
            dispositions.add(conn, lead_id, _read(given), **visitor.by(desk.now()))
    except EntryWanting as refusal:
        context = _context(desk, visitor, lead_id, given.corrects)
        told = {"entered": given, "refusal": " ".join(told_by(refusal))}
        return HTMLResponse(page(request, "disposition.html", context | told), status_code=400)
    return RedirectResponse(f"/leads/{lead_id}#dispositions", status_code=303)


def _read(given: EntryForm) -> Disposition:
    if given.kind not in list(DispositionKind):
        raise HTTPException(400)
    try:
        day = date.fromisoformat(given.on)
    except ValueError:
        raise EntryWanting(_("日期要写成 2026-11-23 这样")) from None
    return Disposition(
        kind=DispositionKind(given.kind),
        on=day,
        recipient=given.recipient,
        reference=given.reference,
        note=given.note,
        corrects=given.corrects,
        voids=given.voids,
    )


def _context(desk: Desk, visitor: Visitor, lead_id: int, corrects: int | None) -> dict[str, Any]:
    """Raises LeadMissing, EntryCorrected where that entry is none that counts."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id, hits=0)
        if found is None:
            raise LeadMissing
        entries = dispositions.entries(conn, lead_id)
    old = next((one for one in entries if one.id == corrects and one.counts), None)
    if corrects is not None and old is None:
        raise EntryCorrected
    kinds = possible_dispositions(found.lead.verdict)
    if old is not None and old.kind not in kinds:  # an entry of a verdict that is no more can be voided all the same
        kinds = (old.kind, *kinds)
    return {"lead": found.lead, "old": old, "kinds": kinds, "today": shanghai_date(desk.now())}
