"""What the house calls its platforms and categories."""

from crawler import definitions
from ops.house import House
from records import Labels


def labels(house: House) -> Labels:
    """Chinese names of platforms and categories, for people."""
    lexicon = house.lexicon()
    return Labels(
        platforms={key: one.name for key, one in definitions().items()},
        categories={category.key: category.name for category in lexicon.categories},
    )
