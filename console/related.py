"""举一反三: what a lead shares with others, in words, contacts masked."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from console.access import Reader, RowId, TheDesk
from console.language import N_, _, word
from console.rendering import page
from console.views import TheView
from db import related as kinship
from db import review as leads_review
from db.related import Contact, Kin, Kind, Tie
from db.screening import LeadMissing
from db.walls import transaction_as
from records import Lead

routes = APIRouter(prefix="/leads/{lead_id}")

#: How a contact of each kind is called.
NAMES: Mapping[Kind, str] = {
    Kind.PHONE: N_("手机号"),
    Kind.WECHAT: N_("微信号"),
    Kind.QQ: N_("QQ 号"),
    Kind.LINK: N_("链接"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """A related lead as the page shows it."""

    lead: Lead
    #: One plain sentence for each thing shared, contacts masked, and the title of the other's listing.
    reasons: tuple[tuple[str, str], ...]


@routes.get("/related")
def related(request: Request, desk: TheDesk, visitor: Reader, view: TheView, lead_id: RowId) -> Response:
    """The leads that share something with this one: a part of the queue's pane for htmx, else a page."""
    with transaction_as(desk.engine, visitor.user) as conn:
        found = leads_review.lead_page(conn, lead_id, hits=0)
        if found is None:
            raise LeadMissing
        kin = kinship.related(conn, lead_id)
        context = {
            "found": found,
            "relatives": [_relative(one) for one in kin.kin],
            "total": kin.total,
            "elsewhere": kin.elsewhere,
            "contacts": [_named(contact) for contact in kinship.contacts_of(conn, lead_id)],
            "view": view,
        }
    alone = "hx-request" in request.headers
    return HTMLResponse(page(request, "related.html" if alone else "related_page.html", context))


def masked(kind: Kind, value: str) -> str:
    """A contact that is told apart and cannot be used: 138****8000, ti***20, 12***89, shop.example/…"""
    if kind is Kind.LINK:
        host, slash, _ = value.partition("/")
        return host.partition("?")[0] + ("/…" if slash or "?" in value else "")
    if kind is Kind.PHONE:
        return f"{value[:3]}****{value[-4:]}"
    return f"{value[:2]}***{value[-2:]}"


def _named(contact: Contact) -> str:
    return f"{word(NAMES[contact.kind])} {masked(contact.kind, contact.value)}"


def _relative(kin: Kin) -> Relative:
    return Relative(lead=kin.lead, reasons=tuple((_sentence(tie), tie.title) for tie in kin.ties))


def _sentence(tie: Tie) -> str:
    match tie.kind:
        case Kind.TEXT:
            return _("文字相似 %(percent)s %%", percent=tie.value)
        case Kind.SELLER:
            return _("同一卖家在其他专项行动中的线索")
    return _("同一%(what)s %(value)s", what=word(NAMES[tie.kind]), value=masked(tie.kind, tie.value))
