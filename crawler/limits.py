"""What a patrol may cost, and the callables through which it meets the rest of the house."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawler.session import Session
from records import (
    Assessment,
    Control,
    Gone,
    Imprint,
    KeptRobots,
    Listing,
    Query,
    QueryReport,
    RobotsRuling,
    Sighting,
    Spent,
    Stop,
    Surroundings,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserSettings:
    """Which Chromium is driven, and for what."""

    #: The program; None looks for Playwright's own and then for the system's.
    executable: Path | None = None
    #: False skips the screenshots of HTTP-read platforms (a gap in each capture says so).
    screenshots: bool = True
    #: Pages that one browser shows before it is replaced.
    pages: int = 300
    #: MiB that one browser may hold, all its processes together, before it is killed; replaced from half of it.
    megabytes: int = 1_200
    #: Address of a browser that runs elsewhere, for CDP or of a Playwright server; empty: one is started here.
    remote: str = ""
    #: The proxy through which that browser goes out, as seen from there. Without one it is not used.
    proxy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Ceilings of one patrol (one platform, one process). What a definition says more strictly holds."""

    #: Sent with every request: product token, version and a contact, for example `xunwang/0.1 (+mailto:…)`.
    user_agent: str
    #: List pages a query; None leaves it to the definition.
    max_pages: int | None = None
    #: Details of clean new cards a query; None leaves it to the definition.
    max_details: int | None = None
    #: Navigations and data requests of the whole patrol; pictures are not among them.
    max_requests: int = 20_000
    #: Walls one after the other after which the platform has said no and nothing more is asked of it.
    walls: int = 3
    #: Seconds that the whole patrol may take.
    max_seconds: float = 4 * 3600.0
    #: Hours that a robots.txt counts for after it was fetched; a day at most (RFC 9309 §2.4).
    robots_hours: float = 12.0
    #: List pages that are read in any case where known items may end the paging: listings change in place.
    reread_pages: int = 1
    #: Seconds that one page may take, waiting for its turn not counted.
    page_deadline: float = 60.0
    #: Bytes of one page and of one picture.
    max_page_bytes: int = 10 * 1024 * 1024
    max_picture_bytes: int = 5 * 1024 * 1024
    #: Pictures kept of one hit.
    max_pictures: int = 6
    #: Up to this share is added to every delay, so that we do not tick like a clock.
    jitter: float = 0.5
    #: True for the demo markets and the tests alone: a definition whose site is this machine may be asked.
    allow_loopback: bool = False
    browser: BrowserSettings = field(default_factory=BrowserSettings)

    @property
    def product(self) -> str:
        """The product token, by which robots.txt names us (RFC 9309 §2.2.1)."""
        return self.user_agent.split("/", 1)[0].split(" ", 1)[0].lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What became of a batch."""

    #: Items that had never been stored before: over all queries of a scan they add up to its new listings.
    new: int
    #: Items at review level or above.
    hits: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One stored listing whose own page is to be read again."""

    #: As stored.
    listing: Listing
    #: True where its page must be captured whatever it says.
    owed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Visits:
    """What is to be read again of one platform."""

    due: tuple[Visit, ...] = ()
    #: How many more are due, beyond what a night may cost.
    left: int = 0


def _no_visits() -> Visits:
    return Visits()


def _not_gone(_gone: Gone) -> None:
    return None


def _not_due() -> bool:
    return False


def _not_read(_imprint: Imprint) -> None:
    return None


def _none_skimmed(_platform: str, _items: Sequence[str]) -> dict[str, Listing]:
    return {}


def _no_doubt() -> Sequence[str]:
    return ()


def _not_asked(_control: Control) -> None:
    return None


def _not_remembered() -> bool:
    return False


def _not_told(_shell: bool) -> None:
    return None


def _not_known(_origin: str) -> KeptRobots | None:
    return None


def _not_kept(_kept: KeptRobots) -> None:
    return None


def _no_ruling() -> RobotsRuling | None:
    return None


def _always(_spent: Spent) -> Stop | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Courtesy:
    """What asking politely takes beside the patrol itself: who else asks, and what was said and decided about it.

    Plain blocking functions, called from worker threads. By default: nobody else, nothing said, nothing decided.
    """

    #: Asked for every turn. In: what was spent since it was asked last, what is about to be, and the delay in seconds.
    #: Out: seconds to wait for the slot just reserved, the next slot being `delay` later; or why nothing may be asked
    #: (the crawling is stopped, the hour is not allowed, the date's budget is used up). None paces within this process.
    turn: Callable[[Spent, Spent, float], Stop | float] | None = None
    #: Platform and seconds in: nobody asks that platform for so long. None: nobody of this process.
    rest: Callable[[str, float], None] | None = None
    #: Told between turns what was spent since it was asked last. Out: why nothing more may be asked, else None.
    leave: Callable[[Spent], Stop | None] = _always
    #: Origin in; what its robots.txt was when it was asked for last, by whomever. None: not known.
    kept_robots: Callable[[str], KeptRobots | None] = _not_known
    #: What a robots.txt was found to be.
    keep_robots: Callable[[KeptRobots], None] = _not_kept
    #: Asked where robots.txt refuses: the decision of a person by which it is asked all the same, else None.
    ruling: Callable[[], RobotsRuling | None] = _no_ruling
    #: The login of an account that the unit owns, supplied by a person; None: asked as any visitor.
    session: Session | None = None
    #: What a query that meets a login adds to its note, in Chinese: what could be done about it.
    login_hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """What `ops` hands in. Plain blocking functions, called from worker threads, never two at once."""

    #: Platform and (item id, card fingerprint) pairs in; ids of those stored and unchanged out.
    known: Callable[[str, Sequence[tuple[str, str]]], set[str]]
    #: The matcher.
    judge: Callable[[Listing], Assessment]
    #: Keeps a batch in one transaction.
    deliver: Callable[[list[Sighting]], Delivered]
    #: A query begins.
    starting: Callable[[Query], None]
    #: A query ended, and all its sightings were delivered before.
    report: Callable[[QueryReport], None]
    #: Platform and item ids in; out, by id, the stored ones without a hit of which the card alone was ever read.
    skimmed: Callable[[str, Sequence[str]], dict[str, Listing]] = _none_skimmed
    #: Asked once all queries have ended: control words to be asked, one after the other until one is answered; empty
    #: where there is no doubt.
    doubt: Callable[[], Sequence[str]] = _no_doubt
    #: What the last control word asked gave.
    controlled: Callable[[Control], None] = _not_asked
    #: Asked once, with `render: auto`: True where the platform's pages were found to be shells of late.
    shells: Callable[[], bool] = _not_remembered
    #: Told, with `render: auto`: True when a shell, once rendered, had cards; False when HTTP alone brings them again.
    learned: Callable[[bool], None] = _not_told
    #: Asked as a query of kind REVISIT begins.
    visits: Callable[[], Visits] = _no_visits
    #: A visited item is not offered any more.
    gone: Callable[[Gone], None] = _not_gone
    #: True where who runs the platform is to be read; and what was read.
    imprint_due: Callable[[], bool] = _not_due
    imprint: Callable[[Imprint], None] = _not_read
    #: Asked for every capture: the clock, the machine, the programs.
    surroundings: Callable[[], Surroundings] = Surroundings
    #: How the others who ask the same platform are met.
    courtesy: Courtesy = field(default_factory=Courtesy)
