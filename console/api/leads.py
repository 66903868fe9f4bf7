"""Leads: the queue page by page, one of them in full, how many there are, and their evidence."""

import base64
import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from console.access import RowId, TheDesk
from console.api.asks import EvidenceCaller, LeadCaller
from console.api.problems import CursorUnknown
from console.api.shapes import LeadLine, Leads, LeadWhole, said
from console.language import N_
from console.leads import handed_out
from console.views import TheView
from db import dispositions, verdicts
from db import queue as leads_queue
from db import review as leads_review
from db.engine import Connection
from db.queue import Place
from db.screening import LeadMissing
from db.walls import transaction_as

routes = APIRouter(tags=[N_("线索")])

#: Leads of one page, and how many there are when nobody says.
MOST, USUAL = 200, 50
Limit = Annotated[int, Query(ge=1, le=MOST)]
Cursor = Annotated[str, Query(max_length=200)]
#: What the columns of each order hold.
_KINDS = {"": ["moment", "number", "number"], "new": ["moment", "number"], "hits": ["number", "number", "number"]}


class Counts(BaseModel):
    """How many leads each value of each filter would show."""

    states: dict[str, int] = said(N_("按状态"), {})
    platforms: dict[str, int] = said(N_("按平台代号"), {})
    categories: dict[str, int] = said(N_("按类别代号"), {})
    districts: dict[str, int] = said(N_("按辖区"), {})
    levels: dict[str, int] = said(N_("按级别"), {})
    counted_to: int = said(N_("数到此数为止；等于它的，实际可能更多"), leads_queue.MOST_COUNTED)


@routes.get(
    "/leads",
    summary=N_("线索列表"),
    description=N_(
        "与核查队列相同的筛选和排序。默认为“疑似”状态、本市与待定辖区；district=* 为全部辖区。"
        "一次一页：把 next 的值作为 cursor 再取，直到 next 为 null；"
        "翻页期间有线索新增或被初筛，其余的不会因此重复或漏掉。"
        "按默认排序或 sort=hits 翻页时，分值、条数升高或重新排到前面的线索可能漏掉；sort=new 不会。"
    ),
)
def leads(
    request: Request,
    response: Response,
    desk: TheDesk,
    caller: LeadCaller,
    view: TheView,
    all_states: bool = False,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> Leads:
    """One page of the queue, from the front or behind a cursor."""
    after = _place(cursor, view.wanted.sort) if cursor else None
    with transaction_as(desk.engine, caller.user) as conn:
        found = leads_queue.page_after(conn, view.wanted, after, limit=limit + 1, any_state=all_states)
    following = _cursor(view.wanted.sort, found[limit - 1][1]) if len(found) > limit else None
    if following:
        link_next(request, response, following)
    return Leads(items=[LeadLine.of(lead) for lead, _place in found[:limit]], next=following)


@routes.get(
    "/leads/counts",
    summary=N_("线索数量"),
    description=N_("按状态、平台、类别、辖区、级别各有多少条；每一组在其余筛选条件之内计数。"),
)
def counts(desk: TheDesk, caller: LeadCaller, view: TheView) -> Counts:
    """The facets of the queue."""
    with transaction_as(desk.engine, caller.user) as conn:
        found = leads_queue.facets(conn, view.wanted)
    return Counts(
        states=found.states,
        platforms=found.platforms,
        categories=found.categories,
        districts=found.districts,
        levels=found.levels,
        counted_to=leads_queue.MOST_COUNTED,
    )


@routes.get(
    "/leads/{lead_id}",
    summary=N_("一条线索"),
    description=N_(
        "线索的全部内容：分值的由来、命中、卖家（遮盖）、证据文件及 SHA-256、经过、核查结论、处置。"
        "响应头 ETag 是它的版本，初筛时原样写入 If-Match。"
    ),
)
def lead(response: Response, desk: TheDesk, caller: LeadCaller, lead_id: RowId) -> LeadWhole:
    """One lead, masked."""
    with transaction_as(desk.engine, caller.user) as conn:
        found = whole(conn, lead_id)
    response.headers["ETag"] = etag(found.version)
    return found


@routes.get(
    "/leads/{lead_id}/evidence/{capture_file_id}",
    summary=N_("下载证据文件"),
    description=N_(
        "文件的原始字节；内容与 SHA-256 不符的不提供。响应头 Repr-Digest 为其 SHA-256（Base64）。"
        "每次下载在字节发出之前记入保管链。"
    ),
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def evidence(desk: TheDesk, caller: EvidenceCaller, lead_id: RowId, capture_file_id: RowId) -> Response:
    """The same file, the same check and the same row of the custody chain as on the page."""
    return handed_out(desk, caller, lead_id, capture_file_id)


def whole(conn: Connection, lead_id: int) -> LeadWhole:
    """The lead as the veil of the moment lets it be seen. Raises LeadMissing."""
    found = leads_review.lead_page(conn, lead_id)
    if found is None:
        raise LeadMissing
    return LeadWhole.whole(found, verdicts.given(conn, lead_id), dispositions.entries(conn, lead_id))


def etag(version: int) -> str:
    """A lead's version as HTTP has it."""
    return f'"{version}"'


def link_next(request: Request, response: Response, cursor: str) -> None:
    """The page that follows, as a header too (RFC 8288)."""
    following = request.url.include_query_params(cursor=cursor)
    response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'


def _cursor(sort: str, place: Place) -> str:
    values = [one.isoformat() if isinstance(one, datetime) else one for one in place]
    return base64.urlsafe_b64encode(json.dumps([sort, *values]).encode()).decode().rstrip("=")


def _place(cursor: str, sort: str) -> Place:
    """Where the page before ended. Raises CursorUnknown for what is no cursor of ours, or of another order."""
    try:
        given = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        order, *values = given
        place = tuple(datetime.fromisoformat(one) if isinstance(one, str) else one for one in values)
    except (ValueError, TypeError, RecursionError):
        raise CursorUnknown from None
    if order != sort or [_kind(one) for one in place] != _KINDS[sort]:
        raise CursorUnknown
    return place


def _kind(one: object) -> str:
    """What a column of an order holds: a moment with its offset, or a whole number that a row can have."""
    if isinstance(one, datetime):
        return "moment" if one.tzinfo is not None else ""
    return "number" if type(one) is int and abs(one) < 2**63 else ""
