"""The Excel form in which analysts bring in words: three sheets with drop-downs, and one that explains them."""

from pathlib import Path
from typing import Any

from keywords.files import builtin
from keywords.terms import Lexicon

#: Required columns by sheet, the word itself first. 说明 may follow on every sheet.
COLUMNS: dict[str, tuple[str, ...]] = {
    "词条": ("词条", "类别", "强弱", "类型"),
    "排除语": ("排除语", "方式"),
    "语境词": ("语境词", "语境组"),
}
STRENGTHS = {"强": "strong", "弱": "weak"}
KINDS = {"词条": "term", "暗语": "code", "待核类别": "review"}
WAYS = {"取消命中": "hard", "只扣分": "soft"}
_ROWS = 2000
_GUIDE = (
    ("填写说明", ""),
    ("词条", "要发现的词，如“象牙手串”。中间空一格表示组合词：两部分须靠近出现，如“套子 野猪”。至少两个字。"),
    ("类别", "从下拉列表选择。"),
    ("强弱", "强：单独出现即为疑似；弱：附近须有本类语境（制品、材料、猎捕用语等）才算。"),
    ("类型", "词条：一般词；暗语：按弱词处理；待核类别：只到“待核”，由人判断。可不填。"),
    ("排除语", "含有词条的普通说法，如“象牙白”。取消命中：不再算；只扣分：仍显示，分数降低。"),
    ("语境词", "使分数升降的词，选择所属语境组。"),
    ("注意", "不要改动工作表名称和表头；不要使用公式；与词库重复的词会被退回。有一处错误，整个文件都不导入。"),
)


def write_template(path: Path, *, lexicon: Lexicon | None = None) -> None:
    """Writes an empty .xlsx form to `path`, with the categories and context groups of `lexicon` as drop-downs."""
    # Half a second of import that a spider never needs; so in the other functions here.
    import openpyxl
    from openpyxl.styles import Font

    source = lexicon or builtin()
    book = openpyxl.Workbook()
    guide = book.active
    assert guide is not None
    guide.title = "填写说明"
    for row in _GUIDE:
        guide.append(row)
    guide["A1"].font = Font(bold=True, size=14)
    guide.column_dimensions["A"].width = 12
    guide.column_dimensions["B"].width = 90
    choices = {
        "类别": [category.name for category in source.categories],
        "强弱": list(STRENGTHS),
        "类型": list(KINDS),
        "方式": list(WAYS),
        "语境组": [group.name for group in source.contexts],
    }
    lists = _write_lists(book, choices)
    for name, columns in COLUMNS.items():
        _write_sheet(book, name, columns, lists)
    book.save(path)


def _write_lists(book: Any, choices: dict[str, list[str]]) -> dict[str, str]:
    """Drop-downs refer to columns of the guide: a list written into the rule may hold 255 characters only."""
    from openpyxl.utils import get_column_letter

    guide = book["填写说明"]
    found = {}
    for index, (header, values) in enumerate(choices.items()):
        column = get_column_letter(5 + index)
        guide[f"{column}1"] = f"可选{header}"
        for number, value in enumerate(values, start=2):
            guide[f"{column}{number}"] = value
        found[header] = f"'填写说明'!${column}$2:${column}${len(values) + 1}"
    return found


def _write_sheet(book: Any, name: str, columns: tuple[str, ...], lists: dict[str, str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = book.create_sheet(name)
    headers = (*columns, "说明")
    sheet.append(headers)
    for index, header in enumerate(headers, start=1):
        cell = sheet.cell(row=1, column=index)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E79")
        cell.alignment = Alignment(horizontal="center")
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = 40 if header == "说明" else 22
        if header in lists and index > 1:
            rule = DataValidation(type="list", formula1=lists[header], allow_blank=True, showErrorMessage=True)
            rule.errorTitle, rule.error = "可选项", "请从下拉列表选择。"
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{_ROWS}")
    sheet.freeze_panes = "A2"
