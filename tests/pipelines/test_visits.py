"""Listings that go and come again, and which own pages are read once more; judged by SQL."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db import listings, queue, review, scans, visits
from db.engine import transaction
from db.locks import leasing
from pipelines import receive, take_off
from records import Capture, CapturedFile, FileRole, Gone, LeadState, Outcome, Query, QueryKind, QueryReport, Sighting
from tests.pipelines.made import NIGHT, captured, card, later, listing, one, reception, rows, seller, sighting

pytestmark = pytest.mark.db


def gone(item_id: str, at: datetime) -> Gone:
    page = CapturedFile(role=FileRole.PAGE, body=b"gone " + item_id.encode(), media_type="text/html")
    capture = Capture(captured_at=at, url="https://goods.test/item", files=(page,), method="test")
    return Gone(platform="goods", item_id=item_id, capture=capture)


def test_a_listing_that_is_gone_keeps_all_it_had_and_the_page_that_says_so(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(listing("1", "象牙"))], desk)
    [lead_id] = one(engine, "select array_agg(id) from leads")
    assert take_off(gone("1", NIGHT + timedelta(days=1)), desk)
    assert rows(engine, "select state, title, level from listings") == [("已下架", "象牙", "review")]
    told = "select s.state, c.fingerprint like '已下架:%' from listing_states s join captures c on c.id = s.capture_id"
    assert rows(engine, told) == [("已下架", True)]
    assert one(engine, "select count(*) from captures") == 2
    assert one(engine, "select count(*) from audit where action = 'listing.gone'") == 1
    with transaction(engine) as conn:
        shown = review.lead_page(conn, lead_id)
    assert shown is not None and [(step.who, step.action, step.reason) for step in shown.history] == [
        ("系统", "已下架", "象牙")
    ]
    assert shown.hits[0].state == "已下架"
    assert shown.hits[0].capture is not None and shown.hits[0].capture.captured_at == NIGHT  # the goods, not the notice
    assert not take_off(gone("1", NIGHT + timedelta(days=2)), desk)
    assert one(engine, "select count(*) from listing_states") == 1


def test_a_relisted_hit_puts_its_lead_before_heavier_ones(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    light, heavy = listing("1", "象牙"), listing("2", "象牙虎骨", seller=seller("s2"))
    receive([captured(light), captured(heavy)], desk)
    [(light_lead,)] = rows(engine, "select id from leads where subject_key = 's1'")
    wanted = queue.QueueFilter(district=queue.ANYWHERE)
    with transaction(engine) as conn:
        assert [lead.subject for lead in map(_Named, queue.queue(conn, wanted, limit=9))] == ["s2", "s1"]
        conn.execute(text("update leads set state = '待研判' where id = :id"), {"id": light_lead})
    take_off(gone("1", NIGHT + timedelta(days=1)), desk)
    with leasing(engine, "platform:goods") as lease:  # a card that has not changed is worth a look again
        assert listings.known(lease, "goods", [("1", "card-1"), ("2", "card-2")], NIGHT + timedelta(days=1)) == {"2"}
    receive([later(sighting(card("1", "象牙")), days=2)], replace(desk, now=lambda: NIGHT + timedelta(days=2)))
    assert rows(engine, "select state from listings order by item_id") == [("再次上架",), ("在售",)]
    assert rows(engine, "select state, raised_at is not null from leads where subject_key = 's1'") == [("疑似", True)]
    with transaction(engine) as conn:
        assert [lead.subject for lead in map(_Named, queue.queue(conn, wanted, limit=9))] == ["s1", "s2"]
        assert queue.rank(conn, wanted, light_lead) == 0
        first, second = queue.next_lead(conn, wanted), queue.next_lead(conn, wanted, light_lead)
        assert first == light_lead and second not in (None, light_lead)
        shown = review.lead_page(conn, light_lead)
    assert shown is not None and [step.action for step in shown.history] == ["已下架", "再次上架"]
    assert one(engine, "select count(*) from audit where action = 'listing.relisted'") == 1
    assert one(engine, "select count(*) from outbox where key like 'lead.more:%:relisted:%'") == 1


class _Named:
    def __init__(self, lead: object) -> None:
        self.subject: str = lead.seller_key  # type: ignore[attr-defined]


def test_a_file_proves_no_return_and_a_dismissed_lead_stays_dismissed(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(listing("1", "象牙"))], desk)
    take_off(gone("1", NIGHT), desk)
    again = later(sighting(listing("1", "象牙")), days=1)
    receive([replace(again, page=replace(again.page, fetched_by="file"))], desk)
    assert one(engine, "select state from listings") == "已下架"
    with transaction(engine) as conn:
        conn.execute(text("update leads set state = :state"), {"state": LeadState.DISMISSED.value})
    receive([again], desk)
    assert one(engine, "select state from listings") == "再次上架"
    assert one(engine, "select state from leads") == "已排除"


def test_a_price_that_comes_back_is_a_third_row(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    for day, price in enumerate((100, 80, 100)):
        at = later(sighting(listing("1", price=Decimal(price), price_text=f"¥{price}")), days=day)
        receive([at], desk)
        receive([later(at, hours=1)], desk)
    history = rows(engine, "select price, seen_at from listing_versions order by seen_at")
    assert history == [(Decimal(p), NIGHT + timedelta(days=day)) for day, p in enumerate((100, 80, 100))]


def test_another_content_at_a_revisit_is_a_version_and_both_captures_stay(engine: Engine, tmp_path: Path) -> None:
    """A site may show a crawler, or a second visit, something else (FAULTS B16)."""
    desk = reception(engine, tmp_path)
    for day, title in enumerate(("象牙手串", "象牙色塑料手串", "象牙手串")):
        receive([captured(listing("1", title), NIGHT + timedelta(days=day))], desk)
    assert [title for (title,) in rows(engine, "select title from listing_versions order by id")] == [
        "象牙手串",
        "象牙色塑料手串",
        "象牙手串",
    ]
    assert one(engine, "select count(*) from captures") == 2


def test_skimmed_are_the_stored_ones_without_a_hit_of_which_the_card_alone_was_read(
    engine: Engine, tmp_path: Path
) -> None:
    read, hit = listing("2", "书柜"), captured(card("3", "象牙"))
    receive([sighting(card("1", "书柜")), sighting(read), hit], reception(engine, tmp_path))
    assert rows(engine, "select item_id, detail_read, level from listings order by item_id") == [
        ("1", False, "none"),
        ("2", True, "none"),
        ("3", False, "review"),
    ]
    with transaction(engine) as conn:
        found = listings.skimmed(conn, "goods", ["1", "2", "3", "4"])
        assert listings.skimmed(conn, "elsewhere", ["1"]) == {}
    assert {item_id: one_.title for item_id, one_ in found.items()} == {"1": "书柜"}


def planned(engine: Engine, outcome: Outcome, at: datetime, *, to_end: bool = True) -> tuple[int, int]:
    """A scan with one ended list query, read to its last page unless said otherwise; ids of both."""
    with transaction(engine) as conn:
        query = Query(platform="goods", kind=QueryKind.BROWSE, text="最新")
        scan_id = scans.plan(conn, [query], planned_for=date(2026, 11, 24), kind="nightly", at=at)
        assert scan_id is not None
        [open_one] = scans.unfinished(conn, scan_id, "goods")
        attempt = scans.begin_slice(conn, scan_id, "goods")
        end = QueryReport(query=open_one, outcome=outcome, to_end=to_end, started_at=at, finished_at=at)
        assert scans.ended(conn, end, attempt=attempt)
    return scan_id, open_one.id


def due(engine: Engine, scan_id: int, **facts: object) -> tuple[list[str], int]:
    given = {"hits": 9, "others": 0, "at": NIGHT, "nights": 1} | facts
    with transaction(engine) as conn:
        found = visits.due(conn, "goods", scan_id, visits.Allowance(**given))  # type: ignore[arg-type]
    return [one_.listing.item_id for one_ in found.listings], found.left


def by(query_id: int, *given: Sighting) -> list[Sighting]:
    return [replace(one_, query_id=query_id) for one_ in given]


def test_a_hit_that_its_list_shows_no_more_is_due_at_once(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    _, first = planned(engine, Outcome.SEARCHED, NIGHT - timedelta(hours=1))
    receive(by(first, captured(listing("1", "象牙")), captured(listing("2", "象牙")), sighting(listing("3"))), desk)
    tonight, _ = planned(engine, Outcome.SEARCHED, NIGHT + timedelta(days=1))
    with leasing(engine, "platform:goods") as lease:
        there = [("1", "another card"), ("2", "card-2"), ("3", ""), ("4", "card-4")]
        assert listings.known(lease, "goods", there, NIGHT + timedelta(days=1, hours=1)) == {"2"}
    with transaction(engine) as conn:
        assert visits.open_hits(conn, "goods") == 2
    assert due(engine, tonight) == (["1"], 0)


@pytest.mark.parametrize(
    ("outcome", "to_end", "missed"),
    [
        (Outcome.SEARCHED, True, ["1"]),
        (Outcome.SEARCHED, False, []),  # left where only known items remained: it may stand behind
        (Outcome.BLOCKED, False, []),
        (Outcome.BUDGET_SPENT, False, []),
        (Outcome.EMPTY, True, []),  # what an unwelcome visitor is told of every word
    ],
)
def test_only_a_list_read_to_its_last_page_misses_anything(
    engine: Engine, tmp_path: Path, outcome: Outcome, to_end: bool, missed: list[str]
) -> None:
    _, first = planned(engine, Outcome.SEARCHED, NIGHT - timedelta(hours=1))
    receive(by(first, captured(listing("1", "象牙"))), reception(engine, tmp_path))
    tonight, _ = planned(engine, outcome, NIGHT + timedelta(days=1), to_end=to_end)
    assert rows(engine, "select outcome, to_end from queries order by id desc limit 1") == [(outcome.value, to_end)]
    assert due(engine, tonight) == (missed, 0)


def test_open_leads_come_round_within_what_a_night_may_cost(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    scan_id, query = planned(engine, Outcome.SEARCHED, NIGHT - timedelta(hours=1))
    hits = [captured(listing(str(n), "象牙"), NIGHT + timedelta(minutes=n)) for n in range(4)]
    receive([*hits, captured(listing("9", "象牙", seller=seller("s2")))], desk)
    with transaction(engine) as conn:
        conn.execute(text("update leads set state = '已排除' where subject_key = 's2'"))
        search = text("update queries set kind = 'search' where id = :id")
        conn.execute(search, {"id": query})
    receive(by(query, sighting(listing("7"))), desk)
    late, half = NIGHT + timedelta(days=3), timedelta(hours=12)
    assert due(engine, scan_id, hits=3, at=late) == (["0", "1", "2"], 1)
    assert due(engine, scan_id, hits=3, others=5, at=late) == (["0", "1", "2", "7"], 1)
    assert due(engine, scan_id, at=NIGHT + half + timedelta(minutes=2)) == (["0", "1"], 0)


def test_what_was_first_seen_on_one_night_comes_round_on_several(engine: Engine, tmp_path: Path) -> None:
    scan_id, query = planned(engine, Outcome.SEARCHED, NIGHT - timedelta(hours=1))
    hits = [captured(listing(str(n), "象牙", seller=seller(f"s{n}")), NIGHT) for n in range(9)]
    receive(by(query, *hits), reception(engine, tmp_path))
    came = [len(due(engine, scan_id, nights=3, at=NIGHT + timedelta(days=day))[0]) for day in range(1, 6)]
    assert came == [0, 3, 6, 9, 9]  # those of nights before are not read here, and stay due
