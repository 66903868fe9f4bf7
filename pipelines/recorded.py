"""The record that a capture wrote of its own making (`crawler.circumstances`), as a package tells and archives it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from db.packages import PackedCapture
from evidence import Store
from evidence.wacz import Answer, Received
from records import FileRole

_FORMAT = "xunwang-capture-1"
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_BODIES = (
    "正文为客户端收到并解除传输与内容编码之后的字节，状态行、头部按收到的记录"
    "（原来的长度与编码头改名为 X-Archive-Orig-…）；浏览器只给出转成 UTF-8 的文本时逐条注明；"
    "Cookie、Set-Cookie、Authorization 的值不留存"
)
_REDIRECTS = range(300, 400)


def record_of(store: Store, capture: PackedCapture) -> Mapping[str, Any] | None:
    """What the capture wrote down; None for one that has no record (made by hand, imported, of an earlier release)."""
    named = next((file for file in capture.files if file.role == FileRole.RECORD), None)
    told: Mapping[str, Any] = json.loads(store.get(named.sha256)) if named else {}
    return told if told.get("format") == _FORMAT else None


def received_of(store: Store, capture: PackedCapture, record: Mapping[str, Any]) -> tuple[Received, ...]:
    """Every answer whose body was kept, and every redirect, as the web archive holds them; the document first."""
    sizes = {file.sha256: file.size for file in capture.files}
    told = []
    for one in record["exchanges"]:
        body = one["body"]
        if body and body["sha256"] in sizes:
            path, sha256, size = store.path(body["sha256"]), body["sha256"], body["size"]
        elif one["status"] in _REDIRECTS:
            path, sha256, size = None, "", 0
        else:
            continue
        answer = _answer(one)
        told.append(
            Received(url=one["url"], media_type=answer.media_type, path=path, sha256=sha256, size=size, answer=answer)
        )
    return tuple(told)


def page_address(capture: PackedCapture, record: Mapping[str, Any]) -> str:
    """The document that a reader of the archive opens: of a rendered page that, not the data it loaded."""
    documents = (
        one for one in record["exchanges"] if one["body"] and _header(one, "content-type").startswith("text/html")
    )
    return str(next((one["url"] for one in documents), capture.url))


def recorded_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Group → facts of the manifest's entry, as far as they were recorded."""
    time, machine, exchanges = record["time"], record["machine"], record["exchanges"]
    clock = time["clock"]
    programs = dict(part.rsplit(" ", 1) for part in machine.get("programs", "").split(", ") if " " in part)
    facts: dict[str, dict[str, Any]] = {
        "source": {
            "requested_url": record["url"],
            "redirects": _redirects(exchanges),
            "resolver": machine.get("resolver", ""),
        },
        "method": {
            "version": programs.get("xunwang", ""),
            "commit": machine.get("commit", ""),
            "scrapy": programs.get("scrapy", ""),
            "programs": machine.get("programs", ""),
            "user_agent": record["user_agent"],
            "proxy": machine.get("way_out", ""),
            "robots": record["robots"],
            "rate": f"每次请求至少间隔 {record['delay_ms']} 毫秒，同一平台同时只有一个请求",
        },
        "time": {
            "end": {"utc": time["ended"], "beijing": time["ended_shanghai"]},
            "clock_offset": "" if clock["offset_ms"] is None else clock,
            "clock_source": clock["source"],
            "server_date": time["servers"],
            "monotonic_ms": time["monotonic_ms"],
        },
        "environment": {
            "host": machine.get("host", ""),
            "os": machine.get("system", ""),
            "image_digest": machine.get("image", ""),
            "account": machine.get("account", ""),
            "clean_profile": record["browser"],
            "extensions": record["browser"],
            "hosts_file_sha256": machine.get("hosts_file", ""),
            "dns_answer": _addresses(exchanges),
        },
        "encoding": {"declared": _declared(exchanges)},
        "flags": {"truncated": [one["url"] for one in exchanges if "过大" in one["note"]] or "无"},
    }
    found = {group: {name: fact for name, fact in told.items() if fact} for group, told in facts.items()}
    return {**found, "bodies": _BODIES}


def _answer(one: Mapping[str, Any]) -> Answer:
    return Answer(
        status=one["status"],
        headers=tuple((name, value) for name, value in one["answered"]),
        method=one["method"],
        asked=tuple((name, value) for name, value in one["asked"]),
        peer=one["peer"],
        encryption=f"{one['tls']['protocol']} {one['tls']['cipher']}".strip() if one["tls"] else "",
        at=datetime.fromisoformat(one["began"]),
        media_type=_header(one, "content-type").partition(";")[0].strip().lower() or "application/octet-stream",
        recoded="UTF-8" in one["note"],
    )


def _redirects(exchanges: list[Mapping[str, Any]]) -> Any:
    hops = [one for one in exchanges if one["status"] in _REDIRECTS]
    return [{"url": one["url"], "status": one["status"], "to": _header(one, "location")} for one in hops] or "无跳转"


def _addresses(exchanges: list[Mapping[str, Any]]) -> list[str]:
    """Host and the address that the guard connected to for it."""
    pairs = ((urlsplit(one["url"]).hostname, one["peer"]) for one in exchanges if one["peer"])
    return sorted({f"{host} → {peer}" for host, peer in pairs})


def _declared(exchanges: list[Mapping[str, Any]]) -> str:
    found = (_CHARSET.search(_header(one, "content-type")) for one in exchanges if one["status"] not in _REDIRECTS)
    return next((match[1] for match in found if match), "")


def _header(one: Mapping[str, Any], name: str) -> str:
    return next((str(value) for key, value in one["answered"] if key.lower() == name), "")
