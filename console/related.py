"""举一反三: what a lead shares with others, in words, contacts masked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console import reasons
from console.access import Reader, RowId, Screener, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.language import N_, _, word
from console.rendering import page
from console.roles import Can
from console.views import TheView, View
from console.wording import cleaned
from db import extra_terms, looks
from db import related as kinship
from db import review as leads_review
from db.engine import Connection
from db.extra_terms import PHRASE, SEARCHABLE, Wish
from db.related import Contact, Kin, Kind, Tie
from db.screening import LeadMissing
from db.walls import transaction_as
from records import Lead, masking, shanghai_date

routes = APIRouter()

#: Nights that a term may be asked for, as the form offers them.
NIGHTS = (1, 3, 7, 30)

#: How a contact of each kind is called.
NAMES: Mapping[Kind, str] = {
    Kind.PHONE: N_("手机号"),
    Kind.WECHAT: N_("微信号"),
    Kind.QQ: N_("QQ 号"),
    Kind.LINK: N_("链接"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One thing that is shared."""

    #: A plain sentence, contacts masked.
    text: str
    #: Of the other's listing; hostile text.
    title: str
    #: Of a picture: this lead's and the other's, as `small` addresses them.
    pictures: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """A related lead as the page shows it."""

    lead: Lead
    #: Each thing that is shared.
    reasons: tuple[Reason, ...]
    mergeable: bool


@routes.get("/leads/{lead_id}/related")
def related(request: Request, desk: TheDesk, visitor: Reader, view: TheView, lead_id: RowId) -> Response:
    """The leads that share something with this one: a part of the queue's pane for htmx, else a page."""
    with transaction_as(desk.engine, visitor.user) as conn:
        context = _context(conn, desk, visitor, view, lead_id)
    in_pane = "hx-request" in request.headers
    template = "related.html" if in_pane else "related_page.html"
    return HTMLResponse(page(request, template, {**context, "in_pane": in_pane}))


@routes.post("/leads/{lead_id}/search")
def search_for(
    request: Request,
    desk: TheDesk,
    visitor: Screener,
    view: TheView,
    lead_id: RowId,
    what: Annotated[str, Form(max_length=40)],
    nights: Annotated[int, Form()],
    phrase: Annotated[str, Form(max_length=200)] = "",
    why: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A contact or a phrase of the lead becomes a search term of the coming nights. 400 for a contact it has not."""
    if nights not in NIGHTS:
        raise HTTPException(400)
    at, said = desk.now(), reasons.said(why)
    with transaction_as(desk.engine, visitor.user) as conn:
        kind, words = _wanted(conn, lead_id, what, phrase)
        wish = Wish(
            lead_id=lead_id,
            kind=kind,
            text=words,
            why=said,
            until=shanghai_date(at) + timedelta(days=nights),
            **visitor.by(at),
        )
        extra_terms.add(conn, wish)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/leads/{lead_id}/related", status_code=303)
        context = _context(conn, desk, visitor, view, lead_id)
    return HTMLResponse(page(request, "related.html", {**context, "in_pane": True}))


@routes.post("/scans/terms/{term_id}/end")
def end_term(desk: TheDesk, visitor: Screener, term_id: RowId) -> Response:
    """The coming nights ask for it no more."""
    with transaction_as(desk.engine, visitor.user) as conn:
        if not extra_terms.end(conn, term_id, **visitor.by(desk.now())):
            raise HTTPException(404)
    return RedirectResponse("/scans", status_code=303)


def _context(conn: Connection, desk: Desk, visitor: Visitor, view: View, lead_id: int) -> dict[str, Any]:
    found = leads_review.lead_page(conn, lead_id, hits=0)
    if found is None:
        raise LeadMissing
    kin = kinship.related(conn, lead_id)
    contacts = kinship.contacts_of(conn, lead_id)
    standing = [one for one in extra_terms.standing(conn, shanghai_date(desk.now())) if one.lead_id == lead_id]
    return {
        "found": found,
        "relatives": [_relative(one) for one in kin.kin],
        "total": kin.total,
        "elsewhere": kin.elsewhere,
        "unseen": looks.unseen(conn, lead_id),
        "contacts": [_named(contact) for contact in contacts],
        "searchable": [(_key(one), _named(one)) for one in contacts if one.kind in SEARCHABLE],
        "standing": [(masked_term(one.kind, one.text), one) for one in standing],
        "may_screen": visitor.may(Can.SCREEN),
        "nights": NIGHTS,
        "longest": extra_terms.LONGEST,
        "PHRASE": PHRASE,
        "view": view,
    }


def _key(contact: Contact) -> str:
    """What the form calls a contact, so that the page need not carry it."""
    return hashlib.sha256(f"{contact.kind}:{contact.value}".encode()).hexdigest()[:16]


def _wanted(conn: Connection, lead_id: int, what: str, phrase: str) -> tuple[str, str]:
    """Kind and text of what the form chose."""
    if what == PHRASE:
        return PHRASE, cleaned(phrase)
    chosen = [one for one in kinship.contacts_of(conn, lead_id) if _key(one) == what and one.kind in SEARCHABLE]
    if not chosen:
        raise HTTPException(400 if leads_review.lead_page(conn, lead_id, hits=0) else 404)
    return chosen[0].kind.value, chosen[0].value


def masked_term(kind: str, text: str) -> str:
    """A search term as pages show it: contacts masked, phrases as they are."""
    return text if kind == PHRASE else masking.contact(kind, text)


def _named(contact: Contact) -> str:
    return f"{word(NAMES[contact.kind])} {masking.contact(contact.kind, contact.value)}"


def _relative(kin: Kin) -> Relative:
    return Relative(
        lead=kin.lead,
        reasons=tuple(Reason(text=_sentence(tie), title=tie.title, pictures=tie.pictures) for tie in kin.ties),
        mergeable=kin.mergeable,
    )


def _sentence(tie: Tie) -> str:
    match tie.kind:
        case Kind.TEXT:
            return _("文字相似 %(percent)s %%", percent=tie.value)
        case Kind.PICTURE:
            return _("图片相同或几乎相同（512 位指纹相差 %(bits)s 位）", bits=tie.value)
        case Kind.SELLER:
            return _("同一卖家的另一条线索")
    return _("同一%(what)s %(value)s", what=word(NAMES[tie.kind]), value=masking.contact(tie.kind, tie.value))
