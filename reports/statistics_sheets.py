"""The sheets of 统计表.xlsx: how figures look on A4."""

from collections.abc import Iterable
from itertools import groupby

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from db.statistics import Period
from records import CITY
from reports.cells import sheet_name, stamp
from reports.definitions import Column
from reports.tables import Statistics, Table
from reports.workbook import Book, write_text

_HEAD_ROW = 3  # title, two lines of notes, then group, title, unit
_FIRST_ROW = _HEAD_ROW + 3
_SIGNATURES = ("填报单位（盖章）：", "填报人：", "审核人：", "联系电话：", "填报日期：")


def write_table(
    book: Book, paper: Statistics, table: Table, columns: tuple[Column, ...], around: tuple[str, str]
) -> None:
    """One sheet: title, notes, three header rows, the districts, 合计, and lines to sign. `around`: unit, banner."""
    sheet = book.sheet(sheet_name(table.name))
    width = len(columns)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, width, 8.2)
    sheet.freeze_panes(_FIRST_ROW, 1)
    sheet.repeat_rows(_HEAD_ROW, _FIRST_ROW - 1)
    _notes(book, sheet, paper, table, (width, *around))
    _head(book, sheet, columns)
    row = _FIRST_ROW
    for name, figures in table.rows.items():
        looks = [book.looks.number if column.splits or name == CITY else book.looks.nowhere for column in columns]
        _line(sheet, row, (name, book.looks.name), zip(figures, looks, strict=True))
        row += 1
    _line(sheet, row, ("合计", book.looks.total_name), [(figure, book.looks.total) for figure in table.total])
    _signatures(book, sheet, row + 2, around[0])
    sheet.print_area(0, 0, row + 2, width)


def _notes(book: Book, sheet: Worksheet, paper: Statistics, table: Table, around: tuple[int, str, str]) -> None:
    width, unit, banner = around
    name = "累计" if table.name == "累计" else f"“{table.name}”阶段"
    sheet.set_row(0, 34)
    sheet.merge_range(0, 0, 0, width, "", book.looks.title)
    write_text(sheet, 0, 0, f"{banner}{paper.campaign}统计表（{name}）", book.looks.title)
    half = width // 2
    left = f"填报单位：{unit}" if unit else "填报单位："
    right = f"统计期间：{days(table.period)}"
    proof = "数据校验：全部通过" if paper.sound else "数据校验：有未通过项，见“校验与口径”"
    number = f"文号：{paper.document_no}　" if paper.document_no else ""
    until = f"{number}数据截止：{paper.until} 24:00（北京时间）　制表：{stamp(paper.made_at)[:16]}"
    for row, (one, other) in enumerate([(left, right), (until, f"{proof}　校验码：{paper.seal}")], start=1):
        sheet.set_row(row, 18)
        sheet.merge_range(row, 0, row, half, "", book.looks.note)
        write_text(sheet, row, 0, one, book.looks.note)
        sheet.merge_range(row, half + 1, row, width, "", book.looks.note_right)
        write_text(sheet, row, half + 1, other, book.looks.note_right)


def _head(book: Book, sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    sheet.set_row(_HEAD_ROW, 20)
    sheet.set_row(_HEAD_ROW + 1, 44)
    sheet.set_row(_HEAD_ROW + 2, 15)
    sheet.merge_range(_HEAD_ROW, 0, _HEAD_ROW + 2, 0, "区（市）", book.looks.head)
    place = 1
    for group, members in groupby(columns, key=lambda column: column.group):
        count = len(list(members))
        if count == 1:
            sheet.write_string(_HEAD_ROW, place, group, book.looks.head)
        else:
            sheet.merge_range(_HEAD_ROW, place, _HEAD_ROW, place + count - 1, group, book.looks.head)
        place += count
    for place, column in enumerate(columns, start=1):
        sheet.write_string(_HEAD_ROW + 1, place, _two_lines(column.title), book.looks.head)
        sheet.write_string(_HEAD_ROW + 2, place, column.unit, book.looks.unit)


def _two_lines(title: str) -> str:
    """A long title broken where it reads well; left alone, programs break it in the middle of a word."""
    if len(title) <= 5:
        return title
    at = title.find("（") if "（" in title else 4
    return f"{title[:at]}\n{title[at:]}"


def _line(sheet: Worksheet, row: int, name: tuple[str, Format], figures: Iterable[tuple[int, Format]]) -> None:
    sheet.set_row(row, 27)
    write_text(sheet, row, 0, *name)
    for place, (figure, look) in enumerate(figures, start=1):
        sheet.write_number(row, place, figure, look)


def _signatures(book: Book, sheet: Worksheet, row: int, unit: str) -> None:
    """A line to sign and stamp, spread over the width of the table."""
    sheet.set_row(row, 30)
    for place, label in zip((0, 5, 8, 11, 14), _SIGNATURES, strict=True):
        text = label + unit if place == 0 else label
        write_text(sheet, row, place, text, book.looks.sign)


def write_checks(book: Book, paper: Statistics, columns: tuple[Column, ...]) -> None:
    """校验与口径: every rule with both sides, then the definition of every column."""
    sheet = book.sheet("校验与口径")
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    for place, width in enumerate((22, 46, 12, 12, 10)):
        sheet.set_column(place, place, width)
    _row(book, sheet, 0, ("工作表", "校验规则", "计算值", "核对值", "结果"))
    row = 1
    for check in paper.checks:
        write_text(sheet, row, 0, check.sheet, book.looks.name)
        write_text(sheet, row, 1, check.rule, book.looks.plain)
        sheet.write_number(row, 2, check.left, book.looks.number)
        sheet.write_number(row, 3, check.right, book.looks.number)
        sheet.write_string(
            row, 4, "通过" if check.holds else "不通过", book.looks.good if check.holds else book.looks.bad
        )
        row += 1
    row += 1
    _row(book, sheet, row, ("列", "口径", "口径", "口径", "单位"))
    sheet.merge_range(row, 1, row, 3, "口径", book.looks.head)
    for column in columns:
        row += 1
        sheet.set_row(row, 18 * (1 + len(column.meaning) // 40))
        write_text(sheet, row, 0, column.title, book.looks.plain)
        sheet.merge_range(row, 1, row, 3, "", book.looks.plain)
        write_text(sheet, row, 1, column.meaning, book.looks.plain)
        write_text(sheet, row, 4, column.unit, book.looks.centre)
    _remarks(book, sheet, row + 2)


def _remarks(book: Book, sheet: Worksheet, row: int) -> None:
    remarks = (
        "本表所列均为涉嫌信息和线索材料，不是违法事实认定；初筛状态为制表时的状态，线索按首次发现日期归入阶段。",
        "区划按卖家自报地或发货地推定：无法推定的列“待定”，推定在本市以外的列“外地”。",
        "监测平台、监测商品信息无法按区（市）拆分，统一计入市本级。",
    )
    for place, remark in enumerate(remarks):
        sheet.set_row(row + place, 30)
        sheet.merge_range(row + place, 0, row + place, 4, remark, book.looks.plain)


def _row(book: Book, sheet: Worksheet, row: int, titles: tuple[str, ...]) -> None:
    sheet.set_row(row, 22)
    for place, title in enumerate(titles):
        sheet.write_string(row, place, title, book.looks.head)


def days(period: Period) -> str:
    """2026-07-09 至 2026-10-18; open sides are said in words."""
    return f"{period.first or '系统启用'} 至 {period.last or '数据截止'}"
