"""One digest a day, with the figures that SQL has, and nothing in it that belongs to a person."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

import alerts
from alerts.digest import Digest, LeadLine, PlatformNight
from alerts.message import cut, inert, size
from alerts.rendering import WECOM_LIMIT, wecom_markdown
from db import audit, custody
from db.custody import Handling
from db.engine import transaction
from ops.commands.audit import read_heads
from records import Labels
from tests.papers import MORNING, NIGHT, Item, add_leads, add_scan, furnish, scalar

LABELS = Labels(platforms={"demo_ads": "示例分类信息"}, categories={"ivory": "象牙", "tool_net": "捕鸟网"})
URL = "https://xunwang.unit.test"

PLAIN = Digest(
    for_date=date(2026, 11, 23),
    made_at=MORNING,
    since=MORNING - timedelta(days=1),
    status="部分",
    by_hand=0,
    started_at=NIGHT,
    finished_at=NIGHT + timedelta(minutes=157),
    platforms=(PlatformNight(name="甲", status="正常"), PlatformNight(name="乙", status="被拦截")),
    cards=15056,
    hits=216,
    leads_new=41,
    leads_more=3,
    high=6,
    high_by_category=(("象牙", 3), ("捕鸟网", 3)),
    by_district=(("滕州市", 14), ("待定", 5)),
    unscreened=57,
    leads=tuple(
        LeadLine(id=n, number="", platform="甲", category="象牙", district="滕州市", high=n < 7) for n in range(1, 42)
    ),
    console_url=URL,
    audit_seq=12,
    audit_hash="ab" * 32,
)


def night(engine: Engine) -> None:
    campaign = furnish(engine)
    add_scan(engine, {"demo_ads": ["searched", "searched"], "demo_goods": ["blocked"], "demo_shop": ["drifted"]})
    add_leads(
        engine,
        campaign,
        [
            Item(level="high", score=90, hits=3),
            Item(category="tool_net", district="待定", hits=2, platform="demo_shop"),
            Item(category="tool_net", district="薛城区", level="high", score=80),
            Item(at=NIGHT - timedelta(days=9), told=False),
        ],
    )
    with engine.begin() as conn:
        old = conn.execute(text("select max(id) from leads")).scalar_one()
        conn.execute(
            text("insert into outbox (topic, key, payload, at) values ('lead.more', :key, '{}', :at)"),
            {"key": f"lead.more:{old}:77", "at": NIGHT},
        )


@pytest.mark.db
def test_figures_are_those_of_raw_sql(engine: Engine) -> None:
    night(engine)
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL + "/", labels=LABELS)
    assert digest is not None
    since = {"since": MORNING - timedelta(days=1)}
    assert digest.cards == scalar(engine, "select sum(cards) from queries") == 40
    assert digest.hits == scalar(engine, "select count(*) from lead_hits where added_at > :since", **since) == 6
    assert digest.leads_new == scalar(engine, "select count(*) from leads where first_seen > :since", **since) == 3
    assert digest.leads_more == 1
    assert digest.high == scalar(engine, "select count(*) from leads where level = 'high'") == 2
    assert digest.unscreened == scalar(engine, "select count(*) from leads where state = '疑似'") == 4
    assert dict(digest.by_district) == {"滕州市": 1, "待定": 1, "薛城区": 1}
    assert dict(digest.high_by_category) == {"象牙": 1, "捕鸟网": 1}
    assert digest.status == "部分"
    assert [(each.name, each.status) for each in digest.troubled] == [("demo_goods", "被拦截"), ("demo_shop", "漂移")]
    assert [lead.high for lead in digest.leads] == [True, True, False]
    assert scalar(engine, "select count(*) from outbox where digest_id is null") == 0


@pytest.mark.db
def test_what_was_not_seen_is_told_in_every_form_without_a_word_of_a_page(engine: Engine) -> None:
    night(engine)
    price = '[["price", "有价格的商品从平时的 95% 降到 0%"]]'
    with engine.begin() as conn:
        conn.execute(text("update queries set note = '页面提示“张三的电话”' where outcome <> 'searched'"))
        conn.execute(
            text(
                "insert into runs (scan_id, platform, status, findings, judged_at)"
                " select id, 'demo_ads', '部分', cast(:price as jsonb), :at from scans"
            ),
            {"price": price, "at": NIGHT},
        )
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL, labels=LABELS)
    assert digest is not None and alerts.stored(engine, date(2026, 11, 23)) == digest
    told = alerts.render(digest)
    for form in (told.markdown, told.text, told.html, json.dumps(told.data, ensure_ascii=False)):
        assert "计划 4 个检索任务，看到 2 个，没有看到 2 个" in form
        assert "示例分类信息：有价格的商品从平时的 95% 降到 0%" in form
        assert "1 个检索任务被拦截" in form and "1 个检索任务页面改版" in form
        assert "张三" not in form
    assert ("示例分类信息", "部分") in [(each.name, each.status) for each in digest.troubled]


@pytest.mark.db
def test_a_platform_that_stays_shut_says_for_how_long(engine: Engine) -> None:
    furnish(engine)
    for back in (3, 2, 1, 0):
        scan = add_scan(engine, {"demo_ads": ["blocked"]}, at=NIGHT - timedelta(days=back))
        status = {"scan": scan, "status": "正常" if back == 3 else "被拦截", "at": NIGHT}
        with engine.begin() as conn:
            conn.execute(
                text(
                    "insert into runs (scan_id, platform, status, judged_at) values (:scan, 'demo_ads', :status, :at)"
                ),
                status,
            )
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL, labels=LABELS)
    assert digest is not None
    assert "示例分类信息：被拦截（连续第 3 晚）" in alerts.render(digest).markdown


def test_a_digest_of_the_first_weeks_is_still_read() -> None:
    data = PLAIN.to_data()
    del data["coverage"]
    data["platforms"] = [row[:2] for row in data["platforms"]]
    assert Digest.from_data(0, data) == PLAIN


@pytest.mark.db
def test_a_day_has_one_digest_and_the_next_day_tells_only_what_is_new(engine: Engine) -> None:
    night(engine)
    first = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert first is not None
    assert alerts.make_digest(engine, now=MORNING + timedelta(hours=15), console_url=URL) is None
    assert alerts.stored(engine, date(2026, 11, 23)) == first
    second = alerts.make_digest(engine, now=MORNING + timedelta(days=1), console_url=URL)
    assert second is not None
    assert (second.leads_new, second.leads_more, second.hits, second.cards, second.status) == (0, 0, 0, 0, "未运行")
    assert second.since == MORNING


@pytest.mark.db
def test_a_preview_is_the_same_and_changes_nothing(engine: Engine) -> None:
    night(engine)
    preview = alerts.preview(engine, now=MORNING, console_url=URL, labels=LABELS)
    assert scalar(engine, "select count(*) from digests") == 0
    assert scalar(engine, "select count(*) from outbox where digest_id is null") == 4
    made = alerts.make_digest(engine, now=MORNING, console_url=URL, labels=LABELS)
    assert made is not None
    assert replace(made, id=0) == preview
    shown = alerts.dry_run(made)
    assert shown.size == len(shown.text.encode()) <= WECOM_LIMIT


@pytest.mark.db
def test_a_failure_on_the_way_leaves_the_news_untold(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    night(engine)

    def burst(*_: object) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr("alerts.digest.digests.write", burst)
    with pytest.raises(RuntimeError):
        alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert scalar(engine, "select count(*) from digests") == 0
    assert scalar(engine, "select count(*) from outbox where digest_id is null") == 4


@pytest.mark.db
def test_a_quiet_night_is_one_line(engine: Engine) -> None:
    furnish(engine)
    add_scan(engine, {"demo_ads": ["searched"]})
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert digest is not None
    said = alerts.render(digest).markdown
    assert said == (f"11月23日 监测正常，检视商品信息 10 条次，无新增线索；待初筛 0 条。[打开核查队列]({URL}/review)")


@pytest.mark.db
def test_the_heads_of_both_chains_leave_the_house_on_quiet_days_too(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    add_scan(engine, {"demo_ads": ["searched"]})
    with transaction(engine) as conn:
        watched = audit.record(conn, actor="a", action="b", subject="c", detail={}, at=NIGHT)
        handled = custody.record(conn, actor="a", handling=Handling.VIEW, lead_id=1, detail={}, at=NIGHT)
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert digest is not None and digest.quiet
    said = alerts.render(digest)
    for place, told in enumerate((said.markdown, said.text, said.html)):
        (tmp_path / str(place)).write_text(told, "utf-8")
        assert read_heads(tmp_path / str(place)) == {"审计链": [watched], "保管链": [handled]}
    assert alerts.stored(engine, digest.for_date) == digest


@pytest.mark.db
def test_a_night_without_a_scan_is_never_quiet(engine: Engine) -> None:
    furnish(engine)
    add_scan(engine, {"demo_ads": ["searched"]}, kind="foreground")
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert digest is not None
    said = alerts.render(digest)
    assert digest.status == "未运行" in said.subject
    assert '夜间监测 <font color="warning">未运行</font>' in said.markdown
    assert "夜间监测未运行，请通知运维人员检查" in said.text
    assert "另有手动监测 1 次" in said.markdown
    assert (digest.platforms, digest.cards) == ((), 10)


@pytest.mark.db
@pytest.mark.parametrize("kind", ["foreground", "demo"])
def test_a_scan_by_hand_that_runs_still_does_not_speak_for_the_night(engine: Engine, kind: str) -> None:
    furnish(engine)
    add_scan(engine, {"demo_ads": ["searched"], "demo_shop": [None]}, kind=kind)
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert digest is not None
    said = alerts.render(digest)
    for form in (said.markdown, said.text, said.html, said.subject):
        assert "运行中" not in form.replace("未运行", "")
    assert "另有手动监测 1 次（1 次尚未结束）" in said.markdown
    assert '夜间监测 <font color="warning">未运行</font>' in said.markdown
    assert alerts.stored(engine, date(2026, 11, 23)) == digest


@pytest.mark.db
def test_a_night_that_still_runs_says_so(engine: Engine) -> None:
    furnish(engine)
    add_scan(engine, {"demo_ads": ["searched", None]})
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert digest is not None
    assert "运行中" in alerts.render(digest).markdown
    assert "02:00–未结束" in alerts.render(digest).markdown


PERSONAL = re.compile(r"1[3-9]\d{9}|示例|王先生|象牙手串|微信|https?://(?!xunwang\.unit\.test)|<@|@all|\.jpg")


@pytest.mark.db
def test_no_message_holds_what_belongs_to_a_person_or_came_from_a_page(engine: Engine) -> None:
    campaign = furnish(engine)
    add_scan(engine, {"demo_ads": ["searched"]})
    title = "象牙手串 微信13800138000 [点此](http://evil.test) <@all>\n- 高风险 0 条"
    add_leads(engine, campaign, [Item(title=title, seller="王先生13900139000", level="high")] * 5)
    digest = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert digest is not None
    message = alerts.render(digest)
    bodies = [
        message.subject,
        message.markdown,
        message.text,
        message.html,
        json.dumps(message.data, ensure_ascii=False),
    ]
    stored = scalar(engine, "select content::text from digests")
    for body in (*bodies, str(stored)):
        assert PERSONAL.search(body) is None, PERSONAL.search(body)
    assert "高风险 5 条" in message.markdown


def test_the_audit_head_leaves_the_house_with_the_message() -> None:
    message = alerts.render(PLAIN)
    for body in (message.markdown, message.text, message.html):
        assert f"12:{'ab' * 32}" in body
    assert message.data["audit"] == {"seq": 12, "hash": "ab" * 32}


def test_the_subject_says_it_all() -> None:
    assert alerts.render(PLAIN).subject == "[监测日报] 11-23 新线索41 高风险6 待初筛57｜部分"


def test_forms_agree() -> None:
    message = alerts.render(PLAIN)
    for body in (message.markdown, message.text, message.html):
        for fact in (
            "15,056",
            "216",
            "41",
            "高风险 6 条（象牙 3、捕鸟网 3）",
            "乙：被拦截",
            "02:00–04:37",
            f"{URL}/review",
        ):
            assert fact in body
    assert message.data["counts"] == {
        "cards": 15056,
        "hits": 216,
        "leads_new": 41,
        "leads_more": 3,
        "high": 6,
        "unscreened": 57,
    }


def test_a_digest_survives_its_storage() -> None:
    assert Digest.from_data(0, json.loads(json.dumps(PLAIN.to_data()))) == PLAIN


@pytest.mark.parametrize("name", ["象", "𠮷", "🐘", "é", "x"])
@pytest.mark.parametrize("count", [0, 1, 7, 50])
def test_any_number_of_leads_fits_and_the_others_are_counted(name: str, count: int) -> None:
    leads = tuple(
        LeadLine(
            id=n, number="XS-2026-1123-0001", platform=name * 40, category=name * 40, district=name * 40, high=True
        )
        for n in range(count)
    )
    digest = replace(PLAIN, leads=leads, leads_new=count and 4000 + count)
    said = wecom_markdown(digest)
    assert size(said) <= WECOM_LIMIT
    assert said.endswith("</font>")
    named = said.count("/leads/")
    others = re.search(r"另有 ([\d,]+) 条", said)
    assert named + (int(others[1].replace(",", "")) if others else 0) == digest.leads_new


@pytest.mark.parametrize("limit", range(12))
def test_a_cut_never_tears_a_character(limit: int) -> None:
    assert size(cut("𠮷象é", limit)) <= limit
    assert "𠮷象é".startswith(cut("𠮷象é", limit))


def test_many_troubled_platforms_still_fit() -> None:
    platforms = tuple(PlatformNight(name="平" * 40, status="被拦截") for _ in range(300))
    districts = tuple((f"{'区' * 39}{n}", 9) for n in range(300))
    said = wecom_markdown(replace(PLAIN, platforms=platforms, by_district=districts))
    assert size(said) <= WECOM_LIMIT
    assert said.endswith("</font>")


@pytest.mark.parametrize(
    "payload",
    [
        "[点此](http://evil.test)",
        "<@all>",
        "@13800138000",
        '<font color="info">',
        "a\n- 高风险 0 条",
        "`x`",
        "**粗**",
        "\u202e反",
    ],
)
def test_names_cannot_steer_a_message(payload: str) -> None:
    clean = inert(payload)
    assert not set(clean) & set("<>[]()*_`@#\n\u202e")
    said = wecom_markdown(
        replace(PLAIN, platforms=(PlatformNight(name=payload, status="失败"),), by_district=((payload, 1),))
    )
    assert payload not in said
    html = alerts.render(replace(PLAIN, by_district=((payload, 1),))).html
    assert payload not in html
