"""平台摸底台账.xlsx: who runs each platform, as its own pages say."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from db.ledger import Entry
from records import Labels, is_credit_code
from reports.cells import stamp
from reports.workbook import workbook, write_text

_HEADS = (
    *(
        ("平台", 16),
        ("经营者（页面所示）", 30),
        ("统一社会信用代码", 22),
        ("校验位", 10),
        ("ICP 备案", 22),
        ("住所", 34),
    ),
    *(("亮照链接", 34), ("读取页面", 34), ("读取时间（北京时间）", 20), ("页面 SHA-256", 30)),
)
NOTICE = "以上均为平台页面自行公示的内容，未经登记机关核实；空白为页面未见。"


def credit_code_says(code: str) -> str:
    """What the check digit of a 统一社会信用代码 tells; empty where none is shown."""
    return ("相符" if is_credit_code(code) else "不符") if code else ""


def export_ledger(entries: Sequence[Entry], path: Path, *, labels: Labels, made_at: datetime) -> int:
    """Writes the ledger to `path` (xlsx) and returns the number of platforms. Raises NotWritten."""
    with workbook(path, made_at=made_at, title="平台摸底台账", streaming=True) as book:
        sheet = book.sheet("平台摸底台账")
        sheet.freeze_panes(1, 1)
        for place, (head, width) in enumerate(_HEADS):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, head, book.looks.head)
        for line, entry in enumerate(entries, start=1):
            for place, value in enumerate(_cells(entry, labels)):
                write_text(sheet, line, place, value, book.looks.plain)
        sheet.write_string(len(entries) + 1, 0, NOTICE, book.looks.note)
    return len(entries)


def _cells(entry: Entry, labels: Labels) -> tuple[str, ...]:
    said = entry.imprint
    return (
        *(labels.platform(entry.platform), said.operator, said.uscc, credit_code_says(said.uscc), said.icp, said.seat),
        *(said.license_url, said.url, stamp(said.read_at), said.page_sha256),
    )
