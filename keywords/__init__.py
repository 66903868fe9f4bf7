"""Knows the words of the trade: text to Assessment. No network, no database."""

from keywords.files import LexiconBroken, builtin
from keywords.matcher import MATCHER_VERSION, Matcher
from keywords.terms import Category, ContextGroup, Exclusion, Lexicon, Scoring, Term

__all__ = [
    "MATCHER_VERSION",
    "Category",
    "ContextGroup",
    "Exclusion",
    "Lexicon",
    "LexiconBroken",
    "Matcher",
    "Scoring",
    "Term",
    "builtin",
]
