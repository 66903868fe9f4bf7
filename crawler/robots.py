"""What a robots.txt allows us (RFC 9309), from the answer that came or did not come. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from records import KeptRobots

#: RFC 9309 §2.5 asks for at least 500 KiB to be parsed.
READ_BYTES = 512 * 1024
# A day ends any patrol just as well as an absurd number does, and fits into every clock.
_LONGEST_DELAY = 86_400.0
#: How long a refusal counts that is only a server's trouble: long enough not to knock all the time.
_TROUBLED = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Robots:
    """The rules of one origin for one product token."""

    product: str
    #: None where no rules apply: everything is allowed, or with `unreachable` nothing is.
    rules: Protego | None = None
    #: Why everything is refused, in Chinese; empty where the file could be asked for.
    unreachable: str = ""
    #: True where there is no server at all: the site is down, which is not to be told as its refusal.
    down: bool = False

    def allows(self, url: str) -> bool:
        """True where our product token may fetch `url`."""
        if self.unreachable:
            return False
        return self.rules is None or bool(self.rules.can_fetch(url, self.product))

    @property
    def crawl_delay(self) -> float:
        """Seconds between requests that the site asks for; 0 where it asks for none."""
        asked = self.rules.crawl_delay(self.product) if self.rules else None
        return min(_LONGEST_DELAY, max(0.0, float(asked or 0.0)))


def read_kept(product: str, kept: KeptRobots) -> Robots:
    """The rules behind an answer, or behind none."""
    return unreachable_robots(product, kept.why) if kept.why else read_robots(product, kept.status, kept.body)


def is_fresh(kept: KeptRobots, now: datetime, longest: timedelta) -> bool:
    """True while an answer counts: `longest` (RFC 9309 §2.4: at most a day), ten minutes where it told of trouble.

    An answer from the future is another machine's wrong clock, and counts no more.
    """
    readable = not kept.why and (200 <= kept.status < 300 or 400 <= kept.status < 500)
    return timedelta(0) <= now - kept.fetched_at < (min(longest, timedelta(days=1)) if readable else _TROUBLED)


def read_robots(product: str, status: int, body: bytes) -> Robots:
    """The rules behind an answer: 2xx is parsed, 4xx allows all (§2.3.1.3), anything else refuses all (§2.3.1.4).

    A redirect that could not be followed arrives here with its 3xx status and refuses too: what we were not able to
    read we do not take for a yes.
    """
    if 200 <= status < 300:
        return Robots(product=product, rules=Protego.parse(read_part(body).decode("utf-8-sig", "replace")))
    if 400 <= status < 500:
        return Robots(product=product)
    return Robots(product=product, unreachable=f"robots.txt 返回 {status}")


def unreachable_robots(product: str, why: str, *, down: bool = False) -> Robots:
    """The rules where no answer came: complete disallow (§2.3.1.4). `why` is Chinese."""
    return Robots(product=product, unreachable=f"robots.txt 无法取得（{why}）", down=down)


def read_part(body: bytes) -> bytes:
    """The first `READ_BYTES`, cut at a line's end so that half a rule is not read as a whole one."""
    if len(body) <= READ_BYTES:
        return body
    return body[:READ_BYTES].rpartition(b"\n")[0]
