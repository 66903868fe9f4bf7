"""Known items may end the paging only where the last run that began with a query read it to its end."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from db import runs, scans
from db.engine import transaction
from records import KNOWN_BEHIND, Outcome, Query, QueryKind, QueryReport, now

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


def first_whole(engine: Engine, text: str, *, whole_nights: int = 7, nights: int = 12) -> int | None:
    """The night on which a list read to its end on night 0, and to known items since, is read to its end again."""
    list_ = replace(LATEST, text=text)
    for day in range(nights):
        with transaction(engine) as conn:
            scan_id = scans.plan(conn, [list_], planned_for=TONIGHT + timedelta(days=day), kind="demo", at=now())
            assert scan_id is not None
            [query] = scans.unfinished(conn, scan_id, list_.platform, whole_nights=whole_nights)
            if day and not query.read_before:
                return day
            attempt = scans.begin_slice(conn, scan_id, list_.platform)
            scans.started(conn, query.id, now())
            report = QueryReport(
                query=query, outcome=Outcome.SEARCHED, to_end=not day, started_at=now(), finished_at=now()
            )
            assert scans.ended(conn, report, attempt=attempt)
    return None


def test_lists_are_read_to_their_end_again_and_not_all_on_one_night(engine: Engine) -> None:
    came = {first_whole(engine, f"栏目{number}") for number in range(12)}
    assert came <= {5, 6, 7, 8, 9} and len(came) >= 3
    assert first_whole(engine, "从不", whole_nights=0) is None


def test_the_coverage_says_since_when_the_rest_of_a_list_waits(engine: Engine) -> None:
    lists = [LATEST, replace(LATEST, text="杂项"), replace(LATEST, text="短")]
    for day, whole in ((0, {"最新", "杂项", "短"}), (1, {"杂项", "短"}), (2, {"短"})):
        with transaction(engine) as conn:
            on = TONIGHT + timedelta(days=day)
            scan_id = scans.plan(conn, lists, planned_for=on, kind="demo", at=now())
            assert scan_id is not None
            attempt = scans.begin_slice(conn, scan_id, LATEST.platform)
            for query in scans.unfinished(conn, scan_id, LATEST.platform):
                read = query.text in whole
                note = "" if read else f"读到第 20 页，{KNOWN_BEHIND}"
                report = QueryReport(
                    query=query, outcome=Outcome.SEARCHED, note=note, to_end=read, started_at=now(), finished_at=now()
                )
                assert scans.ended(conn, report, attempt=attempt)
            told = runs.coverage(conn, scan_id)
            assert (told.left_early, told.left_since) == (3 - len(whole), TONIGHT if day else None)
    assert any(line.endswith(f"本次未看（其中最久的一个 {TONIGHT} 通读过）") for line in told.lines())


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
