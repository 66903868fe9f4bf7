"""举一反三: the leads that share something with one lead, and by what.

What counts, each by an index of its own over hits (migrations 0014 and 0026; a listing that is no hit is not read):

- `phone`, `wechat`, `qq`: contacts in title or description, as `contacts(text)` reads them: full-width, circled and
  Chinese digits are digits, what has no width is dropped, signs and spaces between digits are skipped
  (１３８-0013·8000, 一三八零零…, 1.3.8.0.…). A mobile number has eleven digits with no digit beside them; a WeChat
  name six to twenty characters behind 微信, 薇, vx, V: and the like; a QQ number stands behind QQ, 扣扣 or 企鹅.
- `link`: the address of a shop or page, without scheme, www., m., fragment, tracking parameters: in a text, or the
  seller's own.
- `text`: Jaccard similarity of the sets of three neighbouring characters of title and description, folded as for the
  search (`db.search`), of 0.6 or more. Texts of less than 16 folded characters are like nothing. Candidates are found
  by MinHash, 24 hashes in eight bands of three: a pair at 0.6 is found with 86 %, at 0.7 with 97 %, at 0.8 with 99.7 %.
- `picture`: a picture that the evidence of a hit keeps, the same or nearly so: of the 64 coarse bits of
  `evidence.looks` at most seven differ, of the 512 fine ones at most forty. Encoded anew, made smaller or marked it is
  found; turned, mirrored or cut to a part it is not. Candidates share a band of sixteen coarse bits but for one bit,
  so that none is missed.
  What more than twenty sellers of the whole city show (a platform's logo, a wholesaler's picture) is no reason.
- `seller`: another lead of the same seller: of another campaign, or split out by a person.

Under a district account the policies leave its own leads alone; `elsewhere` then says how many others there are, by
district and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Row,
    Text,
    column,
    func,
    lateral,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.selectable import TableValuedAlias

from db.queue import leads_by_id
from db.tables import lead_hits, leads, listings
from db.walls import in_sight
from records import CANARY, Lead, LeadState

#: Other listings that are looked at for one contact, link or text.
MOST_LISTINGS = 200
#: Related leads that are given.
MOST_LEADS = 50


class Kind(StrEnum):
    """What two leads have in common. The values are those of the function `kin`."""

    PHONE = "phone"
    WECHAT = "wechat"
    QQ = "qq"
    LINK = "link"
    PICTURE = "picture"
    TEXT = "text"
    SELLER = "seller"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tie:
    """One thing that two leads share."""

    kind: Kind
    #: The contact or link in its normal form (personal data); percent for a text; bits that differ, of 512, for a
    #: picture; empty for a seller.
    value: str
    #: The other lead's listing that has it; None for a seller.
    listing_id: int | None
    #: Title of that listing; hostile text.
    title: str
    #: Rows of capture_files: the picture of this lead, and the other lead's; None for everything else.
    pictures: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kin:
    """A related lead."""

    lead: Lead
    #: Each thing once, in the order of Kind.
    ties: tuple[Tie, ...]
    #: True where both are of one campaign, so that they can be merged.
    mergeable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """What is related to one lead."""

    #: Those that share most kinds of things first.
    kin: tuple[Kin, ...]
    #: How many were found in all.
    total: int
    #: District and number of related leads that this transaction may not see; empty for the whole city.
    elsewhere: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A way to reach a seller, as a listing of the lead gives it."""

    kind: Kind
    #: In its normal form: personal data.
    value: str


def related(conn: Connection, lead_id: int) -> Related:
    """The leads that share something with this one, as far as the transaction may see them.

    Of a lead that it may not see nothing is related. No more than MOST_LEADS are given.
    """
    if conn.execute(select(leads.c.id).where(leads.c.id == lead_id, in_sight(conn))).first() is None:
        return Related(kin=(), total=0, elsewhere=())
    ties: dict[int, list[Tie]] = {}
    for row in conn.execute(_statement(conn, lead_id)):
        ties.setdefault(row.lead_id, []).append(_tie(row))
    found = {other: _each_once(several) for other, several in ties.items()}
    first = sorted(found, key=lambda other: (-len({tie.kind for tie in found[other]}), -len(found[other]), other))
    shown = leads_by_id(conn, first[:MOST_LEADS])
    campaign = select(leads.c.campaign_id).where(leads.c.id == lead_id).scalar_subquery()
    beside = select(leads.c.id).where(leads.c.id.in_(first[:MOST_LEADS]), leads.c.campaign_id == campaign)
    mergeable = set(conn.execute(beside).scalars())
    return Related(
        kin=tuple(Kin(lead=lead, ties=found[lead.id], mergeable=lead.id in mergeable) for lead in shown),
        total=len(found),
        elsewhere=_elsewhere(conn, lead_id),
    )


def contacts_of(conn: Connection, lead_id: int) -> tuple[Contact, ...]:
    """Phones, WeChat names, QQ numbers and links in the texts of the lead's hits, each once."""
    said = listings.c.title + " " + listings.c.description
    keys = (
        select(func.unnest(func.contacts(said), type_=Text).label("key"))
        .select_from(lead_hits.join(listings, listings.c.id == lead_hits.c.listing_id))
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(lead_hits.c.lead_id == lead_id, in_sight(conn))
        .distinct()
    )
    each = (str(key).partition(":") for key in conn.execute(keys).scalars())
    order = list(Kind)
    found = [Contact(kind=Kind(kind), value=value) for kind, _, value in each]
    return tuple(sorted(found, key=lambda contact: (order.index(contact.kind), contact.value)))


def _statement(conn: Connection, lead_id: int) -> CompoundSelect[Any]:
    shared = _kin(lead_id)
    # each found listing by the index, whatever is thought of how many they are: `offset 0` keeps it a loop
    hit = lateral(
        select(lead_hits.c.lead_id, listings.c.id, listings.c.title)
        .join(listings, listings.c.id == lead_hits.c.listing_id)
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(
            lead_hits.c.listing_id == shared.c.other,
            leads.c.id != lead_id,
            leads.c.platform != CANARY,
            leads.c.state != LeadState.MERGED,
            in_sight(conn),
        )
        .offset(0)
    ).alias("hit")
    by_listing = select(
        hit.c.lead_id, shared.c.kind, shared.c.value, hit.c.id.label("listing_id"), hit.c.title
    ).select_from(shared.join(hit, true()))
    mine = select(leads.c.seller_id).where(leads.c.id == lead_id).scalar_subquery()
    nothing = literal("", Text)
    by_seller = select(
        leads.c.id.label("lead_id"), literal(Kind.SELLER, Text), nothing, literal(None, BigInteger), nothing
    ).where(leads.c.seller_id == mine, leads.c.id != lead_id, leads.c.state != LeadState.MERGED, in_sight(conn))
    return union_all(by_listing, by_seller)


def _kin(lead_id: int) -> TableValuedAlias:
    columns = (column("own", BigInteger), column("other", BigInteger), column("kind", Text), column("value", Text))
    return func.kin(lead_id, MOST_LISTINGS).table_valued(*columns).alias("shared")


def _elsewhere(conn: Connection, lead_id: int) -> tuple[tuple[str, int], ...]:
    """The function looks past the policies, and gives nothing but districts and numbers; nothing to the whole city."""
    counted = func.kin_elsewhere(lead_id, MOST_LISTINGS).table_valued(column("district", Text), column("leads"))
    return tuple((str(row.district), int(row.leads)) for row in conn.execute(select(counted)))


def _tie(row: Row[Any]) -> Tie:
    tie = Tie(kind=Kind(row.kind), value=row.value, listing_id=row.listing_id, title=row.title)
    if tie.kind is not Kind.PICTURE:
        return tie
    own, other, apart = row.value.split(":")
    return replace(tie, value=apart, pictures=(int(own), int(other)))


def _each_once(ties: Sequence[Tie]) -> tuple[Tie, ...]:
    """A contact once however many listings have it; of texts and of pictures the likest alone."""
    order = list(Kind)
    apart = {Kind.TEXT: lambda tie: -int(tie.value), Kind.PICTURE: lambda tie: int(tie.value)}
    likest = sorted(ties, key=lambda tie: apart[tie.kind](tie) if tie.kind in apart else 0)
    kept: dict[tuple[Kind, str], Tie] = {}
    for tie in likest:
        kept.setdefault((tie.kind, "" if tie.kind in apart else tie.value), tie)
    return tuple(sorted(kept.values(), key=lambda tie: (order.index(tie.kind), tie.value)))
