"""The sheet of a package as a Word file (python-docx)."""

import re
import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from evidence.record_sheet import Sheet, Table

_TITLE_FONT, _HEAD_FONT, _BODY_FONT, _CODE_FONT = "方正小标宋简体", "黑体", "仿宋_GB2312", "Courier New"
_LATIN: Final = "Times New Roman"
#: GB/T 9704: from the edge of A4 to the text: top, bottom, left, right.
_MARGINS: Final = (37, 35, 28, 26)
_WIDTH: Final = 156
#: Points from line to line: of the text, in a cell, and of digests in a cell.
_LINE, _CELL_LINE, _CODE_LINE = 28, 17, 12
_UNSTORABLE: Final = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Widths in mm of name and value; of path, bytes and digest; of time, person and what was done.
_WIDTHS: Final = {"facts": (30, 126), "list": (74, 20, 62), "steps": (38, 26, 92)}


def as_word(sheet: Sheet, *, at: datetime) -> bytes:
    """The file's bytes. `at`: when it is said to have been made."""
    document = Document()
    _set_page(document)
    _set_properties(document, sheet, at)
    _line(document, sheet.title, font=_TITLE_FONT, size=22, centred=True)
    _line(document, f"编号：{sheet.number}", font=_BODY_FONT, size=14, centred=True)
    if sheet.demo:
        _line(document, "演示数据，不得使用", font=_HEAD_FONT, size=14, centred=True, colour=RGBColor(0xBB, 0, 0))
    _line(document, sheet.notice, font=_BODY_FONT, size=14, indent=28)
    for heading, table in zip(sheet.headings, sheet.tables, strict=True):
        _line(document, heading, font=_HEAD_FONT, size=14, keep=True)
        _table(document, table, keep=table is sheet.tables[-1])
    _line(document, "", font=_BODY_FONT, size=14, keep=True)
    for blank in sheet.blanks:  # never on a page of their own: nobody signs below nothing
        _line(document, blank, font=_BODY_FONT, size=14, keep=blank is not sheet.blanks[-1])
    _foot(document, sheet.number)
    out = BytesIO()
    document.save(out)
    return _timeless(out)


def _timeless(saved: BytesIO) -> bytes:
    """The same file without the hour at which it was zipped: equal sheets are equal bytes."""
    out = BytesIO()
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as still:
        for part in parts.infolist():
            still.writestr(zipfile.ZipInfo(part.filename), parts.read(part), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = (Mm(one) for one in _MARGINS)
    document.styles["Normal"].font.name = _LATIN


def _set_properties(document: Any, sheet: Sheet, at: datetime) -> None:
    told = document.core_properties
    told.title, told.subject, told.author = sheet.title, sheet.number, "巡网 Xunwang"
    told.comments, told.language = "", "zh-CN"
    told.created = told.modified = at.replace(tzinfo=None)


def _line(
    document: Any,
    text: str,
    *,
    font: str,
    size: int,
    centred: bool = False,
    indent: int = 0,
    keep: bool = False,
    colour: RGBColor | None = None,
) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else None
    shape = paragraph.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(_LINE)
    shape.space_before = shape.space_after = Pt(0)
    shape.first_line_indent, shape.keep_with_next = Pt(indent), keep
    _run(paragraph, text, font=font, size=size).font.color.rgb = colour


def _run(paragraph: Any, text: str, *, font: str, size: float) -> Any:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = _LATIN if font != _CODE_FONT else font, Pt(size)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font if font != _CODE_FONT else _BODY_FONT)
    return run


def _table(document: Any, table: Table, *, keep: bool) -> None:
    """`keep`: all of it stays on the page of what follows."""
    widths = _WIDTHS[table.kind]
    made = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Mm(width)
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    if table.columns:
        _row(made, table.columns, widths, fonts=(_HEAD_FONT,) * 3)
        _mark(made.rows[0], "w:tblHeader")  # on every page that the table runs over
    last = _CODE_FONT if table.kind == "list" else _BODY_FONT
    for row in table.rows:
        _row(made, row, widths, fonts=(_BODY_FONT, _BODY_FONT, last))
    for row in made.rows if keep else ():
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _row(made: Any, values: tuple[str, ...], widths: tuple[int, ...], *, fonts: tuple[str, ...]) -> None:
    row = made.add_row()
    _mark(row, "w:cantSplit")
    for cell, value, width, font in zip(row.cells, values, widths, fonts, strict=False):
        cell.width = Mm(width)
        paragraph = cell.paragraphs[0]
        shape = paragraph.paragraph_format
        shape.space_after, shape.line_spacing_rule = Pt(0), WD_LINE_SPACING.EXACTLY
        shape.line_spacing = Pt(_CODE_LINE if font == _CODE_FONT else _CELL_LINE)
        _run(paragraph, _storable(value), font=font, size=8 if font == _CODE_FONT else 10.5)


def _mark(row: Any, name: str) -> None:
    mark = OxmlElement(name)
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _foot(document: Any, number: str) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, f"{number}　第 ", font=_BODY_FONT, size=10.5)
    _field(paragraph, "PAGE")
    _run(paragraph, " 页，共 ", font=_BODY_FONT, size=10.5)
    _field(paragraph, "NUMPAGES")
    _run(paragraph, " 页", font=_BODY_FONT, size=10.5)


def _field(paragraph: Any, name: str) -> None:
    run = _run(paragraph, "", font=_BODY_FONT, size=10.5)
    for kind in ("begin", "end"):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        run._element.append(mark)
        if kind == "begin":
            code = OxmlElement("w:instrText")
            code.text = name
            run._element.append(code)


def _storable(text: str) -> str:
    """Without what XML cannot hold (control characters, halves of surrogate pairs), each shown as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)
