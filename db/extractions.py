"""Attended extractions: who is there, and each step as it happened. Triggers (migration 0013) hold what is promised."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, text

from db.tables import extraction_steps, extractions, lead_hits, leads, listings
from db.text import storable_json
from db.walls import in_sight
from records import Fault


class NotAttended(Fault):
    """这次提取没有由两名执法人员在场完成并确认，不能制作《电子数据提取笔录》。

    This extraction was not completed and confirmed by two officers; no transcript can be made of it.
    """

    code = "E-DB-040"
    remedy = (
        "请在提取页面走完环境检查、采集和两人确认；无人值守的采集只能制作《自动采集记录》。",
        "Finish the extraction on its page: environment, capture, both confirmations. "
        "An unattended capture has a record of its own and no transcript.",
    )


class ExtractionMoved(Fault):
    """提取已经结束或不在这一步，操作没有保存。

    The extraction has ended or is at another step; nothing was saved.
    """

    code = "E-DB-041"
    remedy = ("请刷新页面，按页面上的当前步骤继续。", "Reload the page and go on with the step that it shows.")


class StepKind(StrEnum):
    """What was done. The values stand in the database."""

    OPENED = "opened"
    ENVIRONMENT = "environment"
    ASKED = "asked"
    CAPTURED = "captured"
    FAILED = "failed"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


_ENDS = (StepKind.COMPLETED, StepKind.ABANDONED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Officer:
    """One of the two who are there."""

    account: str
    name: str
    #: 执法证号, as the person gave it.
    badge: str
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """见证人 or 持有人; or 无 and why there is none."""

    kind: str
    name: str = ""
    #: How the person was identified and is reached, or the reason for the absence.
    told: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What is fixed when an extraction begins."""

    lead_id: int
    listing_id: int
    basis: str
    case_number: str
    place: str
    officers: tuple[Officer, Officer]
    witness: Witness
    opened_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was done."""

    seq: int
    kind: StepKind
    #: Account; 系统 for a program.
    actor: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """An extraction with its steps so far, oldest first."""

    id: int
    lead_id: int
    listing_id: int
    url: str
    basis: str
    case_number: str
    place: str
    officers: tuple[Officer, Officer]
    witness: Witness
    opened_by: str
    opened_at: datetime
    steps: tuple[Step, ...]

    def last(self, kind: StepKind) -> Step | None:
        """The newest step of that kind."""
        return next((step for step in reversed(self.steps) if step.kind is kind), None)

    @property
    def captured(self) -> Step | None:
        """What was captured last; what was captured before it counts no more."""
        return self.last(StepKind.CAPTURED)

    @property
    def confirmed(self) -> tuple[Step, ...]:
        """Who has confirmed the last capture; at most one step an officer."""
        since = self.captured.seq if self.captured else 0
        found = {s.actor: s for s in self.steps if s.kind is StepKind.CONFIRMED and s.seq > since}
        return tuple(found.values()) if since else ()

    @property
    def ended(self) -> Step | None:
        """How it ended; None while it goes on."""
        return next((step for step in self.steps if step.kind in _ENDS), None)

    @property
    def completed(self) -> bool:
        """True where both confirmed: then, and only then, a transcript may be made."""
        return self.last(StepKind.COMPLETED) is not None

    @property
    def waiting(self) -> bool:
        """True while a capture was asked for and its end was not written down."""
        return bool(self.steps) and self.steps[-1].kind is StepKind.ASKED


def begin(conn: Connection, opening: Opening, at: datetime) -> int:
    """Writes an extraction and its first step; its id. Raises ExtractionMoved where the lead has no such hit."""
    held = (
        select(listings.c.url)
        .join(lead_hits, lead_hits.c.listing_id == listings.c.id)
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(leads.c.id == opening.lead_id, listings.c.id == opening.listing_id, in_sight(conn))
    )
    url = conn.execute(held).scalar()
    if url is None:
        raise ExtractionMoved(f"{opening.lead_id}/{opening.listing_id}")
    facts = asdict(opening) | {"url": url, "opened_at": at}
    facts |= {name: storable_json(facts[name]) for name in ("officers", "witness")}
    extraction_id = int(conn.execute(insert(extractions).values(facts).returning(extractions.c.id)).scalar_one())
    add_step(conn, extraction_id, StepKind.OPENED, actor=opening.opened_by, detail={}, at=at)
    return extraction_id


def find(conn: Connection, extraction_id: int) -> Extraction | None:
    """The extraction with its steps; None where there is none."""
    row = conn.execute(_seen(conn).where(extractions.c.id == extraction_id)).one_or_none()
    return _extraction(conn, row) if row else None


def of_lead(conn: Connection, lead_id: int) -> list[Extraction]:
    """The lead's extractions, the newest first."""
    statement = _seen(conn).where(extractions.c.lead_id == lead_id).order_by(extractions.c.id.desc())
    return [_extraction(conn, row) for row in conn.execute(statement).all()]


def add_step(
    conn: Connection, extraction_id: int, kind: StepKind, *, actor: str, detail: Mapping[str, Any], at: datetime
) -> None:
    """Writes the next step in the caller's transaction. Raises ExtractionMoved once the extraction has ended.

    What the triggers refuse beyond that (who confirms, what is complete) is an IntegrityError.
    """
    lock = text("select pg_advisory_xact_lock(hashtextextended('xunwang extraction ' || cast(:id as text), 0))")
    conn.execute(lock, {"id": extraction_id})
    told = conn.execute(
        select(extraction_steps.c.kind, extraction_steps.c.seq)
        .where(extraction_steps.c.extraction_id == extraction_id)
        .order_by(extraction_steps.c.seq)
    ).all()
    if any(row.kind in _ENDS for row in told):
        raise ExtractionMoved(str(extraction_id))
    facts = {"seq": told[-1].seq + 1 if told else 1, "kind": kind.value, "actor": actor, "at": at}
    conn.execute(insert(extraction_steps).values(extraction_id=extraction_id, detail=storable_json(detail), **facts))


def attended(conn: Connection, extraction_id: int) -> Extraction:
    """The extraction, completed and confirmed by both: what alone a transcript is made of. Raises NotAttended."""
    found = find(conn, extraction_id)
    sound = conn.execute(text("select extraction_was_attended(:id)"), {"id": extraction_id}).scalar()
    if found is None or not found.completed or not sound:
        raise NotAttended(str(extraction_id))
    return found


def badges(conn: Connection) -> dict[str, Officer]:
    """Account → the officer as last written down, so that nobody types a number twice."""
    known: dict[str, Officer] = {}
    for row in conn.execute(_seen(conn).order_by(extractions.c.id)):
        known |= {one["account"]: Officer(**one) for one in row.officers}
    return known


def card_of(conn: Connection, listing_id: int) -> tuple[str, str]:
    """Platform and item id of a listing, by which it is recalled."""
    row = conn.execute(select(listings.c.platform, listings.c.item_id).where(listings.c.id == listing_id)).one()
    return row.platform, row.item_id


def _seen(conn: Connection) -> Select[Any]:
    """The extractions of leads that whoever has the transaction may see."""
    return select(extractions).join(leads, leads.c.id == extractions.c.lead_id).where(in_sight(conn))


def _extraction(conn: Connection, row: Row[Any]) -> Extraction:
    first, second = (Officer(**one) for one in row.officers)
    facts = {name: value for name, value in row._mapping.items() if name not in ("officers", "witness")}
    steps = tuple(_steps(conn, row.id))
    return Extraction(**facts, officers=(first, second), witness=Witness(**row.witness), steps=steps)


def _steps(conn: Connection, extraction_id: int) -> Sequence[Step]:
    statement = (
        select(extraction_steps)
        .where(extraction_steps.c.extraction_id == extraction_id)
        .order_by(extraction_steps.c.seq)
    )
    return [
        Step(seq=row.seq, kind=StepKind(row.kind), actor=row.actor, at=row.at, detail=row.detail)
        for row in conn.execute(statement)
    ]
