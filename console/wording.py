"""How values read: times, prices, keys, techniques, reasons."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup, escape

from console import formats
from console.language import N_, _, ngettext, recorded, spoken, told, word
from console.veil import person, veil, veil_on_paper
from db.queue import MOST_COUNTED
from records import DismissReason, FileRole, Level, Match, Outcome, ScanStatus, shanghai

LEVELS = {Level.HIGH.value: N_("高风险"), Level.REVIEW.value: N_("待看"), Level.NONE.value: N_("未命中")}
FIELDS = {"title": N_("标题"), "description": N_("描述"), "title+description": N_("标题与描述")}
ROLES = {
    FileRole.PAGE.value: N_("原始页面"),
    FileRole.DOM.value: N_("渲染后页面"),
    FileRole.SCREENSHOT.value: N_("网页截图"),
    FileRole.FIRST_SCREEN.value: N_("首屏截图"),
    FileRole.SNAPSHOT.value: N_("网页快照（MHTML）"),
    FileRole.PICTURE.value: N_("商品图片"),
    FileRole.ANSWER.value: N_("其他应答"),
    FileRole.RECORD.value: N_("采集过程记录"),
}
#: The number key of each reason, in the order shown.
REASONS = dict(enumerate(DismissReason, start=1))
STATUS_TONES = {
    ScanStatus.NORMAL.value: "good",
    ScanStatus.RUNNING.value: "busy",
    ScanStatus.PARTIAL.value: "warn",
    ScanStatus.BLOCKED.value: "bad",
    ScanStatus.DRIFTED.value: "bad",
    ScanStatus.NOT_RUN.value: "bad",
}
#: Outcome as counted in a scan; the empty one has not ended.
OUTCOMES = {"": N_("进行中"), **{outcome.value: outcome.label for outcome in Outcome}}
SCAN_KINDS = {"nightly": N_("夜间监测"), "foreground": N_("手动监测"), "demo": N_("演示监测")}

#: What stands in the audit, as people read it.
ACTIONS = {
    "login": N_("登录"),
    "login.refused": N_("登录被拒"),
    "logout": N_("退出"),
    "password.change": N_("改密码"),
    "user.add": N_("建账号"),
    "user.reset": N_("重设口令"),
    "user.disable": N_("停用账号"),
    "user.enable": N_("启用账号"),
    "user.role": N_("改角色"),
    "token.new": N_("建接口令牌"),
    "token.revoke": N_("撤销接口令牌"),
    "token.refused": N_("令牌被拒"),
    "lead.keep": N_("转核查"),
    "lead.dismiss": N_("排除"),
    "lead.later": N_("待研判"),
    "lead.undo": N_("撤销初筛"),
    "lead.verdict": N_("核查结论"),
    "lead.verdict.undo": N_("撤销核查结论"),
    "lead.licence": N_("证照核验"),
    "lead.second": N_("复核抽查"),
    "lead.print": N_("打印线索"),
    "lead.unmask": N_("显示未遮盖的个人信息"),
    "lead.disposition": N_("处置"),
    "lead.note": N_("写备注"),
    "lead.star": N_("典型案例候选"),
    "hold.place": N_("依法保留"),
    "hold.lift": N_("解除保留"),
    "retention.purge": N_("到期清除"),
    "lead.misread": N_("此词误报"),
    "lead.merge": N_("合并线索"),
    "lead.split": N_("拆出线索"),
    "lead.export": N_("导出线索"),
    "lead.export.unmasked": N_("导出未脱敏线索"),
    "term.add": N_("加入夜间检索"),
    "term.end": N_("结束夜间加查"),
    "view.save": N_("保存视图"),
    "view.remove": N_("删除视图"),
    "lead.hits": N_("疑似信息并入线索"),
    "lead.return": N_("线索重新待核查"),
    "lead.wake": N_("线索到期或有变化，重新出现"),
    "listing.gone": N_("商品下架"),
    "listing.relisted": N_("商品再次上架"),
    "intake.page": N_("人工录入"),
    "evidence.package": N_("制作证据包"),
    "extraction.open": N_("登记网络在线提取"),
    "extraction.environment": N_("提取前环境检查"),
    "extraction.asked": N_("指令提取采集"),
    "extraction.captured": N_("提取采集完成"),
    "extraction.confirm": N_("执法人员确认提取"),
    "extraction.refused": N_("确认提取口令错误"),
    "extraction.abandoned": N_("终止提取"),
    "extraction.package": N_("生成电子数据提取笔录"),
    "preference.language": N_("选择语言"),
    "preference.keys": N_("设置快捷键"),
    "session.supply": N_("提供平台会话"),
    "session.revoke": N_("撤销平台会话"),
    "setup.unit": N_("设置单位"),
    "setup.platforms": N_("询问平台"),
    "setup.alerts": N_("测试消息通道"),
    "setup.lead": N_("首批数据"),
    "crawl.halt": N_("停止监测"),
    "crawl.resume": N_("恢复监测"),
}

#: Characters without a width of their own: sellers put them between the characters of a word.
_UNSEEN = "\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff"
#: Those, and what turns the reading direction around or is no character of a text at all.
_CONTROLS = re.compile(
    f"([{_UNSEEN}])|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2065-\u206f]"
)
_DOT = "·"
_LONGEST = 6000
_ZERO_WIDTH = Markup('<i class="unseen" role="img" title="{}" aria-label="{}"></i>')


def moment(value: datetime) -> str:
    """2026/11/23 02:14, in China, as the language of the request writes it."""
    return formats.moment(value, spoken())


def day(value: date) -> str:
    """2026/11/23, as the language of the request writes it."""
    return formats.day(value, spoken())


def short_day(value: date) -> str:
    """11月23日, where the year is known."""
    return formats.day_of_year(value, spoken())


def moment_exact(value: datetime) -> str:
    """2026-11-23 02:14:07 UTC+8, in every language: evidence and papers are compared by it."""
    return f"{shanghai(value):%Y-%m-%d %H:%M:%S} UTC+8"


def ago(value: datetime, now: datetime) -> str:
    """3 分钟前, 5 小时前, 昨天 02:14, 11月20日 02:14."""
    seconds = (now - value).total_seconds()
    if seconds < 60:
        return _("刚刚")
    if seconds < 3600:
        minutes = int(seconds // 60)
        return ngettext("%(count)s 分钟前", "%(count)s 分钟前", minutes) % {"count": minutes}
    days = (shanghai(now).date() - shanghai(value).date()).days
    if days == 0:
        hours = int(seconds // 3600)
        return ngettext("%(count)s 小时前", "%(count)s 小时前", hours) % {"count": hours}
    if days == 1:
        return _("昨天 %(time)s", time=formats.time(value, spoken()))
    if days >= 300:
        return day(value)
    return f"{formats.day_of_year(value, spoken())} {formats.time(value, spoken())}"


def price(value: Decimal | None, text: str = "") -> str:
    """¥1,234.00; the text as shown where no number was read; — where there is neither."""
    if value is None:
        return visible(text) or "—"
    return formats.money(value, spoken())


def visible(text: str) -> str:
    """For attributes: `text` with zero-width characters as dots, controls as ⟨U+202E⟩, cut where it is very long."""
    return _CONTROLS.sub(lambda found: _DOT if found[1] else f"⟨U+{ord(found[0]):04X}⟩", _cut(veil(text)))


def shown(text: str) -> Markup:
    """For the page itself: like `visible`, but a zero-width character is a small mark that says what it is."""
    return exact(veil(text))


def exact(text: str) -> Markup:
    """Like `shown`, and nothing masked: numbers of items and addresses, which may look like telephone numbers."""
    cut, pieces, at = _cut(text), [], 0
    for found in _CONTROLS.finditer(cut):
        number = f"U+{ord(found[0]):04X}"
        named = (_("零宽字符 %(number)s", number=number), _("零宽字符"))
        mark = _ZERO_WIDTH.format(*named) if found[1] else Markup("⟨{}⟩").format(number)
        pieces += [escape(cut[at : found.start()]), mark]
        at = found.end()
    return Markup("").join([*pieces, escape(cut[at:])])


def nested(text: str) -> str:
    """“a“b”” as “a‘b’”: double quotes inside of double quotes become single ones. Unpaired ones are left alone."""
    depth, out = 0, []
    for character in text:
        if character == "“":
            depth += 1
            out.append("“" if depth % 2 else "‘")
        elif character == "”":
            out.append("”" if depth % 2 else "’")
            depth -= 1
        else:
            out.append(character)
        if depth < 0:
            return text
    return text if depth else "".join(out)


def cleaned(text: str) -> str:
    """What a person typed, in one line, without characters that nobody sees."""
    return " ".join(_CONTROLS.sub("", text).split())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _("……（过长已截断，全文见证据）")


def size(count: int) -> str:
    """812 B, 14 KB, 2.3 MB."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"


def short_hash(sha256: str) -> str:
    """9f2c01ab…44e1."""
    return f"{sha256[:8]}…{sha256[-4:]}"


def web_address(url: str) -> str:
    """`url` where a link may be made of it, else empty: only http and https, with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and url.isprintable() else ""


def technique(match: Match) -> str:
    """原词, 谐音, 夹字符 …"""
    return word(match.how)


def signed(points: int) -> str:
    """+30 or −15."""
    return f"+{points}" if points >= 0 else f"−{-points}"


def grouped(count: int) -> str:
    """1,234 as the language of the request groups it."""
    return formats.number(count, spoken())


def percent(share: float | None) -> str:
    """12.3%; — where there is none."""
    return "—" if share is None else formats.percent(share, spoken())


def count_text(count: int) -> str:
    """137, or 10,000+ where counting stopped."""
    return f"{grouped(count)}+" if count >= MOST_COUNTED else grouped(count)


def plain_json(data: Any) -> str:
    """One line of JSON, in the characters that it is about."""
    return json.dumps(data, ensure_ascii=False)


def parameters(values: Mapping[str, object], **more: object) -> str:
    """URL parameters of what is not empty."""
    return urlencode({key: value for key, value in {**values, **more}.items() if value not in ("", None)})


def reason_told(reason: str) -> str:
    """A reason for dismissing, with the words of one's own that go with 其他: 其他：…"""
    known, colon, words = reason.partition(recorded("："))
    return f"{word(known)}{_('：')}{words}" if colon and known == DismissReason.OTHER else word(reason)


def _named(names: dict[str, str]) -> Callable[[str], str]:
    return lambda key: word(names.get(str(key), str(key)))


FILTERS: dict[str, Callable[..., Any]] = {
    "moment": moment,
    "day": day,
    "short_day": short_day,
    "moment_exact": moment_exact,
    "ago": ago,
    "price": price,
    "visible": visible,
    "shown": shown,
    "exact": exact,
    "person": person,
    "on_paper": veil_on_paper,
    "nested": nested,
    "size": size,
    "short_hash": short_hash,
    "web_address": web_address,
    "technique": technique,
    "signed": signed,
    "grouped": grouped,
    "percent": percent,
    "count_text": count_text,
    "level_name": _named(LEVELS),
    "field_name": _named(FIELDS),
    "role_name": _named(ROLES),
    "status_tone": _named(STATUS_TONES),
    "scan_kind": _named(SCAN_KINDS),
    "outcome_name": _named(OUTCOMES),
    "action_name": _named(ACTIONS),
    "plain_json": plain_json,
    "parameters": parameters,
    "word": word,
    "told": told,
    "reason_told": reason_told,
}
