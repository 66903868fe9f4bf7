"""Whether a platform may be asked now: kill switch, allowed hours, the date's budget, for all workers alike."""

from collections.abc import Callable

from db import leave
from db.engine import Engine, transaction
from ops.settings import Crawl
from records import Budget, Hours, Outcome, Spent, Stop, now, shanghai_date


def leave_for(engine: Engine, crawl: Crawl, platform: str) -> Callable[[Spent, Spent], Stop | None]:
    """The hook `leave` of a patrol of `platform` (`crawler.Courtesy`)."""
    budget = Budget().stricter(crawl.budget.items()).stricter(crawl.budgets.get(platform, {}).items())
    hours = Hours(crawl.hours_of.get(platform, crawl.hours))

    def ask(spent: Spent, asking: Spent) -> Stop | None:
        at = now()
        with transaction(engine) as conn:
            total = leave.add(conn, platform, shanghai_date(at), spent)
            halted = leave.halted(conn)
            if halted:
                return Stop(outcome=Outcome.NOT_RUN, note=halted.sentence)
            if not hours.allow(at):
                return Stop(outcome=Outcome.NOT_RUN, note=f"不在允许访问的时段（北京时间 {hours.written}）")
            used_up = budget.used_up(total) if asking.requests else ""
            if used_up:
                return Stop(outcome=Outcome.BUDGET_SPENT, note=used_up)
            if asking.requests:
                leave.add(conn, platform, shanghai_date(at), asking)
        return None

    return ask
