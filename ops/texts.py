"""Rows of text from a file that nobody has checked: TSV with a header, or a JSON object a line. Streamed.

A row that cannot be read is told with its line number and left out; all others pass.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from records import Fault, Listing

#: Bytes of one line: a listing is never longer, and a file without line breaks must not fill the memory.
LONGEST_LINE = 8 << 20
#: Rows left out that are told one by one.
_TOLD = 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

Encoding = Literal["auto", "utf-8", "gb18030"]


class InputUnreadable(Fault):
    """输入文件的内容无法读取。

    The content of the input cannot be read.
    """

    code = "E-OPS-021"
    remedy = (
        "需要带表头（至少 title 一列）的 UTF-8 TSV，或每行一个 JSON 对象（至少有 title）。",
        "It takes UTF-8 TSV with a header (at least `title`), or one JSON object a line (at least `title`).",
    )
    exit_code = 2


class InputMissing(Fault):
    """输入文件打不开。

    The input file cannot be opened.
    """

    code = "E-OPS-022"
    remedy = ("请检查路径与读取权限。", "Check the path and whether you may read it.")
    exit_code = 2


class RowsLeftOut(Fault):
    """有的行读不出，已跳过；其余各行已处理完毕。

    Some rows could not be read and were left out; all others are done.
    """

    code = "E-OPS-023"
    remedy = (
        "请按上面的行号改正；若整份文件是 GBK 编码，可加 --encoding gb18030。",
        "Mend the lines named above; if the whole file is GBK, add --encoding gb18030.",
    )
    exit_code = 3


@dataclass(kw_only=True, slots=True)
class Source:
    """An input on its way through a command, and what was left out of it."""

    #: As the caller named it.
    name: str
    stream: IO[bytes]
    encoding: Encoding = "auto"
    #: Takes words for the person at the screen.
    tell: Callable[[str], None] = field(default=lambda _words: None)
    #: Rows read, and rows left out.
    rows: int = 0
    bad: int = 0

    def refuse(self, line: int, reason: str) -> None:
        """Leave one row out and say why."""
        self.bad += 1
        if self.bad <= _TOLD:
            self.tell(f"第 {line} 行：{reason}")

    def where(self, line: int) -> str:
        """The place for a message about the whole input."""
        return f"{'标准输入' if self.name == '-' else self.name} 第 {line} 行"

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line number from 1 and text of every line that can be read and is not blank; the others are refused."""
        decoder, number = _Decoder(self), 0
        while line := self.stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                self._skip_the_rest()
                self.refuse(number, f"长于 {LONGEST_LINE >> 20} MB，不是一条商品信息")
                continue
            text = decoder.text(number, line)
            if text is not None and text.strip():
                yield number, text.rstrip("\r\n")

    def _skip_the_rest(self) -> None:
        while (rest := self.stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass

    def finish(self) -> None:
        """Raises InputUnreadable where every row was refused, RowsLeftOut where some were."""
        if self.bad and not self.rows:
            raise InputUnreadable(f"{self.bad} 行都读不出")
        if self.bad:
            raise RowsLeftOut(f"读出 {self.rows} 行，跳过 {self.bad} 行")


class _Decoder:
    """Bytes to text, one line at a time. On `auto` the first line that is not ASCII decides."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._chosen = "" if source.encoding == "auto" else source.encoding

    def text(self, number: int, line: bytes) -> str | None:
        if number == 1 and line.startswith(_UTF16):
            told = "这是 UTF-16（Excel 的“Unicode 文本”），请另存为 UTF-8"
            raise InputUnreadable(f"{self._source.where(1)}：{told}")
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            line, self._chosen = line[3:], "utf-8"
        if not self._chosen and not line.isascii():
            self._chosen = "gb18030" if _is_gb18030(line) else "utf-8"
            if self._chosen == "gb18030":
                self._source.tell(f"从第 {number} 行起按 GB18030（GBK）读取：它不是 UTF-8。可用 --encoding 指定。")
        encoding = self._chosen or "utf-8"
        try:
            return line.decode(encoding)
        except UnicodeDecodeError as bad:
            name = "UTF-8" if encoding == "utf-8" else "GB18030"
            self._source.refuse(number, f"不是 {name}（第 {bad.start + 1} 个字节起读不出）")
            return None


def _is_gb18030(line: bytes) -> bool:
    """True when a line that is not ASCII is far from UTF-8 and sound as GB18030."""
    as_utf8 = line.decode("utf-8", "replace")
    lost = as_utf8.count("\ufffd")
    if lost <= sum(char > "\x7f" for char in as_utf8) - lost:
        return False  # UTF-8 with a broken character: read as GB18030 it would be nonsense
    try:
        text = line.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return any("一" <= char <= "鿿" for char in text)


@contextmanager
def opened(file: str, *, encoding: Encoding, tell: Callable[[str], None]) -> Iterator[Source]:
    """The source that `file` names; `-` is standard input. Raises InputMissing."""
    if file == "-":
        yield Source(name="-", stream=sys.stdin.buffer, encoding=encoding, tell=tell)
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below, and only opening is guarded
        stream.peek(1)  # a folder opens on some systems and fails here
    except OSError as bad:
        told = "是文件夹" if isinstance(bad, IsADirectoryError) else "没有这个文件" if _missing(bad) else "无权读取"
        raise InputMissing(f"{told}：{file}") from None
    except ValueError:  # a NUL in the path
        raise InputMissing(f"不是路径：{file!r}") from None
    with stream:
        yield Source(name=file, stream=stream, encoding=encoding, tell=tell)


def _missing(bad: OSError) -> bool:
    return isinstance(bad, FileNotFoundError | NotADirectoryError)


def read_rows(source: Source) -> Iterator[dict[str, Any]]:
    """One dict a row, with `title` and `id` (the row's number where it has none), the first line deciding the form.

    Raises InputUnreadable where the first line is neither a header with `title` nor JSON.
    """
    header: list[str] | None = None
    is_json = False
    for line, text in source.lines():
        if header is None and not is_json:
            is_json = text.lstrip().startswith("{")
            if not is_json:
                header = _header(text, source.where(line))
                continue
        number = source.rows + source.bad + 1
        row = _json_row(source, line, text) if header is None else _table_row(source, line, text, header)
        if row is not None:
            source.rows += 1
            yield {"id": str(number)} | row


def listing_of(row: dict[str, Any]) -> Listing:
    """The row as the matcher takes it; its texts exactly as given, so that offsets fit."""
    title, description = (str(row.get(name) or "") for name in ("title", "description"))
    return Listing(platform="text", item_id=str(row["id"]), url="", title=title, description=description)


def _header(text: str, where: str) -> list[str]:
    header = text.split("\t")
    if "title" not in header:
        raise InputUnreadable(f"{where}：表头没有 title 一列，只有 {'、'.join(header)[:200]}")
    return header


def _table_row(source: Source, line: int, text: str, header: list[str]) -> dict[str, Any] | None:
    cells = text.split("\t")
    if len(cells) > len(header):
        source.refuse(line, f"有 {len(cells)} 列，表头只有 {len(header)} 列：文本里可能有制表符")
        return None
    row = dict(zip(header, cells, strict=False))
    if "title" not in row:
        source.refuse(line, f"只有 {len(cells)} 列，没有 title")
        return None
    return row


def _json_row(source: Source, line: int, text: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as bad:
        source.refuse(line, f"不是完整的 JSON（第 {bad.colno} 个字符处）")
        return None
    except (ValueError, RecursionError):  # a number of a million digits, brackets without end
        source.refuse(line, "不是可用的 JSON（数字过长或嵌套过深）")
        return None
    if not isinstance(row, dict):
        source.refuse(line, "不是 JSON 对象")
        return None
    if "title" not in row:
        source.refuse(line, "没有 title")
        return None
    for name in ("title", "description"):
        if not isinstance(row.get(name), str | int | float | None):
            source.refuse(line, f"{name} 不是文本")
            return None
    return row
