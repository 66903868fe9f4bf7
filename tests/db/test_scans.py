"""Known items may end the paging only where the last run that began with a query read it to its end."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from db import scans
from db.engine import transaction
from records import Outcome, Query, QueryKind, QueryReport, now

pytestmark = pytest.mark.db

TONIGHT = date(2026, 11, 23)
LATEST = Query(platform="demo_ads", kind=QueryKind.BROWSE, text="最新")


def night(engine: Engine, day: int, outcome: Outcome | None = None, *, begun: bool = True) -> tuple[int, bool]:
    """Plan a scan and run its query as far as told; the scan, and whether known items could end its paging."""
    with transaction(engine) as conn:
        on = TONIGHT + timedelta(days=day)
        scan_id = scans.plan(conn, [LATEST], planned_for=on, kind="demo", at=now())
        assert scan_id is not None
        [query] = scans.unfinished(conn, scan_id, LATEST.platform)
        attempt = scans.begin_slice(conn, scan_id, LATEST.platform)
        if begun:
            scans.started(conn, query.id, now())
        if outcome:
            report = QueryReport(query=query, outcome=outcome, started_at=now(), finished_at=now())
            assert scans.ended(conn, report, attempt=attempt)
    return scan_id, query.read_before


def test_the_first_run_reads_to_the_end(engine: Engine) -> None:
    assert not night(engine, 0)[1]


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_run_that_saw_the_platform_lets_the_next_one_stop_early(engine: Engine, outcome: Outcome) -> None:
    night(engine, 0, outcome)
    assert night(engine, 1)[1] is outcome.healthy


def test_a_run_that_was_killed_makes_the_next_one_read_to_the_end(engine: Engine) -> None:
    """What it stored of page 1 must not hide from the next one what it never reached on page 2."""
    night(engine, 0, Outcome.SEARCHED)
    assert night(engine, 1)[1]  # begun, and killed
    assert not night(engine, 2, Outcome.SEARCHED)[1]
    assert night(engine, 3)[1]


def test_a_query_that_was_killed_is_read_to_the_end_when_it_is_taken_up_again(engine: Engine) -> None:
    night(engine, 0, Outcome.SEARCHED)
    scan_id, _ = night(engine, 1)
    with transaction(engine) as conn:
        [query] = scans.unfinished(conn, scan_id, LATEST.platform)
    assert not query.read_before


def test_a_query_that_nobody_began_changes_nothing(engine: Engine) -> None:
    night(engine, 0, Outcome.SEARCHED)
    scan_id, _ = night(engine, 1, begun=False)
    with transaction(engine) as conn:
        scans.end_rest(conn, scan_id, LATEST.platform, Outcome.NOT_RUN, "", now())
    assert night(engine, 2)[1]


def test_an_older_attempt_can_neither_end_a_query_nor_end_it_twice(engine: Engine) -> None:
    scan_id, _ = night(engine, 0)
    with transaction(engine) as conn:
        [query] = scans.unfinished(conn, scan_id, LATEST.platform)
        attempt = scans.begin_slice(conn, scan_id, LATEST.platform)
        report = QueryReport(query=query, outcome=Outcome.SEARCHED, started_at=now(), finished_at=now())
        assert [scans.ended(conn, report, attempt=n) for n in (attempt - 1, attempt, attempt)] == [False, True, False]
        assert scans.close_if_done(conn, scan_id, now())
