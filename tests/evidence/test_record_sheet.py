"""自动采集记录 says what the manifest says, looks official and never calls itself a 笔录; judged by an XML parser."""

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from crawler import BrowserSettings
from crawler.portrait import printed
from evidence.manifest import NOT_COLLECTED, not_collected
from evidence.record_sheet import NOTICE, TITLE, as_html, sheet_of, told
from evidence.record_word import as_word

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0 \u202e象牙 \x00\x0b\ud800 😀"


def facts(**changes: Any) -> dict[str, Any]:
    moment = {"utc": "2026-11-23T06:00:00.000+00:00", "beijing": "2026-11-23T14:00:00.000+08:00"}
    capture = {
        "title": "象牙 手串", "price_text": "¥100",
        "source": {"requested_url": "https://a.example/1", "final_url": "https://a.example/1", "redirects": "无跳转",
                   "entry": "平台站内搜索", "item_id": "1", "peer": "203.0.113.7", "resolver": "192.0.2.1"},
        "method": {"told": "页面由浏览器取得", "commit": not_collected("以安装包运行")},
        "time": {"start": moment, "end": moment, "clock_source": "ntp.example", "server_date": [
            {"url": "https://a.example/1", "date": "Mon, 23 Nov 2026 06:00:00 GMT", "ahead_seconds": -1}],
            "clock_offset": {"offset_ms": -5000, "limit_ms": 2000, "reliable": False, "checked_at": moment["beijing"]}},
        "environment": {"host": "abc"}, "encoding": {"declared": "gbk"}, "flags": {"truncated": "无"},
        "bodies": "解码后的正文", "gaps": [],
    }  # fmt: skip
    whole = {
        "number": "EV-370481-20261123-0001", "nature": "线索材料", "district": {"name": "滕州市"},
        "lead": {"number": "XS-1", "title": "象牙 手串", "campaign": "日常监测", "platform": "a"},
        "maker": {"operator": "王芳", "unit": "网监科", "officers": not_collected("无人值守")},
        "packaging": {"software": "xunwang", "version": "1", "at": moment}, "previous": "第一个", "captures": [capture],
    }  # fmt: skip
    return whole | changes


FILES = [{"path": "captures/0001/01-page.html.txt", "bytes": 12, "sha256": "ab" * 32}]


def words(document: bytes) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(document)) as file:
        assert file.testzip() is None
        return ElementTree.fromstring(file.read("word/document.xml"))


def text_of(root: ElementTree.Element) -> str:
    return "\n".join("".join(run.text or "" for run in line.iter(f"{W}t")) for line in root.iter(f"{W}p"))


def test_both_forms_say_the_same() -> None:
    sheet = sheet_of(facts(), FILES)
    word, page = text_of(words(as_word(sheet, at=AT))), as_html(sheet)
    for said in (TITLE, NOTICE, "EV-370481-20261123-0001", "王芳", "滕州市", "2026-11-23 14:00:00.000（北京时间）",
                 "UTC 2026-11-23 06:00:00.000", "https://a.example/1", "ab" * 32, f"{NOT_COLLECTED}：无人值守",
                 "-5000 毫秒", "时间不可靠", "与本机相差 -1 秒"):  # fmt: skip
        assert said in page, said
        assert said in word.replace("\n", "\n") or all(part in word for part in said.split("\n")), said


def test_it_is_no_transcript_and_has_no_officer() -> None:
    word = text_of(words(as_word(sheet_of(facts(), FILES), at=AT)))
    assert "未经两名执法人员提取不作为处罚证据" in word
    assert "不是《电子数据提取笔录》" in word and "笔录" not in word.replace(NOTICE, "")
    assert "执法人员" in word and NOT_COLLECTED in word


def test_the_page_is_laid_out_as_the_standard_asks() -> None:
    """GB/T 9704: 37, 35, 28, 26 mm from the edges, title 22 pt, lines of 28 pt exactly."""
    root = words(as_word(sheet_of(facts(), FILES), at=AT))
    margins = next(root.iter(f"{W}pgMar")).attrib
    assert [round(int(margins[f"{W}{side}"]) / 56.693) for side in ("top", "bottom", "left", "right")] == [
        37,
        35,
        28,
        26,
    ]
    first = next(root.iter(f"{W}p"))
    assert next(first.iter(f"{W}sz")).attrib[f"{W}val"] == "44"
    assert next(first.iter(f"{W}rFonts")).attrib[f"{W}eastAsia"] == "方正小标宋简体"
    spacing = next(first.iter(f"{W}spacing")).attrib
    assert (spacing[f"{W}line"], spacing[f"{W}lineRule"]) == ("560", "exact")
    assert {one.attrib[f"{W}eastAsia"] for one in root.iter(f"{W}rFonts")} >= {"仿宋_GB2312", "黑体"}


def test_what_strangers_wrote_is_text_in_both_forms() -> None:
    hostile = facts()
    hostile["captures"][0]["title"] = HOSTILE
    sheet = sheet_of(hostile, FILES)
    word = text_of(words(as_word(sheet, at=AT)))
    assert "<script>alert(1)</script>" in word and "\ufffd\ufffd\ufffd 😀" in word
    assert "<script" not in as_html(sheet) and "&lt;script&gt;" in as_html(sheet)


def test_two_captures_are_told_apart_and_long_values_cut_with_a_word() -> None:
    twice = facts()
    twice["captures"] = [twice["captures"][0], {**twice["captures"][0], "title": "长" * 5_000}]
    word = text_of(words(as_word(sheet_of(twice, FILES), at=AT)))
    assert "（第 1 件，共 2 件）" in word and "（第 2 件，共 2 件）" in word
    assert "全文见 manifest.json" in word and "长" * 700 not in word


def test_a_demo_says_so() -> None:
    assert "演示数据，不得使用" in as_html(sheet_of(facts(demo=True), FILES))
    assert "演示数据" not in as_html(sheet_of(facts(), FILES))


@pytest.mark.parametrize(("value", "said"), [(True, "是"), (False, "否"), (None, "无"), ([], "无"), (0, "0"), ("", "")])
def test_plain_values_in_words(value: Any, said: str) -> None:
    assert told(value) == said


@pytest.mark.browser
def test_a_browser_prints_it(chromium: str) -> None:
    paper = printed(BrowserSettings(executable=Path(chromium)), as_html(sheet_of(facts(), FILES)))
    assert paper.startswith(b"%PDF-") and b"%%EOF" in paper[-32:]
    [width, height] = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper).groups()  # type: ignore[union-attr]
    assert (round(float(width)), round(float(height))) == (595, 842)  # A4 in points


def test_equal_sheets_are_equal_bytes() -> None:
    made = as_word(sheet_of(facts(), FILES), at=AT)
    assert made == as_word(sheet_of(facts(), FILES), at=AT)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:  # no part tells the hour at which it was zipped
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_nobody_recorded_is_told_and_no_officer_of_an_extraction_stands_in_it() -> None:
    officers = [{"account": "wang", "name": "王某", "badge": "鲁D-0001", "unit": "网监科"}]
    attended = facts(extraction={"number": "TQ-1"}) | {
        "maker": {"operator": "王芳", "unit": "科", "officers": officers}
    }
    sheet = sheet_of(attended, FILES)
    values = {label: told for table in sheet.tables if table.kind == "facts" for label, told in table.rows}
    assert values["程序"].startswith(NOT_COLLECTED) and values["运行账号"].startswith(NOT_COLLECTED)
    assert "无人值守" in values["执法人员"] and "鲁D-0001" not in as_html(sheet)


@pytest.mark.parametrize("files", [FILES, FILES * 40])
def test_what_is_signed_stands_on_one_page_with_the_last_table(files: list[dict[str, Any]]) -> None:
    """Word: each paragraph from the last heading on keeps to the next one. A browser: one block that never breaks."""
    sheet = sheet_of(facts(), files)
    root = words(as_word(sheet, at=AT))
    lines = list(root.find(f"{W}body").iter(f"{W}p"))  # type: ignore[union-attr]
    said = ["".join(run.text or "" for run in line.iter(f"{W}t")) for line in lines]
    start = said.index(sheet.headings[-1])
    marks = [line.find(f"{W}pPr/{W}keepNext") for line in lines]
    kept = [mark is not None and mark.get(f"{W}val") != "0" for mark in marks]
    assert all(kept[start:-1]) and not kept[-1] and said[-1] == sheet.blanks[-1]
    assert sum(kept) < 20, "a list of files runs over pages"
    page = as_html(sheet)
    end = page.index("<div class=end>")
    assert page.index(sheet.headings[-2]) < end < page.index(sheet.headings[-1])
    assert sheet.blanks[-1] in page[end : page.index("</div>", end)]
