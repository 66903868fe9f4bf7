"""What a statistics paper holds, before it is a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from db.statistics import Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One sheet of figures: as many numbers in every row as there are columns."""

    #: Name of the phase, or 累计.
    name: str
    period: Period
    #: District → its figures, in the order of the sheet.
    rows: Mapping[str, tuple[int, ...]]
    #: 合计, counted by itself and not by adding the rows.
    total: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One rule that the figures must obey."""

    #: Name of the sheet it was applied to.
    sheet: str
    rule: str
    left: int
    right: int
    holds: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """One paper."""

    campaign: str
    document_no: str
    #: 数据截止: this Shanghai date to its end.
    until: date
    path: Path
    made_at: datetime
    #: The phases, then 累计.
    tables: tuple[Table, ...]
    checks: tuple[Check, ...]
    #: 校验码 of all figures.
    seal: str

    @property
    def sound(self) -> bool:
        """True when every check holds."""
        return all(check.holds for check in self.checks)
