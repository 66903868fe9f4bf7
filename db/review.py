"""One lead as the review pages show it: its hits, why they count, what was kept of them, who decided what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import distinct_on

from db.queue import lead_rows, to_lead
from db.tables import (
    assessments,
    capture_files,
    captures,
    evidence_files,
    lead_hits,
    leads,
    listing_states,
    listings,
    sellers,
    users,
)
from db.timeline import Step, timeline
from db.walls import in_sight
from records import Assessment, FileRole, Lead, Level, Match, Part


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFile:
    """One stored file of a capture."""

    #: Row id in capture_files: what addresses it in the console.
    id: int
    role: FileRole
    sha256: str
    size: int
    media_type: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptCapture:
    """One capture of a listing."""

    captured_at: datetime
    method: str
    gaps: tuple[str, ...]
    files: tuple[KeptFile, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """疑似信息: one listing of a lead as the review pages show it."""

    id: int
    platform: str
    item_id: str
    url: str
    title: str
    description: str
    price: Decimal | None
    price_text: str
    place: str
    #: Addresses on the platform; never loaded by a page of ours.
    pictures: tuple[str, ...]
    detail_read: bool
    sanitised: bool
    level: str
    score: int
    category: str
    source: str
    brought_by: str
    note: str
    first_seen: datetime
    last_seen: datetime
    published_at: datetime | None
    #: 在售, 已下架 or 再次上架, as far as was looked.
    state: str
    #: None where the listing was never assessed.
    assessment: Assessment | None
    #: The newest capture; None where none was made yet.
    capture: KeptCapture | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadPage:
    """A lead with all that its page shows."""

    lead: Lead
    #: Row id; None where no seller is shown.
    seller_id: int | None
    seller_place: str
    seller_url: str
    dismiss_reason: str
    #: Full name; empty while nobody has screened it.
    screened_by: str
    screened_at: datetime | None
    district_source: str
    #: A candidate for 典型案例.
    starred: bool
    #: The lead that this one is part of now; None where it stands by itself.
    merged_into: int | None
    #: The heaviest first; at most the asked number, see `lead.hits` for how many there are.
    hits: tuple[Hit, ...]
    #: Oldest first.
    history: tuple[Step, ...]


def lead_page(conn: Connection, lead_id: int, *, hits: int = 50) -> LeadPage | None:
    """The lead with its `hits` heaviest hits; None where there is no such lead."""
    statement = lead_rows().add_columns(
        sellers.c.place.label("seller_place"), sellers.c.url.label("seller_url"), users.c.full_name.label("screener")
    )
    statement = statement.outerjoin(users, users.c.id == leads.c.screened_by)
    row = conn.execute(statement.where(leads.c.id == lead_id, in_sight(conn))).one_or_none()
    if row is None:
        return None
    return LeadPage(
        lead=to_lead(row),
        seller_id=row.seller_id,
        seller_place=row.seller_place or "",
        seller_url=row.seller_url or "",
        dismiss_reason=row.dismiss_reason,
        screened_by=row.screener or "",
        screened_at=row.screened_at,
        district_source=row.district_source,
        starred=row.starred,
        merged_into=row.merged_into,
        hits=_hits(conn, lead_id, hits),
        history=timeline(conn, lead_id),
    )


def terms_of(hits: Iterable[Hit]) -> list[tuple[str, str]]:
    """Category and term of every match that counts in these hits, each once, in the order of the hits."""
    matches = (match for hit in hits if hit.assessment for match in hit.assessment.matches if match.counts)
    return list(dict.fromkeys((match.category, match.term) for match in matches))


def heaviest(conn: Connection, lead_ids: Sequence[int]) -> dict[int, Hit]:
    """The heaviest hit of each lead with its assessment, without captures, by lead."""
    rows = conn.execute(
        select(lead_hits.c.lead_id, listings)
        .ext(distinct_on(lead_hits.c.lead_id))
        .join(listings, listings.c.id == lead_hits.c.listing_id)
        .where(lead_hits.c.lead_id.in_(list(lead_ids)))
        .order_by(lead_hits.c.lead_id, listings.c.score.desc(), listings.c.id)
    ).all()
    judged = _assessments(conn, [row.id for row in rows])
    return {row.lead_id: _hit(row, judged.get(row.id), None) for row in rows}


def evidence_file(conn: Connection, lead_id: int, capture_file_id: int) -> KeptFile | None:
    """The file, when it belongs to a hit of that very lead; None otherwise: a guessed id or hash opens nothing."""
    row = conn.execute(
        select(capture_files, evidence_files.c.size, evidence_files.c.media_type)
        .join(evidence_files, evidence_files.c.sha256 == capture_files.c.sha256)
        .join(captures, captures.c.id == capture_files.c.capture_id)
        .join(lead_hits, lead_hits.c.listing_id == captures.c.listing_id)
        .join(leads, leads.c.id == lead_hits.c.lead_id)
        .where(capture_files.c.id == capture_file_id, leads.c.id == lead_id, in_sight(conn))
    ).one_or_none()
    return _file(row) if row else None


def files_of(conn: Connection, capture_id: int) -> tuple[KeptFile, ...]:
    """The files of one capture, in their order."""
    statement = (
        select(capture_files, evidence_files.c.size, evidence_files.c.media_type)
        .join(evidence_files, evidence_files.c.sha256 == capture_files.c.sha256)
        .where(capture_files.c.capture_id == capture_id)
        .order_by(capture_files.c.position)
    )
    return tuple(_file(row) for row in conn.execute(statement))


def _hits(conn: Connection, lead_id: int, limit: int) -> tuple[Hit, ...]:
    rows = conn.execute(
        select(listings)
        .join(lead_hits, lead_hits.c.listing_id == listings.c.id)
        .where(lead_hits.c.lead_id == lead_id)
        .order_by(listings.c.score.desc(), listings.c.id)
        .limit(limit)
    ).all()
    ids = [row.id for row in rows]
    judged, kept = _assessments(conn, ids), _captures(conn, ids)
    return tuple(_hit(row, judged.get(row.id), kept.get(row.id)) for row in rows)


def _assessments(conn: Connection, listing_ids: list[int]) -> dict[int, Assessment]:
    """The newest assessment of each listing."""
    statement = (
        select(assessments)
        .ext(distinct_on(assessments.c.listing_id))
        .where(assessments.c.listing_id.in_(listing_ids))
        .order_by(assessments.c.listing_id, assessments.c.assessed_at.desc(), assessments.c.id.desc())
    )
    return {row.listing_id: _assessment(row) for row in conn.execute(statement)}


def _captures(conn: Connection, listing_ids: list[int]) -> dict[int, KeptCapture]:
    """The newest capture of each listing with its files in their order."""
    newest = (
        select(captures)
        .ext(distinct_on(captures.c.listing_id))
        .where(
            captures.c.listing_id.in_(listing_ids),
            # what was offered is to be seen, not the page that says it is gone
            captures.c.id.not_in(select(listing_states.c.capture_id).where(listing_states.c.capture_id.is_not(None))),
        )
        .order_by(captures.c.listing_id, captures.c.captured_at.desc(), captures.c.id.desc())
    )
    found = conn.execute(newest).all()
    files: dict[int, list[KeptFile]] = {row.id: [] for row in found}
    statement = (
        select(capture_files, evidence_files.c.size, evidence_files.c.media_type)
        .join(evidence_files, evidence_files.c.sha256 == capture_files.c.sha256)
        .where(capture_files.c.capture_id.in_(list(files)))
        .order_by(capture_files.c.capture_id, capture_files.c.position)
    )
    for row in conn.execute(statement):
        files[row.capture_id].append(_file(row))
    return {
        row.listing_id: KeptCapture(
            captured_at=row.captured_at, method=row.method, gaps=tuple(row.gaps), files=tuple(files[row.id])
        )
        for row in found
    }


def _file(row: Row[Any]) -> KeptFile:
    return KeptFile(
        id=row.id,
        role=FileRole(row.role),
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        url=row.url,
    )


def _hit(row: Row[Any], assessment: Assessment | None, capture: KeptCapture | None) -> Hit:
    own = {f.name for f in fields(Hit)} - {"pictures", "assessment", "capture"}
    values = {name: value for name, value in row._mapping.items() if name in own}
    return Hit(**values, pictures=tuple(row.pictures), assessment=assessment, capture=capture)


def _assessment(row: Row[Any]) -> Assessment:
    return Assessment(
        level=Level(row.level),
        score=row.score,
        parts=tuple(Part(**part) for part in row.parts),
        matches=tuple(Match(**match) for match in row.matches),
        category=row.category,
        direction=row.direction,
        lexicon_version=row.lexicon_version,
        matcher_version=row.matcher_version,
    )
