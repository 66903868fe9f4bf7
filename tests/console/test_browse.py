"""Looking things up: everything stored is found, and each listing and seller tells what became of it."""

import re

import pytest
from sqlalchemy import insert, select, update

from db import tables
from db.engine import transaction
from tests.console import seed

pytestmark = pytest.mark.db


def test_everything_stored_is_found_hit_or_not(account, leads, engine):
    visitor = account()
    assert "要找什么？" in visitor.get("/search").text
    with transaction(engine) as conn:
        conn.execute(
            insert(tables.listings).values(
                platform="demo_shop",
                item_id="plain",
                url="https://market.example/item/plain",
                title="大象玩具 <b>毛绒</b> 象.牙白",
                fingerprint="f",
                first_seen=seed.NIGHT,
                last_seen=seed.NIGHT,
            )
        )
    html = visitor.get("/search?q=象牙").text
    assert "&lt;b&gt;毛绒" in html and "未命中" in html and html.count("老料手串 象牙 私聊") == 6
    assert html.index("毛绒") < html.index("老料手串")  # what was stored last stands first
    only = visitor.get("/search?q=象牙&hits=true").text
    assert "毛绒" not in only and "老料手串" in only
    assert "老料手串" not in visitor.get("/search?q=象牙&platform=demo_shop").text
    nothing = visitor.get("/search?q=不存在的词&hits=true").text
    assert "没有找到“不存在的词”" in nothing and "在全部商品信息中查找" in nothing
    assert visitor.get("/search?q=" + "长" * 81).status_code == 400
    assert visitor.get("/search?q=%00&before=0").status_code == 400


def test_pages_of_a_search_follow_each_other(account, leads, engine):
    with transaction(engine) as conn:
        rows = [
            {
                "platform": "demo_ads",
                "item_id": f"n{number}",
                "url": "https://market.example/x",
                "title": f"木质手串 第{number}件",
                "fingerprint": "f",
                "first_seen": seed.NIGHT,
                "last_seen": seed.NIGHT,
            }
            for number in range(120)
        ]
        conn.execute(insert(tables.listings), rows)
    visitor, path, seen = account(), "/search?q=木质", []
    for _ in range(5):
        html = visitor.get(path).text
        seen += re.findall(r"木质手串 第(\d+)件", html)
        following = re.search(r'href="(/search\?[^"]*before=\d+)"', html)
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
    assert [int(number) for number in seen] == list(range(119, -1, -1))


def test_a_listing_and_its_seller_tell_what_became_of_them(account, leads, engine):
    visitor = account()
    with transaction(engine) as conn:
        listing_id, seller_id = conn.execute(
            select(tables.listings.c.id, tables.listings.c.seller_id).order_by(tables.listings.c.id).limit(1)
        ).one()
        for price, minutes in ((6243, 0), (5000, 90)):
            conn.execute(
                insert(tables.listing_versions).values(
                    listing_id=listing_id,
                    fingerprint=str(price),
                    title="老料手串",
                    price=price,
                    seen_at=seed.NIGHT.replace(minute=14 + minutes // 3),
                )
            )
    lead = visitor.get(f"/leads/{leads[0]}").text
    assert f'href="/listings/{listing_id}"' in lead and f'href="/sellers/{seller_id}"' in lead
    html = visitor.get(f"/listings/{listing_id}").text
    assert "¥5,000.00" in html and "builtin-1a2b3c4d" in html and f'href="/leads/{leads[0]}"' in html
    seller = visitor.get(f"/sellers/{seller_id}").text
    assert "示***" in seller and "6 条，其中疑似信息 6 条" in seller and f'href="/leads/{leads[0]}"' in seller
    for path in ("/listings/999999", "/sellers/999999", "/listings/x", f"/sellers/{2**70}"):
        assert visitor.get(path).status_code == 404, path
    with transaction(engine) as conn:
        conn.execute(update(tables.sellers).values(name="").where(tables.sellers.c.id == seller_id))
    assert "未存名称的卖家" in visitor.get(f"/sellers/{seller_id}").text
