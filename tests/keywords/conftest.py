"""Matchers for the tests of the words."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from keywords import Exclusion, Lexicon, Matcher, Term, builtin
from keywords.files import default_variants

#: Term, matched characters.
Hits = list[tuple[str, str]]


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return Matcher(builtin())


@pytest.fixture(scope="session")
def hits(matcher: Matcher) -> Callable[[str], Hits]:
    """The matches that count, in order, for the built-in lexicon."""
    return lambda text: counting(matcher, text)


def counting(matcher: Matcher, text: str) -> Hits:
    found = []
    for match in matcher.explain(text).matches:
        assert match.surface == text[match.start : match.end]
        if match.counts:
            found.append((match.term, match.surface))
    return found


def lexicon_of(*terms: str, exclusions: tuple[str, ...] = (), **settings: Any) -> Lexicon:
    """A lexicon of strong ivory terms alone, with the built-in contexts and numbers."""
    chosen: dict[str, Any] = {"variants": default_variants("strong", "term"), **settings}
    return dataclasses.replace(
        builtin(),
        version="test",
        terms=tuple(Term(text=text, category="ivory", **chosen) for text in terms),
        exclusions=tuple(Exclusion(text=text) for text in exclusions),
    )
