"""From an attended extraction to its facts: what was captured is kept and digested, each step is told in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crawler.live import Live
from db import audit, custody, extractions
from db.custody import Handling
from db.engine import Engine, transaction
from db.evidence import keep_attended
from db.extractions import Extraction, Officer, Step, StepKind, Witness
from evidence import Store
from evidence.manifest import digests, not_collected
from evidence.package import Member
from pipelines.provenance import moment
from pipelines.taking_off import kept_capture
from records import FileRole, Listing, shanghai_date

#: Who does what no person does.
PROGRAM = "系统"

ROLE_NAMES = {
    FileRole.RECORD: "采集过程记录",
    FileRole.PAGE: "原始页面",
    FileRole.ANSWER: "其他应答",
    FileRole.DOM: "渲染后页面",
    FileRole.FIRST_SCREEN: "首屏截图",
    FileRole.SCREENSHOT: "网页截图",
    FileRole.SNAPSHOT: "网页快照（MHTML）",
    FileRole.PICTURE: "商品图片",
}


def keep_live(engine: Engine, store: Store, extraction: Extraction, live: Live, at: datetime) -> None:
    """The files into the store, then in one transaction the capture, its step, and a row in both chains.

    Raises StoreFull, and ExtractionMoved where the extraction has ended meanwhile; then nothing was written.
    """
    bare = kept_capture(extraction.listing_id, live.listing.fingerprint, live.capture, store)
    files = [
        {
            "role": file.role.value,
            "sha256": sha256,
            "sm3": sm3,
            "bytes": len(file.body),
            "media_type": file.media_type,
        }
        for file in live.capture.files
        for sha256, sm3 in [digests(file.body)]
    ]
    with transaction(engine) as conn:
        capture_id = keep_attended(conn, bare, at, extraction_id=extraction.id)
        detail = {
            "capture": capture_id,
            "gone": live.gone,
            "peer": live.peer,
            "final_url": live.capture.url,
            "method": live.capture.method,
            "gaps": list(live.capture.gaps),
            "files": files,
            **_said(live.listing),
        }
        extractions.add_step(conn, extraction.id, StepKind.CAPTURED, actor=PROGRAM, detail=detail, at=at)
        told = {"extraction": number_of(extraction), "capture": capture_id, "files": len(files)}
        actor = extraction.opened_by
        head = custody.record(
            conn, actor=actor, handling=Handling.EXTRACT, lead_id=extraction.lead_id, detail=told, at=at
        )
        told |= {"custody": f"{head.seq}:{head.hash}"}
        subject = custody.subject(extraction.lead_id)
        audit.record(conn, actor=actor, action="extraction.captured", subject=subject, detail=told, at=at)


def number_of(extraction: Extraction) -> str:
    """TQ-20261129-0007: by the Shanghai date at which it began, and the row."""
    return f"TQ-{shanghai_date(extraction.opened_at):%Y%m%d}-{extraction.id:04}"


def extraction_facts(extraction: Extraction, members: Sequence[Member]) -> dict[str, Any]:
    """What the manifest tells of an extraction that `db.extractions.attended` gave; `members`: its capture's files."""
    captured, ended = extraction.captured, extraction.ended
    assert captured is not None and ended is not None, "an attended extraction has both"
    environment = extraction.last(StepKind.ENVIRONMENT)
    names = {one.account: one.name for one in extraction.officers}
    return {
        "number": number_of(extraction),
        "basis": extraction.basis,
        "case_number": extraction.case_number or "无（立案前核查）",
        "place": extraction.place,
        "url": extraction.url,
        "entry": entry_of(extraction),
        "officers": [_officer(one) for one in extraction.officers],
        "witness": witness_of(extraction.witness),
        "began": moment(extraction.opened_at),
        "ended": moment(ended.at),
        "environment": dict(environment.detail) if environment else not_collected("没有做环境检查"),
        "page": "页面显示商品已下架，提取的是该提示页面" if captured.detail["gone"] else "页面可以打开，商品在列",
        "seller": captured.detail["seller"] or not_collected("页面未显示"),
        "files": _files(members, captured.detail["files"]),
        "confirmed": [
            {"account": one.actor, "name": names[one.actor], "at": moment(one.at)} for one in extraction.confirmed
        ],
        "steps": [
            {"seq": one.seq, "at": moment(one.at), "who": names.get(one.actor, one.actor), "told": step_told(one)}
            for one in extraction.steps
        ],
    }


def entry_of(extraction: Extraction) -> str:
    """How the page was reached."""
    return f"由线索中登记的商品网址直接打开：{extraction.url}"


def witness_of(witness: Witness) -> dict[str, str]:
    """As the manifest and the transcript tell it."""
    if witness.kind == "无":
        return {"类别": "无", "原因": witness.told}
    return {"类别": witness.kind, "姓名": witness.name, "身份与联系方式": witness.told}


def step_told(step: Step) -> str:
    """A step in words."""
    detail = step.detail
    if step.kind is StepKind.ENVIRONMENT:
        return f"环境检查：{clock_told(detail.get('clock', {}))}"
    if step.kind is StepKind.CAPTURED:
        peer, count = detail["peer"] or "未知", len(detail["files"])
        return f"打开页面并采集，服务器地址 {peer}，得到文件 {count} 个，计算 SHA-256 与 SM3"
    if step.kind is StepKind.FAILED:
        return f"未能采集：{detail['why']}"
    if step.kind is StepKind.ABANDONED:
        return f"终止提取：{detail['why']}"
    return _TOLD[step.kind]


def clock_told(clock: Mapping[str, Any]) -> str:
    """How this machine's clock stood, in words."""
    if clock.get("offset_ms") is None:
        return f"时间未与时间源比对（{clock.get('note') or '未设置时间源'}）"
    verdict = "可靠" if clock["reliable"] else "超过限度，时间不可靠"
    return f"与时间源 {clock['source']} 相差 {clock['offset_ms']} 毫秒，{verdict}"


_TOLD = {
    StepKind.OPENED: "登记提取依据、地点、执法人员与见证情况",
    StepKind.ASKED: "指令系统重新打开并采集该页面",
    StepKind.CONFIRMED: "核对采集结果与完整性校验值，凭本人口令确认",
    StepKind.COMPLETED: "两名执法人员均已确认，提取完成",
}


def _said(listing: Listing) -> dict[str, str]:
    return {
        "title": listing.title,
        "description": listing.description,
        "price_text": listing.price_text or str(listing.price or ""),
        "seller": listing.seller.name if listing.seller else "",
    }


def _officer(officer: Officer) -> dict[str, str]:
    return {"account": officer.account, "name": officer.name, "badge": officer.badge, "unit": officer.unit}


def _files(members: Sequence[Member], digested: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each file with the digests that the officers saw, and its place in the package; both are in capture order."""
    stored = [member for member in members if member.sha256]
    return [
        {
            "path": member.path,
            "name": ROLE_NAMES[FileRole(seen["role"])],
            "bytes": seen["bytes"],
            "sha256": seen["sha256"],
            "sm3": seen["sm3"],
        }
        for member, seen in zip(stored, digested, strict=True)
        if member.sha256 == seen["sha256"]
    ]
