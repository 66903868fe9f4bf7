"""A workbook with the looks of the house: native Chinese fonts, A4 landscape, text that never becomes a formula."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.cells import partial, safe_text
from reports.faults import NotWritten

#: Named, not embedded: every office machine in China has them, and WPS maps them elsewhere.
SONG, HEI, KAI = "宋体", "黑体", "楷体"

_A4 = 9

#: Foreign text is never read as anything but text.
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_INK, _RULE, _HEAD, _TOTAL, _BAND = "#1F2329", "#7F8794", "#DCE6F1", "#F2F2F2", "#595959"


@dataclass(frozen=True, kw_only=True, slots=True)
class Looks:
    """The formats of one workbook."""

    title: Format
    note: Format
    note_right: Format
    head: Format
    unit: Format
    name: Format
    number: Format
    #: A figure that cannot be had here: its zero reads —.
    nowhere: Format
    total_name: Format
    total: Format
    #: Foreign text, quote-prefixed: even when somebody edits the cell it stays text.
    text: Format
    wrapped: Format
    plain: Format
    centre: Format
    moment: Format
    day: Format
    money: Format
    #: 12.3%
    percent: Format
    good: Format
    bad: Format
    sign: Format


class Book:
    """An xlsx file in the making. Only `text` and `wrapped` cells may hold what came from a page."""

    def __init__(self, book: Any) -> None:
        """`book`: an xlsxwriter workbook."""
        self._book = book
        self.looks = _looks(book)

    def sheet(self, name: str) -> Worksheet:
        """A new sheet for A4 landscape, one page wide, with page numbers."""
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.set_footer(f'&C&"{SONG},Regular"&9第 &P 页　共 &N 页')
        sheet.hide_gridlines(2)
        return sheet


@contextmanager
def workbook(path: Path, *, made_at: datetime, title: str, streaming: bool = False) -> Iterator[Book]:
    """A Book that stands at `path` whole, or not at all. Raises NotWritten.

    `streaming`: rows go to disk as they are written, each once and in order; for long lists without merged rows.
    """
    growing = partial(path)
    # xlsxwriter's rows go through this folder: whatever happens, they do not stay behind
    with TemporaryDirectory(prefix="xunwang-") as rows:
        book = xlsxwriter.Workbook(str(growing), _OPTIONS | {"constant_memory": streaming, "tmpdir": rows})
        book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        try:
            yield Book(book)
            book.close()
            growing.replace(path)
        except (OSError, XlsxWriterException) as error:
            raise NotWritten(f"{path.name}：{type(error).__name__}") from error
        finally:
            _let_go(book)
            growing.unlink(missing_ok=True)


def _let_go(book: Any) -> None:
    """Closes the row files of a book that was never closed itself."""
    for sheet in book.worksheets():
        handle = getattr(sheet, "row_data_fh", None)
        if handle is not None:
            handle.close()


def write_text(sheet: Worksheet, row: int, column: int, text: str, look: Format) -> None:
    """A string cell, whatever `text` begins with."""
    sheet.write_string(row, column, safe_text(text), look)


def _looks(book: Any) -> Looks:
    base = {"font_name": SONG, "font_size": 10.5, "font_color": _INK, "valign": "vcenter"}
    ruled = base | {"border": 1, "border_color": _RULE}
    middle = {"align": "center"}
    count = {"num_format": "#,##0", "align": "center"}
    quoted = {"quote_prefix": True, "align": "left"}

    def look(*parts: dict[str, Any]) -> Format:
        merged: dict[str, Any] = {}
        for part in parts:
            merged |= part
        return book.add_format(merged)

    strong = {"font_name": HEI, "bold": False}
    return Looks(
        title=look(base, middle, {"font_name": HEI, "font_size": 18}),
        note=look(base, {"font_size": 10}),
        note_right=look(base, {"font_size": 10, "align": "right"}),
        head=look(ruled, middle, strong, {"bg_color": _HEAD, "text_wrap": True}),
        unit=look(ruled, middle, {"font_size": 9, "font_color": _BAND, "bg_color": _HEAD}),
        name=look(ruled, middle),
        number=look(ruled, count),
        nowhere=look(ruled, count, {"num_format": '#,##0;-#,##0;"—"'}),
        total_name=look(ruled, middle, strong, {"bg_color": _TOTAL}),
        total=look(ruled, count, {"bold": True, "bg_color": _TOTAL}),
        text=look(ruled, quoted),
        wrapped=look(ruled, quoted, {"text_wrap": True}),
        plain=look(ruled, {"text_wrap": True, "align": "left"}),
        centre=look(ruled, middle),
        moment=look(ruled, middle, {"num_format": "yyyy-mm-dd hh:mm"}),
        day=look(ruled, middle, {"num_format": "yyyy-mm-dd"}),
        money=look(ruled, {"num_format": "#,##0.00", "align": "right"}),
        percent=look(ruled, middle, {"num_format": "0.0%"}),
        good=look(ruled, middle, {"font_color": "#1A7F4B"}),
        bad=look(ruled, middle, strong, {"font_color": "#C00000", "bg_color": "#FDE9E7"}),
        sign=look(base, {"font_size": 10.5}),
    )
