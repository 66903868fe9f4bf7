"""Which cards of a list's page are new to the list: a list that is read on may show the same again and again."""

from collections import deque
from collections.abc import Sequence

from crawler.gauge import page_digest
from records import Listing

#: Of so many pages the items are kept; of those before them only what tells that a page comes back as it was. The ids
#: of ten thousand pages are 26 MB.
_RECENT = 100


class Shown:
    """What one list has shown so far."""

    def __init__(self) -> None:
        self._pages: set[bytes] = set()
        self._recent: deque[tuple[str, ...]] = deque()
        #: Item id -> number of the last page that showed it, of the recent ones.
        self._last: dict[str, int] = {}
        self._number = 0

    def new(self, cards: Sequence[Listing]) -> list[Listing]:
        """Those that no page before has shown, in their order: none where the whole page was there before."""
        items = tuple(card.item_id for card in cards)
        page = page_digest(items)
        fresh = [] if page in self._pages else [card for card in cards if card.item_id not in self._last]
        self._pages.add(page)
        self._note(items)
        return fresh

    def _note(self, items: tuple[str, ...]) -> None:
        self._number += 1
        self._recent.append(items)
        self._last.update(dict.fromkeys(items, self._number))
        if len(self._recent) > _RECENT:
            for item in self._recent.popleft():
                if self._last.get(item) == self._number - _RECENT:
                    del self._last[item]
