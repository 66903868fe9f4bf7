"""What listings cost over time, as their versions say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from db.tables import listing_versions


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What a listing cost from a moment on."""

    seen_at: datetime
    amount: Decimal


def prices(conn: Connection, listing_ids: Collection[int]) -> dict[int, tuple[Price, ...]]:
    """Each listing's prices, oldest first, each at the moment of its change; versions without a number are left out.

    The caller has seen to the wall: listings carry no policy.
    """
    known: dict[int, list[Price]] = {}
    rows = conn.execute(
        select(listing_versions.c.listing_id, listing_versions.c.seen_at, listing_versions.c.price)
        .where(listing_versions.c.listing_id.in_(list(listing_ids)), listing_versions.c.price.is_not(None))
        .order_by(listing_versions.c.listing_id, listing_versions.c.seen_at, listing_versions.c.id)
    )
    for row in rows:
        line = known.setdefault(row.listing_id, [])
        if not line or line[-1].amount != row.price:
            line.append(Price(seen_at=row.seen_at, amount=row.price))
    return {listing_id: tuple(line) for listing_id, line in known.items()}
