"""Rows out of a file, one after another, whatever its size: CSV, TSV, JSONL, XLSX, Parquet."""

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from records import Fault, Listing, Page

_LONGEST_LINE = 8 << 20
#: Columns; a table of goods has a few dozen.
_WIDEST = 1_000
#: Bytes that a workbook may unpack to, in all and in its table of texts, which is read whole.
_UNPACKED, _TEXTS = 2 << 30, 256 << 20
#: Bytes of a table that tell its encoding.
_SAMPLE = 1 << 20


class ImportRefused(Fault):
    """这个文件不能导入，未作任何保存。

    This file cannot be imported; nothing was stored.
    """

    code = "E-IMPORT-001"
    remedy = (
        "请提供 .jsonl、.csv、.tsv、.xlsx 或 .parquet 文件，至少要有商品编号（或链接）和标题两列，"
        "认不出的列名用 --map title=商品标题 指明；或 .warc、.warc.gz 网页存档。",
        "Give a .jsonl, .csv, .tsv, .xlsx or .parquet file with at least an id (or url) and a title, naming columns "
        "that are not recognised with --map title=COLUMN; or a .warc or .warc.gz web archive.",
    )
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row as it stands in the file."""

    #: Line or row number in the file, from 1 (header included, where there is one); the last of several lines.
    line: int
    #: By the names of the header; None where the line could not be read at all.
    cells: dict[str, Any] | None
    #: Why, where it could not.
    problem: str = ""
    #: The listing itself and the page that showed it, where the file holds pages and not cells.
    listing: Listing | None = None
    page: Page | None = None


def rows_of(path: Path) -> Iterator[Row]:
    """Every row of the file. Raises ImportRefused, at the first row, for what is no file of rows."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ImportRefused(path.name)
    try:
        yield from reader(path)
    except OSError as error:
        raise ImportRefused(f"{path.name}：{error.strerror or type(error).__name__}") from error


def _text(path: Path) -> TextIO:
    # a byte that fits no encoding spoils its own row alone
    return path.open(encoding=encoding_of(path), errors="surrogateescape", newline="")


def encoding_of(path: Path) -> str:
    """The encoding of a text file: UTF-16 by its mark, else GB18030 where the beginning is that and is not UTF-8."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    return "gb18030" if not _reads(whole, "utf-8") and _reads(whole, "gb18030") else "utf-8-sig"


def _reads(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _json_lines(path: Path) -> Iterator[Row]:
    with _text(path) as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            if not line.endswith("\n") and len(line) == _LONGEST_LINE:
                yield Row(line=number, cells=None, problem="这一行过长")
                while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith("\n"):
                    pass
            elif line.strip():
                yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(line=number, cells=None, problem=f"不是 JSON（{type(error).__name__}）")
    if not isinstance(cells, dict):
        return Row(line=number, cells=None, problem="不是一个 JSON 对象")
    return Row(line=number, cells=cells)


def _commas(path: Path) -> Iterator[Row]:
    with _text(path) as file:
        yield from _table(csv.reader(file))


def _tabs(path: Path) -> Iterator[Row]:
    with _text(path) as file:
        # a TSV has no quoting of its own: an inch mark in a title must not swallow the rows behind it
        yield from _table(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _table(reader: Any) -> Iterator[Row]:
    try:
        header = _header(next(reader, []))
    except csv.Error as error:
        raise ImportRefused(f"表头读不出（{error}）") from error
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line=reader.line_num, cells=None, problem=f"读不出，或有超过 13 万字节的单元格（{error}）")
            continue
        if any(value.strip() for value in values):
            right = len(values) == len(header)
            problem = "" if right else f"有 {len(values)} 列，表头有 {len(header)} 列"
            yield Row(line=reader.line_num, cells=dict(zip(header, values, strict=False)), problem=problem)


def _header(given: list[str]) -> list[str]:
    header = [str(name).strip() for name in given]
    while header and not header[-1]:  # spreadsheets pad
        header.pop()
    if len(header) > _WIDEST:
        raise ImportRefused(f"有 {len(header)} 列，最多 {_WIDEST} 列")
    if not any(header):
        raise ImportRefused("没有表头")
    return header


def _workbook(path: Path) -> Iterator[Row]:
    """The first sheet. Formulas are not computed: a row that holds one is refused."""
    from openpyxl import load_workbook  # a quarter of a second that no other command needs
    from openpyxl.utils.exceptions import InvalidFileException

    _refuse_bomb(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False)
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(max_col=_WIDEST + 1)
        header = [str(cell.value or "") for cell in next(lines, ())]
    except (InvalidFileException, KeyError, ValueError, IndexError, SyntaxError, zipfile.BadZipFile) as error:
        raise ImportRefused(f"{path.name}：不是可读的 XLSX（{type(error).__name__}）") from error
    header = _header(header)
    for number, cells in enumerate(lines, start=2):
        if any(cell.value is not None for cell in cells):
            yield _workbook_row(number, header, cells)


def _workbook_row(number: int, header: list[str], cells: Any) -> Row:
    held = {name: _plain(cell.value) for name, cell in zip(header, cells, strict=False) if name}
    formulas = [name for name, cell in zip(header, cells, strict=False) if cell.data_type == "f"]
    problem = f"{'、'.join(formulas)[:100]} 是公式，请先另存为数值" if formulas else ""
    return Row(line=number, cells=held, problem=problem)


def _plain(value: Any) -> Any:
    # a long id that a spreadsheet took for a number
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = {one.filename: one.file_size for one in packed.infolist()}
    except zipfile.BadZipFile as error:
        raise ImportRefused(f"{path.name}：不是可读的 XLSX") from error
    if sum(sizes.values()) > _UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > _TEXTS:
        raise ImportRefused(f"{path.name}：解压后过大，请另存为 CSV 再导入")


def _parquet(path: Path) -> Iterator[Row]:
    from pyarrow import ArrowException  # 50 MB that no other file needs
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            if len(file.schema_arrow.names) > _WIDEST:
                raise ImportRefused(f"有 {len(file.schema_arrow.names)} 列，最多 {_WIDEST} 列")
            number = 0
            for batch in file.iter_batches(batch_size=1_000):
                for cells in batch.to_pylist():
                    number += 1
                    yield Row(line=number, cells=cells)
    except (ArrowException, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path.name}：不是可读的 Parquet（{type(error).__name__}）") from error


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _commas,
    ".tsv": _tabs,
    ".xlsx": _workbook,
    ".parquet": _parquet,
}
