"""Page text is hostile and people's data are not ours to keep: what reaches SQL, and what never does."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from keywords import Matcher, builtin
from pipelines import receive
from pipelines.normalise import normalise
from records import Seller
from tests.pipelines.made import SmallMatcher, captured, card, listing, one, reception, rows, seller, sighting

pytestmark = pytest.mark.db

#: Every text of every row of a table.
TEXTS = "select t::text from {} t"
TABLES = (
    *("sellers", "listings", "listing_versions", "assessments", "quarantine", "captures", "captures_due", "leads"),
    *("lead_hits", "outbox", "audit"),
)
HOSTILE = [
    *("象\x00牙", "象牙\ud800", "\udfff\ud800", "象牙\ufffe", "\U0001ffff", "\x01\x1b[31m", "a\u202eb", "‮象牙‬"),
    *("'; drop table listings; --", "' or 1=1 --", "%s %(x)s {x} :x", "$(touch${IFS}marker)", "\\", "\\x00", "=1+1"),
    *(
        "<script>alert(1)</script>",
        "{{7*7}}",
        "Z̷a̷l̷g̷o̷" * 50,
        "👨‍👩‍👧‍👦",
        "象牙" * 500_000,
        "\n\r\t\v\f",
        "NaN",
        '{"a":"\\u0000"}',
    ),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_in_any_field_is_stored(engine: Engine, tmp_path: Path, text: str) -> None:
    everywhere = listing(
        text,
        "象牙" + text,
        description=text,
        price_text=text,
        place=text,
        url=text,
        currency=text,
        pictures=(text,),
        seller=Seller(key=text, name=text, place=text, url=text),
    )
    received = receive([captured(everywhere), sighting(listing("2"))], reception(engine, tmp_path))
    assert (received.listings, received.hits, received.quarantined) == (2, 1, 0)
    assert one(engine, "select count(*) from leads") == 1
    assert receive([captured(everywhere)], reception(engine, tmp_path)).new == 0


def test_replaced_characters_are_marked_and_spans_still_fit(engine: Engine, tmp_path: Path) -> None:
    receive([sighting(listing("1", "真\x00象牙"))], reception(engine, tmp_path))
    assert rows(engine, "select title, sanitised from listings") == [("真\ufffd象牙", True)]
    ((found,),) = rows(engine, "select matches -> 0 from assessments")
    assert "真\ufffd象牙"[found["start"] : found["end"]] == found["surface"] == "象牙"


def test_what_stands_at_the_end_of_an_endless_title_is_found(engine: Engine, tmp_path: Path) -> None:
    received = receive([sighting(listing("1", "木" * 300_000 + "象牙"))], reception(engine, tmp_path))
    assert received.hits == 1
    assert one(engine, "select length(title) from listings") < 600


def test_long_ids_stay_apart(engine: Engine, tmp_path: Path) -> None:
    given_ = [sighting(listing("x" * 20_000 + end)) for end in "ab"]
    assert receive(given_, reception(engine, tmp_path)).new == 2


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-1", "1e400", "1e20", "0.001"])
def test_prices_that_are_none_are_not_stored(engine: Engine, tmp_path: Path, price: str) -> None:
    receive([sighting(listing("1", price=Decimal(price)))], reception(engine, tmp_path))
    assert one(engine, "select price from listings") in (None, Decimal("0.00"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(st.characters(), min_size=1), description=st.text(st.characters()))
def test_whatever_characters_there_are(engine: Engine, tmp_path: Path, title: str, description: str) -> None:
    item = listing(f"{title}{description}", title, description=description)
    received = receive([sighting(item)], reception(engine, tmp_path))
    assert (received.listings, received.quarantined) == (1, 0)
    kept = normalise(sighting(item)).sighting.listing
    stored = rows(engine, "select title, description from listings where item_id = :i", i=kept.item_id)
    assert stored == [(kept.title, kept.description)]


def everything(engine: Engine) -> str:
    """All text of all rows that a batch may write."""
    return "\n".join(str(row[0]) for table in TABLES for row in rows(engine, TEXTS.format(table)))


SECRET = Seller(key="uid-778899", name="张三的小店", place="山东枣庄文化路", url="https://goods.test/u/778899")


def test_a_listing_that_is_no_hit_keeps_nothing_of_its_seller(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    given_ = [
        sighting(listing("1", seller=SECRET)),
        sighting(card("2", seller=SECRET)),
        captured(listing("3", seller=SECRET)),
    ]
    receive(given_, desk)
    receive([sighting(listing("4", "有毒", seller=SECRET))], desk)
    told = everything(engine)
    for trace in ("uid-778899", "778899", "张三", "文化路", "goods.test/1.jpg", "goods.test/3.jpg"):
        assert trace not in told
    assert one(engine, "select count(distinct seller_id) from listings") == 1
    assert list(desk.store.names()) == []


def test_the_hash_needs_the_salt(engine: Engine, tmp_path: Path) -> None:
    receive([sighting(listing("1"))], reception(engine, tmp_path))
    receive([sighting(listing("2"))], reception(engine, tmp_path, seller_salt=b"another"))
    keys = [key for (key,) in rows(engine, "select key from sellers")]
    assert len(set(keys)) == 2
    assert all(key.startswith("hash:") and len(key) == 69 for key in keys)


def test_the_first_hit_gives_the_hashed_seller_his_name(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1")), sighting(listing("2"))], desk)
    receive([sighting(listing("3", "象牙"))], desk)
    receive([sighting(listing("4"))], desk)
    assert rows(engine, "select key, name, place from sellers") == [("s1", "老王文玩", "山东枣庄滕州")]
    assert one(engine, "select count(distinct seller_id) from listings") == 1
    pictures = rows(engine, "select item_id, cardinality(pictures) from listings order by item_id")
    assert pictures == [("1", 0), ("2", 0), ("3", 1), ("4", 0)]


def test_nobody_passes_for_a_hashed_seller(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([sighting(listing("1"))], desk)
    taken = one(engine, "select key from sellers")
    receive([sighting(listing("2", "象牙", seller=seller(taken, "冒名")))], desk)
    assert one(engine, "select count(*) from sellers") == 2
    assert one(engine, "select subject_key from leads") == f"key:{taken}"


def test_the_real_matcher_takes_the_same_path(engine: Engine, tmp_path: Path) -> None:
    desk = replace(reception(engine, tmp_path), matcher=Matcher(builtin()))
    assert desk.matcher != SmallMatcher()
    received = receive([captured(listing("1", "老象牙手串 非洲料")), sighting(listing("2", "象牙白连衣裙"))], desk)
    assert (received.hits, received.leads) == (1, 1)
    assert rows(engine, "select category, lexicon_version from leads") == [("ivory", builtin().version)]
    ((start, end, surface),) = rows(
        engine,
        "select m ->> 'start', m ->> 'end', m ->> 'surface' from assessments, jsonb_array_elements(matches) m"
        " where m ->> 'surface' = '象牙' and listing_id = (select id from listings where item_id = '1') limit 1",
    )
    assert "老象牙手串 非洲料"[int(start) : int(end)] == surface
