"""A market's own search, read page by page without listing all results first."""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator

from demo.markets import Market

_REMEMBERED = 24


class _Results:
    """The results of one query as far as anybody has asked for them."""

    def __init__(self, coming: Iterator[int]) -> None:
        self._coming = coming
        self._found = array("q")

    def part(self, start: int, stop: int) -> tuple[list[int], bool]:
        """Results `start` to `stop`, and whether any follow."""
        while len(self._found) <= stop and (index := next(self._coming, None)) is not None:
            self._found.append(index)
        return list(self._found[start:stop]), len(self._found) > stop


class Search:
    """Remembers a few queries of one market on one night. Safe to call from several threads."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._asked: OrderedDict[tuple[str, str], _Results] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, query: str, number: int, size: int, city: str = "") -> tuple[list[int], bool]:
        """Indices on page `number` (from 1) of the results, newest first, and whether another page follows.

        With `city` the results of that city alone.
        """
        with self._lock:
            results = self._asked.pop((query, city), None) or _Results(self._coming(query, city))
            self._asked[query, city] = results
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            return results.part((number - 1) * size, number * size)

    def _coming(self, query: str, city: str) -> Iterator[int]:
        found = self._market.holding(query)
        return (index for index in found if self._market.offer(index).is_in(city)) if city else found
