"""What was planned, and in what it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from records.measures import Measures


class Outcome(StrEnum):
    """结果: the one end of every query. The values stand in the database."""

    SEARCHED = "searched"  # read to its end, or to where only known, unchanged items remained
    EMPTY = "empty"  # the platform itself said that there is nothing
    BLOCKED = "blocked"  # captcha, slider, 403, 412, 429 or a page that stands for them
    LOGIN_REQUIRED = "login_required"
    ROBOTS_REFUSED = "robots_refused"
    DRIFTED = "drifted"  # the page came but its items can no longer be read
    BUDGET_SPENT = "budget_spent"  # stopped by a limit of ours before its end
    FAILED = "failed"  # network, server or our own error
    NOT_RUN = "not_run"

    @property
    def label(self) -> str:
        """As people read it."""
        return _OUTCOME_LABELS[self]

    @property
    def healthy(self) -> bool:
        """True where the platform was really seen."""
        return self in (Outcome.SEARCHED, Outcome.EMPTY)


_OUTCOME_LABELS = {
    Outcome.SEARCHED: "已检索",
    Outcome.EMPTY: "平台无结果",
    Outcome.BLOCKED: "被拦截",
    Outcome.LOGIN_REQUIRED: "需登录",
    Outcome.ROBOTS_REFUSED: "robots 不允许",
    Outcome.DRIFTED: "页面改版",
    Outcome.BUDGET_SPENT: "额度用完",
    Outcome.FAILED: "失败",
    Outcome.NOT_RUN: "未运行",
}


#: In the note of a list that was left where only known, unchanged items remained: what stands behind was not looked at.
KNOWN_BEHIND = "其后均为已知且未变的商品"


class QueryKind(StrEnum):
    """How a query finds listings."""

    SEARCH = "search"  # the platform's own search for a term
    BROWSE = "browse"  # a category page, newest first
    REVISIT = "revisit"  # own pages of listings already stored; finds nothing new


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """检索任务: one platform × one search term or category page inside a scan."""

    #: Row id; 0 while the query exists in memory alone.
    id: int = 0
    platform: str
    kind: QueryKind
    #: The search term, or the name of the category page in the definition.
    text: str
    #: Name of the region that the platform is asked to narrow down to; empty: everywhere.
    region: str = ""
    #: True when the last finished run of the same query read it to its end, so that known items may end the paging.
    read_before: bool = False

    @property
    def told(self) -> str:
        """Text and region as people read them."""
        return f"{self.text}（{self.region}）" if self.region else self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryReport:
    """How one query ended, and what it cost."""

    query: Query
    outcome: Outcome
    #: One sentence for the operator: which sign was recognised, which limit was met.
    note: str = ""
    #: Navigations and data requests.
    requests: int = 0
    #: List pages read.
    pages: int = 0
    #: Cards read.
    cards: int = 0
    #: Items that no query had ever brought before.
    new: int = 0
    #: Cards of which only the card was read.
    card_only: int = 0
    #: Listings at review level or above.
    hits: int = 0
    #: True where the list was read to its last page: what it did not show is not on it.
    to_end: bool = False
    measures: Measures = field(default_factory=Measures)
    started_at: datetime
    finished_at: datetime


class ScanStatus(StrEnum):
    """Derived from the outcomes, never from an exit code."""

    RUNNING = "运行中"
    NORMAL = "正常"
    PARTIAL = "部分"
    BLOCKED = "被拦截"
    DRIFTED = "漂移"
    NOT_RUN = "未运行"


def scan_status(outcomes: Sequence[Outcome | None], *, deviates: bool = False, proven: bool = False) -> ScanStatus:
    """The status of one platform's run from the outcomes of its queries; None stands for one that has not ended.

    `deviates`: a number is not as it was. `proven`: the control word showed that the platform's search answers, so
    that nothing for every word is an answer.
    """
    if not outcomes:
        return ScanStatus.NOT_RUN
    if any(outcome is None for outcome in outcomes):
        return ScanStatus.RUNNING
    ended = {outcome for outcome in outcomes if outcome is not None}
    seen = bool(ended & {Outcome.SEARCHED, Outcome.BUDGET_SPENT})
    if ended <= {Outcome.SEARCHED, Outcome.EMPTY}:
        # Zero items everywhere is never a quiet night: an empty answer on every query is a drift sign.
        good = seen or proven
        return (ScanStatus.PARTIAL if deviates else ScanStatus.NORMAL) if good else ScanStatus.DRIFTED
    if ended <= {Outcome.NOT_RUN, Outcome.FAILED}:
        return ScanStatus.NOT_RUN
    if not seen and ended & {Outcome.BLOCKED, Outcome.LOGIN_REQUIRED, Outcome.ROBOTS_REFUSED}:
        return ScanStatus.PARTIAL if proven else ScanStatus.BLOCKED
    if not seen and Outcome.DRIFTED in ended:
        return ScanStatus.DRIFTED
    return ScanStatus.PARTIAL


def night_status(platforms: Sequence[ScanStatus], *, canary: bool | None = None) -> ScanStatus:
    """The status of a whole scan from those of its platforms. `canary`: whether the planted listing became a lead.

    None where none was planted. Without it what was read cannot be trusted to have been recognised.
    """
    if not platforms:
        return ScanStatus.NOT_RUN
    found = set(platforms)
    if ScanStatus.RUNNING in found:
        return ScanStatus.RUNNING
    if len(found) == 1:
        [status] = found
    elif found & {ScanStatus.NORMAL, ScanStatus.PARTIAL}:
        status = ScanStatus.PARTIAL
    else:
        status = ScanStatus.BLOCKED if ScanStatus.BLOCKED in found else ScanStatus.DRIFTED
    believed = canary is not False or status not in (ScanStatus.NORMAL, ScanStatus.PARTIAL)
    return status if believed else ScanStatus.DRIFTED
