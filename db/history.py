"""How search terms fared in the scans before."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from db.tables import queries, scans
from records import Outcome, QueryKind


@dataclass(frozen=True, kw_only=True, slots=True)
class LastAsked:
    """The newest end of a query, in whatever scan."""

    #: The Shanghai date that it was planned for.
    on: date
    outcome: Outcome
    #: Cards that it gave.
    cards: int = 0
    #: Listings that nothing else had brought before, and hits, in its last runs together.
    brought: int = 0
    #: True where its list was read to its last page.
    to_end: bool = False


def last_searches(conn: Connection, platform: str, region: str = "") -> dict[str, LastAsked]:
    """Search term → how it ended when a platform was last asked for it, in a region; without terms never asked."""
    rows = conn.execute(
        select(
            queries.c.text,
            scans.c.planned_for,
            queries.c.outcome,
            queries.c.cards,
            queries.c.to_end,
            func.sum(queries.c.new + queries.c.hits).over(**_LAST_RUNS).label("brought"),
        )
        .join(scans, scans.c.id == queries.c.scan_id)
        .where(
            queries.c.platform == platform,
            queries.c.kind == QueryKind.SEARCH,
            queries.c.region == region,
            queries.c.outcome.is_not(None),
        )
        .ext(distinct_on(queries.c.text))
        .order_by(queries.c.text, queries.c.finished_at.desc(), queries.c.id.desc())
    ).all()
    return {row.text: _last_asked(row) for row in rows}


def covered(conn: Connection) -> frozenset[tuple[str, str]]:
    """Platform and region ("" for everywhere) whose category pages were all really seen when they were asked last."""
    newest = (
        select(queries.c.platform, queries.c.region, queries.c.outcome)
        .where(queries.c.kind == QueryKind.BROWSE, queries.c.text != "", queries.c.outcome.is_not(None))
        .ext(distinct_on(queries.c.platform, queries.c.region, queries.c.text))
        .order_by(
            queries.c.platform,
            queries.c.region,
            queries.c.text,
            queries.c.finished_at.desc(),
            queries.c.id.desc(),
        )
        .subquery()
    )
    seen = func.bool_and(newest.c.outcome.in_([one.value for one in Outcome if one.healthy]))
    rows = conn.execute(
        select(newest.c.platform, newest.c.region).group_by(newest.c.platform, newest.c.region).having(seen)
    )
    return frozenset((row.platform, row.region) for row in rows)


#: A term's fourteen runs from one back.
_LAST_RUNS: dict[str, Any] = {
    "partition_by": queries.c.text,
    "order_by": [queries.c.finished_at.desc(), queries.c.id.desc()],
    "rows": (0, 13),
}


def _last_asked(row: Any) -> LastAsked:
    return LastAsked(
        on=row.planned_for, outcome=Outcome(row.outcome), cards=row.cards, brought=row.brought, to_end=row.to_end
    )
