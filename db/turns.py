"""What comes round every so many nights, and how it is kept from falling due on one and the same night."""


def leeway(nights: int) -> int:
    """Nights sooner or later at which one thing may come round: a third. Which, goes by a number of its own.

    What was first seen on one night, and that is nearly all there is, would otherwise come round on one night for ever.
    """
    return nights // 3


def turn(number: int, nights: int) -> int:
    """The nights after which the thing with this number comes round."""
    spread = leeway(nights)
    return nights - spread + number % (2 * spread + 1)
