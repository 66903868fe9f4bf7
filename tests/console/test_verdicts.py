"""证照核验 and 核查结论: what must be there, who may change it, and that nothing is ever written over."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from db import audit, tables, waking
from db.engine import transaction
from records import LicenceKind

pytestmark = pytest.mark.db

LAW = "《试验法》（2026年）第一条"
DOUBT = {"reason": "图文不足需鉴定", "wake": "鉴定结果", "wake_on": "2026-12-01"}
TRUE = {
    "known": "yes",
    "subject_name": "滕州市某文玩店",
    "identity_basis": "平台回函〔2026〕1号",
    "violation": ["发布出售、购买、利用野生动物及其制品广告"],
    "citation": [LAW],
}


def sql(engine, statement: str, **values):
    with transaction(engine) as conn:
        return conn.execute(text(statement), values).all()


def version(engine, lead_id: int) -> str:
    return str(sql(engine, "select version from leads where id = :id", id=lead_id)[0].version)


def papers(**rows: tuple[str, str, str, str]) -> dict[str, list[str]]:
    """The table of the form: state, number, finding and note of the kinds named, 未声称 of the others."""
    lines = [rows.get(kind.name, ("未声称", "", "", "")) for kind in LicenceKind]
    return dict(zip(("state", "number", "finding", "note"), map(list, zip(*lines, strict=True)), strict=True))


def conclude(visitor, engine, lead_id: int, to: str, **given):
    stale = given.pop("version", None)
    sent = {"to": to, "version": stale or version(engine, lead_id), **papers(), **given}
    return visitor.post(f"/leads/{lead_id}/verdict", sent)


@pytest.fixture
def kept(account, leads, engine):
    """An inspector and a lead that he screened in."""
    visitor = account()
    sent = {"action": "转核查", "version": version(engine, leads[0])}
    assert visitor.key(f"/review/{leads[0]}/screen", sent).status_code == 200
    return visitor, leads[0]


def test_a_verdict_has_its_grounds_a_name_a_time_and_a_row_of_the_audit(kept, engine):
    visitor, lead_id = kept
    form = visitor.get(f"/leads/{lead_id}/verdict?to=属实").text
    assert LAW in form and "份证据文件校验通过" in form
    before = int(version(engine, lead_id))
    assert conclude(visitor, engine, lead_id, "属实", **TRUE).status_code == 303
    [row] = sql(engine, "select * from verdicts")
    assert (row.verdict, row.citations, row.lead_id) == ("属实", [LAW], lead_id) and len(row.evidence) >= 3
    assert row.identity["name"] == "滕州市某文玩店" and row.identity["known"] is True
    [lead] = sql(engine, "select verdict, version, state from leads where id = :id", id=lead_id)
    assert (lead.verdict, lead.state) == ("属实", "核查中") and lead.version == before + 2  # papers, then the verdict
    rows = sql(engine, "select action, detail from audit where action like 'lead.%' order by seq")
    assert [one.action for one in rows] == ["lead.keep", "lead.licence", "lead.verdict"]
    assert rows[-1].detail["verdict"] == "属实"
    page = visitor.get(f"/leads/{lead_id}").text
    for words in ("滕州市某文玩店", LAW, "<b>核查结论</b>　属实", "王某", "发布出售"):
        assert words in page
    with transaction(engine) as conn:
        assert audit.verify(conn).sound


MISSING = [
    ("属实", {"violation": []}, "违法情形"),
    ("属实", {"citation": []}, "法律依据"),
    ("属实", {"identity_basis": ""}, "主体身份"),
    ("属实", {"subject_name": " \u200b"}, "姓名或名称"),
    ("属实", {"subject_code": "91370400MA3XXXXX0X"}, "校验位"),
    ("属实", {"violation": ["其他"]}, "说明"),
    ("属实", papers(LABEL=("给出编号", "", "", "")), "请填写编号"),
    ("属实", papers(LABEL=("已核验", "A123456", "相符", "")), "核验方式"),
    ("属实", papers(LABEL=("声称", "A123456", "", "")), "给出编号"),
    ("属实", papers(LABEL=("声称", "", "相符", "")), "已核验"),
    ("不属实", {}, "理由"),
    ("不属实", {"reason": "图文不足需鉴定"}, "理由"),
    ("不属实", {"reason": "其他"}, "说明"),
    ("存疑", {"reason": "图文不足需鉴定", "wake": "鉴定结果"}, "哪一天"),
    ("存疑", {"reason": "图文不足需鉴定", "wake_on": "2026-12-01"}, "等什么"),
    ("存疑", {"reason": "图文不足需鉴定", "wake": "鉴定结果", "wake_on": "2026-11-23"}, "今天以后"),
    ("存疑", {"reason": "图文不足需鉴定", "wake": "鉴定结果", "wake_on": "明天"}, "2026-11-23 这样"),
]


def test_what_is_missing_is_named_and_nothing_is_written(kept, engine):
    visitor, lead_id = kept
    for to, more, told in MISSING:
        answer = conclude(visitor, engine, lead_id, to, **{**TRUE, "words": "", **more})
        assert answer.status_code == 400 and told in answer.text, (to, more)
        if "identity_basis" not in more:
            assert "平台回函〔2026〕1号" in answer.text  # what was typed is still there
    assert sql(engine, "select 1 from verdicts") == sql(engine, "select 1 from licence_checks") == []
    forged = (
        {"violation": ["吃饭"]},
        {"citation": ["《假法》"]},
        {"wake": "下雨"},
        {"state": ["声称"]},
        {"to": "也许"},
    )
    for more in forged:
        assert conclude(visitor, engine, lead_id, **{"to": "属实", **TRUE, **more}).status_code == 400, more


def test_only_a_lead_that_was_screened_in_gets_one(account, leads, engine):
    visitor = account()
    assert conclude(visitor, engine, leads[0], "属实", **TRUE).status_code == 409
    assert "还没有转核查" in visitor.get(f"/leads/{leads[0]}").text
    with pytest.raises(Exception, match="screened in"), transaction(engine) as conn:
        conn.execute(
            text(
                "insert into verdicts (lead_id, user_id, verdict, reason, identity, at)"
                " values (:id, 1, '不属实', 'x', :who, now())"
            ),
            {"id": leads[0], "who": json.dumps({"basis": "x"})},
        )
    assert sql(engine, "select 1 from verdicts") == []


def test_evidence_that_changed_or_is_not_there_carries_no_verdict(kept, engine, desk):
    visitor, lead_id = kept
    [file] = sql(
        engine,
        "select f.sha256 from capture_files f join captures c on c.id = f.capture_id"
        " join lead_hits h using (listing_id) where h.lead_id = :id limit 1",
        id=lead_id,
    )
    path = desk.store.path(file.sha256)
    path.chmod(0o600)
    path.write_bytes(b"another")
    answer = conclude(visitor, engine, lead_id, "属实", **TRUE)
    assert answer.status_code == 400 and "校验通过" in answer.text and "不一致" in answer.text
    assert conclude(visitor, engine, lead_id, "不属实", **{**TRUE, "reason": "重复"}).status_code == 303


def test_a_stale_page_is_told_and_loses_nothing(kept, engine, account):
    visitor, lead_id = kept
    old = version(engine, lead_id)
    li = account("li")
    assert conclude(li, engine, lead_id, "存疑", **TRUE, **DOUBT).status_code == 303
    answer = conclude(visitor, engine, lead_id, "属实", version=old, **TRUE, words="我打了很多字")
    assert answer.status_code == 409 and "我打了很多字" in answer.text and "现在的结论：存疑" in answer.text
    assert [row.verdict for row in sql(engine, "select verdict from verdicts")] == ["存疑"]
    # after reading it goes, as a change with its reason
    assert "结论变更须写明理由" in conclude(visitor, engine, lead_id, "属实", **TRUE).text
    assert conclude(visitor, engine, lead_id, "属实", **TRUE, change="鉴定意见已到").status_code == 303
    page = visitor.get(f"/leads/{lead_id}").text
    assert "以前的结论 1 个" in page and "鉴定意见已到" in page


def test_ones_own_verdict_is_taken_back_and_the_one_before_stands_again(kept, engine, account):
    visitor, lead_id = kept
    wang_false = {**TRUE, "reason": "重复"}
    assert conclude(visitor, engine, lead_id, "不属实", **wang_false).status_code == 303
    li = account("li")
    assert conclude(li, engine, lead_id, "属实", **TRUE, change="不是重复").status_code == 303
    assert visitor.post(f"/leads/{lead_id}/verdict/undo").status_code == 409  # not his own
    assert li.post(f"/leads/{lead_id}/verdict/undo").status_code == 303
    assert sql(engine, "select verdict from leads where id = :id", id=lead_id)[0].verdict == "不属实"
    assert li.post(f"/leads/{lead_id}/verdict/undo").status_code == 409
    assert visitor.post(f"/leads/{lead_id}/verdict/undo").status_code == 303
    assert sql(engine, "select verdict from leads where id = :id", id=lead_id)[0].verdict == ""
    assert len(sql(engine, "select 1 from verdicts")) == 4  # nothing went away
    for change in (
        "update verdicts set note = 'x'",
        "delete from verdicts",
        "truncate verdicts cascade",
        "delete from licence_checks",
    ):
        with pytest.raises(Exception, match="append-only"):
            sql(engine, change)


def test_the_queue_leaves_a_lead_with_a_verdict_alone(kept, engine):
    visitor, lead_id = kept
    conclude(visitor, engine, lead_id, "不属实", **{**TRUE, "reason": "重复"})
    sent = {"action": "排除", "reason": "重复", "version": version(engine, lead_id)}
    answer = visitor.key(f"/review/{lead_id}/screen", sent)
    assert answer.status_code == 409 and "已有核查结论" in answer.text
    assert visitor.key("/review/undo").status_code == 409
    assert sql(engine, "select state from leads where id = :id", id=lead_id)[0].state == "核查中"


def test_a_lead_whose_district_is_open_gets_one_with_true(account, leads, engine):
    visitor, lead_id = account(), leads[2]
    visitor.key(f"/review/{lead_id}/screen", {"action": "转核查", "version": version(engine, lead_id)})
    given = {**TRUE, "citation": ["《试验条例》（穿山甲）"]}
    assert "属实须先确定辖区" in conclude(visitor, engine, lead_id, "属实", **given).text
    assert "名单" in conclude(visitor, engine, lead_id, "属实", **given, district="火星").text
    assert conclude(visitor, engine, lead_id, "属实", **given, district="滕州市").status_code == 303
    [lead] = sql(engine, "select district, district_source from leads where id = :id", id=lead_id)
    assert (lead.district, lead.district_source) == ("滕州市", "人工")


def test_papers_are_read_from_the_text_kept_with_history_and_a_number_at_another_seller_is_flagged(
    account, leads, engine
):
    visitor = account()
    with transaction(engine) as conn:
        for lead_id, words in (
            (leads[0], "带专用标识 编号：LY2018-0034567"),
            (leads[1], "专用标识号ＬＹ２０１８００３４５６７ 国药准字Z20083012"),
        ):
            hit = select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == lead_id).limit(1)
            conn.execute(
                update(tables.listings).where(tables.listings.c.id == hit.scalar_subquery()).values(description=words)
            )
    for here, there in ((0, 1), (1, 0)):
        page = visitor.get(f"/leads/{leads[here]}").text
        assert "同一编号，另一卖家" in page and f'href="/leads/{leads[there]}"' in page
        names = sql(engine, "select s.name from leads l join sellers s on s.id = l.seller_id where s.name <> ''")
        assert len(names) > 1 and not [name for (name,) in names if name in page]
        assert "同一编号，另一卖家" in visitor.get(f"/review?lead={leads[here]}").text
    assert "同一编号" not in visitor.get(f"/leads/{leads[3]}").text
    form = visitor.get(f"/leads/{leads[0]}/licences").text
    assert 'value="LY2018-0034567"' in form
    for rows in (
        papers(LABEL=("给出编号", "LY2018-0034567", "", "")),
        papers(LABEL=("已核验", "LY2018-0034567", "不符或查无", "向发证机关电话核实")),
    ):
        sent = {"version": version(engine, leads[0]), **rows}
        assert visitor.post(f"/leads/{leads[0]}/licences", sent).status_code == 303
    page = visitor.get(f"/leads/{leads[0]}").text
    assert "不符或查无" in page and "全部记录 8 条" in page  # seven lines, then the one that changed
    # written down by a person alone, at a seller whose text does not have it
    sent = {"version": version(engine, leads[3]), **papers(LABEL=("给出编号", "ly 2018 0034567", "", ""))}
    assert visitor.post(f"/leads/{leads[3]}/licences", sent).status_code == 303
    assert "同一编号" in visitor.get(f"/leads/{leads[3]}").text
    assert f'href="/leads/{leads[3]}"' in visitor.get(f"/leads/{leads[0]}").text
    stale = visitor.post(f"/leads/{leads[3]}/licences", {**sent, "version": "1"})
    assert stale.status_code == 409 and "ly 2018 0034567" in stale.text


def test_a_number_in_another_district_is_told_to_nobody_there(account, leads, engine):
    with transaction(engine) as conn:
        conn.execute(update(tables.listings).values(description="专用标识号 LY20180034567"))
    inspector = account("teng", district="370481")
    page = inspector.get(f"/leads/{leads[0]}").text
    assert "LY20180034567" in page and "同一编号" not in page and "湖畔旧物" not in page


def test_a_doubt_that_came_back_stands_above_the_queue_until_another_verdict(kept, engine, clock):
    visitor, lead_id = kept
    assert conclude(visitor, engine, lead_id, "存疑", identity_basis="未能核实", **DOUBT).status_code == 303
    link = f'<a href="/leads/{lead_id}"><span class="number">'
    assert link not in visitor.get("/review?district=*").text
    with transaction(engine) as conn:
        assert waking.wake(conn, [lead_id], waking.Why.CHANGED, clock()) == [lead_id]
    for path in ("/review?district=*", "/review?district=滕州市", "/review/rows?district=*"):
        shown = visitor.get(path).text
        assert link in shown and "存疑再看 1 条" in shown and "价格或文字有变化" in shown, path
    for path in (
        "/review?district=薛城区",
        "/review?district=*&state=待研判",
        "/review?district=*&platform=demo_goods",
    ):
        assert link not in visitor.get(path).text, path
    assert "存疑线索需要再看：价格或文字有变化" in visitor.get(f"/leads/{lead_id}").text
    again = {"identity_basis": "未能核实", "change": "再看仍存疑", **DOUBT}
    assert conclude(visitor, engine, lead_id, "存疑", **again).status_code == 303
    assert link not in visitor.get("/review?district=*").text
    assert "存疑线索需要再看" not in visitor.get(f"/leads/{lead_id}").text
    assert sql(engine, "select woken_at, verdict from leads where id = :id", id=lead_id) == [(None, "存疑")]


def test_a_verdict_that_is_taken_back_leaves_a_doubt_as_awake_as_it_was(kept, engine, clock):
    """One that nobody doubts any more does not stand there, and a doubt that stands again does."""
    visitor, lead_id = kept
    woken = "select woken_at is not null as awake, verdict from leads where id = :id"
    assert conclude(visitor, engine, lead_id, "存疑", identity_basis="未能核实", **DOUBT).status_code == 303
    with transaction(engine) as conn:
        waking.wake(conn, [lead_id], waking.Why.CHANGED, clock() + timedelta(hours=1))
    assert conclude(visitor, engine, lead_id, "属实", **TRUE, change="已鉴定").status_code == 303
    assert sql(engine, woken, id=lead_id) == [(False, "属实")]
    assert visitor.post(f"/leads/{lead_id}/verdict/undo").status_code == 303
    assert sql(engine, woken, id=lead_id) == [(True, "存疑")]
    assert visitor.post(f"/leads/{lead_id}/verdict/undo").status_code == 303
    assert sql(engine, woken, id=lead_id) == [(False, "")]
