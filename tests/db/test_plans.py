"""What the console asks goes by an index under either role: no policy makes the queue read all leads."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from bench.desk import PICTURES, fill, run
from db import browse, figures, leases, licences, looks, nights, queue, related, review, second_looks, waking
from db.campaigns import seed_districts
from db.engine import connect, transaction
from db.figures import Wanted
from db.queue import SORTS, QueueFilter
from db.statistics import Period
from db.users import User
from db.walls import transaction_as
from records import LicenceKind, now, shanghai_date
from tests.conftest import copied_database

pytestmark = [pytest.mark.db, pytest.mark.drill]

LEADS = 60_000
LARGE = ("leads", "listings", "lead_hits", "assessments", "sellers", "screenings", "captures", "capture_files")
LARGE += ("picture_looks", "picture_smalls", "evidence_files")
CITY = User(id=1, name="ke", full_name="柯某", role="head", must_change=False, enabled=True)
DISTRICT = User(
    id=2,
    name="qu",
    full_name="区某",
    role="inspector",
    district="370481",
    district_name="滕州市",
    must_change=False,
    enabled=True,
)


def one_day() -> Wanted:
    """Of the two hundred days that `fill` writes; of many more days the figures read all there is, and should."""
    today = shanghai_date(now())
    return Wanted(period=Period(first=today, last=today), platform="two")


def all_states(conn: Connection, sort: str) -> None:
    """A page of the API's list of everything, from the front and from far behind."""
    wanted = QueueFilter(district=queue.ANYWHERE, sort=sort)
    behind = queue.page_after(conn, wanted, None, limit=200, any_state=True)[-1][1]
    queue.page_after(conn, wanted, behind, limit=200, any_state=True)


#: What a page or a key asks. Each is answered by an index, whoever asks.
QUICK: dict[str, Callable[[Connection], Any]] = {
    "queue": lambda conn: queue.queue(conn, QueueFilter(), limit=50),
    "deep": lambda conn: queue.queue(conn, QueueFilter(), limit=50, offset=2_000),
    "newest": lambda conn: queue.queue(conn, QueueFilter(sort="new"), limit=50),
    "all states": lambda conn: all_states(conn, ""),
    "all, newest": lambda conn: all_states(conn, "new"),
    "all, most hits": lambda conn: all_states(conn, "hits"),
    "next": lambda conn: queue.next_lead(conn, QueueFilter(), 30_000, free=leases.free_for(2, now())),
    "lead": lambda conn: review.lead_page(conn, 30_000),
    "file": lambda conn: review.evidence_file(conn, 30_000, 1),
    "related": lambda conn: related.related(conn, 30_000),
    "small": lambda conn: looks.small_of(conn, 30_000, 30_000),
    "smalls": lambda conn: looks.firsts(conn, [30_000, 30_005, 30_010]),
    "awake": lambda conn: waking.awake(conn, QueueFilter(), limit=5),
    "numbers": lambda conn: licences.elsewhere(conn, 30_000, [(LicenceKind.BREEDING, "鲁林动繁〔2026〕12号")]),
    "second": lambda conn: second_looks.following(conn, 2, now()),
    "seconds": lambda conn: second_looks.waiting(conn, 2, now()),
    "agreement": lambda conn: second_looks.agreement(conn, now()),
    "search": lambda conn: queue.queue(conn, QueueFilter(text="不存在的词"), limit=50),
    "everything": lambda conn: browse.search(conn, "不存在的词"),
    "listing": lambda conn: browse.listing_page(conn, 30_000),
    "figures": lambda conn: figures.figures(conn, one_day()),
    "nights": lambda conn: nights.nights(conn, *_ends(one_day()), today=shanghai_date(now())),
    "today": lambda conn: queue.screened_since(conn, now() - timedelta(hours=3)),
}
#: A third of the leads screened in the last month by the first of two users.
_SCREENED = (
    "insert into users (id, name, full_name, role, password_hash, created_at)"
    " select n, 'u' || n, 'u' || n, 'inspector', '!', now() from generate_series(1, 2) n",
    "update leads set state = '已排除', screened_by = 1, screened_at = now() - id * interval '40 seconds'"
    " where id % 3 = 1",
    "insert into screenings (lead_id, user_id, action, before, at)"
    " select id, screened_by, '排除', '{}', screened_at from leads where screened_at is not null",
    "analyze leads, screenings",
)
#: What is read whole because sixty thousand rows of two numbers cost less than a lookup for each of a day's hits.
SMALL_HERE = {"figures": ("lead_hits",)}


def _ends(wanted: Wanted) -> tuple[date, date]:
    assert wanted.period.first and wanted.period.last
    return wanted.period.first, wanted.period.last


#: What may read as many rows as counting goes to, or as the district has, and no more.
COUNTS: dict[str, Callable[[Connection], Any]] = {
    "length": lambda conn: queue.queue_length(conn, QueueFilter()),
    "facets": lambda conn: queue.facets(conn, QueueFilter()),
}


@pytest.fixture(scope="module")
def full(server_url: str, migrated_template: str) -> Iterator[Engine]:
    with copied_database(server_url, migrated_template) as url:
        engine = connect(url)
        with transaction(engine) as conn:
            seed_districts(conn, [("370481", "滕州市"), ("370403", "薛城区"), ("370402", "市中区")])
        fill(engine, LEADS, LEADS, hits=LEADS)
        with transaction(engine) as conn:
            for statement in _SCREENED:
                conn.execute(text(statement))
        run(engine, PICTURES, leads=LEADS)
        yield engine
        engine.dispose()


def plans(engine: Engine, user: User, ask: Callable[[Connection], Any]) -> list[dict[str, Any]]:
    """The plan of each statement that `ask` runs in the name of `user`, with what it really read."""
    asked: list[tuple[str, Any]] = []
    listen = (engine, "before_cursor_execute", lambda c, cursor, statement, given, *_: asked.append((statement, given)))
    with transaction_as(engine, user) as conn:
        event.listen(*listen)
        ask(conn)
        event.remove(*listen)
        assert asked
        return [
            json.loads(json.dumps(conn.exec_driver_sql(f"explain (analyze, format json) {statement}", given).scalar()))[
                0
            ]["Plan"]
            for statement, given in asked
        ]


def test_the_twin_of_a_picture_is_found_among_all(full: Engine) -> None:
    with transaction_as(full, CITY) as conn:
        found = related.related(conn, 30_000)
        [twin] = [kin.lead.id for kin in found.kin if any(tie.kind is related.Kind.PICTURE for tie in kin.ties)]
        shown = text("select listing_id from lead_hits where lead_id = any(:ids) order by 1")
        assert list(conn.execute(shown, {"ids": [30_000, twin]}).scalars()) == [30_000, 30_001]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def read_whole(plan: dict[str, Any]) -> list[str]:
    """Large tables that the plan reads from beginning to end."""
    return [
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE and node["Actual Loops"]
    ]


@pytest.mark.parametrize("user", [CITY, DISTRICT], ids=["city", "district"])
@pytest.mark.parametrize("what", QUICK)
def test_what_a_key_asks_goes_by_an_index(full: Engine, user: User, what: str) -> None:
    for plan in plans(full, user, QUICK[what]):
        whole = [table for table in read_whole(plan) if table not in SMALL_HERE.get(what, ())]
        assert whole == [], json.dumps(plan, ensure_ascii=False)[:3_000]


@pytest.mark.parametrize("user", [CITY, DISTRICT], ids=["city", "district"])
@pytest.mark.parametrize("what", ["related", "numbers", "second"])
def test_what_functions_ask_goes_by_an_index_too(full: Engine, user: User, what: str) -> None:
    """A plan shows a function as one step; what was read inside of it the server counts, `kin_elsewhere` with it."""
    read = text("select relname, seq_tup_read from pg_stat_xact_user_tables where relname = any(:large)")

    def scanned(conn: Connection) -> dict[str, int]:
        return {row.relname: row.seq_tup_read for row in conn.execute(read, {"large": list(LARGE)})}

    with transaction_as(full, user) as conn:
        before = scanned(conn)  # of the transactions of the last second, which the server has not put away yet
        QUICK[what](conn)
        after = scanned(conn)
    assert set(after) == set(LARGE)
    assert {name: after[name] - before[name] for name in LARGE if after[name] != before[name]} == {}


@pytest.mark.parametrize("user", [CITY, DISTRICT], ids=["city", "district"])
@pytest.mark.parametrize("what", COUNTS)
def test_counting_stops(full: Engine, user: User, what: str) -> None:
    for plan in plans(full, user, COUNTS[what]):
        counted = max(node["Actual Rows"] for node in nodes(plan))
        assert counted <= max(queue.MOST_COUNTED, LEADS // 5), json.dumps(plan, ensure_ascii=False)[:3_000]


@pytest.mark.parametrize("sort", SORTS)
def test_the_answers_are_those_of_the_owner(full: Engine, sort: str) -> None:
    """The policies change how a query is planned, never what it finds."""
    wanted = QueueFilter(district="滕州市", sort=sort)
    with transaction(full) as conn:
        ids = [lead.id for lead in queue.queue(conn, wanted, limit=200)]
    for user in (CITY, DISTRICT):
        with transaction_as(full, user) as conn:
            assert [lead.id for lead in queue.queue(conn, wanted, limit=200)] == ids
