"""One function takes a listing from its page to its lead, once, whatever comes twice or breaks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.evidence import due
from db.listings import known
from db.locks import leasing
from pipelines import Received, receive
from records import LeadState
from tests.pipelines.made import (
    NIGHT,
    STATE,
    SmallMatcher,
    captured,
    card,
    later,
    listing,
    one,
    reception,
    rows,
    seller,
    sighting,
)

pytestmark = pytest.mark.db


def test_a_batch_ends_as_listings_evidence_and_one_lead_per_seller(engine: Engine, tmp_path: Path) -> None:
    given = [captured(listing(str(n), "老象牙手串" if n < 3 else "木雕")) for n in range(5)]
    given.append(captured(listing("9", "象牙虎骨", seller=seller("s2", "小李", "杭州"))))
    received = receive(given, reception(engine, tmp_path))
    assert received == Received(listings=6, new=6, changed=0, hits=4, leads=2)
    leads = rows(
        engine, "select subject_key, hits, score, level, district, category, state, title from leads order by id"
    )
    assert leads == [
        ("s1", 3, 50, "review", "滕州市", "ivory", "疑似", "老象牙手串"),
        ("s2", 1, 80, "high", "外地", "ivory", "疑似", "象牙虎骨"),
    ]
    assert rows(engine, "select topic, key from outbox order by id") == [
        ("lead.new", f"lead.new:{lead}") for (lead,) in rows(engine, "select id from leads order by id")
    ]
    assert one(engine, "select count(*) from captures") == 4
    assert one(engine, "select count(*) from captures_due") == 0


def test_the_same_sightings_twice_move_last_seen_and_nothing_else(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    given = [captured(listing("1", "象牙")), sighting(listing("2", "象牙")), sighting(card("3"))]
    receive(given, desk)
    before = rows(engine, STATE)
    again = receive([later(one_, hours=24) for one_ in given], replace(desk, now=lambda: NIGHT + timedelta(days=1)))
    assert rows(engine, STATE) == before
    assert again == Received(listings=3, hits=2)
    assert rows(engine, "select distinct last_seen from listings") == [(NIGHT + timedelta(hours=24),)]
    assert rows(engine, "select last_seen from leads") == [(NIGHT + timedelta(hours=24),)]


def test_an_older_sighting_never_moves_last_seen_back(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing())], desk)
    receive([later(sighting(listing()), hours=-5)], desk)
    assert one(engine, "select last_seen from listings") == NIGHT


def test_a_card_never_empties_a_read_detail(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    read = listing("1", "手串", description="真象牙，支持鉴定", place="枣庄薛城", price=Decimal("99"))
    receive([captured(read)], desk)
    seen = card("1", "手串", price=Decimal("99"), seller=None, pictures=("https://goods.test/other.jpg",))
    assert receive([later(sighting(seen), hours=24)], desk).changed == 0
    kept = rows(engine, "select description, detail_read, level, place, last_seen from listings")
    assert kept == [("真象牙，支持鉴定", True, "review", "枣庄薛城", NIGHT + timedelta(hours=24))]
    assert one(engine, "select count(*) from listing_versions") == 1


def test_a_shortened_title_is_no_change_but_another_one_is(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(listing("1", "真象牙手串108颗", description="包浆厚"))], desk)
    assert receive([sighting(card("1", "真象牙手串…"))], desk).changed == 0
    assert receive([sighting(card("1", "木手串"))], desk).changed == 1
    kept = rows(engine, "select title, description, detail_read, level from listings")
    assert kept == [("木手串", "包浆厚", False, "none")]
    titles = rows(engine, "select title from listing_versions order by id")
    assert titles == [("真象牙手串108颗",), ("木手串",)]
    assert one(engine, "select hits from leads") == 1


def test_a_changed_price_is_a_version(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1", price=Decimal("10")))], desk)
    assert receive([sighting(card("1", price=Decimal("20"), price_text="¥20"))], desk).changed == 1
    assert rows(engine, "select price from listing_versions order by id") == [(Decimal("10.00"),), (Decimal("20.00"),)]


def test_card_and_detail_of_one_item_in_one_batch_are_one_listing(engine: Engine, tmp_path: Path) -> None:
    detail = captured(listing("1", "手串", description="象牙"))
    for batch in ([sighting(card("1", "手串")), detail], [detail, sighting(card("1", "手串"))]):
        receive(batch, reception(engine, tmp_path))
        assert rows(engine, "select description, detail_read, level from listings") == [("象牙", True, "review")]
    assert one(engine, "select count(*) from captures") == 1


def test_a_hit_without_a_capture_is_owed_one_until_it_comes(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1", "象牙")), sighting(listing("2"))], desk)
    assert one(engine, "select count(*) from captures_due") == 1
    assert one(engine, "select count(*) from captures") == 0
    receive([captured(listing("1", "象牙"))], desk)
    assert one(engine, "select count(*) from captures_due") == 0
    assert one(engine, "select count(*) from captures") == 1
    receive([sighting(listing("1", "象牙改了"))], desk)
    assert one(engine, "select count(*) from captures_due") == 1


def test_poison_is_put_aside_and_the_others_pass(engine: Engine, tmp_path: Path) -> None:
    given = [sighting(listing(str(n), "有毒" if n in (3, 11) else f"木雕{n}")) for n in range(16)]
    desk = reception(engine, tmp_path)
    received = receive(given, desk)
    assert (received.listings, received.quarantined) == (14, 2)
    aside = rows(engine, "select item_id, stage, error, payload from quarantine order by item_id::int")
    assert [row[0] for row in aside] == ["3", "11"]
    assert {row[1] for row in aside} == {"assess"}
    assert "this text is poison" in aside[0][2]
    assert "老王文玩" not in str(aside)
    before = rows(engine, STATE)
    receive(given, desk)
    assert rows(engine, STATE) == before


def test_a_row_that_the_database_refuses_is_poison_too(engine: Engine, tmp_path: Path) -> None:
    given = [sighting(listing("1")), sighting(listing("2"), query_id=987654), sighting(listing("3"))]
    received = receive(given, reception(engine, tmp_path))
    assert (received.listings, received.quarantined) == (2, 1)
    assert rows(engine, "select item_id, stage from quarantine") == [("2", "keep")]


def test_a_broken_schema_is_nobodys_poison(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table assessments rename to elsewhere"))
    with pytest.raises(Exception, match="assessments"):
        receive([sighting(listing("1"))], reception(engine, tmp_path))
    assert one(engine, "select count(*) from quarantine") == 0


def _dismiss(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("update leads set state = '已排除', dismiss_reason = '重复', screened_at = now()"))


def test_a_dismissed_lead_returns_with_a_new_hit_only(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1", "象牙"))], desk)
    _dismiss(engine)
    assert receive([sighting(listing("1", "象牙"))], desk).returned == 0
    assert one(engine, "select state from leads") == LeadState.DISMISSED
    version = one(engine, "select version from leads")
    assert receive([sighting(listing("2", "象牙"))], desk).returned == 1
    assert rows(engine, "select state, dismiss_reason, screened_at, hits from leads") == [("疑似", "", None, 2)]
    assert one(engine, "select version from leads") > version
    told = rows(engine, "select topic, payload ->> 'returned' from outbox order by id")
    assert told == [("lead.new", None), ("lead.more", "出现新的疑似信息")]
    assert "lead.return" in {action for (action,) in rows(engine, "select action from audit")}


def test_a_dismissed_lead_returns_when_its_level_rises(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1", "象牙"))], desk)
    _dismiss(engine)
    assert receive([sighting(listing("1", "象牙虎骨"))], desk).returned == 1
    assert rows(engine, "select state, level, score from leads") == [("疑似", "high", 80)]


def test_a_lead_for_an_item_becomes_its_sellers(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(card("1", "象牙", seller=None))], desk)
    assert one(engine, "select subject_key from leads") == "item:1"
    receive([sighting(listing("1", "象牙"))], desk)
    receive([sighting(listing("2", "象牙"))], desk)
    assert rows(engine, "select subject_key, hits, seller_id is null from leads") == [("s1", 2, False)]


def test_a_new_lexicon_judges_again_and_names_itself(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1", "象牙")), sighting(listing("2", "穿山甲"))], desk)
    wider = replace(desk, matcher=SmallMatcher(words=("象牙", "穿山甲"), lexicon_version="v2"))
    assert receive([sighting(listing("2", "穿山甲"))], wider).hits == 1
    assert rows(engine, "select lexicon_version, hits from leads") == [("v2", 2)]
    assert one(engine, "select count(*) from assessments") == 3


@pytest.mark.parametrize("sellers", [1, 5])
def test_four_threads_with_the_same_listings_neither_deadlock_nor_double(
    engine: Engine, tmp_path: Path, sellers: int
) -> None:
    desk = reception(engine, tmp_path)
    given = [
        captured(listing(str(n), "象牙" if n % 2 else "木雕", seller=seller(f"s{n % sellers}"))) for n in range(30)
    ]
    orders = [given, given[::-1], given[15:] + given[:15], given]
    with ThreadPoolExecutor(4) as pool:
        received = sum(pool.map(lambda batch: receive(batch, desk), orders), Received())
    assert (received.new, received.leads) == (30, one(engine, "select count(*) from leads"))
    assert one(engine, "select count(*) from listings") == 30
    assert one(engine, "select count(*) from lead_hits") == 15
    assert one(engine, "select count(*) from captures") == 15
    assert one(engine, "select count(*) from outbox") == one(engine, "select count(*) from leads")
    assert one(engine, "select count(*) from quarantine") == 0


def test_known_are_those_with_the_same_card_and_nothing_owed(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(listing("1", "象牙")), sighting(listing("2", "象牙")), sighting(card("3"))], desk)
    cards = [("1", "card-1"), ("2", "card-2"), ("3", "card-3"), ("3", "changed"), ("4", "card-4"), ("\x00", "")]
    with leasing(engine, "platform:goods") as lease, engine.connect() as connection:
        assert known(lease, "goods", cards, NIGHT) == {"1", "3"}
        assert known(lease, "elsewhere", cards, NIGHT) == set()
        assert [(one_.item_id, one_.url) for one_ in due(connection, "goods", limit=9)] == [
            ("2", "https://goods.test/item/2")
        ]
    receive([captured(listing("2", "象牙"))], desk)
    with leasing(engine, "platform:goods") as lease:
        assert known(lease, "goods", cards, NIGHT) == {"1", "2", "3"}
