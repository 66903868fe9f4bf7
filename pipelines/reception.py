"""What `receive` works with, and what it answers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Protocol, Self

from db.engine import Engine, Patience
from evidence import Step, Store
from pipelines.routing import Geography
from records import Assessment, Listing, Now, now


class Assessor(Protocol):
    """What judges listings: `keywords.Matcher`, or a smaller one in tests."""

    @property
    def lexicon_version(self) -> str:
        """Version that every assessment names."""

    def assess(self, listing: Listing) -> Assessment:
        """One listing's judgement."""

    def assess_many(self, listings: Iterable[Listing]) -> Iterator[Assessment]:
        """The judgement of each, in order."""


def _nothing(_step: str) -> None:
    """Production has no crash points."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reception:
    """Everything that the path of a listing needs. One may be shared by threads."""

    engine: Engine
    store: Store
    matcher: Assessor
    geography: Geography
    #: Key of the hash that stands for a seller without a hit; changing it parts old sellers from new sightings.
    seller_salt: bytes = field(repr=False)
    now: Now = now
    #: Receiving is idempotent, so it may outlast a server that went away in the middle of a commit.
    patience: Patience = field(default_factory=lambda: Patience(outage=600.0))
    #: Called with recalled, assessed, kept, stored, led, committed as each is reached; for tests.
    step: Step = _nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Figures of one batch; those of two add up field by field."""

    def __add__(self, other: Self) -> Self:
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Received(Counts):
    """What became of a batch. Sums with +."""

    #: Distinct listings written or seen again.
    listings: int = 0
    #: Of these, not known before.
    new: int = 0
    #: Of these, known with other content.
    changed: int = 0
    #: Of these, at review level or above.
    hits: int = 0
    #: Leads that did not exist before.
    leads: int = 0
    #: Hits that joined a lead which was there already.
    joined: int = 0
    #: Dismissed leads that became candidates again.
    returned: int = 0
    #: Listings put aside with their error.
    quarantined: int = 0


#: Told with each stage that a batch enters.
Progress = Callable[[str], None]
