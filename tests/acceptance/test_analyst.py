"""An analyst's new term in Excel: the next scan finds what the last one did not; a bad file changes nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine

from db.engine import connect
from demo.serve import RunningTown, running
from records import now
from tests.acceptance.houses import Place, crawling, dump, one, place, sql

pytestmark = [pytest.mark.slow, pytest.mark.db, pytest.mark.timeout(600)]

LISTINGS = 40


@pytest.fixture
def raw(database_url: str) -> Iterator[Engine]:
    """Connections for raw SQL, none of the house's own."""
    engine = connect(database_url, application="xunwang acceptance")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=LISTINGS, crawl_delay=0.05) as standing:
        yield standing


def scan(there: Place) -> datetime:
    """Browse one market in the foreground; when it began."""
    begun = now()
    said = there.xunwang("scan", "--platform", "demo_ads", "--json", timeout=280)
    assert said.code == 0, said.err
    [told] = said.rows()
    assert told["status"] == "正常"
    return begun


def form(there: Place, name: str, fill: Callable[[Any], None]) -> Path:
    """A form as `lexicon template` writes it, filled in as an analyst would."""
    path = there.home / name
    assert there.xunwang("lexicon", "template", str(path)).code == 0
    book = openpyxl.load_workbook(path)
    fill(book)
    book.save(path)
    return path


def unknown_word(raw: Engine) -> tuple[str, str]:
    """Item id of a stored listing that is no hit, and the most of its title, which stands in no other.

    Of ordinary goods named beside a new term the score would say that these are what is sold.
    """
    titles = sql(raw, "select item_id, title from listings where level = 'none' order by item_id")
    everything = "\n".join(row[0] for row in sql(raw, "select title from listings"))
    own = [
        (len(found) / len(title), item_id, found)
        for item_id, title in titles
        for found in re.findall("[一-鿿]{4,}", title)
        if everything.count(found) == 1
    ]
    _, item_id, word = max(own)
    return item_id, word


def test_a_new_term_is_used_by_the_next_scan(tmp_path: Path, database_url: str, raw: Engine, town: RunningTown) -> None:
    there = place(tmp_path, database_url, {"crawl": crawling(town, max_terms=0)})
    scan(there)
    builtin = one(raw, "select name from lexicon_versions where live")
    item_id, word = unknown_word(raw)
    lead_of = """select l.lexicon_version, l.category from leads l join lead_hits h on h.lead_id = l.id
        join listings i on i.id = h.listing_id where i.item_id = :item"""
    assert sql(raw, lead_of, item=item_id) == []
    file = form(there, "新词.xlsx", lambda book: book["词条"].append([word, "象牙", "强", "词条", "新暗语"]))
    said = there.xunwang("lexicon", "import", str(file), "--note", "新暗语")
    assert (said.code, "v1" in said.err) == (0, True), said.err
    assert one(raw, "select name from lexicon_versions where live") == "v1"
    explained = there.xunwang("lexicon", "test", word, "--live", "--json")
    assert explained.rows()[0]["lexicon_version"] == "v1"
    begun = scan(there)
    assert sql(raw, lead_of, item=item_id) == [("v1", "ivory")]
    captured = (
        "select c.captured_at, c.id from captures c join listings i on i.id = c.listing_id where i.item_id = :item"
    )
    [(captured_at, capture)] = sql(raw, captured, item=item_id)
    assert captured_at > begun
    files = sql(raw, "select sha256 from capture_files where capture_id = :capture", capture=capture)
    with there.house() as house:
        assert files
        assert all(house.store.check(sha256) for (sha256,) in files)
    assert one(raw, "select count(*) from lexicon_versions where name = :name", name=builtin) == 1


def wrong_sheet(book: Any) -> None:
    book["词条"].append(["糯米料", "象牙", "强", "词条"])
    book["词条"].title = "我的词"


def twice(book: Any) -> None:
    book["词条"].append(["糯米料", "象牙", "强", "词条"])
    book["词条"].append(["糯米料", "犀牛角", "强", "词条"])


def formula(book: Any) -> None:
    book["词条"].append(["糯米料", "象牙", "强", "词条"])
    book["词条"].append(['=CONCATENATE("糯米","料")', "象牙", "强", "词条"])


def one_character(book: Any) -> None:
    book["词条"].append(["糯米料", "象牙", "强", "词条"])
    book["词条"].append(["牙", "象牙", "强", "词条"])


@pytest.mark.parametrize(
    ("fill", "named"),
    [(wrong_sheet, "我的词"), (twice, "词条!A3"), (formula, "词条!A3"), (one_character, "词条!A3")],
    ids=["wrong sheet", "duplicate", "formula", "one character"],
)
def test_a_bad_file_is_refused_with_its_cells_and_changes_nothing(
    tmp_path: Path, database_url: str, raw: Engine, fill: Callable[[Any], None], named: str
) -> None:
    there = place(tmp_path, database_url)
    file = form(there, "坏文件.xlsx", fill)
    assert there.xunwang("lexicon", "versions").code == 0  # furnishes the house
    before = dump(raw)
    said = there.xunwang("lexicon", "import", str(file), "--note", "不应生效")
    assert said.code != 0
    assert named in said.err
    assert "Traceback" not in said.err
    assert dump(raw) == before
    english = there.xunwang("--lang", "en", "lexicon", "import", str(file), "--note", "x")
    assert english.code == said.code
    assert re.search(r"\[E-[A-Z]+-\d{3}\]", english.err)
    assert dump(raw) == before
