"""The path of a listing: from a page that showed it to a lead in the queue."""

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from db import audit, listings, visits, waking
from db import evidence as evidence_rows
from db.campaigns import current
from db.engine import Connection, run
from db.listings import ListingRow, StoredListing, VersionRow
from db.quarantine import put_aside
from db.sellers import SellerSeen
from db.sellers import keep as keep_sellers
from evidence import Store
from pipelines.fence import halving
from pipelines.judging import Hit, differs, floor, lead
from pipelines.merging import Merged, merge, says_else
from pipelines.normalise import Normal, normalise, seller_hash
from pipelines.reception import Progress, Received, Reception
from pipelines.taking_off import kept_capture
from records import Assessment, Capture, Listing, ListingState, Sighting, Source, shanghai_date

log = structlog.get_logger(__name__)

#: Why a hit that came without a capture still has to be captured.
_DUE = "入库时未取证"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One listing on its way into the database."""

    #: The newest sighting of it in this batch.
    sighting: Sighting
    sanitised: bool
    stored: StoredListing | None
    merged: Merged
    #: Present when a sighting of this batch brought one.
    capture: Capture | None
    assessment: Assessment

    @property
    def place(self) -> tuple[str, str]:
        """Platform and item id."""
        return self.merged.listing.platform, self.merged.listing.item_id

    @property
    def says_else(self) -> bool:
        """True for what is stored and has another title, other words or another price now."""
        return self.stored is not None and self.changed and says_else(self.stored.listing, self.merged.listing)

    @property
    def changed(self) -> bool:
        """True for a new listing and for one with other content than stored."""
        return self.stored is None or self.stored.fingerprint != self.merged.fingerprint

    @property
    def relisted(self) -> bool:
        """True for what had been gone and is shown by the platform again; a file from somewhere proves nothing."""
        was_gone = self.stored is not None and self.stored.state is ListingState.GONE
        return was_gone and self.sighting.page.fetched_by != "file"

    @property
    def suspected(self) -> bool:
        """True for a hit, and for what once was one and belongs to a lead: its seller is known by name."""
        return self.assessment.level.is_hit or (self.stored is not None and self.stored.in_lead)


#: Written in the transaction of a batch: the sightings that it takes in, and what becomes of them.
Beside = Callable[[Connection, int, Received], None]


def receive(sightings: Iterable[Sighting], reception: Reception, *, beside: Beside | None = None) -> Received:
    """Takes in a batch of sightings, in one transaction, and says what became of it.

    Idempotent: the same sightings again move `last_seen` and nothing else. A listing that cannot be taken in is
    found by halving the batch and put into the quarantine; the others pass. Raises what is not a listing's fault:
    `DatabaseUnreachable` after long patience, `StoreFull`, errors of the disk. Nothing of the batch is stored then.
    `beside` writes in the same transaction; of a halved batch it is called for each part, with that part's number.
    """
    batch = tuple(sightings)
    if not batch:
        return Received()
    together = partial(_receive_together, reception=reception, beside=beside)
    return halving(batch, together, partial(_put_aside, reception=reception))


def _receive_together(
    batch: Sequence[Sighting], reached: Progress, *, reception: Reception, beside: Beside | None
) -> Received:
    def progress(stage: str) -> None:
        reached(stage)
        reception.step(stage)

    normal = [normalise(sighting) for sighting in batch]
    received = run(
        reception.engine,
        partial(_take_in, normal=normal, reception=reception, progress=progress, beside=beside),
        patience=reception.patience,
    )
    progress("committed")
    return received


def _take_in(
    conn: Connection, *, normal: Sequence[Normal], reception: Reception, progress: Progress, beside: Beside | None
) -> Received:
    """The transaction."""
    at = reception.now()
    listings.hold_platforms(conn, [one.sighting.listing.platform for one in normal])
    progress("recall")
    merged = _merge(normal, _recall(conn, normal), reception.seller_salt)
    progress("assess")
    drafts = _assess(merged, reception)
    progress("keep")
    rows = _keep(conn, drafts, reception, at)
    hits = [(rows[draft.place], draft) for draft in drafts if draft.assessment.level.is_hit]
    progress("evidence")
    _keep_evidence(conn, hits, reception.store, at)
    progress("lead")
    news = [rows[draft.place].listing_id for draft in drafts if draft.says_else]
    # before the first row of the audit chain: a reviewer holds a lead while waiting for it
    waking.hold(conn, [*news, *(rows[draft.place].listing_id for draft in drafts if draft.relisted)])
    led = _lead(conn, hits, reception, at) if hits else Received()
    visits.relist(conn, [(rows[draft.place].listing_id, _seen_at(draft)) for draft in drafts if draft.relisted], at)
    waking.wake_of(conn, news, waking.Why.CHANGED, at)
    _note_tips(conn, [(rows[draft.place], draft) for draft in drafts], at)
    progress("commit")
    new = sum(draft.stored is None for draft in drafts)
    received = led + Received(
        listings=len(drafts), new=new, changed=sum(draft.changed for draft in drafts) - new, hits=len(hits)
    )
    if beside is not None:
        beside(conn, len(normal), received)
    return received


# --- merge: what the batch says of each item, laid over what is stored ------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """One item before it is judged."""

    normal: Normal
    stored: StoredListing | None
    merged: Merged
    capture: Capture | None


def _recall(conn: Connection, normal: Sequence[Normal]) -> dict[tuple[str, str], StoredListing]:
    items = {(one.sighting.listing.platform, one.sighting.listing.item_id) for one in normal}
    return listings.recall(conn, sorted(items))


def _merge(normal: Sequence[Normal], stored: dict[tuple[str, str], StoredListing], salt: bytes) -> list[_Known]:
    """One entry an item, in the order of their keys; several sightings of one item are laid over each other."""
    known: dict[tuple[str, str], _Known] = {}
    for one in normal:
        place = (one.sighting.listing.platform, one.sighting.listing.item_id)
        before = known.get(place)
        known[place] = _lay_over(before, one, stored.get(place), salt)
    return [known[place] for place in sorted(known)]


def _lay_over(before: _Known | None, one: Normal, stored: StoredListing | None, salt: bytes) -> _Known:
    seen = one.sighting.listing
    if before is not None and before.merged.listing.detail_read and not seen.detail_read:
        # both are of this very visit: the card is older than the page that it led to
        newer = replace(before.normal.sighting, query_id=one.sighting.query_id or before.normal.sighting.query_id)
        capture = before.capture or one.sighting.capture
        return replace(before, normal=replace(before.normal, sighting=newer), capture=capture)
    merged = merge(stored, seen, salt)
    capture = one.sighting.capture or (before.capture if before else None)
    return _Known(normal=one, stored=stored, merged=merged, capture=capture)


# --- assess -----------------------------------------------------------------------------------------------------------


def _assess(known: Sequence[_Known], reception: Reception) -> list[Draft]:
    found = reception.matcher.assess_many(one.merged.listing for one in known)
    return [
        Draft(
            sighting=one.normal.sighting,
            sanitised=one.normal.sanitised,
            stored=one.stored,
            merged=one.merged,
            capture=one.capture,
            assessment=floor(assessment, _brought_by(one.normal.sighting, one.stored)),
        )
        for one, assessment in zip(known, found, strict=True)
    ]


def _brought_by(sighting: Sighting, stored: StoredListing | None) -> str:
    return (stored.brought_by if stored else "") or sighting.brought_by


# --- keep -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """Where one draft stands in the database."""

    listing_id: int
    seller_id: int | None


def _keep(
    conn: Connection, drafts: Sequence[Draft], reception: Reception, at: datetime
) -> dict[tuple[str, str], _Kept]:
    """Sellers, listings, versions and assessments; returns row ids by (platform, item id)."""
    seller_ids = keep_sellers(conn, _sellers(drafts, reception.seller_salt))
    rows = {draft.place: _row(draft, seller_ids) for draft in drafts}
    unchanged = [d for d in drafts if d.stored is not None and d.stored.facts == rows[d.place].facts]
    ids = {d.place: d.stored.id for d in unchanged if d.stored is not None}
    listings.touch(conn, [(ids[draft.place], rows[draft.place]) for draft in unchanged])
    ids |= listings.upsert(conn, [row for place, row in rows.items() if place not in ids])
    listings.keep_versions(conn, [_version(ids[d.place], d) for d in drafts if d.changed])
    judged = [
        (ids[d.place], d.merged.fingerprint, d.assessment)
        for d in drafts
        if differs(d.assessment, d.merged.fingerprint, d.stored)
    ]
    listings.keep_assessments(conn, judged, at)
    return {place: _Kept(listing_id=ids[place], seller_id=row.facts["seller_id"]) for place, row in rows.items()}


def _sellers(drafts: Sequence[Draft], salt: bytes) -> list[SellerSeen]:
    seen: dict[tuple[str, str], SellerSeen] = {}
    for draft in drafts:
        seller, platform = draft.merged.listing.seller, draft.merged.listing.platform
        if seller is None:
            continue
        before = seen.get((platform, seller.key))
        seen[platform, seller.key] = SellerSeen(
            platform=platform,
            key=seller.key,
            hashed=seller_hash(platform, seller.key, salt),
            name=seller.name or (before.name if before else ""),
            place=seller.place or (before.place if before else ""),
            url=seller.url or (before.url if before else ""),
            hit=draft.suspected or (before is not None and before.hit),
            seen_at=draft.sighting.page.fetched_at,
        )
    return list(seen.values())


def _row(draft: Draft, seller_ids: dict[tuple[str, str], int]) -> ListingRow:
    listing, stored, sighting = draft.merged.listing, draft.stored, draft.sighting
    source, brought_by, note = _origin(sighting, stored)
    held = stored.seller_id if stored else None
    facts = {name: getattr(listing, name) for name in _AS_SHOWN} | {
        "seller_id": seller_ids[listing.platform, listing.seller.key] if listing.seller else held,
        "pictures": list(listing.pictures) if draft.suspected else [],
        "fingerprint": draft.merged.fingerprint,
        "source": source,
        "brought_by": brought_by,
        "note": note,
        "sanitised": draft.sanitised or (stored is not None and stored.sanitised and not draft.changed),
        "level": draft.assessment.level.value,
        "score": draft.assessment.score,
        "category": draft.assessment.category,
    }
    return ListingRow(
        platform=listing.platform,
        item_id=listing.item_id,
        facts=facts,
        card_fingerprint=sighting.card_fingerprint,
        query_id=sighting.query_id,
        seen_at=sighting.page.fetched_at,
        looked=sighting.listing.detail_read,
    )


_AS_SHOWN = ("url", "title", "description", "price", "price_text", "currency", "place", "published_at", "detail_read")


def _seen_at(draft: Draft) -> datetime:
    return draft.sighting.page.fetched_at


def _origin(sighting: Sighting, stored: StoredListing | None) -> tuple[str, str, str]:
    """Source, who brought it, note: a person's word stands over the patrol's, the first person's over later ones."""
    if stored is not None and (stored.brought_by or not sighting.brought_by):
        return stored.source, stored.brought_by, stored.note
    return sighting.source.value, sighting.brought_by, sighting.note


def _version(listing_id: int, draft: Draft) -> VersionRow:
    listing = draft.merged.listing
    return VersionRow(
        listing_id=listing_id,
        fingerprint=draft.merged.fingerprint,
        title=listing.title,
        description=listing.description,
        price=listing.price,
        price_text=listing.price_text,
        seen_at=draft.sighting.page.fetched_at,
    )


# --- evidence and lead ------------------------------------------------------------------------------------------------


def _keep_evidence(conn: Connection, hits: Sequence[tuple[_Kept, Draft]], store: Store, at: datetime) -> None:
    """The files of each hit go into the store, then their rows; a hit without a capture is put down as owed."""
    kept = [
        kept_capture(row.listing_id, draft.merged.fingerprint, draft.capture, store)
        for row, draft in hits
        if draft.capture
    ]
    evidence_rows.keep_captures(conn, kept, at)
    owed = [(row.listing_id, draft.merged.fingerprint) for row, draft in hits if draft.capture is None]
    evidence_rows.mark_due(conn, owed, reason=_DUE, at=at)


def _lead(conn: Connection, hits: Sequence[tuple[_Kept, Draft]], reception: Reception, at: datetime) -> Received:
    campaign = current(conn, shanghai_date(at))
    return lead(conn, [_hit(*hit) for hit in hits], reception, campaign_id=campaign.id, at=at)


def _hit(kept: _Kept, draft: Draft) -> Hit:
    return Hit(
        listing_id=kept.listing_id,
        seller_id=kept.seller_id,
        seller_key=draft.stored.seller_key if draft.stored else "",
        listing=draft.merged.listing,
        source=Source(_origin(draft.sighting, draft.stored)[0]),
        assessment=draft.assessment,
        seen_at=draft.sighting.page.fetched_at,
    )


def _note_tips(conn: Connection, drafts: Sequence[tuple[_Kept, Draft]], at: datetime) -> None:
    """What a person brings in is an act of that person: each time one row in the audit."""
    for kept, draft in drafts:
        sighting = draft.sighting
        if sighting.brought_by:
            detail = {"source": sighting.source.value, "platform": draft.place[0], "item_id": draft.place[1]}
            subject = f"listing:{kept.listing_id}"
            audit.record(conn, actor=sighting.brought_by, action="intake", subject=subject, detail=detail, at=at)


# --- quarantine -------------------------------------------------------------------------------------------------------


def _put_aside(sighting: Sighting, error: Exception, stage: str, *, reception: Reception) -> Received:
    """Writes the listing that could not be taken in, without seller or pictures: nobody has judged it."""
    listing = sighting.listing
    log.error("listing quarantined", platform=str(listing.platform), stage=stage, error=type(error).__name__)
    run(
        reception.engine,
        partial(
            put_aside,
            stage=stage,
            platform=str(listing.platform)[:200],
            item_id=str(listing.item_id)[:200],
            error="".join(traceback.format_exception_only(error))[:2000],
            payload=_payload(sighting, listing),
            at=reception.now(),
        ),
        patience=reception.patience,
    )
    return Received(quarantined=1)


def _payload(sighting: Sighting, listing: Listing) -> dict[str, object]:
    shown = ("url", "title", "description", "price_text", "place")
    return {
        **{name: str(getattr(listing, name))[:20_000] for name in shown},
        "page": str(sighting.page.final_url)[:2000],
        "source": str(sighting.source),
        "brought_by": str(sighting.brought_by),
        "note": str(sighting.note)[:20_000],
    }
