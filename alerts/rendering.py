"""One digest in the forms that channels take. Every name goes through `inert`; nothing scraped is ever here.

The shape of the messages follows CONSOLE §7.2–7.3; the limit of a WeCom markdown message is 4,096 bytes of UTF-8
(WeCom developer documentation, 群机器人配置说明).
"""

from datetime import datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from alerts.digest import Digest, LeadLine, PlatformNight
from alerts.message import Message, cut, inert, size
from records import ScanStatus, shanghai

WECOM_LIMIT = 4096

#: Leads named one by one: a chat is glanced at, a mail is read. The others are counted.
_IN_CHAT, _IN_MAIL = 10, 20

_GOOD, _BAD = "info", "warning"


def render(digest: Digest) -> Message:
    """The digest as a message for every channel."""
    return Message(
        key=digest.key,
        subject=subject(digest),
        markdown=wecom_markdown(digest),
        text=mail_text(digest),
        html=mail_html(digest),
        data=webhook_data(digest),
    )


def subject(digest: Digest) -> str:
    """Readable without opening the mail: [监测日报] 11-23 新线索41 高风险6 待初筛57｜部分."""
    counts = f"新线索{digest.leads_new} 高风险{digest.high} 待初筛{digest.unscreened}"
    return f"[监测日报] {digest.for_date:%m-%d} {counts}｜{digest.status}"


# --- the sentences, said once for all forms ---------------------------------------------------------------------------


def quiet_line(digest: Digest) -> str:
    """The one line of a night on which all was seen and nothing found; it proves that the house is alive."""
    return (
        f"{_day(digest)} 监测正常，检视商品信息 {digest.cards:,} 条次，无新增线索；待初筛 {digest.unscreened:,} 条。"
        + (f"{_purged(digest)}。" if digest.purged else "")
    )


def _day(digest: Digest) -> str:
    return f"{digest.for_date.month}月{digest.for_date.day}日"


def _times(digest: Digest) -> str:
    def clock(moment: datetime | None) -> str:
        return f"{shanghai(moment):%H:%M}" if moment else "未结束"

    return f"{clock(digest.started_at)}–{clock(digest.finished_at)}" if digest.started_at else ""


def _seen(digest: Digest) -> str:
    """How many platforms were wholly seen."""
    good = len(digest.platforms) - len(digest.troubled)
    return f"正常 {good}/{len(digest.platforms)} 个平台" if digest.platforms else ""


def _notices(digest: Digest) -> list[str]:
    """What the operator has to know about last night."""
    notices = [inert(each.name) + f"：{each.status}{_since(each)}" for each in digest.troubled]
    if digest.status == ScanStatus.NOT_RUN:
        notices.insert(0, "夜间监测未运行，请通知运维人员检查")
    if digest.by_hand:
        still = f"（{digest.by_hand_open} 次尚未结束）" if digest.by_hand_open else ""
        notices.append(f"另有手动监测 {digest.by_hand} 次{still}")
    if digest.purged:
        notices.append(_purged(digest))
    return notices


def _purged(digest: Digest) -> str:
    parts = "、".join(f"{name} {count:,}" for name, count in digest.purged)
    return f"按保存期限清除：{parts}" + (f"；依法保留 {digest.holds:,} 项" if digest.holds else "")


def _since(platform: PlatformNight) -> str:
    return f"（连续第 {platform.nights} 晚）" if platform.nights > 1 else ""


def _high(digest: Digest) -> str:
    parts = "、".join(f"{inert(name)} {count}" for name, count in digest.high_by_category[:8])
    return f"高风险 {digest.high:,} 条" + (f"（{parts}）" if parts else "")


def _lead_facts(lead: LeadLine) -> tuple[str, str, str, str]:
    """Platform, category, urgency, district: all that a lead may be known by outside the house."""
    level = "高风险" if lead.high else "待核实"
    return inert(lead.platform), inert(lead.category), level, inert(lead.district)


def _lead(lead: LeadLine) -> str:
    return "｜".join(_lead_facts(lead))


def _name(lead: LeadLine) -> str:
    return lead.number or f"#{lead.id}"


def _link(digest: Digest, lead: LeadLine) -> str:
    return f"{digest.console_url}/leads/{lead.id}"


def _queue(digest: Digest) -> str:
    return f"{digest.console_url}/review"


def _marks(digest: Digest) -> str:
    """What makes a repetition recognisable, and the anchors."""
    return "　".join([f"编号 {digest.for_date}", *_anchors(digest)])


def _anchors(digest: Digest) -> list[str]:
    """The heads of the chains as `xunwang audit verify --anchor` reads them: they leave the house here."""
    heads = (("审计链", digest.audit_seq, digest.audit_hash), ("保管链", digest.custody_seq, digest.custody_hash))
    return [f"{name} {seq}:{value}" for name, seq, value in heads if value]


# --- WeCom -----------------------------------------------------------------------------------------------------------


def wecom_markdown(digest: Digest, limit: int = WECOM_LIMIT) -> str:
    """At most `limit` bytes of UTF-8. What does not fit is counted: 另有 N 条."""
    if digest.quiet:
        anchors = "　".join(_anchors(digest))
        told = f'\n<font color="comment">{anchors}</font>' if anchors else ""
        return f"{quiet_line(digest)}[打开核查队列]({_queue(digest)}){told}"
    tail = _wecom_tail(digest)
    head = _whole_lines(_wecom_head(digest), limit - size(tail))
    return head + _wecom_leads(digest, limit - size(head) - size(tail)) + tail


def _whole_lines(text: str, limit: int) -> str:
    """As many lines of `text` as fit: a torn line could end inside a tag."""
    return text if size(text) <= limit else cut(text, limit).rpartition("\n")[0] + "\n"


def _wecom_head(digest: Digest) -> str:
    colour = _GOOD if digest.status == ScanStatus.NORMAL else _BAD
    first = [f'夜间监测 <font color="{colour}">{digest.status}</font>', _times(digest), _seen(digest)]
    lines = [
        f"## {_day(digest)} 监测日报",
        "> " + "　".join(part for part in first if part),
        f"> 检视商品信息 {digest.cards:,} 条次｜新增疑似信息 **{digest.hits:,}** 条"
        f" → 新线索 **{digest.leads_new:,}** 条",
        "",
        "**需要今天处理**",
        f'- <font color="warning">{_high(digest)}</font>' if digest.high else "- 高风险 0 条",
        f"- 待初筛共 {digest.unscreened:,} 条",
    ]
    if digest.leads_more:
        lines.append(f"- 原有线索新增疑似信息 {digest.leads_more:,} 条线索")
    if digest.by_district:
        parts = [f"{inert(name)} {count:,}" for name, count in digest.by_district[:12]]
        others = sum(count for _, count in digest.by_district[12:])
        lines += ["", "**区（市）**　" + "｜".join([*parts, f"其他 {others:,}"] if others else parts)]
    notices = _notices(digest)
    if notices:
        lines += ["", "**系统提示**", *(f'- <font color="comment">{notice}</font>' for notice in notices[:12])]
        lines += [f"- 另有 {len(notices) - 12} 个平台异常"] if len(notices) > 12 else []
    if digest.coverage:
        lines += ["", "**覆盖说明**", *(f"- {line}" for line in digest.coverage[:_IN_CHAT])]
    return "\n".join(lines) + "\n"


def _wecom_leads(digest: Digest, room: int) -> str:
    """The leads one by one, as many as fit into `room` bytes, and how many others there are."""
    if not digest.leads_new:
        return ""
    text, named = "\n**新线索**\n", 0
    # the widest form of the last line is kept free, so that the count of the others always fits
    room -= size(_others(digest.leads_new))
    if size(text) > room:
        return ""
    for lead in digest.leads[:_IN_CHAT]:
        line = f"- [{_name(lead)}]({_link(digest, lead)}) {_lead(lead)}\n"
        if size(text) + size(line) > room:
            break
        text, named = text + line, named + 1
    others = digest.leads_new - named
    return text + (_others(others) if others else "")


def _others(count: int) -> str:
    return f"- 另有 {count:,} 条，见核查队列\n"


def _wecom_tail(digest: Digest) -> str:
    return f'\n[打开今日核查队列]({_queue(digest)})\n<font color="comment">{_marks(digest)}</font>'


# --- mail ------------------------------------------------------------------------------------------------------------


def mail_text(digest: Digest) -> str:
    """Plain text, the same sections in the same order."""
    if digest.quiet:
        lines = [quiet_line(digest)]
    else:
        lines = [
            f"{_day(digest)} 监测日报",
            "　".join(part for part in (f"夜间监测：{digest.status}", _times(digest), _seen(digest)) if part),
            f"检视商品信息 {digest.cards:,} 条次；新增疑似信息 {digest.hits:,} 条；新线索 {digest.leads_new:,} 条",
            "",
            f"需要今天处理：{_high(digest)}；待初筛共 {digest.unscreened:,} 条",
        ]
        lines += [f"原有线索中 {digest.leads_more:,} 条新增疑似信息"] if digest.leads_more else []
        lines += (
            ["", "区（市）：" + "，".join(f"{inert(n)} {c:,}" for n, c in digest.by_district)]
            if digest.by_district
            else []
        )
        lines += ["", "系统提示：", *(f"  - {notice}" for notice in _notices(digest))] if _notices(digest) else []
        lines += ["", "覆盖说明：", *(f"  - {line}" for line in digest.coverage)] if digest.coverage else []
        lines += ["", *(f"  {_name(lead)}  {_lead(lead)}  {_link(digest, lead)}" for lead in digest.leads[:_IN_MAIL])]
        others = digest.leads_new - len(digest.leads[:_IN_MAIL])
        lines += [f"  另有 {others:,} 条，见控制台"] if others else []
    return "\n".join([*lines, "", f"核查队列：{_queue(digest)}", _marks(digest), ""])


def mail_html(digest: Digest) -> str:
    """The page of `mail.html`: every value escaped, nothing loaded from anywhere."""
    quiet = quiet_line(digest) if digest.quiet else ""
    today = [_high(digest)] if digest.high else []
    if digest.leads_more:
        today.append(f"原有线索中 {digest.leads_more:,} 条新增疑似信息")
    return _template().render(
        quiet=quiet,
        day=_day(digest),
        status=digest.status,
        normal=digest.status == ScanStatus.NORMAL,
        seen="　".join(part for part in (_times(digest), _seen(digest)) if part),
        facts=_facts(digest),
        today=today,
        districts=[(inert(name), count) for name, count in digest.by_district],
        notices=_notices(digest),
        coverage=digest.coverage,
        leads=[(_name(lead), _link(digest, lead), _lead_facts(lead)) for lead in digest.leads[:_IN_MAIL]],
        others=digest.leads_new - len(digest.leads[:_IN_MAIL]),
        queue=_queue(digest),
        marks=_marks(digest),
    )


def _template() -> Template:
    source = resources.files("alerts").joinpath("mail.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)


def _facts(digest: Digest) -> list[tuple[str, int, str]]:
    """(name, number, colour) of the five figures at the top."""
    return [
        ("检视商品信息（条次）", digest.cards, "#1f2329"),
        ("新增疑似信息（条）", digest.hits, "#1f2329"),
        ("新线索（条）", digest.leads_new, "#1456b8"),
        ("其中高风险（条）", digest.high, "#c4320a"),
        ("待初筛（条）", digest.unscreened, "#1f2329"),
    ]


# --- generic webhook -------------------------------------------------------------------------------------------------


def webhook_data(digest: Digest) -> dict[str, Any]:
    """The same as JSON; `id` is the same for every attempt."""
    return {
        "id": digest.key,
        "type": "digest",
        "date": digest.for_date.isoformat(),
        "status": digest.status,
        "since": digest.since.isoformat(),
        "made_at": digest.made_at.isoformat(),
        "counts": {
            "cards": digest.cards,
            "hits": digest.hits,
            "leads_new": digest.leads_new,
            "leads_more": digest.leads_more,
            "high": digest.high,
            "unscreened": digest.unscreened,
        },
        "high_by_category": {inert(name): count for name, count in digest.high_by_category},
        "by_district": {inert(name): count for name, count in digest.by_district},
        "platforms": [
            {"name": inert(each.name), "status": each.status, "nights": each.nights} for each in digest.platforms
        ],
        "coverage": list(digest.coverage),
        "leads": [_lead_data(digest, lead) for lead in digest.leads],
        "leads_not_named": digest.leads_new - len(digest.leads),
        "link": _queue(digest),
        "audit": {"seq": digest.audit_seq, "hash": digest.audit_hash},
        "custody": {"seq": digest.custody_seq, "hash": digest.custody_hash},
        "text": quiet_line(digest) if digest.quiet else subject(digest),
    }


def _lead_data(digest: Digest, lead: LeadLine) -> dict[str, Any]:
    return {
        "id": lead.id,
        "number": lead.number,
        "platform": inert(lead.platform),
        "category": inert(lead.category),
        "district": inert(lead.district),
        "high": lead.high,
        "link": _link(digest, lead),
    }
