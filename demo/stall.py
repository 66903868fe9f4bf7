"""One market while it is open: what it holds tonight, and the mood it is in."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from demo.markets import Market, Town
from demo.search import Search

#: Where a market is changed; not logged, and not there for those without the token.
CONTROL_PATH = "/-/control"


class Mood(StrEnum):
    """How a market receives its visitors."""

    OPEN = "open"
    LOGIN = "login"  # every page sends to the login page
    CAPTCHA = "captcha"  # status 200, but a slider instead of the page
    TOO_MANY = "too_many"  # 429 with Retry-After
    ERROR = "error"  # 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Wall:
    """What stands between a visitor and the pages."""

    mood: Mood = Mood.OPEN
    #: The wall stands from this list page on; 1 for all of them and the item pages.
    from_page: int = 1
    #: After this many refusals it falls by itself; None for never.
    for_requests: int | None = None
    #: Seconds, sent with 429.
    retry_after: int = 5


class Stall:
    """A market that can be changed between two nights, or in the middle of one."""

    def __init__(self, town: Town, key: str, *, crawl_delay: float = 0.1) -> None:
        self.key = key
        #: Seconds, told in robots.txt.
        self.crawl_delay = crawl_delay
        self.wall = Wall()
        #: What members show; changed when all of them are logged out.
        self.member_token = secrets.token_hex(16)
        self._refused = 0
        self._stock(town.market(key))

    def _stock(self, market: Market) -> None:
        self.market = market
        self.search = Search(market)

    def change(self, wishes: dict[str, Any]) -> None:
        """Applies a control message: `changed_share`, `edited_share`, `new_listings`, `log_out`, `mood` of Wall.

        Raises TypeError or ValueError for a wish that it does not know, and changes nothing then.
        """
        wishes = dict(wishes)
        arrivals, share = int(wishes.pop("new_listings", 0)), float(wishes.pop("changed_share", 0.0))
        edited = float(wishes.pop("edited_share", 0.0))
        if arrivals < 0 or not 0 <= share <= 1 or not 0 <= edited <= 1:
            raise ValueError("new_listings counts up from 0, changed_share and edited_share lie between 0 and 1")
        log_out = bool(wishes.pop("log_out", False))
        mood = wishes.pop("mood", None)
        if mood is None and wishes:
            raise ValueError(f"unknown: {', '.join(wishes)}")
        wall = Wall(mood=Mood(mood), **wishes) if mood is not None else self.wall
        if arrivals or share or edited:
            self._stock(self.market.later(arrivals=arrivals, reduced=share, changed=edited))
        if log_out:
            self.member_token = secrets.token_hex(16)
        self.wall, self._refused = wall, self._refused if wall is self.wall else 0

    def refuse(self, page: int) -> Wall | None:
        """The wall, if it stands in the way of list page `page`; counts the refusal."""
        wall = self.wall
        if wall.mood is Mood.OPEN or page < wall.from_page:
            return None
        if wall.for_requests is not None and self._refused >= wall.for_requests:
            return None
        self._refused += 1
        return wall
