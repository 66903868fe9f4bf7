"""The encoding a page is in, whatever it says: 12 encodings, declared rightly, wrongly and not at all."""

from datetime import UTC, datetime

import pytest

from crawler import definition, detect_encoding, read_cards
from crawler.definition import PLATFORMS
from crawler.encodings import decode
from records import Page

SIMPLIFIED = "象牙手镯 老料 包邮 收藏多年"
TRADITIONAL = "象牙手鐲 老料 包郵 收藏多年"
JAPANESE = "象牙の腕輪です 新品 送料無料"
KOREAN = "상아 팔찌 새 상품 무료 배송"
CASES = [
    ("utf-8", SIMPLIFIED), ("utf-8-sig", SIMPLIFIED), ("gbk", SIMPLIFIED), ("gb2312", SIMPLIFIED),
    ("gb18030", SIMPLIFIED),
    ("big5", TRADITIONAL), ("big5hkscs", TRADITIONAL), ("utf-16", SIMPLIFIED), ("utf-16-le", SIMPLIFIED),
    ("utf-16-be", SIMPLIFIED), ("shift_jis", JAPANESE), ("euc-jp", JAPANESE),
]  # fmt: skip
DECLARED = ["", "utf-8", "gbk", "gb2312", "iso-8859-1", "big5", "x-nonsense", "hex"]


def page_of(text: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>{text}</title></head><body><ul id=list><li>{text}</li></ul></body></html>"
    )


@pytest.mark.parametrize(("encoding", "text"), CASES, ids=[name for name, _ in CASES])
@pytest.mark.parametrize("declared", DECLARED)
def test_text_is_read_whatever_the_header_says(encoding: str, text: str, declared: str) -> None:
    body = page_of(text).encode(encoding)
    assert text in body.decode(detect_encoding(body, declared))


def test_korean_is_read_where_it_is_declared() -> None:
    body = page_of(KOREAN).encode("euc-kr")
    assert KOREAN in body.decode(detect_encoding(body, "euc-kr"))


@pytest.mark.parametrize("meta", ["utf-8", "gb2312", "big5"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_wrong_meta_tag_is_overruled(encoding: str, meta: str) -> None:
    body = page_of(SIMPLIFIED).replace("<head>", f'<head><meta charset="{meta}">').encode(encoding)
    assert SIMPLIFIED in body.decode(detect_encoding(body))


def test_four_characters_are_enough() -> None:
    for encoding, title in (("gbk", "象牙手镯"), ("utf-8", "象牙手镯"), ("big5", "象牙手鐲")):
        body = f"<title>{title}</title>".encode(encoding)
        assert title in body.decode(detect_encoding(body)), encoding


def test_gb2312_pages_are_read_with_the_characters_that_only_gb18030_has() -> None:
    body = page_of("喆镕䶮 象牙手镯").encode("gb18030")
    assert "喆镕䶮" in body.decode(detect_encoding(body, "gb2312"))


def test_a_page_cut_in_the_middle_of_a_character_keeps_its_encoding() -> None:
    assert detect_encoding(page_of(SIMPLIFIED * 20).encode("utf-8")[:-900]) == "utf-8"
    assert decode((SIMPLIFIED * 20).encode("gbk")[:-1], "gbk").startswith(SIMPLIFIED)


@pytest.mark.parametrize("declared", ["", "utf-8"])
@pytest.mark.parametrize("text", ["A · B · C", "Hand plane – refurbished", "Ceramic ×6", "18 €", "naïve café"])
def test_signs_of_the_west_are_no_chinese(text: str, declared: str) -> None:
    """UTF-8 of a middle dot is a common character of GBK, read as that."""
    around = "It’s “here” – 5 × 6 · £3 — €4" if not declared else ""
    page = f"<html><body>{text * 20} {around}</body></html>"
    assert detect_encoding(page.encode(), declared) == "utf-8"


def test_two_characters_of_gbk_that_are_utf8_by_chance_are_read_as_declared() -> None:
    body = "<html><body>shop 毛皮 price number</body></html>".encode("gbk")
    assert body.decode("utf-8")  # which it is
    assert detect_encoding(body, "gbk") == "gb18030"


def test_ascii_and_nothing_are_utf8() -> None:
    assert detect_encoding(b"") == detect_encoding(b"<html>ok</html>") == detect_encoding(b"x", "utf-16") == "utf-8"


def test_reading_repairs_a_page_that_was_labelled_wrongly() -> None:
    body = (PLATFORMS / "pages" / "demo_ads_list.html").read_bytes()
    ads = definition("demo_ads")
    for label in ("utf-8", "x-nonsense", "gb18030"):
        page = Page(
            url=ads.site, final_url=ads.site, status=200, body=body, encoding=label, fetched_at=datetime.now(UTC)
        )
        assert read_cards(ads, page).listings[0].title == "旧书柜一个 实木 自提", label
