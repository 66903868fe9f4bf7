"""Two at one queue: nobody is given what somebody else looks at, and nothing is judged twice."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select, text

from db import queue, tables
from db.engine import transaction
from db.leases import LASTS, free_for, held, one_at_a_time, take
from db.queue import ANYWHERE, QueueFilter
from db.screening import Decision, LeadChanged, screen
from records import Screening
from tests.console import seed

pytestmark = pytest.mark.db


def focused(html: str) -> int:
    return int(re.search(r'<article id="focus" class="focus" data-lead="(\d+)"', html)[1])


def test_the_second_one_is_given_the_next_lead(account, leads, clock):
    wang, li = account("wang"), account("li")
    assert focused(wang.get("/review").text) == leads[0]
    html = li.get("/review").text
    assert focused(html) == leads[1]
    assert "王某正在核查" in html  # on the row of the first one
    shown = li.get(f"/review?lead={leads[0]}").text
    assert "正在核查这条线索，您只能查看" in shown and 'name="version"' not in shown
    late = li.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1})
    assert late.status_code == 409 and "他人正在核查" in late.text
    # the next one is not the one in other hands
    wang.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1})
    assert focused(wang.get("/review").text) == leads[2]


def test_a_lease_ends_by_itself_and_who_moves_on_leaves_one_alone(account, leads, clock, engine):
    wang, li = account("wang"), account("li")
    assert focused(wang.get("/review").text) == leads[0]
    assert focused(wang.get(f"/review?lead={leads[1]}").text) == leads[1]
    with transaction(engine) as conn:
        assert set(held(conn, leads, clock())) == {leads[1]}
    assert focused(li.get("/review").text) == leads[0]
    clock.forward(seconds=LASTS.total_seconds())
    assert focused(li.get(f"/review?lead={leads[1]}").text) == leads[1]
    assert wang.key(f"/review/{leads[1]}/screen", {"action": "待研判", "version": 1}).status_code == 409


def test_who_only_reads_holds_nothing(account, leads, engine, clock):
    account("auditor", role="auditor").get("/review")
    with transaction(engine) as conn:
        assert held(conn, leads, clock()) == {}


def test_two_hundred_rounds_judge_each_lead_once(account, leads, engine, desk, clock):
    account("wang"), account("li")
    with transaction(engine) as conn:
        campaign_id = conn.execute(select(func.max(tables.campaigns.c.id))).scalar_one()
        for number, plant in enumerate(seed.many(200)):
            seed.lead(conn, desk.store, seed.replace(plant, files=0), campaign_id, serial=900 + number)
        people = conn.execute(text("select id, name from users order by id")).all()
        waiting = queue.queue_length(conn, QueueFilter(district=ANYWHERE))
    together = Barrier(2)

    def review(user_id: int, name: str) -> list[tuple[int, str]]:
        done: list[tuple[int, str]] = []
        together.wait()
        while True:
            with transaction(engine) as conn:
                one_at_a_time(conn)
                found = queue.next_lead(conn, QueueFilter(district=ANYWHERE), free=free_for(user_id, clock()))
                if found is None:
                    return done
                assert take(conn, found, user_id, clock())
                version = conn.execute(select(tables.leads.c.version).where(tables.leads.c.id == found)).scalar_one()
            decision = Decision(
                lead_id=found, version=version, action=Screening.LATER, user_id=user_id, actor=name, at=clock()
            )
            try:
                with transaction(engine) as conn:
                    screen(conn, decision)
            except LeadChanged:
                done.append((found, "twice"))
            else:
                done.append((found, "once"))

    with ThreadPoolExecutor(2) as pool:
        ends = [one for done in pool.map(lambda person: review(*person), people) for one in done]
    assert {how for _, how in ends} == {"once"}
    assert len(ends) == len({lead_id for lead_id, _ in ends}) == waiting
    with transaction(engine) as conn:
        assert conn.execute(text("select count(*), count(distinct lead_id) from screenings")).one() == (
            waiting,
            waiting,
        )
        assert conn.execute(text("select count(distinct user_id) from screenings")).scalar_one() == 2
