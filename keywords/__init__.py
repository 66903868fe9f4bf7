"""Knows the words of the trade: text to Assessment. No network, no database."""

from keywords.additions import Additions, LexiconFileRefused, read_additions, write_template
from keywords.files import builtin, builtin_version, read_folder
from keywords.lint import Problem, lint
from keywords.matcher import MATCHER_VERSION, Matcher
from keywords.schema import LexiconBroken
from keywords.terms import Category, ContextGroup, Exclusion, Lexicon, Scoring, Term

__all__ = [
    "MATCHER_VERSION",
    "Additions",
    "Category",
    "ContextGroup",
    "Exclusion",
    "Lexicon",
    "LexiconBroken",
    "LexiconFileRefused",
    "Matcher",
    "Problem",
    "Scoring",
    "Term",
    "builtin",
    "builtin_version",
    "lint",
    "read_additions",
    "read_folder",
    "write_template",
]
