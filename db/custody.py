"""The custody chain: every view, download, packing, export and hand-over of evidence, a row each (`db.chain`)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from db.chain import Chain, Head
from db.tables import custody

CHAIN = Chain(custody)

head = CHAIN.head
verify = CHAIN.verify


class Handling(StrEnum):
    """What was done with evidence. The values stand in the database."""

    VIEW = "查看"
    DOWNLOAD = "下载"
    EXTRACT = "在线提取"
    PACKAGE = "制作证据包"
    STAMP = "加时间戳"
    EXPORT = "导出"
    HAND_OVER = "移交"


def record(
    conn: Connection, *, actor: str, handling: Handling, lead_id: int, detail: Mapping[str, Any], at: datetime
) -> Head:
    """Writes one row in the caller's transaction, last of all (but before an audit row); returns the new head."""
    return CHAIN.record(conn, actor=actor, action=handling, subject=subject(lead_id), detail=detail, at=at)


def seen(conn: Connection, actor: str, lead_id: int, *, role: str, since: datetime) -> bool:
    """True where the actor looked at something of the lead of that role from that moment on, and a row says so."""
    rows = select(custody.c.seq).where(
        custody.c.subject == subject(lead_id),
        custody.c.actor == actor,
        custody.c.action == Handling.VIEW,
        custody.c.detail["role"].astext == role,
        custody.c.at >= since,
    )
    return conn.execute(rows.limit(1)).first() is not None


def subject(lead_id: int) -> str:
    """How a lead's evidence is called in the chain."""
    return f"lead:{lead_id}"


def of_leads(conn: Connection, lead_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Every row of these leads, oldest first, as JSON can say it."""
    wanted = [subject(one) for one in lead_ids]
    rows = conn.execute(select(custody).where(custody.c.subject.in_(wanted)).order_by(custody.c.seq))
    return [{**row._mapping, "at": row.at.isoformat()} for row in rows]
