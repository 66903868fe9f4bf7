"""加查词: search terms that a person takes from a lead into the coming nights, within the budget of every night."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, insert, select, text, update

from db import audit
from db.related import Contact, Kind, contacts_of
from db.screening import LeadMissing
from db.tables import extra_terms, lead_hits, leads, listings, users
from db.walls import in_sight
from records import Fault, shanghai_date

#: What a term is where it is no contact.
PHRASE = "phrase"
#: Contacts that a platform can be searched for.
SEARCHABLE = (Kind.PHONE, Kind.WECHAT, Kind.QQ)
#: Terms that stand at a time.
MOST = 40
#: Characters of a phrase.
SHORTEST, LONGEST = 2, 30


class TooManyTerms(Fault):
    """加查词已满，请先结束一些再添加。

    As many extra terms stand as may; end some of them first.
    """

    code = "E-DB-420"
    remedy = (f"最多同时 {MOST} 个，到“监测任务”页结束不再需要的。", f"{MOST} at a time; the page of scans ends them.")


class NotOfThisLead(Fault):
    """这个词不在本线索的商品文字里，不能由此加查。

    This is not in the texts of the lead, so it cannot be searched for on its account.
    """

    code = "E-DB-421"
    remedy = (
        f"请从标题或描述中原样取 {SHORTEST}–{LONGEST} 个字。",
        f"Take {SHORTEST} to {LONGEST} characters out of a title or description as they stand.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a person wants to have searched for."""

    lead_id: int
    #: phone, wechat, qq, or PHRASE.
    kind: str
    #: As the platforms are asked for it.
    text: str
    #: In the person's words.
    why: str
    #: The last Shanghai date of which the night asks for it.
    until: date
    user_id: int
    actor: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtraTerm:
    """A term that stands."""

    id: int
    lead_id: int
    #: phone, wechat, qq, or PHRASE.
    kind: str
    #: Personal data where it is a contact; hostile text where it is a phrase.
    text: str
    why: str
    #: Full name of who added it.
    who: str
    at: datetime
    until: date


def add(conn: Connection, wish: Wish) -> None:
    """Have the coming nights ask for it; a term of the lead that stands already stays until the later of both dates.

    Raises LeadMissing, NotOfThisLead, TooManyTerms.
    """
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended('extra terms', 0))"))
    if conn.execute(select(leads.c.id).where(leads.c.id == wish.lead_id, in_sight(conn))).first() is None:
        raise LeadMissing(str(wish.lead_id))
    if not _stands_there(conn, wish):
        raise NotOfThisLead
    given = {"text": wish.text, "kind": wish.kind, "why": wish.why, "until": wish.until}
    standing = extra_terms.c.ended_at.is_(None)
    longer = update(extra_terms).where(extra_terms.c.lead_id == wish.lead_id, extra_terms.c.text == wish.text, standing)
    later = longer.values(until=func.greatest(extra_terms.c.until, wish.until))
    if conn.execute(later.returning(extra_terms.c.id)).first() is None:
        _end_of(conn, wish.at, standing & (extra_terms.c.until < shanghai_date(wish.at)))
        if conn.execute(select(func.count()).select_from(extra_terms).where(standing)).scalar_one() >= MOST:
            raise TooManyTerms
        conn.execute(insert(extra_terms).values(**given, lead_id=wish.lead_id, user_id=wish.user_id, at=wish.at))
    told = {"kind": wish.kind, "why": wish.why, "until": wish.until.isoformat()}
    audit.record(conn, actor=wish.actor, action="term.add", subject=f"lead:{wish.lead_id}", detail=told, at=wish.at)


def end(conn: Connection, term_id: int, *, user_id: int, actor: str, at: datetime) -> bool:
    """No night asks for it any more; False where no such term stands in sight."""
    ended = update(extra_terms).where(extra_terms.c.id == term_id, extra_terms.c.ended_at.is_(None), _seen(conn))
    lead = conn.execute(ended.values(ended_at=at, ended_by=user_id).returning(extra_terms.c.lead_id)).scalar()
    if lead is None:
        return False
    audit.record(conn, actor=actor, action="term.end", subject=f"lead:{lead}", detail={"term": term_id}, at=at)
    return True


def standing(conn: Connection, on: date) -> list[ExtraTerm]:
    """Those in sight that the night of that Shanghai date asks for, the oldest first."""
    return [ExtraTerm(**row._mapping) for row in conn.execute(_terms().where(*_stands(on), _seen(conn)))]


def of_night(conn: Connection, on: date, most: int) -> dict[str, str]:
    """Term → kind of the first `most` that stand on that date."""
    rows = conn.execute(_terms().where(*_stands(on)).limit(most))
    return {row.text: row.kind for row in rows}


def _stands(on: date) -> tuple[Any, ...]:
    return extra_terms.c.ended_at.is_(None), extra_terms.c.until >= on


def _terms() -> Select[Any]:
    names = [name for name in ExtraTerm.__dataclass_fields__ if name != "who"]
    chosen = select(*(extra_terms.c[name] for name in names), users.c.full_name.label("who"))
    return chosen.join(users, users.c.id == extra_terms.c.user_id).order_by(extra_terms.c.id)


def _seen(conn: Connection) -> Any:
    return exists().where(leads.c.id == extra_terms.c.lead_id, in_sight(conn))


def _end_of(conn: Connection, at: datetime, which: Any) -> None:
    """Their time is over: the place is free, and the row says since when."""
    conn.execute(update(extra_terms).where(which).values(ended_at=at))


def _stands_there(conn: Connection, wish: Wish) -> bool:
    """A contact is one of the lead's; a phrase stands in the text of a hit of it."""
    if wish.kind != PHRASE:
        return wish.kind in SEARCHABLE and Contact(kind=Kind(wish.kind), value=wish.text) in contacts_of(
            conn, wish.lead_id
        )
    if not SHORTEST <= len(wish.text) <= LONGEST:
        return False
    said = func.folded(listings.c.title + " " + listings.c.description)
    there = (
        select(listings.c.id)
        .join(lead_hits, lead_hits.c.listing_id == listings.c.id)
        .where(
            lead_hits.c.lead_id == wish.lead_id,
            func.folded(wish.text) != "",
            func.strpos(said, func.folded(wish.text)) > 0,
        )
    )
    return conn.execute(there.limit(1)).first() is not None


def kinds_of(options: dict[str, Any]) -> dict[str, str]:
    """Term → kind of what was added to a scan, out of its options."""
    told = options.get("extra")
    return {str(term): str(kind) for term, kind in told.items()} if isinstance(told, dict) else {}
