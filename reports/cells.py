"""What goes into a cell: hostile text as text that stays text, times of China."""

import re
from datetime import datetime
from pathlib import Path

from records import shanghai

#: Excel counts UTF-16 units, not characters.
LONGEST_CELL = 32_767
_CUT_MARK = "…（已截断）"

_NOT_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")


def safe_text(text: str) -> str:
    """`text` for a string cell: controls and direction marks visible (`_x000B_`, 〔U+202E〕), at most 32,767 units.

    XML cannot carry all controls, and a title that turns the reading direction can make one word look like another.
    """
    seen = _NOT_XML.sub("\ufffd", text)
    seen = _BIDI.sub(lambda found: f"〔U+{ord(found.group()):04X}〕", seen)
    seen = _CONTROL.sub(lambda found: f"_x{ord(found.group()):04X}_", seen)
    units = seen.encode("utf-16-le")
    if len(units) // 2 <= LONGEST_CELL:
        return seen
    room = (LONGEST_CELL - len(_CUT_MARK)) * 2
    return units[:room].decode("utf-16-le", "ignore") + _CUT_MARK


def without_formula(text: str) -> str:
    """`text` led by an apostrophe where a program that opens CSV could take it for a formula, full-width signs too."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def local(moment: datetime) -> datetime:
    """The time in China without a zone, as sheets want it; the header of the column says 北京时间."""
    return shanghai(moment).replace(tzinfo=None, microsecond=0)


def stamp(moment: datetime) -> str:
    """2026-11-23 08:00:00 +08:00."""
    return f"{shanghai(moment):%Y-%m-%d %H:%M:%S} +08:00"


def sheet_name(name: str) -> str:
    """`name` as the name of a sheet: at most 31 characters, none of []:*?/\\ and no quote at the ends."""
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip(" '")[:31] or "阶段"


def partial(path: Path) -> Path:
    """Where a file grows before it takes its name, so that nobody ever opens half of one."""
    return path.with_name(f".{path.name}.tmp")
