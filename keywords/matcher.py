"""The matcher: a listing goes in, an Assessment comes out. Pure, picklable, safe to share between threads."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from keywords.blocks import blocks
from keywords.candidates import Candidate
from keywords.company import Reading
from keywords.folding import folding
from keywords.phrasing import Phrasing, phrasing
from keywords.requiring import require_company
from keywords.resolving import resolve
from keywords.scanning import Scanner
from keywords.scoring import gather
from keywords.terms import Lexicon
from keywords.view import View
from keywords.weighing import weigh
from records import Assessment, Level, Listing, Match

if TYPE_CHECKING:
    from keywords.batch import Sieve

#: Counts up when the same lexicon may judge differently: by other code, or because phrasing was learnt anew.
MATCHER_VERSION = "2"
#: Matches kept of one listing, counting and cancelled ones each.
_TOLD = 100
#: Listings fewer than which are judged one by one: a block has a cost of its own, and so have numpy and the sieve.
_FEW = 256


class Matcher:
    """Judges listings by one lexicon. An object of its own: there is no global one."""

    def __init__(self, lexicon: Lexicon, *, on: date | None = None, learnt: Phrasing | None = None) -> None:
        """`on`: the day of assessment; a term that ended before it does not count. Without it no term has ended.

        `learnt`: phrasing other than this release's, to measure it; it is not pickled.
        """
        lexicon = lexicon.in_force(on) if on else lexicon
        self.lexicon = lexicon
        #: How listings are put; None for a lexicon released before there was such a measure.
        self.phrasing = (learnt or phrasing()) if "phrasing" in lexicon.scoring.points else None
        self._scanner = Scanner(lexicon, self.phrasing)
        #: True for most texts: nothing counts in them. Never, where the prefilter is not compiled.
        self._clears = self._scanner.clears or _unsure
        self._read = self._scanner.read
        #: Made at the first batch.
        self._sieve: Sieve | None = None
        self._clean = Assessment(
            level=Level.NONE,
            score=0,
            parts=(),
            matches=(),
            lexicon_version=lexicon.version,
            matcher_version=MATCHER_VERSION,
        )

    def __reduce__(self) -> tuple[type["Matcher"], tuple[Lexicon]]:
        # An automaton cannot be pickled; it is built again in 0.1 s.
        return Matcher, (self.lexicon,)

    @property
    def lexicon_version(self) -> str:
        """Version of the lexicon that every assessment names."""
        return self.lexicon.version

    def assess(self, listing: Listing) -> Assessment:
        """Title and description together: company may stand in either. Offsets index the field as given.

        Where no match counts nothing is told of it: most texts with a code word are ordinary. `explain` tells all.
        """
        # Most listings end here, so that each call and each name counts.
        raw = f"{listing.title}\n{listing.description}" if listing.description else listing.title
        if self._clears(raw):
            return self._clean
        reading = self._read(raw)
        return self._clean if reading is None else self._judge(raw, _joint(listing), reading)

    def assess_many(self, listings: Iterable[Listing]) -> Iterator[Assessment]:
        """The same as `assess` for each, in order.

        Where the prefilter is not compiled it reads ahead by one block: a thousand listings at most.
        """
        if self._scanner.clears is None:
            for block in blocks(listings, _length):
                yield from map(self.assess, block) if len(block) < _FEW else self._assess_block(block)
            return
        # As in `assess`, without a call between.
        clears, clean = self._clears, self._clean
        for listing in listings:
            raw = f"{listing.title}\n{listing.description}" if listing.description else listing.title
            yield clean if clears(raw) else self._assess_passed(listing, raw)

    def _assess_block(self, block: Sequence[Listing]) -> Iterator[Assessment]:
        # Numpy and the sieve take a quarter of a second, which nobody spends on a page of cards.
        from keywords.batch import Sieve

        if self._sieve is None:
            self._sieve = Sieve(self._scanner.factors, self._scanner.stuffing, folding())
        texts = [_text(listing) for listing in block]
        for listing, text, passes in zip(block, texts, self._sieve.passing(texts), strict=True):
            yield self._assess_passed(listing, text) if passes else self._clean

    def _assess_passed(self, listing: Listing, raw: str) -> Assessment:
        reading = self._scanner.read_passed(raw)
        return self._clean if reading is None else self._judge(raw, _joint(listing), reading)

    def explain(self, text: str | Listing) -> Assessment:
        """The judgement of a bare text or a listing, with every match that was cancelled or covered and why.

        Where any match counts it is what `assess` says, word for word.
        """
        return self._judge(text, -1) if isinstance(text, str) else self._judge(_text(text), _joint(text))

    def _judge(self, raw: str, joint: int, reading: Reading | None = None) -> Assessment:
        """`joint`: where the newline between title and description stands in `raw`, or -1.

        `reading`: of `raw`, where a text in which nothing counts is simply clean; without it all is told.
        """
        view = View(raw, folding())
        scoring = self.lexicon.scoring
        told = reading is None
        reading = reading or self._scanner.reading(view.skeleton)
        candidates = resolve(view, self._scanner.scan(view, reading), scoring, joint)
        if not candidates or not (told or _any_alive(candidates)):
            return self._clean
        contexts = gather(self._scanner.contexts.scan(view, reading))
        require_company(view, candidates, contexts, scoring)
        verdict = weigh(view, candidates, contexts, self.lexicon, self.phrasing)
        if not (told or _any_alive(candidates)):
            return self._clean
        return Assessment(
            level=verdict.level,
            score=verdict.score,
            parts=verdict.parts,
            matches=tuple(_match(view, item, joint) for item in _told(candidates)),
            category=verdict.category,
            direction=verdict.direction,
            lexicon_version=self.lexicon.version,
            matcher_version=MATCHER_VERSION,
        )


def _unsure(raw: str) -> bool:
    return False


def _text(listing: Listing) -> str:
    return f"{listing.title}\n{listing.description}" if listing.description else listing.title


def _joint(listing: Listing) -> int:
    return len(listing.title) if listing.description else -1


def _any_alive(candidates: list[Candidate]) -> bool:
    return any(item.alive for item in candidates)


def _length(listing: Listing) -> int:
    return len(listing.title) + len(listing.description)


def _told(candidates: list[Candidate]) -> list[Candidate]:
    """What is worth telling: guesses that came to nothing are not, nor the same thing a thousand times."""
    alive = [item for item in candidates if item.alive][:_TOLD]
    taken = [item for item in candidates if not item.alive and item.tier == "T1"][:_TOLD]
    return sorted(alive + taken, key=lambda item: (item.found.start, -item.found.end))


def _match(view: View, item: Candidate, joint: int) -> Match:
    places = [(item.found.start, item.found.end), *item.partners]
    start = min(view.origin[first] for first, _ in places)
    last_seen = max(view.origin[last - 1] for _, last in places)
    end = view.references.get(last_seen, last_seen + 1)
    # Marks that hang on the last character belong to what the reader sees: a struck-through 牙̶.
    while end < len(view.raw) and end != joint and view.raw[end] != "\n" and view.folding.is_unseen(view.raw[end]):
        end += 1
    if joint < 0 or end <= joint:
        name, shift = "title", 0
    elif start > joint:
        name, shift = "description", joint + 1
    else:
        name, shift = "title+description", 0
    return Match(
        category=item.term.category,
        term=item.term.text,
        surface=view.raw[start:end],
        field=name,
        start=start - shift,
        end=end - shift,
        technique=item.technique,
        tier=item.tier,
        strength="weak" if item.weak else "strong",
        cancelled_by=item.cancelled_by,
        covered_by=item.covered_by,
    )
