"""Titles in which two ordinary words side by side spell a term, and the count of those that are taken for it.

Counted with jieba's word boundaries and without them, and with the lexicon's exclusions and without them: a person's
exclusion answers a seam that was seen once, a boundary those that nobody has seen yet.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock

import keywords.resolving
import keywords.view
from keywords import Lexicon, Matcher, builtin
from keywords.boundaries import Cut
from records import Assessment
from tests.conftest import ROOT

SEAMS = ROOT / "tests" / "keywords" / "sets" / "seams.tsv"


@dataclass(frozen=True, kw_only=True)
class Seam:
    """One title and the place where its two words meet."""

    title: str
    #: End of the word before, start of the word after.
    left: int
    right: int

    def crossed(self, judged: Assessment) -> bool:
        """True when a match that counts runs across the seam."""
        return any(match.counts and match.start < self.left and match.end > self.right for match in judged.matches)


@dataclass(frozen=True, kw_only=True)
class Count:
    """What became of the titles."""

    titles: int
    #: Titles in which something that counts runs across the seam, and those of them that were raised.
    crossed: int
    raised: int


def seams() -> tuple[Seam, ...]:
    """The titles of the set; the line `狩猎|夹克` says where to look in each."""
    rows = [line.split("\t") for line in SEAMS.read_text("utf-8").splitlines()[1:]]
    return tuple(_seam(*row) for row in rows)


def _seam(words: str, title: str) -> Seam:
    left, right = words.split("|")
    found = re.search(f"{left}[ ，/·-]*{right}", title)
    assert found is not None, (words, title)
    return Seam(title=title, left=found.start() + len(left), right=found.end() - len(right))


@contextmanager
def without_jieba() -> Iterator[None]:
    """The matcher as if every place were a boundary and no word were known."""

    def everywhere(text: str, start: int, end: int) -> Cut:
        del start, end
        return Cut(edges=frozenset(range(len(text) + 1)), words=())

    with (
        mock.patch.object(keywords.view, "cut", everywhere),
        mock.patch.object(keywords.resolving, "is_word", lambda _text: False),
    ):
        yield


def count(lexicon: Lexicon) -> Count:
    """Judge every title of the set."""
    matcher = Matcher(lexicon)
    judged = [(seam, matcher.explain(seam.title)) for seam in seams()]
    crossed = [one for seam, one in judged if seam.crossed(one)]
    return Count(titles=len(judged), crossed=len(crossed), raised=sum(one.level.is_hit for one in crossed))


def without_exclusions() -> Lexicon:
    """The built-in lexicon with nothing but its terms and contexts."""
    return replace(builtin(), exclusions=())
