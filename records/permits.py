"""What a site says of visitors, and what people decided about asking it: robots.txt, rulings, supplied sessions."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from records.clock import shanghai


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRobots:
    """One answer to a question for robots.txt, kept so that it need not be asked again at once."""

    #: `scheme://host[:port]`.
    origin: str
    #: HTTP status; 0 where no answer came.
    status: int
    #: At most as much as is read of it.
    body: bytes = field(default=b"", repr=False)
    #: Why no answer came, in Chinese; empty where one came.
    why: str = ""
    #: Aware, UTC.
    fetched_at: datetime

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of `body`."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsRuling:
    """A person's decision on whether robots.txt holds for a platform. Never a default, and never for ever."""

    platform: str
    #: True: what robots.txt refuses is asked all the same; False: robots.txt holds again.
    allow: bool
    by: str
    #: Document number and reason.
    basis: str
    #: Last Shanghai date on which it holds; None where robots.txt holds again.
    until: date | None
    #: Aware, UTC.
    at: datetime

    def holds(self, on: date) -> bool:
        """True where it lifts robots.txt on the Shanghai date `on`."""
        return self.allow and self.until is not None and on <= self.until

    @property
    def sentence(self) -> str:
        """As people read it."""
        told = f"{self.by} {shanghai(self.at):%Y-%m-%d %H:%M} 决定"
        if not self.allow:
            return f"{told}恢复遵守 robots.txt（依据：{self.basis}）"
        return f"{told}不受 robots.txt 限制（依据：{self.basis}），至 {self.until}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SuppliedSession:
    """会话: the login of an account that the unit owns, supplied by a person. Its secret is kept apart."""

    id: int
    platform: str
    #: Number of the approval.
    approval: str
    #: Why, and by what rule.
    basis: str
    by: str
    #: Last Shanghai date on which it may be used.
    until: date
    #: Aware, UTC.
    supplied_at: datetime
    #: Aware, UTC; None where it was not taken back.
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def holds(self, on: date) -> bool:
        """True where it may be used on the Shanghai date `on`."""
        return self.revoked_at is None and on <= self.until

    @property
    def name(self) -> str:
        """As captures and people name it."""
        return (
            f"会话 {self.id}（本单位账号，批准号 {self.approval}，依据：{self.basis}，{self.by} 提供，至 {self.until}）"
        )
