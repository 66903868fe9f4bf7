"""How a forbidden word is written so that a plain search misses it."""

from dataclasses import dataclass

from demo.dice import Dice
from demo.wares import Ware

#: Techniques that work on any term; the others are spellings listed with the term.
GENERIC = ("symbols", "spaces", "zero_width")
_SYMBOLS = ("*", "·", "☆", "/", "_", "♡", "丨", "、", "~", "0")
_INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")


@dataclass(frozen=True, kw_only=True, slots=True)
class Disguised:
    """A term and its goods as the seller writes them."""

    technique: str
    #: Term and goods together.
    item: str
    #: The part that stands for the term (of a phrase: all of it).
    surface: str


def disguise(ware: Ware, goods: str, dice: Dice) -> Disguised:
    """`ware` made of `goods`, hidden by one of the ways open to it, each way as likely as the next."""
    ways = [*GENERIC, *sorted({technique for technique, _ in ware.spellings + ware.phrases})]
    technique = dice.pick(ways)
    if technique in GENERIC:
        surface = _spread(ware.term, technique, dice)
        return Disguised(technique=technique, item=surface + goods, surface=surface)
    whole = [spelling for way, spelling in ware.phrases if way == technique]
    if whole:
        phrase = dice.pick(whole)
        return Disguised(technique=technique, item=phrase, surface=phrase)
    surface = dice.pick([spelling for way, spelling in ware.spellings if way == technique])
    return Disguised(technique=technique, item=surface + goods, surface=surface)


def _spread(term: str, technique: str, dice: Dice) -> str:
    """The term with something between its characters: between all of them (spaces), or at one place."""
    if technique == "spaces":
        return " ".join(term)
    between = dice.pick(_SYMBOLS if technique == "symbols" else _INVISIBLE)
    # Long terms are cut before their last character at most, so that the break falls inside the word that matters.
    cut = dice.between(1, len(term) - 1)
    return term[:cut] + between + term[cut:]
