"""Findings on their way to a match: the working paper of resolving, company and score."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from keywords.terms import ContextGroup, Exclusion, Term
from keywords.view import Found

#: Candidates fewer than which are looked through one by one: most texts have three.
_FEW = 12


@dataclass(kw_only=True, slots=True)
class Candidate:
    """A finding of a term on its way to a Match; the matcher's own working paper."""

    found: Found
    term: Term
    technique: str
    tier: str = "T1"
    #: True when it needs company.
    weak: bool = False
    cancelled_by: str = ""
    covered_by: str = ""
    #: Soft exclusion that covers it, if any.
    softened: Exclusion | None = None
    #: True when what it is written as is a word of its own, 英武 for 鹦鹉: it must be in company twice over.
    worded: bool = False
    #: True when the spelling itself is a disguise.
    disguised: bool = False
    #: The word of its own that is its company, if any.
    companion: str = ""
    #: Skeleton spans of the parts of a pair beside the anchor.
    partners: list[tuple[int, int]] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """True while nothing took it away."""
        return not self.cancelled_by and not self.covered_by


class Context(NamedTuple):
    """One context word found, in the skeleton."""

    group: ContextGroup
    word: str
    start: int
    end: int


class Places:
    """Candidates by the skeleton characters that they cover, so that a long text costs what a short one does."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._few: list[Candidate] = []
        self._at: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            self.add(candidate)

    def add(self, candidate: Candidate) -> None:
        """Remembers one more."""
        self._few.append(candidate)
        if len(self._few) == _FEW:
            for one in self._few:
                self._lay(one)
        elif len(self._few) > _FEW:
            self._lay(candidate)

    def _lay(self, candidate: Candidate) -> None:
        for place in range(candidate.found.start, candidate.found.end):
            self._at.setdefault(place, []).append(candidate)

    def between(self, start: int, end: int) -> list[Candidate]:
        """Those that cover any character of [start, end), each once, by the first such character."""
        if len(self._few) < _FEW:
            near = [one for one in self._few if one.found.start < end and start < one.found.end]
            return near if len(near) < 2 else sorted(near, key=lambda one: max(start, one.found.start))
        found: dict[int, Candidate] = {}
        for place in range(start, end):
            for candidate in self._at.get(place, ()):
                found[id(candidate)] = candidate
        return list(found.values())
