"""Whether a platform may be asked now, and when: kill switch, hours, the date's budget, for all workers alike."""

from datetime import datetime

from db import leave
from db.locks import Lease
from ops.settings import Crawl
from records import Budget, Halt, Hours, Outcome, Spent, Stop, now, shanghai_date


class Leave:
    """The hooks `turn` and `leave` of a patrol (`crawler.Courtesy`): over the lease of its platform, so that whoever
    lost it asks the platform nothing more."""

    def __init__(self, lease: Lease, crawl: Crawl, platform: str) -> None:
        self._lease = lease
        self._platform = platform
        self._budget = Budget().stricter(crawl.budget.items()).stricter(crawl.budgets.get(platform, {}).items())
        self._hours = Hours(crawl.hours_of.get(platform, crawl.hours))

    def turn(self, spent: Spent, asking: Spent, delay: float) -> Stop | float:
        """Counts both and reserves the next moment; the seconds until it, or why nothing may be asked."""
        at = now()
        taken = leave.take(self._lease, self._platform, shanghai_date(at), spent + asking, delay=delay)
        stop = self._closed(at, taken.halt) or self._used_up(taken.total + -asking)
        if stop is None:
            return taken.wait
        # counted and not asked after all; no harm in the moment: it only keeps the next one who asks away for longer
        leave.count(self._lease, self._platform, shanghai_date(at), -asking)
        return stop

    def leave(self, spent: Spent) -> Stop | None:
        """Counts what was spent; why crawling has to end, or None."""
        at = now()
        _, halt = leave.count(self._lease, self._platform, shanghai_date(at), spent)
        return self._closed(at, halt)

    def _closed(self, at: datetime, halt: Halt | None) -> Stop | None:
        if halt:
            return Stop(outcome=Outcome.NOT_RUN, note=halt.sentence)
        if not self._hours.allow(at):
            return Stop(outcome=Outcome.NOT_RUN, note=f"不在允许访问的时段（北京时间 {self._hours.written}）")
        return None

    def _used_up(self, before: Spent) -> Stop | None:
        used_up = self._budget.used_up(before)
        return Stop(outcome=Outcome.BUDGET_SPENT, note=used_up) if used_up else None
