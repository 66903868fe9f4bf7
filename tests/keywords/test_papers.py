"""Permit numbers in texts of listings: which are read, with their place, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywords.papers import licence_claims
from records import LicenceKind, number_key

#: Text, kind, number as compared; invented numbers in the forms that the module names.
GIVEN = [
    ("带专用标识 编号：LY2018-0034567 假一赔十", LicenceKind.LABEL, "LY20180034567"),
    ("专用标识号ＺＧ１２３４５６７８", LicenceKind.LABEL, "ZG12345678"),
    ("🐢 专用标识:  A 001 234 567 8个", LicenceKind.LABEL, "A001234567"),
    ("标识卡№0012345", LicenceKind.LABEL, "0012345"),
    ("有人工繁育许可证（鲁林护繁〔2019〕第23号）", LicenceKind.BREEDING, "鲁林护繁2019第23号"),
    ("驯养繁殖许可证号：国护驯繁2016-18号", LicenceKind.BREEDING, "国护驯繁201618号"),
    ("经营利用许可证 鲁3704012022", LicenceKind.SALE, "鲁3704012022"),
    ("林护许准[2018]1234号", LicenceKind.SALE, "林护许准20181234号"),
    ("CITES证号 18CN123456/GZ 进口鳄鱼皮", LicenceKind.TRADE, "18CN123456GZ"),
    ("检疫合格证 3700123456", LicenceKind.QUARANTINE, "3700123456"),
    ("国药准字Z20083012 片仔癀", LicenceKind.DRUG, "Z20083012"),
]


@pytest.mark.parametrize(("text", "kind", "key"), GIVEN)
def test_a_number_is_read_where_it_stands(text, kind, key):
    [claim] = licence_claims(text)
    assert (claim.kind, claim.key) == (kind, key)
    assert text[claim.start : claim.end].strip(" -") == claim.number


@pytest.mark.parametrize(
    "text",
    ["标识编码 电话13812345678", "专用标识13812345678", "老物件带标识扫码可查12345", "有专用标识", "专用标识齐全，3只"],
)
def test_a_claim_without_a_number_is_only_a_claim(text):
    [claim] = licence_claims(text)
    assert (claim.kind, claim.number) == (LicenceKind.LABEL, "")


@pytest.mark.parametrize(
    "text", ["老料手串 象牙 私聊", "编号20190034567", "订单号 12345678901234", "繁体字 2019年第3期", ""]
)
def test_what_claims_nothing_is_left_alone(text):
    assert licence_claims(text) == ()


@given(st.text(alphabet="专用标识编号许可证驯繁字号〔2019〕CN/A-0123456789 ：，\u200b", max_size=80))
def test_whatever_stands_there_spans_lie_in_the_text(text):
    for claim in licence_claims(text):
        assert 0 <= claim.start < claim.end <= len(text)
        assert not claim.number or claim.number in text


def test_two_writings_of_one_number_are_one():
    assert number_key("ly 2018-003 4567") == number_key("ＬＹ２０１８／００３４５６７") == "LY20180034567"
