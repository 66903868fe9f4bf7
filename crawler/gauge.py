"""What the list pages of one patrol are like: which fields their cards fill, and which pages repeat each other."""

from collections.abc import Iterable
from hashlib import blake2b

from crawler.reading import CardPage
from records import Measures

#: Two queries may well find the same few items; a page of this many is a copy.
_ENOUGH = 5


class Gauge:
    """Measures the pages of one patrol one after the other."""

    def __init__(self) -> None:
        #: Digest of the items of a page -> the query that was shown them first. The ids themselves are thousands.
        self._shown: dict[bytes, int] = {}

    def measure(self, query_id: int, cards: CardPage) -> Measures:
        """One page that the query `query_id` was answered with."""
        listings = cards.listings
        return Measures(
            unread=cards.unread,
            price=sum(bool(one.price_text) for one in listings),
            seller=sum(one.seller is not None for one in listings),
            pictures=sum(bool(one.pictures) for one in listings),
            place=sum(bool(one.place) for one in listings),
            repeated=self._repeats(query_id, {one.item_id for one in listings}),
        )

    def _repeats(self, query_id: int, items: set[str]) -> int:
        """1 where another query was shown just these items. Within a query the last page is often shown twice."""
        if len(items) < _ENOUGH:
            return 0
        return int(self._shown.setdefault(page_digest(items), query_id) != query_id)


def page_digest(items: Iterable[str]) -> bytes:
    """Sixteen bytes that tell a page by the ids of its items, whatever their order."""
    told = "\n".join(sorted(items)).encode("utf-8", "surrogatepass")  # ids hold no line breaks
    return blake2b(told, digest_size=16).digest()
