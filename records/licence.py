"""证照核验: what a seller says of papers, and what people found out about it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_PLAIN = re.compile(r"[^0-9A-Z\u4e00-\u9fff]")


class LicenceKind(StrEnum):
    """Papers without which the goods may not be offered."""

    LABEL = "专用标识"
    BREEDING = "人工繁育许可证"
    SALE = "出售购买利用批准文件"
    TRADE = "允许进出口证明书"
    QUARANTINE = "检疫证明"
    DRUG = "药品批准文号"
    ORIGIN = "其他合法来源证明"


#: Given to one holder or one piece: the same number at another seller asks for an explanation. A drug's number belongs
#: to the drug, whoever sells it.
OF_ONE_HOLDER = frozenset(LicenceKind) - {LicenceKind.DRUG, LicenceKind.ORIGIN}


class LicenceState(StrEnum):
    """How far it has come (CONSOLE, amendments)."""

    SILENT = "未声称"
    CLAIMED = "声称"
    NUMBERED = "给出编号"
    VERIFIED = "已核验"


class Finding(StrEnum):
    """What asking the issuer came to; with 已核验 alone."""

    HOLDS = "相符"
    FAILS = "不符或查无"


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceClaim:
    """What a text says of one paper. The machine's reading; nobody has looked at it."""

    kind: LicenceKind
    #: As written there; empty where a paper is claimed and no number given.
    number: str
    #: Span in the text as given, of the number or of the claim.
    start: int
    end: int

    @property
    def key(self) -> str:
        """What two writings of one number have in common."""
        return number_key(self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceCheck:
    """What a person wrote down about one paper of a lead. The newest of a kind counts; all are kept."""

    kind: LicenceKind
    state: LicenceState
    #: Never empty with 给出编号.
    number: str = ""
    #: Only with 已核验.
    finding: Finding | None = None
    #: How it was verified; never empty with 已核验.
    note: str = ""
    #: Full name; empty while it has not been kept.
    by: str = ""
    at: datetime | None = None

    @property
    def wanting(self) -> str:
        """What it still lacks, as one Chinese sentence; empty where nothing does."""
        if self.state is LicenceState.NUMBERED and not self.number:
            return "给出编号的，请填写编号"
        if self.state is LicenceState.VERIFIED and (self.finding is None or not self.note):
            return "已核验的，请填写核验结果和核验方式"
        if self.state in (LicenceState.SILENT, LicenceState.CLAIMED) and self.number:
            return "填了编号的，请选“给出编号”或“已核验”"
        if self.state is not LicenceState.VERIFIED and self.finding is not None:
            return "有核验结果的，请选“已核验”"
        return ""

    def says_more_than(self, other: "LicenceCheck | None") -> bool:
        """True where it is to be kept beside `other`, the newest one there was."""
        mine = (self.state, self.number, self.finding, self.note)
        return other is None or mine != (other.state, other.number, other.finding, other.note)


def number_key(number: str) -> str:
    """A number without spaces, brackets and dashes, in capitals: how it is compared."""
    return _PLAIN.sub("", unicodedata.normalize("NFKC", number).upper())
