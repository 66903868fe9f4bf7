"""The canary: a planted listing goes the whole way every night, or the night is red; nothing of it stays."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler import definitions
from db import canaries, lexicon, queue, runs, scans
from db.engine import transaction
from keywords import builtin
from ops.house import House, open_house
from ops.planning import Chosen
from ops.scanning import end_as_not_run, plan_scan
from ops.settings import read_settings
from ops.slices import run_slice
from records import CANARY, now
from tests.acceptance.judging import sql
from tests.papers import Item, add_leads, furnish

pytestmark = [pytest.mark.db]


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A house whose nights ask one walled platform: no request goes out but the canary's own."""
    made = open_house(read_settings(None, home=tmp_path / "home", database_url=database_url))
    yield made
    made.engine.dispose()


def night(house: House, **nightly: object) -> int:
    """Plan a night and run all of it; its id."""
    settings = house.settings.model_copy(update={"nightly": house.settings.nightly.model_copy(update=nightly)})
    tonight = replace(house, settings=settings)
    chosen = Chosen(definition=definitions()["taobao"], file="", site="")
    scan_id = plan_scan(tonight, [chosen], house.lexicon(), kind="nightly")
    assert scan_id is not None
    for platform in _waiting(house, scan_id):
        run_slice(tonight, scan_id, platform)
    return scan_id


def _waiting(house: House, scan_id: int) -> list[str]:
    with transaction(house.engine) as conn:
        return scans.platforms(conn, scan_id, unfinished_only=True)


def ended(house: House, scan_id: int) -> tuple[bool, str]:
    [(led, note)] = sql(house.settings.database_url, "select led, note from canaries where scan_id = %s", scan_id)
    return led, note


def test_it_becomes_a_lead_and_nothing_of_it_stays(house: House) -> None:
    scan_id = night(house)
    led, note = ended(house, scan_id)
    assert led and "已形成线索" in note
    url = house.settings.database_url
    for table in ("leads", "listings", "sellers", "captures", "captures_due", "assessments", "outbox", "lead_hits"):
        assert sql(url, f"select count(*) from {table}") == [(0,)], table
    assert sql(url, "select count(*) from queries where platform = %s", CANARY) == [(0,)]
    assert sql(url, "select count(*) from scans where finished_at is null") == [(0,)]
    with transaction(house.engine) as conn:
        assert "金丝雀：已形成线索" in runs.coverage(conn, scan_id).lines()


@pytest.mark.parametrize(
    ("title", "why"),
    [("自家种的小米 五斤装 包邮", "词库没有命中"), ("    ", "没有读到")],
    ids=["not found", "not read"],
)
def test_a_night_without_its_lead_is_red(house: House, title: str, why: str) -> None:
    scan_id = night(house, canary_title=title)
    led, note = ended(house, scan_id)
    assert not led and why in note
    url = house.settings.database_url
    # a platform that is fine tonight does not make up for it
    with house.engine.begin() as conn:
        conn.exec_driver_sql("update runs set status = '正常'")
    with transaction(house.engine) as conn:
        assert scans.scan_row(conn, scan_id).status == "漂移"
        assert any("没有形成线索" in line for line in runs.coverage(conn, scan_id).lines())
    assert sql(url, "select count(*) from listings") == [(0,)]


def test_a_lexicon_without_a_term_is_heard(house: House) -> None:
    bare = replace(builtin(), version="v1", terms=())
    with transaction(house.engine) as conn:
        lexicon.publish(conn, "v1", bare.to_data(), author="x", note="", at=now())
    led, note = ended(house, night(house))
    assert not led and "词库没有命中" in note


def test_switched_off_none_is_planned(house: House) -> None:
    scan_id = night(house, canary=False)
    assert sql(house.settings.database_url, "select count(*) from canaries") == [(0,)]
    with transaction(house.engine) as conn:
        assert runs.coverage(conn, scan_id).canary is None


def test_a_scan_waits_for_its_canary_and_an_interrupted_one_did_not_sing(house: House) -> None:
    chosen = Chosen(definition=definitions()["taobao"], file="", site="")
    scan_id = plan_scan(house, [chosen], house.lexicon(), kind="nightly")
    assert scan_id is not None
    run_slice(house, scan_id, "taobao")
    with transaction(house.engine) as conn:
        assert scans.scan_row(conn, scan_id).status == "运行中"
    assert _waiting(house, scan_id) == [CANARY]
    end_as_not_run(house, scan_id, "中断")
    assert ended(house, scan_id) == (False, "中断")
    with transaction(house.engine) as conn:
        assert scans.scan_row(conn, scan_id).finished_at is not None


def test_no_definition_has_its_name() -> None:
    assert CANARY not in definitions()


def test_while_it_stands_it_is_in_nobodys_queue_and_no_other_lead_goes_with_it(house: House) -> None:
    campaign = furnish(house.engine)
    add_leads(house.engine, campaign, [Item(platform=CANARY, hits=2), Item(platform="demo_ads")])
    with transaction(house.engine) as conn:
        assert queue.queue_length(conn, queue.QueueFilter(district=queue.ANYWHERE)) == 1
        canaries.remove(conn)
    url = house.settings.database_url
    assert sql(url, "select platform from leads") == sql(url, "select platform from listings") == [("demo_ads",)]
    assert sql(url, "select count(*) from outbox") == [(1,)]
