"""Under what circumstances something was captured: the clock, the machine, the programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from records.clock import now, shanghai


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockCheck:
    """How this machine's clock stood against the configured time source."""

    #: Name of the time source; empty where none is configured.
    source: str = ""
    #: Source minus this machine, in milliseconds; None where it was not measured.
    offset_ms: int | None = None
    #: Largest offset that counts as reliable, in milliseconds.
    limit_ms: int = 2_000
    #: Aware, UTC.
    checked_at: datetime = field(default_factory=now)
    #: Why it was not measured, in Chinese; empty where it was.
    note: str = "未设置时间源"

    @property
    def reliable(self) -> bool | None:
        """None where nobody can tell."""
        return None if self.offset_ms is None else abs(self.offset_ms) <= self.limit_ms

    def to_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "offset_ms": self.offset_ms,
            "limit_ms": self.limit_ms,
            "checked_at": shanghai(self.checked_at).isoformat(timespec="milliseconds"),
            "reliable": self.reliable,
            "note": self.note,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a capture says about where it was made."""

    clock: ClockCheck = field(default_factory=ClockCheck)
    #: Name → value: machine, system, programs and their versions, resolver, hosts file; what is unknown is not there.
    machine: Mapping[str, str] = field(default_factory=dict)
