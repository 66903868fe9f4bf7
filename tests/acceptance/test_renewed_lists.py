"""A market whose lists show what was changed last on top: the second night reads their first pages and sees it all."""

import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine

from crawler.definition import PLATFORMS
from demo.markets import Change
from demo.serve import running
from ops.make_believe import SOLD
from tests.acceptance.houses import place, sql

pytestmark = [pytest.mark.db, pytest.mark.drill, pytest.mark.timeout(600)]

LISTINGS, CHANGED = 2_000, 0.02


def test_a_second_night_reads_the_top_of_the_lists_and_sees_every_change(
    tmp_path: Path, database_url: str, engine: Engine
) -> None:
    written = (PLATFORMS / "demo_ads.yml").read_text("utf-8")
    written = written.replace("sort: newest", "sort: updated").replace("/latest/?", "/latest/?order=renewed&")
    file = tmp_path / "renewed_ads.yml"
    file.write_text(written.replace("delay: 0.1", "delay: 0"), "utf-8")
    with running(listings=LISTINGS, crawl_delay=0) as town:
        crawl = {"sites": {"renewed_ads": town.sites["demo_ads"]}, "categories": list(SOLD), "max_terms": 60}
        there = place(tmp_path, database_url, {"crawl": crawl})
        assert there.xunwang("scan", "--platform", str(file)).code == 0
        first = town.log("demo_ads")
        town.change("demo_ads", edited_share=CHANGED)
        said = there.xunwang("scan", "--platform", str(file))
        second = town.log("demo_ads")[len(first) :]
        market = town.town().market("demo_ads").later(changed=CHANGED)
    pages = Counter(entry.path for entry in second)
    assert len(second) <= 0.1 * len(first) and pages["/latest/"] <= 4, (len(first), pages, said.err)
    assert re.search(r"[2-9] 个列表读到只剩已知商品处为止，其后的改动和下架本次未看", said.err), said.err
    changed = [index for index in range(LISTINGS) if set(market.changes_of(index)) - {Change.GONE}]
    assert len(changed) >= 10 and max(changed) > LISTINGS * 0.8
    for offer in map(market.offer, changed):
        statement = (
            "select v.title, v.price, v.description, l.detail_read from listing_versions v join listings l"
            " on l.id = v.listing_id where l.item_id = :item order by v.id"
        )
        [*before, (title, price, text, read)] = sql(engine, statement, item=offer.item_id)
        assert before and (title, price) == (offer.title, offer.price), offer
        assert text == (offer.description if read else ""), offer
        assert read or Change.TEXT not in market.changes_of(offer.index), offer
