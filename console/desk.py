"""What the console is given when it is put together. It reads neither files of settings nor the environment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from console.beginning import FirstRun
from console.language import N_
from console.shelf import ReplaySite
from db.engine import Engine
from evidence import Store
from records import Now, Source, now


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What a person brought in by hand through 新增线索: at least one of text, screenshot and page is there."""

    #: A link, or the text that an app's share button makes; empty where only files were given.
    text: str = ""
    #: PNG, JPEG or WebP bytes; None where no screenshot was given.
    screenshot: bytes | None = None
    #: A saved page (HTML, MHTML or JSON), as uploaded; None where none was given.
    page: bytes | None = None
    #: Name of the uploaded page file, for its ending alone; never a path of ours.
    page_name: str = ""
    source: Source
    note: str = ""
    #: Name of the user who brought it in.
    brought_by: str


#: Takes a submission through `receive` and writes its audit row in the same transaction; returns the ids of the leads
#: it is now part of (none where it is kept but nothing suspicious was found). Raises a Fault where it cannot be read.
Intake = Callable[[Submission], list[int]]


class Errands(Protocol):
    """What takes a browser and is done outside of the request, one at a time for each name (`ops.errands`)."""

    def environment(self) -> dict[str, Any]:
        """The machine, its clock against the time source just now, its way out."""

    def capture(self, extraction_id: int) -> bool:
        """Has an extraction's page captured; False where that is going on already."""

    def package(self, lead_id: int, *, by: str, extraction_id: int = 0) -> bool:
        """Has a package made of a lead, or of its extraction; False where that is going on already."""

    def running(self, name: str) -> bool:
        """True while `extraction:<id>` or `lead:<id>` is worked on."""

    def failure(self, name: str) -> str:
        """Why the last errand of that name came to nothing, in Chinese; empty where it did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Everything the pages need from the rest of the house."""

    engine: Engine
    store: Store
    intake: Intake
    #: Where people open the console, for example http://127.0.0.1:8000 ; its scheme and host are what Origin must say.
    base_url: str = "http://127.0.0.1:8000"
    #: True on the demo's own database alone: shows the banner and signs the demo user in, on loopback.
    demo: bool = False
    #: True where browsers reach us over TLS (ours or a declared proxy's): Secure cookies, HSTS.
    tls: bool = False
    #: Host names that requests may carry.
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    #: Key and Chinese name of each platform.
    platforms: Mapping[str, str] = field(default_factory=dict)
    #: Key and Chinese name of each category, in the lexicon's order.
    categories: Mapping[str, str] = field(default_factory=dict)
    #: Category key and day → the citations valid on it, most specific first.
    law: Callable[[str, date], tuple[str, ...]] = lambda _category, _day: ()
    #: Name of the office, shown in the head of every page.
    office: str = N_("网络交易监测")
    #: Where archived pages are shown again; None where no player is installed.
    replay: ReplaySite | None = None
    #: None where nothing goes out from here: then nothing is packed or extracted at the console.
    errands: Errands | None = None
    #: None where nothing is set up from here: then there is no first run to go through.
    first_run: FirstRun | None = None
    #: Class of records (`db.purgeable.Class`) → days that it is kept; 0: for good. Empty: nothing is purged from here.
    kept_days: Mapping[str, int] = field(default_factory=dict)
    #: Requests that one API token may make a minute.
    api_per_minute: int = 600
    now: Now = now

    @property
    def office_now(self) -> str:
        """The name of the office as it is after the first run."""
        return self.first_run.office if self.first_run else self.office
