"""What later judgements are made from: earlier runs, what a word used to give, what stood elsewhere that night."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from db import runs, scans
from db.engine import transaction
from db.runs import Run
from records import Control, Figures, Finding, Outcome, Query, QueryKind, QueryReport, ScanStatus, now

pytestmark = pytest.mark.db

PLATFORM = "demo_ads"
FELL = (Finding(key="price", sentence="…"),)


def night(conn: Connection, day: int, **words: tuple[Outcome, int]) -> int:
    """A scan whose searches ended so, with so many cards."""
    planned = [Query(platform=PLATFORM, kind=QueryKind.SEARCH, text=word) for word in words]
    on = date(2026, 11, 1) + timedelta(days=day)
    scan_id = scans.plan(conn, planned, planned_for=on, kind="nightly", at=now())
    assert scan_id is not None
    attempt = scans.begin_slice(conn, scan_id, PLATFORM)
    for query in scans.unfinished(conn, scan_id, PLATFORM):
        outcome, cards = words[query.text]
        report = QueryReport(query=query, outcome=outcome, cards=cards, started_at=now(), finished_at=now())
        assert scans.ended(conn, report, attempt=attempt)
    return scan_id


def judge(
    conn: Connection,
    scan_id: int,
    cards: int,
    *,
    whole: bool = True,
    status: ScanStatus = ScanStatus.NORMAL,
    findings: tuple[Finding, ...] = (),
) -> None:
    run = Run(
        scan_id=scan_id,
        platform=PLATFORM,
        status=status,
        findings=findings,
        figures=Figures(cards=cards),
        control=None,
    )
    runs.judged(conn, run, whole=whole, at=now())


def test_a_run_is_held_against_the_last_fourteen_good_whole_ones(engine: Engine) -> None:
    with transaction(engine) as conn:
        for day in range(18):
            judge(conn, night(conn, day), day)
        judge(conn, night(conn, 18), 100, whole=False)
        judge(conn, night(conn, 19), 200, findings=FELL, status=ScanStatus.PARTIAL)
        judge(conn, night(conn, 20), 300, status=ScanStatus.BLOCKED)
        judge(conn, night(conn, 21), 400, status=ScanStatus.PARTIAL)
        tonight = night(conn, 22)
        assert [one.cards for one in runs.before(conn, PLATFORM, tonight)] == [400, *range(17, 4, -1)]
        assert runs.before(conn, "demo_shop", tonight) == []


def test_a_run_is_judged_once(engine: Engine) -> None:
    with transaction(engine) as conn:
        scan_id = night(conn, 0, 象牙=(Outcome.SEARCHED, 3))
        assert runs.unjudged(conn, scan_id) == [PLATFORM] == scans.platforms(conn, scan_id, unfinished_only=True)
        judge(conn, scan_id, 1)
        judge(conn, scan_id, 2, status=ScanStatus.DRIFTED)
        [run] = runs.of_scans(conn, [scan_id])[scan_id]
        assert (run.figures.cards, run.status) == (1, ScanStatus.NORMAL)
        assert runs.unjudged(conn, scan_id) == [] == scans.platforms(conn, scan_id, unfinished_only=True)


def test_the_first_control_of_a_scan_stands(engine: Engine) -> None:
    first = Control(word="手机", outcome=Outcome.SEARCHED, cards=20, requests=1)
    with transaction(engine) as conn:
        scan_id = night(conn, 0, 象牙=(Outcome.EMPTY, 0))
        assert runs.control(conn, scan_id, PLATFORM) is None
        runs.control_ended(conn, scan_id, PLATFORM, first)
        runs.control_ended(conn, scan_id, PLATFORM, Control(word="闲置", outcome=Outcome.EMPTY))
        judge(conn, scan_id, 0)
        assert runs.control(conn, scan_id, PLATFORM) == first


def test_what_a_word_gave_counts_the_empty_nights_and_not_the_walled_ones(engine: Engine) -> None:
    with transaction(engine) as conn:
        for day, (outcome, cards) in enumerate(
            [(Outcome.SEARCHED, 9), (Outcome.EMPTY, 0), (Outcome.BLOCKED, 0), (Outcome.BUDGET_SPENT, 7)]
        ):
            night(conn, day, 象牙=(outcome, cards), 虎骨=(Outcome.FAILED, 0))
        tonight = night(conn, 9, 象牙=(Outcome.EMPTY, 0), 虎骨=(Outcome.EMPTY, 0))
        assert runs.usual_cards(conn, PLATFORM, ["象牙", "虎骨"], tonight) == {"象牙": (3, 7.0)}


def test_titles_of_the_same_night_are_counted_by_word(engine: Engine) -> None:
    with transaction(engine) as conn:
        scan_id = night(conn, 0, 象牙=(Outcome.EMPTY, 0), 穿山甲=(Outcome.SEARCHED, 3))
        older = night(conn, 1, 象牙=(Outcome.EMPTY, 0))
        for number, (title, level, scan) in enumerate(
            [("老象牙手串", "high", scan_id), ("象牙白花瓶", "none", scan_id), ("象牙筷", "high", older)]
        ):
            conn.execute(
                text(
                    "insert into listings (platform, item_id, url, title, fingerprint, level, query_id, first_seen,"
                    " last_seen) select platform, :item, '', :title, '', :level, max(id), now(), now() from queries"
                    " where scan_id = :scan group by platform"
                ),
                {"item": str(number), "title": title, "level": level, "scan": scan},
            )
        assert runs.shown_tonight(conn, scan_id, PLATFORM, ["象牙", "虎骨"]) == {"象牙": 2}
        assert runs.ordinary_title(conn, PLATFORM) == "象牙白花瓶"
        assert runs.ordinary_title(conn, "demo_shop") == ""


def test_how_long_it_has_been_so(engine: Engine) -> None:
    shut = ScanStatus.BLOCKED
    with transaction(engine) as conn:
        assert runs.nights_alike(conn, PLATFORM) == 0
        for day, status in enumerate([shut, ScanStatus.NORMAL, shut, shut]):
            scan_id = night(conn, day)
            judge(conn, scan_id, 0, status=status)
        assert runs.nights_alike(conn, PLATFORM) == 2
        assert runs.last_status(conn, PLATFORM, scan_id) is shut
        assert runs.last_status(conn, "demo_shop", scan_id) is None
