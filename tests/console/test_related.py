"""举一反三 on the page: reasons in words, contacts masked, another district's leads as numbers."""

import re

import pytest

from db import tables
from db.engine import transaction
from tests.console import seed
from tests.console.matrix import HERE

pytestmark = pytest.mark.db

SAID = "要的联系138-0013-8000，或者加V:tiger2020，店铺 https://shop.example/s/77"


@pytest.fixture
def kin(desk) -> list[int]:
    """Three leads of as many districts with one phone."""
    with transaction(desk.engine) as conn:
        campaign = seed.campaign(conn)
        plants = [
            seed.Plant(seller=f"卖家{n}", district=district, title=title, description=said, files=0)
            for n, (district, title, said) in enumerate(
                (
                    ("滕州市", "象牙手串一条", SAID),
                    ("滕州市", "<b>老料</b>摆件", "电话 一三八零零一三八零零零"),
                    ("薛城区", "秘密的虎骨酒", "薇：TIGER2020"),
                )
            )
        ]
        return [seed.lead(conn, desk.store, plant, campaign, serial=n) for n, plant in enumerate(plants)]


def test_one_page_says_which_and_why(seat, kin):
    shown = seat("ke", "head").get(f"/leads/{kin[0]}/related").text
    assert f'href="/leads/{kin[1]}"' in shown and f'href="/leads/{kin[2]}"' in shown
    assert "同一手机号 138****8000" in shown and "同一微信号 ti***20" in shown
    assert "&lt;b&gt;老料" in shown and "<b>老料" not in shown
    assert "13800138000" not in shown and "tiger2020" not in shown.lower() and "/s/77" not in shown
    assert "链接 shop.example/…" in shown


def test_htmx_gets_the_part_for_the_pane(seat, kin):
    shown = seat("ke", "head").get(f"/leads/{kin[0]}/related", headers={"HX-Request": "true"}).text
    assert shown.lstrip().startswith("<section") and "<html" not in shown


def test_a_district_is_told_numbers_alone(seat, kin):
    visitor = seat("wang", "inspector", HERE)
    shown = visitor.get(f"/leads/{kin[0]}/related").text
    assert f'href="/leads/{kin[1]}"' in shown and "薛城区 1 条" in shown
    assert "秘密" not in shown and f"/leads/{kin[2]}" not in shown
    assert visitor.get(f"/leads/{kin[2]}/related").status_code == 404


def test_nothing_is_said_so(seat, leads):
    shown = seat("ke", "head").get(f"/leads/{leads[3]}/related").text
    assert "没有找到" in shown and not re.search(r"<tbody>\s*<tr", shown)


def add_by_page(visitor, lead_id: int, **form):
    shown = visitor.get(f"/leads/{lead_id}/related").text
    keys = re.findall(r'<option value="(\w+)">手机号 138\*\*\*\*8000', shown)
    sent = {"what": keys[0] if keys else "", "nights": "3", "why": "同一手机号", **form}
    return visitor.post(f"/leads/{lead_id}/search", sent)


def test_a_contact_becomes_a_search_of_the_coming_nights(seat, kin, desk):
    visitor = seat("ke", "head")
    assert add_by_page(visitor, kin[0]).status_code == 303
    scans = visitor.get("/scans").text
    assert "夜间加查的词" in scans and "138****8000" in scans and "同一手机号" in scans and "王某" in scans
    assert "13800138000" not in scans
    assert "夜间加查" in visitor.get(f"/leads/{kin[0]}/related").text
    with transaction(desk.engine) as conn:
        [row] = conn.execute(tables.extra_terms.select())
    assert (row.text, row.lead_id, row.until.isoformat()) == ("13800138000", kin[0], "2026-11-26")
    assert visitor.post(f"/scans/terms/{row.id}/end").status_code == 303
    assert "夜间加查的词" not in visitor.get("/scans").text


@pytest.mark.parametrize(
    "form", [{"what": "0" * 16}, {"nights": "365"}, {"why": " "}, {"what": "phrase", "phrase": "<script>"}]
)
def test_what_cannot_be_asked_for_is_refused(seat, kin, form):
    visitor = seat("ke", "head")
    assert add_by_page(visitor, kin[0], **form).status_code == 400
    assert "夜间加查的词" not in visitor.get("/scans").text


def test_another_districts_terms_are_not_shown(seat, kin):
    assert add_by_page(seat("ke", "head"), kin[2], what="phrase", phrase="虎骨酒", why="秘密的理由").status_code == 303
    stranger = seat("wang", "inspector", HERE)
    assert "秘密" not in stranger.get("/scans").text
