"""处置 as a plain list, what it does to a verdict, and the price of a listing as a drawing."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, text

from console.curve import HEIGHT, WIDTH, curve
from db import tables
from db.engine import transaction
from db.prices import Price
from tests.console import seed
from tests.console.test_verdicts import TRUE, conclude, kept, sql, version

__all__ = ["kept"]  # a fixture

pytestmark = pytest.mark.db

DOWN = {
    "kind": "平台下架、删除、屏蔽",
    "on": "2026-11-23",
    "recipient": "某平台",
    "reference": "函〔2026〕3号",
    "note": "",
}
ON_WARD = {**DOWN, "kind": "转办区（市）", "recipient": "滕州市市场监管局"}


def enter(visitor, lead_id: int, **given):
    return visitor.post(f"/leads/{lead_id}/disposition", given)


def test_an_entry_stands_on_the_lead_and_is_corrected_by_another(kept, engine):
    visitor, lead_id = kept
    assert enter(visitor, lead_id, **ON_WARD).status_code == 303
    [first] = sql(engine, "select * from dispositions")
    form = visitor.get(f"/leads/{lead_id}/disposition?corrects={first.id}").text
    assert 'value="滕州市市场监管局"' in form and "作废这一条" in form
    wrong = enter(visitor, lead_id, **ON_WARD, corrects=first.id)
    assert wrong.status_code == 400 and "须写明原因" in wrong.text
    right = {**ON_WARD, "recipient": "薛城区市场监管局", "note": "填错了区"}
    assert enter(visitor, lead_id, **right, corrects=first.id).status_code == 303
    assert enter(visitor, lead_id, **right, corrects=first.id).status_code == 409  # somebody came first
    last = sql(engine, "select id from dispositions order by id desc limit 1")[0].id
    assert enter(visitor, lead_id, **{**right, "note": "没有转"}, corrects=last, voids="true").status_code == 303
    rows = sql(engine, "select kind, recipient, corrects, voids from dispositions order by id")
    assert [(row.recipient, row.corrects, row.voids) for row in rows] == [
        ("滕州市市场监管局", None, False),
        ("薛城区市场监管局", first.id, False),
        ("薛城区市场监管局", last, True),
    ]
    page = visitor.get(f"/leads/{lead_id}").text
    assert page.count("<s>转办区（市）</s>") == 3 and "填错了区" in page and "作废处置" in page
    actions = [row.action for row in sql(engine, "select action from audit where action = 'lead.disposition'")]
    assert len(actions) == 3
    for change in ("update dispositions set note = 'x'", "delete from dispositions"):
        with pytest.raises(Exception, match="append-only"):
            sql(engine, change)


def test_what_is_missing_or_too_early_is_named(kept, account, leads, engine):
    visitor, lead_id = kept
    cases = [
        ({**ON_WARD, "recipient": " "}, "收件单位"),
        ({**ON_WARD, "on": "2026-11-24"}, "不能晚于今天"),
        ({**ON_WARD, "on": "今天"}, "2026-11-23 这样"),
        ({**DOWN}, "还没有核查结论"),
        ({**DOWN, "kind": "并入案件", "reference": ""}, "案件编号"),
    ]
    for given, told in cases:
        answer = enter(visitor, lead_id, **given)
        assert answer.status_code == 400 and told in answer.text, given
    assert enter(visitor, lead_id, **{**DOWN, "kind": "罚款"}).status_code == 400
    assert enter(visitor, lead_id, **ON_WARD, corrects=999).status_code == 409
    assert "转核查后" in enter(visitor, leads[1], **ON_WARD).text
    conclude(visitor, engine, lead_id, "不属实", **{**TRUE, "reason": "重复"})
    assert "结论不是属实" in enter(visitor, lead_id, **DOWN).text
    assert enter(visitor, lead_id, **{**DOWN, "kind": "不予立案", "recipient": ""}).status_code == 303
    assert len(sql(engine, "select 1 from dispositions")) == 1


def test_the_form_offers_what_the_verdict_allows(kept, engine):
    visitor, lead_id = kept

    def offered() -> list[str]:
        return re.findall(r'<option value="([^"]+)"', visitor.get(f"/leads/{lead_id}/disposition").text)

    assert offered() == ["转办区（市）", "存查"]
    assert conclude(visitor, engine, lead_id, "属实", **TRUE).status_code == 303
    assert len(offered()) == 14 and "移送公安" in offered()


def test_a_verdict_that_was_acted_on_is_a_heads_to_change(kept, account, engine):
    visitor, lead_id = kept
    conclude(visitor, engine, lead_id, "属实", **TRUE)
    assert enter(visitor, lead_id, **DOWN).status_code == 303
    undo = visitor.post(f"/leads/{lead_id}/verdict/undo")
    assert undo.status_code == 409 and "已有处置" in undo.text
    changed = {**TRUE, "reason": "仿制品或材质不符", "change": "鉴定为树脂"}
    assert conclude(visitor, engine, lead_id, "不属实", **changed).status_code == 409
    assert sql(engine, "select verdict from leads where id = :id", id=lead_id)[0].verdict == "属实"
    assert conclude(account("ke", role="head"), engine, lead_id, "不属实", **changed).status_code == 303
    assert sql(engine, "select verdict from leads where id = :id", id=lead_id)[0].verdict == "不属实"


def test_a_form_that_is_open_while_something_is_entered_is_stale(kept, engine):
    visitor, lead_id = kept
    old = version(engine, lead_id)
    enter(visitor, lead_id, **ON_WARD)
    assert conclude(visitor, engine, lead_id, "属实", version=old, **TRUE).status_code == 409


def test_a_price_is_drawn_where_it_changed_and_told_in_a_table(account, leads, engine):
    visitor = account()
    assert "price-curve" not in visitor.get(f"/leads/{leads[0]}").text
    [hit] = sql(engine, "select listing_id from lead_hits where lead_id = :id order by 1 limit 1", id=leads[0])
    rows = [
        {
            "listing_id": hit.listing_id,
            "fingerprint": str(number),
            "title": f"老料手串 {number}",
            "price": amount,
            "seen_at": seed.NIGHT + timedelta(hours=number),
        }
        for number, amount in enumerate((6243, 6243, None, 5000, 5800))
    ]
    with transaction(engine) as conn:
        for row in rows:
            conn.execute(insert(tables.listing_versions).values(row))
    for path in (f"/leads/{leads[0]}", f"/listings/{hit.listing_id}"):
        html = visitor.get(path).text
        [svg] = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
        assert svg.count("<circle") == 3 and "style=" not in svg and "<script" not in svg
        assert "价格变化 2 次，最低 ¥5,000.00，最高 ¥6,243.00" in svg
        table = html.partition("价格变化表")[2].partition("</table>")[0]
        assert re.findall(r"¥[\d,.]+", table) == ["¥5,800.00", "¥5,000.00", "¥6,243.00"]


def test_a_curve_stays_in_its_frame():
    def at(hours: float, amount: str) -> Price:
        return Price(seen_at=seed.NIGHT + timedelta(hours=hours), amount=Decimal(amount))

    assert curve([], seed.NIGHT) is None and curve([at(0, "1")], seed.NIGHT) is None
    for prices in ([at(0, "1"), at(0, "2")], [at(0, "0.01"), at(5, "99999999999"), at(5.1, "3")]):
        drawn = curve(prices, seed.NIGHT)
        corners = [tuple(map(float, corner.split(","))) for corner in drawn.line.split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in corners)
        assert corners == sorted(corners, key=lambda corner: corner[0])
        assert len(drawn.dots) == len(prices)


def test_the_database_itself_refuses_a_correction_of_another_lead(kept, leads, engine):
    visitor, lead_id = kept
    enter(visitor, lead_id, **ON_WARD)
    [row] = sql(engine, "select id, user_id from dispositions")
    with pytest.raises(Exception, match="own lead"), transaction(engine) as conn:
        conn.execute(
            text(
                "insert into dispositions (lead_id, user_id, kind, done_on, note, corrects, at)"
                " values (:lead, :user, '存查', '2026-11-23', 'x', :id, now())"
            ),
            {"lead": leads[1], "user": row.user_id, "id": row.id},
        )
