"""The command line as a contract (DESIGN §11), run as a real process on a house with a database of its own."""

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine, text

from console import create_app
from db import ledger
from db.engine import transaction
from ops.desk import lay_desk
from records import Imprint, now, shanghai_date
from tests.acceptance.houses import ROOT, Place, one, place, sql
from tests.alerts.stubs import robot
from tests.console.conftest import BASE, Browser, TestClient

pytestmark = [pytest.mark.db, pytest.mark.slow]

ROWS = [
    {
        "id": "1",
        "title": "出一条老象牙手串 108颗",
        "description": "包真 加微信",
        "seller_key": "s1",
        "seller_name": "甲乙丙丁",
    },
    {"id": "2", "title": "象牙雕件 老料 包老", "seller_key": "s1", "seller_name": "甲乙丙丁"},
    {"id": "3", "title": "穿山甲片 干货 药用", "seller_key": "s2", "seller_name": "戊己"},
    {"id": "4", "title": "黄杨木梳子"},
]


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Place:
    return place(tmp_path, database_url)


def handed(there: Place, *extra: str) -> Path:
    """A file as a platform hands it over."""
    path = there.home / "handed.jsonl"
    path.write_text("\n".join([*(json.dumps(row, ensure_ascii=False) for row in ROWS), *extra]) + "\n", "utf-8")
    return path


def test_a_file_comes_in_and_leads_go_out(there: Place, raw: Engine) -> None:
    """import, leads list, show, export: every figure by raw SQL, the seller masked in the export."""
    first = there.xunwang("import", str(handed(there)), "--platform", "handed", "--json")
    assert first.code == 0, first.err
    [told] = first.rows()
    assert (told["rows"], told["bad"], told["new"]) == (4, 0, 4)
    assert told["leads"] == one(raw, "select count(*) from leads") == 2
    assert told["hits"] == one(raw, "select count(*) from lead_hits") == 3
    assert sql(raw, "select distinct source from listings") == [("转办交办",)]
    again = there.xunwang("import", str(handed(there, "{broken")), "--platform", "handed")
    assert again.code == 3
    assert "errors.tsv" in again.err
    assert one(raw, "select count(*) from listings") == 4
    listed = there.xunwang("leads", "list", "--json")
    assert listed.code == 0
    leads = listed.rows()
    assert [row["score"] for row in leads] == sorted((row["score"] for row in leads), reverse=True)
    assert {row["id"] for row in leads} == {row[0] for row in sql(raw, "select id from leads")}
    assert "共 2 条疑似" in there.xunwang("leads", "list").err
    [shown] = there.xunwang("leads", "show", str(leads[0]["id"])).rows()
    assert "象牙" in json.dumps(shown, ensure_ascii=False)
    assert "还没有误报词的报告" in there.xunwang("lexicon", "misreads").err
    with raw.begin() as conn:  # what the key N writes
        user = "insert into users (name, full_name, role, password_hash, created_at)"
        user_id = conn.execute(
            text(f"{user} values ('w', '王[b]某', 'inspector', '!', now()) returning id")
        ).scalar_one()
        said = "insert into misreads (lead_id, category, term, user_id, at)"
        conn.execute(text(f"{said} select id, 'ivory', '象牙', :u, now() from leads"), {"u": user_id})
    [misread] = json.loads(there.xunwang("lexicon", "misreads", "--json").out)
    assert (misread["term"], misread["leads"], misread["said_by"]) == ("象牙", 2, "王[b]某")
    assert "王[b]某" in there.xunwang("lexicon", "misreads").out
    unknown = there.xunwang("leads", "show", "999999")
    assert (unknown.code, "[E-OPS-060]" in unknown.err) == (2, True)
    target = there.home / "线索.xlsx"
    assert there.xunwang("leads", "export", str(target)).code == 0
    cells = [str(cell) for sheet in openpyxl.load_workbook(target) for row in sheet.values for cell in row if cell]
    assert any("象牙" in cell for cell in cells)
    assert not any("甲乙丙丁" in cell for cell in cells)


def test_the_ledger_of_platforms_on_the_screen_and_as_a_sheet(there: Place, raw: Engine) -> None:
    target = there.home / "台账.xlsx"
    empty = there.xunwang("platform", "ledger", "--out", str(target))
    assert (empty.code, empty.out, "台账是空的" in empty.err) == (0, "", True)
    assert openpyxl.load_workbook(target)["平台摸底台账"].max_row == 2  # heads and notice
    facts = {"operator": "[red]示例\x1b[2J网络有限公司", "uscc": "91000000MA00000A14", "icp": "鲁ICP备1号"}
    read_at = datetime.fromisoformat("2026-11-24T18:30:00Z")
    with transaction(raw) as conn:
        read = Imprint(url="https://a.test/", read_at=read_at, page_sha256="0" * 64, **facts)
        ledger.keep(conn, "kongfz", read)
    told = there.xunwang("platform", "ledger", "--out", str(target))
    assert told.code == 0, told.err
    shown = ("kongfz", "[red]示例\\u001b[2J网络有限公司", facts["uscc"], "相符", facts["icp"], "2026-11-25")
    for words in shown:
        assert words in told.out
    assert "未经登记机关核实" in told.err and "1 个平台" in told.err
    sheet = openpyxl.load_workbook(target)["平台摸底台账"]
    _, [platform, who, code, digit, *_], _ = sheet.iter_rows(values_only=True)
    assert (platform, code, digit) == ("孔夫子旧书网", "91000000MA00000A14", "相符") and "网络有限公司" in who
    nowhere = there.xunwang("platform", "ledger", "--out", str(there.home / "no" / "台账.xlsx"))
    assert nowhere.code == 1 and "Traceback" not in nowhere.err


def test_the_list_of_platforms_names_what_was_decided_about_them(there: Place) -> None:
    plain = there.xunwang("platform", "list")
    assert plain.code == 0 and "kongfz" in plain.out and "robots.txt 一律遵守" in plain.err
    until = str(shanghai_date(now()))
    who = ("--by", "王某", "--basis", "〔2026〕7 号")
    assert there.xunwang("platform", "robots", "allow", "kongfz", *who, "--until", until).code == 0
    assert f"kongfz：王某 {until}" in there.xunwang("platform", "list").err
    assert there.xunwang("platform", "robots", "obey", "kongfz", *who).code == 0
    assert "robots.txt 一律遵守" in there.xunwang("platform", "list").err


def test_an_empty_file_is_nothing_to_do(there: Place) -> None:
    empty = there.home / "empty.jsonl"
    empty.write_text("")
    assert there.xunwang("import", str(empty)).code == 4
    refused = there.xunwang("import", str(there.config))
    assert (refused.code, "[E-IMPORT-001]" in refused.err) == (2, True)


def test_a_file_is_looked_at_before_it_is_imported(there: Place, raw: Engine) -> None:
    file, columns = there.home / "handed.csv", there.home / "columns.yml"
    file.write_bytes("货号,甲列\nx1,出象牙手串\nx2,\n".encode("gb18030"))
    columns.write_text("item_id: 货号\ntitle: 乙列\n", encoding="utf-8")
    asked = ("import", str(file), "--platform", "handed", "--map", str(columns), "--map", "title=甲列")
    looked = there.xunwang(*asked, "--dry-run")
    assert (looked.code, "title←甲列" in looked.err, "第 3 行：缺少标题" in looked.err) == (3, True, True)
    assert sql(raw, "select 1 from listings where platform = 'handed'") == []
    done = there.xunwang(*asked, "--basis", "市监函〔2026〕1号", "--by", "wang", "--json")
    assert done.code == 3, done.err
    assert [(row["rows"], row["bad"], row["new"]) for row in done.rows()] == [(2, 1, 1)]
    grounds = "select actor, detail ->> 'basis' from audit where action = 'import.begin'"
    assert ("wang", "市监函〔2026〕1号") in [tuple(row) for row in sql(raw, grounds)]
    assert "--map" in there.xunwang("import", str(file), "--map", "nowhere.yml").err


def test_a_first_password_is_shown_once_and_opens_the_door(there: Place, raw: Engine) -> None:
    added = there.xunwang("user", "add", "wang", "--role", "inspector", "--full-name", "王某")
    assert added.code == 0, added.err
    password = added.out.strip()
    assert len(password) >= 12
    assert password not in added.err
    with raw.begin() as conn:
        stored = " ".join(str(row) for row in conn.execute(text("select * from users")).all())
    assert password not in stored
    again = there.xunwang("user", "add", "wang")
    assert again.code != 0
    assert "Traceback" not in again.err
    listed = there.xunwang("user", "list")
    assert "wang" in listed.out
    assert password not in listed.out + listed.err
    with there.house() as house:
        client = TestClient(create_app(lay_desk(house, base_url=BASE)), base_url=BASE)
        visitor = Browser(http=client)
        assert visitor.sign_in("wang", "not it at all").status_code != 303
        assert visitor.sign_in("wang", password).status_code == 303


def test_a_token_is_shown_once_and_revoked(there: Place, raw: Engine) -> None:
    assert there.xunwang("user", "add", "li").code == 0
    made = there.xunwang(
        "token", "new", "li", "--name", "夜间[red]取数", "--scope", "read", "--scope", "screen", "--days", "7"
    )
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert re.fullmatch(r"xwk_[0-9A-Za-z]{49}", secret) and secret not in made.err
    assert one(raw, "select token_hash from api_tokens") == hashlib.sha256(secret.encode()).digest()
    listed = there.xunwang("token", "list", "--user", "li")
    assert "read screen" in listed.out and secret not in listed.out and secret[:8] in listed.out
    assert there.xunwang("token", "new", "li", "--name", "x", "--scope", "root").code == 1
    assert "[E-CONSOLE-015]" in there.xunwang("token", "new", "niemand", "--name", "x").err
    assert there.xunwang("token", "revoke", "1").code == 0
    assert "已撤销" in there.xunwang("token", "list").out
    assert "[E-CONSOLE-071]" in there.xunwang("token", "revoke", "77").err
    assert sql(raw, "select action, actor from audit where action like 'token.%' order by seq") == [
        ("token.new", "xunwang"), ("token.revoke", "xunwang"),
    ]  # fmt: skip


def test_campaign_and_statistics(there: Place, raw: Engine) -> None:
    assert there.xunwang("import", str(handed(there)), "--platform", "handed").code == 0
    assert there.xunwang("campaign", "sample", "2026").code == 0
    assert one(raw, "select count(*) from campaigns") == 2
    target = there.home / "统计表.xlsx"
    built = there.xunwang("report", "build", str(target))
    assert built.code == 0, built.err
    assert "校验码" in built.err
    assert openpyxl.load_workbook(target).sheetnames
    assert there.xunwang("report", "build", str(target), "--campaign", "没有的行动").code != 0
    wrong = there.xunwang("report", "build", str(target), "--until", "昨天")
    assert wrong.code == 2
    assert "Traceback" not in wrong.err


def test_a_dry_digest_is_shown_and_leaves_nothing(there: Place, raw: Engine) -> None:
    assert there.xunwang("import", str(handed(there)), "--platform", "handed").code == 0
    said = there.xunwang("digest", "send", "--dry-run")
    assert said.code == 0, said.err
    assert "新线索 **2** 条" in said.out
    assert "甲乙丙丁" not in said.out
    assert "4096" in said.err
    assert one(raw, "select count(*) from digests") == 0
    assert one(raw, "select count(*) from outbox where digest_id is null") == 2
    sending = there.xunwang("digest", "send")
    assert (sending.code, "[E-OPS-050]" in sending.err) == (2, True)


def test_channels_are_tried_and_the_digest_is_sent_once(tmp_path: Path, database_url: str, raw: Engine) -> None:
    with robot() as (wecom, url):
        there = place(tmp_path, database_url, {"alerts": {"wecom": [{"url": url}], "allow_loopback": True}})
        tried = there.xunwang("alerts", "test")
        assert (tried.code, len(wecom.bodies)) == (0, 1)
        assert "CANARY" not in tried.err + tried.out
        for _ in range(2):
            assert there.xunwang("digest", "send").code == 0
        assert len(wecom.bodies) == 2
    assert sql(raw, "select status, attempts from deliveries") == [("sent", 1)]
    with robot({"errcode": 93000}) as (_, url):
        broken = place(tmp_path, database_url, {"alerts": {"wecom": [{"url": url}], "allow_loopback": True}})
        refused = broken.xunwang("alerts", "test")
        assert refused.code == 1
        assert "93000" in refused.err
        assert "CANARY" not in refused.err


def test_the_audit_chain_is_checked(there: Place, raw: Engine) -> None:
    assert there.xunwang("user", "add", "wang").code == 0
    assert there.xunwang("user", "add", "li").code == 0
    assert "审计链完整" in there.xunwang("audit", "verify").err
    with raw.begin() as conn:
        conn.execute(text("set session_replication_role = replica"))  # a tamperer with the owner's rights
        conn.execute(text("update audit set actor = 'somebody else' where seq = (select min(seq) from audit)"))
    said = there.xunwang("audit", "verify")
    assert (said.code, "[E-OPS-051]" in said.err) == (1, True)
    english = there.xunwang("--lang", "en", "audit", "verify")
    assert "audit or custody chain is broken" in english.err


def test_tips_of_every_kind_come_in(there: Place, raw: Engine) -> None:
    """A link, a share text, a screenshot, a saved page; each with one row in the audit."""
    picture = there.home / "shot.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xdb" + b"\0" * 64)
    page = there.home / "page.html"
    page.write_bytes((ROOT / "crawler/platforms/pages/kongfz_detail.html").read_bytes())
    share = "【闲鱼】https://m.tb.cn/h.abcdef?tk=xyz 「快来捡漏【老象牙手串】」点击链接直接打开"
    for number, words in enumerate(
        (
            ["https://www.goofish.com/item?id=840000009999"],
            [share, "--source", "投诉举报", "--by", "12315"],
            [str(picture), "--text", "截图：象牙手串 私聊"],
            [str(page), "--note", "保存的网页"],
        ),
        1,
    ):
        said = there.xunwang("intake", *words)
        assert said.code == 0, said.err
        [told] = said.rows()
        assert len(told["leads"]) == 1, words
        assert one(raw, "select count(*) from audit where action like 'intake%'") == number
    assert one(raw, "select count(*) from leads") == 4
    assert ("投诉举报",) in sql(raw, "select distinct source from listings")
    assert one(raw, "select count(*) from capture_files where role = 'screenshot'") == 1
    refused = there.xunwang("intake", "  ")
    assert (refused.code, "[E-INTAKE-001]" in refused.err) == (1, True)


@pytest.mark.browser
def test_the_doctor_speaks_json(there: Place, chromium: str) -> None:
    said = there.xunwang("doctor", "--json", XUNWANG_CRAWL__CHROMIUM=chromium)
    [findings] = said.rows()
    names = {one["name"]: one["ok"] for one in findings}
    assert names["数据库"] and names["词库"] and names["浏览器"]
    assert said.code == (0 if all(names.values()) else 1)
    away = there.xunwang("doctor", "--json", XUNWANG_CRAWL__CHROMIUM="/no/such/browser")
    assert away.code == 1
    bad = next(one for one in away.rows()[0] if one["name"] == "浏览器")
    assert not bad["ok"]
    assert bad["remedy"]


def test_init_makes_a_house_that_equals_the_defaults(tmp_path: Path, database_url: str, raw: Engine) -> None:
    there = place(tmp_path, database_url)
    there.config.unlink()
    said = there.xunwang("init", "--admin", "chief")
    assert said.code == 0, said.err
    assert there.config.read_text("utf-8") == (ROOT / "ops" / "xunwang.default.toml").read_text("utf-8")
    assert len(said.out.strip()) >= 12
    assert sql(raw, "select name, job, at_minute from schedules order by at_minute") == [
        ("夜间监测", "scan", 120),
        ("晨报", "digest", 480),
    ]
    assert sql(raw, "select name, role from users") == [("chief", "admin")]
    there.config.write_text("[crawl]\nmax_pages = 7\n")
    assert there.xunwang("init").code == 0
    assert there.config.read_text() == "[crawl]\nmax_pages = 7\n"
