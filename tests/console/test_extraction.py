"""Two officers are led through an extraction in order, nobody gets round a step, and packages are handed out."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from console import Desk, add_user
from crawler.live import Live
from db import extractions, tables
from db.engine import transaction
from pipelines.extracting import keep_live
from records import Capture, CapturedFile, FileRole, Listing
from tests.console import seed
from tests.console.conftest import PASSWORD
from tests.pipelines.attended import ENVIRONMENT

pytestmark = pytest.mark.db

OPENING = {
    "basis": "《市场监督管理行政处罚程序规定》第二十六条",
    "place": "三楼取证室",
    "first": "wang",
    "first_badge": "鲁D-0001",
    "first_unit": "网监科",
    "second": "li",
    "second_badge": "鲁D-0002",
    "second_unit": "网监科",
    "witness_kind": "无",
    "witness_told": "网络公开信息，经营者尚未查明",
}


@dataclass
class Errands:
    """Does at once what a child process would do, or nothing while `idle`."""

    desk: Desk
    idle: bool = False
    packed: list[tuple[int, str, int]] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    why: str = ""

    def environment(self) -> dict[str, Any]:
        return dict(ENVIRONMENT)

    def capture(self, extraction_id: int) -> bool:
        if self.idle:
            return True
        with transaction(self.desk.engine) as conn:
            found = extractions.find(conn, extraction_id)
        assert found is not None
        keep_live(self.desk.engine, self.desk.store, found, live(self.desk), self.desk.now())
        return True

    def package(self, lead_id: int, *, by: str, extraction_id: int = 0) -> bool:
        self.packed.append((lead_id, by, extraction_id))
        return True

    def running(self, name: str) -> bool:
        return name in self.busy

    def failure(self, name: str) -> str:
        return self.why


def live(desk: Desk) -> Live:
    files = (
        CapturedFile(role=FileRole.PAGE, body=b"<title>now</title>", media_type="text/html"),
        CapturedFile(role=FileRole.FIRST_SCREEN, body=seed.picture(), media_type="image/png"),
    )
    item = Listing(platform="demo_ads", item_id="x", url="https://market.example/item/x", title="现在的标题 象牙")
    capture = Capture(captured_at=desk.now(), url=item.url, files=files, method="Chromium 156")
    return Live(listing=item, capture=capture, gone=False, peer="203.0.113.7")


@pytest.fixture
def errands(desk: Desk) -> Errands:
    return Errands(desk)


@pytest.fixture
def people(account, errands):
    """王 at the console, and 李's account with a password of her own."""
    first = account("wang", errands=errands)
    account("li", errands=errands)
    return first


def hit_of(desk: Desk, lead: int) -> str:
    with transaction(desk.engine) as conn:
        statement = select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == lead)
        return str(conn.execute(statement).scalars().first())


def begun(people, desk: Desk, lead: int, **changes: str) -> str:
    answer = people.post(f"/leads/{lead}/extract", {"listing": hit_of(desk, lead), **OPENING, **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def kinds(desk: Desk) -> list[str]:
    with transaction(desk.engine) as conn:
        statement = select(tables.extraction_steps.c.kind).order_by(tables.extraction_steps.c.seq)
        return list(conn.execute(statement).scalars())


def confirm(people, path: str, account: str, password: str = PASSWORD, capture: str = ""):
    """The capture that the page shows, unless another one is named."""
    shown = re.search(r'name="capture" value="(\d+)"', people.get(path).text)
    facts = {"officer": account, "password": password, "capture": capture or (shown[1] if shown else "0")}
    return people.post(f"{path}/confirm", facts)


def test_the_whole_way(people, desk, leads, errands) -> None:
    lead = leads[0]
    form = people.get(f"/leads/{lead}/extract")
    assert form.status_code == 200 and "网络在线提取" in form.text
    path = begun(people, desk, lead)
    shown = people.get(path)
    assert "鲁D-0001" in shown.text and "开始环境检查" in shown.text and "现在采集" not in shown.text
    assert people.post(f"{path}/environment", {"screen": "1366×768"}).status_code == 303
    shown = people.get(path)
    assert "相差 12 毫秒" in shown.text and "198.51.100.7" in shown.text and "现在采集" in shown.text
    assert people.post(f"{path}/capture").status_code == 303
    shown = people.get(path)
    assert "现在的标题" in shown.text and "✓ 一致" in shown.text and "203.0.113.7" in shown.text
    assert confirm(people, path, "wang").status_code == 303
    assert "生成笔录并制作证据包" not in people.get(path).text
    assert people.post(f"{path}/package").status_code == 409
    assert confirm(people, path, "li").status_code == 303
    assert kinds(desk) == ["opened", "environment", "asked", "captured", "confirmed", "confirmed", "completed"]
    assert "生成笔录并制作证据包" in people.get(path).text
    answer = people.post(f"{path}/package")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/leads/{lead}/packages")
    assert errands.packed == [(lead, "wang", 1)]
    with transaction(desk.engine) as conn:
        actions = conn.execute(select(tables.audit.c.action).where(tables.audit.c.subject == f"lead:{lead}")).scalars()
        assert list(actions) == [
            "extraction.open",
            "extraction.environment",
            "extraction.asked",
            "extraction.captured",
            "extraction.confirm",
            "extraction.confirm",
            "extraction.package",
        ]
        handled = conn.execute(select(tables.custody.c.action)).scalars()
        assert list(handled) == ["在线提取"]
    known = people.get(f"/leads/{lead}/extract").text
    assert 'value="鲁D-0001"' in known and "已完成" in known  # nobody types a number twice


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"basis": " "}, "提取依据"),
        ({"place": ""}, "提取地点"),
        ({"second": "wang"}, "不同的人"),
        ({"second_badge": "鲁D-0001"}, "不同的人"),
        ({"second_badge": ""}, "执法证号"),
        ({"second": "nobody"}, "有提取权限"),
        ({"second": "shen"}, "有提取权限"),
        ({"witness_told": ""}, "写明原因"),
        ({"witness_kind": "见证人"}, "姓名"),
    ],
)
def test_an_incomplete_opening_begins_nothing(people, account, desk, leads, errands, changes, told) -> None:
    account("shen", "auditor", errands=errands)
    answer = people.post(f"/leads/{leads[0]}/extract", {"listing": hit_of(desk, leads[0]), **OPENING, **changes})
    assert (answer.status_code == 400 and told in answer.text and "三楼取证室" in answer.text) or "place" in changes
    assert kinds(desk) == []


def test_a_hit_of_another_lead_is_none(people, desk, leads) -> None:
    answer = people.post(f"/leads/{leads[0]}/extract", {"listing": hit_of(desk, leads[1]), **OPENING})
    assert answer.status_code == 409 and kinds(desk) == []


def test_steps_cannot_be_skipped(people, desk, leads) -> None:
    path = begun(people, desk, leads[0])
    assert people.post(f"{path}/capture").status_code == 409
    assert confirm(people, path, "wang").status_code == 409
    assert people.post(f"{path}/package").status_code == 409
    assert kinds(desk) == ["opened"]


def test_each_confirms_with_a_password_of_their_own(people, account, desk, leads, errands, clock) -> None:
    account("zhao", errands=errands)
    path = begun(people, desk, leads[0])
    people.post(f"{path}/environment")
    people.post(f"{path}/capture")
    assert confirm(people, path, "zhao").status_code == 403
    for wrong in ("", "wrong", PASSWORD + "1"):
        assert confirm(people, path, "li", wrong or "x").status_code == 401
    assert confirm(people, path, "li").status_code == 429  # as slow as the door
    clock.forward(minutes=1)
    assert confirm(people, path, "li").status_code == 303
    assert "confirmed" in kinds(desk) and "completed" not in kinds(desk)


def test_what_was_not_shown_is_not_confirmed(people, desk, leads) -> None:
    """Another browser had the page captured again between looking and confirming."""
    path = begun(people, desk, leads[0])
    people.post(f"{path}/environment")
    people.post(f"{path}/capture")
    looked_at = re.search(r'name="capture" value="(\d+)"', people.get(path).text)[1]
    desk.now.forward(minutes=1)
    people.post(f"{path}/capture")
    assert confirm(people, path, "wang", capture=looked_at).status_code == 409
    assert "confirmed" not in kinds(desk)
    assert confirm(people, path, "wang").status_code == 303


def test_a_one_time_password_is_nobodys_own(people, desk, leads, clock) -> None:
    with transaction(desk.engine) as conn:
        once = add_user(conn, name="sun", role="inspector", full_name="孙某", actor="test", at=clock())
    path = begun(people, desk, leads[0], second="sun")
    people.post(f"{path}/environment")
    people.post(f"{path}/capture")
    answer = confirm(people, path, "sun", once)
    assert answer.status_code == 401 and "一次性密码" in answer.text
    assert "confirmed" not in kinds(desk)


def test_a_file_that_changed_is_confirmed_by_nobody(people, desk, leads) -> None:
    path = begun(people, desk, leads[0])
    people.post(f"{path}/environment")
    people.post(f"{path}/capture")
    with transaction(desk.engine) as conn:
        [step] = [s for s in extractions.find(conn, 1).steps if s.kind == "captured"]
    kept = desk.store.path(step.detail["files"][0]["sha256"])
    kept.chmod(0o600)
    kept.write_bytes(b"changed")
    assert "✕ 不一致" in people.get(path).text
    assert confirm(people, path, "wang").status_code == 409
    assert "confirmed" not in kinds(desk)


def test_a_capture_that_broke_off_says_so_and_can_be_asked_for_again(people, desk, leads, errands) -> None:
    path = begun(people, desk, leads[0])
    people.post(f"{path}/environment")
    errands.idle = True
    people.post(f"{path}/capture")
    errands.busy.add("extraction:1")
    shown = people.get(path, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in shown.text and "<html" not in shown.text
    assert people.post(f"{path}/capture").status_code == 409
    errands.busy.clear()
    errands.why = "被拦截：识别到滑块验证页"
    assert "滑块验证页" in people.get(path).text
    errands.idle, errands.why = False, ""
    assert people.post(f"{path}/capture").status_code == 303
    assert kinds(desk) == ["opened", "environment", "asked", "asked", "captured"]


def test_an_abandoned_extraction_goes_no_further(people, desk, leads) -> None:
    path = begun(people, desk, leads[0])
    assert people.post(f"{path}/abandon", {"why": "页面打不开"}).status_code == 303
    assert "页面打不开" in people.get(path).text
    for what in ("environment", "capture", "abandon", "package"):
        assert people.post(f"{path}/{what}").status_code == 409, what
    assert confirm(people, path, "wang").status_code == 409
    assert kinds(desk) == ["opened", "abandoned"]


def test_packages_are_asked_for_listed_and_handed_out(people, desk, leads, errands) -> None:
    page = people.get(f"/leads/{leads[0]}/packages")
    assert "还没有制作过证据包" in page.text
    assert people.post(f"/leads/{leads[0]}/packages").status_code == 303
    assert errands.packed == [(leads[0], "wang", 0)]
    errands.busy.add(f"lead:{leads[0]}")
    assert "正在制作证据包" in people.get(f"/leads/{leads[0]}/packages").text
    errands.busy.clear()
    errands.why = "没有签名密钥"
    assert "没有做成：没有签名密钥" in people.get(f"/leads/{leads[0]}/packages").text
    with transaction(desk.engine) as conn:
        body = seed.package(conn, desk.store, leads[0])
    assert seed.PACKAGE in people.get(f"/leads/{leads[0]}/packages").text
    given = people.get(f"/leads/{leads[0]}/packages/{seed.PACKAGE}")
    assert given.content == body and f'filename="{seed.PACKAGE}.zip"' in given.headers["content-disposition"]
    assert people.get(f"/leads/{leads[1]}/packages/{seed.PACKAGE}").status_code == 404
    assert people.get("/leads/999/packages").status_code == 404
    with transaction(desk.engine) as conn:
        rows = conn.execute(select(tables.custody.c.actor, tables.custody.c.action, tables.custody.c.detail)).all()
    assert [(row.actor, row.action, row.detail["number"]) for row in rows] == [("wang", "下载", seed.PACKAGE)]


def test_a_damaged_package_is_not_handed_out(people, desk, leads) -> None:
    with transaction(desk.engine) as conn:
        seed.package(conn, desk.store, leads[0])
        kept = desk.store.path(conn.execute(select(tables.packages.c.sha256)).scalar_one())
    kept.chmod(0o600)
    kept.write_bytes(b"PK\x03\x04 of somebody else")
    assert people.get(f"/leads/{leads[0]}/packages/{seed.PACKAGE}").status_code == 400
    with transaction(desk.engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.custody)).scalar_one() == 0


def test_without_errands_the_console_says_how(account, desk, leads) -> None:
    visitor = account("wang")
    answer = visitor.post(f"/leads/{leads[0]}/packages")
    assert answer.status_code == 400 and "xunwang evidence package" in answer.text
