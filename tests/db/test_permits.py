"""What sites say, what people ruled, whose session is used: in force while it holds, audited, never edited."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db import permits
from db.engine import transaction
from records import KeptRobots, RobotsRuling, SuppliedSession, now

pytestmark = pytest.mark.db

TODAY = date(2026, 11, 28)
NOON = datetime.fromisoformat("2026-11-28T12:00:00+08:00")


def ruling(platform: str = "p", *, allow: bool = True, days: int = 30, at: datetime = NOON) -> RobotsRuling:
    until = TODAY + timedelta(days) if allow else None
    return RobotsRuling(platform=platform, allow=allow, by="王某", basis="法制审核〔2026〕7 号", until=until, at=at)


def session(platform: str = "p", *, days: int = 30, at: datetime = NOON) -> SuppliedSession:
    return SuppliedSession(
        id=0, platform=platform, approval="网监〔2026〕3", basis="本单位账号", by="王某",
        until=TODAY + timedelta(days), supplied_at=at,
    )  # fmt: skip


def test_the_last_answer_of_an_origin_is_kept_and_an_older_one_never_takes_its_place(engine: Engine) -> None:
    first = KeptRobots(origin="https://a.example", status=200, body=b"User-agent: *", fetched_at=NOON)
    later = KeptRobots(origin="https://a.example", status=0, why="超时", fetched_at=NOON + timedelta(hours=1))
    with transaction(engine) as conn:
        assert permits.kept_robots(conn, "https://a.example") is None
        for one in (first, later, first):
            permits.keep_robots(conn, one)
        assert permits.kept_robots(conn, "https://a.example") == later
        assert permits.kept_robots(conn, "http://a.example") is None


def test_a_ruling_holds_to_its_last_day_and_until_another_is_made(engine: Engine) -> None:
    with transaction(engine) as conn:
        permits.rule(conn, ruling("p", days=0))
        permits.rule(conn, ruling("q", days=3))
        assert [one.platform for one in permits.in_force(conn, ["p", "q", "r"], NOON)] == ["p", "q"]
        assert [one.platform for one in permits.in_force(conn, [], NOON + timedelta(days=1))] == ["q"]
        assert permits.in_force(conn, ["p"], NOON - timedelta(hours=1)) == []
        permits.rule(conn, ruling("q", allow=False, at=NOON + timedelta(hours=1)))
        assert permits.in_force(conn, ["q"], NOON + timedelta(hours=2)) == []
        assert len(permits.in_force(conn, ["q"], NOON)) == 1  # what held then held then
        audited = conn.execute(text("select actor, action, subject, detail ->> 'until' from audit order by seq")).all()
    assert [tuple(row) for row in audited] == [
        ("王某", "robots.allow", "p", "2026-11-28"),
        ("王某", "robots.allow", "q", "2026-12-01"),
        ("王某", "robots.obey", "q", ""),
    ]


@pytest.mark.parametrize(
    "statement",
    ["update robots_rulings set until = '2099-01-01'", "delete from robots_rulings", "truncate robots_rulings"],
)
def test_rulings_are_append_only(engine: Engine, statement: str) -> None:
    with transaction(engine) as conn:
        permits.rule(conn, ruling())
    with pytest.raises(DBAPIError, match="append-only"), transaction(engine) as conn:
        conn.execute(text(statement))


def test_a_new_session_takes_the_place_of_the_old_and_a_revoked_one_loses_its_secret(engine: Engine) -> None:
    with transaction(engine) as conn:
        first = permits.supply(conn, session(), b"sealed one")
        second = permits.supply(conn, session(at=NOON + timedelta(hours=1)), b"sealed two")
        other = permits.supply(conn, session("q"), b"sealed three")
        assert permits.sealed(conn, first.id) == b"" and permits.sealed(conn, second.id) == b"sealed two"
        assert permits.revoke(conn, second.id, by="李某", at=now()) is not None
        assert permits.revoke(conn, second.id, by="李某", at=now()) is None
        assert [one.id for one in permits.sessions(conn, ["p"])] == [second.id, first.id]
        assert permits.sessions(conn, ["p"])[0].revoked_by == "李某"
        assert permits.sealed(conn, other.id) == b"sealed three"
        secrets = conn.execute(text("select count(*) from platform_sessions where sealed is not null")).scalar_one()
        audited = conn.execute(text("select action || coalesce(detail ->> 'approval', '') from audit order by seq"))
        assert list(audited.scalars()) == ["session.supply网监〔2026〕3"] * 3 + ["session.revoke"]
    assert secrets == 1
    assert other.holds(TODAY + timedelta(30)) and not other.holds(TODAY + timedelta(31))
