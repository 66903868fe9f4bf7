"""What an analyst brings in a file: terms, exclusions and context words, in Excel or YAML. All of it or nothing."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from keywords.files import builtin, default_variants
from keywords.folding import folding
from keywords.template import COLUMNS, KINDS, STRENGTHS, WAYS, write_template
from keywords.terms import Additions, Exclusion, Lexicon, Term
from records import Fault

__all__ = ["Additions", "LexiconFileRefused", "Refusal", "read_additions", "write_template"]

#: A workbook of 5,000 terms is 200 KB; what is larger is not a lexicon.
_MAX_FILE = 5 << 20
_MAX_UNPACKED = 50 << 20
_MAX_PARTS = 300
_MAX_ROWS = 5000
_MAX_LENGTH = 40
_MAX_TOLD = 30
_GUIDE = "填写说明"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One reason to refuse a file."""

    #: `词条!B7`, or the sheet or file as a whole.
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}：{self.reason}"


class LexiconFileRefused(Fault):
    """词库补充文件有问题，没有导入任何内容。

    The file of additions was refused; nothing was imported.
    """

    code: ClassVar[str] = "E-KEYWORDS-002"
    remedy: ClassVar[tuple[str, str]] = (
        "按上列单元格改正后重新导入。",
        "Correct the cells named above and import the file again.",
    )

    def __init__(self, refusals: list[Refusal]) -> None:
        told = [str(item) for item in refusals[:_MAX_TOLD]]
        if len(refusals) > _MAX_TOLD:
            told.append(f"……另有 {len(refusals) - _MAX_TOLD} 处")
        super().__init__("\n".join(told))
        self.refusals = tuple(refusals)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One filled row: the cells by header, and the address of each."""

    sheet: str
    cells: Mapping[str, str]
    places: Mapping[str, str]

    def place(self, header: str) -> str:
        return self.places.get(header, self.sheet)


def read_additions(path: Path, *, against: Lexicon | None = None) -> Additions:
    """The additions of an .xlsx or .yml file, checked against a lexicon (the built-in one unless told).

    Raises LexiconFileRefused with every fault and its cell; a file with one fault adds nothing.
    """
    lexicon = against or builtin()
    refusals: list[Refusal] = []
    rows = _rows(path, refusals)
    additions = _Reader(lexicon, refusals).read(rows)
    if not refusals and not (additions.terms or additions.exclusions or additions.contexts):
        refusals.append(Refusal(place=path.name, reason="没有填写任何内容"))
    if refusals:
        raise LexiconFileRefused(refusals)
    return additions


def _rows(path: Path, refusals: list[Refusal]) -> list[_Row]:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise LexiconFileRefused([Refusal(place=path.name, reason="文件不存在或无法读取")]) from error
    if size > _MAX_FILE:
        raise LexiconFileRefused([Refusal(place=path.name, reason=f"文件超过 {_MAX_FILE >> 20} MB")])
    if path.suffix.lower() == ".xlsx":
        return list(_excel_rows(path, refusals))
    if path.suffix.lower() in (".yml", ".yaml"):
        return list(_yaml_rows(path, refusals))
    raise LexiconFileRefused([Refusal(place=path.name, reason="只接受 .xlsx 或 .yml 文件")])


def _excel_rows(path: Path, refusals: list[Refusal]) -> Iterator[_Row]:
    _check_archive(path)
    # Half a second of import that a spider never needs.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise LexiconFileRefused([Refusal(place=path.name, reason="不是有效的 Excel 文件")]) from error
    try:
        for name in book.sheetnames:
            if name == _GUIDE:
                continue
            if name not in COLUMNS:
                refusals.append(Refusal(place=name, reason=f"不认识的工作表；只能有 {'、'.join(COLUMNS)}"))
                continue
            yield from _sheet_rows(book[name], name, refusals)
    finally:
        book.close()


def _check_archive(path: Path) -> None:
    """Refuses zip bombs and entity bombs before anything is parsed."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise LexiconFileRefused([Refusal(place=path.name, reason="解压后过大，拒绝读取")])
            for part in parts:
                with archive.open(part) as body:
                    # read() is bounded by the size that the header claims, which was just counted.
                    if b"<!DOCTYPE" in body.read(_MAX_UNPACKED):
                        raise LexiconFileRefused([Refusal(place=path.name, reason="含有 XML 实体定义，拒绝读取")])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise LexiconFileRefused([Refusal(place=path.name, reason="不是有效的 Excel 文件")]) from error


def _sheet_rows(sheet: Any, name: str, refusals: list[Refusal]) -> Iterator[_Row]:
    headers: dict[int, str] = {}
    for number, cells in enumerate(sheet.iter_rows(max_col=20), start=1):
        if number > _MAX_ROWS:
            refusals.append(Refusal(place=name, reason=f"超过 {_MAX_ROWS} 行"))
            return
        if number == 1:
            headers = {index: str(cell.value).strip() for index, cell in enumerate(cells) if cell.value is not None}
            missing = [column for column in COLUMNS[name] if column not in headers.values()]
            if missing:
                refusals.append(Refusal(place=f"{name}!A1", reason=f"缺少表头 {'、'.join(missing)}"))
                return
            continue
        row = _excel_row(cells, headers, name, refusals)
        if row is not None:
            yield row


def _excel_row(cells: Any, headers: dict[int, str], name: str, refusals: list[Refusal]) -> _Row | None:
    values: dict[str, str] = {}
    places: dict[str, str] = {}
    for index, cell in enumerate(cells):
        if index not in headers:
            continue
        header = headers[index]
        if cell.value is None:
            continue
        place = f"{name}!{cell.coordinate}"
        places[header] = place
        if cell.data_type == "f" or str(cell.value).startswith("="):
            # The rest of the row is not read: it would only be told as missing.
            refusals.append(Refusal(place=place, reason="单元格是公式，请改为文字"))
            return None
        values[header] = str(cell.value).strip()
    if not any(values.values()) and not places:
        return None
    line = next(iter(places.values()), f"{name}!A1").rstrip("0123456789")
    number = next(iter(places.values()), "").removeprefix(line)
    for index, header in headers.items():
        places.setdefault(header, f"{name}!{_column(index)}{number}")
    return _Row(sheet=name, cells=values, places=places)


def _column(index: int) -> str:
    # At most 20 columns are read.
    return chr(ord("A") + index)


def _yaml_rows(path: Path, refusals: list[Refusal]) -> Iterator[_Row]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise LexiconFileRefused([Refusal(place=path.name, reason=f"不是有效的 YAML 文件：{error}")]) from error
    if not isinstance(data, dict):
        raise LexiconFileRefused([Refusal(place=path.name, reason=f"顶层应为 {'、'.join(COLUMNS)}")])
    for name, rows in data.items():
        if name not in COLUMNS:
            refusals.append(Refusal(place=str(name), reason=f"不认识的部分；只能有 {'、'.join(COLUMNS)}"))
        elif not isinstance(rows, list) or len(rows) > _MAX_ROWS:
            refusals.append(Refusal(place=name, reason=f"应为不超过 {_MAX_ROWS} 项的列表"))
        else:
            for number, row in enumerate(rows, start=1):
                yield from _yaml_row(name, number, row, refusals)


def _yaml_row(name: str, number: int, row: Any, refusals: list[Refusal]) -> Iterator[_Row]:
    known = (*COLUMNS[name], "说明")
    if isinstance(row, str):
        row = {COLUMNS[name][0]: row}
    if not isinstance(row, dict) or not all(isinstance(value, str | int | float) for value in row.values()):
        refusals.append(Refusal(place=f"{name}[{number}]", reason="每项应为“列名: 文字”"))
        return
    unknown = [str(key) for key in row if key not in known]
    if unknown:
        refusals.append(Refusal(place=f"{name}[{number}]", reason=f"不认识的列 {'、'.join(unknown)}"))
        return
    cells = {key: str(value).strip() for key, value in row.items()}
    yield _Row(sheet=name, cells=cells, places={key: f"{name}[{number}].{key}" for key in known})


class _Reader:
    """Checks rows one after the other and remembers what it has seen."""

    def __init__(self, lexicon: Lexicon, refusals: list[Refusal]) -> None:
        self._lexicon = lexicon
        self._refusals = refusals
        self._tables = folding()
        self._categories = {item.key: item.key for item in lexicon.categories}
        self._categories |= {item.name: item.key for item in lexicon.categories}
        self._groups = {item.name: item.key for item in lexicon.contexts}
        self._groups |= {item.key: item.key for item in lexicon.contexts}
        self._seen: dict[tuple[str, str], str] = {}
        for term in lexicon.terms:
            self._seen.setdefault(("词条", self._key(term.text)), "")
        for exclusion in lexicon.exclusions:
            self._seen.setdefault(("排除语", self._key(exclusion.text)), "")
        for group in lexicon.contexts:
            for word in group.words:
                self._seen.setdefault(("语境词", f"{group.key}/{self._key(word)}"), "")

    def read(self, rows: list[_Row]) -> Additions:
        """What the rows add; faults go to the list of refusals."""
        terms = [self._term(row) for row in rows if row.sheet == "词条"]
        exclusions = [self._exclusion(row) for row in rows if row.sheet == "排除语"]
        contexts = [self._context(row) for row in rows if row.sheet == "语境词"]
        return Additions(
            terms=tuple(item for item in terms if item is not None),
            exclusions=tuple(item for item in exclusions if item is not None),
            contexts=tuple(item for item in contexts if item is not None),
        )

    def _key(self, text: str) -> str:
        return " ".join(sorted(self._tables.skeleton(part) for part in text.split()))

    def _refuse(self, row: _Row, header: str, reason: str) -> None:
        self._refusals.append(Refusal(place=row.place(header), reason=reason))

    def _word(self, row: _Row) -> str | None:
        header = COLUMNS[row.sheet][0]
        text = row.cells.get(header, "")
        fault = self._fault(text)
        if fault:
            self._refuse(row, header, fault)
        return None if fault else text

    def _fault(self, text: str) -> str:
        if not text:
            return "没有填写"
        if len(text) > _MAX_LENGTH:
            return f"超过 {_MAX_LENGTH} 个字"
        if any(not char.isprintable() or self._tables.is_unseen(char) for char in text):
            return "含有控制字符或看不见的字符"
        parts = [self._tables.skeleton(part) for part in text.split()]
        if not all(parts):
            return "只有标点或符号"
        return "只有一个字，误报太多" if len("".join(parts)) < 2 else ""

    def _fresh(self, row: _Row, key: str) -> bool:
        header = COLUMNS[row.sheet][0]
        place = self._seen.get((row.sheet, key))
        if place is None:
            self._seen[row.sheet, key] = row.place(header)
            return True
        self._refuse(row, header, f"与 {place} 重复" if place else "词库中已有")
        return False

    def _choice(self, row: _Row, header: str, choices: Mapping[str, str]) -> str | None:
        value = row.cells.get(header, "")
        if value in choices:
            return choices[value]
        self._refuse(row, header, f"“{value}”不在可选项之内" if value else "没有填写")
        return None

    def _term(self, row: _Row) -> Term | None:
        text = self._word(row)
        category = self._choice(row, "类别", self._categories)
        strength = self._choice(row, "强弱", STRENGTHS)
        kind = self._choice(row, "类型", KINDS) if row.cells.get("类型") else "term"
        fresh = text is not None and self._fresh(row, self._key(text))
        if text is None or category is None or strength is None or kind is None or not fresh:
            return None
        checked: dict[str, Any] = {"strength": strength, "kind": kind}
        return Term(text=text, category=category, variants=default_variants(**checked), **checked)

    def _exclusion(self, row: _Row) -> Exclusion | None:
        text = self._word(row)
        way = self._choice(row, "方式", WAYS)
        fresh = text is not None and self._fresh(row, self._key(text))
        if text is None or way is None or not fresh:
            return None
        checked: dict[str, Any] = {"kind": way}
        return Exclusion(text=text, why=row.cells.get("说明", "")[:_MAX_LENGTH], **checked)

    def _context(self, row: _Row) -> tuple[str, str] | None:
        text = self._word(row)
        group = self._choice(row, "语境组", self._groups)
        if text is None or group is None or not self._fresh(row, f"{group}/{self._key(text)}"):
            return None
        return group, text
