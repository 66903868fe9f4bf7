"""线索: the unit of review."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Screening(StrEnum):
    """初筛: seconds on the queue. Not a verdict."""

    KEEP = "转核查"
    DISMISS = "排除"
    LATER = "待研判"


class DismissReason(StrEnum):
    """Why a lead was screened out (CONSOLE §5.3); one number key each."""

    IMITATION = "仿制品或材质不符"
    MISREAD = "词义误报"
    LICENSED = "合法用途或证照齐全"
    TOY = "玩具图书影视游戏"
    NEWS = "求购科普新闻"
    GONE = "商品失效无法核实"
    REPEAT = "重复"
    OTHER = "其他"


class LeadState(StrEnum):
    """Where a lead stands between the machine and the officers."""

    CANDIDATE = "疑似"  # machine-made, nobody has screened it
    KEPT = "核查中"  # screened in: it has its number
    DISMISSED = "已排除"
    LATER = "待研判"
    MERGED = "已并入"  # part of another lead now: a person put them together


# Special districts beside the city's own (DESIGN §1).
CITY = "市本级"
UNDECIDED = "待定"
ELSEWHERE = "外地"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """One seller on one platform in one campaign, with 1..n hits, as the queue and the exports show it."""

    id: int
    #: XS-2026-1123-0001 once screened in; empty for a candidate.
    number: str
    state: LeadState
    platform: str
    seller_key: str
    #: As shown on the platform; empty where none is.
    seller_name: str
    #: Name of the district, or 市本级, 待定, 外地.
    district: str
    #: Category of its heaviest hit.
    category: str
    level: str
    score: int
    #: Number of hits.
    hits: int
    #: Title of its heaviest hit.
    title: str
    source: str
    #: Lexicon version of the newest assessment that counts here.
    lexicon_version: str
    first_seen: datetime
    last_seen: datetime
    #: Counts up with every change; a stale one is refused.
    version: int
    #: When it last came back to the head of the queue; None for never.
    raised_at: datetime | None = None
    #: Why it did, in Chinese: on sale again, something new while it was put aside, its day.
    raised_why: str = ""
    #: Since when a 存疑 waits for another verdict; None where it does not.
    woken_at: datetime | None = None
    #: 核查结论 that stands: 属实, 不属实 or 存疑; empty while there is none.
    verdict: str = ""
