"""Prices as Chinese pages write them."""

from decimal import Decimal

import pytest

from crawler.prices import read_currency, read_price, tidy_price

CASES = [
    # plain
    ("￥380", "380"), ("¥1,280.00", "1280"), ("380元", "380"), ("3200元/月", "3200"), ("0.01", "0.01"), ("￥ 99", "99"),
    ("CNY 45.5", "45.5"), ("¥40.80", "40.80"), ("１２３", "123"), ("￥１２．５", "12.5"), ("1，280元", "1280"),
    # units
    ("1.2万元", "12000"), ("¥1万", "10000"), ("3万起", "30000"), ("1.5w", "15000"), ("2W包邮", "20000"),
    ("1.2亿", "120000000"),
    ("3千", "3000"), ("1.5k", "1500"), ("1.234万", "12340"), ("1万亿", "1000000000000"), ("20万亿", None),
    # ranges: the lower end, which may borrow the unit of the upper one
    ("100-200元", "100"), ("100~200", "100"), ("¥100 至 ¥300", "100"), ("1-2万", "10000"), ("12.5元起", "12.5"),
    # several prices: what a buyer pays today
    ("原价299 券后89.9", "89.9"), ("券后价：¥59", "59"), ("¥199 原价¥399", "199"), ("市场价 500 现价 300", "300"),
    ("到手价 88 元", "88"), ("原价 100", "100"), ("38 20人付款", "38"), ("¥10/3个", "10"),
    # none
    ("面议", None), ("议价", None), ("价格电联", None), ("", None), ("-1", None), ("¥-5.00", None), ("免费", "0"),
    ("1e400", "1"), ("9" * 40, None), ("NaN", None), ("∞", None), ("¥", None), ("暂无报价", None),
    # abroad
    ("1.600 €", "1600"), ("$179.99", "179.99"), ("HK$1,200", "1200"),
    ("1 200 zł", "1200"), ("1.200 Kč", "1200"), ("R$ 1.200,00", "1200"), ("CHF 1'200.–", "1200"),
    ("₹1,20,000", "120000"),
    ("12 500 ₽", "12500"), ("12.000 kr", "12000"), ("120 - 300 元", "120"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "price"), CASES)
def test_price(text: str, price: str | None) -> None:
    assert read_price(text) == (None if price is None else Decimal(price))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("￥38", "CNY"),
        ("38", "CNY"),
        ("1.600 €", "EUR"),
        ("HK$12", "HKD"),
        ("NT$5", "TWD"),
        ("$5", "USD"),
        ("US $5", "USD"),
        ("R$ 5", "BRL"),
        ("S$5", "SGD"),
        ("1 200 zł", "PLN"),
        ("CHF 5", "CHF"),
        ("AU $5", "AUD"),
    ],
)
def test_currency(text: str, code: str) -> None:
    assert read_currency(text) == code


def test_blanks_of_markup_inside_a_number_are_closed_up() -> None:
    assert tidy_price("￥ 150.\n   00") == "￥150.00"
    assert tidy_price(" 100 - 200 元 ") == "100 - 200 元"
