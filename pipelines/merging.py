"""How a new sighting of a known item is laid over what is stored of it."""

from dataclasses import dataclass, replace

from db.listings import StoredListing
from pipelines.normalise import fingerprint
from records import Listing

_ELLIPSES = ("…", "...", "．．．")


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """What is to stand from now on."""

    listing: Listing
    #: As stored, when the stored text stands.
    fingerprint: str


def merge(stored: StoredListing | None, seen: Listing, salt: bytes) -> Merged:
    """The listing that both together make.

    An item's own page says all there is, so it replaces everything. A card says less: over a read detail with the
    same title and price it changes nothing (the stored fingerprint stands too, for what it was made from is not all
    stored); with another title or price it replaces these, keeps the longer text, and the item counts as 仅见卡片
    again. A seller once shown is not forgotten because a card shows none.
    """
    if stored is None:
        return Merged(listing=seen, fingerprint=fingerprint(seen, salt))
    seen = replace(seen, seller=seen.seller or stored.listing.seller)
    if seen.detail_read:
        return Merged(listing=seen, fingerprint=fingerprint(seen, salt))
    held = stored.listing
    if (held.detail_read and _same(held, seen)) or _repeats(held, seen):
        # seller and pictures are not stored while a listing is no hit; the card brings what it has of them
        stands = replace(held, seller=held.seller or seen.seller, pictures=held.pictures or seen.pictures)
        return Merged(listing=stands, fingerprint=stored.fingerprint)
    together = replace(
        seen,
        description=max(seen.description, held.description, key=len),
        place=seen.place or held.place,
        published_at=seen.published_at or held.published_at,
    )
    return Merged(listing=together, fingerprint=fingerprint(together, salt))


def says_else(held: Listing, seen: Listing) -> bool:
    """True where title, words or price are others; pictures move by themselves, an own page only adds to its card."""
    if seen.detail_read and not held.detail_read:
        return not _same(seen, held)
    return any(getattr(held, name) != getattr(seen, name) for name in ("title", "description", "price"))


def _same(held: Listing, card: Listing) -> bool:
    """True when the card shows the read detail's title and price; cards shorten titles and may leave prices out."""
    title = card.title
    for ellipsis in _ELLIPSES:
        title = title.removesuffix(ellipsis)
    shortened = title != card.title and bool(title) and held.title.startswith(title)
    if card.title != held.title and not shortened:
        return False
    return card.price is None or card.price == held.price


def _repeats(held: Listing, seen: Listing) -> bool:
    """True for what says the same and shows no picture: a person's tip about an item that is stored already."""
    said = ("title", "description", "price", "place")
    return not seen.pictures and all(getattr(held, name) == getattr(seen, name) for name in said)
