"""合并 and 拆出 at the database: nothing lost, the way back exact, and the patrol leaves them as a person put them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from db import grouping, users
from db.engine import transaction
from db.faults import LeadChanged, LeadConcluded, LeadMissing
from db.grouping import Hand, NotMergeable, NotSplittable, Shown
from db.leads import HitFound, attach
from db.screening import Decision, NothingToUndo, screen, undo
from evidence import Store
from records import Screening
from tests.console import seed

pytestmark = pytest.mark.db

AT = seed.MORNING


@pytest.fixture
def planted(engine: Engine, tmp_path) -> list[int]:
    """Three leads with two, one and three hits; two inspectors."""
    with transaction(engine) as conn:
        seed.districts(conn)
        campaign = seed.campaign(conn)
        for name in ("wang", "li"):
            facts = {"name": name, "full_name": name, "role": "inspector", "district": None}
            users.add(conn, password_hash="!", at=AT, **facts)
        plants = [replace(seed.SAMPLES[0], seller=f"卖家{n}", hits=n, score=90 - n, files=0) for n in (2, 1, 3)]
        made = [seed.lead(conn, Store(tmp_path), plant, campaign, serial=n) for n, plant in enumerate(plants)]
        conn.execute(text("update leads set raised_at = :at where id = :id"), {"at": AT, "id": made[1]})
    return made


def hand(conn: Connection, name: str = "wang") -> Hand:
    found = users.find(conn, name)
    assert found
    return Hand(user_id=found[0].id, actor=name, at=AT)


def shown(conn: Connection, *ids: int) -> list[Shown]:
    versions = dict(conn.execute(text("select id, version from leads")).all())
    return [Shown(id=one, version=versions[one]) for one in ids]


def merge(engine: Engine, into: int, *others: int, name: str = "wang") -> None:
    with transaction(engine) as conn:
        first, *rest = shown(conn, into, *others)
        grouping.merge(conn, first, rest, hand(conn, name))


def split(engine: Engine, lead: int, listing: int, name: str = "wang") -> int:
    with transaction(engine) as conn:
        return grouping.split(conn, shown(conn, lead)[0], listing, hand(conn, name))


def take_back(engine: Engine, name: str = "wang") -> None:
    with transaction(engine) as conn:
        who = hand(conn, name)
        undo(conn, user_id=who.user_id, actor=name, at=AT)


def screened(engine: Engine, lead: int, name: str) -> None:
    with transaction(engine) as conn:
        who, [one] = hand(conn, name), shown(conn, lead)
        decided = {"user_id": who.user_id, "actor": name, "at": AT}
        screen(conn, Decision(lead_id=one.id, version=one.version, action=Screening.KEEP, **decided))


def hits(engine: Engine) -> dict[int, set[int]]:
    with transaction(engine) as conn:
        rows = conn.execute(text("select lead_id, listing_id from lead_hits")).all()
    found: dict[int, set[int]] = {}
    for lead, listing in rows:
        found.setdefault(lead, set()).add(listing)
    return found


def everything(engine: Engine) -> str:
    """Leads that stand by themselves or were merged, and hits, as they are: versions apart, which count every change,
    and leads that a person made and took back again."""
    with transaction(engine) as conn:
        leads = "select to_jsonb(l) - 'version' as j from leads l where split_from is null or merged_into is null"
        rows = conn.execute(text(f"{leads} union all select to_jsonb(h) from lead_hits h"))
        return "\n".join(sorted(json.dumps(row, sort_keys=True) for (row,) in rows))


def lead(engine: Engine, lead_id: int) -> dict:
    with transaction(engine) as conn:
        return dict(conn.execute(text("select * from leads where id = :id"), {"id": lead_id}).one()._mapping)


# --- together ---------------------------------------------------------------------------------------------------------


def test_merged_and_taken_back_everything_is_as_it_was(engine: Engine, planted: list[int]) -> None:
    one, two, three = planted
    before, members = everything(engine), hits(engine)
    merge(engine, one, two, three)
    assert hits(engine) == {one: members[one] | members[two] | members[three]}
    now = lead(engine, one)
    assert (now["hits"], now["score"], now["raised_at"]) == (6, 89, AT)
    assert [lead(engine, gone)["state"] for gone in (two, three)] == ["已并入", "已并入"]
    assert [lead(engine, gone)["merged_into"] for gone in (two, three)] == [one, one]
    take_back(engine)
    assert everything(engine) == before
    with pytest.raises(NothingToUndo):
        take_back(engine)


def test_merged_twice_over_and_taken_back_step_by_step(engine: Engine, planted: list[int]) -> None:
    one, two, three = planted
    states = [everything(engine)]
    merge(engine, two, three)
    states.append(everything(engine))
    merge(engine, one, two, name="li")
    assert len(hits(engine)[one]) == 6
    with pytest.raises(NothingToUndo):  # 李 went on from there
        take_back(engine, "wang")
    take_back(engine, "li")
    assert everything(engine) == states[1]
    take_back(engine, "wang")
    assert everything(engine) == states[0]


def test_a_hit_of_both_stays_whole(engine: Engine, planted: list[int]) -> None:
    one, two, _ = planted
    shared = min(hits(engine)[one])
    with transaction(engine) as conn:
        twice = "insert into lead_hits (lead_id, listing_id, added_at) values (:lead, :listing, :at)"
        conn.execute(text(twice), {"lead": two, "listing": shared, "at": AT})
        conn.execute(text("update leads set hits = 2 where id = :id"), {"id": two})
    before = everything(engine)
    merge(engine, one, two)
    assert lead(engine, one)["hits"] == 3
    take_back(engine)
    assert everything(engine) == before


def test_what_has_changed_is_not_merged(engine: Engine, planted: list[int]) -> None:
    one, two, three = planted
    before = everything(engine)
    with transaction(engine) as conn:
        old = shown(conn, one, two, three)
    screened(engine, three, "li")
    for into, *others in (old, [old[2], old[0]]):
        with pytest.raises(LeadChanged), transaction(engine) as conn:
            grouping.merge(conn, into, others, hand(conn))
    take_back(engine, "li")
    assert everything(engine) == before


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (lambda a, b: (a, [a]), NotMergeable),
        (lambda a, b: (a, []), NotMergeable),
        (lambda a, b: (a, [b, b]), NotMergeable),
        (lambda a, b: (a, [Shown(id=10**12, version=1)]), LeadMissing),
    ],
)
def test_what_makes_no_sense_is_refused(
    engine: Engine, planted: list[int], wanted: Callable, fault: type[Exception]
) -> None:
    with pytest.raises(fault), transaction(engine) as conn:
        into, others = wanted(*shown(conn, *planted[:2]))
        grouping.merge(conn, into, others, hand(conn))


def test_a_merged_lead_is_neither_screened_nor_merged_again(engine: Engine, planted: list[int]) -> None:
    one, two, three = planted
    merge(engine, one, two)
    with pytest.raises(LeadChanged):
        screened(engine, two, "li")
    for pair in ((three, two), (two, three)):
        with pytest.raises(NotMergeable):
            merge(engine, *pair)


def test_what_has_its_verdict_is_neither_merged_nor_split(engine: Engine, planted: list[int]) -> None:
    one, two, three = planted
    with transaction(engine) as conn:
        conn.execute(text("update leads set verdict = '属实' where id = :id"), {"id": three})
    before = everything(engine)
    for pair in ((one, three), (three, one)):
        with pytest.raises(LeadConcluded):
            merge(engine, *pair)
    with pytest.raises(LeadConcluded):
        split(engine, three, max(hits(engine)[three]))
    assert everything(engine) == before
    merge(engine, one, two)
    with transaction(engine) as conn:
        conn.execute(text("update leads set verdict = '属实' where id = :id"), {"id": one})
    with pytest.raises(NothingToUndo):  # somebody signed for the whole
        take_back(engine)


def test_a_number_stays_with_its_lead_there_and_back(engine: Engine, planted: list[int]) -> None:
    one, two, _ = planted
    screened(engine, two, "li")
    before = everything(engine)
    merge(engine, one, two)
    assert lead(engine, two)["number"] and not lead(engine, one)["number"]
    take_back(engine)
    assert everything(engine) == before


# --- apart ------------------------------------------------------------------------------------------------------------


def test_split_out_and_taken_back_everything_is_as_it_was(engine: Engine, planted: list[int]) -> None:
    three = planted[2]
    before, members = everything(engine), hits(engine)
    out = max(members[three])
    made = split(engine, three, out)
    assert hits(engine) == {**members, three: members[three] - {out}, made: {out}}
    new = lead(engine, made)
    assert (new["state"], new["hits"], new["district"], new["split_from"]) == ("疑似", 1, "滕州市", three)
    assert lead(engine, three)["hits"] == 2
    take_back(engine)
    assert everything(engine) == before
    assert (lead(engine, made)["state"], lead(engine, made)["hits"]) == ("已并入", 0)


def test_who_went_on_with_it_is_not_undone(engine: Engine, planted: list[int]) -> None:
    three = planted[2]
    made = split(engine, three, max(hits(engine)[three]))
    screened(engine, made, "li")
    with pytest.raises(NothingToUndo):
        take_back(engine)
    take_back(engine, "li")
    take_back(engine)


def test_the_only_hit_and_a_strange_one_are_not_split_out(engine: Engine, planted: list[int]) -> None:
    members = hits(engine)
    for lead_id, listing in ((planted[1], min(members[planted[1]])), (planted[2], min(members[planted[0]]))):
        with pytest.raises(NotSplittable):
            split(engine, lead_id, listing)


# --- the patrol comes again -------------------------------------------------------------------------------------------


def seen_again(engine: Engine, lead_id: int, *listings: int) -> None:
    """The patrol finds these listings of the lead's seller."""
    of = lead(engine, lead_id)
    later = AT + timedelta(days=1)
    found = [
        HitFound(
            listing_id=one,
            platform=of["platform"],
            subject_key=of["subject_key"],
            item_key=f"item:{one}",
            seller_id=of["seller_id"],
            district="滕州市",
            district_source="",
            source="定向监测",
            category="ivory",
            level="high",
            score=80,
            title="手串",
            lexicon_version="builtin-1a2b3c4d",
            seen_at=later,
        )
        for one in listings
    ]
    with transaction(engine) as conn:
        attach(conn, found, campaign_id=of["campaign_id"], at=later)


def new_listing(engine: Engine, like: int) -> int:
    """Another listing of the same seller."""
    with transaction(engine) as conn:
        copied = text(
            "insert into listings (platform, item_id, url, title, seller_id, fingerprint, level, score, category,"
            " first_seen, last_seen) select platform, item_id || '-new', url, title, seller_id, fingerprint, level,"
            " score, category, first_seen, last_seen from listings where id = :id returning id"
        )
        return int(conn.execute(copied, {"id": like}).scalar_one())


def test_a_second_scan_leaves_merged_leads_merged(engine: Engine, planted: list[int]) -> None:
    one, two, three = planted
    members = hits(engine)
    old = max(members[three])
    merge(engine, two, three)
    merge(engine, one, two)
    new = new_listing(engine, old)
    seen_again(engine, three, old, new)
    assert hits(engine) == {one: members[one] | members[two] | members[three] | {new}}
    assert lead(engine, one)["hits"] == 7 and lead(engine, one)["last_seen"] == AT + timedelta(days=1)
    assert lead(engine, three)["state"] == "已并入"
    # what came meanwhile goes back with them
    take_back(engine)
    assert hits(engine) == {one: members[one], two: members[two] | members[three] | {new}}
    take_back(engine)
    assert hits(engine) == {**members, three: members[three] | {new}}
    assert lead(engine, three)["hits"] == 4


def test_a_second_scan_leaves_apart_what_was_split(engine: Engine, planted: list[int]) -> None:
    one, _, three = planted
    members = hits(engine)
    out, stays = max(members[three]), min(members[three])
    made = split(engine, three, out)
    new = new_listing(engine, stays)
    seen_again(engine, three, out, stays, new)
    assert hits(engine) == {**members, three: members[three] - {out} | {new}, made: {out}}
    assert lead(engine, made)["last_seen"] == AT + timedelta(days=1)
    merge(engine, one, made)
    seen_again(engine, three, out)
    assert hits(engine) == {**members, one: members[one] | {out}, three: members[three] - {out} | {new}}
