"""Both chains against whoever owns the tables: every change is found with the anchored head, and by raw SQL."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db import audit, custody
from db.chain import GENESIS, Chain, Flaw, Head
from db.custody import Handling
from db.engine import transaction

pytestmark = pytest.mark.db

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
CHAINS = pytest.mark.parametrize("chain", [audit.CHAIN, custody.CHAIN], ids=["audit", "custody"])


def fill(engine: Engine, chain: Chain, rows: int = 8, word: str = "lead") -> list[Head]:
    """Heads after each of so many rows, a day apart."""
    heads = []
    with transaction(engine) as conn:
        for number in range(rows):
            moment = AT + timedelta(days=number)
            heads.append(
                chain.record(
                    conn, actor="王芳", action="查看", subject=f"{word}:{number}", detail={"n": number}, at=moment
                )
            )
    return heads


def tamper(engine: Engine, chain: Chain, statement: str) -> None:
    """What the owner of a table can do: take the guard away, change, put it back."""
    table = chain.table.name
    with transaction(engine) as conn:
        conn.execute(text(f"alter table {table} disable trigger user"))
        for one in statement.format(table=table).split(";"):
            conn.execute(text(one))
        conn.execute(text(f"alter table {table} enable trigger user"))


HARM = {
    "edit": ("update {table} set subject = 'lead:99' where seq = 4", Flaw.ALTERED, 4),
    "edit the last": ("update {table} set actor = '李四' where seq = 8", Flaw.ALTERED, 8),
    "delete in the middle": ("delete from {table} where seq = 4", Flaw.GAP, 5),
    "delete and close up": (
        "delete from {table} where seq = 4; update {table} set seq = seq - 1 where seq > 4",
        Flaw.UNCHAINED,
        4,
    ),
    "cut tail": ("delete from {table} where seq > 5", Flaw.ANCHOR, 8),
    "cut head": ("delete from {table} where seq < 4", Flaw.GAP, 4),
    "reorder": (
        "with other as (select a.seq, b.subject, b.detail, b.at from {table} a join {table} b on b.seq = 9 - a.seq"
        " where a.seq in (4, 5)) update {table} t set subject = o.subject, detail = o.detail, at = o.at"
        " from other o where o.seq = t.seq",
        Flaw.ALTERED,
        4,
    ),
    "empty": ("truncate {table}", Flaw.ANCHOR, 8),
}


@CHAINS
def test_whatever_the_owner_does_is_found_with_the_anchored_head(engine: Engine, chain: Chain) -> None:
    for kind, (statement, flaw, at) in HARM.items():
        heads = fill(engine, chain)
        tamper(engine, chain, statement)
        with transaction(engine) as conn:
            verdict = chain.verify(conn, [heads[-1]])
        assert (verdict.sound, verdict.flaw, verdict.at) == (False, flaw, at), kind
        tamper(engine, chain, "truncate {table}")


@CHAINS
def test_a_whole_table_put_in_the_place_of_another_is_found_by_the_anchor_alone(engine: Engine, chain: Chain) -> None:
    heads = fill(engine, chain)
    tamper(engine, chain, "truncate {table}")
    fill(engine, chain, word="other")
    with transaction(engine) as conn:
        assert chain.verify(conn).sound
        assert chain.verify(conn, [heads[-1]]).flaw is Flaw.ANCHOR
        assert chain.verify(conn, [heads[2]]).at == 3
        # and again where only the end was written anew
    tamper(engine, chain, "truncate {table}")
    heads = fill(engine, chain)
    tamper(engine, chain, "delete from {table} where seq > 6")
    fill(engine, chain, rows=2, word="other")
    with transaction(engine) as conn:
        assert chain.verify(conn, heads[:6]).sound
        assert (chain.verify(conn, heads).flaw, chain.verify(conn, heads).at) == (Flaw.ANCHOR, 7)


@CHAINS
def test_a_part_is_checked_with_the_beginning_and_every_anchor(engine: Engine, chain: Chain) -> None:
    heads = fill(engine, chain)
    with transaction(engine) as conn:
        first, last = chain.between(conn, AT + timedelta(days=2), AT + timedelta(days=5))
        assert (first, last) == (3, 5)
        verdict = chain.verify(conn, heads, first=first, last=last)
        assert (verdict.rows, verdict.head, verdict.flaw) == (3, heads[4], None)
        assert chain.between(conn, None, None) == (1, 0)
        assert chain.verify(conn, first=9).rows == 0
        assert chain.verify(conn, [*heads, Head(seq=3, hash=GENESIS)], first=1).flaw is Flaw.ANCHOR
    tamper(engine, chain, "update {table} set actor = 'x' where seq = 7")
    with transaction(engine) as conn:
        assert chain.verify(conn, heads, first=3, last=5).sound  # outside of what was asked for
        assert chain.verify(conn, heads, first=3).at == 7
    tamper(engine, chain, "delete from {table} where seq = 1")
    with transaction(engine) as conn:
        assert chain.verify(conn, first=3, last=5).flaw is Flaw.GAP
    tamper(engine, chain, "delete from {table} where seq > 5")
    with transaction(engine) as conn:
        assert chain.verify(conn, [heads[7]], first=3, last=5).flaw is not None


@pytest.mark.parametrize("table", ["custody", "packages", "package_stamps"])
def test_the_application_cannot_change_the_past(engine: Engine, table: str) -> None:
    fill(engine, custody.CHAIN, rows=2)
    refused = [f"truncate {table} cascade"]
    refused += ["update custody set actor = 'x'", "delete from custody"] if table == "custody" else []
    for statement in refused:
        with pytest.raises(DBAPIError, match="append-only"), transaction(engine) as conn:
            conn.execute(text(statement))


def test_a_handling_is_a_row_of_its_lead(engine: Engine) -> None:
    with transaction(engine) as conn:
        for lead in (7, 8, 7):
            head = custody.record(conn, actor="王芳", handling=Handling.VIEW, lead_id=lead, detail={"x": 1}, at=AT)
        rows = custody.of_leads(conn, [7])
        assert [(row["seq"], row["action"], row["at"]) for row in rows] == [
            (1, "查看", AT.isoformat()),
            (3, "查看", AT.isoformat()),
        ]
        assert rows[-1]["hash"] == head.hash == custody.head(conn).hash
