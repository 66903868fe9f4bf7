"""The audit's chain: whole under concurrency, closed to the application, and telling when somebody owns the table."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from db import audit
from db.audit import Flaw, Head
from db.engine import transaction

pytestmark = pytest.mark.db

AT = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)


def write(conn: Connection, subject: str = "lead:1") -> Head:
    detail = {"原因": "仿制品\x00", "数": 3, "列": [1, "二", None], "空": {}}
    return audit.record(conn, actor="王芳", action="screen", subject=subject, detail=detail, at=AT)


@pytest.fixture
def chain(engine: Engine) -> list[Head]:
    """Heads after each of six rows."""
    with transaction(engine) as conn:
        return [write(conn, f"lead:{number}") for number in range(6)]


def tamper(engine: Engine, statement: str) -> None:
    """What the owner of the table can do: take the guard away, change, put it back."""
    with transaction(engine) as conn:
        conn.execute(text("alter table audit disable trigger user"))
        conn.execute(text(statement))
        conn.execute(text("alter table audit enable trigger user"))


def test_an_empty_audit_is_sound(engine: Engine) -> None:
    with transaction(engine) as conn:
        assert audit.verify(conn) == audit.Verdict(rows=0, head=Head())


def test_a_written_chain_is_sound_and_its_heads_are_anchors(engine: Engine, chain: list[Head]) -> None:
    with transaction(engine) as conn:
        assert audit.verify(conn, chain) == audit.Verdict(rows=6, head=chain[-1])
        assert audit.head(conn) == chain[-1]
    assert [head.seq for head in chain] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("statement", "flaw", "at"),
    [
        ("update audit set actor = '李四' where seq = 3", Flaw.ALTERED, 3),
        ("update audit set detail = detail || '{\"数\": 4}' where seq = 3", Flaw.ALTERED, 3),
        ("update audit set at = at + interval '1 microsecond' where seq = 3", Flaw.ALTERED, 3),
        ("update audit set hash = repeat('a', 64) where seq = 3", Flaw.ALTERED, 3),
        ("update audit set previous_hash = repeat('a', 64) where seq = 3", Flaw.UNCHAINED, 3),
        ("delete from audit where seq = 3", Flaw.GAP, 4),
        ("delete from audit where seq = 1", Flaw.GAP, 2),
        ("delete from audit where seq > 4", Flaw.ANCHOR, 5),
        ("truncate audit", Flaw.ANCHOR, 1),
    ],
)
def test_every_change_by_the_owner_is_found(
    engine: Engine, chain: list[Head], statement: str, flaw: Flaw, at: int
) -> None:
    tamper(engine, statement)
    with transaction(engine) as conn:
        verdict = audit.verify(conn, chain)
    assert (verdict.sound, verdict.flaw, verdict.at) == (False, flaw, at)


def test_a_consistent_forgery_is_found_by_the_anchor_alone(engine: Engine, chain: list[Head]) -> None:
    tamper(engine, "truncate audit")
    with transaction(engine) as conn:
        for number in range(6):
            write(conn, f"lead:{number + 100}")
        assert audit.verify(conn).sound
        assert audit.verify(conn, [chain[-1]]).flaw is Flaw.ANCHOR


@pytest.mark.parametrize("statement", ["update audit set actor = 'x'", "delete from audit", "truncate audit"])
def test_the_application_cannot_change_the_past(engine: Engine, chain: list[Head], statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), transaction(engine) as conn:
        conn.execute(text(statement))
    with transaction(engine) as conn:
        assert audit.verify(conn, chain).sound


def test_numbers_have_no_hole_though_writers_race_and_roll_back(engine: Engine) -> None:
    def writer(name: int) -> None:
        for number in range(15):
            try:
                with transaction(engine) as conn:
                    write(conn, f"lead:{name}-{number}")
                    if number % 5 == 0:
                        raise LookupError
            except LookupError:
                pass

    writers = [threading.Thread(target=writer, args=(name,)) for name in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    with transaction(engine) as conn:
        verdict = audit.verify(conn)
    assert (verdict.flaw, verdict.rows, verdict.head.seq) == (None, 4 * 12, 4 * 12)


def test_what_has_two_spellings_is_refused(engine: Engine) -> None:
    with transaction(engine) as conn:
        with pytest.raises(TypeError):
            audit.record(conn, actor="a", action="b", subject="c", detail={"a": [{"b": 1.5}]}, at=AT)
        with pytest.raises(ValueError, match="naive"):
            audit.record(conn, actor="a", action="b", subject="c", detail={}, at=AT.replace(tzinfo=None))
        assert audit.head(conn) == Head()


def test_an_account_is_found_with_its_tokens_by_an_index(engine: Engine) -> None:
    with transaction(engine) as conn:
        for actor in ("wang", "wang#3", "wangwu", "zhang", "w_ng"):
            audit.record(conn, actor=actor, action="x", subject=actor, detail={}, at=AT)

        def of(actor: str) -> list[str]:
            return [row.actor for row in audit.newest(conn, audit.Wanted(actor=actor), limit=9)]

        assert (of("wang"), of("wang#3"), of("w_ng"), of("wang#")) == (["wang#3", "wang"], ["wang#3"], ["w_ng"], [])
        conn.execute(
            text(
                "insert into audit (seq, at, actor, action, subject, detail, previous_hash, hash)"
                " select 5 + n, now(), 'u' || n % 50, 'x', '', '{}', '', '' from generate_series(1, 20000) n"
            )
        )
        conn.execute(text("analyze audit"))
        asked: list[tuple[str, Any]] = []
        event.listen(
            engine, "before_cursor_execute", lambda c, cursor, statement, given, *_: asked.append((statement, given))
        )
        of("u7")
        plan = "\n".join(conn.exec_driver_sql(f"explain {asked[0][0]}", asked[0][1]).scalars())
    assert "ix_audit_account" in plan
