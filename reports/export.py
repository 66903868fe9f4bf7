"""线索清单.xlsx: leads and their hits as a list that may leave the house, sellers masked."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from xlsxwriter.worksheet import Worksheet

from db import exports
from db.engine import Connection, Engine, transaction
from db.exports import HitRow, LeadFilter, LeadRow
from records import ELSEWHERE, Labels, LeadState, Level, masking
from reports.cells import local, safe_text, stamp, without_formula
from reports.faults import TooMuchForOneSheet
from reports.workbook import Book, Looks, workbook, write_text

#: Rows of a sheet, less the header and some room.
_MOST_ROWS = 1_048_000

_LEVELS = {Level.HIGH: "高", Level.REVIEW: "一般", Level.NONE: "—"}

#: Who would receive a lead whose seller's place says nothing.
NOWHERE = "接收地待定"
_PROVINCE = re.compile(
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州"
    "|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
#: What other places may be asked to take over.
_ELSEWHERE = LeadFilter(states=(LeadState.KEPT.value,), districts=(ELSEWHERE,))

NOTICE = (
    "本清单由系统依据网页公开信息自动研判形成，仅为涉嫌违法的线索材料，"
    "未经两名以上执法人员依法核实、提取，不得作为处罚依据。"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    leads: int
    hits: int
    #: 数据截止: the moment of reading; all rows are of one snapshot.
    as_of: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """One column of a list."""

    title: str
    #: In characters.
    width: int
    #: Name of the Looks that its cells wear.
    look: str
    value: Callable[[Any], str | int | Decimal | datetime | None]
    #: False: on the screen alone, right of what is printed.
    printed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Manner:
    """How a list is made."""

    labels: Labels
    masked: bool

    def seller(self, name: str) -> str:
        """A seller's name as this list may show it."""
        return masking.person(name) if self.masked else name

    def words(self, text: str) -> str:
        """Scraped words as this list may show them."""
        return masking.veiled(text) if self.masked else text


def export_leads(
    engine: Engine,
    path: Path,
    *,
    filters: LeadFilter | None = None,
    masked: bool = True,
    labels: Labels | None = None,
) -> Exported:
    """`write_list` of 线索清单.xlsx in a transaction of its own, all of one snapshot of the database."""
    with transaction(engine) as conn:
        as_of = exports.hold_snapshot(conn)
        return write_list(conn, path, filters=filters, masked=masked, labels=labels, as_of=as_of)


def write_list(
    conn: Connection,
    path: Path,
    kind: Literal["xlsx", "csv", "handover"] = "xlsx",
    *,
    filters: LeadFilter | None = None,
    masked: bool = True,
    labels: Labels | None = None,
    as_of: datetime,
) -> Exported:
    """Writes what the transaction, which should be a snapshot of the moment `as_of`, sees; returns what was written.

    xlsx: 线索清单, 疑似信息明细 and 说明 of the leads that pass `filters`; csv: 线索清单 alone, for programs;
    handover: 外地移交清单, the leads of 外地 that a person kept, whatever `filters` say.
    `masked` False shows sellers in full: the caller has to have the right, and to write it into the audit.
    Raises TooMuchForOneSheet, NotWritten.
    """
    asked = _ELSEWHERE if kind == "handover" else filters or LeadFilter()
    if exports.count_hits(conn, asked) > _MOST_ROWS or exports.count_leads(conn, asked) > _MOST_ROWS:
        raise TooMuchForOneSheet()
    writing = {"xlsx": _write_book, "csv": _write_csv, "handover": _write_handover}[kind]
    return writing(conn, path, asked, _Manner(labels=labels or Labels(), masked=masked), as_of)


def _write_book(conn: Connection, path: Path, filters: LeadFilter, manner: _Manner, as_of: datetime) -> Exported:
    with workbook(path, made_at=as_of, title="线索清单", streaming=True) as book:
        leads = _list(book, "线索清单", _lead_columns(manner), exports.lead_rows(conn, filters))
        hits = _list(book, "疑似信息明细", _hit_columns(manner), exports.hit_rows(conn, filters))
        done = Exported(path=path, leads=leads, hits=hits, as_of=as_of)
        _explain(book, filters, manner, done)
    return done


def _write_csv(conn: Connection, path: Path, filters: LeadFilter, manner: _Manner, as_of: datetime) -> Exported:
    """With a byte order mark; a text that a program could take for a formula is led by an apostrophe."""
    columns, count = _lead_columns(manner), 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL)
        out.writerow([column.title for column in columns])
        for row in exports.lead_rows(conn, filters):
            out.writerow([_plain(column.value(row)) for column in columns])
            count += 1
    return Exported(path=path, leads=count, hits=0, as_of=as_of)


def _write_handover(conn: Connection, path: Path, filters: LeadFilter, manner: _Manner, as_of: datetime) -> Exported:
    """One sheet for each province that would receive them."""
    by_recipient: dict[str, list[LeadRow]] = {}
    for row in exports.lead_rows(conn, filters):
        by_recipient.setdefault(recipient(row.seller_place), []).append(row)
    rows = [row for each in by_recipient.values() for row in each]
    done = Exported(path=path, leads=len(rows), hits=sum(row.hits for row in rows), as_of=as_of)
    with workbook(path, made_at=as_of, title="外地移交清单", streaming=True) as book:
        for name in sorted(by_recipient, key=lambda name: (name == NOWHERE, name)):
            _list(book, name, _lead_columns(manner), by_recipient[name])
        _explain(book, filters, manner, done)
    return done


def recipient(seller_place: str) -> str:
    """The province that a seller's place lies in, as far as it says; NOWHERE where it does not."""
    found = _PROVINCE.match(seller_place.strip())
    return found[0] if found else NOWHERE


def _plain(value: str | int | Decimal | datetime | None) -> str:
    """A value as a field of CSV."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{local(value):%Y-%m-%d %H:%M:%S}"
        case str():
            return without_formula(safe_text(value))
    return str(value)


def _lead_columns(manner: _Manner) -> tuple[_Column, ...]:
    labels = manner.labels
    return (
        _Column(title="线索编号", width=18, look="centre", value=lead_name),
        _Column(title="状态", width=7, look="centre", value=lambda row: row.state),
        _Column(title="平台", width=13, look="wrapped", value=lambda row: labels.platform(row.platform)),
        _Column(title="涉嫌类别", width=9, look="centre", value=lambda row: labels.category(row.category)),
        _Column(title="研判等级", width=7, look="centre", value=lambda row: _LEVELS[Level(row.level)]),
        _Column(title="研判分", width=7, look="number", value=lambda row: row.score),
        _Column(title="涉嫌商品标题（分值最高）", width=38, look="wrapped", value=lambda row: manner.words(row.title)),
        _Column(title="卖家", width=8, look="wrapped", value=lambda row: manner.seller(row.seller_name)),
        _Column(title="卖家自报地", width=9, look="wrapped", value=lambda row: manner.words(row.seller_place)),
        _Column(title="区（市）", width=9, look="centre", value=lambda row: row.district),
        _Column(title="线索来源", width=9, look="centre", value=lambda row: row.source),
        _Column(title="疑似信息（条）", width=8, look="number", value=lambda row: row.hits),
        _Column(title="首次发现（北京时间）", width=16, look="moment", value=lambda row: row.first_seen),
        _Column(title="最近发现日期", width=11, look="day", value=lambda row: row.last_seen),
        _Column(title="初筛日期", width=11, look="day", value=lambda row: row.screened_at),
        _Column(title="初筛人", width=8, look="centre", value=lambda row: row.screened_by),
        _Column(title="排除原因", width=14, look="centre", value=lambda row: row.dismiss_reason),
        _Column(title="词库版本", width=18, look="centre", value=lambda row: row.lexicon_version, printed=False),
    )


def _hit_columns(manner: _Manner) -> tuple[_Column, ...]:
    labels = manner.labels
    return (
        _Column(title="线索编号", width=20, look="centre", value=lambda row: row.lead_number or f"疑似-{row.lead_id}"),
        _Column(title="平台", width=14, look="text", value=lambda row: labels.platform(row.platform)),
        _Column(title="商品编号", width=18, look="text", value=lambda row: row.item_id),
        _Column(title="涉嫌商品标题", width=50, look="wrapped", value=lambda row: manner.words(row.title)),
        _Column(title="命中词", width=18, look="wrapped", value=lambda row: manner.words("、".join(row.words))),
        _Column(title="涉嫌类别", width=12, look="centre", value=lambda row: labels.category(row.category)),
        _Column(title="研判等级", width=9, look="centre", value=lambda row: _LEVELS[Level(row.level)]),
        _Column(title="研判分", width=8, look="number", value=lambda row: row.score),
        _Column(title="标价", width=12, look="money", value=lambda row: row.price),
        _Column(title="所在地", width=12, look="text", value=lambda row: manner.words(row.place)),
        _Column(title="链接", width=44, look="wrapped", value=lambda row: row.url),
        _Column(title="首次采集（北京时间）", width=17, look="moment", value=lambda row: row.first_seen),
        _Column(title="最近采集（北京时间）", width=17, look="moment", value=lambda row: row.last_seen),
    )


def lead_name(row: LeadRow) -> str:
    """Its number, or 疑似-17 for a candidate, which has none."""
    return row.number or f"疑似-{row.id}"


def _list(book: Book, name: str, columns: tuple[_Column, ...], rows: Iterable[LeadRow | HitRow]) -> int:
    """One sheet with a frozen header that repeats on every printed page; returns the number of rows."""
    sheet = book.sheet(name)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.title, book.looks.head)
    count = 0
    for count, row in enumerate(rows, start=1):
        values = [column.value(row) for column in columns]
        sheet.set_row(count, _height(columns, values))
        for place, (column, value) in enumerate(zip(columns, values, strict=True)):
            _cell(sheet, (count, place), value, column.look, book.looks)
    sheet.print_area(0, 0, count, sum(column.printed for column in columns) - 1)
    sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    return count


def _height(columns: tuple[_Column, ...], values: Sequence[object]) -> float:
    """Points that the longest wrapped text needs, five lines at most: programs do not fit rows of a streamed sheet."""
    lines = 1
    for column, value in zip(columns, values, strict=True):
        if column.look == "wrapped" and isinstance(value, str):
            wide = sum(2 if ord(each) > 0x2E80 else 1 for each in value[:400])
            lines = max(lines, -(-wide // (column.width - 2)) + value[:400].count("\n"))
    return 4 + 14.5 * min(lines, 5)


def _cell(
    sheet: Worksheet, at: tuple[int, int], value: str | int | Decimal | datetime | None, look: str, looks: Looks
) -> None:
    worn = getattr(looks, look)
    match value:
        case None:
            sheet.write_blank(*at, None, worn)
        case datetime():
            sheet.write_datetime(*at, local(value), worn)
        case int() | Decimal():
            sheet.write_number(*at, value, worn)
        case str():
            write_text(sheet, *at, value, worn)


def _explain(book: Book, filters: LeadFilter, manner: _Manner, done: Exported) -> None:
    """说明: what was asked, how much there is, of when, and what it is not."""
    sheet = book.sheet("说明")
    sheet.set_portrait()
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 76)
    sheet.write_string(0, 0, "项目", book.looks.head)
    sheet.write_string(0, 1, "内容", book.looks.head)
    for place, (name, value) in enumerate(_facts(filters, manner, done), start=1):
        sheet.set_row(place, 20 * (1 + len(value) // 40))
        sheet.write_string(place, 0, name, book.looks.name)
        write_text(sheet, place, 1, value, book.looks.plain)


def _facts(filters: LeadFilter, manner: _Manner, done: Exported) -> list[tuple[str, str]]:
    labels = manner.labels
    days = f"{filters.first or '最早'} 至 {filters.last or '数据截止'}" if filters.first or filters.last else "不限"
    return [
        ("性质", NOTICE),
        ("数据截止", stamp(done.as_of)),
        ("线索数", f"{done.leads:,} 条"),
        ("疑似信息数", f"{done.hits:,} 条（同一商品归入多条线索时分别列出）"),
        ("首次发现日期", days),
        ("状态", "、".join(filters.states) or "不限"),
        ("平台", "、".join(labels.platform(key) for key in filters.platforms) or "不限"),
        ("类别", "、".join(labels.category(key) for key in filters.categories) or "不限"),
        ("区（市）", "、".join(filters.districts) or "不限"),
        ("排序", "研判分由高到低"),
        (
            "个人信息",
            "卖家名称只留首字（企业除外），电话、微信、QQ、证件、卡号和邮箱隐去中间"
            if manner.masked
            else "未脱敏，仅限办案使用，不得外传",
        ),
        ("区划依据", "按卖家自报地或发货地推定，未经平台核实；无法推定的列“待定”"),
        ("状态含义", "疑似：未初筛；核查中：初筛转核查并编号；待研判、已排除：初筛结果，均不是核查结论"),
        ("文字处理", "标题等为网页原文，控制字符以 _x000B_ 形式、方向控制符以〔U+202E〕形式标出，超长截断"),
    ]
