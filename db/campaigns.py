"""Campaigns with their phases and report dues, and the districts that counts are split by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from db.tables import campaigns, districts, leads, phases, report_dues, users
from records import CITY, ELSEWHERE, UNDECIDED, Fault

DEFAULT_CAMPAIGN = "日常监测"

#: Districts that every city has: its own level, those nobody could place yet, and everywhere else.
SPECIAL_DISTRICTS = (("city", CITY), ("undecided", UNDECIDED), ("elsewhere", ELSEWHERE))


class CampaignRefused(Fault):
    """专项整治行动的定义不成立，未作任何改动。

    The definition of the campaign does not hold; nothing was changed.
    """

    code = "E-DB-031"
    remedy = (
        "请核对阶段起止日期：不得重叠、不得倒置、名称不得重复。",
        "Check the phases: no overlap, no reversed dates, no equal names.",
    )


class CampaignUnknown(Fault):
    """没有这个专项整治行动。

    There is no such campaign.
    """

    code = "E-DB-032"
    remedy = ("请核对行动名称。", "Check the name of the campaign.")
    exit_code = 2


class DistrictTaken(Fault):
    """原来的区（市）中有同名的，其下已有线索或账号，不能换成另一个代码。

    A district of that name stands there already under another code, with leads or accounts of its own.
    """

    code = "E-DB-033"
    remedy = (
        "请沿用原来的代码；确要换城市的，请用新的数据库。",
        "Keep the code that it has; for another city take a database of its own.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """阶段: both days belong to it."""

    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportDue:
    """报送节点. Not a phase end: a report may be due before its phase is over, or after the last one."""

    name: str
    due_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """专项整治行动: the frame in which leads are counted."""

    #: Row id; 0 while it has not been saved.
    id: int = 0
    name: str
    document_no: str = ""
    #: None: open.
    starts_on: date | None = None
    ends_on: date | None = None
    #: The one that takes what no other campaign claims.
    is_default: bool = False
    #: In the order of time.
    phases: tuple[Phase, ...] = ()
    report_dues: tuple[ReportDue, ...] = ()


def check(campaign: Campaign) -> None:
    """Raises CampaignRefused for reversed dates, equal names, overlapping phases or phases outside the campaign."""
    names = [phase.name for phase in campaign.phases]
    if len(set(names)) != len(names):
        raise CampaignRefused("阶段名称重复")
    first, last = campaign.starts_on or date.min, campaign.ends_on or date.max
    if first > last:
        raise CampaignRefused(f"{campaign.name}：开始日期晚于结束日期")
    for phase in campaign.phases:
        if phase.starts_on > phase.ends_on:
            raise CampaignRefused(f"{phase.name}：开始日期 {phase.starts_on} 晚于结束日期 {phase.ends_on}")
        if phase.starts_on < first or phase.ends_on > last:
            raise CampaignRefused(f"{phase.name}：超出行动起止日期")
    ordered = sorted(campaign.phases, key=lambda phase: phase.starts_on)
    for one, following in pairwise(ordered):
        if following.starts_on <= one.ends_on:
            raise CampaignRefused(f"{one.name}（至 {one.ends_on}）与 {following.name}（自 {following.starts_on}）重叠")


def save(conn: Connection, campaign: Campaign) -> Campaign:
    """Writes the campaign under its name, replacing its phases and dues; returns it with its id.

    Raises CampaignRefused and writes nothing where `check` objects. Leads are counted by date, so phases may be
    corrected later without touching a lead.
    """
    check(campaign)
    facts = {
        "document_no": campaign.document_no,
        "starts_on": campaign.starts_on,
        "ends_on": campaign.ends_on,
        "is_default": campaign.is_default,
    }
    statement = insert(campaigns).values(name=campaign.name, **facts)
    campaign_id = conn.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_=facts).returning(campaigns.c.id)
    ).scalar_one()
    conn.execute(delete(phases).where(phases.c.campaign_id == campaign_id))
    conn.execute(delete(report_dues).where(report_dues.c.campaign_id == campaign_id))
    if campaign.phases:
        rows = [
            {"campaign_id": campaign_id, "name": p.name, "starts_on": p.starts_on, "ends_on": p.ends_on}
            for p in campaign.phases
        ]
        conn.execute(insert(phases), rows)
    if campaign.report_dues:
        dues = [{"campaign_id": campaign_id, "name": due.name, "due_on": due.due_on} for due in campaign.report_dues]
        conn.execute(insert(report_dues), dues)
    return find(conn, campaign.name)


def ensure_default(conn: Connection) -> Campaign:
    """日常监测, made where no default campaign exists; returns the default campaign. Safe to call at every start."""
    conn.execute(insert(campaigns).values(name=DEFAULT_CAMPAIGN, is_default=True).on_conflict_do_nothing())
    row = conn.execute(select(campaigns).where(campaigns.c.is_default)).one()
    return _campaign(conn, row)


def find(conn: Connection, name: str) -> Campaign:
    """The campaign of that name, whole. Raises CampaignUnknown."""
    row = conn.execute(select(campaigns).where(campaigns.c.name == name)).one_or_none()
    if row is None:
        raise CampaignUnknown(name)
    return _campaign(conn, row)


def current(conn: Connection, on: date) -> Campaign:
    """Where a lead found on that Shanghai date belongs: the youngest campaign that covers it, else the default one.

    A campaign without both dates covers nothing by itself. Makes the default one where it is missing.
    """
    covering = select(campaigns).where(~campaigns.c.is_default, campaigns.c.starts_on <= on, campaigns.c.ends_on >= on)
    row = conn.execute(covering.order_by(campaigns.c.starts_on.desc(), campaigns.c.id.desc()).limit(1)).one_or_none()
    return ensure_default(conn) if row is None else _campaign(conn, row)


def every(conn: Connection) -> tuple[Campaign, ...]:
    """All campaigns, the default one first."""
    rows = conn.execute(select(campaigns).order_by(campaigns.c.is_default.desc(), campaigns.c.id)).all()
    return tuple(_campaign(conn, row) for row in rows)


def seed_districts(conn: Connection, own: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Writes the city's districts (code, name) in this order, then 市本级, 待定 and 外地; returns all names in order.

    The three special ones may also be given, to stand elsewhere in the order. Names and order follow what is given;
    a district that is no longer named stays, behind the others, because
    leads may stand under it.
    """
    given = {code for code, _ in own}
    wanted = [*own, *(special for special in SPECIAL_DISTRICTS if special[0] not in given)]
    for position, (code, name) in enumerate(wanted, start=1):
        facts = {"name": name, "position": position}
        statement = insert(districts).values(code=code, **facts)
        conn.execute(statement.on_conflict_do_update(index_elements=["code"], set_=facts))
    codes = [code for code, _ in wanted]
    conn.execute(districts.update().where(districts.c.code.not_in(codes)).values(position=len(wanted) + 1))
    return district_names(conn)


def replace_districts(conn: Connection, own: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Like `seed_districts` for a city that is set anew: of the others those that nothing stands under are removed.

    Raises DistrictTaken where one of them stays that has a name of the new ones: two cities may have a 市中区 each.
    """
    kept = {code for code, _ in (*own, *SPECIAL_DISTRICTS)}
    under_leads = select(leads.c.district).where(leads.c.district == districts.c.name).exists()
    under_users = select(users.c.id).where(users.c.district == districts.c.code).exists()
    conn.execute(delete(districts).where(districts.c.code.not_in(kept), ~under_leads, ~under_users))
    names = {name: code for code, name in own}
    standing = conn.execute(select(districts.c.code, districts.c.name).where(districts.c.name.in_(names))).all()
    taken = [row.name for row in standing if names[row.name] != row.code]
    if taken:
        raise DistrictTaken("、".join(taken))
    return seed_districts(conn, own)


def district_names(conn: Connection) -> tuple[str, ...]:
    """All district names in their order."""
    return tuple(conn.execute(select(districts.c.name).order_by(districts.c.position, districts.c.code)).scalars())


def _campaign(conn: Connection, row: Row[tuple[object, ...]]) -> Campaign:
    found = select(phases).where(phases.c.campaign_id == row.id).order_by(phases.c.starts_on)
    owed = select(report_dues).where(report_dues.c.campaign_id == row.id).order_by(report_dues.c.due_on)
    return Campaign(
        id=row.id,
        name=row.name,
        document_no=row.document_no,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        is_default=row.is_default,
        phases=tuple(Phase(name=p.name, starts_on=p.starts_on, ends_on=p.ends_on) for p in conn.execute(found)),
        report_dues=tuple(ReportDue(name=due.name, due_on=due.due_on) for due in conn.execute(owed)),
    )
