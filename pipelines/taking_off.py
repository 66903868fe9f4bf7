"""What is not offered any more is said so, and the page that says it is kept."""

from db import listings, visits
from db.engine import Connection, run
from db.evidence import CaptureKept, FileKept
from db.text import storable
from evidence import Store
from pipelines.reception import Reception
from records import Capture, Gone, ListingState


def take_off(gone: Gone, reception: Reception) -> bool:
    """Notes that a stored listing is not offered any more, and keeps the page that says so; False where it is known."""

    def note(conn: Connection) -> bool:
        at = reception.now()
        listings.hold_platforms(conn, [gone.platform])
        stored = listings.recall(conn, [(gone.platform, gone.item_id)]).get((gone.platform, gone.item_id))
        if stored is None:
            return False
        if stored.state is ListingState.GONE:
            visits.looked(conn, stored.id, at)
            return False
        # a name of its own: the capture of what was on sale stands beside it
        mark = f"{ListingState.GONE}:{gone.capture.captured_at.isoformat()}"
        kept = kept_capture(stored.id, mark, gone.capture, reception.store)
        visits.take_off(conn, stored.id, kept, at)
        return True

    return run(reception.engine, note, patience=reception.patience)


def kept_capture(listing_id: int, fingerprint: str, capture: Capture, store: Store) -> CaptureKept:
    """The row of a capture, its files being in the store when this returns."""
    return CaptureKept(
        listing_id=listing_id,
        fingerprint=fingerprint,
        url=storable(capture.url),
        captured_at=capture.captured_at,
        method=storable(capture.method),
        gaps=tuple(storable(gap) for gap in capture.gaps),
        files=tuple(
            FileKept(
                role=file.role.value,
                sha256=store.put(file.body).sha256,
                size=len(file.body),
                media_type=storable(file.media_type),
                url=storable(file.url),
            )
            for file in capture.files
        ),
    )
