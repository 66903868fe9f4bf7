"""What the API answers about leads and what belongs to them, field by field, masked as the pages are."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from console.language import N_, recorded
from console.veil import lifted, person, veil
from db import review
from db.timeline import Step as TimelineStep
from records import Assessment, Disposition, Given, Match, shanghai
from records import Lead as LeadRecord

#: Every moment carries its offset, +08:00.
Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: shanghai(at).isoformat(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def said(description: str, example: object, **more: Any) -> Any:
    """A field with what it says, in Chinese, and an example of it."""
    return Field(description=description, examples=[example], **more)


_AT = "2026-11-23T02:14:07+08:00"
_SHA256 = "9f2c01ab3d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d644e1"


class LeadLine(BaseModel):
    """A lead as the list has it."""

    id: int = said(N_("线索的编号（系统内部）"), 17)
    number: str = said(N_("线索号；转核查后才有，此前为空"), "XS-2026-1123-0001")
    state: str = said(N_("状态：疑似、核查中、已排除、待研判、已并入"), recorded("疑似"))
    platform: str = said(N_("平台代号"), "demo_ads")
    seller: str = said(N_("卖家名称，遮盖；平台没有显示的为空"), recorded("示***"))
    district: str = said(N_("辖区名称，或市本级、待定、外地"), recorded("滕州市"))
    category: str = said(N_("类别代号，取分值最高的一条"), "ivory")
    level: str = said(N_("级别：high 高风险，review 待看"), "high")
    score: int = said(N_("分值 0–100，取最高的一条"), 92)
    hits: int = said(N_("疑似信息条数"), 6)
    title: str = said(N_("分值最高的一条的标题，个人信息遮盖"), recorded("小件 象牙 私聊"))
    source: str = said(N_("线索来源"), recorded("定向监测"))
    lexicon_version: str = said(N_("研判所用的词库版本"), "v12")
    first_seen: Moment = said(N_("首次发现"), _AT)
    last_seen: Moment = said(N_("最近一次见到"), _AT)
    raised_at: Moment | None = said(N_("最近一次重新排到前面的时间；没有的为 null"), None)
    raised_why: str = said(
        N_("重新排到前面的原因：再次上架、有新的疑似信息、价格或文字有变化、已下架、到了再看的日期；没有的为空"),
        recorded("有新的疑似信息"),
    )
    verdict: str = said(N_("现行核查结论：属实、不属实、存疑；没有的为空"), "")
    version: int = said(N_("版本，每次变化加一；初筛时写明所依据的版本"), 1)

    @classmethod
    def of(cls, lead: LeadRecord) -> "LeadLine":
        """The record as the pages show it."""
        kept = {name: getattr(lead, name) for name in cls.model_fields if name != "seller"}
        return cls(**{**kept, "title": veil(lead.title)}, seller=person(lead.seller_name))


class Leads(BaseModel):
    """One page of the list."""

    items: list[LeadLine] = said(N_("本页线索，按所选排序"), [])
    next: str | None = said(N_("下一页的 cursor；没有下一页的为 null"), "WyIiLCI…")


class ScorePart(BaseModel):
    """One summand of a score."""

    label: str = said(N_("依据"), recorded("标题命中“象牙”"))
    points: int = said(N_("分值，可为负"), 60)


class Found(BaseModel):
    """One term found in one text."""

    category: str = said(N_("类别代号"), "ivory")
    term: str = said(N_("词库中的词条"), recorded("象牙"))
    surface: str = said(N_("原文中的写法"), recorded("象牙"))
    field: str = said(N_("所在：title、description，跨两处的为 title+description（中间算一个换行）"), "title")
    start: int = said(N_("起始位置，从 0 数，按字符"), 3)
    end: int = said(N_("结束位置，不含"), 5)
    technique: str = said(N_("伪装手法的代号"), "plain")
    how: str = said(N_("伪装手法"), recorded("原词"))
    strength: str = said(N_("strong 强词，weak 弱词"), "strong")
    counts: bool = said(N_("是否计入；被排除语或更长的词条取消的为 false"), True)
    why_not: str = said(N_("被什么取消；计入的为空"), "")


class Judgement(BaseModel):
    """Why a listing counts."""

    level: str = said(N_("级别"), "high")
    score: int = said(N_("分值，为各部分之和，限于 0–100"), 92)
    direction: str = said(N_("意图：sale、wanted、service、information"), "sale")
    parts: list[ScorePart] = said(N_("分值的各部分"), [])
    matches: list[Found] = said(N_("命中的词条及其位置"), [])
    lexicon_version: str = said(N_("词库版本"), "v12")
    matcher_version: str = said(N_("匹配器版本"), "1")

    @classmethod
    def of(cls, one: Assessment, title: str, description: str) -> "Judgement":
        """`title`, `description`: as they may be shown, of the same length as the originals."""
        texts = {"title": title, "description": description, "title+description": f"{title}\n{description}"}
        return cls(
            level=one.level.value,
            score=one.score,
            direction=one.direction,
            parts=[ScorePart(label=veil(part.label), points=part.points) for part in one.parts],
            matches=[_found(match, texts) for match in one.matches],
            lexicon_version=one.lexicon_version,
            matcher_version=one.matcher_version,
        )


def _found(match: Match, texts: dict[str, str]) -> Found:
    same = {name: getattr(match, name) for name in Found.model_fields if name not in ("surface", "why_not")}
    surface = texts.get(match.field, "")[match.start : match.end]
    return Found(**same, surface=surface, why_not=match.cancelled_by or match.covered_by)


class EvidenceFile(BaseModel):
    """A stored file."""

    id: int = said(N_("文件编号"), 3)
    role: str = said(
        N_("文件种类：page、dom、screenshot、first_screen、snapshot、picture、answer、record"), "screenshot"
    )
    sha256: str = said(N_("SHA-256，即存储名"), _SHA256)
    size: int = said(N_("字节数"), 48211)
    media_type: str = said(N_("媒体类型"), "image/png")
    url: str = said(N_("下载地址"), "/api/v1/leads/17/evidence/3")


class Evidence(BaseModel):
    """The newest capture of a listing."""

    captured_at: Moment = said(N_("采集时间"), _AT)
    method: str = said(N_("采集方法"), recorded("Chromium 156，1280×900，采集时页面"))
    gaps: list[str] = said(N_("采集中的缺漏；没有的为空"), [])
    files: list[EvidenceFile] = said(N_("文件及其 SHA-256"), [])


class Hit(BaseModel):
    """疑似信息: one listing of a lead."""

    id: int = said(N_("商品信息的编号"), 41)
    platform: str = said(N_("平台代号"), "demo_ads")
    item_id: str = said(N_("平台上的商品号"), "600123456789")
    url: str = said(N_("商品地址"), "https://market.example/item/41")
    title: str = said(N_("标题，个人信息以等长的 * 遮盖"), recorded("小件 象牙 私聊"))
    description: str = said(N_("描述，个人信息以等长的 * 遮盖"), recorded("家里老人留下的，象 牙料，包浆厚。"))
    price: Decimal | None = said(N_("价格（元），十进制文字；没有读出的为 null"), "6243.00")
    price_text: str = said(N_("页面上的价格写法"), "¥6243.00")
    place: str = said(N_("页面上的所在地"), recorded("山东枣庄"))
    state: str = said(N_("在售、已下架、再次上架"), recorded("在售"))
    level: str = said(N_("级别"), "high")
    score: int = said(N_("分值"), 92)
    category: str = said(N_("类别代号"), "ivory")
    source: str = said(N_("来源"), recorded("定向监测"))
    detail_read: bool = said(N_("是否读过详情页；false 为仅见列表卡片"), True)
    first_seen: Moment = said(N_("首次发现"), _AT)
    last_seen: Moment = said(N_("最近一次见到"), _AT)
    assessment: Judgement | None = said(N_("研判：分值的由来；从未研判的为 null"), None)
    evidence: Evidence | None = said(N_("最新一次采集；尚未采集的为 null"), None)

    @classmethod
    def of(cls, hit: review.Hit, lead_id: int) -> "Hit":
        """The record as the lead's page shows it."""
        title, description = veil(hit.title), veil(hit.description)
        veiled: dict[str, Any] = {"title": title, "description": description, "place": veil(hit.place)}
        veiled["price_text"] = veil(hit.price_text)
        same = {
            name: getattr(hit, name) for name in cls.model_fields if name not in (*veiled, "assessment", "evidence")
        }
        return cls(
            **same,
            **veiled,
            assessment=Judgement.of(hit.assessment, title, description) if hit.assessment else None,
            evidence=_evidence(hit.capture, lead_id) if hit.capture else None,
        )


def _evidence(capture: review.KeptCapture, lead_id: int) -> Evidence:
    files = [
        EvidenceFile(
            id=file.id,
            role=file.role.value,
            sha256=file.sha256,
            size=file.size,
            media_type=file.media_type,
            url=f"/api/v1/leads/{lead_id}/evidence/{file.id}",
        )
        for file in capture.files
    ]
    return Evidence(captured_at=capture.captured_at, method=capture.method, gaps=list(capture.gaps), files=files)


class SellerOfLead(BaseModel):
    """Who offers it."""

    id: int | None = said(N_("卖家的编号；没有卖家的为 null"), 9)
    name: str = said(N_("名称，遮盖"), recorded("示***"))
    place: str = said(N_("所在地"), recorded("山东枣庄"))
    url: str = said(N_("主页地址；遮盖时为空"), "")


class Step(BaseModel):
    """One thing that happened to a lead."""

    at: Moment = said(N_("时间"), _AT)
    who: str = said(N_("姓名；监测所见为“系统”"), recorded("王某"))
    action: str = said(N_("做了什么"), recorded("转核查"))
    reason: str = said(N_("原因、备注的文字或所涉标题，个人信息遮盖"), "")

    @classmethod
    def of(cls, step: TimelineStep) -> "Step":
        """The record, its words veiled."""
        return cls(at=step.at, who=step.who, action=step.action, reason=veil(step.reason))


class VerdictGiven(BaseModel):
    """核查结论: one as it was given."""

    verdict: str = said(N_("结论：属实、不属实、存疑"), recorded("属实"))
    by: str = said(N_("作出人"), recorded("王某"))
    at: Moment = said(N_("时间"), _AT)
    violations: list[str] = said(N_("违法情形"), [])
    citations: list[str] = said(N_("依据的条款"), [])
    reason: str = said(N_("不属实或存疑的原因"), "")
    undone_at: Moment | None = said(N_("撤销时间；仍然有效的为 null"), None)

    @classmethod
    def of(cls, given: Given) -> "VerdictGiven":
        """Without whom the officers found out to be the subject: that is told on paper."""
        return cls(
            verdict=given.verdict.value,
            by=given.by,
            at=given.at,
            violations=[one.value for one in given.grounds.violations],
            citations=list(given.grounds.citations),
            reason=veil(given.grounds.reason),
            undone_at=given.undone_at,
        )


class DispositionDone(BaseModel):
    """处置: one entry of the list."""

    id: int = said(N_("登记的编号"), 2)
    kind: str = said(N_("处置类型"), recorded("移送公安"))
    on: date = said(N_("日期"), "2026-11-24")
    recipient: str = said(N_("收件单位或对象"), recorded("滕州市公安局"))
    reference: str = said(N_("文号或案件编号"), recorded("枣市监移〔2026〕7号"))
    note: str = said(N_("说明，个人信息遮盖"), "")
    by: str = said(N_("登记人"), recorded("王某"))
    counts: bool = said(N_("是否有效；已更正或作废的为 false"), True)

    @classmethod
    def of(cls, entry: Disposition) -> "DispositionDone":
        """The entry, its words veiled."""
        named = {name: getattr(entry, name) for name in ("id", "on", "by", "counts")}
        veiled: dict[str, Any] = {name: veil(getattr(entry, name)) for name in ("recipient", "reference", "note")}
        return cls(**named, **veiled, kind=entry.kind.value)


class LeadWhole(LeadLine):
    """A lead with all that its page shows."""

    seller_info: SellerOfLead = said(N_("卖家"), None)
    dismiss_reason: str = said(N_("排除的原因；未排除的为空"), "")
    screened_by: str = said(N_("初筛人"), recorded("王某"))
    screened_at: Moment | None = said(N_("初筛时间"), _AT)
    district_source: str = said(N_("辖区的由来"), recorded("卖家自报"))
    merged_into: int | None = said(N_("已并入的线索编号；没有并入的为 null"), None)
    hits_shown: list[Hit] = said(N_("疑似信息，分值最高的在前，至多 50 条；总数见 hits"), [])
    timeline: list[Step] = said(N_("经过，最早的在前"), [])
    verdicts: list[VerdictGiven] = said(N_("核查结论，最早的在前，含已撤销的"), [])
    dispositions: list[DispositionDone] = said(N_("处置登记，最早的在前，含已更正、作废的"), [])

    @classmethod
    def whole(cls, found: review.LeadPage, given: tuple[Given, ...], entries: tuple[Disposition, ...]) -> "LeadWhole":
        """Everything that was found of the lead; masked unless the veil is lifted."""
        lead = found.lead
        seller = SellerOfLead(
            id=found.seller_id,
            name=person(lead.seller_name),
            place=veil(found.seller_place),
            url=found.seller_url if lifted() else "",  # names a person as well as the name does
        )
        return cls(
            **LeadLine.of(lead).model_dump(),
            seller_info=seller,
            dismiss_reason=veil(found.dismiss_reason),
            screened_by=found.screened_by,
            screened_at=found.screened_at,
            district_source=found.district_source,
            merged_into=found.merged_into,
            hits_shown=[Hit.of(hit, lead.id) for hit in found.hits],
            timeline=[Step.of(step) for step in found.history],
            verdicts=[VerdictGiven.of(one) for one in given],
            dispositions=[DispositionDone.of(one) for one in entries],
        )
