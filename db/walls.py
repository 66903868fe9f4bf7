"""Two walls between districts, and the one way through: a transaction in the name of a user (`transaction_as`).

The first wall stands in the queries: whatever reads or changes leads asks `in_sight` of its connection. The second one
stands in PostgreSQL, for the query that forgot to: the transaction is held to one of two roles that nobody signs in
as. `city` sees every row; `district` sees the rows of leads of one district, named by `xunwang.district`, and what
hangs on them. Listings carry no policy: a district reaches them through its leads. Neither role reads password hashes,
sessions, or cookies of platforms; the crawler, the command line and the door work as the owner of the tables.

The roles belong to the whole server. They are called after the owner of the tables, who is the only one that may take
them on: databases of one owner share them, which gives nobody anything, and databases of two owners never meet. Which
ones they are is read from the policies themselves, so a database that was copied or restored finds its own.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import ColumnElement, Connection, Engine, select, text, true
from sqlalchemy.exc import DBAPIError

from db.engine import transaction
from db.faults import RolesWanting, WallMissing
from db.tables import lead_hits, leads, listings
from db.users import User

__all__ = ["WALLS", "Wall", "district_of", "in_sight", "listing_in_sight", "raise_walls", "standing", "transaction_as"]

#: Execution option of a connection: name of the only district that its transaction may see.
_DISTRICT = "xunwang_district"

_READ = "select"
_CHAIN = "select, insert"
_CHANGE = "select, insert, update, delete"
_PERMIT = "id, platform, approval, basis, supplied_by, until, supplied_at, revoked_at, revoked_by"
_PERSON = "id, name, full_name, role, district, enabled"
_OF_LEAD = "exists (select from leads l where l.id = lead_id)"


@dataclass(frozen=True, slots=True)
class Wall:
    """What the two roles may do with one table."""

    #: Privileges as GRANT takes them; empty for none.
    city: str = ""
    district: str = ""
    #: True for the rows that the district may see and write; empty for all of them.
    rows: str = ""


#: Every table. One that is not here is closed to the console.
WALLS: Mapping[str, Wall] = {
    # --- of one district ---
    "leads": Wall(
        "select, insert, update",
        "select, insert, update",
        # once a query, not once a row: nothing in it depends on the row
        "district = (select d.name from districts d where d.code = current_setting('xunwang.district', true))",
    ),
    "lead_hits": Wall("select, update", "select, update", _OF_LEAD),
    "screenings": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "captures": Wall(_READ, _READ, "exists (select from lead_hits h where h.listing_id = captures.listing_id)"),
    "capture_files": Wall(_READ, _READ, "exists (select from captures c where c.id = capture_id)"),
    "picture_smalls": Wall(_READ, _READ, "exists (select from capture_files f where f.sha256 = picture_smalls.sha256)"),
    "packages": Wall(_READ, _READ, _OF_LEAD),
    "extractions": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "extraction_steps": Wall(_CHAIN, _CHAIN, "exists (select from extractions e where e.id = extraction_id)"),
    "package_stamps": Wall(_READ, _READ, "exists (select from packages p where p.id = package_id)"),
    "custody": Wall(
        _CHAIN,
        _CHAIN,
        "exists (select from leads l where l.id = cast(substring(subject from '^lead:([0-9]{1,18})$') as bigint))",
    ),
    "lead_notes": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "misreads": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "extra_terms": Wall("select, insert, update", "select, insert, update", _OF_LEAD),
    "verdicts": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "licence_checks": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "dispositions": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "second_looks": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "unmaskings": Wall(_CHAIN, _CHAIN, _OF_LEAD),
    "holds": Wall(
        "select, insert, update",
        "select, insert, update",
        "exists (select from leads l where l.id = lead_id or l.seller_id = holds.seller_id)",
    ),
    "leases": Wall(_CHANGE, _CHANGE, _OF_LEAD),
    "api_answers": Wall(_CHANGE, _CHANGE, f"lead_id is null or {_OF_LEAD}"),
    # --- the chains: whoever writes a row has to know the one before, whatever that says ---
    "audit": Wall(_CHAIN, "insert"),
    "audit_head": Wall(_READ, _READ),
    "custody_head": Wall(_READ, _READ),
    # --- the same for all ---
    "lead_numbers": Wall("select, insert, update", "select, insert, update"),
    "saved_views": Wall(_CHANGE, _CHANGE),  # each asks for his own
    "preferences": Wall("select, insert, update", "select, insert, update"),  # likewise
    "districts": Wall(_READ, _READ),
    "campaigns": Wall(_READ, _READ),
    "phases": Wall(_READ, _READ),
    "report_dues": Wall(_READ, _READ),
    "sellers": Wall(_READ, _READ),
    "listings": Wall(_READ, _READ),
    "listing_states": Wall(_READ, _READ),
    "listing_versions": Wall(_READ, _READ),
    "assessments": Wall(_READ, _READ),
    "evidence_files": Wall(_READ, _READ),
    "picture_looks": Wall(_READ, _READ),
    "lexicon_versions": Wall(_READ, _READ),
    "platform_ledger": Wall(_READ, _READ),
    "users": Wall(f"select ({_PERSON})", f"select ({_PERSON})"),
    # --- how the nights went ---
    "scans": Wall(_READ, _READ),
    "queries": Wall(_READ, _READ),
    "runs": Wall(_READ, _READ),
    "canaries": Wall(_READ, _READ),
    "schedules": Wall(_READ, _READ),
    "halts": Wall(_READ, _READ),
    "platform_sessions": Wall(f"select ({_PERMIT})", f"select ({_PERMIT})"),  # the cookies themselves stay closed
    "spending": Wall(_READ, _READ),
    "robots_rulings": Wall(_READ, _READ),
    "first_run": Wall(_READ, _READ),
    "purges": Wall(_READ, _READ),
    "tombstones": Wall(_READ),
    "digests": Wall("select (for_date)", "select (for_date)"),  # that one went out; what it says names leads
    # --- no business of the console's ---
    "api_tokens": Wall(),
    "captures_due": Wall(),
    "deliveries": Wall(),
    "login_failures": Wall(),
    "outbox": Wall(),
    "pacing": Wall(),
    "quarantine": Wall(),
    "robots": Wall(),
    "sessions": Wall(),
    "shells": Wall(),
}


# --- through them ---------------------------------------------------------------------------------------------------


@contextmanager
def transaction_as(engine: Engine, user: User, *, snapshot: bool = False) -> Iterator[Connection]:
    """A transaction (`db.engine.transaction`) in which nothing is seen or written but what is the user's to see.

    `snapshot`: everything read in it is of one moment, and nothing is written.
    Raises WallMissing where the database has no roles, DatabaseUnreachable where there is no connection.
    """
    with transaction(engine) as conn:
        if snapshot:
            conn.exec_driver_sql("set transaction isolation level repeatable read, read only")
        _hold(conn, user)
        if user.limited:
            conn.execution_options(**{_DISTRICT: user.district_name})
        yield conn


def district_of(conn: Connection) -> str | None:
    """Name of the only district that this transaction may see; None for the whole city."""
    name: str | None = conn.get_execution_options().get(_DISTRICT)
    return name


def in_sight(conn: Connection) -> ColumnElement[bool]:
    """True for the rows of `leads` that whoever has the transaction may see: the first wall."""
    name = district_of(conn)
    return true() if name is None else leads.c.district == name


def listing_in_sight(conn: Connection) -> ColumnElement[bool]:
    """The same for rows of `listings`, of which a district sees those of its leads. They have this one wall only."""
    if district_of(conn) is None:
        return true()
    own = select(lead_hits.c.listing_id).join(leads, leads.c.id == lead_hits.c.lead_id).where(in_sight(conn))
    return listings.c.id.in_(own)


_HOLD = text(
    "select set_config('xunwang.district', :district, true) as district, set_config('role', ("
    "  select r.rolname from pg_policy p join pg_roles r on r.oid = any(p.polroles)"
    "  where p.polrelid = 'leads'::regclass and p.polname = :wall), true) as role"
)


def _hold(conn: Connection, user: User) -> None:
    """The second wall, until the transaction ends."""
    wall = "district" if user.limited else "city"
    held = conn.execute(_HOLD, {"wall": wall, "district": user.district or ""}).one()
    if held.role in (None, "", "none"):  # what was asked for as null: everything would be open
        raise WallMissing(wall)


# --- putting them up ------------------------------------------------------------------------------------------------


def standing(conn: Connection) -> bool:
    """True where the table of leads has both policies and this user may take their roles on."""
    found = conn.execute(
        text(
            "select count(*) from pg_policy p join pg_roles r on r.oid = any(p.polroles)"
            " where p.polrelid = to_regclass('leads') and p.polname in ('city', 'district')"
            " and pg_has_role(r.oid, :how)"
        ),
        {"how": _membership(conn)},
    )
    return int(found.scalar_one()) == 2


def raise_walls(conn: Connection) -> None:
    """Makes the roles where they are missing, and brings grants and policies to what WALLS says.

    Raises RolesWanting, with what a superuser has to run, where this user may not make roles.
    """
    quote = conn.dialect.identifier_preparer.quote_identifier
    owner = str(conn.execute(text("select current_user")).scalar_one())
    roles = {wall: f"{owner[:50]}_{wall}" for wall in ("city", "district")}
    for role in roles.values():
        _make_role(conn, owner, role, list(roles.values()))
    city, district = (quote(role) for role in roles.values())
    for statement in (
        f"revoke all on all tables in schema public from {city}, {district}",
        f"grant usage on schema public to {city}, {district}",
        f"grant usage on all sequences in schema public to {city}, {district}",
    ):
        conn.exec_driver_sql(statement)
    there = set(
        conn.execute(text("select relname from pg_class where relnamespace = 'public'::regnamespace")).scalars()
    )
    for table, wall in WALLS.items():
        if table in there:
            _wall_off(conn, quote(table), wall, city, district)


def _wall_off(conn: Connection, table: str, wall: Wall, city: str, district: str) -> None:
    for role, privileges in ((city, wall.city), (district, wall.district)):
        if privileges:
            conn.exec_driver_sql(f"grant {privileges} on {table} to {role}")
    if not wall.rows:
        return
    for name, role, rows in (("city", city, "true"), ("district", district, wall.rows)):
        conn.exec_driver_sql(f"drop policy if exists {name} on {table}")
        conn.exec_driver_sql(f"create policy {name} on {table} to {role} using ({rows})")
    conn.exec_driver_sql(f"alter table {table} enable row level security")


def _make_role(conn: Connection, owner: str, role: str, both: list[str]) -> None:
    """The role is there, cannot sign in or go past policies, and `owner` may take it on; else RolesWanting."""
    quote = conn.dialect.identifier_preparer.quote_identifier
    known = text("select rolcanlogin or rolsuper or rolbypassrls from pg_roles where rolname = :role")
    may = text("select pg_has_role(cast(:role as name), :how)")
    if conn.execute(known, {"role": role}).scalar() is None:
        # 42710 and 23505: made in this very moment for another database of the same owner
        _try(conn, f"create role {quote(role)} nologin", owner, both, settled={"42710", "23505"})
    if conn.execute(known, {"role": role}).scalar():
        raise RolesWanting(f"alter role {quote(role)} nologin nosuperuser nobypassrls;")
    if not conn.execute(may, {"role": role, "how": _membership(conn)}).scalar():
        _try(conn, f"grant {quote(role)} to {quote(owner)}", owner, both, settled=set())


def _try(conn: Connection, statement: str, owner: str, both: list[str], *, settled: set[str]) -> None:
    quote = conn.dialect.identifier_preparer.quote_identifier
    try:
        with conn.begin_nested():
            conn.exec_driver_sql(statement)
    except DBAPIError as error:
        state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
        if state == "42501":
            lines = [f"create role {quote(role)} nologin;" for role in both]
            lines.append(f"grant {', '.join(map(quote, both))} to {quote(owner)};")
            raise RolesWanting("\n".join(lines)) from None
        if state not in settled:
            raise


def _membership(conn: Connection) -> str:
    """What `pg_has_role` calls the right to take a role on: from PostgreSQL 16 on a member need not have it."""
    version = conn.execute(text("select current_setting('server_version_num')::int")).scalar_one()
    return "SET" if version >= 160_000 else "MEMBER"
