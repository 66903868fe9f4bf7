"""Whether the nights are to be trusted, and what is counted: coverage, scans, campaigns, the lexicon."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from console.access import RowId, TheDesk
from console.api.asks import AnyCaller, LeadCaller, ScanCaller
from console.api.problems import NotThere
from console.api.shapes import Moment, said
from console.language import N_, recorded
from console.night import last_night
from console.related import masked_term
from console.veil import veil
from console.views import Day
from db import campaigns, extra_terms, lexicon, runs, scans, statistics
from db.scans import QueryRow, ScanRow
from db.statistics import Count, Period
from db.walls import transaction_as

routes = APIRouter()

_SCANS_SHOWN = 30
_NIGHTS, _COUNTS = N_("监测情况"), N_("统计与词库")
_AT = "2026-11-23T08:31:00+08:00"


class Trouble(BaseModel):
    """A platform that was not seen as it should have been."""

    platform: str = said(N_("平台代号"), "demo_goods")
    outcome: str = said(N_("检索任务的结果：blocked、login_required、drifted 等"), "blocked")
    told: str = said(N_("结果的中文说法"), recorded("被拦截"))
    queries: int = said(N_("这样结束的检索任务数"), 1)


class Deviation(BaseModel):
    """A number of a platform that is not as it usually is."""

    platform: str = said(N_("平台代号"), "demo_ads")
    told: str = said(N_("与以往不同之处"), recorded("标题为空的由 0 % 升至 40 %"))


class NightTold(BaseModel):
    """The last night."""

    fine: bool = said(N_("可信：全部检索任务都看到了平台；false 时队列空不代表没有线索"), True)
    status: str = said(N_("状态"), recorded("正常"))
    scan_id: int | None = said(N_("监测任务的编号；从未监测的为 null"), 5)
    planned_for: date | None = said(N_("属于哪一天"), "2026-11-23")
    finished_at: Moment | None = said(N_("结束时间；未结束的为 null"), _AT)
    missed: str = said(N_("今日应开始而没有开始的时刻；没有的为空"), "")
    halted: bool = said(N_("全部采集是否已叫停"), False)
    canary: bool | None = said(N_("金丝雀是否形成线索；没有种的为 null"), True)
    troubles: list[Trouble] = said(N_("没有看到的平台"), [])
    deviations: list[Deviation] = said(N_("偏离"), [])
    cards: int = said(N_("读到的商品卡片数"), 1080)
    new: int = said(N_("其中新见的"), 40)
    hits: int = said(N_("其中疑似信息"), 12)


class ScanLine(BaseModel):
    """A scan as the list has it."""

    id: int = said(N_("监测任务的编号"), 5)
    planned_for: date = said(N_("属于哪一天"), "2026-11-23")
    kind: str = said(N_("nightly 夜间监测，foreground 手动监测，demo 演示监测"), "nightly")
    status: str = said(N_("状态"), recorded("正常"))
    planned_at: Moment = said(N_("安排时间"), "2026-11-23T02:00:00+08:00")
    finished_at: Moment | None = said(N_("结束时间；未结束的为 null"), _AT)
    outcomes: dict[str, int] = said(N_("结果到检索任务数；空的为尚未结束"), {"searched": 9, "empty": 1})

    @classmethod
    def of(cls, row: ScanRow) -> "ScanLine":
        """The record."""
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields if name != "status"}, status=row.status.value
        )


class Scans(BaseModel):
    """The last scans."""

    items: list[ScanLine] = said(N_("最近 30 次，最新的在前"), [])


class QueryDone(BaseModel):
    """A query and how it ended."""

    platform: str = said(N_("平台代号"), "demo_ads")
    kind: str = said(N_("检索任务的种类"), "search")
    text: str = said(N_("检索的词"), recorded("象牙"))
    region: str = said(N_("限定的地区；不限的为空"), "")
    outcome: str | None = said(N_("结果；尚未结束的为 null"), "searched")
    note: str = said(N_("说明"), "")
    requests: int = said(N_("请求数"), 4)
    pages: int = said(N_("页数"), 3)
    cards: int = said(N_("读到的商品卡片数"), 120)
    new: int = said(N_("其中新见的"), 40)
    hits: int = said(N_("其中疑似信息"), 2)

    @classmethod
    def of(cls, row: QueryRow, extra: Mapping[str, str]) -> "QueryDone":
        """The record. `extra`: what was added to the scan for a lead, with its kind; contacts are masked."""
        query, word = row.query, row.query.text
        return cls(
            **{name: getattr(row, name) for name in ("requests", "pages", "cards", "new", "hits")},
            platform=query.platform,
            kind=query.kind.value,
            text=masked_term(extra[word], word) if word in extra else veil(word),
            region=query.region,
            outcome=row.outcome.value if row.outcome else None,
            note=veil(row.note),
        )


class ScanWhole(ScanLine):
    """A scan with its queries and what it saw."""

    coverage: list[str] = said(N_("覆盖说明：看到什么，没有看到什么，为什么"), [])
    queries: list[QueryDone] = said(N_("检索任务，每个都有结果"), [])


class PhaseTold(BaseModel):
    """阶段."""

    name: str = said(N_("阶段名称"), recorded("集中整治"))
    starts_on: date = said(N_("起"), "2026-10-01")
    ends_on: date = said(N_("止"), "2026-12-31")


class CampaignTold(BaseModel):
    """专项整治行动."""

    id: int = said(N_("行动的编号"), 1)
    name: str = said(N_("名称"), recorded("日常监测"))
    document_no: str = said(N_("文号"), "")
    starts_on: date | None = said(N_("起；不限的为 null"), None)
    ends_on: date | None = said(N_("止；不限的为 null"), None)
    is_default: bool = said(N_("是否收纳不属于其他行动的线索"), True)
    phases: list[PhaseTold] = said(N_("阶段"), [])


class Campaigns(BaseModel):
    """All campaigns."""

    items: list[CampaignTold] = said(N_("全部行动，日常监测在前"), [])


class Counted(BaseModel):
    """How many share these three."""

    district: str = said(N_("辖区"), recorded("滕州市"))
    category: str = said(N_("类别代号"), "ivory")
    state: str = said(N_("线索此刻的状态"), recorded("核查中"))
    number: int = said(N_("数量"), 3)


class Statistics(BaseModel):
    """What one period of a campaign is counted by."""

    campaign: str = said(N_("行动名称"), recorded("日常监测"))
    first: date | None = said(N_("自；不限的为 null"), "2026-11-01")
    last: date | None = said(N_("至；不限的为 null"), "2026-11-30")
    platforms: int = said(N_("监测平台（个次）"), 60)
    listings: int = said(N_("新见商品信息；限定辖区的账号为其线索中的"), 3120)
    leads: int = said(N_("形成线索"), 41)
    hits: int = said(N_("疑似信息"), 96)
    leads_by: list[Counted] = said(N_("线索按辖区、类别、状态"), [])
    hits_by: list[Counted] = said(N_("疑似信息按辖区、类别、状态"), [])


class LexiconTold(BaseModel):
    """A released lexicon."""

    name: str = said(N_("版本"), "v12")
    live: bool = said(N_("是否在用"), True)
    author: str = said(N_("发布人"), "zhang")
    change_note: str = said(N_("改动说明"), recorded("增加暗语 12 条"))
    released_at: Moment = said(N_("发布时间"), _AT)


class Lexicons(BaseModel):
    """All versions."""

    live: str = said(N_("在用的版本；新数据库为空"), "v12")
    items: list[LexiconTold] = said(N_("全部版本，最新的在前"), [])


@routes.get(
    "/coverage",
    tags=[_NIGHTS],
    summary=N_("昨夜是否可信"),
    description=N_("最近一夜的监测情况。fine 为 false 时，没有新线索不等于网上没有。"),
)
def coverage(desk: TheDesk, caller: AnyCaller) -> NightTold:
    """What the first page says of the night."""
    with transaction_as(desk.engine, caller.user) as conn:
        night = last_night(conn, desk.now())
    scan = night.scan
    return NightTold(
        fine=night.fine,
        status=night.status.value,
        scan_id=scan.id if scan else None,
        planned_for=scan.planned_for if scan else None,
        finished_at=scan.finished_at if scan else None,
        missed=night.missed,
        halted=night.halted is not None,
        canary=night.canary,
        troubles=[
            Trouble(platform=one.platform, outcome=one.outcome.value, told=one.outcome.label, queries=one.queries)
            for one in night.troubles
        ],
        deviations=[Deviation(platform=key, told=finding.sentence) for key, finding in night.deviations],
        cards=night.cards,
        new=night.new,
        hits=night.hits,
    )


@routes.get("/scans", tags=[_NIGHTS], summary=N_("监测任务"), description=N_("最近的监测任务及其状态。"))
def scan_list(desk: TheDesk, caller: ScanCaller) -> Scans:
    """The last scans."""
    with transaction_as(desk.engine, caller.user) as conn:
        return Scans(items=[ScanLine.of(row) for row in scans.latest(conn, _SCANS_SHOWN)])


@routes.get(
    "/scans/{scan_id}",
    tags=[_NIGHTS],
    summary=N_("一次监测任务"),
    description=N_("覆盖说明和每个检索任务的结果；每个检索任务恰好有一个结果。"),
)
def scan(desk: TheDesk, caller: ScanCaller, scan_id: RowId) -> ScanWhole:
    """One of the last scans, query by query."""
    with transaction_as(desk.engine, caller.user) as conn:
        row = next((one for one in scans.latest(conn, _SCANS_SHOWN) if one.id == scan_id), None)
        if row is None:
            raise NotThere
        told = runs.coverage(conn, scan_id).lines(lambda key: desk.platforms.get(key, key))
        extra = extra_terms.kinds_of(row.options)
        queries = [QueryDone.of(one, extra) for one in scans.query_rows(conn, scan_id)]
    return ScanWhole(**ScanLine.of(row).model_dump(), coverage=told, queries=queries)


@routes.get("/campaigns", tags=[_COUNTS], summary=N_("专项整治行动"), description=N_("全部行动及其阶段。"))
def campaign_list(desk: TheDesk, caller: LeadCaller) -> Campaigns:
    """Every campaign."""
    with transaction_as(desk.engine, caller.user) as conn:
        found = campaigns.every(conn)
    return Campaigns(items=[_campaign(one) for one in found])


@routes.get(
    "/campaigns/{campaign_id}/statistics",
    tags=[_COUNTS],
    summary=N_("行动的统计数"),
    description=N_("与统计表同一口径，按北京时间的日期；不写起止的，以行动的起止为准。限定辖区的账号只计本辖区。"),
)
def campaign_statistics(
    desk: TheDesk,
    caller: LeadCaller,
    campaign_id: RowId,
    first: Annotated[Day, Query(alias="from")] = None,
    last: Annotated[Day, Query(alias="to")] = None,
) -> Statistics:
    """The figures of one period, of what the account may see."""
    with transaction_as(desk.engine, caller.user, snapshot=True) as conn:
        found = next((one for one in campaigns.every(conn) if one.id == campaign_id), None)
        if found is None:
            raise NotThere
        period = Period(first=first or found.starts_on, last=last or found.ends_on)
        tally = statistics.tally(conn, campaign_id, period)
    return Statistics(
        campaign=found.name,
        first=period.first,
        last=period.last,
        platforms=tally.platforms,
        listings=tally.listings,
        leads=tally.all_leads,
        hits=tally.all_hits,
        leads_by=[_counted(one) for one in tally.leads],
        hits_by=[_counted(one) for one in tally.hits],
    )


@routes.get("/lexicon", tags=[_COUNTS], summary=N_("词库版本"), description=N_("在用的词库版本和全部版本，不含词条。"))
def lexicon_versions(desk: TheDesk, caller: AnyCaller) -> Lexicons:
    """Which lexicon judges."""
    with transaction_as(desk.engine, caller.user) as conn:
        every, live = lexicon.versions(conn), lexicon.live_name(conn)
    fields = LexiconTold.model_fields
    return Lexicons(live=live, items=[LexiconTold(**{name: getattr(one, name) for name in fields}) for one in every])


def _campaign(one: campaigns.Campaign) -> CampaignTold:
    same = {name: getattr(one, name) for name in CampaignTold.model_fields if name != "phases"}
    phases = [PhaseTold(name=p.name, starts_on=p.starts_on, ends_on=p.ends_on) for p in one.phases]
    return CampaignTold(**same, phases=phases)


def _counted(one: Count) -> Counted:
    return Counted(district=one.district, category=one.category, state=one.state, number=one.number)
