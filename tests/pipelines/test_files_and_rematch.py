"""Whole files come in row by row, and what is stored is judged again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipelines import ImportOrder, import_listings, receive, rematch
from pipelines.bulk_files import ImportRefused
from tests.pipelines.made import (
    STATE,
    SmallMatcher,
    captured,
    card,
    listing,
    one,
    reception,
    rows,
    seller,
    sighting,
)

pytestmark = pytest.mark.db
ORDER = ImportOrder(platform="handed", batch=3)


def test_jsonl_with_bad_lines(engine: Engine, tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, "title": f"象牙{n}", "seller": {"key": "s", "name": "甲"}}) for n in range(8)]
    lines[2:2] = ["{", "[]", '{"id": 5}', '{"id": "x", "title": {"a": 1}}', "", "[" * 100_000]
    file = tmp_path / "handed.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    done = import_listings(file, reception(engine, tmp_path / "e"), ORDER)
    assert (done.rows, done.bad, done.received.hits, done.received.leads) == (13, 5, 8, 1)
    assert done.errors is not None
    told = [line.split("\t") for line in done.errors.read_text(encoding="utf-8").splitlines()]
    assert [int(number) for number, _ in told] == [3, 4, 5, 6, 8]
    assert told[2][1] == "缺少标题"
    assert rows(engine, "select distinct source from listings") == [("转办交办",)]
    assert one(engine, "select count(*) from captures") == 8  # the row itself, as it was handed over
    assert one(engine, "select count(*) from captures_due") == 0
    *before, _ = rows(engine, STATE)[0]
    assert import_listings(file, reception(engine, tmp_path / "e"), ORDER).received.new == 0
    *after, audit = rows(engine, STATE)[0]
    assert after == before
    assert [row["action"] for row in audit if row["action"].startswith("import.")][-1] == "import.end"


@pytest.mark.parametrize(("name", "comma"), [("a.csv", ","), ("a.tsv", "\t")])
def test_tables_with_chinese_headers(engine: Engine, tmp_path: Path, name: str, comma: str) -> None:
    table = [["商品编号", "标题", "价格", "卖家", "所在地"], ["1", '5" 象牙', "1.2万", "甲", "枣庄滕州"]]
    table += [["2", "木雕", "￥1200", "", ""], ["3", "缺列"]]
    if comma == ",":
        table[1][1] = '"5"" 象牙"'
    file = tmp_path / name
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(comma.join(row) for row in table).encode() + b"\r\n\xff\xfe,x\r\n")
    done = import_listings(file, reception(engine, tmp_path / "e"), ORDER)
    assert (done.rows, done.bad) == (4, 2)
    assert rows(engine, "select title, price, price_text from listings order by item_id") == [
        ('5" 象牙', None, "1.2万"),
        ("木雕", 1200, "￥1200"),
    ]
    assert rows(engine, "select subject_key, district from leads") == [("name:甲", "滕州市")]


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", "x"), ("a.csv", "名称,价格\n1,2\n"), ("a.tsv", "")])
def test_files_of_another_kind_are_refused(engine: Engine, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ImportRefused):
        import_listings(tmp_path / name, reception(engine, tmp_path / "e"), ORDER)
    assert one(engine, "select count(*) from listings") == 0


def _wider(engine: Engine, tmp_path: Path) -> tuple[object, object]:
    desk = reception(engine, tmp_path)
    return desk, replace(desk, matcher=SmallMatcher(words=("穿山甲",), lexicon_version="v2"))


def test_rematch_writes_only_what_changed(engine: Engine, tmp_path: Path) -> None:
    desk, wider = _wider(engine, tmp_path)
    given = [
        captured(listing("1", "象牙")),
        sighting(listing("2", "穿山甲片", seller=seller("s2"))),
        sighting(card("3")),
    ]
    receive(given, desk)  # type: ignore[arg-type]
    done = rematch(wider, batch=2)  # type: ignore[arg-type]
    assert (done.listings, done.changed, done.gained, done.lost, done.leads) == (3, 2, 1, 1, 1)
    assert rows(engine, "select item_id, level from listings order by 1") == [
        ("1", "none"),
        ("2", "review"),
        ("3", "none"),
    ]
    assert one(engine, "select count(*) from assessments") == 5
    assert rows(engine, "select reason from captures_due") == [("复判命中，尚未取证",)]
    assert rows(engine, "select lexicon_version, hits, title from leads order by id") == [
        ("v1", 1, "象牙"),
        ("v2", 1, "穿山甲片"),
    ]
    last = "select detail ->> 'lexicon', detail ->> 'changed' from audit where action = 'rematch' order by seq"
    assert rows(engine, last) == [("v2", "2")]
    rematch(wider)  # type: ignore[arg-type]
    assert rows(engine, last)[-1] == ("v2", "0")


def test_a_rematched_hit_is_grouped_by_hash_until_the_seller_is_seen(engine: Engine, tmp_path: Path) -> None:
    desk, wider = _wider(engine, tmp_path)
    receive([sighting(listing("1", "穿山甲")), sighting(listing("2", "穿山甲片"))], desk)  # type: ignore[arg-type]
    rematch(wider)  # type: ignore[arg-type]
    ((subject, hits),) = rows(engine, "select subject_key, hits from leads")
    assert (subject[:5], hits) == ("hash:", 2)
    receive([sighting(listing("3", "活穿山甲"))], wider)  # type: ignore[arg-type]
    assert rows(engine, "select subject_key, hits from leads") == [("s1", 3)]
    assert rows(engine, "select key, name from sellers") == [("s1", "老王文玩")]


def test_a_listing_that_breaks_the_new_matcher_is_put_aside(engine: Engine, tmp_path: Path) -> None:
    desk, wider = _wider(engine, tmp_path)
    receive([sighting(listing("1", "穿山甲")), sighting(listing("2"))], desk)  # type: ignore[arg-type]
    with engine.begin() as connection:
        connection.exec_driver_sql("update listings set title = '有毒' where item_id = '2'")
    done = rematch(wider)  # type: ignore[arg-type]
    assert (done.quarantined, done.gained) == (1, 1)
    assert rows(engine, "select item_id, stage from quarantine") == [("2", "rematch assess")]


def test_a_tip_stays_a_lead_whatever_the_words_say(engine: Engine, tmp_path: Path) -> None:
    desk, wider = _wider(engine, tmp_path)
    receive([sighting(listing("1", "木雕"), brought_by="wang")], desk)  # type: ignore[arg-type]
    assert rematch(wider).lost == 0  # type: ignore[arg-type]
    assert rows(engine, "select level from listings") == [("review",)]
