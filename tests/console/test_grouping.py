"""合并 and 拆出 at the desk: keys, leases, stale pages, districts."""

import re

import pytest
from sqlalchemy import select

from db import tables
from db.engine import transaction
from tests.console import seed
from tests.console.matrix import HERE

pytestmark = pytest.mark.db

SAID = "要的联系138-0013-8000"


@pytest.fixture
def kin(desk) -> list[int]:
    """Leads with one phone: two of 滕州市, one of 薛城区; the first has three hits."""
    with transaction(desk.engine) as conn:
        campaign = seed.campaign(conn)
        plants = [
            seed.Plant(seller=f"卖家{n}", district=district, title=title, description=SAID, files=0, hits=hits)
            for n, (district, title, hits) in enumerate(
                (("滕州市", "象牙手串一条", 3), ("滕州市", "老料摆件", 1), ("薛城区", "秘密的虎骨酒", 1))
            )
        ]
        return [seed.lead(conn, desk.store, plant, campaign, serial=n) for n, plant in enumerate(plants)]


def rows(desk) -> dict:
    with transaction(desk.engine) as conn:
        return {row.id: row for row in conn.execute(select(tables.leads))}


def hits_of(desk, lead_id: int) -> list[int]:
    with transaction(desk.engine) as conn:
        hits = tables.lead_hits.c
        found = select(hits.listing_id).where(hits.lead_id == lead_id).order_by(hits.listing_id)
        return list(conn.execute(found).scalars())


def merge(visitor, desk, into: int, *others: int, **changed):
    now = rows(desk)
    chosen = [f"{one}:{now[one].version}" for one in others]
    return visitor.key(f"/leads/{into}/merge", {"version": now[into].version, "chosen": chosen, **changed})


def test_the_panel_offers_what_may_be_merged_and_z_takes_it_back(seat, desk, kin):
    visitor = seat("ke", "head")
    shown = visitor.get(f"/leads/{kin[0]}/related", headers={"HX-Request": "true"}).text
    assert set(re.findall(r'name="chosen" value="(\d+):1"', shown)) == {str(one) for one in kin[1:]}
    answer = merge(visitor, desk, *kin)
    assert answer.status_code == 200 and "已并入 2 条线索" in answer.text
    assert "xunwang:regrouped" in answer.headers["HX-Trigger"]
    assert len(hits_of(desk, kin[0])) == 5
    listed = visitor.get("/review?district=*").text
    assert f'data-lead="{kin[0]}"' in listed and f'data-lead="{kin[1]}"' not in listed
    gone = visitor.get(f"/leads/{kin[1]}").text
    assert "已并入另一条" in gone and f'href="/leads/{kin[0]}"' in gone
    whole = visitor.get(f"/leads/{kin[0]}").text
    assert "合并" in whole and "并入 疑似-" in whole
    assert visitor.key("/review/undo").status_code == 200
    assert len(hits_of(desk, kin[0])) == 3 and rows(desk)[kin[1]].state == "疑似"


def test_a_stale_page_changes_nothing(seat, desk, kin):
    visitor = seat("ke", "head")
    assert merge(visitor, desk, *kin[:2], version=7).status_code == 409
    assert merge(visitor, desk, *kin[:2], chosen=[f"{kin[1]}:7"]).status_code == 409
    listing = hits_of(desk, kin[0])[0]
    assert visitor.key(f"/leads/{kin[0]}/split", {"version": 7, "listing": listing}).status_code == 409
    for chosen in ([], ["x"], ["1"], ["1:1:1"], ["-1:1"], ["9" * 30 + ":1"]):
        assert merge(visitor, desk, *kin[:2], chosen=chosen).status_code == 400, chosen
    assert [row.state for row in rows(desk).values()] == ["疑似"] * 3


def test_what_somebody_else_looks_at_is_left_alone(seat, desk, kin):
    other, visitor = seat("li", "inspector"), seat("ke", "head")
    for held in kin[:2]:
        other.get(f"/review?lead={held}")
        assert merge(visitor, desk, *kin[:2]).status_code == 409
    listing = hits_of(desk, kin[0])[0]
    other.get(f"/review?lead={kin[0]}")
    assert visitor.key(f"/leads/{kin[0]}/split", {"version": 1, "listing": listing}).status_code == 409
    assert rows(desk)[kin[1]].state == "疑似" and len(hits_of(desk, kin[0])) == 3


def test_a_hit_is_split_out(seat, desk, kin):
    visitor = seat("ke", "head")
    assert 'action="/leads/' in visitor.get(f"/review?lead={kin[0]}").text
    out = hits_of(desk, kin[0])[-1]
    answer = visitor.key(f"/leads/{kin[0]}/split", {"version": rows(desk)[kin[0]].version, "listing": out})
    assert answer.status_code == 200 and "已拆出" in answer.text
    made = max(rows(desk))
    assert hits_of(desk, made) == [out] and f'data-lead="{made}"' in visitor.get("/review").text
    assert visitor.key("/review/undo").status_code == 200
    assert len(hits_of(desk, kin[0])) == 3
    only = hits_of(desk, kin[1])[0]
    assert visitor.key(f"/leads/{kin[1]}/split", {"version": 1, "listing": only}).status_code == 409


def test_districts_stay_apart(seat, desk, kin):
    """Under the policies of a district: its own are merged and split, another one's are not there."""
    visitor = seat("wang", "inspector", HERE)
    assert merge(visitor, desk, kin[0], kin[2]).status_code == 404
    assert merge(visitor, desk, kin[2], kin[0]).status_code == 404
    assert merge(visitor, desk, *kin[:2]).status_code == 200
    out = hits_of(desk, kin[0])[0]
    assert visitor.key(f"/leads/{kin[0]}/split", {"version": rows(desk)[kin[0]].version, "listing": out}).is_success
    assert rows(desk)[max(rows(desk))].district == "滕州市"
    for _ in range(2):
        assert visitor.key("/review/undo").status_code == 200
    assert [len(hits_of(desk, one)) for one in kin] == [3, 1, 1]
