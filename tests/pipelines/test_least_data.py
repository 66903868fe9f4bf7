"""A listing that is no hit keeps neither its seller's name nor its pictures (DESIGN §10): read out of every table."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pipelines import receive
from pipelines.rematch import rematch
from records import Seller
from tests.pipelines.made import SmallMatcher, card, listing, reception, sighting

pytestmark = pytest.mark.db

NAME, KEY, PICTURE = "无关卖家丁某", "key-of-nobody", "https://goods.test/nobody.jpg"
NOBODY = Seller(key=KEY, name=NAME, place="山东枣庄峄城", url=f"https://goods.test/shop/{KEY}")


def stands_in(engine: Engine, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Table and word of every row of the whole database that holds one of the words."""
    with engine.connect() as conn:
        tables = conn.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars().all()
        return [
            (table, word)
            for table in tables
            for word in words
            if conn.execute(
                text(f'select 1 from "{table}" t where t::text like :w limit 1'), {"w": f"%{word}%"}
            ).first()
        ]


def test_nothing_of_an_unsuspected_seller_stands_anywhere(engine: Engine, tmp_path: Path) -> None:
    """New, seen again as a card, with another text, poisoned, judged again: no table and no file ever has the name."""
    at = reception(engine, tmp_path)
    facts = {"seller": NOBODY, "pictures": (PICTURE,)}
    receive([sighting(listing("1", "木雕手串", **facts)), sighting(listing("2", "毒 木雕", **facts))], at)
    receive([sighting(card("1", "木雕手串", **facts)), sighting(listing("3", "黄杨木梳", **facts))], at)
    receive([sighting(listing("1", "木雕手串 降价", **facts))], at)
    rematch(reception(engine, tmp_path, matcher=SmallMatcher(lexicon_version="v2")))
    assert stands_in(engine, (NAME, KEY, PICTURE)) == []
    with engine.connect() as conn:
        assert conn.execute(text("select count(*) from listings")).scalar_one() == 2
        keys = conn.execute(text("select key, name, place, url from sellers")).all()
        assert [(key[:5], *rest) for key, *rest in keys] == [("hash:", "", "", "")]
        assert conn.execute(text("select count(*) from listings where cardinality(pictures) > 0")).scalar_one() == 0
        assert conn.execute(text("select count(*) from quarantine")).scalar_one() == 1
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if NAME.encode() in path.read_bytes()]


def test_the_reader_sees_a_name_that_is_kept(engine: Engine, tmp_path: Path) -> None:
    receive([sighting(listing("1", "象牙手串", seller=NOBODY, pictures=(PICTURE,)))], reception(engine, tmp_path))
    assert {table for table, _ in stands_in(engine, (NAME, KEY, PICTURE))} >= {"sellers", "listings"}
