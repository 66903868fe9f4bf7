"""Three make-believe marketplaces on loopback, for the demo, the tests and the benches. Imports no other room."""

from demo.markets import MARKETS, Market, Offer, Plant, Town, plants, search_words

__all__ = ["MARKETS", "Market", "Offer", "Plant", "Town", "plants", "search_words"]
