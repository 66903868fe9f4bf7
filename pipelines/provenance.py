"""来源, 制作方法, 制作时间, 环境: what a manifest tells of each capture, and what nobody recorded when it was made.

A fact that was not recorded at the time is marked 未采集 with the reason; none is filled in afterwards from what holds
today. What our own patrol wrote into a capture's method (`crawler.capture`) is read back out of it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from db.packages import PackedCapture, PackedLead
from evidence.manifest import not_collected
from evidence.package import Member
from pipelines.recorded import recorded_facts
from records import FileRole, QueryKind, shanghai

#: What the package is, in the words that the law has for it.
NATURE = "网络交易监测线索材料，自动采集，未经两名执法人员提取不作为处罚证据；不是对违法事实的认定"
#: The same with an extraction in it.
ATTENDED = "网络在线提取的电子数据及自动采集的线索材料，提取时两名执法人员在场；不是对违法事实的认定"

_UNRECORDED = "采集时未单独记录"
_PEER = re.compile(r"服务器地址 ([0-9A-Fa-f:.]+)")
_CHROMIUM = re.compile(r"Chromium (\S+)，视口 (\d+×\d+)")
_BODIES = (
    "正文为客户端收到并解除传输与内容编码之后的字节；应答状态行与头部未保存，故存档中记为 resource 而不是 response"
)
_ENDINGS = {
    "text/html": "html.txt",
    "application/json": "json.txt",
    "multipart/related": "mhtml.txt",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
_DERIVED = (FileRole.DOM, FileRole.SCREENSHOT, FileRole.FIRST_SCREEN, FileRole.SNAPSHOT)


def capture_facts(
    capture: PackedCapture,
    members: Sequence[Member],
    match: Mapping[str, Any] | None,
    record: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest's entry of one capture; `members` are its files in the package, `record` its own account."""
    facts = _unrecorded_facts(capture, members, match)
    for group, told in (recorded_facts(record) if record else {}).items():
        facts[group] = facts[group] | told if isinstance(told, dict) else told
    return facts


def _unrecorded_facts(
    capture: PackedCapture, members: Sequence[Member], match: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The entry of a capture without a record of its own making."""
    return {
        "id": capture.id,
        "listing_id": capture.listing_id,
        "title": capture.title,
        "price_text": capture.price_text,
        "notice": capture.notice,
        "source": _source(capture),
        "method": _method(capture),
        "time": {
            "start": moment(capture.captured_at),
            "end": not_collected(f"{_UNRECORDED}，只有开始取证的时刻"),
            "clock_offset": not_collected("采集时未与标准时间比对"),
            "clock_source": not_collected("采集时未记录授时来源，时刻取自采集主机时钟"),
            "server_date": not_collected("未保存应答头部"),
        },
        "environment": _environment(),
        "flags": _flags(capture),
        "encoding": {
            "declared": not_collected("未保存应答头部"),
            "used": not_collected(_UNRECORDED),
        },
        "bodies": _BODIES,
        "gaps": list(capture.gaps),
        "files": [member.path for member in members],
        "match": match or not_collected("这一状态的文本没有研判记录"),
    }


def match_facts(capture: PackedCapture, lexicon_sha256: str) -> dict[str, Any]:
    """match.json: why it counted, each match with its place in text.txt, in characters and in bytes."""
    judged = capture.assessment or {}
    text = text_of(capture)
    return {
        "lexicon_version": judged.get("lexicon_version", ""),
        "lexicon_sha256": lexicon_sha256 or not_collected("这一版词库已不在库中"),
        "matcher_version": judged.get("matcher_version", ""),
        "segmenter": not_collected("匹配器版本号已包含分词词典，未单列版本"),
        "level": judged.get("level", ""),
        "score": judged.get("score", 0),
        "category": judged.get("category", ""),
        "direction": judged.get("direction", ""),
        "parts": judged.get("parts", []),
        "matches": [_placed(one, capture, text) for one in judged.get("matches", [])],
    }


def text_of(capture: PackedCapture) -> str:
    """text.txt: title and description as they were read from the page, a line end between them."""
    return f"{capture.title}\n{capture.description}"


def moment(at: datetime) -> dict[str, str]:
    """A moment on both clocks."""
    return {
        "utc": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "beijing": shanghai(at).isoformat(timespec="milliseconds"),
    }


def file_name(number: int, role: FileRole, media_type: str) -> str:
    """A file's name in its capture's folder. Pages get one that no browser opens by a double click."""
    ending = _ENDINGS.get(media_type, "bin")
    return f"{number:02}-{role}.{ending}"


def role_of(role: FileRole) -> str:
    """`raw` as received, `derived` by our browser, `record` for what tells of the capture."""
    if role is FileRole.RECORD:
        return "record"
    return "derived" if role in _DERIVED else "raw"


def lead_facts(lead: PackedLead) -> dict[str, Any]:
    """Which lead, and of which the package speaks."""
    return {
        "id": lead.id,
        "number": lead.number or not_collected("尚未初筛，没有线索编号"),
        "campaign": lead.campaign,
        "platform": lead.platform,
        "source": lead.source,
        "category": lead.category,
        "title": lead.title,
        "listing_id": lead.listing_id or "全部",
    }


def _source(capture: PackedCapture) -> dict[str, Any]:
    peer = _PEER.search(capture.method)
    return {
        "requested_url": capture.listing_url,
        "final_url": capture.url,
        "redirects": not_collected("只保存了最终网址，未保存各次跳转"),
        "entry": _entry(capture),
        "platform": capture.platform,
        "item_id": capture.item_id,
        "peer": peer[1] if peer else not_collected("没有记录服务器地址（文件导入、远程浏览器或人工录入）"),
        "resolver": not_collected("域名由出口守卫经系统解析器解析，未逐条记录"),
    }


def _entry(capture: PackedCapture) -> str:
    scan = f"，监测任务 {capture.scan_id}" if capture.scan_id else ""
    if capture.query_kind == QueryKind.SEARCH:
        return f"平台站内搜索“{capture.query_text}”{scan}"
    if capture.query_kind == QueryKind.BROWSE:
        return f"平台栏目“{capture.query_text}”{scan}"
    by = f"（{capture.brought_by}）" if capture.brought_by else ""
    return f"{capture.source}{by}{scan}"


def _method(capture: PackedCapture) -> dict[str, Any]:
    browser = _CHROMIUM.search(capture.method)
    no_browser = not_collected("本次没有用浏览器制作，或未记录")
    unrecorded = not_collected(_UNRECORDED)
    return {
        "told": capture.method,
        "software": "xunwang",
        "version": unrecorded,
        "commit": unrecorded,
        "chromium": browser[1] if browser else no_browser,
        "scrapy": unrecorded,
        "user_agent": not_collected("未逐次记录，取自当时的设置 crawl.user_agent"),
        "viewport": browser[2] if browser else no_browser,
        "proxy": not_collected("采集经本机出口守卫外出，未逐次记录"),
        "robots": not_collected("未逐次记录；如凭决定不受 robots.txt 限制，已写入制作方法"),
        "rate": unrecorded,
    }


def _environment() -> dict[str, Any]:
    return {
        "host": not_collected(_UNRECORDED),
        "os": not_collected(_UNRECORDED),
        "image_digest": not_collected(_UNRECORDED),
        "clean_profile": not_collected("浏览器每次以临时的新配置启动，未逐次核对并记录"),
        "extensions": not_collected("未逐次核对并记录"),
        "hosts_file_sha256": not_collected(_UNRECORDED),
        "dns_answer": not_collected("域名由出口守卫经系统解析器解析，未逐条记录"),
    }


def _flags(capture: PackedCapture) -> dict[str, Any]:
    return {
        "partial": bool(capture.gaps),
        "truncated": not_collected("未单独记录；超出大小限制的页面不取证"),
        "blocked": not_collected("未单独记录；被拦截的页面不形成商品信息"),
    }


def _placed(match: dict[str, Any], capture: PackedCapture, text: str) -> dict[str, Any]:
    """A match with its offsets in text.txt; without them where the text there is not what was matched."""
    shift = len(capture.title) + 1 if match["field"] == "description" else 0
    start, end = match["start"] + shift, match["end"] + shift
    if text[start:end] != match["surface"]:
        return {**match, "in_text": not_collected("命中之后文本的存法有变，位置对不上")}
    before, within = len(text[:start].encode()), len(text[start:end].encode())
    return {**match, "in_text": {"start": start, "end": end, "start_byte": before, "end_byte": before + within}}
