"""Notes, stars and misread terms: kept, audited, shown, and no decision about the lead."""

import pytest
from sqlalchemy import select, text

from db import remarks, tables
from db.engine import transaction

pytestmark = pytest.mark.db


def row(engine, lead_id: int):
    with transaction(engine) as conn:
        return conn.execute(select(tables.leads).where(tables.leads.c.id == lead_id)).one()


def audited(engine) -> list[tuple[str, str]]:
    with transaction(engine) as conn:
        rows = conn.execute(text("select action, subject from audit where action like 'lead.%' order by seq"))
        return [(action, subject) for action, subject in rows]


def test_a_note_stays_with_the_lead_and_decides_nothing(account, leads, engine):
    visitor, before = account(), row(engine, leads[0])
    answer = visitor.key(f"/leads/{leads[0]}/note", {"text": " 卖家<b>说\n可以\u202e鉴定 "})
    assert answer.status_code == 200 and "备注已保存" in answer.text
    assert f'data-lead="{leads[0]}"' in answer.text and "卖家&lt;b&gt;说 可以鉴定" in answer.text
    assert "王某　<b>备注</b>　卖家&lt;b&gt;说 可以鉴定" in visitor.get(f"/leads/{leads[0]}").text
    assert row(engine, leads[0]) == before
    assert audited(engine) == [("lead.note", f"lead:{leads[0]}")]
    for words in ("", " \u200b", "长" * 501):
        refused = visitor.key(f"/leads/{leads[0]}/note", {"text": words})
        assert refused.status_code == 400 and "备注没有内容" in refused.text
    assert visitor.post(f"/leads/{leads[0]}/note", {"text": "无脚本"}).headers["location"] == f"/leads/{leads[0]}"
    assert visitor.key("/leads/999999/note", {"text": "x"}).status_code == 404


def test_a_star_comes_and_goes(account, leads, engine):
    visitor = account()
    assert "已标为典型案例候选" in visitor.key(f"/leads/{leads[0]}/star").text
    assert row(engine, leads[0]).starred and row(engine, leads[0]).version == 1
    assert "★ 典型" in visitor.get("/review").text
    assert "已取消" in visitor.key(f"/leads/{leads[0]}/star").text
    assert not row(engine, leads[0]).starred
    assert [action for action, _ in audited(engine)] == ["lead.star", "lead.star"]
    assert visitor.key("/leads/999999/star").status_code == 404


def test_a_misread_term_reaches_the_analysts_once_a_lead(account, leads, engine):
    wang, li = account("wang"), account("li")
    said = {"category": "ivory", "term": "象牙"}
    assert "“象牙”在这里是误报" in wang.key(f"/leads/{leads[0]}/misread", said).text
    li.key(f"/leads/{leads[0]}/misread", said)
    li.key(f"/leads/{leads[1]}/misread", {"category": "rhino", "term": "犀角"})
    for wrong in ({"category": "ivory", "term": "犀角"}, {"category": "x", "term": "象牙"}):
        assert wang.key(f"/leads/{leads[0]}/misread", wrong).status_code == 400
    assert wang.key("/leads/999999/misread", said).status_code == 404
    with transaction(engine) as conn:
        told = remarks.misread_terms(conn)
    assert {(one.category, one.term, one.leads, one.said_by) for one in told} == {
        ("ivory", "象牙", 1, "王某"),
        ("rhino", "犀角", 1, "王某"),
    }
    assert row(engine, leads[0]).state == "疑似"


def test_who_only_reads_says_nothing(account, leads, engine):
    auditor = account("auditor", role="auditor")
    for path, sent in (("note", {"text": "x"}), ("star", {}), ("misread", {"category": "ivory", "term": "象牙"})):
        assert auditor.key(f"/leads/{leads[0]}/{path}", sent).status_code == 403
    assert audited(engine) == []
