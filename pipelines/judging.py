"""What `receive` and `rematch` share: when a judgement says something new, and the way from a hit to its lead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from db import waking
from db.engine import Connection
from db.leads import HitFound, attach
from db.listings import StoredListing
from pipelines.reception import Received, Reception
from pipelines.routing import route
from records import Assessment, Level, Listing, Part, Source

#: Label of the part that stands for a person's judgement.
BY_HAND = "人工录入"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A stored listing at review level or above."""

    listing_id: int
    #: Row id of its seller; None where none was ever shown.
    seller_id: int | None
    #: Key of that row as stored; a hash while the seller had no hit.
    seller_key: str
    #: With its seller, where the page showed one.
    listing: Listing
    source: Source
    assessment: Assessment
    seen_at: datetime


def floor(assessment: Assessment, brought_by: str) -> Assessment:
    """A listing that a person brought in is at review level at least: a person judged it, whatever the words say.

    The score stays the matcher's own, so the queue shows such a lead under the machine's finds and not above them.
    """
    if not brought_by or assessment.level.is_hit:
        return assessment
    return replace(assessment, level=Level.REVIEW, parts=(*assessment.parts, Part(label=BY_HAND, points=0)))


def differs(assessment: Assessment, fingerprint: str, stored: StoredListing | None) -> bool:
    """True where the newest stored assessment is of another text, lexicon or matcher, or came to another end."""
    judged = stored.judged if stored else None
    return judged is None or (
        (judged.fingerprint, judged.lexicon_version, judged.matcher_version, judged.level, judged.score)
        != (fingerprint, assessment.lexicon_version, assessment.matcher_version, assessment.level, assessment.score)
    )


def lead(conn: Connection, hits: Sequence[Hit], reception: Reception, *, campaign_id: int, at: datetime) -> Received:
    """Brings hits to their leads; the counts of what that made."""
    found = [_found(hit, reception) for hit in hits]
    attached = attach(conn, found, campaign_id=campaign_id, at=at)
    waking.wake(conn, sorted({lead_id for lead_id, _ in attached.more}), waking.Why.HIT, at)
    return Received(leads=len(attached.new), joined=len(attached.more), returned=len(attached.returned))


def _found(hit: Hit, reception: Reception) -> HitFound:
    routed = route(hit.listing, reception.geography)
    item_key = f"item:{hit.listing.item_id}"
    seller_key = hit.listing.seller.key if hit.listing.seller else hit.seller_key
    return HitFound(
        listing_id=hit.listing_id,
        platform=hit.listing.platform,
        subject_key=seller_key or item_key,
        item_key=item_key,
        seller_id=hit.seller_id,
        district=routed.district,
        district_source=routed.source,
        source=hit.source.value,
        category=hit.assessment.category,
        level=hit.assessment.level.value,
        score=hit.assessment.score,
        title=hit.listing.title,
        lexicon_version=hit.assessment.lexicon_version,
        seen_at=hit.seen_at,
    )
