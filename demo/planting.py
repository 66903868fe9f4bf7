"""Where suspicious and confusable listings stand among the ordinary ones, and what they say."""

from collections.abc import Iterator
from dataclasses import dataclass

from demo.dice import Dice
from demo.disguise import disguise
from demo.wares import Trade, Ware, Wares

#: Of every hundred listings three are suspicious and three are ordinary but look like it.
BLOCK = 100
_SLOTS = 6
_SLOT_WIDTH = BLOCK // _SLOTS
# Four plain, four disguised, two in code words; the order keeps a small town mixed.
_KINDS = (
    "plain",
    "disguised",
    "plain",
    "code_word",
    "disguised",
    "plain",
    "disguised",
    "plain",
    "code_word",
    "disguised",
)
# Of the plain ones every third says it in the description alone.
_HIDDEN_EVERY = 3
_MARKETS = 3
# Numbers of sellers: ordinary ones lie below.
_LONE = 100_000
_RING = 5_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """What a planted listing says, before price, time and place are added."""

    #: `plain`, `disguised`, `code_word` or `confusable`.
    kind: str
    category: str
    technique: str
    surface: str
    hidden: bool
    search_word: str
    title: str
    #: Empty where ordinary talk stands.
    description: str
    section: str
    price: int
    #: 0 where any ordinary seller will do.
    vendor: int
    vendor_name: str

    @property
    def ring(self) -> bool:
        """True where the seller trades in two markets."""
        return self.vendor >= _RING


@dataclass(frozen=True, slots=True)
class _Words:
    """One suspicious offer in words."""

    title: str
    description: str
    surface: str
    search_word: str = ""
    technique: str = ""
    hidden: bool = False


class Planter:
    """Knows for one market which index is planted, and with what."""

    def __init__(self, seed: int, market: int, wares: Wares) -> None:
        self._seed, self._market, self._wares = seed, market, wares

    def indices(self, among: range) -> Iterator[int]:
        """The planted ones of `among`, ascending."""
        for block in range(among.start // BLOCK, (among.stop + BLOCK - 1) // BLOCK):
            for index in self._of_block(block):
                if index in among:
                    yield index

    def _of_block(self, block: int) -> list[int]:
        """One index in each of six strips of the block, so that they never meet."""
        dice = Dice(self._seed, self._market, "block", block)
        return [block * BLOCK + slot * _SLOT_WIDTH + dice.below(_SLOT_WIDTH) for slot in range(_SLOTS)]

    def at(self, index: int) -> Planted | None:
        """What is planted at `index`; None for an ordinary listing."""
        block, place = divmod(index, BLOCK)
        slot = place // _SLOT_WIDTH
        if slot >= _SLOTS or self._of_block(block)[slot] != index:
            return None
        number = block * (_SLOTS // 2) + slot // 2
        # Even strips hold suspicious listings, odd ones confusables.
        return self._confusable(number) if slot % 2 else self._suspicious(number, block, first=slot == 0)

    def _confusable(self, number: int) -> Planted:
        dice = Dice(self._seed, self._market, "confusable", number)
        # A title is as likely as any other, whatever its category.
        titles = [(group, title) for group in self._wares.confusables for title in group.titles]
        group, title = dice.pick(titles)
        return Planted(
            kind="confusable",
            category=group.category,
            technique="",
            surface="",
            hidden=False,
            search_word="",
            title=title,
            description="",
            section="综合",
            price=dice.between(*group.price),
            vendor=0,
            vendor_name="",
        )

    def _suspicious(self, number: int, block: int, *, first: bool) -> Planted:
        dice = Dice(self._seed, self._market, "suspicious", number)
        # Kinds and categories go round, shifted from market to market, so that even 300 listings show all of them.
        turn = number + self._market * 9 + self._seed
        trades = self._wares.trades
        trade = trades[(turn + turn // len(trades)) % len(trades)]
        kind = _KINDS[turn % len(_KINDS)]
        words = self._words(kind, trade, dice, hidden=kind == "plain" and turn % _HIDDEN_EVERY == 0)
        vendor, name = self._vendor(number, block, first=first)
        contact = f"\n联系加V：shili{vendor - _RING:05d}" if vendor >= _RING else ""
        return Planted(
            kind=kind,
            category=trade.category,
            technique=words.technique,
            surface=words.surface,
            hidden=words.hidden,
            search_word=words.search_word,
            title=words.title,
            description=words.description + contact,
            section="文玩杂项" if trade.category in ("ivory", "rhino", "tiger", "pangolin") else "农林用品",
            price=dice.between(*trade.price),
            vendor=vendor,
            vendor_name=name,
        )

    def _vendor(self, number: int, block: int, *, first: bool) -> tuple[int, str]:
        """The first plant of two successive blocks belongs to a ring that sells in two of the three markets."""
        ring = block // 2
        if first and ring % _MARKETS != self._market:
            name = Dice(self._seed, "ring", ring).pick(self._wares.people.rings)
            return _RING + _folded(ring), f"示例{name}{_folded(ring):05d}"
        # Of one market alone: nobody else may have the name by accident.
        own = _LONE + _folded(number) * _MARKETS + self._market
        return own, f"示例{Dice(self._seed, own).pick(self._wares.people.shops)}{own}"

    def _words(self, kind: str, trade: Trade, dice: Dice, *, hidden: bool) -> _Words:
        if kind == "code_word":
            title = dice.pick(trade.code)
            return _Words(title=title, description=dice.pick(self._wares.people.talk), surface=title)
        ware = dice.pick(trade.wares)
        goods = dice.pick(ware.goods)
        if kind == "plain":
            item, surface, technique = ware.term + goods, ware.term, ""
        else:
            written = disguise(ware, goods, dice)
            item, surface, technique = written.item, written.surface, written.technique
        bare = _Words(title=item, description="", surface=surface, technique=technique, hidden=hidden)
        return self._sentences(trade, ware, bare, dice)

    def _sentences(self, trade: Trade, ware: Ware, bare: _Words, dice: Dice) -> _Words:
        """Title and description around the bare item."""
        claim, closer = dice.pick(trade.claims), dice.pick(trade.closers)
        told = dice.pick(trade.texts).format(item=bare.title, claim=claim, closer=closer)
        if bare.hidden:
            title, description = dice.pick(trade.covers), told
        else:
            title = f"{dice.pick(self._wares.people.openings)}{bare.title} {claim} {closer}"
            description = told if dice.chance(0.5) else dice.pick(self._wares.people.talk)
        return _Words(
            title=title,
            description=description,
            surface=bare.surface,
            search_word="" if bare.technique else ware.search,
            technique=bare.technique,
            hidden=bare.hidden,
        )


def _folded(number: int) -> int:
    """A number of its own from 0 up for every whole number: later nights count below zero."""
    return 2 * number if number >= 0 else -2 * number - 1
