"""What a purge may take: what has had its days, is not held, and belongs to no case, as conditions in SQL.

A row that some table refers to which is not named here is nobody's to remove: a table that comes later keeps what it
refers to until somebody decides. A lead that was merged goes with the one that it went into, and keeps it where it is
held or of a case itself.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text


class Class(StrEnum):
    """Kinds of records, each with its own days. The values stand in the database and in the settings."""

    LISTINGS = "listings"
    UNSCREENED = "unscreened"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"
    EVIDENCE = "evidence"
    FILES = "files"


#: Class → which of its rows have had their days at :before.
_OLD_LEADS = {
    Class.UNSCREENED: "l.state in ('疑似', '待研判') and l.last_seen < :before",
    Class.DISMISSED: "l.state = '已排除' and l.screened_at < :before",
    Class.CONFIRMED: "l.state = '核查中' and l.screened_at < :before",
    Class.EVIDENCE: "l.state = '已排除' and l.screened_at < :before",
}
#: What goes with a lead and with a listing, in this order.
OF_LEAD = (
    "unmaskings", "leases", "misreads", "lead_notes", "licence_checks", "second_looks", "screenings", "lead_hits",
    "extra_terms", "api_answers",
)  # fmt: skip
OF_LISTING = ("listing_states", "captures", "captures_due", "assessments", "listing_versions")
#: What goes with a file, in this order.
OF_FILE = ("picture_smalls", "picture_looks")
#: Beside these, what may refer to a row that goes: holds are asked by themselves.
_ASKED = ("holds",)

#: Of a lead l.
HELD = (
    "exists (select from holds x where x.lifted_at is null"
    " and (x.lead_id = l.id or x.seller_id = l.seller_id and l.seller_id is not null))"
)
#: Of a listing i: a lead that stays, whoever keeps it.
STAYS = "exists (select from lead_hits h where h.listing_id = i.id and h.lead_id <> all(:leads))"


def due(conn: Connection, kind: Class, before: datetime) -> int:
    """How many subjects of the class a purge would take now: leads, or listings."""
    if kind is Class.LISTINGS:
        counted = f"select count(*) from listings i where {old_listings(conn)}"
        return int(conn.execute(text(counted), {"before": before, "leads": []}).scalar_one())
    counted = f"select count(*) from leads l where {takes(conn, kind)}"
    return int(conn.execute(text(counted), {"before": before}).scalar_one())


def coming(conn: Connection, kind: Class, before: datetime, *, limit: int) -> list[tuple[int, str, datetime]]:
    """Leads that are taken next once `before` has come: id, number or title, and since when their days count."""
    since = "l.last_seen" if kind is Class.UNSCREENED else "l.screened_at"
    statement = (
        f"select l.id, coalesce(l.number, l.title) as name, {since} as since from leads l"
        f" where {takes(conn, kind)} order by {since}, l.id limit :limit"
    )
    return [(row.id, row.name, row.since) for row in conn.execute(text(statement), {"before": before, "limit": limit})]


# --- conditions -------------------------------------------------------------------------------------------------------


def takes(conn: Connection, kind: Class) -> str:
    """The condition on a lead l that has had its days and is not held nor of a case, nor what was merged into it."""
    free = " and ".join((f"not {HELD}", *_unreferred(conn, "leads", "l", (*OF_LEAD, "leads"))))
    merged = (
        "with recursive m (id) as (select o.id from leads o where o.merged_into = l.id"
        " union select o.id from leads o join m on o.merged_into = m.id)"
        f" select from m where not exists (select from leads l where l.id = m.id and {free})"
    )
    wanted = [_OLD_LEADS[kind], free, f"not exists ({merged})"]
    if kind is Class.EVIDENCE:
        wanted.append(f"exists ({own_evidence(conn)})")
    return " and ".join(wanted)


def own_evidence(conn: Connection) -> str:
    """Listings of a lead l that were captured, and that no other lead and no case needs."""
    return (
        "select i.id from listings i join lead_hits h on h.listing_id = i.id where h.lead_id = l.id"
        " and exists (select from captures c where c.listing_id = i.id)"
        " and not exists (select from lead_hits x join leads o on o.id = x.lead_id"
        f"  where x.listing_id = i.id and o.id <> l.id and o.merged_into is null) and {no_case(conn)}"
    )


def no_case(conn: Connection) -> str:
    """The condition on a listing i that only leads refer to, and what goes with it."""
    return " and ".join(_unreferred(conn, "listings", "i", (*OF_LISTING, "lead_hits")))


def old_listings(conn: Connection) -> str:
    """The condition on a listing i that is no hit of any lead and has had its days."""
    return " and ".join(
        (
            "i.level = 'none' and i.last_seen < :before",
            f"not {STAYS}",
            "not exists (select from holds x where x.lifted_at is null and x.seller_id = i.seller_id)",
            no_case(conn),
        )
    )


def _unreferred(conn: Connection, table: str, alias: str, known: Sequence[str]) -> Iterator[str]:
    for other, column in references(conn, table):
        if other not in known and other not in _ASKED:
            yield f"not exists (select from {other} r where r.{column} = {alias}.id)"


def references(conn: Connection, table: str) -> list[tuple[str, str]]:
    """Every table and column that refers to `table`, as the database has it."""
    found = conn.execute(
        text(
            "select c.conrelid::regclass::text as other, a.attname from pg_constraint c"
            " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
            " where c.contype = 'f' and c.confrelid = cast(:table as regclass) order by 1, 2"
        ),
        {"table": table},
    )
    return [(row.other, row.attname) for row in found]
