"""The two files of this room, and what they may not say; campaigns in the database."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

import reports
from db import campaigns
from db.campaigns import Campaign, CampaignRefused, CampaignUnknown, Phase
from records import CITY, ELSEWHERE, UNDECIDED
from tests.papers import DISTRICTS, scalar


def test_the_sample_campaign_has_the_dates_of_the_plan() -> None:
    campaign = reports.read_campaign(year=2026)
    assert [(phase.name, phase.starts_on, phase.ends_on) for phase in campaign.phases][1:] == [
        ("整治规范", date(2026, 7, 9), date(2026, 10, 18)),
        ("全面总结", date(2026, 10, 19), date(2026, 10, 25)),
    ]
    assert (campaign.phases[0].name, campaign.phases[0].ends_on) == ("检查摸底", date(2026, 7, 8))
    assert [due.due_on for due in campaign.report_dues] == [date(2026, 7, 7), date(2026, 11, 5)]


@pytest.mark.parametrize(
    "content",
    [
        "name: x\nstarts: '06-01'\nends: '10-25'\nunknown: 1",
        "name: x\nstarts: '13-01'\nends: '10-25'",
        "name: x\nstarts: '02-30'\nends: '10-25'",
        "name: ''\nstarts: '06-01'\nends: '10-25'",
        "name: \"a\\nb\"\nstarts: '06-01'\nends: '10-25'",
        "!!python/object/apply:os.system ['true']",
        "[",
        "",
    ],
)
def test_a_bad_campaign_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.yml"
    path.write_text(content)
    with pytest.raises(reports.CampaignFileRefused):
        reports.read_campaign(path, year=2026)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "- {group: a, title: b, unit: 条, measure: leads, meaning: m}\n" * 2,
        "- {group: a, title: b, unit: 条, measure: guesses, meaning: m}",
        "- {group: a, title: b, unit: 条, measure: leads, states: [属实], meaning: m}",
        "- {group: a, title: b, unit: 条, measure: listings, states: [疑似], meaning: m}",
        "- {group: a, title: b, unit: 条, measure: leads, meaning: m, colour: red}",
    ],
)
def test_a_bad_column_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.yml"
    path.write_text(content)
    with pytest.raises(reports.ColumnsRefused):
        reports.read_columns(path)


@pytest.mark.db
def test_a_campaign_comes_back_as_it_was_saved_and_is_replaced_under_its_name(engine: Engine) -> None:
    with engine.begin() as conn:
        first = campaigns.save(conn, reports.read_campaign(year=2026))
        again = campaigns.save(conn, reports.read_campaign(year=2027))
        assert first.id == again.id
        assert campaigns.find(conn, again.name) == again
    assert again.phases[0].ends_on == date(2027, 7, 8)
    assert scalar(engine, "select count(*) from phases") == 3
    assert scalar(engine, "select count(*) from report_dues") == 2


@pytest.mark.db
@pytest.mark.parametrize(
    "spans",
    [
        [("甲", 1, 10), ("乙", 10, 20)],
        [("乙", 5, 6), ("甲", 1, 10)],
        [("甲", 10, 1)],
        [("甲", 1, 2), ("甲", 3, 4)],
        [("甲", 1, 31)],
    ],
)
def test_phases_that_do_not_hold_are_refused_and_nothing_is_written(engine: Engine, spans: list) -> None:
    phases = tuple(Phase(name=n, starts_on=date(2026, 7, a), ends_on=date(2026, 7, b)) for n, a, b in spans)
    bad = Campaign(name="x", starts_on=date(2026, 7, 1), ends_on=date(2026, 7, 30), phases=phases)
    with engine.begin() as conn, pytest.raises(CampaignRefused):
        campaigns.save(conn, bad)
    assert scalar(engine, "select count(*) from campaigns") == 0


@pytest.mark.db
def test_a_lead_belongs_to_the_campaign_of_its_day(engine: Engine) -> None:
    with engine.begin() as conn:
        default = campaigns.ensure_default(conn)
        assert campaigns.ensure_default(conn) == default
        special = campaigns.save(conn, reports.read_campaign(year=2026))
        assert campaigns.current(conn, date(2026, 7, 1)) == special
        assert campaigns.current(conn, date(2026, 10, 25)) == special
        assert campaigns.current(conn, date(2026, 10, 26)) == default
        assert default.name == "日常监测"
        assert [each.name for each in campaigns.every(conn)] == [default.name, special.name]
        with pytest.raises(CampaignUnknown):
            campaigns.find(conn, "没有")


@pytest.mark.db
def test_districts_are_seeded_once_with_the_special_ones(engine: Engine) -> None:
    own = [name for _, name in DISTRICTS]
    with engine.begin() as conn:
        assert campaigns.seed_districts(conn, DISTRICTS) == (*own, CITY, UNDECIDED, ELSEWHERE)
        assert campaigns.seed_districts(conn, DISTRICTS) == (*own, CITY, UNDECIDED, ELSEWHERE)
        given = [("city", CITY), *DISTRICTS, ("undecided", UNDECIDED), ("elsewhere", ELSEWHERE)]
        assert campaigns.seed_districts(conn, given) == (CITY, *own, UNDECIDED, ELSEWHERE)
        assert campaigns.seed_districts(conn, DISTRICTS[:2])[:2] == tuple(own[:2])
