"""From an empty database to the first real lead, at the console and on the command line; judged by raw SQL."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from console import create_app
from demo.serve import RunningTown, running
from ops.desk import lay_desk
from tests.acceptance.houses import Place, crawling, one, place, sql
from tests.alerts.stubs import robot
from tests.console.conftest import BASE, PASSWORD, Browser, TestClient, token_in

pytestmark = [pytest.mark.db, pytest.mark.slow]

ONCE = re.compile(r'class="once">([^<]+)<')
ROWS = (
    {"id": "1", "title": "出一条老象牙手串 108颗", "description": "包真 加微信", "place": "山东济南历下区"},
    {"id": "2", "title": "黄杨木梳子"},
)
JINAN = "370102 历下区\n370103\t市中区\t市中\n\n370104 槐荫区 槐荫"


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=160, crawl_delay=0.05) as standing:
        yield standing


def house_at(tmp_path: Path, database_url: str, town: RunningTown, **alerts: object) -> Place:
    there = place(tmp_path, database_url, {"crawl": crawling(town, platforms=["demo_ads"]), "alerts": alerts})
    made = there.xunwang("init", "--admin", "chief", "--no-input")
    assert made.code == 0, made.err
    assert "还没做　单位与区（市）" in made.err and "/setup" in made.err
    there.home.joinpath("once").write_text(made.out.strip(), "utf-8")
    return there


@contextmanager
def console(there: Place) -> Iterator[Browser]:
    """The console as it comes up on this house."""
    with there.house() as house:
        app = create_app(lay_desk(house, base_url=BASE))
        yield Browser(http=TestClient(app, base_url=BASE, raise_server_exceptions=False))


def enter(visitor: Browser, name: str, once: str) -> str:
    """Signs in with a one-time password and sets an own one; the page that then stands there."""
    assert visitor.sign_in(name, once).status_code == 303
    changed = visitor.post("/password", {"old": once, "new": PASSWORD, "again": PASSWORD})
    assert changed.status_code == 303
    page = visitor.get("/").text
    visitor.token = token_in(page)
    return page


def stands(page: str) -> dict[str, str]:
    """Step → 已完成, 待做 or 以后再做, as the page says."""
    cards = re.findall(r'<details class="card-box step" id="(\w+)".*?<span class="state[^"]*">([^<]+)<', page, re.S)
    return dict(cards)


def seen(visitor: Browser, path: str, passing: str) -> str:
    """The page without the `passing` words that it holds as long as something works for it.

    Looked at twice a second: each look is work for the processor that the other could do with.
    """
    give_up_at = time.monotonic() + 200
    while passing in (page := visitor.get(path).text):
        assert time.monotonic() < give_up_at, page
        time.sleep(0.5)
    return page


def test_from_an_empty_database_to_the_first_lead(
    tmp_path: Path, database_url: str, town: RunningTown, raw: Engine
) -> None:
    with robot() as (stub, url):
        alerts = {"wecom": [{"name": "网监群", "url": url}], "webhook_hosts": ["127.0.0.1"], "allow_loopback": True}
        there = house_at(tmp_path, database_url, town, **alerts)
        with console(there) as chief:
            today = enter(chief, "chief", there.home.joinpath("once").read_text("utf-8"))
            assert 'href="/setup"' in today and "首次设置还有 5 步" in today
            assert stands(chief.get("/setup").text) == {
                "admin": "已完成",
                **dict.fromkeys(("unit", "people", "platforms", "alerts", "lead"), "待做"),
            }
            _unit(chief, raw)
            _alerts(chief, raw, stub)
            _platforms(chief, raw, town)
        with console(there) as chief:  # another console process: nothing was in memory
            chief.sign_in("chief", PASSWORD)
            page = chief.get("/setup").text
            assert stands(page)["unit"] == stands(page)["platforms"] == stands(page)["alerts"] == "已完成"
            assert "济南市市场监管局" in page and "有答复" in page
            made = chief.post("/settings/users", {"name": "wang", "role": "inspector", "full_name": "王某"})
            once = ONCE.search(made.text).group(1)
            assert chief.post("/setup/file", files={"listings": ("a.jsonl", b"{}")}).status_code == 403
        with console(there) as wang:
            assert "首次设置还有 1 步" in enter(wang, "wang", once)
            _first_lead(wang, raw)


def _unit(chief: Browser, raw: Engine) -> None:
    typed = {"name": "济南市市场监管局", "city": "济南市", "province": "山东省", "districts": JINAN}
    for wrong in ({"districts": "37010 历下区"}, {"districts": "370102 历下区\n370102 历城区"}, {"city": ""}):
        refused = chief.post("/setup/unit", {**typed, **wrong})
        assert refused.status_code == 400 and "济南市市场监管局" in refused.text
        assert one(raw, "select count(*) from first_run") == 0
    assert chief.post("/setup/unit", typed).status_code == 303
    # both cities have a 市中区: nothing stood under the old one, so that it could go
    assert sql(raw, "select code, name from districts where position <= 3 order by position") == [
        ("370102", "历下区"),
        ("370103", "市中区"),
        ("370104", "槐荫区"),
    ]
    assert one(raw, "select count(*) from districts where code like '3704%'") == 0
    assert one(raw, "select actor from audit where action = 'setup.unit'") == "chief"
    assert "济南市市场监管局" in chief.get("/").text


def _alerts(chief: Browser, raw: Engine, stub: object) -> None:
    assert chief.post("/setup/alerts", {"channel": "没有的"}).status_code == 303
    assert chief.post("/setup/alerts", {"channel": "网监群"}).status_code == 303
    assert len(stub.bodies) == 1
    told = one(raw, "select detail from first_run where step = 'alerts'")
    assert list(told) == ["网监群"] and told["网监群"]["sent"] is True
    assert "CANARY-KEY" not in json.dumps(told) + chief.get("/setup").text
    stub.script.append(500)
    chief.post("/setup/alerts", {"channel": "网监群"})
    assert "没有送达" in chief.get("/setup").text


def _platforms(chief: Browser, raw: Engine, town: RunningTown) -> None:
    before = town.counts
    assert chief.post("/setup/ask").status_code == 303
    part = seen(chief, "/setup/platforms", "正在询问")
    assert "有答复" in part and "闲鱼" in part and "请平台报送数据" in part
    told = one(raw, "select detail from first_run where step = 'platforms'")
    assert list(told) == ["demo_ads"] and told["demo_ads"]["outcome"] in ("searched", "empty")
    paths = [entry.path for entry in town.log("demo_ads")]
    # one page of the list; of items their own pages only where the card is suspicious
    assert paths[:2] == ["/robots.txt", "/search"] and paths.count("/search") == 1 and len(paths) < 8, paths
    assert {key: town.counts[key] for key in town.counts if key != "demo_ads"} == {
        key: count for key, count in before.items() if key != "demo_ads"
    }
    assert one(raw, "select count(*) from listings") == one(raw, "select count(*) from scans") == 0


def _first_lead(wang: Browser, raw: Engine) -> None:
    assert "请其登录后" not in wang.get("/setup").text
    assert wang.post("/setup/unit", {"name": "x"}).status_code == 403
    for name, body in (("x.exe", b"MZ"), ("empty.csv", b""), ("wrong.csv", "甲,乙\n1,2\n".encode())):
        refused = wang.post("/setup/file", {"platform": "handed"}, files={"listings": (name, body)})
        assert refused.status_code == 400 and 'value="handed"' in refused.text, name
    file = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n{broken\n"
    sent = {"listings": ("../../etc/首批.jsonl", file.encode())}
    done = wang.post("/setup/file", {"platform": "handed"}, files=sent)
    assert done.status_code == 200 and "形成线索 1 条" in done.text and "第 3 行" in done.text
    assert sql(raw, "select count(*), min(district) from leads") == [(1, "历下区")]
    assert one(raw, "select count(*) from listings") == 2
    assert stands(done.text)["lead"] == "已完成" and "设置已完成" in done.text
    assert "首次设置还有" not in wang.get("/").text
    assert wang.get("/review?district=*").text.count("老象牙手串")
    again = wang.post("/setup/file", {"platform": "handed"}, files=sent)
    assert again.status_code == 200 and one(raw, "select count(*) from listings") == 2


def test_the_first_scan_of_those_that_answered(
    tmp_path: Path, database_url: str, town: RunningTown, raw: Engine
) -> None:
    there = house_at(tmp_path, database_url, town)
    said = there.xunwang("init", "--no-input", "--ask", "--unit", "网监科")
    assert said.code == 0 and "有墙，不访问" in said.out and "有答复" in said.out
    assert one(raw, "select detail->>'name' from first_run where step = 'unit'") == "网监科"
    assert there.xunwang("user", "add", "wang").out
    made = there.xunwang("user", "reset", "wang")
    with console(there) as wang:
        enter(wang, "wang", made.out.strip())
        assert wang.post("/setup/scan").status_code == 303
        seen(wang, "/setup", "正在监测答复了的平台")
    [(kind, platforms, options)] = sql(
        raw, "select kind, (select array_agg(distinct platform) from queries), options from scans"
    )
    assert (kind, platforms, options["max_pages"], len(options["terms"])) == ("foreground", ["demo_ads"], 1, 8)
    assert one(raw, "select count(*) from queries where outcome is null") == 0
    assert one(raw, "select count(*) from leads") >= 1


def test_the_command_does_what_is_left(tmp_path: Path, database_url: str, town: RunningTown, raw: Engine) -> None:
    there = house_at(tmp_path, database_url, town)
    again = there.xunwang("init", "--admin", "chief", "--no-input")
    assert again.code == 0 and "已经有了" in again.err and not again.out
    (there.home / "districts.txt").write_bytes(JINAN.encode("utf-8-sig"))
    (there.home / "first.jsonl").write_text(json.dumps(ROWS[0], ensure_ascii=False), "utf-8")
    words = ("--city", "济南市", "--districts", "districts.txt", "--first", "first.jsonl", "--platform", "handed")
    said = there.xunwang("init", "--no-input", *words)
    assert said.code == 0 and "线索 1 条" in said.err, said.err
    assert sql(raw, "select district from leads") == [("历下区",)]
    assert "单位与区（市）" not in said.err and "第一条线索" not in said.err and "今天哪些平台有答复" in said.err
    # leads stand under 历下区: the code of that name cannot go to another one any more
    (there.home / "districts.txt").write_text("370112 历下区", "utf-8")
    refused = there.xunwang("init", "--no-input", "--districts", "districts.txt")
    assert (refused.code, "[E-DB-033]" in refused.err) == (1, True)
    assert one(raw, "select count(*) from districts where code = '370112'") == 0
    missing = there.xunwang("init", "--no-input", "--first", "nowhere.csv")
    assert (missing.code, "[E-OPS-061]" in missing.err) == (2, True)
