"""What a person brings in goes the patrol's way and makes a lead; the link itself is never opened."""

import socket
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from crawler import definitions
from pipelines import IntakeRefused, Taken, Tip, intake, receive
from pipelines.share_text import read_share_text
from records import Source
from tests.pipelines.made import captured, listing, one, reception, rows

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
MARKET = definitions()
XIANYU = "【闲鱼】https://m.tb.cn/h.Abc12?tk=xYz CZ0001 「我在闲鱼发布了【老料手串一条】」\n点击链接直接打开"
TAOBAO = (
    "【淘宝】7天无理由退货 https://e.tb.cn/h.g7?tk=q HU591 「实木雕花手把件」\n点击链接直接打开 或者 淘宝搜索直接打开"
)


def take(engine: Engine, tmp_path: Path, text: str = "", **facts: object) -> Taken:
    tip = Tip(source=Source.COMPLAINT, brought_by="wang", text=text, **facts)  # type: ignore[arg-type]
    return intake(tip, reception(engine, tmp_path), MARKET)


@pytest.mark.parametrize(
    ("text", "url", "title", "app"),
    [
        (XIANYU, "https://m.tb.cn/h.Abc12?tk=xYz", "老料手串一条", "闲鱼"),
        (TAOBAO, "https://e.tb.cn/h.g7?tk=q", "实木雕花手把件", "淘宝"),
        ("https://www.goofish.com/item?id=77&spm=a.b", "https://www.goofish.com/item?id=77&spm=a.b", "", ""),
        ("有人卖牙雕，看(https://x.test/a)。", "https://x.test/a", "有人卖牙雕，看(", ""),
        ("象牙手串\n加微信", "", "象牙手串", ""),
        ("", "", "", ""),
        ("\x00\ud800 http://", "", "\x00\ud800 http://", ""),
    ],
)
def test_share_texts(text: str, url: str, title: str, app: str) -> None:
    shared = read_share_text(text)
    assert (shared.url, shared.title, shared.app) == (url, title, app)


@pytest.mark.db
def test_a_link_makes_a_lead_and_is_not_opened(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the link was opened")

    reception(engine, tmp_path).engine.connect().close()
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    taken = take(engine, tmp_path, "https://www.goofish.com/item?id=778&spm=a.b 请核查", note="电话举报")
    assert taken.items == (("goofish", "778"),)
    assert list(taken.lead_ids) == [one(engine, "select id from leads")]
    assert rows(engine, "select level, score, source from leads") == [("review", 0, "投诉举报")]
    assert rows(engine, "select url, brought_by, note, level from listings") == [
        ("https://www.goofish.com/item?id=778", "wang", "电话举报", "review")
    ]
    assert one(engine, "select parts -> 0 ->> 'label' from assessments") == "人工录入"
    assert one(engine, "select count(*) from captures_due") == 1
    assert ("wang", "intake") in rows(engine, "select actor, action from audit")


@pytest.mark.db
def test_a_tip_about_a_stored_item_keeps_what_its_page_said(engine: Engine, tmp_path: Path) -> None:
    stored = listing("778", "木手串", description="包浆厚", price=Decimal("99"))
    stored = stored.__class__(**{f: getattr(stored, f) for f in stored.__slots__} | {"platform": "goofish"})
    receive([captured(stored)], reception(engine, tmp_path))
    taken = take(engine, tmp_path, "https://www.goofish.com/item?id=778 疑似象牙")
    assert taken.received.new == taken.received.changed == 0
    told = "select title, description, price, detail_read, source, brought_by, level from listings"
    assert rows(engine, told) == [("木手串", "包浆厚", Decimal("99.00"), True, "投诉举报", "wang", "review")]
    assert len(taken.lead_ids) == 1
    again = take(engine, tmp_path, "https://www.goofish.com/item?id=778 疑似象牙")
    assert again.lead_ids == taken.lead_ids
    assert one(engine, "select count(*) from lead_hits") == 1


@pytest.mark.db
def test_a_screenshot_is_kept_as_it_came(engine: Engine, tmp_path: Path) -> None:
    taken = take(engine, tmp_path, "直播间卖象牙", screenshot=PNG)
    assert taken.received.hits == 1
    (kept,) = rows(
        engine, "select f.role, f.sha256, e.media_type from capture_files f join evidence_files e using (sha256)"
    )
    assert (kept[0], kept[2]) == ("screenshot", "image/png")
    assert reception(engine, tmp_path).store.get(kept[1]) == PNG
    assert one(engine, "select count(*) from captures_due") == 0
    assert one(engine, "select title from leads") == "直播间卖象牙"
    take(engine, tmp_path, "直播间卖象牙", screenshot=PNG)
    assert one(engine, "select count(*) from listings") == 1


@pytest.mark.db
@pytest.mark.parametrize("name", ["page.html", "page.mhtml"])
def test_a_saved_page_that_no_definition_fits_gives_title_and_text(engine: Engine, tmp_path: Path, name: str) -> None:
    html = "<title>小店</title><script>var 虎骨=1</script><p>出售<b>象牙</b>手串</p>".encode()
    if name.endswith(".mhtml"):
        head = "MIME-Version: 1.0\r\nSnapshot-Content-Location: https://shop.example/i/9\r\n"
        head += 'Content-Type: multipart/related; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n'
        html = head.encode() + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + html + b"\r\n--x--\r\n"
    taken = take(engine, tmp_path, page=html, page_name=name)
    assert rows(engine, "select title, description, score from listings") == [("小店", "出售 象牙 手串", 50)]
    assert len(taken.lead_ids) == 1
    assert taken.items[0][0] == ("shop.example" if name.endswith(".mhtml") else "人工录入")
    names = list(reception(engine, tmp_path).store.names())
    assert [reception(engine, tmp_path).store.get(one_) for one_ in names] == [html]


@pytest.mark.db
def test_a_saved_page_is_read_by_the_definition_of_its_host(engine: Engine, tmp_path: Path) -> None:
    saved = Path(__file__).parents[2] / "crawler" / "platforms" / "pages"
    pages = (
        sorted(saved.glob("kongfz*detail*")) or sorted(saved.glob("kongfz/*detail*")) or sorted(saved.glob("kongfz*"))
    )
    body = pages[0].read_bytes()
    taken = take(engine, tmp_path, "https://book.kongfz.com/1/2/", page=body, page_name="page.html")
    assert {platform for platform, _ in taken.items} == {"kongfz"}
    assert one(engine, "select count(*) from listings where title <> '' and platform = 'kongfz'") == len(taken.items)
    assert one(engine, "select count(*) from capture_files") >= (1 if taken.lead_ids else 0)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"text": "  "},
        {"text": "x", "brought_by": " "},
        {"screenshot": b"GIF89a"},
        {"screenshot": b"<svg onload=alert(1)>"},
        {"screenshot": PNG + bytes(20 << 20)},
        {"page": bytes((64 << 20) + 1)},
    ],
    ids=range(7),
)
def test_what_cannot_be_taken_in_is_refused(tmp_path: Path, facts: dict[str, object]) -> None:
    tip = Tip(source=Source.COMPLAINT, **({"brought_by": "wang"} | facts))  # type: ignore[arg-type]
    with pytest.raises(IntakeRefused):
        intake(tip, reception(None, tmp_path), MARKET)  # type: ignore[arg-type]
