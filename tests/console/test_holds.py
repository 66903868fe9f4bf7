"""保存期限 as heads see it: what is held by whom and why, what goes next, and that a district sees its own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from db import audit
from db.engine import transaction
from tests.console.matrix import HERE, THERE

pytestmark = pytest.mark.db

DAYS = {"listings": 180, "unscreened": 730, "dismissed": 730, "evidence": 730, "confirmed": 0}


STONE = (
    "with p as (insert into purges (begun_at, begun_by) values (:at, 'clock') returning id)"
    " insert into tombstones (purge_id, class, subject, rule, rows, sha256, detail, at)"
    " select id, 'dismissed', :subject, '按期', 3, repeat('ab', 32), cast(:detail as jsonb), :at from p"
)


@pytest.fixture
def desk(desk):
    return replace(desk, kept_days=DAYS)


def test_a_head_holds_and_lifts_with_a_reason(seat, engine: Engine, leads: list[int]) -> None:
    head = seat("ke", "head")
    for why in ("", " \u200b", "x" * 101):
        refused = head.post(f"/leads/{leads[0]}/hold", {"why": why})
        assert refused.status_code == 400, why
    with transaction(engine) as conn:
        assert conn.execute(text("select count(*) from holds")).scalar_one() == 0
    assert head.post(f"/leads/{leads[0]}/hold", {"why": "枣市监立〔2026〕1 号"}).status_code == 303
    assert head.post(f"/leads/{leads[1]}/hold", {"why": "协查 7 号", "whole": "true"}).status_code == 303
    assert "枣市监立〔2026〕1 号" in head.get(f"/leads/{leads[0]}").text
    page = head.get("/retention").text
    assert "依法保留（2 项）" in page and "协查 7 号" in page and "湖***" in page and "湖畔旧物" not in page
    with transaction(engine) as conn:
        rows = conn.execute(text("select id, set_by, lead_id is null from holds order by id")).all()
        assert [(row[1], row[2]) for row in rows] == [("ke", False), ("ke", True)]
    assert head.post(f"/retention/holds/{rows[0][0]}/lift", {"why": ""}).status_code == 400
    assert head.post(f"/retention/holds/{rows[0][0]}/lift", {"why": "结案"}).status_code == 303
    assert head.post(f"/retention/holds/{rows[0][0]}/lift", {"why": "结案"}).status_code == 404
    assert "依法保留（1 项）" in head.get("/retention").text
    with transaction(engine) as conn:
        done = conn.execute(text("select actor, action from audit where action like 'hold.%' order by seq")).all()
        assert [tuple(row) for row in done] == [("ke", "hold.place"), ("ke", "hold.place"), ("ke", "hold.lift")]
        assert audit.verify(conn).sound


def test_what_goes_next_stands_there_with_its_day(seat, engine: Engine, leads: list[int], clock) -> None:
    with transaction(engine) as conn:
        given = {"at": clock() - timedelta(days=720), "id": leads[0]}
        conn.execute(text("update leads set state = '已排除', screened_at = :at where id = :id"), given)
        for subject in ("lead:5", "files"):
            number = '{"number": "ZZ-1"}' if subject == "lead:5" else '{"files": []}'
            conn.execute(text(STONE), {"subject": subject, "detail": number, "at": clock()})
    page, due = seat("ke", "head").get("/retention").text, clock() + timedelta(days=10)
    assert "lead:5" in page and "ZZ-1" in page and "按期" in page
    assert f'href="/leads/{leads[0]}"' in page and f"{due.year}/{due.month}/{due.day}" in page
    assert f'href="/leads/{leads[1]}"' not in page


def test_a_district_holds_and_sees_its_own(seat, engine: Engine, leads: list[int]) -> None:
    """The second wall as well: asked of the table itself in the name of the other district."""
    from db import users
    from db.walls import transaction_as

    here, there = seat("hier", "head", HERE), seat("dort", "head", THERE)
    assert there.post(f"/leads/{leads[0]}/hold", {"why": "x"}).status_code == 404
    assert here.post(f"/leads/{leads[0]}/hold", {"why": "立案", "whole": "true"}).status_code == 303
    assert "依法保留（1 项）" in here.get("/retention").text and "立案" not in there.get("/retention").text
    with transaction(engine) as conn:
        number = conn.execute(text("select id from holds")).scalar_one()
        other = users.find(conn, "dort")[0]
    assert there.post(f"/retention/holds/{number}/lift", {"why": "x"}).status_code == 404
    with transaction_as(engine, other) as conn:
        assert conn.execute(text("select count(*) from holds")).scalar_one() == 0
