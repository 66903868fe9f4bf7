"""批量初筛: a sample first, exactly what was previewed, one undo."""

import re

import pytest
from sqlalchemy import select, text

from console import bulk
from db import tables
from db.engine import transaction
from tests.console import seed

pytestmark = pytest.mark.db

MISREAD = {"action": "排除", "reason": "词义误报"}


@pytest.fixture
def crowd(engine, desk, leads) -> list[int]:
    """Forty light leads beside the five."""
    with transaction(engine) as conn:
        campaign_id = conn.execute(select(tables.campaigns.c.id)).scalars().first()
        return [
            seed.lead(conn, desk.store, seed.replace(plant, files=0, platform="demo_goods"), campaign_id, serial=serial)
            for serial, plant in enumerate(seed.many(40), start=500)
        ]


def rows(engine) -> dict[int, dict]:
    with transaction(engine) as conn:
        found = conn.execute(select(tables.leads).order_by(tables.leads.c.id)).all()
    return {row.id: {k: v for k, v in row._mapping.items() if k != "version"} for row in found}


def chosen_in(html: str) -> str:
    return re.search(r'name="chosen" value="([^"]*)"', html)[1]


def count(engine, table: str) -> int:
    with transaction(engine) as conn:
        return conn.execute(text(f"select count(*) from {table}")).scalar_one()


def test_everything_that_matches_is_previewed_applied_and_taken_back(account, crowd, engine):
    visitor, before = account(), rows(engine)
    audited = count(engine, "audit")
    query = "platform=demo_goods&district=*"
    shown = visitor.key(f"/review/bulk/preview?{query}", {**MISREAD, "everything": "true"})
    assert "将 <b>41</b> 条线索判为“排除”，原因：词义误报" in shown.text
    assert shown.text.count("row-score") == bulk.SAMPLE
    assert rows(engine) == before and count(engine, "audit") == audited  # nothing is written yet
    pairs = chosen_in(shown.text)
    assert len(pairs.split(",")) == 41
    done = visitor.key(f"/review/bulk?{query}", {**MISREAD, "chosen": pairs})
    assert "41 条已判为“已排除”" in done.text and "没有符合这些条件的线索" in done.text
    assert count(engine, "audit") == audited + 41 and count(engine, "screenings") == 41
    with transaction(engine) as conn:
        assert conn.execute(text("select count(distinct batch) from screenings")).scalar_one() == 1
        reasons = conn.execute(text("select distinct dismiss_reason from leads where state = '已排除'")).scalars()
        assert list(reasons) == ["词义误报"]
    back = visitor.key("/review/bulk/undo")
    assert "已撤销 41 条" in back.text
    assert rows(engine) == before
    assert visitor.key("/review/bulk/undo").status_code == 409


def test_what_changed_since_or_is_in_other_hands_is_left_alone(account, crowd, leads, engine):
    wang, li = account("wang"), account("li")
    li.get(f"/review?lead={crowd[0]}")
    table = wang.get("/review/bulk?platform=demo_goods").text
    assert "王某正在核查" in table and re.search(rf'value="{crowd[0]}:1"[^>]*disabled', table)
    pairs = ",".join(f"{lead_id}:1" for lead_id in crowd[:4])
    shown = wang.key("/review/bulk/preview", {**MISREAD, "chosen": pairs}).text
    assert "将 <b>3</b> 条" in shown and "1 条他人正在核查" in shown
    li.get(f"/review?lead={crowd[1]}")  # moves on: the first one is free, this one is not
    li.key(f"/review/{crowd[1]}/screen", {"action": "转核查", "version": 1})
    li.get(f"/review?lead={leads[0]}")
    done = wang.key("/review/bulk", {**MISREAD, "chosen": pairs}).text
    assert "3 条已判为" in done and "另有 1 条刚刚有变化" in done
    states = {lead_id: row["state"] for lead_id, row in rows(engine).items()}
    assert [states[lead_id] for lead_id in crowd[:5]] == ["已排除", "核查中", "已排除", "已排除", "疑似"]
    # of what was decided together, what somebody has screened since stays as it is
    li.key(f"/review/{crowd[2]}/screen", {"action": "待研判", "version": 2})
    assert "已撤销 2 条" in wang.key("/review/bulk/undo").text
    states = {lead_id: row["state"] for lead_id, row in rows(engine).items()}
    assert [states[lead_id] for lead_id in crowd[:4]] == ["疑似", "核查中", "待研判", "疑似"]


def test_undo_in_the_queue_takes_the_whole_action_back(account, crowd, engine):
    visitor, before = account(), rows(engine)
    pairs = ",".join(f"{lead_id}:1" for lead_id in crowd[:7])
    visitor.key("/review/bulk", {"action": "待研判", "chosen": pairs})
    answer = visitor.key("/review/undo")
    assert "已撤销 7 条" in answer.text and f'data-lead="{crowd[0]}"' in answer.text
    assert rows(engine) == before


def test_one_action_has_a_limit_and_says_what_is_beyond(account, crowd, engine, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 10)
    visitor = account()
    shown = visitor.key("/review/bulk/preview?district=*", {**MISREAD, "everything": "true"}).text
    assert "将 <b>10</b> 条" in shown and "另有 35 条匹配，超出一次的上限" in shown
    many = ",".join(f"{lead_id}:1" for lead_id in crowd[:11])
    refused = visitor.key("/review/bulk", {**MISREAD, "chosen": many})
    assert refused.status_code == 400 and "太多" in refused.text


@pytest.mark.parametrize(
    ("path", "sent", "status", "told"),
    [
        ("/review/bulk/preview", {**MISREAD}, 400, "没有选中"),
        ("/review/bulk/preview", {**MISREAD, "chosen": "1:1;drop"}, 400, "格式"),
        ("/review/bulk", {**MISREAD, "chosen": "1:1,,2:1"}, 400, "格式"),
        ("/review/bulk", {"action": "排除", "chosen": "1:1"}, 400, "格式"),
        ("/review/bulk", {"action": "排除", "reason": "其他", "chosen": "1:1"}, 400, "写明"),
        ("/review/bulk/preview", {"action": "属实", "chosen": "1:1"}, 400, "格式"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(account, crowd, engine, path, sent, status, told):
    before = rows(engine)
    answer = account().key(path, sent)
    assert answer.status_code == status and told in answer.text
    assert rows(engine) == before


def test_views_are_kept_replaced_and_removed_by_their_owner(account, leads, engine):
    wang, li = account("wang"), account("li")
    kept = wang.post("/review/views?district=外地&level=high", {"name": " 外地重点\u200b "})
    assert kept.status_code == 303
    html = wang.get("/review").text
    assert "外地重点</a>" in html and "/review?district=%E5%A4%96%E5%9C%B0&amp;level=high" in html
    assert "外地重点" not in li.get("/review").text
    wang.post("/review/views?platform=demo_ads", {"name": "外地重点"})
    with transaction(engine) as conn:
        [view] = conn.execute(select(tables.saved_views)).all()
    assert view.query == "platform=demo_ads"
    assert li.post(f"/review/views/{view.id}/remove").status_code == 404
    for name in ("", "\u200b ", "长" * 21):
        assert wang.post("/review/views", {"name": name}).status_code == 400
    for number in range(29):
        assert wang.post("/review/views?q=x", {"name": f"视图{number}"}).status_code == 303
    assert "太多" in wang.post("/review/views?q=x", {"name": "第三十一个"}).text
    assert wang.post(f"/review/views/{view.id}/remove").status_code == 303
    with transaction(engine) as conn:
        assert conn.execute(select(tables.saved_views).where(tables.saved_views.c.id == view.id)).first() is None
