"""A term that a person took from a lead: the next nights ask for it, first and within the budget, until it is over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler import definitions
from db import extra_terms, users
from db.engine import transaction
from db.extra_terms import NotOfThisLead, TooManyTerms, Wish
from evidence import Store
from ops.house import House, open_house
from ops.planning import Chosen
from ops.scanning import plan_scan
from ops.settings import read_settings
from records import shanghai_date
from tests.acceptance.judging import sql
from tests.console import seed

pytestmark = pytest.mark.db

MOMENT = datetime(2026, 11, 23, 1, tzinfo=UTC)
TODAY = shanghai_date(MOMENT)
SAID = "要的联系138-0013-8000，或者加V:tiger2020，老料一条"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    made = open_house(read_settings(None, home=tmp_path / "home", database_url=database_url))
    yield made
    made.engine.dispose()


@pytest.fixture
def wish(house: House, tmp_path: Path) -> Wish:
    """A phone of a lead, wanted for three nights."""
    with transaction(house.engine) as conn:
        facts = {"name": "wang", "full_name": "王某", "role": "inspector", "district": None}
        user_id = users.add(conn, password_hash="!", at=MOMENT, **facts)
        plant = seed.Plant(description=SAID, district="市本级", files=0)
        lead_id = seed.lead(conn, Store(tmp_path), plant, seed.campaign(conn))
    until = TODAY + timedelta(days=3)
    facts = {"lead_id": lead_id, "user_id": user_id, "actor": "wang", "at": MOMENT, "until": until}
    return Wish(kind="phone", text="13800138000", why="同一手机号", **facts)


def add(house: House, *wishes: Wish) -> None:
    with transaction(house.engine) as conn:
        for one in wishes:
            extra_terms.add(conn, one)


def asked(house: House, *, nights: int = 0, kind: str = "nightly", most: int = 12) -> list[str]:
    """The searches of a scan planned so many nights later, in their order."""
    crawl = house.settings.crawl.model_copy(update={"max_terms": most})
    tonight = replace(house, settings=house.settings.model_copy(update={"crawl": crawl}))
    chosen = Chosen(definition=definitions()["demo_shop"], file="", site="")
    at = MOMENT + timedelta(days=nights)
    scan_id = plan_scan(tonight, [chosen], house.lexicon(), kind=kind, planned_for=shanghai_date(at), at=at)
    statement = "select text from queries where scan_id = %s and kind = 'search' order by id"
    return [text for (text,) in sql(house.settings.database_url, statement, scan_id)]


def test_the_next_nights_ask_for_it_first_and_for_no_more_than_before(house: House, wish: Wish) -> None:
    without = asked(house)
    assert len(without) == 12
    add(house, wish, replace(wish, kind="phrase", text="老料一条"))
    assert asked(house, nights=1) == ["13800138000", "老料一条", *without[:10]]
    assert asked(house, nights=3)[:2] == ["13800138000", "老料一条"]
    assert not {"13800138000", "老料一条"} & set(asked(house, nights=4))
    assert "13800138000" not in asked(house, kind="foreground")


def test_a_quarter_of_the_budget_is_the_most(house: House, wish: Wish) -> None:
    add(house, *(replace(wish, kind="phrase", text=SAID[at : at + 2]) for at in (0, 2, 16, 29)), wish)
    assert len(asked(house, nights=1)) == 12
    assert set(asked(house, nights=1)[:3]) == {SAID[at : at + 2] for at in (0, 2, 16)}
    assert "13800138000" not in asked(house, nights=1)


def test_what_is_ended_is_asked_no_more(house: House, wish: Wish) -> None:
    add(house, wish)
    with transaction(house.engine) as conn:
        [term] = extra_terms.standing(conn, TODAY)
        assert (term.who, term.why, term.until) == ("王某", "同一手机号", wish.until)
        assert extra_terms.end(conn, term.id, user_id=wish.user_id, actor="wang", at=MOMENT)
        assert not extra_terms.end(conn, term.id, user_id=wish.user_id, actor="wang", at=MOMENT)
    assert "13800138000" not in asked(house, nights=1)
    actions = sql(house.settings.database_url, "select action from audit where action like 'term.%%' order by seq")
    assert [action for (action,) in actions] == ["term.add", "term.end"]


def test_twice_is_once_and_lasts_longer(house: House, wish: Wish) -> None:
    add(house, wish, replace(wish, until=TODAY + timedelta(days=9)), replace(wish, until=TODAY))
    assert asked(house, nights=9)[0] == "13800138000"
    assert sql(house.settings.database_url, "select count(*) from extra_terms") == [(1,)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone", "13900139000"),
        ("wechat", "13800138000"),
        ("link", "shop.example/x"),
        ("phrase", "不在文字里"),
        ("phrase", "老"),
        ("phrase", "，。"),
        ("phrase", SAID),
    ],
)
def test_what_the_lead_does_not_say_is_refused(house: House, wish: Wish, kind: str, text: str) -> None:
    with pytest.raises(NotOfThisLead):
        add(house, replace(wish, kind=kind, text=text))


def test_there_is_an_end_to_them_and_what_is_over_makes_room(
    house: House, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra_terms, "MOST", 1)
    add(house, wish)
    with pytest.raises(TooManyTerms):
        add(house, replace(wish, kind="wechat", text="tiger2020"))
    later = MOMENT + timedelta(days=5)
    add(house, replace(wish, kind="wechat", text="tiger2020", at=later, until=shanghai_date(later)))
    assert asked(house, nights=5)[0] == "tiger2020"
