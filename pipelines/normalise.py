"""Page text made fit to be kept: what PostgreSQL cannot hold is replaced, what no reader needs is cut and marked."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from db.sellers import HASHED
from db.text import storable
from records import Listing, Seller, Sighting

_CUT = "…（已截断）"
#: Characters. A longer title goes whole into the description, where the matcher reads it like any other text.
_TITLE, _DESCRIPTION, _SHORT, _URL = 500, 500_000, 300, 2_000
_KEY = 200
_PICTURES = 60
#: Numeric(16, 2).
_DEAREST = Decimal(10) ** 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Normal:
    """A sighting whose listing can be stored as it stands."""

    sighting: Sighting
    #: True when characters were replaced or text was cut; the evidence holds the bytes.
    sanitised: bool


def normalise(sighting: Sighting) -> Normal:
    """The sighting with its listing cleaned. Raises ValueError where there is no item to speak of."""
    if sighting.page.fetched_at.tzinfo is None:
        raise ValueError("a naive time has no place here")
    given = sighting.listing
    if not given.item_id or not given.platform:
        raise ValueError("a listing without platform or item id")
    listing = _clean(given)
    changed = replace(
        sighting,
        listing=listing,
        card_fingerprint=_key(sighting.card_fingerprint),
        brought_by=_cut(sighting.brought_by, _SHORT),
        note=_cut(sighting.note, _DESCRIPTION),
    )
    texts = ("title", "description", "price_text", "place")
    return Normal(
        sighting=changed, sanitised=any(getattr(given, name).strip() != getattr(listing, name) for name in texts)
    )


def seller_hash(platform: str, key: str, salt: bytes) -> str:
    """`hash:` and the hex HMAC-SHA256 of a seller's key: the same seller gives the same text, which leads back to
    nobody without the salt (DESIGN §10)."""
    message = f"{platform}\x1f{key}".encode("utf-8", "surrogatepass")
    return HASHED + hmac.digest(salt, message, "sha256").hex()


def fingerprint(listing: Listing, salt: bytes) -> str:
    """The listing's fingerprint with its seller hashed first, or it would let a seller's key be guessed at."""
    if listing.seller is None:
        return listing.fingerprint
    return listing.fingerprint_by(seller_hash(listing.platform, listing.seller.key, salt))


def _clean(given: Listing) -> Listing:
    title, description = given.title.strip(), given.description.strip()
    if len(title) > _TITLE:
        title, description = title[:_TITLE] + _CUT, f"{title}\n{description}".strip()
    return Listing(
        platform=_key(given.platform),
        item_id=_key(given.item_id),
        url=_cut(given.url, _URL),
        title=storable(title),
        description=_cut(description, _DESCRIPTION),
        price=_price(given.price),
        price_text=_cut(given.price_text, _SHORT),
        currency=_cut(given.currency, 10),
        seller=_seller(given.seller),
        place=_cut(given.place, _SHORT),
        pictures=tuple(_cut(picture, _URL) for picture in given.pictures[:_PICTURES]),
        published_at=_moment(given.published_at),
        detail_read=given.detail_read,
    )


def _seller(given: Seller | None) -> Seller | None:
    if given is None or not given.key:
        return None
    key = _key(given.key)
    return Seller(
        key=f"key:{key}" if key.startswith(HASHED) else key,  # nobody may pass for a hashed seller
        name=_cut(given.name, _SHORT),
        place=_cut(given.place, _SHORT),
        url=_cut(given.url, _URL),
    )


def _cut(text: str, most: int) -> str:
    text = text.strip()
    return storable(text if len(text) <= most else text[: most - len(_CUT)] + _CUT)


def _key(text: str) -> str:
    """Ids stand in unique indexes, which hold no long text; different ids stay different."""
    kept = storable(text)
    if len(kept) <= _KEY and kept == text:
        return kept
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _price(price: Decimal | None) -> Decimal | None:
    if price is None or not price.is_finite() or not 0 <= price < _DEAREST:
        return None
    return price.quantize(Decimal("0.01"))


def _moment(moment: datetime | None) -> datetime | None:
    """A time without a zone says nothing certain; `price_text` and the evidence have what the page said."""
    return moment if moment is not None and moment.tzinfo is not None else None
