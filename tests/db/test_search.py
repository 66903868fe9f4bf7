"""Search of Chinese text: what is found, what is not, and by which index."""

from itertools import pairwise

import pytest
from sqlalchemy import Engine, literal, select, text

from db.engine import transaction
from db.search import LISTING_TEXT, MOST_WORDS, stands_in, words_of
from db.tables import listings

pytestmark = pytest.mark.db


def found(engine: Engine, given: str, wanted: str) -> bool:
    with transaction(engine) as conn:
        return bool(conn.execute(select(stands_in(literal(given), words_of(wanted)))).scalar_one())


@pytest.mark.parametrize(
    ("given", "wanted", "stands"),
    [
        ("老料手串 象牙 私聊", "象牙", True),
        ("老料手串 象牙 私聊", "手串 象牙", True),
        ("老料手串 象 .牙 私聊", "象牙", True),
        ("老料手串 象\u200b牙", "象牙", True),
        ("象形文字 牙科用品", "象牙", False),
        ("象牙白 牙象", "牙白", True),
        ("ＧＵＣＣＩ 手袋", "gucci", True),
        ("⑧号 ㎏", "kg", True),
        ("虎", "虎", True),
        ("猫", "虎", False),
        ("出🐘🦷", "🐘🦷", True),
        ("100%真", "100%", True),
        ("1000真", "100%", True),  # the sign is no letter; the digits stand there
        ("a_b", "_", False),
        ("象牙手串", "象牙 ， 手串", True),
        ("象牙", "", True),
        ("𠮷野家", "𠮷野", True),
        ("'; drop table listings; --", "'; drop", True),
    ],
)
def test_what_is_found(engine: Engine, given: str, wanted: str, stands: bool) -> None:
    assert found(engine, given, wanted) is stands


@pytest.mark.parametrize("given", ["", "象", "象牙", "aab", "\x01\x01,牙", "𠮷野家🐘🦷", "老料象牙手串" * 300])
def test_pairs_are_all_characters_and_all_neighbours(engine: Engine, given: str) -> None:
    """What the indexes were built from: a piece more or less, and rows that are stored are not found any more."""
    with transaction(engine) as conn:
        pieces = conn.execute(text("select pairs(:given)"), {"given": given}).scalar_one()
    neighbours = {one + following for one, following in pairwise(given)}
    assert set(pieces) == {*given} | neighbours


def test_no_text_has_no_pairs(engine: Engine) -> None:
    with transaction(engine) as conn:
        assert conn.execute(text("select pairs(null)")).scalar_one() == []


def test_words_are_few_and_short() -> None:
    assert words_of(" 象牙\u3000手串\x00 ") == ["象牙", "手串"]
    assert len(words_of("象 " * 50)) == MOST_WORDS
    assert len(words_of("长" * 500)[0]) == 40


def test_listings_are_found_by_index(engine: Engine) -> None:
    """On enough rows the planner takes the index of pairs, and what it finds is what reading everything finds."""
    with transaction(engine) as conn:
        conn.execute(
            text(
                "insert into listings (platform, item_id, url, title, description, fingerprint, first_seen, last_seen)"
                " select 'p', n::text, 'https://m.example/' || n, '木质手串 ' || n || case when n % 500 = 0"
                " then ' 象 牙' else '' end, '八成新 可小刀 ' || md5(n::text), 'f', now(), now()"
                " from generate_series(1, 4000) n"
            )
        )
        conn.execute(text("analyze listings"))
        wanted = select(listings.c.item_id).where(stands_in(LISTING_TEXT, ["象牙", "手串"]))
        compiled = wanted.compile(engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(conn.execute(text(f"explain {compiled}".replace(":", r"\:"))).scalars())
        assert "ix_listings_search" in plan, plan
        assert {int(item) for item in conn.execute(wanted).scalars()} == set(range(500, 4001, 500))
