"""From a lead to its evidence package: what was kept of it, bound, numbered, signed, and a row that says so."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from db import audit, custody, extractions, packages
from db.custody import Handling
from db.engine import Connection, Engine, transaction
from db.extractions import Extraction
from db.packages import Issued, PackedCapture, PackedLead, Turn
from evidence import EvidenceMissing, Store
from evidence.keys import Key
from evidence.manifest import CUSTODY, not_collected
from evidence.package import FileAltered, Member, Packer, manifest_hash
from evidence.record_sheet import Sheet, as_html, sheet_of
from evidence.record_word import as_word
from evidence.transcript import PATH as TRANSCRIPT
from evidence.transcript import transcript_of
from evidence.wacz import Received, Visit, write_wacz
from pipelines.extracting import extraction_facts, number_of
from pipelines.provenance import (
    ATTENDED,
    NATURE,
    capture_facts,
    file_name,
    lead_facts,
    match_facts,
    moment,
    role_of,
    text_of,
)
from pipelines.recorded import page_address, received_of, record_of
from records import Fault, FileRole, shanghai_date

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Bytes that a package needs beside the files themselves: lists, manifest, texts.
_SLACK = 16 << 20


class NothingKept(Fault):
    """这条线索没有可打包的证据材料。

    Nothing was kept of this lead that could be packed.
    """

    code = "E-PIPELINES-030"
    remedy = (
        "请用 xunwang leads show 查看；尚未取证的疑似信息会在下一次监测时补采。",
        "See `xunwang leads show`; hits without a capture get theirs in the next scan.",
    )
    exit_code = 4


class NotThere(Fault):
    """没有这条线索或疑似信息。

    There is no such lead or hit.
    """

    code = "E-PIPELINES-031"
    remedy = (
        "线索写编号或 id（xunwang leads list），疑似信息写 线索/疑似信息 id，如 12/345。",
        "Name a lead by number or id, a hit as LEAD/HIT, for example 12/345.",
    )
    exit_code = 2


def _not_printed(_html: str) -> bytes | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """Who makes a package, where and with what key."""

    engine: Engine
    store: Store
    key: Key = field(repr=False)
    #: Account or name of the person.
    by: str
    unit: str
    #: Facts of this machine and program: host, os, commit, image_digest, hosts_file_sha256.
    place: Mapping[str, Any]
    #: A page of ours in, its PDF out; None where it could not be printed.
    printed: Callable[[str], bytes | None] = _not_printed
    demo: bool = False
    at: datetime


def make_package(maker: Maker, lead_name: str, listing_id: int | None = None) -> Issued:
    """Makes the package of a lead, or of one hit of it, and keeps it in the store; without what officers attended.

    The files stream by before the district's turn is taken; the row is written after the file is on the disk. Raises
    NotThere, NothingKept, FileAltered (naming the file), StoreFull.
    """
    with transaction(maker.engine) as conn:
        lead_id = packages.lead_named(conn, lead_name)
        lead = None if lead_id is None else packages.packed(conn, lead_id, listing_id)
    if lead is None:
        raise NotThere(lead_name if listing_id is None else f"{lead_name}/{listing_id}")
    return _make(maker, lead, None)


def make_attended_package(maker: Maker, extraction_id: int) -> Issued:
    """Makes the package of an extraction: all captures of its item, and its 《电子数据提取笔录》.

    Raises NotAttended where it was not completed and confirmed by both officers; else as `make_package`.
    """
    with transaction(maker.engine) as conn:
        extraction = extractions.attended(conn, extraction_id)
        lead = packages.packed(conn, extraction.lead_id, extraction.listing_id, extraction_id=extraction_id)
    assert lead is not None, "an extraction is of a hit of its lead"
    return _make(maker, lead, extraction)


def _make(maker: Maker, lead: PackedLead, extraction: Extraction | None) -> Issued:
    if not lead.captures:
        raise NothingKept(lead.title)
    with transaction(maker.engine) as conn:
        judged = {one.assessment["lexicon_version"] for one in lead.captures if one.assessment}
        lexicons = {name: packages.lexicon_hash(conn, name) for name in sorted(judged)}
    # the web archive holds the bodies once more
    weight = 3 * sum(file.size for capture in lead.captures for file in capture.files) + _SLACK
    with maker.store.draft(weight) as draft:
        packer = Packer(draft)
        attended: list[Member] = []
        entries = list(_pack(packer, maker, lead, lexicons, attended))
        with transaction(maker.engine) as conn:
            turn = packages.take_turn(conn, lead.district_code, shanghai_date(maker.at))
            facts = _facts(conn, packer, maker, lead, turn, entries)
            if extraction is not None:
                facts |= _attended(facts, extraction, attended)
            _add_record(packer, maker, facts)
            manifest = packer.seal(facts, maker.key)
            kept = maker.store.keep(draft)
            named = {"sha256": kept.sha256, "manifest_sha256": manifest_hash(manifest)}
            _write(conn, maker, lead, turn, kept.size, named | {"extraction_id": extraction and extraction.id})
            return packages.issued(conn, number=turn.number)[0]


def write_archive(store: Store, captures: Sequence[PackedCapture], into: BinaryIO) -> list[str]:
    """The web archive (WACZ) of these captures; the addresses of their pages in it. Raises FileAltered."""
    visits = [_visit(store, one) for one in captures]
    write_wacz(into, visits, software=_software())
    return [visit.url for visit in visits]


def _pack(
    packer: Packer, maker: Maker, lead: PackedLead, lexicons: Mapping[str, str], attended: list[Member]
) -> Iterator[dict[str, Any]]:
    """Adds the captures and their web archive; yields what the manifest says of each.

    The files of what officers attended are put into `attended`: of several captures of one extraction, the last.
    """
    for number, capture in enumerate(lead.captures, 1):
        members, match = list(_members(maker.store, number, capture)), None
        if capture.assessment:
            match = match_facts(capture, lexicons[capture.assessment["lexicon_version"]])
            members.append(_json(f"captures/{number:04}/match.json", match))
        for member in members:
            packer.add(member)
        if capture.extraction_id is not None:
            attended[:] = members
        summary = {name: value for name, value in match.items() if name not in ("parts", "matches")} if match else None
        yield capture_facts(capture, members, summary, record_of(maker.store, capture))
    total = sum(file.size for capture in lead.captures for file in capture.files)
    with maker.store.draft(total + _SLACK) as archive:
        write_archive(maker.store, lead.captures, archive)
        archive.flush()
        packer.add(Member(path="capture.wacz", body=Path(archive.name), media_type="application/wacz", role="derived"))


def _members(store: Store, number: int, capture: PackedCapture) -> Iterator[Member]:
    folder = f"captures/{number:04}"
    for place, file in enumerate(capture.files, 1):
        role = FileRole(file.role)
        yield Member(
            path=f"{folder}/{file_name(place, role, file.media_type)}",
            body=_stored(store, file.sha256, capture),
            media_type=file.media_type,
            role=role_of(role),
            sha256=file.sha256,
        )
    text = text_of(capture).encode()
    yield Member(path=f"{folder}/text.txt", body=text, media_type="text/plain; charset=utf-8", role="derived")


def _facts(
    conn: Connection, packer: Packer, maker: Maker, lead: PackedLead, turn: Turn, entries: list[dict[str, Any]]
) -> dict[str, Any]:
    """Everything of the manifest that stands fast only when it is this package's turn."""
    rows = custody.of_leads(conn, [lead.id])
    lines = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    packer.add(Member(path=CUSTODY, body=lines.encode(), media_type="application/jsonl", role="record"))
    before = {"number": turn.previous_number, "manifest_sha256": turn.previous_sha256}
    told, watched = custody.head(conn), audit.head(conn)
    return {
        "number": turn.number,
        "nature": NATURE,
        "demo": maker.demo,
        "district": {"code": lead.district_code, "name": lead.district},
        "lead": lead_facts(lead),
        "previous": before if turn.previous_number else "本区（市）的第一个证据包",
        "captures": entries,
        "custody": {"rows": len(rows), "seq": told.seq, "head": told.hash},
        "audit": {"seq": watched.seq, "head": watched.hash},
        "maker": {
            "operator": maker.by,
            "unit": maker.unit,
            "officers": not_collected("无人值守的自动采集，没有执法人员在场；不得作为电子数据提取笔录使用"),
        },
        "packaging": {
            "software": "xunwang",
            "version": version("xunwang"),
            "at": moment(maker.at),
            **maker.place,
        },
    }


def _attended(facts: Mapping[str, Any], extraction: Extraction, members: Sequence[Member]) -> dict[str, Any]:
    """What an extraction changes of a package's facts: two officers were there for its capture."""
    told = extraction_facts(extraction, members)
    maker = {**facts["maker"], "officers": told["officers"]}
    paths = {member.path for member in members}
    entries = [
        {**one, "extraction": number_of(extraction)} if paths >= set(one["files"]) else one for one in facts["captures"]
    ]
    return {"extraction": told, "maker": maker, "nature": ATTENDED, "captures": entries}


def _add_record(packer: Packer, maker: Maker, facts: Mapping[str, Any]) -> None:
    """自动采集记录 of what nobody attended, and 电子数据提取笔录 of what two officers did."""
    if any("extraction" not in one for one in facts["captures"]):
        _add_sheet(packer, maker, "record/自动采集记录", sheet_of(facts, [asdict(file) for file in packer.files]))
    if "extraction" in facts:
        _add_sheet(packer, maker, TRANSCRIPT, transcript_of(facts))


def _add_sheet(packer: Packer, maker: Maker, path: str, sheet: Sheet) -> None:
    """In Word, and as PDF where there is a browser to print it."""
    packer.add(Member(path=f"{path}.docx", body=as_word(sheet, at=maker.at), media_type=_WORD, role="record"))
    if (paper := maker.printed(as_html(sheet))) is not None:
        packer.add(Member(path=f"{path}.pdf", body=paper, media_type="application/pdf", role="record"))


def _write(conn: Connection, maker: Maker, lead: PackedLead, turn: Turn, size: int, named: Mapping[str, Any]) -> None:
    packages.issue(
        conn,
        turn,
        size=size,
        district=lead.district_code,
        day=shanghai_date(maker.at),
        lead_id=lead.id,
        listing_id=lead.listing_id,
        **named,
        key_id=maker.key.id,
        made_by=maker.by,
        made_at=maker.at,
    )
    detail: dict[str, Any] = {"number": turn.number, **{name: one for name, one in named.items() if one is not None}}
    head = custody.record(conn, actor=maker.by, handling=Handling.PACKAGE, lead_id=lead.id, detail=detail, at=maker.at)
    detail |= {"custody": f"{head.seq}:{head.hash}"}
    audit.record(conn, actor=maker.by, action="evidence.package", subject=f"lead:{lead.id}", detail=detail, at=maker.at)


def _visit(store: Store, capture: PackedCapture) -> Visit:
    """A capture as the web archive holds it: what came over the network, each body once."""
    told = {"capture": capture.id, "method": capture.method, "gaps": list(capture.gaps)}
    record = record_of(store, capture)
    if record is not None:
        url, received = page_address(capture, record), received_of(store, capture, record)
        return Visit(url=url, title=capture.title, at=capture.captured_at, received=received, told=told)
    bare = [
        Received(
            url=file.url,
            media_type=file.media_type,
            path=_stored(store, file.sha256, capture),
            sha256=file.sha256,
            size=file.size,
        )
        for file in capture.files
        if file.url and role_of(FileRole(file.role)) == "raw"
    ]
    return Visit(url=capture.url, title=capture.title, at=capture.captured_at, received=tuple(bare), told=told)


def _stored(store: Store, sha256: str, capture: PackedCapture) -> Path:
    try:
        return store.path(sha256)
    except EvidenceMissing as gone:
        raise FileAltered(f"{sha256}（{capture.title}，{capture.url}）：不存在") from gone


def _json(path: str, value: Mapping[str, Any]) -> Member:
    body = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
    return Member(path=path, body=body, media_type="application/json", role="derived")


def _software() -> str:
    return f"xunwang {version('xunwang')}"
