"""Whole files: every kind is read, what breaks is refused in Chinese, and a killed import goes on where it stood."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet
from sqlalchemy import Engine

from db.engine import connect
from pipelines import ImportOrder, ImportRefused, import_listings, survey
from pipelines.bulk_files import rows_of
from tests.conftest import copied_database
from tests.pipelines.made import SmallMatcher, one, reception, rows

ORDER = ImportOrder(platform="handed", batch=50)
#: What two imports of one file must agree on, without row ids and times.
CONTENT = (
    "select platform, item_id, title, level from listings order by 1, 2",
    "select l.item_id, h.lead_id is not null from lead_hits h join listings l on l.id = h.listing_id order by 1",
    "select platform, subject_key, hits from leads order by 1, 2",
    "select l.item_id, f.sha256 from captures c join capture_files f on f.capture_id = c.id"
    " join listings l on l.id = c.listing_id order by 1, 2",
    "select l.item_id, count(*) from assessments a join listings l on l.id = a.listing_id group by 1 order by 1",
    "select l.item_id, count(*) from listing_versions v join listings l on l.id = v.listing_id group by 1 order by 1",
    "select regexp_replace(key, '[0-9]+', 'n', 'g') from outbox order by 1",  # a kill leaves gaps in the row ids
    "select key, name from sellers order by 1, 2",
)


def wares(count: int) -> Iterator[dict[str, Any]]:
    """Rows of a market: one in 50 suspicious, one in 100 without a title."""
    for n in range(count):
        title = "" if n % 100 == 99 else f"象牙手串 {n}" if n % 50 == 7 else f"木雕手串 {n}"
        yield {"商品编号": str(n), "商品标题": title, "价格": "12", "卖家昵称": f"店{n % 40}"}


def write_parquet(path: Path, count: int) -> Path:
    """The wares as a Parquet file."""
    parquet.write_table(pyarrow.Table.from_pylist(list(wares(count))), path)
    return path


def write_table(path: Path) -> Path:
    """The same three rows as each kind of file."""
    kind, given = path.name.partition(".")[2], list(wares(8))
    if kind == "parquet":
        return write_parquet(path, 8)
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for line in [list(given[0]), *(list(row.values()) for row in given)]:
            book.active.append(line)  # type: ignore[union-attr]
        book.save(path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in given), encoding="utf-8")
    else:
        lines = [",".join(line) for line in [list(given[0]), *(list(row.values()) for row in given)]]
        path.write_bytes("\r\n".join(lines).encode("gb18030" if kind == "gbk.csv" else "utf-8-sig"))
    return path


@pytest.mark.db
@pytest.mark.parametrize("kind", ["csv", "gbk.csv", "jsonl", "xlsx", "parquet"])
def test_every_kind_of_file_makes_the_same_listings(engine: Engine, tmp_path: Path, kind: str) -> None:
    file = write_table(tmp_path / f"a.{kind}")
    done = import_listings(
        file, reception(engine, tmp_path / "e"), replace(ORDER, basis="市监函〔2026〕1号", by="wang")
    )
    assert (done.rows, done.bad, done.received.new, done.received.hits) == (8, 0, 8, 1)
    assert rows(engine, "select title, price from listings where item_id = '7'") == [("象牙手串 7", 12)]
    assert rows(engine, "select actor, detail ->> 'basis' from audit where action = 'import.begin'") == [
        ("wang", "市监函〔2026〕1号")
    ]
    ((method,),) = rows(engine, "select method from captures")
    assert "SHA-256" in method


@pytest.mark.db
def test_a_dry_run_counts_and_stores_nothing(engine: Engine, tmp_path: Path) -> None:
    seen = survey(write_parquet(tmp_path / "a.parquet", 200), SmallMatcher(), ORDER)
    assert (seen.rows, seen.bad, seen.hits) == (200, 2, 4)
    assert seen.columns["title"] == "商品标题"
    assert seen.refused[0] == (100, "缺少标题")
    assert one(engine, "select count(*) from listings") + one(engine, "select count(*) from audit") == 0


@pytest.mark.db
def test_columns_are_told_where_their_names_do_not_tell(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("号,甲\n1,象牙\n", encoding="utf-8")
    with pytest.raises(ImportRefused):
        import_listings(file, reception(engine, tmp_path / "e"), ORDER)
    with pytest.raises(ImportRefused, match="colour"):
        import_listings(file, reception(engine, tmp_path / "e"), replace(ORDER, columns={"colour": "甲"}))
    told = replace(ORDER, columns={"item_id": "号", "title": "甲"})
    assert import_listings(file, reception(engine, tmp_path / "e"), told).received.hits == 1


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/sharedStrings.xml", "w") as out:
        for _ in range(300):
            out.write(b" " * (1 << 20))


@pytest.mark.parametrize(
    ("name", "made", "said"),
    [
        ("a.xlsx", _bomb, "解压后过大"),
        ("a.xlsx", lambda path: path.write_text("x"), "不是可读的 XLSX"),
        ("a.parquet", lambda path: path.write_text("PAR1 no PAR1"), "不是可读的 Parquet"),
        ("a.csv", lambda path: path.write_text(",".join(map(str, range(1_000_000)))), "1000000 列"),
        ("a.csv", lambda path: path.write_text(""), "没有表头"),
        ("a.exe", lambda path: path.write_text("MZ"), "a.exe"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path: Path, name: str, made: Any, said: str) -> None:
    made(tmp_path / name)
    with pytest.raises(ImportRefused) as refused:
        list(rows_of(tmp_path / name))
    assert said in refused.value.message("zh")


@pytest.mark.db
def test_strange_cells_cost_their_own_row_at_most(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    titles = ["木\x00雕", "木\ud800雕", "象牙" + "长" * 1_000_000, ["象牙"], "象牙"]
    file.write_text("\n".join(json.dumps({"id": n, "title": title}) for n, title in enumerate(titles)))
    done = import_listings(file, reception(engine, tmp_path / "e"), ORDER)
    assert (done.rows, done.bad, done.received.new, done.received.quarantined) == (5, 1, 4, 0)
    assert done.errors is not None
    assert done.errors.read_text(encoding="utf-8") == "4\ttitle 应是文字\n"
    book = openpyxl.Workbook()
    for line in (["id", "title"], ["1", "=1+1"], ["x2", "象牙"]):
        book.active.append(line)  # type: ignore[union-attr]
    book.save(tmp_path / "b.xlsx")
    done = import_listings(tmp_path / "b.xlsx", reception(engine, tmp_path / "e"), ORDER)
    assert (done.bad, done.received.new) == (1, 1)
    assert done.errors is not None
    assert "公式" in done.errors.read_text(encoding="utf-8")


_CHILD = """
import sys, time
from pathlib import Path
from sqlalchemy import create_engine
from pipelines import import_listings
from tests.pipelines.made import reception
from tests.pipelines.test_bulk import ORDER
engine = create_engine(sys.argv[1])
def told(rows):
    print(rows, flush=True)
    time.sleep(0.02)
import_listings(Path(sys.argv[2]), reception(engine, Path(sys.argv[3])), ORDER, told)
"""


def _killed(engine: Engine, file: Path, store: Path, *, after: int) -> None:
    """An import in a process of its own, killed when it has told of `after` rows."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _CHILD, url, str(file), str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= after:
                break
        time.sleep(0.03)
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


@pytest.mark.db
@pytest.mark.slow
def test_a_killed_import_goes_on_and_equals_an_undisturbed_one(
    engine: Engine, server_url: str, migrated_template: str, tmp_path: Path
) -> None:
    file = write_parquet(tmp_path / "a.parquet", 2_000)
    for after in (300, 1_100):
        _killed(engine, file, tmp_path / "e", after=after)
    assert 1_089 <= one(engine, "select count(*) from listings") < 1_980
    done = import_listings(file, reception(engine, tmp_path / "e"), ORDER)
    assert done.resumed >= 1_100
    assert (done.rows, done.bad, done.received.new, done.received.hits) == (2_000, 20, 1_980, 40)
    assert done.errors is not None
    assert [int(line.split("\t")[0]) for line in done.errors.read_text("utf-8").splitlines()] == list(
        range(100, 2_001, 100)
    )
    broken_off = [rows(engine, statement) for statement in CONTENT]
    with copied_database(server_url, migrated_template) as url:
        undisturbed = connect(url)
        import_listings(file, reception(undisturbed, tmp_path / "e2"), ORDER)
        assert [rows(undisturbed, statement) for statement in CONTENT] == broken_off
        undisturbed.dispose()
