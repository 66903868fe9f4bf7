"""What was planned, and in what it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


class QueryKind(StrEnum):
    """How a query finds listings."""

    SEARCH = "search"  # the platform's own search for a term
    BROWSE = "browse"  # a category page, newest first


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """检索任务: one platform × one search term or category page inside a scan."""

    #: Row id; 0 while the query exists in memory alone.
    id: int = 0
    platform: str
    kind: QueryKind
    #: The search term, or the name of the category page in the definition.
    text: str
    #: True when the last finished run of the same query read it to its end, so that known items may end the paging.
    read_before: bool = False


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


def scan_status(outcomes: list[Outcome | None]) -> ScanStatus:
    """The status of a scan from the outcomes of its queries; None stands for one that has not ended."""
    if not outcomes:
        return ScanStatus.NOT_RUN
    if any(outcome is None for outcome in outcomes):
        return ScanStatus.RUNNING
    ended = [outcome for outcome in outcomes if outcome is not None]
    if all(outcome.healthy for outcome in ended):
        # Zero items everywhere is never a quiet night: an empty answer on every query is a drift sign.
        return ScanStatus.NORMAL if Outcome.SEARCHED in ended else ScanStatus.DRIFTED
    if all(outcome is Outcome.NOT_RUN for outcome in ended):
        return ScanStatus.NOT_RUN
    walled = (Outcome.BLOCKED, Outcome.LOGIN_REQUIRED, Outcome.ROBOTS_REFUSED)
    if not any(outcome.healthy for outcome in ended) and any(o in walled for o in ended):
        return ScanStatus.BLOCKED
    if not any(outcome.healthy for outcome in ended) and Outcome.DRIFTED in ended:
        return ScanStatus.DRIFTED
    return ScanStatus.PARTIAL
