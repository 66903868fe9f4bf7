"""核查结论: what a named person concludes about a lead on its page, and on what grounds."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from records.imprint import is_credit_code


class Verdict(StrEnum):
    """核查结论. Never given by the machine, never by a key of the queue."""

    TRUE = "属实"
    FALSE = "不属实"
    DOUBT = "存疑"


class Violation(StrEnum):
    """违法情形 (CONSOLE §5.3): at least one goes with 属实."""

    ADVERT = "发布出售、购买、利用野生动物及其制品广告"
    TOOL_ADVERT = "发布禁用猎捕工具广告"
    PLATFORM = "为违法出售、购买、利用提供交易服务"
    PROTECTED = "国家重点保护野生动物：无批准、无专用标识或无许可证副本而出售、购买、利用、运输、携带、寄递"
    ORDINARY = "非国家重点保护野生动物：无合法来源证明"
    EATEN = "制作食用或为食用购买"
    TOOL = "生产、销售禁用猎捕工具"
    OTHER = "其他"


class Unfounded(StrEnum):
    """Why a lead is 不属实."""

    IMITATION = "仿制品或材质不符"
    MISREAD = "词义误报"
    LICENSED = "合法且证照或专用标识齐全"
    ALLOWED = "允许经营物种"
    TOY = "玩具图书影视游戏"
    NEWS = "求购科普新闻"
    GONE = "商品失效无法核实"
    REPEAT = "重复"
    OTHER = "其他"


class Doubt(StrEnum):
    """Why a lead is 存疑."""

    MATERIAL = "图文不足需鉴定"
    SUBJECT = "待平台提供主体信息"
    LINK = "链接失效待复查"
    CODED = "疑似暗语待研判"
    OTHER = "其他"


class WakeOn(StrEnum):
    """What brings a doubtful lead back to the desk."""

    DAY = "到期复查"
    PLATFORM = "平台回函"
    EXPERT = "鉴定结果"
    RELISTED = "再次上架"


class SubjectKind(StrEnum):
    """主体: whom a lead is about (DESIGN §1)."""

    SELLER = "卖家"
    PLATFORM = "平台经营者"
    SITE = "自建网站"
    PUBLISHER = "广告发布者"
    MARKET = "市场或摊位"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """主体身份, as far as it was found out."""

    kind: SubjectKind
    #: True where it was verified who that is.
    known: bool
    #: Name of the person or firm; empty where unknown.
    name: str = ""
    #: 统一社会信用代码; empty for people and where unknown. Never the number of an identity card.
    code: str = ""
    #: How it was verified; where unknown, why it could not be.
    basis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grounds:
    """What a verdict rests on. Which of it must be there depends on the verdict (`db.verdicts.conclude`)."""

    identity: Identity
    #: With 属实.
    violations: tuple[Violation, ...] = ()
    #: 法律依据 with 属实: citations valid on the day that the lead was first seen.
    citations: tuple[str, ...] = ()
    #: Sha256 of the evidence files that were sound when it was given; with 属实.
    evidence: tuple[str, ...] = ()
    #: With 不属实 and 存疑: one of Unfounded or Doubt.
    reason: str = ""
    #: In the person's words; with 其他 never empty.
    note: str = ""
    #: With 存疑.
    wake: WakeOn | None = None
    #: Shanghai date on which it is looked at again at the latest; with 存疑.
    wake_on: date | None = None
    #: 结论变更: why an earlier verdict holds no more; empty where there was none.
    change: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One verdict as it was given. Append-only; one that was taken back stays."""

    id: int
    lead_id: int
    verdict: Verdict
    grounds: Grounds
    user_id: int
    #: Full name.
    by: str
    at: datetime
    #: When it was taken back, and by whom; None and empty while it stands.
    undone_at: datetime | None = None
    undone_by: str = ""


def wanting(verdict: Verdict, grounds: Grounds) -> str:
    """What the verdict still lacks, as one Chinese sentence; empty where nothing does."""
    return _identity_wanting(grounds.identity) or {
        Verdict.TRUE: _true_wanting,
        Verdict.FALSE: _false_wanting,
        Verdict.DOUBT: _doubt_wanting,
    }[verdict](grounds)


def _identity_wanting(identity: Identity) -> str:
    if identity.known and not identity.name:
        return "主体身份已核实的，请填写姓名或名称"
    if identity.code and not is_credit_code(identity.code):
        return "统一社会信用代码的校验位不对，请核对"
    if not identity.basis:
        return "请写明主体身份是如何核实的" if identity.known else "主体身份未能核实的，请写明原因"
    return ""


def _true_wanting(grounds: Grounds) -> str:
    if not grounds.violations:
        return "属实须选定违法情形"
    if Violation.OTHER in grounds.violations and not grounds.note:
        return "违法情形选“其他”的，请在说明中写明"
    if not grounds.citations:
        return "属实须选定法律依据"
    if not grounds.evidence:
        return "属实须有至少一份校验通过的证据文件"
    return ""


def _false_wanting(grounds: Grounds) -> str:
    if grounds.reason not in list(Unfounded):
        return "不属实须选定理由"
    return "理由选“其他”的，请在说明中写明" if grounds.reason == Unfounded.OTHER and not grounds.note else ""


def _doubt_wanting(grounds: Grounds) -> str:
    if grounds.reason not in list(Doubt):
        return "存疑须选定理由"
    if grounds.reason == Doubt.OTHER and not grounds.note:
        return "理由选“其他”的，请在说明中写明"
    return "存疑须写明等什么，以及最迟哪一天再看" if grounds.wake is None or grounds.wake_on is None else ""
