"""证照核验: what people wrote down about the papers of a lead, and where the same number stands elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from db import audit
from db.screening import LeadChanged, locked
from db.search import LISTING_TEXT, stands_in
from db.tables import lead_hits, leads, licence_checks, listings, sellers, users
from db.walls import in_sight
from keywords.papers import licence_claims
from records import (
    OF_ONE_HOLDER,
    Level,
    LicenceCheck,
    LicenceClaim,
    LicenceFinding,
    LicenceKind,
    LicenceState,
    number_key,
)

#: Numbers of one lead that are looked for elsewhere, and texts looked through for each.
_MOST_NUMBERS = 8
_MOST_TEXTS = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class SameNumber:
    """A number of this lead that stands at another seller too."""

    kind: LicenceKind
    #: As this lead has it.
    number: str
    lead_id: int
    #: Of the other lead; empty while it was not screened in.
    lead_number: str
    platform: str
    seller_name: str
    title: str


def keep(
    conn: Connection,
    lead_id: int,
    checks: Iterable[LicenceCheck],
    *,
    version: int,
    user_id: int,
    actor: str,
    at: datetime,
) -> int:
    """Writes those of `checks` that say more than the newest of their kind; returns the lead's version afterwards.

    Raises LeadMissing, or LeadChanged where `version` is no longer the newest.
    """
    row = locked(conn, lead_id)
    if row.version != version:
        raise LeadChanged(row.title)
    known = latest(conn, lead_id)
    new = [check for check in checks if check.says_more_than(known.get(check.kind))]
    if not new:
        return version
    noted = {"lead_id": lead_id, "user_id": user_id, "at": at}
    conn.execute(insert(licence_checks), [noted | _values(check) for check in new])
    conn.execute(update(leads).where(leads.c.id == lead_id).values(version=version + 1))
    detail = {"checks": [_values(check) for check in new], "version": version + 1}
    audit.record(conn, actor=actor, action="lead.licence", subject=f"lead:{lead_id}", detail=detail, at=at)
    return version + 1


def history(conn: Connection, lead_id: int) -> tuple[LicenceCheck, ...]:
    """All that was ever written down, oldest first; the caller has seen to the lead's own wall."""
    statement = (
        select(licence_checks, users.c.full_name)
        .join(users, users.c.id == licence_checks.c.user_id)
        .where(licence_checks.c.lead_id == lead_id)
        .order_by(licence_checks.c.id)
    )
    return tuple(_check(row) for row in conn.execute(statement))


def latest(conn: Connection, lead_id: int) -> dict[LicenceKind, LicenceCheck]:
    """What counts of each kind."""
    return {check.kind: check for check in history(conn, lead_id)}


def claims(texts: Iterable[str]) -> tuple[LicenceClaim, ...]:
    """What the texts of a lead's hits claim, each number once."""
    found = {(claim.kind, claim.key): claim for text in texts for claim in licence_claims(text)}
    numbered = {kind for kind, key in found if key}
    return tuple(claim for (kind, key), claim in found.items() if key or kind not in numbered)


def shared(conn: Connection, lead_id: int, texts: Iterable[str]) -> tuple[SameNumber, ...]:
    """Where the numbers that a lead's texts give, or that people wrote down for it, stand with another seller."""
    numbers = [(claim.kind, claim.number) for claim in claims(texts) if claim.number]
    numbers += [(check.kind, check.number) for check in latest(conn, lead_id).values() if check.number]
    return elsewhere(conn, lead_id, numbers)


def elsewhere(conn: Connection, lead_id: int, numbers: Sequence[tuple[LicenceKind, str]]) -> tuple[SameNumber, ...]:
    """Where the same numbers stand with another seller: in texts of hits, or written down by somebody.

    `numbers` as this lead has them. Kinds that belong to goods instead of holders are no matter. Nothing is told of
    leads that the transaction may not see.
    """
    wanted = {number_key(number): (kind, number) for kind, number in numbers if kind in OF_ONE_HOLDER}
    wanted.pop("", None)
    if not wanted:
        return ()
    own = conn.execute(select(leads.c.seller_id).where(leads.c.id == lead_id)).scalar()
    found: dict[tuple[str, int], SameNumber] = {}
    for key, (kind, number) in list(wanted.items())[:_MOST_NUMBERS]:
        for row in (*_in_texts(conn, lead_id, key), *_written_down(conn, lead_id, key)):
            if own is None or row.seller_id != own:
                found.setdefault((key, row.id), _same(kind, number, row))
    return tuple(found.values())


def _in_texts(conn: Connection, lead_id: int, key: str) -> list[Row[Any]]:
    """Leads with a hit whose text gives that very number; the index finds candidates, reading them decides."""
    statement = (
        _leads(listings.c.title.label("text_title"), listings.c.description)
        .join(lead_hits, lead_hits.c.lead_id == leads.c.id)
        .join(listings, listings.c.id == lead_hits.c.listing_id)
        .where(leads.c.id != lead_id, in_sight(conn), listings.c.level != Level.NONE.value)
        .where(stands_in(LISTING_TEXT, [key]))
        .order_by(leads.c.id)
        .limit(_MOST_TEXTS)
    )
    rows = conn.execute(statement)
    return [row for row in rows if key in _keys(f"{row.text_title}\n{row.description}")]


def _written_down(conn: Connection, lead_id: int, key: str) -> Sequence[Row[Any]]:
    statement = (
        _leads()
        .join(licence_checks, licence_checks.c.lead_id == leads.c.id)
        .where(and_(licence_checks.c.number_key == key, leads.c.id != lead_id, in_sight(conn)))
        .order_by(leads.c.id)
        .limit(_MOST_TEXTS)
    )
    return conn.execute(statement).all()


def _leads(*more: Any) -> Any:
    own = (leads.c.id, leads.c.number, leads.c.platform, leads.c.title, leads.c.seller_id)
    statement = select(*own, sellers.c.name.label("seller_name"), *more).select_from(leads)
    return statement.outerjoin(sellers, sellers.c.id == leads.c.seller_id)


def _keys(text: str) -> set[str]:
    return {claim.key for claim in licence_claims(text) if claim.key}


def _same(kind: LicenceKind, number: str, row: Row[Any]) -> SameNumber:
    return SameNumber(
        kind=kind,
        number=number,
        lead_id=row.id,
        lead_number=row.number or "",
        platform=row.platform,
        seller_name=row.seller_name or "",
        title=row.title,
    )


def _values(check: LicenceCheck) -> dict[str, str]:
    return {
        "kind": check.kind.value,
        "state": check.state.value,
        "number": check.number,
        "number_key": number_key(check.number),
        "finding": check.finding.value if check.finding else "",
        "note": check.note,
    }


def _check(row: Row[Any]) -> LicenceCheck:
    return LicenceCheck(
        kind=LicenceKind(row.kind),
        state=LicenceState(row.state),
        number=row.number,
        finding=LicenceFinding(row.finding) if row.finding else None,
        note=row.note,
        by=row.full_name,
        at=row.at,
    )
