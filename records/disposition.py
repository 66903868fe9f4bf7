"""处置: what was done about a lead, by whom it was received, under which number."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from records.verdict import Verdict


class DispositionKind(StrEnum):
    """处置类型 (CONSOLE §5.3)."""

    FILE = "立案"
    NOT_FILED = "不予立案"
    CORRECT = "责令改正"
    POLICE = "移送公安"
    FORESTRY = "移送林草（自然资源）"
    AGRICULTURE = "移送农业农村"
    OTHERS = "移送海关、网信、交通、邮政等"
    DISTRICT = "转办区（市）"
    TAKE_DOWN = "平台下架、删除、屏蔽"
    STOP_SERVICE = "责令停止平台服务"
    CLOSE_SITE = "提请关闭网站"
    TALK = "约谈"
    JOIN = "并入案件"
    SHELVE = "存查"


#: Done to the lead itself, so that nobody receives it.
WITHOUT_RECIPIENT = frozenset(
    {DispositionKind.FILE, DispositionKind.NOT_FILED, DispositionKind.JOIN, DispositionKind.SHELVE}
)
#: Possible while nobody has concluded anything yet.
BEFORE_VERDICT = frozenset({DispositionKind.DISTRICT, DispositionKind.SHELVE})
#: Does not say that the lead is true.
AFTER_ANY_VERDICT = BEFORE_VERDICT | {DispositionKind.NOT_FILED}


def possible_dispositions(verdict: str) -> tuple[DispositionKind, ...]:
    """What can be done about a lead of which `verdict` was concluded; empty: nothing was."""
    if verdict == Verdict.TRUE.value:
        return tuple(DispositionKind)
    return tuple(kind for kind in DispositionKind if kind in (AFTER_ANY_VERDICT if verdict else BEFORE_VERDICT))


@dataclass(frozen=True, kw_only=True, slots=True)
class Disposition:
    """One entry of the list. Append-only: one that was wrong is corrected or voided by another that names it."""

    kind: DispositionKind
    #: Shanghai date on which it was done.
    on: date
    #: Who received it; empty where nobody does.
    recipient: str = ""
    #: 文号 or case number; may be empty.
    reference: str = ""
    #: In the person's words; never empty in a correction, which has to say why.
    note: str = ""
    #: Row id of the entry that this one corrects; None for a new one.
    corrects: int | None = None
    #: True where the corrected entry is void and nothing takes its place.
    voids: bool = False
    #: Row id; 0 while it has not been kept.
    id: int = 0
    #: Full name.
    by: str = ""
    at: datetime | None = None
    #: Row id of the entry that corrects or voids this one; None while it counts.
    corrected_by: int | None = None

    @property
    def counts(self) -> bool:
        """True where it was done, as far as the list says."""
        return self.corrected_by is None and not self.voids

    @property
    def wanting(self) -> str:
        """What it still lacks, as one Chinese sentence; empty where nothing does."""
        if self.corrects is not None and not self.note:
            return "更正或作废须写明原因"
        if self.voids:
            return "" if self.corrects is not None else "只能作废已有的一条"
        if not self.recipient and self.kind not in WITHOUT_RECIPIENT:
            return "请填写收件单位或对象"
        return "并入案件须填写案件编号" if self.kind is DispositionKind.JOIN and not self.reference else ""
