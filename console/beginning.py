"""The first run as the console sees it: what is set up, by whom, and what the house does for it (`ops.first_run`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from db.first_run import Step


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDistrict:
    """One 区（市）."""

    #: GB/T 2260, six digits.
    code: str
    name: str
    #: Other spellings that sellers use.
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnUnit:
    """Whose system this is."""

    name: str
    city: str
    province: str
    districts: tuple[OwnDistrict, ...]

    @property
    def lines(self) -> str:
        """The districts as a person writes them, one a line."""
        return "\n".join(" ".join((one.code, one.name, *one.aliases)) for one in self.districts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What a platform said to one polite question."""

    #: 已检索, 被拦截 …
    label: str
    #: True where it can be patrolled.
    well: bool
    note: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One platform as the first run shows it."""

    key: str
    name: str
    #: True: nothing is asked of it.
    walled: bool
    #: The lawful ways that remain where it is walled.
    lawful: str
    #: None where it has not been asked yet.
    answered: Answered | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BroughtIn:
    """What became of a file that was brought in as the first one."""

    rows: int
    bad: int
    hits: int
    leads: int
    #: The first lines that could not be read: number and reason, in Chinese.
    reasons: tuple[str, ...]


class FirstRun(Protocol):
    """What the house does for the first run. Each keeps what it did, with its audit row, in a transaction."""

    @property
    def office(self) -> str:
        """Name of the unit, as it stands now."""

    def unit(self) -> OwnUnit:
        """The unit that counts now."""

    def keep_unit(self, unit: OwnUnit, *, by: str) -> None:
        """From now on it is `unit`. Raises a Fault where its districts cannot take the place of those there are."""

    def platforms(self) -> Sequence[Standing]:
        """Every platform that the nights cover, and every walled one."""

    def ask(self, *, by: str) -> bool:
        """Has each public platform asked its control word once; False where that is going on already."""

    def channels(self) -> Sequence[str]:
        """Names of the channels that the settings name. Raises a Fault where one of them cannot be used."""

    def test(self, channel: str, *, by: str) -> str:
        """Sends a test message; why it did not arrive, in Chinese, empty where it did."""

    def bring_in(self, name: str, body: bytes, platform: str, *, by: str) -> BroughtIn:
        """Imports a file of listings. Raises a Fault where it cannot be read."""

    def scan(self, *, by: str) -> bool:
        """Has the platforms that answered patrolled with a few words; False where that is going on already."""

    def skip(self, step: Step, *, by: str) -> None:
        """Notes that a step was passed over; it can still be done later."""

    def running(self, name: str) -> bool:
        """True while `ask` or `scan` is under way."""

    def failure(self, name: str) -> str:
        """Why the last `ask` or `scan` came to nothing, in Chinese; empty where it did not."""
