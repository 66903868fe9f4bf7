"""The queue: order, filters, the three keys, undo, stale verdicts, numbers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select

from db import queue, screening, tables
from db.engine import transaction
from db.queue import QueueFilter
from db.screening import Decision, LeadChanged, screen, undo
from records import DismissReason, LeadState, Screening
from tests.console import seed

pytestmark = pytest.mark.db


def row(engine: Engine, lead_id: int):
    with transaction(engine) as conn:
        return conn.execute(select(tables.leads).where(tables.leads.c.id == lead_id)).one()


def test_page_shows_the_heaviest_local_lead_and_why(account, leads):
    html = account().get("/review").text
    assert "示***" in html and "示例卖家97" not in html
    assert '<mark class="hit tone-0" title="象牙　象牙　夹符号或空格">象 牙</mark>' in html
    assert "标题命中“象牙”" in html and "+60" in html and "合计" in html
    assert "已并入“象牙料”" in html
    assert "滨海收藏" not in html  # 外地 is a queue of its own
    assert "外地 <b>1</b>" in account("li").get("/review/facets").text
    assert f'data-lead="{leads[0]}"' in html
    assert "✓ 通过" in html and "builtin-1a2b3c4d" in html


#: Filter as an address, and which of the sample leads it lets through.
FILTERS = (
    ("district=外地", {4}),
    ("district=*", {0, 1, 2, 3, 4}),
    ("platform=demo_goods", {1}),
    ("category=pangolin", {2}),
    ("district=薛城区", {1}),
    ("level=review", {3}),
    ("q=钢丝", {3}),
    ("q=湖畔 犀角杯", {1}),
    ("q=100%25", set()),
    ("q=_", set()),
    ("q=象　牙", {0}),  # white space and punctuation inside of a word do not count
    ("q=【象-牙】手", set()),
    ("q=套 １９８９", set()),
    ("q=1989&district=*", {4}),
    ("q=１９８９年&district=*", {4}),
    ("min=85", {0, 1}),
    ("min=", {0, 1, 2, 3}),
    ("price_from=1200&price_to=6243", {0, 2}),
    ("price_from=&price_to=89.00", {3}),
    ("from=2026-11-23&to=2026-11-23", {0, 1, 2, 3}),
    ("from=2026-11-24", set()),
    ("to=2026-11-22", set()),
    ("by=1", set()),
    ("sort=new", {0, 1, 2, 3}),
    ("state=已排除", set()),
)


def test_filters(account, leads):
    visitor = account()
    for query, shown in FILTERS:
        html = visitor.get(f"/review/rows?{query}").text
        found = {number for number, lead_id in enumerate(leads) if f'id="row-{lead_id}"' in html}
        assert found == shown, query


def test_unknown_values_in_the_address_are_refused(account, leads):
    visitor = account()
    assert visitor.get("/review?state=weg").status_code == 400
    assert visitor.get("/review?page=0").status_code == 400
    for query in ("sort=price", "min=-1", "min=x", "price_from=1e99", "from=2026-02-30", "to=0001-01-01", "by=0"):
        assert visitor.get(f"/review?{query}").status_code == 400, query
    assert visitor.get("/review/999999", headers={"HX-Request": "true"}).status_code == 404  # says that it is gone
    assert visitor.get("/leads/999999").status_code == 404
    for unheard in ("abc", "0", "-1", str(2**63)):
        assert visitor.get(f"/leads/{unheard}").status_code == 404, unheard
        assert visitor.get(f"/leads/1/evidence/{unheard}").status_code == 404, unheard
    assert visitor.get(f"/review?lead={2**63}").status_code == 400
    assert visitor.get(f"/scans?scan={2**70}").status_code == 400


def test_one_key_decides_saves_and_brings_the_next(account, leads, engine):
    visitor = account()
    answer = visitor.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1})
    assert answer.status_code == 200
    assert f'<article id="focus" class="focus" data-lead="{leads[1]}"' in answer.text
    assert f'<li id="row-{leads[0]}" class="done" hx-swap-oob="true">' in answer.text
    assert "XS-2026-1123-0001" in answer.text
    assert "今日已初筛 <b>1</b>" in answer.text and "待初筛 <b>3</b>" in answer.text
    after = row(engine, leads[0])
    assert (after.state, after.number, after.version) == (LeadState.KEPT, "XS-2026-1123-0001", 2)
    dismissed = visitor.key(
        f"/review/{leads[1]}/screen", {"action": "排除", "version": 1, "reason": "仿制品或材质不符"}
    )
    assert f'data-lead="{leads[2]}"' in dismissed.text
    assert row(engine, leads[1]).dismiss_reason == DismissReason.IMITATION
    later = visitor.key(f"/review/{leads[2]}/screen", {"action": "待研判", "version": 1})
    assert f'data-lead="{leads[3]}"' in later.text
    last = visitor.key(f"/review/{leads[3]}/screen", {"action": "待研判", "version": 1})
    assert "今日没有待核查线索" in last.text and "最近一次监测正常" in last.text and "看外地 1 条" in last.text


def test_without_script_the_same_form_works(account, leads):
    visitor = account()
    answer = visitor.post(f"/review/{leads[0]}/screen", {"action": "待研判", "version": 1})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/review?lead={leads[1]}")
    back = visitor.post("/review/undo")
    assert (back.status_code, back.headers["location"]) == (303, f"/review?lead={leads[0]}")


def test_dismissal_needs_a_reason_of_the_list(account, leads, engine):
    visitor = account()
    for reason in ("", "不想看"):
        answer = visitor.key(f"/review/{leads[0]}/screen", {"action": "排除", "version": 1, "reason": reason})
        assert answer.status_code == 400
    assert visitor.key(f"/review/{leads[0]}/screen", {"action": "属实", "version": 1}).status_code == 400
    assert row(engine, leads[0]).version == 1


def test_other_needs_words_and_they_are_kept(account, leads, engine):
    visitor = account()
    path = f"/review/{leads[0]}/screen"
    for note in ("", "  \u200b ", "长" * 61):
        answer = visitor.key(path, {"action": "排除", "version": 1, "reason": "其他", "note": note})
        assert answer.status_code == 400 and "写明" in answer.text
    assert row(engine, leads[0]).version == 1
    words = {"action": "排除", "version": 1, "reason": "其他", "note": " 博物馆商店\n已核实 <b>"}
    assert visitor.key(path, words).status_code == 200
    assert row(engine, leads[0]).dismiss_reason == "其他：博物馆商店 已核实 <b>"
    html = visitor.get(f"/leads/{leads[0]}").text
    assert html.count("其他：博物馆商店 已核实 &lt;b&gt;") == 2  # at the head and in the history
    with transaction(engine) as conn:
        told = conn.execute(select(tables.audit.c.detail).order_by(tables.audit.c.seq.desc()).limit(1)).scalar_one()
    assert told["reason"] == "其他：博物馆商店 已核实 <b>"
    # words with another reason are not kept: nobody was asked for them
    visitor.key(f"/review/{leads[1]}/screen", {"action": "排除", "version": 1, "reason": "重复", "note": "x"})
    assert row(engine, leads[1]).dismiss_reason == "重复"


@pytest.mark.parametrize(
    ("number", "reason"),
    [(0, "仿制品或材质不符"), (1, "仿制品或材质不符"), (3, "合法用途或证照齐全")],
)
def test_the_suggested_reason_suits_the_goods(account, leads, number, reason):
    html = account().get(f"/review/{leads[number]}", headers={"HX-Request": "true"}).text
    assert f'data-suggested="{reason}"' in html


def test_counts_are_those_of_the_rest_of_the_filter(account, leads, engine):
    visitor = account()
    html = visitor.get("/review/facets").text
    # the heavy one from elsewhere is in none of the counts of this city's queue, but stands on its own tab
    assert ">疑似 4</option>" in html and ">虎 1</option>" not in html and "外地 <b>1</b>" in html
    assert ">高风险 3</option>" in html
    searched = visitor.get("/review/facets?q=犀角杯&category=ivory").text
    assert ">疑似 0</option>" in searched and ">犀牛角 1</option>" in searched
    assert 'value="ivory" selected>象牙 0</option>' in searched  # what was chosen does not fall out of its own list
    # a search is no progress
    searched = visitor.get("/review?q=犀角杯&category=ivory").text
    assert "待初筛 <b>4</b>" in searched and "今日已初筛 <b>0</b>" in searched
    visitor.key(f"/review/{leads[4]}/screen?district=外地", {"action": "待研判", "version": 1})
    assert "今日已初筛 <b>0</b>" in visitor.get("/review").text
    assert "今日已初筛 <b>1</b>" in visitor.get("/review?district=*").text
    answer = visitor.key(f"/review/{leads[0]}/screen?level=high", {"action": "待研判", "version": 1})
    assert answer.headers["HX-Trigger"] == "xunwang:screened"  # at which the page asks for its counts anew
    assert '<span id="total" hx-swap-oob="true">共 2 条</span>' in answer.text
    assert ">待研判 1</option>" in visitor.get("/review/facets?level=high").text


def test_a_stale_verdict_is_refused_readably_and_changes_nothing(account, leads, engine):
    first, second = account("wang"), account("li")
    assert first.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1}).status_code == 200
    late = second.key(
        f"/review/{leads[0]}/screen", {"action": "排除", "version": 1, "reason": DismissReason.MISREAD.value}
    )
    assert late.status_code == 409
    assert "刚刚有变化" in late.text and "没有保存" in late.text and "Traceback" not in late.text
    assert row(engine, leads[0]).state == LeadState.KEPT
    with transaction(engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.screenings)).scalar_one() == 1


def test_undo_restores_each_step_and_a_number_stays_with_its_lead(account, leads, engine):
    visitor = account()
    before = [row(engine, lead_id) for lead_id in leads[:2]]
    visitor.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1})
    visitor.key(f"/review/{leads[1]}/screen", {"action": "排除", "version": 1, "reason": "重复"})
    answer = visitor.key("/review/undo")
    assert f'data-lead="{leads[1]}"' in answer.text and "已撤销" in answer.text
    visitor.key("/review/undo")
    changing = {"version"}
    for lead_id, old in zip(leads, before, strict=False):
        new = row(engine, lead_id)._mapping
        assert {k: v for k, v in new.items() if k not in changing} == {
            k: v for k, v in old._mapping.items() if k not in changing
        }
    assert visitor.key("/review/undo").status_code == 409
    # somebody else's lead may not get the number that was taken back
    visitor.key(f"/review/{leads[1]}/screen", {"action": "转核查", "version": row(engine, leads[1]).version})
    visitor.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": row(engine, leads[0]).version})
    assert row(engine, leads[1]).number == "XS-2026-1123-0002"
    assert row(engine, leads[0]).number == "XS-2026-1123-0001"


def test_undo_takes_back_only_what_nobody_has_changed_since(account, leads, engine):
    wang, li = account("wang"), account("li")
    wang.key(f"/review/{leads[0]}/screen", {"action": "待研判", "version": 1})
    assert li.key("/review/undo").status_code == 409
    li.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 2})
    assert wang.key("/review/undo").status_code == 409
    assert row(engine, leads[0]).state == LeadState.KEPT


def test_numbers_are_never_given_twice(engine, desk, leads, account, clock):
    account()
    with transaction(engine) as conn:
        campaign_id = (
            conn.execute(select(tables.campaigns.c.id).order_by(tables.campaigns.c.id.desc())).scalars().first()
        )
        made = [
            seed.lead(conn, desk.store, plant, campaign_id, serial=100 + number)
            for number, plant in enumerate(seed.many(40))
        ]
        user_id = conn.execute(select(tables.users.c.id)).scalars().first()

    def keep(lead_id: int) -> str:
        with transaction(engine) as conn:
            return screen(conn, _decision(lead_id, 1, Screening.KEEP, user_id, clock())).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(keep, made))
    assert sorted(numbers) == [f"XS-2026-1123-{n:04d}" for n in range(1, 41)]


def test_of_two_at_once_one_wins(engine, leads, account, clock):
    account()
    with transaction(engine) as conn:
        user_id = conn.execute(select(tables.users.c.id)).scalars().first()

    def decide(action: Screening) -> str:
        try:
            with transaction(engine) as conn:
                return screen(conn, _decision(leads[0], 1, action, user_id, clock())).state
        except LeadChanged:
            return "late"

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(decide, [Screening.KEEP, Screening.LATER]))
    assert ends.count("late") == 1
    with transaction(engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.screenings)).scalar_one() == 1


def test_screening_and_its_audit_row_stand_or_fall_together(engine, leads, account, clock, monkeypatch):
    account()
    with transaction(engine) as conn:
        user_id = conn.execute(select(tables.users.c.id)).scalars().first()

    def broken(*args, **kwargs):
        raise OSError("the audit cannot be written")

    monkeypatch.setattr(screening.audit, "record", broken)
    with pytest.raises(OSError, match="audit"), transaction(engine) as conn:
        screen(conn, _decision(leads[0], 1, Screening.KEEP, user_id, clock()))
    with pytest.raises(screening.NothingToUndo), transaction(engine) as conn:
        undo(conn, user_id=user_id, actor="wang", at=clock())
    assert row(engine, leads[0]).state == LeadState.CANDIDATE


def test_paging_follows_the_lead(engine, desk, leads, account):
    with transaction(engine) as conn:
        campaign_id = (
            conn.execute(select(tables.campaigns.c.id).order_by(tables.campaigns.c.id.desc())).scalars().first()
        )
        for number, plant in enumerate(seed.many(60)):
            seed.lead(conn, desk.store, plant, campaign_id, serial=200 + number)
        last = [one.id for one in queue.queue(conn, QueueFilter(), limit=100)][-1]
    visitor = account()
    first = visitor.get("/review/rows").text
    assert "1 / 2" in first and first.count('class="lead-row"') == 50
    assert f'id="row-{last}"' in visitor.get(f"/review/rows?lead={last}").text
    assert "2 / 2" in visitor.get("/review/rows?page=99").text


def _decision(lead_id, version, action, user_id, at):
    return Decision(lead_id=lead_id, version=version, action=action, user_id=user_id, actor="wang", at=at)
