"""The make-believe town: three markets whose listings are computed, never stored.

Listing `i` of a market is a pure function of seed, market and i. Index 0 is the newest listing of the opening
night, larger is older, and what arrives later has negative indices, so that a second night changes nothing below it.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from demo.dice import Dice
from demo.folding import fold, words_of
from demo.ordinary import MadeUp, Stock, Titled, read_titles
from demo.planting import BLOCK, Planted, Planter
from demo.wares import Place, Wares, load

#: Key -> number; the number decides which titles and which plants a market gets.
MARKETS = {"demo_ads": 0, "demo_goods": 1, "demo_shop": 2}
#: When the newest listing of the opening night was put up.
OPENED = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
#: One listing in this many seconds.
PACE = 180
_SELLERS = 20_000
#: What a seller adds to a description.
_ADDED = "补充：可当面看货。"
# (highest id, distance between ids, prefix): ids look like the site's own and can be read back into an index.
_IDS = {"demo_ads": (81_000_000, 7, ""), "demo_goods": (716_000_000_000, 13, ""), "demo_shop": (52_000_000, 3, "XC")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """Who offers a listing."""

    #: Digits; each site adds its own prefix.
    id: str
    name: str
    place: Place | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One listing of a make-believe market, as its pages tell it."""

    market: str
    index: int
    item_id: str
    title: str
    #: Lines parted by newlines.
    description: str
    section: str
    #: Whole yuan; None where it is negotiable.
    price: int | None
    vendor: Vendor
    #: Aware, UTC.
    published_at: datetime
    #: Of the last change; `published_at` while there was none.
    updated_at: datetime
    pictures: int
    #: None for an ordinary listing.
    planted: Planted | None

    def is_in(self, city: str) -> bool:
        """True where the seller says to be in a city, named with or without 市."""
        place = self.vendor.place
        return place is not None and place.city.removesuffix("市") == city.removesuffix("市")


class Change(StrEnum):
    """What a seller did to a listing from one night to the next."""

    PRICE = "price"
    TITLE = "title"
    TEXT = "text"  # in the description alone
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plant:
    """What a judge may know about a planted listing and the scanner must not."""

    market: str
    item_id: str
    #: `plain`, `disguised`, `code_word` or `confusable`.
    kind: str
    #: Category key of the forbidden goods, or of those that a confusable resembles.
    category: str
    #: The seller's name; one name in two markets is one seller.
    seller: str
    #: How it is disguised; empty for other kinds.
    technique: str
    #: The giving-away words as they stand on the page; empty for confusables.
    surface: str
    #: True when `surface` stands in the description alone.
    hidden: bool
    #: What finds it in the market's own search; empty where plain searching does not.
    search_word: str
    index: int
    title: str


class Town:
    """What the three markets have in common: seed, size, wares, and perhaps a file of real titles."""

    def __init__(self, seed: int, listings_per_market: int, titles: Path | None = None) -> None:
        self.seed = seed
        self.listings_per_market = listings_per_market
        self.wares: Wares = load()
        # Three markets each take every third title; a few more serve the nights after.
        wanted = 3 * listings_per_market + 3000
        self.titles = read_titles(titles, wanted=wanted, seed=seed) if titles else None

    def market(self, key: str) -> "Market":
        """The market on its opening night. Raises KeyError for an unknown key."""
        return Market(self, key)

    def stock(self, key: str) -> Stock:
        """Where the ordinary listings of `key` come from."""
        if self.titles is not None:
            return Titled(self.seed, MARKETS[key], len(MARKETS), self.titles)
        return MadeUp(self.seed, key, self.wares.ordinary[key])


class Market:
    """One market on one night: its listings, newest first."""

    def __init__(
        self,
        town: Town,
        key: str,
        *,
        arrivals: int = 0,
        reductions: tuple[float, ...] = (),
        changes: tuple[float, ...] = (),
    ) -> None:
        self.key = key
        self.number = MARKETS[key]
        self.town = town
        #: Listings that were put up after the opening night.
        self.arrivals = arrivals
        #: For each later night, the share (0 to 1) of listings whose price fell.
        self.reductions = reductions
        #: For each later night, the share (0 to 1) of listings that were changed in one way or another (`Change`).
        self.changes = changes
        self._stock = town.stock(key)
        self._planter = Planter(town.seed, self.number, town.wares)
        self._people = town.wares.people
        highest, self._step, self._prefix = _IDS[key]
        self._highest = highest + Dice(town.seed, key, "ids").below(100_000)
        old = range(town.listings_per_market) if changes else ()
        self._gone = frozenset(i for i in old if Change.GONE in self.changes_of(i))
        self._standing = [i for i in self.indices if i not in self._gone] if self._gone else self.indices

    def __len__(self) -> int:
        return len(self._standing)

    def later(self, *, arrivals: int = 0, reduced: float = 0.0, changed: float = 0.0) -> "Market":
        """The same market on a later night: with `arrivals` new listings on top and `reduced` share of prices cut.

        `changed` share of the old ones, wherever they stand, has another price, title or text, or is gone.
        """
        return Market(
            self.town,
            self.key,
            arrivals=self.arrivals + arrivals,
            reductions=(*self.reductions, reduced) if reduced else self.reductions,
            changes=(*self.changes, changed) if changed else self.changes,
        )

    def changes_of(self, index: int) -> list[Change]:
        """What was done to a listing since the opening night, a night after the other."""
        dice = [Dice(self.town.seed, self.key, "change of mind", night, index) for night in range(len(self.changes))]
        shares = zip(dice, self.changes, strict=True)
        return [one.pick(tuple(Change)) for one, share in shares if index >= 0 and one.chance(share)]

    @property
    def indices(self) -> range:
        """All of them, newest first."""
        return range(-self.arrivals, self.town.listings_per_market)

    def page(self, number: int, size: int) -> list[Offer]:
        """Page `number` (from 1), newest first; empty beyond the end."""
        return [self.offer(index) for index in self._standing[(number - 1) * size : number * size]]

    @lru_cache(maxsize=64)  # noqa: B019 - few cities a night, and a market lives no longer than the nights of its town
    def listed(self, city: str, *, renewed: bool) -> tuple[int, ...]:
        """Indices newest first, or with what was put up or changed last on top; of one city where it is named."""
        here = [index for index in self._standing if not city or self.offer(index).is_in(city)]
        return tuple(sorted(here, key=lambda index: not self.changes_of(index)) if renewed else here)

    def find(self, item_id: str) -> Offer | None:
        """The listing with this id, or None."""
        digits = item_id.removeprefix(self._prefix)
        if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
            return None
        index, rest = divmod(self._highest - int(digits), self._step)
        if rest or index not in self.indices or index in self._gone or self._id(index) != item_id:
            return None
        return self.offer(index)

    def offer(self, index: int) -> Offer:
        """The listing at `index` as it stands tonight."""
        offer = self._opening(index)
        for night, share in enumerate(self.reductions):
            if Dice(self.town.seed, self.key, "night", night, index).chance(share):
                offer = self._reduced(offer)
        for change in self.changes_of(index) if self.changes else ():
            offer = self._changed(offer, change)
        return offer

    def _opening(self, index: int) -> Offer:
        dice = Dice(self.town.seed, self.key, index)
        planted = self._planter.at(index)
        if planted is None:
            thing = self._stock.thing(index)
            title, section, price = thing.title, thing.section, thing.price
            description = self._talk(dice)
        else:
            title, section, price = planted.title, planted.section, planted.price
            description = planted.description or self._talk(dice)
        return Offer(
            market=self.key,
            index=index,
            item_id=self._id(index),
            title=title,
            description=description,
            section=section,
            price=None if dice.chance(0.04) else price,
            vendor=self._vendor(planted, dice),
            published_at=(put_up := OPENED - timedelta(seconds=index * PACE + dice.below(PACE))),
            updated_at=put_up,
            pictures=dice.between(3, 5) if self.key == "demo_shop" else dice.between(1, 3),
            planted=planted,
        )

    def _talk(self, dice: Dice) -> str:
        first = dice.pick(self._people.talk)
        second = dice.pick(self._people.talk)
        return first if first == second else f"{first}\n{second}"

    def _reduced(self, offer: Offer) -> Offer:
        price = None if offer.price is None else max(1, offer.price * 9 // 10)
        return replace(offer, price=price, description=f"{offer.description}\n{self._people.reduced}")

    def _changed(self, offer: Offer, change: Change) -> Offer:
        offer = replace(offer, updated_at=offer.updated_at + timedelta(days=30))
        if change is Change.TEXT:
            return replace(offer, description=f"{offer.description}\n{_ADDED}")
        if change is Change.PRICE and offer.price is not None:
            return replace(offer, price=offer.price + 1)
        return replace(offer, title=f"{offer.title} 补图")

    def _id(self, index: int) -> str:
        return f"{self._prefix}{self._highest - index * self._step}"

    def _vendor(self, planted: Planted | None, dice: Dice) -> Vendor:
        if planted is not None and planted.vendor:
            number, name = planted.vendor, planted.vendor_name
            home = 0.5
        else:
            number = dice.below(_SELLERS)
            name = f"示例{Dice(self.town.seed, self.key, 'shop', number).pick(self._people.shops)}{number:05d}"
            home = 0.2
        return Vendor(id=str(710_000 + number), name=name, place=self._place(name, home))

    def _place(self, name: str, home: float) -> Place | None:
        """A seller sits in one place, in whatever market; about one in eight does not say where."""
        dice = Dice(self.town.seed, "place", name)
        if dice.chance(0.12):
            return None
        return dice.pick(self._people.home if dice.chance(home) else self._people.away)

    def plants(self) -> Iterator[Plant]:
        """The planted listings, suspicious and confusable, newest first."""
        for index in self._planter.indices(self.indices):
            offer = self.offer(index)
            if offer.planted is not None and index not in self._gone:
                yield _plant(offer, offer.planted)

    def holding(self, query: str) -> Iterator[int]:
        """Indices whose title or description holds every word of `query`, newest first, found as they are taken."""
        words = words_of(query)
        if not words:
            return
        candidates = heapq.merge(self._planter.indices(self.indices), self._ordinary(words))
        last = None
        for index in candidates:
            if index != last and index not in self._gone and _holds(self.offer(index), words):
                yield index
            last = index

    def _ordinary(self, words: tuple[str, ...]) -> Iterable[int]:
        """Ordinary listings that may hold `words`: those in everybody's talk are no help in choosing."""
        talk = [fold(line) for line in (*self._people.talk, self._people.reduced, _ADDED, "补图")]
        telling = tuple(word for word in words if not any(word in line for line in talk))
        return self._stock.holding(telling, self.indices) if telling else self.indices


def _holds(offer: Offer, words: tuple[str, ...]) -> bool:
    text = fold(offer.title) + "\n" + fold(offer.description)
    return all(word in text for word in words)


def _plant(offer: Offer, planted: Planted) -> Plant:
    return Plant(
        market=offer.market,
        item_id=offer.item_id,
        kind=planted.kind,
        category=planted.category,
        seller=offer.vendor.name,
        technique=planted.technique,
        surface=planted.surface,
        hidden=planted.hidden,
        search_word=planted.search_word,
        index=offer.index,
        title=offer.title,
    )


def plants(town: Town) -> list[Plant]:
    """Every planted listing of the town's opening night, market by market, newest first."""
    return [plant for key in MARKETS for plant in town.market(key).plants()]


def search_words(town: Town) -> list[str]:
    """The words whose plain search finds every hidden plant."""
    return list(dict.fromkeys(ware.search for trade in town.wares.trades for ware in trade.wares))


__all__ = [
    "BLOCK",
    "MARKETS",
    "OPENED",
    "Change",
    "Market",
    "Offer",
    "Plant",
    "Town",
    "Vendor",
    "plants",
    "search_words",
]
