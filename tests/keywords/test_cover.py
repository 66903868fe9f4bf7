"""A new term takes nothing from another category, unless its span strictly covers it and says so."""

import random
from dataclasses import replace

import pytest

from keywords import Matcher, Term, builtin
from keywords.files import default_variants
from keywords.terms import Lexicon
from records import Match

_KEYS = ("ivory", "tiger", "pangolin", "bear", "tool_net", "tool_snare", "bird_live")


def _small() -> Lexicon:
    """A few categories without the many compounds, so that a Matcher is built in a moment."""
    base = builtin()
    terms = [term for term in base.terms if term.category in _KEYS and len(term.text) <= 3]
    return replace(base, terms=tuple(terms))


_BASE = _small()
_MATCHER = Matcher(_BASE)
_TEXTS = [text for category in _BASE.categories for text in category.must_match]


def _counting(matcher: Matcher, text: str) -> list[Match]:
    return [match for match in matcher.explain(text).matches if match.counts and match.category in _KEYS]


@pytest.mark.parametrize("seed", range(60))
def test_a_new_term_takes_nothing_from_another_category(seed: int) -> None:
    dice = random.Random(seed)
    text = dice.choice([text for text in _TEXTS if _counting(_MATCHER, text)])
    size = dice.randint(2, min(6, len(text)))
    start = dice.randrange(len(text) - size + 1)
    added = Term(
        text=text[start : start + size].strip() + dice.choice(("", "", "某")),
        category="musk",
        variants=default_variants("strong", "term"),
    )
    wider = Matcher(replace(_BASE, terms=(*_BASE.terms, added)))
    now = {(match.term, match.start, match.end): match for match in wider.explain(text).matches}
    for match in _counting(_MATCHER, text):
        found = now[match.term, match.start, match.end]
        if not found.counts:
            taker = next(one for one in now.values() if one.term == found.covered_by and one.counts)
            assert taker.start <= found.start and found.end <= taker.end
            assert taker.end - taker.start > found.end - found.start


def test_a_new_term_silences_no_spelling_of_another_category() -> None:
    """象ya雕 is a disguise of 象牙雕; written down elsewhere it stays one."""
    ivory = Term(text="象牙雕", category="ivory", variants=default_variants("strong", "term"))
    other = Term(text="象ya雕", category="musk")
    found = Matcher(replace(_BASE, terms=(ivory, other))).explain("象ya雕")
    assert {match.category for match in found.matches if match.counts} == {"ivory", "musk"}


def test_spans_that_overlap_in_part_both_count() -> None:
    terms = (Term(text="虎皮大", category="tiger"), Term(text="大象牙", category="ivory"))
    found = Matcher(replace(_BASE, terms=terms)).explain("虎皮大象牙一对")
    assert [match.category for match in found.matches if match.counts] == ["tiger", "ivory"]


def test_what_strictly_covers_says_so() -> None:
    terms = (Term(text="象牙", category="ivory"), Term(text="海象牙", category="other_taxa"))
    told = {
        match.term: match.covered_by for match in Matcher(replace(_BASE, terms=terms)).explain("海象牙 一根").matches
    }
    assert told == {"海象牙": "", "象牙": "海象牙"}
