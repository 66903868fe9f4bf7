"""What is stored, judged again: after a new lexicon was released, or a new matcher came with the program."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial

from db import audit, listings
from db import evidence as evidence_rows
from db.campaigns import current
from db.engine import Connection, run, transaction
from db.leads import HOUSE, refresh
from db.listings import StoredListing
from db.quarantine import put_aside
from pipelines.fence import halving
from pipelines.judging import Hit, floor, lead
from pipelines.reception import Counts, Progress, Reception
from records import Assessment, Source, shanghai_date

_DUE = "复判命中，尚未取证"
_Place = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rematched(Counts):
    """What judging again changed. Sums with +."""

    #: Listings read.
    listings: int = 0
    #: Of these, with another level, score or category than before.
    changed: int = 0
    #: Of these, hits that were none, and the reverse.
    gained: int = 0
    lost: int = 0
    #: Leads that did not exist before.
    leads: int = 0
    #: Listings put aside with their error.
    quarantined: int = 0


def rematch(reception: Reception, *, batch: int = 500, told: Callable[[int], None] = lambda _read: None) -> Rematched:
    """Judges every stored listing with `reception.matcher`; writes only what changed, and one audit row for the run.

    Each batch is a transaction of its own and doing it again changes nothing, so a run that was killed is simply
    run again. `told` gets the number of listings read so far. A lost hit stays in its lead: people may have worked
    on it. Whose judgement did not change keeps its older assessment; the audit row says which version it outlived.
    """
    total = Rematched()
    for places in _batches(reception, batch):
        total += halving(places, partial(_batch, reception=reception), partial(_aside, reception=reception))
        told(total.listings)
    detail = {"lexicon": reception.matcher.lexicon_version} | {f.name: getattr(total, f.name) for f in fields(total)}
    with transaction(reception.engine) as conn:
        audit.record(conn, actor=HOUSE, action="rematch", subject="listings", detail=detail, at=reception.now())
    return total


def _batches(reception: Reception, size: int) -> Iterator[list[_Place]]:
    """Platform and item id of all listings, in batches."""
    after = 0
    while True:
        with transaction(reception.engine) as conn:
            found = listings.walk(conn, after=after, limit=size)
        if not found:
            return
        yield [(one.platform, one.item_id) for one in found]
        after = found[-1].id


def _batch(places: Sequence[_Place], reached: Progress, *, reception: Reception) -> Rematched:
    work = partial(_judge_again, places=places, reached=reached, reception=reception)
    return run(reception.engine, work, patience=reception.patience)


def _judge_again(conn: Connection, *, places: Sequence[_Place], reached: Progress, reception: Reception) -> Rematched:
    at = reception.now()
    listings.hold_platforms(conn, [platform for platform, _ in places])
    stored = sorted(listings.recall(conn, places).values(), key=lambda one: one.id)
    reached("assess")
    found = reception.matcher.assess_many(one.listing for one in stored)
    judged = [(one, floor(assessment, one.brought_by)) for one, assessment in zip(stored, found, strict=True)]
    changed = [(one, assessment) for one, assessment in judged if _changed(one, assessment)]
    reached("keep")
    listings.rejudge(conn, [(one.id, assessment) for one, assessment in changed])
    listings.keep_assessments(conn, [(one.id, one.fingerprint, assessment) for one, assessment in changed], at)
    reached("lead")
    hits = [(one, assessment) for one, assessment in changed if assessment.level.is_hit]
    evidence_rows.mark_due(conn, [(one.id, one.fingerprint) for one, _ in hits], reason=_DUE, at=at)
    campaign = current(conn, shanghai_date(at))
    led = lead(conn, [_hit(*pair) for pair in hits], reception, campaign_id=campaign.id, at=at)
    refresh(conn, [one.id for one, _ in changed], reception.matcher.lexicon_version)
    return Rematched(
        listings=len(stored),
        changed=len(changed),
        gained=sum(one.facts["level"] == "none" for one, _ in hits),
        lost=sum(one.facts["level"] != "none" and not found.level.is_hit for one, found in changed),
        leads=led.leads,
    )


def _changed(one: StoredListing, found: Assessment) -> bool:
    before = (one.facts["level"], one.facts["score"], one.facts["category"])
    return before != (found.level.value, found.score, found.category)


def _hit(one: StoredListing, assessment: Assessment) -> Hit:
    return Hit(
        listing_id=one.id,
        seller_id=one.seller_id,
        seller_key=one.seller_key,
        listing=one.listing,
        source=Source(one.source),
        assessment=assessment,
        seen_at=one.last_seen,
    )


def _aside(place: _Place, error: Exception, stage: str, *, reception: Reception) -> Rematched:
    write = partial(
        put_aside,
        stage=f"rematch {stage}",
        platform=place[0],
        item_id=place[1],
        error=f"{type(error).__name__}: {error}"[:2000],
        payload={"lexicon": reception.matcher.lexicon_version},
        at=reception.now(),
    )
    run(reception.engine, write, patience=reception.patience)
    return Rematched(listings=1, quarantined=1)
