"""Lead page, evidence, intake, today and scans."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text, update

from console.app import BrowserFilesMissing, check_browser_files
from console.highlight import marked
from console.rendering import HERE, STATIC
from console.wording import ago, cleaned, nested, price, shown, visible, web_address
from db import canaries, runs, tables, visits
from db.engine import transaction
from records import Control, Figures, Finding, Match, Measures, Outcome, ScanStatus
from tests.console import seed

pytestmark = pytest.mark.db


def files_of(engine, lead_id: int) -> dict[str, int]:
    """Role → id of one of the lead's files."""
    with transaction(engine) as conn:
        found = conn.execute(
            select(tables.capture_files.c.role, tables.capture_files.c.id)
            .join(tables.captures, tables.captures.c.id == tables.capture_files.c.capture_id)
            .join(tables.lead_hits, tables.lead_hits.c.listing_id == tables.captures.c.listing_id)
            .where(tables.lead_hits.c.lead_id == lead_id)
        )
        return {row.role: row.id for row in found}


def test_lead_page_shows_all_hits_evidence_and_who_did_what(account, leads):
    visitor = account()
    visitor.key(f"/review/{leads[0]}/screen", {"action": "转核查", "version": 1})
    html = visitor.get(f"/leads/{leads[0]}").text
    assert html.count('class="card-box hit-box"') == 6
    assert html.count("✓ 通过") == 18 and "XS-2026-1123-0001" in html
    assert "王某" in html and "2026/11/23 08:31" in html and "2026-11-23 02:14:07 UTC+8" in html


def test_goods_that_went_and_came_again_are_marked_wherever_they_stand(account, leads, engine):
    visitor, at = account(), datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert "再次上架" not in visitor.get("/review?district=*").text
    with transaction(engine) as conn:
        mine = select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == leads[0])
        first, second, *_ = conn.execute(mine.order_by(tables.lead_hits.c.listing_id)).scalars()
        conn.execute(update(tables.listings).where(tables.listings.c.id == second).values(state="已下架"))
        visits.relist(conn, [(first, at)], at)
    queue = visitor.get("/review?district=*").text
    assert queue.count("↩ 再次上架") == 2  # its row, which stands first, and its head
    assert queue.index(f'data-lead="{leads[0]}"') < queue.index(f'data-lead="{leads[1]}"')
    html = visitor.get(f"/leads/{leads[0]}").text
    assert html.count("offer-gone") == 1 and html.count("offer-again") == 2  # the head and one hit
    assert "系统　<b>再次上架</b>" in html


def test_pictures_are_shown_sealed_and_pages_are_only_downloads(account, leads, engine):
    visitor, files = account(), files_of(engine, leads[0])
    shot = visitor.get(f"/leads/{leads[0]}/evidence/{files['screenshot']}")
    assert shot.headers["content-type"] == "image/png" and shot.content.startswith(b"\x89PNG")
    page = visitor.get(f"/leads/{leads[0]}/evidence/{files['page']}")
    assert page.headers["content-type"].startswith("text/plain")
    assert page.headers["content-disposition"].startswith("attachment")
    assert b"<script>" in page.content
    for answer in (shot, page):
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert visitor.get(f"/leads/{leads[1]}/evidence/{files['screenshot']}").status_code == 404
    with engine.connect() as conn:  # each a row of the custody chain, and nothing for what was not there
        handled = conn.execute(text("select action, subject, detail->>'role' from custody order by seq")).all()
    assert [tuple(row) for row in handled] == [
        ("查看", f"lead:{leads[0]}", "screenshot"),
        ("下载", f"lead:{leads[0]}", "page"),
    ]


def test_a_file_is_reached_through_its_own_lead_alone(account, leads, engine):
    visitor, files = account(), files_of(engine, leads[0])
    assert visitor.get(f"/leads/{leads[1]}/evidence/{files['screenshot']}").status_code == 404
    assert visitor.get(f"/leads/{leads[0]}/evidence/999999").status_code == 404
    assert visitor.get(f"/leads/{leads[0]}/evidence/..%2f1").status_code == 404


def test_html_that_calls_itself_a_picture_is_a_download(account, leads, engine, desk):
    visitor, files = account(), files_of(engine, leads[0])
    body = desk.store.put(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    with transaction(engine) as conn:
        values = {"sha256": body.sha256, "size": body.size, "media_type": "image/svg+xml", "stored_at": seed.NIGHT}
        conn.execute(insert(tables.evidence_files).values(values))
        conn.execute(
            update(tables.capture_files).where(tables.capture_files.c.id == files["picture"]).values(sha256=body.sha256)
        )
    answer = visitor.get(f"/leads/{leads[0]}/evidence/{files['picture']}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_changed_file_is_told_and_not_handed_out(account, leads, engine, desk):
    visitor, files = account(), files_of(engine, leads[2])
    with transaction(engine) as conn:
        sha256 = conn.execute(
            select(tables.capture_files.c.sha256).where(tables.capture_files.c.id == files["screenshot"])
        ).scalar_one()
    path = desk.store.path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"\x89PNG\r\n\x1a\n forged")
    html = visitor.get(f"/leads/{leads[2]}").text
    assert "✕ 不一致" in html and "不要对外提供" in html
    answer = visitor.get(f"/leads/{leads[2]}/evidence/{files['screenshot']}")
    assert answer.status_code == 400 and b"forged" not in answer.content


def test_intake_hands_over_what_was_given(account, intake, leads):
    visitor = account()
    intake.answer = [leads[0]]
    shot = ("截图.png", seed.picture(20, 20), "image/png")
    answer = visitor.post(
        "/intake",
        {"source": "投诉举报", "text": " 【闲鱼】https://m.example/x ", "note": "12315-77"},
        files={"screenshot": shot, "saved_page": ("页面.html", b"<p>1", "text/html")},
    )
    assert answer.status_code == 200 and f'href="/leads/{leads[0]}"' in answer.text
    taken = intake.taken[0]
    assert (taken.text, taken.note, taken.brought_by) == ("【闲鱼】https://m.example/x", "12315-77", "wang")
    assert taken.screenshot == shot[1] and taken.page == b"<p>1" and taken.source == "投诉举报"


def test_intake_refuses_nothing_and_pictures_that_are_none(account, intake):
    visitor = account()
    assert visitor.post("/intake", {"source": "投诉举报"}).status_code == 400
    assert visitor.post("/intake", {"source": "定向监测", "text": "x"}).status_code == 400
    bad = {"screenshot": ("x.png", b"<html>", "image/png")}
    answer = visitor.post("/intake", {"source": "投诉举报", "note": "留着我"}, files=bad)
    assert answer.status_code == 400 and "不是 PNG" in answer.text and "留着我" in answer.text
    assert intake.taken == []


def test_today_and_scans_add_up(account, leads):
    visitor = account()
    today = visitor.get("/").text
    assert "正常" in today and "<b>4</b><i>进入核查队列" in today
    scans = visitor.get("/scans").text
    assert "计划 10 = " in scans and "已检索 9" in scans and "平台无结果 1" in scans
    assert visitor.get("/scans?scan=777").status_code == 404


def test_a_scan_says_what_was_not_seen_and_which_numbers_fell(account, engine):
    with transaction(engine) as conn:
        scan_id = seed.scan(conn, outcomes={"demo_ads": ["searched"], "demo_goods": ["blocked", "blocked", "empty"]})
        run = runs.Run(
            scan_id=scan_id,
            platform="demo_ads",
            status=ScanStatus.PARTIAL,
            findings=(Finding(key="price", sentence="有价格的商品从平时的 95% 降到 0%"),),
            figures=Figures(cards=20, new=3, measures=Measures(price=0, seller=20)),
            control=None,
        )
        runs.control_ended(conn, scan_id, "demo_goods", Control(word="<b>手机", outcome=Outcome.SEARCHED, cards=17))
        runs.judged(conn, run, whole=True, at=seed.NIGHT)
        goods = replace(run, platform="demo_goods", findings=(), status=ScanStatus.BLOCKED)
        runs.judged(conn, goods, whole=True, at=seed.NIGHT)
    visitor = account()
    page = visitor.get("/scans").text
    assert "计划 4 个检索任务，看到 2 个，没有看到 2 个" in page
    assert "演示分类信息：有价格的商品从平时的 95% 降到 0%" in page
    assert "演示二手：2 个检索任务被拦截" in page
    assert "“&lt;b&gt;手机”有 17 条" in page
    assert "有价格的商品从平时的 95% 降到 0%" in visitor.get("/").text
    assert "金丝雀" not in visitor.get("/").text
    with transaction(engine) as conn:
        canaries.plan(conn, scan_id)
        assert canaries.ended(conn, scan_id, led=False, note="词库没有命中它", at=seed.NIGHT)
    assert "金丝雀没有形成线索" in visitor.get("/").text
    assert "不可信（词库没有命中它）" in visitor.get("/scans").text and "漂移" in visitor.get("/scans").text


def test_a_scan_by_hand_does_not_make_a_bad_night_fine(account, engine):
    with transaction(engine) as conn:
        seed.scan(conn, outcomes={"demo_ads": ["searched"], "demo_goods": ["blocked"]})
        seed.scan(conn, outcomes={"demo_ads": ["searched"]}, kind="foreground")
    visitor = account()
    assert "结果不完整" in visitor.get("/").text and "不能据此认为" in visitor.get("/").text


def test_an_empty_queue_never_hides_a_bad_night(account, engine):
    visitor = account()
    assert "还没有运行过监测" in visitor.get("/review").text
    with transaction(engine) as conn:
        seed.scan(conn, outcomes={"demo_ads": ["searched", "searched"], "demo_goods": ["blocked"]})
    assert "峄城区没有待初筛的线索" in visitor.get("/review?district=峄城区").text
    html = visitor.get("/review").text
    assert "结果不完整" in html and "演示二手：被拦截（1 个检索任务）" in html and "监测正常" not in html
    assert "不能据此认为" in visitor.get("/").text
    assert "没有符合这些条件" in visitor.get("/review?q=zzz").text


def test_a_planned_night_that_did_not_begin_is_told(account, engine):
    with transaction(engine) as conn:
        seed.scan(conn, outcomes={"demo_ads": ["searched"]}, kind="foreground")
        conn.execute(update(tables.schedules).where(tables.schedules.c.job == "scan").values(enabled=False))
        conn.execute(
            insert(tables.schedules).values(
                name="夜间-测试",
                job="scan",
                at_minute=120,
                weekdays=[1, 2, 3, 4, 5, 6, 7],
                since=seed.NIGHT.replace(day=1),
            )
        )
    html = account().get("/").text
    assert "计划 02:00 的监测今天没有启动" in html and "未运行" in html


def test_missing_browser_files_say_what_to_run(tmp_path):
    with pytest.raises(BrowserFilesMissing, match="make setup"):
        check_browser_files(tmp_path)
    (tmp_path / "manifest.json").write_text('{"htmx.min.js": "0"}')
    with pytest.raises(BrowserFilesMissing, match=r"htmx\.min\.js"):
        check_browser_files(tmp_path)


def test_invisible_characters_are_marked_and_explained(account, leads, engine):
    with transaction(engine) as conn:
        for table in (tables.leads, tables.listings):
            conn.execute(update(table).values(title="猎\ufeff夹 象牙\u202e<b>"))
    visitor = account()
    mark = '<i class="unseen" role="img" title="零宽字符 U+FEFF" aria-label="零宽字符"></i>'
    for path in ("/", "/review", f"/leads/{leads[0]}"):
        html = visitor.get(path).text
        assert f"猎{mark}夹 " in html and "⟨U+FEFF⟩" not in html and "\ufeff" not in html
        assert "⟨U+202E⟩&lt;b&gt;" in html
        assert "是零宽字符" in html  # the help explains the mark
    assert shown('"\u200b&').count("&") == 2


def test_our_own_files_use_nothing_newer_than_chrome_90():
    newer = {
        ".css": (":has(", "@container", "@layer", "color-mix", "oklch", "dvh", "&", "accent-color", "inset:"),
        ".js": ("structuredClone", ".at(", "hasOwn", "findLast", "static {", "??=", "||=", "#!"),
        ".html": ("popover", " inert", "<search", "onclick", "style="),
    }
    files = [path for path in (*STATIC.glob("*.*"), *(HERE / "templates").glob("*.html")) if path.suffix in newer]
    assert len(files) > 15
    said = {path: re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL) for path in files}
    found = {(path.name, word) for path, text in said.items() for word in newer[path.suffix] if word in text}
    assert found == set()


def match(field: str, start: int, end: int, **more: str) -> Match:
    return Match(category="ivory", term="t", surface="s", field=field, start=start, end=end, **more)


@pytest.mark.parametrize(
    ("matches", "title", "description"),
    [
        ([match("title", 0, 2)], [("象牙", True), ("手串", False)], [("象牙雕", False)]),
        ([match("title", 0, 2), match("title", 0, 4)], [("象牙手串", True)], [("象牙雕", False)]),
        ([match("title+description", 2, 6)], [("象牙", False), ("手串", True)], [("象", True), ("牙雕", False)]),
        ([match("description", 1, 99), match("title", 9, 12)], [("象牙手串", False)], [("象", False), ("牙雕", True)]),
        ([match("title", 0, 2, cancelled_by="象牙白")], [("象牙手串", False)], [("象牙雕", False)]),
    ],
)
def test_highlighting(matches, title, description):
    shown = marked("象牙手串", "象牙雕", matches)
    assert [(p.text, p.match is not None) for p in shown.title] == title
    assert [(p.text, p.match is not None) for p in shown.description] == description


def test_wording():
    assert visible("捕鸟\ufeff网") == "捕鸟·网"
    assert visible("a\u202eb\u0007") == "a⟨U+202E⟩b⟨U+0007⟩"
    assert web_address("javascript:alert(1)") == web_address("data:text/html,x") == web_address("//x") == ""
    assert web_address("https://a.example/1?b=2") == "https://a.example/1?b=2"
    assert price(None, "面议") == "面议" and price(None) == "—"
    assert nested("平台提示“没有找到与“象牙””") == "平台提示“没有找到与‘象牙’”"
    assert nested("“一”与“二”") == "“一”与“二”" and nested("断“开“") == "断“开“" and nested("”反“") == "”反“"
    assert cleaned(" a\u200b\n b\u202e ") == "a b"
    assert ago(seed.NIGHT, seed.MORNING) == "6 小时前"
