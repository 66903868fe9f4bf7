"""An extraction walked through without a network, for the tests of what may follow from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from crawler.live import Live
from db import extractions
from db.engine import transaction
from db.extractions import Officer, Opening, StepKind, Witness
from evidence import Store
from pipelines.extracting import keep_live
from records import Listing
from tests.pipelines.made import captured

WANG = Officer(account="wang", name="王某", badge="鲁D-0001", unit="市局网监科")
LI = Officer(account="li", name="李某", badge="鲁D-0002", unit="市局网监科")
CLOCK = {"source": "ntp.example", "offset_ms": 12, "limit_ms": 2000, "reliable": True, "note": "",
         "checked_at": "2026-11-23T10:00:00.000+08:00"}  # fmt: skip
ENVIRONMENT = {"clock": CLOCK, "machine": {"host": "ab" * 32, "system": "Linux"}, "exit_address": "198.51.100.7",
               "local_address": "10.0.0.5", "screen": "1366×768，缩放 1", "terminal": "Chrome",
               "cleanliness": "新建的临时配置"}  # fmt: skip


def opened(engine: Engine, at: datetime, **changes: Any) -> int:
    """Of the first hit; its id."""
    with transaction(engine) as conn:
        lead, hit = conn.execute(text("select lead_id, listing_id from lead_hits order by listing_id limit 1")).one()
        facts: dict[str, Any] = {
            "basis": "《市场监督管理行政处罚程序规定》第二十六条",
            "case_number": "",
            "place": "三楼取证室",
            "officers": (WANG, LI),
            "witness": Witness(kind="无", told="网络公开信息，经营者尚未查明"),
            "opened_by": "wang",
        }
        return extractions.begin(conn, Opening(lead_id=lead, listing_id=hit, **(facts | changes)), at)


def step(engine: Engine, extraction_id: int, kind: StepKind, at: datetime, actor: str = "wang", **detail: Any) -> None:
    with transaction(engine) as conn:
        extractions.add_step(conn, extraction_id, kind, actor=actor, detail=detail, at=at)


def seen(engine: Engine, store: Store, extraction_id: int, item: Listing, at: datetime) -> None:
    """What the child process does when the page was had."""
    capture = captured(item, at).capture
    assert capture is not None
    with transaction(engine) as conn:
        found = extractions.find(conn, extraction_id)
    assert found is not None
    keep_live(engine, store, found, Live(listing=item, capture=capture, gone=False, peer="203.0.113.7"), at)


def walked(
    engine: Engine, store: Store, item: Listing, at: datetime, *, confirming: Sequence[str] = ("wang", "li")
) -> int:
    """The whole way; completed where both confirm."""
    extraction_id = opened(engine, at)
    step(engine, extraction_id, StepKind.ENVIRONMENT, at, **ENVIRONMENT)
    step(engine, extraction_id, StepKind.ASKED, at)
    seen(engine, store, extraction_id, item, at)
    for account in confirming:
        step(engine, extraction_id, StepKind.CONFIRMED, at, actor=account)
    if len(confirming) == 2:
        step(engine, extraction_id, StepKind.COMPLETED, at, actor=confirming[-1])
    return extraction_id
