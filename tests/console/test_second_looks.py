"""复核抽查: one in twenty, by somebody else, who is not told what was decided first."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from db import second_looks
from db.engine import transaction
from tests.console import seed
from tests.console.test_verdicts import sql, version

pytestmark = pytest.mark.db


@pytest.fixture
def sampled(desk, engine, leads) -> list[int]:
    """Four leads of the sample, of four districts: their ids are drawn from the sample before they are made."""
    chosen = "select i from generate_series(100, 1000) s (i) where mod(hashtextextended('second look', i), 20) = 0"
    with transaction(engine) as conn:
        campaign = conn.execute(text("select id from campaigns where name = '日常监测-测试'")).scalar_one()
        ids = list(conn.execute(text(f"{chosen} order by i limit 4")).scalars())
        for lead_id, plant in zip(ids, seed.many(4), strict=True):
            conn.execute(text("select setval(pg_get_serial_sequence('leads', 'id'), :id, false)"), {"id": lead_id})
            assert seed.lead(conn, desk.store, plant, campaign, serial=lead_id) == lead_id
    return ids


def screen(visitor, engine, lead_id: int, action: str, reason: str = "") -> None:
    sent = {"action": action, "reason": reason, "version": version(engine, lead_id)}
    assert visitor.key(f"/review/{lead_id}/screen", sent).status_code == 200


def shown(page: str) -> tuple[str, str]:
    """Lead and screening that the page asks about."""
    lead = re.search(r'action="/review/second/(\d+)"', page)
    return (lead[1], re.search(r'name="screening" value="(\d+)"', page)[1]) if lead else ("", "")


def test_about_one_in_twenty_is_chosen_and_always_the_same(engine, leads):
    counted = (
        "select count(*) from generate_series(1, 100000) l (id) where mod(hashtextextended('second look', id), 20) = 0"
    )
    first = sql(engine, counted)[0][0]
    assert 4_700 <= first <= 5_300 and first == sql(engine, counted)[0][0]


def test_another_person_answers_without_seeing_the_first_answer(account, sampled, leads, engine):
    wang, li = account("wang"), account("li")
    screen(wang, engine, sampled[0], "排除", "词义误报")
    screen(wang, engine, sampled[1], "转核查")
    outside = next(one for one in leads if one not in sampled)
    screen(wang, engine, outside, "排除", "重复")
    assert shown(wang.get("/review/second").text) == ("", "")  # his own
    before = sql(engine, "select * from leads order by id")
    for answer, agrees in (({"action": "转核查"}, False), ({"action": "转核查"}, True)):
        page = li.get("/review/second").text
        lead, screening = shown(page)
        [row] = sql(engine, "select number, dismiss_reason from leads where id = :id", id=int(lead))
        [(seller,)] = sql(
            engine, "select s.name from leads l join sellers s on s.id = l.seller_id where l.id = :id", id=int(lead)
        )
        assert seller and seller not in page
        body = page.partition("<main")[2].partition("</main>")[0].partition('<select id="reason"')
        told = body[0] + body[2].partition("</select>")[2]
        assert (row.number or "XS-") not in told and "词义误报" not in told and "王某" not in told
        assert "核查中" not in told and "已排除" not in told
        answered = li.post(f"/review/second/{lead}", {"screening": screening, **answer})
        assert answered.status_code == 303
        assert sql(engine, "select agrees from second_looks order by id desc limit 1")[0].agrees is agrees
        again = li.post(f"/review/second/{lead}", {"screening": screening, **answer})
        assert again.status_code == 409
    assert shown(li.get("/review/second").text) == ("", "")
    assert sql(engine, "select * from leads order by id") == before  # a second answer changes nothing
    rows = sql(engine, "select actor, detail from audit where action = 'lead.second' order by seq")
    assert [(row.actor, row.detail["agrees"]) for row in rows] == [("li", False), ("li", True)]
    chief = account("ke", role="head")
    figures = chief.get("/review/second/figures").text
    assert (
        "50.0%" in figures
        and "1 / 2 条" in figures
        and "词义误报" in figures
        and f'href="/leads/{sampled[0]}"' in figures
    )
    assert li.get("/review/second/figures").status_code == 403
    assert "50.0%" in chief.get("/").text


def test_nobody_answers_for_himself_nor_for_what_changed(account, sampled, engine, clock):
    wang, li = account("wang"), account("li")
    screen(wang, engine, sampled[0], "排除", "重复")
    lead, screening = shown(li.get("/review/second").text)
    own = wang.post(f"/review/second/{lead}", {"screening": screening, "action": "排除", "reason": "重复"})
    assert own.status_code == 409
    [user] = sql(engine, "select id from users where name = 'wang'")
    with pytest.raises(Exception, match="no part in the first"), transaction(engine) as conn:
        conn.execute(
            text(
                "insert into second_looks (lead_id, screening_id, user_id, action, agrees, at)"
                " values (:lead, :screening, :user, '排除', true, now())"
            ),
            {"lead": int(lead), "screening": int(screening), "user": user.id},
        )
    assert wang.key("/review/undo").status_code == 200
    gone = li.post(f"/review/second/{lead}", {"screening": screening, "action": "转核查"})
    assert gone.status_code == 409
    # whoever screens it anew does not take it out of the sample
    screen(wang, engine, sampled[0], "转核查")
    assert shown(li.get("/review/second").text)[0] == lead
    clock.forward(minutes=16)  # what wang had in hand is free again
    screen(li, engine, sampled[1], "转核查")
    assert shown(li.get("/review/second").text)[0] == lead and sql(engine, "select 1 from second_looks") == []


def test_what_is_no_answer_is_refused(account, sampled, leads, engine, clock):
    wang, li = account("wang"), account("li")
    screen(wang, engine, sampled[0], "排除", "重复")
    lead, screening = shown(li.get("/review/second").text)
    for sent in ({"action": "待研判"}, {"action": "排除"}, {"action": "排除", "reason": "其他"}, {"action": "x"}):
        assert li.post(f"/review/second/{lead}", {"screening": screening, **sent}).status_code == 400, sent
    outside = next(one for one in leads if one not in sampled)
    assert li.post(f"/review/second/{outside}", {"screening": screening, "action": "转核查"}).status_code == 409
    assert li.post("/review/second/999999", {"screening": screening, "action": "转核查"}).status_code == 404
    clock.forward(days=31)
    with transaction(engine) as conn:
        assert second_looks.waiting(conn, 0, clock()) == 0
        assert second_looks.waiting(conn, 0, clock() - timedelta(days=31)) == 1


def test_a_district_is_shown_its_own_alone(account, sampled, engine):
    wang, there = account("wang"), account("xue", district="370403")
    for lead_id in sampled:
        screen(wang, engine, lead_id, "转核查")
    own = sql(engine, "select count(*) from leads where district = '薛城区' and id = any(:ids)", ids=sampled)[0][0]
    assert f"等您复核 {own} 条" in there.get("/review/second").text
