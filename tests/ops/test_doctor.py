"""The doctor speaks of what people decided before it ends, and of what was taken back and still serves."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from db import permits, scans
from db.engine import transaction
from db.locks import holding
from ops.doctor import _evidence, _permits
from ops.house import House, open_house
from ops.settings import read_settings
from pipelines import receive
from records import Outcome, Query, QueryKind, RobotsRuling, SuppliedSession, now, shanghai_date
from tests.pipelines.made import captured, listing, reception

pytestmark = pytest.mark.db


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    opened = open_house(read_settings(None, home=tmp_path, database_url=database_url))
    yield opened
    opened.engine.dispose()


def rule(house: House, platform: str, days: int | None) -> None:
    """A ruling that lifts robots.txt for so many days; None: that has it obeyed again."""
    until = None if days is None else shanghai_date(now()) + timedelta(days)
    made = RobotsRuling(platform=platform, allow=until is not None, by="王某", basis="7 号", until=until, at=now())
    with transaction(house.engine) as conn:
        permits.rule(conn, made)


def supply(house: House, platform: str, days: int) -> SuppliedSession:
    until = shanghai_date(now()) + timedelta(days)
    draft = SuppliedSession(
        id=0, platform=platform, approval="3 号", basis="本单位账号", by="王某", until=until, supplied_at=now()
    )
    with transaction(house.engine) as conn:
        return permits.supply(conn, draft, b"sealed")


def planned(house: House, *words: str) -> int:
    """A scan of one platform for these words."""
    asked = [Query(platform="p", kind=QueryKind.SEARCH, text=word) for word in words]
    with transaction(house.engine) as conn:
        scan_id = scans.plan(conn, asked, planned_for=shanghai_date(now()), kind="foreground", at=now(),
                             options={"platforms": {}})  # fmt: skip
    assert scan_id is not None
    return scan_id


def test_what_ends_within_a_week_is_told_and_what_holds_longer_is_not(house: House) -> None:
    assert _permits(house).ok
    rule(house, "far", 8)
    supply(house, "away", 8)
    rule(house, "ended", -1)  # robots.txt is obeyed again, as was decided
    rule(house, "again", 3)
    rule(house, "again", None)
    assert _permits(house).ok
    rule(house, "near", 7)
    lapsing, lapsed = supply(house, "soon", 0), supply(house, "late", -1)
    found = _permits(house)
    assert not found.ok and "platform robots allow" in found.remedy
    assert found.told.split("；")[0].startswith("near：王某") and f"会话 {lapsing.id}（" in found.told
    assert f"late：会话 {lapsed.id}（" in found.told
    assert not {"far", "away", "ended", "again"} & set(found.told.replace("；", "：").split("："))


def test_a_session_that_was_taken_back_is_told_while_a_slice_still_shows_it(house: House) -> None:
    taken = supply(house, "p", 30)
    scan_id = planned(house, "甲", "乙")
    with transaction(house.engine) as conn:
        scans.begin_slice(conn, scan_id, "p")
        over, running = scans.unfinished(conn, scan_id, "p")
        scans.started(conn, over.id, now())
        scans.end_one(conn, over.id, Outcome.SEARCHED, "", now())
        scans.started(conn, running.id, now())
        permits.revoke(conn, taken.id, by="李某", at=now())
    with holding(house.engine, "platform:p"):
        found = _permits(house)
        assert not found.ok and f"会话 {taken.id} 已收回" in found.told and "halt on" in found.remedy
    assert _permits(house).ok  # that slice is dead, and who goes on begins without the session
    with transaction(house.engine) as conn:
        scans.begin_slice(conn, scan_id, "p")
    with holding(house.engine, "platform:p"):
        assert not _permits(house).ok  # nothing was begun anew: the query that is open began before
        with transaction(house.engine) as conn:
            scans.started(conn, running.id, now())
        assert _permits(house).ok


def test_a_session_is_used_no_more_once_the_queries_have_ended(house: House) -> None:
    taken = supply(house, "p", 30)
    scan_id = planned(house, "甲")
    with transaction(house.engine) as conn:
        scans.begin_slice(conn, scan_id, "p")
        [query] = scans.unfinished(conn, scan_id, "p")
        scans.started(conn, query.id, now())
        scans.end_one(conn, query.id, Outcome.SEARCHED, "", now())
        permits.revoke(conn, taken.id, by="李某", at=now())
    with holding(house.engine, "platform:p"):  # by somebody else's errand
        assert _permits(house).ok


def test_evidence_that_was_changed_or_is_gone_is_named(house: House) -> None:
    assert _evidence(house).ok
    receive([captured(listing("1", "象牙 手串"))], reception(house.engine, house.store.root))
    assert "2 个文件" in _evidence(house).told
    changed, gone = (house.store.path(name) for name in house.store.names())
    changed.write_bytes(b"changed")
    gone.unlink()
    found = _evidence(house)
    assert not found.ok and changed.name in found.told and gone.name in found.told and found.remedy
