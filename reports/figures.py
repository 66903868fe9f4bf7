"""统计分析: the figures of some days as a workbook or a table for programs; and how far a share may be trusted."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from pathlib import Path
from typing import Literal

from xlsxwriter.worksheet import Worksheet

from db.figures import Answer, Counted, Figures, Wanted
from db.nights import Night
from records import Labels, Level
from reports.cells import safe_text, stamp, without_formula
from reports.workbook import Book, workbook, write_text

By = Literal["day", "platform", "category", "district"]

#: What each table is called, and what stands in its first column.
TABLES: Mapping[By, tuple[str, str]] = {
    "day": ("按日", "日期"),
    "platform": ("按平台", "平台"),
    "category": ("按类别", "涉嫌类别"),
    "district": ("按区划", "区（市）"),
}
#: Everything that is said under 说明.
MEANINGS = (
    ("疑似信息", "研判达到待看以上的商品信息，一件计一次，计入首次并入线索的那一天；级别以现行词库的研判为准"),
    ("线索", "首次发现的那一天；已并入别的线索的不另计"),
    ("属实、不属实、存疑", "具名核查结论；已排除是初筛结果；未作结论包括疑似、待研判、核查中"),
    ("属实率", "属实 ÷（属实＋不属实＋已排除）；存疑和未作结论的不计。区间是 95% 的威尔逊区间，条数少时很宽"),
    ("监测", "当夜监测的状态。不是“正常”的日子数字偏低，不等于网上没有；没有看到的日子是“—”，不是 0"),
)
_COLUMNS = ("疑似信息", "其中高风险", "其中待看", "线索", *(one.value for one in Answer), "属实率分母")
_SHARE = "属实率"


@dataclass(frozen=True, kw_only=True, slots=True)
class Precision:
    """属实率: of the leads that people have answered, how many were true."""

    true: int
    #: Leads with 属实, 不属实 or 已排除.
    judged: int

    @property
    def share(self) -> float | None:
        """0 to 1; None where nothing was answered."""
        return self.true / self.judged if self.judged else None

    @property
    def bounds(self) -> tuple[float, float]:
        """Between what the share would lie in 95 of 100 such samples (Wilson); 0 and 1 where nothing was answered."""
        if not self.judged:
            return 0.0, 1.0
        n, z = self.judged, 1.96
        share = self.true / n
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


def precision(one: Counted) -> Precision:
    """The precision of what was counted."""
    true = one.leads.get(Answer.TRUE, 0)
    return Precision(true=true, judged=true + one.leads.get(Answer.FALSE, 0) + one.leads.get(Answer.DISMISSED, 0))


def write_figures(
    path: Path, kind: Literal["xlsx", "csv"], by: By, told: Figures, nights: Sequence[Night], wanted: Wanted,
    *, labels: Labels, as_of: datetime,
) -> None:  # fmt: skip
    """Writes the figures: xlsx all four tables and 说明, csv the table `by` alone. Raises NotWritten."""
    if kind == "csv":
        _write_csv(path, by, told, nights, labels)
        return
    with workbook(path, made_at=as_of, title="统计分析") as book:
        for one in TABLES:
            _sheet(book, one, _rows(one, told, nights, labels), told.total)
        _explain(book, wanted, labels, nights, as_of)


def unseen(night: Night, labels: Labels) -> str:
    """What was not seen in a night and why, as one sentence; empty where all was."""
    if night.seen:
        return ""
    if night.status is None:
        return "没有监测"
    told = ["只有手动监测"] if night.by_hand else []
    told += ["金丝雀没有形成线索"] if night.canary_lost else []
    for gap in night.gaps:
        name = labels.platform(gap.platform)
        ends = "、".join(f"{outcome.label} {count} 个检索任务" for outcome, count in gap.outcomes)
        told.append(f"{name} {ends or gap.status.value}")
    return "；".join(told) or night.status.value


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One line of a table."""

    name: str
    counted: Counted
    #: Of a day its status and what was not seen of it.
    more: tuple[str, ...] = ()
    #: True for a day on which nothing could be found: its zeros are none.
    blind: bool = False

    @property
    def numbers(self) -> tuple[int | None, ...]:
        """What stands under _COLUMNS; None where the page has a dash: nobody looked, and nothing came by hand."""
        one = self.counted
        hits = (one.all_hits, one.hits.get(Level.HIGH.value, 0), one.hits.get(Level.REVIEW.value, 0))
        made = (one.all_leads, *(one.leads.get(each, 0) for each in Answer), precision(one).judged)
        halves = ((hits, one.all_hits), (made, one.all_leads))
        return tuple(None if self.blind and not found else number for half, found in halves for number in half)


def _rows(by: By, told: Figures, nights: Sequence[Night], labels: Labels) -> Iterable[_Row]:
    if by == "day":
        for night in nights:
            more = (night.status.value if night.status else "—", unseen(night, labels))
            yield _Row(name=night.on.isoformat(), counted=told.of_day(night.on), more=more, blind=night.blind)
        return
    name = {"platform": labels.platform, "category": labels.category}.get(by, str)
    for value, counted in told.by[by].items():
        yield _Row(name=name(value), counted=counted)


def _heads(by: By) -> tuple[str, ...]:
    return (TABLES[by][1], *_COLUMNS, _SHARE, *(("监测", "未见到的") if by == "day" else ()))


def _write_csv(path: Path, by: By, told: Figures, nights: Sequence[Night], labels: Labels) -> None:
    """With a byte order mark; a name that a program could take for a formula is led by an apostrophe.

    What was not seen is an empty field.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL)
        out.writerow(_heads(by))
        for row in _rows(by, told, nights, labels):
            share = precision(row.counted).share
            shown = "" if share is None else f"{share:.4f}"
            texts = [without_formula(safe_text(text)) for text in (row.name, *row.more)]
            out.writerow([texts[0], *row.numbers, shown, *texts[1:]])


def _sheet(book: Book, by: By, rows: Iterable[_Row], total: Counted) -> None:
    looks, sheet, heads = book.looks, book.sheet(TABLES[by][0]), _heads(by)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for place, head in enumerate(heads):
        sheet.set_column(place, place, 16 if place == 0 else 46 if head == "未见到的" else 10)
        sheet.write_string(0, place, head, looks.head)
    count = 0
    for count, row in enumerate(rows, start=1):
        write_text(sheet, count, 0, row.name, looks.text)
        _figures(book, count, sheet, row)
        for place, text in enumerate(row.more, start=len(_COLUMNS) + 2):
            write_text(sheet, count, place, text, looks.wrapped)
    sheet.write_string(count + 1, 0, "合计", looks.total_name)
    _figures(book, count + 1, sheet, _Row(name="合计", counted=total))


def _figures(book: Book, line: int, sheet: Worksheet, row: _Row) -> None:
    looks = book.looks
    shares = (precision(row.counted).share, looks.percent)
    for place, (number, look) in enumerate((*((one, looks.number) for one in row.numbers), shares), start=1):
        if number is None:
            sheet.write_string(line, place, "—", looks.centre)
        else:
            sheet.write_number(line, place, number, look)


def _explain(book: Book, wanted: Wanted, labels: Labels, nights: Sequence[Night], as_of: datetime) -> None:
    sheet, looks = book.sheet("说明"), book.looks
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 90)
    dark = [f"{night.on}（{unseen(night, labels)}）" for night in nights if not night.seen]
    facts = [
        ("日期", f"{wanted.period.first} 至 {wanted.period.last}"),
        ("数据截止", stamp(as_of)),
        ("平台", labels.platform(wanted.platform) if wanted.platform else "全部"),
        ("类别", labels.category(wanted.category) if wanted.category else "全部"),
        ("区划", {"": "全部", "local": "本市与待定"}.get(wanted.district, wanted.district)),
        ("级别", {"": "全部", Level.HIGH.value: "高风险", Level.REVIEW.value: "待看"}.get(wanted.level, wanted.level)),
        ("状态", wanted.state or "全部"),
        ("没有看全的日子", f"{len(dark)} 天：" + "；".join(dark) if dark else "无"),
        *MEANINGS,
    ]
    for place, (name, text) in enumerate(facts):
        sheet.set_row(place, 18 * (1 + min(len(text), 1_800) // 46))
        sheet.write_string(place, 0, name, looks.name)
        write_text(sheet, place, 1, text, looks.plain)
