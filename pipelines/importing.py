"""Listings handed over as a file (平台数据报送, an archive, an export): JSONL, CSV or TSV, read as a stream."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from pipelines.receive import receive
from pipelines.reception import Received, Reception
from records import Fault, Listing, Page, Seller, Sighting, Source

_LONGEST_LINE = 8 << 20
#: Other names under which a column may come.
_NAMES = {
    "item_id": ("item_id", "id", "商品ID", "商品id", "商品编号"),
    "platform": ("platform", "平台"),
    "url": ("url", "link", "链接", "商品链接", "网址"),
    "title": ("title", "标题", "商品标题", "商品名称"),
    "description": ("description", "desc", "描述", "商品描述", "详情"),
    "price": ("price", "价格", "商品价格"),
    "seller_key": ("seller_key", "seller_id", "卖家ID", "卖家id", "店铺ID"),
    "seller_name": ("seller_name", "seller", "卖家", "卖家昵称", "店铺名称"),
    "seller_place": ("seller_place", "卖家所在地"),
    "seller_url": ("seller_url", "店铺链接"),
    "place": ("place", "location", "所在地", "商品所在地", "发货地"),
    "pictures": ("pictures", "images", "图片"),
    "published_at": ("published_at", "发布时间"),
}


class ImportRefused(Fault):
    """这个文件不能导入，未作任何保存。

    This file cannot be imported; nothing was stored.
    """

    code = "E-IMPORT-001"
    remedy = (
        "请提供 UTF-8 编码的 .jsonl、.csv 或 .tsv 文件；表头至少要有 id（商品编号）和 title（标题）。",
        "Give a .jsonl, .csv or .tsv file in UTF-8 whose header has at least id and title.",
    )
    exit_code = 2


class BadLine(ValueError):
    """One line that holds no listing; says why, in Chinese."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOrder:
    """How to read a file."""

    #: Platform of rows that name none.
    platform: str = ""
    source: Source = Source.ASSIGNED
    #: Rows a transaction.
    batch: int = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What became of a file."""

    received: Received
    #: Rows read, without the header.
    rows: int
    #: Rows that hold no listing.
    bad: int
    #: Where these stand with line number and reason; None where there are none.
    errors: Path | None


def import_listings(
    path: Path, reception: Reception, order: ImportOrder, told: Callable[[int], None] = lambda _rows: None
) -> Imported:
    """Takes every row of the file through `receive`, a batch a transaction; running it again doubles nothing.

    Bad rows go into `<name>.errors.tsv` beside the file (line number, reason); the others pass. `told` gets the
    number of rows done so far. Raises ImportRefused for a file that is none of the three kinds.
    """
    errors = path.with_name(path.name + ".errors.tsv")
    errors.unlink(missing_ok=True)
    read, bad, received = 0, 0, Received()
    with _opened(path) as file:
        rows = _rows(file, path)
        while chunk := list(islice(rows, order.batch)):
            good, refused = _sorted(chunk, path, reception.now(), order)
            received += receive(good, reception)
            read, bad = read + len(chunk), bad + len(refused)
            _list_errors(errors, refused)
            told(read)
    return Imported(received=received, rows=read, bad=bad, errors=errors if bad else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One row as it stands in the file."""

    #: Line number in the file, from 1; of a row over several lines the last one.
    line: int
    #: By the names of the header; None where the line could not be read at all.
    cells: dict[str, Any] | None
    #: Why, where it could not.
    problem: str = ""


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".csv", ".tsv"):
        raise ImportRefused(path.name)
    try:
        # a byte that is no UTF-8 spoils its own row alone
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise ImportRefused(f"{path.name}：{error.strerror}") from error


def _rows(file: TextIO, path: Path) -> Iterator[_Row]:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return _json_rows(file)
    return _table_rows(file, path)


def _json_rows(file: TextIO) -> Iterator[_Row]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if not line.endswith("\n") and len(line) == _LONGEST_LINE:
            yield _Row(line=number, cells=None, problem="这一行过长")
            while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            continue
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> _Row:
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _Row(line=number, cells=None, problem=f"不是 JSON（{type(error).__name__}）")
    if not isinstance(cells, dict):
        return _Row(line=number, cells=None, problem="不是一个 JSON 对象")
    return _Row(line=number, cells=cells)


def _table_rows(file: TextIO, path: Path) -> Iterator[_Row]:
    tabs = path.suffix.lower() == ".tsv"
    # a TSV has no quoting of its own: an inch mark in a title must not swallow the rows behind it
    reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if tabs else csv.reader(file)
    header = next(reader, [])
    if not ({"title"} <= _known(header) and {"item_id", "url"} & _known(header)):
        raise ImportRefused(f"{path.name}：表头是 {'、'.join(header)[:300]}")
    return _cells(reader, [name.strip() for name in header])


def _cells(reader: Any, header: list[str]) -> Iterator[_Row]:
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Row(line=reader.line_num, cells=None, problem=f"读不了（{error}）")
            continue
        if any(value.strip() for value in values):
            right = len(values) == len(header)
            problem = "" if right else f"有 {len(values)} 列，表头有 {len(header)} 列"
            yield _Row(line=reader.line_num, cells=dict(zip(header, values, strict=False)), problem=problem)


def _known(header: list[str]) -> set[str]:
    return {ours for ours, theirs in _NAMES.items() for name in header if name.strip() in theirs}


def _sorted(
    chunk: list[_Row], path: Path, at: datetime, order: ImportOrder
) -> tuple[list[Sighting], list[tuple[int, str]]]:
    good: list[Sighting] = []
    bad: list[tuple[int, str]] = []
    for row in chunk:
        try:
            good.append(_sighting(row, path, at, order))
        except BadLine as reason:
            bad.append((row.line, str(reason)))
    return good, bad


def _sighting(row: _Row, path: Path, at: datetime, order: ImportOrder) -> Sighting:
    if row.problem or row.cells is None:
        raise BadLine(row.problem)
    listing = _listing(row.cells, order)
    body = json.dumps(row.cells, ensure_ascii=True, default=str).encode()
    page = Page(
        url=listing.url,
        final_url=listing.url,
        status=200,
        body=body,
        media_type="application/json",
        fetched_at=at,
        fetched_by="file",
    )
    return Sighting(listing=listing, page=page, source=order.source, note=f"{path.name} 第 {row.line} 行")


def _listing(cells: dict[str, Any], order: ImportOrder) -> Listing:
    platform = _text(cells, "platform") or order.platform
    item_id = _text(cells, "item_id") or _text(cells, "url")
    title = _text(cells, "title")
    missing = [name for name, value in (("平台", platform), ("商品编号", item_id), ("标题", title)) if not value]
    if missing:
        raise BadLine(f"缺少{'、'.join(missing)}")
    description = _text(cells, "description")
    return Listing(
        platform=platform,
        item_id=item_id,
        url=_text(cells, "url"),
        title=title,
        description=description,
        price=_price(_text(cells, "price")),
        price_text=_text(cells, "price"),
        seller=_seller(cells),
        place=_text(cells, "place"),
        pictures=_pictures(cells),
        published_at=_moment(_text(cells, "published_at")),
        detail_read=bool(description),
    )


def _value(cells: dict[str, Any], name: str) -> Any:
    return next((cells[theirs] for theirs in _NAMES[name] if cells.get(theirs) not in (None, "")), "")


def _text(cells: dict[str, Any], name: str) -> str:
    value = _value(cells, name)
    if isinstance(value, dict | list | bool):
        raise BadLine(f"{name} 应是文字")
    return str(value).strip()


def _seller(cells: dict[str, Any]) -> Seller | None:
    nested = cells.get("seller")
    if isinstance(nested, dict):  # as `xunwang extract` prints it
        told = {name: str(nested.get(name) or "") for name in ("key", "name", "place", "url")}
        return Seller(**told) if told["key"] else None
    name = _text(cells, "seller_name")
    key = _text(cells, "seller_key") or (f"name:{name}" if name else "")
    if not key:
        return None
    return Seller(key=key, name=name, place=_text(cells, "seller_place"), url=_text(cells, "seller_url"))


def _pictures(cells: dict[str, Any]) -> tuple[str, ...]:
    value = _value(cells, "pictures")
    if isinstance(value, list):
        return tuple(str(one) for one in value if isinstance(one, str))
    return tuple(one for one in re.split(r"[\s|;]+", str(value)) if one)


def _price(told: str) -> Decimal | None:
    """A plain number; whatever else stands there is kept as text."""
    try:
        return Decimal(told.removeprefix("¥").removeprefix("￥").removesuffix("元").replace(",", "").strip())
    except InvalidOperation:
        return None


def _moment(told: str) -> datetime | None:
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        return None


def _list_errors(errors: Path, refused: list[tuple[int, str]]) -> None:
    if refused:
        with errors.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\t{reason}\n" for line, reason in refused)
