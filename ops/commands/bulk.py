"""`xunwang import`: a whole file of listings."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ops.commands.options import AsJson, Demo
from ops.screen import print_json, say, screen
from pipelines import Imported, ImportOrder, ImportRefused, Survey, import_listings, survey
from records import Source

File = Annotated[
    Path,
    typer.Argument(
        help=".csv、.tsv、.jsonl、.xlsx 或 .parquet，至少有商品编号（或链接）和标题；或 .warc、.warc.gz 网页存档。",
        exists=True,
        dir_okay=False,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--map", help="列的对应，如 title=商品标题，可重复；或一个写着这些对应的 .yml 文件。缺省按列名推断。"),
]


def take_file(
    ctx: typer.Context,
    file: File,
    platform: Annotated[
        str, typer.Option(help="没有写明平台的行算哪个平台；网页存档：只要这个平台，auto 则无定义的站点也读。")
    ] = "",
    source: Annotated[Source, typer.Option(help="线索来源。")] = Source.ASSIGNED,
    columns: Columns = None,
    basis: Annotated[str, typer.Option(help="数据来自何处、凭何依据（函号等），写入审计。")] = "",
    by: Annotated[str, typer.Option(help="谁导入的，写入审计。")] = "命令行",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只读、只研判，不保存：行数、列的对应、前几行、疑似数。")
    ] = False,
    as_json: AsJson = False,
    demo: Demo = False,
) -> None:
    """导入平台报送或移送的商品信息文件：逐行研判，有疑点的成为线索；中断后重新运行会接着做，重复导入不会加倍。"""
    house = screen(ctx).house(demo=demo)
    order = ImportOrder(platform=platform, source=source, columns=_mapping(columns or []), basis=basis, by=by)
    begun = time.monotonic()
    with _bar(file.name) as told:
        if dry_run:
            seen = survey(file, house.matcher(), order, told)
        else:
            done = import_listings(file, house.reception(house.matcher()), order, told)
    if dry_run:
        _show_survey(seen, as_json=as_json)
        raise typer.Exit(4 if not seen.rows else 3 if seen.bad else 0)
    _show(done, time.monotonic() - begun, as_json=as_json)
    if not done.rows:
        raise typer.Exit(4)
    raise typer.Exit(3 if done.bad or done.received.quarantined else 0)


def _mapping(given: list[str]) -> dict[str, str]:
    """The columns as told on the command line; later words stand over earlier ones."""
    told: dict[str, str] = {}
    for word in given:
        ours, equals, theirs = word.partition("=")
        told |= {ours.strip(): theirs.strip()} if equals else _mapping_file(Path(word))
    return told


def _mapping_file(path: Path) -> dict[str, str]:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ImportRefused(f"--map {path.name}：读不出") from error
    if not isinstance(read, dict):
        raise ImportRefused(f"--map {path.name}：应是“title: 商品标题”这样的对应")
    return {str(ours): str(theirs) for ours, theirs in read.items()}


def _show_survey(seen: Survey, *, as_json: bool) -> None:
    if as_json:
        print_json(seen)
        return
    say("列的对应：" + ("、".join(f"{ours}←{theirs}" for ours, theirs in seen.columns.items()) or "（无）"))
    for one in seen.first:
        say(f"  {one.platform} {one.item_id}｜{one.title[:60]}｜{one.price_text}｜{one.place}")
    say(f"共 {seen.rows} 行，读不出 {seen.bad} 行，疑似 {seen.hits} 条。未作任何保存。")
    for line, reason in seen.refused:
        say(f"  第 {line} 行：{reason}")


def _show(done: Imported, seconds: float, *, as_json: bool) -> None:
    received, rate = done.received, round((done.rows - done.resumed) / max(seconds, 0.001))
    if as_json:
        told = {"rows": done.rows, "bad": done.bad, "errors": done.errors, "resumed": done.resumed}
        print_json(told | {"rows_per_second": rate} | asdict(received))
        return
    say(
        (f"接着上次的第 {done.resumed} 行往下做。" if done.resumed else "")
        + f"读 {done.rows} 行（{rate} 行/秒），新商品 {received.new}，疑似 {received.hits}，线索 {received.leads}"
        + (f"；{done.bad} 行读不出，见 {done.errors}" if done.bad else "")
    )


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int], None]]:
    """Yields what takes the number of rows done and shows it; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _rows: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} 行"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)
        yield lambda rows: progress.update(task, completed=rows)
