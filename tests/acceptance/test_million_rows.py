"""A million rows of Parquet: killed twice on the way, nothing lost or doubled, the memory as flat as at the start."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow
import pytest
from pyarrow import parquet
from sqlalchemy import Engine

from tests.pipelines.made import one, rows

ROWS = int(os.environ.get("IMPORT_ROWS", "1000000"))
#: Bytes that a process may grow by after its first 50,000 rows.
_GROWTH = 200 << 20
_CHILD = """
import sys
from pathlib import Path
from keywords import Matcher, builtin
from db.engine import connect
from dataclasses import replace
from pipelines import ImportOrder, import_listings
from tests.pipelines.made import reception
desk = replace(reception(connect(sys.argv[1]), Path(sys.argv[3])), matcher=Matcher(builtin()))
import_listings(Path(sys.argv[2]), desk, ImportOrder(platform="handed"), lambda rows: print(rows, flush=True))
"""


def _write(path: Path, count: int) -> None:
    """One row in 50 is suspicious, one in 1,000 has no title."""
    draw = random.Random(20261124)
    wares, colours = ("手机壳", "木雕手串", "陶瓷茶杯", "儿童绘本", "运动鞋", "台灯", "雨伞", "连衣裙"), "红黄蓝白黑绿"
    schema = pyarrow.schema(
        [(name, pyarrow.string()) for name in ("商品编号", "商品标题", "价格", "卖家昵称", "所在地")]
    )
    with parquet.ParquetWriter(path, schema) as out:
        for start in range(0, count, 10_000):
            numbers = range(start, min(start + 10_000, count))
            titles = [
                "" if n % 1_000 == 999
                else f"出象牙手串 老料 编号{n}" if n % 50 == 7
                else f"{draw.choice(colours)}色{draw.choice(wares)} 包邮 {n}"
                for n in numbers
            ]  # fmt: skip
            columns = [[str(n) for n in numbers], titles, [str(n % 900) for n in numbers]]
            columns += [[f"店{n % 5_000}" for n in numbers], ["山东枣庄"] * len(numbers)]
            out.write_table(pyarrow.table([pyarrow.array(one_column) for one_column in columns], schema=schema))


def _attempt(engine: Engine, file: Path, store: Path, *, until: int | None) -> tuple[float, int]:
    """Rows a second and growth in bytes of one attempt, killed when it has told of `until` rows."""
    command = [sys.executable, "-c", _CHILD, engine.url.render_as_string(hide_password=False), str(file), str(store)]
    told: list[tuple[int, float, int]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        watched = psutil.Process(child.pid)
        for line in child.stdout:
            told.append((int(line), time.monotonic(), watched.memory_info().rss))
            if until is not None and told[-1][0] >= until:
                os.kill(child.pid, signal.SIGKILL)
                break
    assert child.returncode == (0 if until is None else -signal.SIGKILL)
    first, last = told[0], told[-1]
    settled = next((rss for number, _, rss in told if number >= first[0] + 50_000), last[2])
    return (last[0] - first[0]) / max(last[1] - first[1], 0.001), max(rss for *_, rss in told) - settled


@pytest.mark.db
@pytest.mark.drill
@pytest.mark.timeout(3600)
def test_a_million_rows(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "handed.parquet"
    _write(file, ROWS)
    for until in (ROWS // 5, ROWS // 2, None):
        rate, growth = _attempt(engine, file, tmp_path / "e", until=until)
        print(f"{rate:.0f} rows/s, grew by {growth >> 20} MiB")
        assert growth < _GROWTH
    bad = ROWS // 1_000
    assert rows(engine, "select count(*), count(distinct item_id) from listings") == [(ROWS - bad, ROWS - bad)]
    assert one(engine, "select count(*) from listings where level <> 'none'") == ROWS // 50
    for doubled in ("lead_hits", "captures", "assessments"):
        twice = f"select listing_id from {doubled} join listings l on l.id = listing_id where l.level <> 'none'"
        assert rows(engine, f"select count(*), count(distinct listing_id) from ({twice}) t") == [(ROWS // 50,) * 2]
    refused = (tmp_path / "handed.parquet.errors.tsv").read_text("utf-8").splitlines()
    assert [int(line.split("\t")[0]) for line in refused] == list(range(1_000, ROWS + 1, 1_000))
