"""Prices as Chinese pages write them, over price-parser, which knows digits but neither 万 nor 券后."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from price_parser import Price

#: NUMERIC(16, 2) in the database holds less than this; no honest price comes near.
_TOO_MUCH = Decimal(10) ** 13
_UNITS = {"万": 10_000, "w": 10_000, "亿": 100_000_000, "千": 1_000, "k": 1_000, "百": 100}
_AMOUNT = re.compile(
    r"(?P<minus>[-−])?(?P<sign>[¥$€£])?\s*(?P<number>\d[\d,.'’]*)\s*(?P<unit>[万亿千百]|[wk](?![a-zà-ž]))?(?P<tail>亿)?",
    re.IGNORECASE,
)
#: What a buyer pays today comes before what is crossed out.
_TODAY = re.compile(r"(?:券后价?|到手价?|现价|秒杀价?|促销价?|活动价|折后价?|特价|拼团价?|优惠价)\D{0,4}")
_FORMER = re.compile(r"(?:原价|市场价|参考价|吊牌价|划线价)\D{0,4}$")
#: Most prices: nothing in them to be weighed.
_SIMPLE = re.compile(r"[¥￥]?([0-9]{1,9}(?:\.[0-9]{1,2})?)")
#: What markup left inside a number.
_TORN = re.compile(r"(?<=[\d¥￥$€])\s*([.,])\s*(?=\d)|(?<=[¥￥$€])\s+(?=\d)")
_FREE = re.compile(r"^(?:免费|赠送|白送|免费送)$")
#: The first that occurs counts: HK$ stands before $.
_CURRENCIES = {
    "€": "EUR", "£": "GBP", "HK$": "HKD", "NT$": "TWD", "US$": "USD", "US $": "USD", "R$": "BRL", "AU $": "AUD",
    "A$": "AUD", "C$": "CAD", "C $": "CAD", "S$": "SGD", "₹": "INR", "₽": "RUB", "₩": "KRW", "₫": "VND", "฿": "THB",
    "zł": "PLN", "PLN": "PLN", "CHF": "CHF", "Kč": "CZK", "JPY": "JPY", "Rp": "IDR", "$": "USD", "港币": "HKD",
    "美元": "USD", "欧元": "EUR", "日元": "JPY", "円": "JPY", "원": "KRW", "₱": "PHP",
    "₴": "UAH", "грн": "UAH", "₺": "TRY", "TL": "TRY", "₸": "KZT", "₦": "NGN", "₪": "ILS", "руб": "RUB",
    "EUR": "EUR", "USD": "USD", "HKD": "HKD",
}  # fmt: skip


#: Currencies of countries that write 1.600,00 or 1 600,00.
_CONTINENTAL = re.compile(r"€|EUR|zł|PLN|CHF|R\$|₽|руб|₴|грн|₺|\bTL\b|\blei\b|лв|Kč|\bkr\b|₫|\bRp(?![a-z])")
_POINT_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_BLANK_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def read_price(text: str) -> Decimal | None:
    """The price that `text` states, of a range its lower end; None for 面议, for none, and for impossible ones.

    >>> read_price("￥１.２万起"), read_price("面议"), read_price("原价299 券后89.9")
    (Decimal('12000'), None, Decimal('89.9'))
    """
    if simple := _SIMPLE.fullmatch(text):
        return Decimal(simple[1])
    plain = unicodedata.normalize("NFKC", text[:300]).replace("￥", "¥").strip()
    if _FREE.match(plain):
        return Decimal(0)
    if _CONTINENTAL.search(plain):
        plain = _BLANK_THOUSANDS.sub("", plain)
    today = _TODAY.search(plain)
    found = _AMOUNT.search(plain, today.end()) if today else None
    found = found or next((m for m in _AMOUNT.finditer(plain) if not _FORMER.search(plain[: m.start()])), None)
    found = found or _AMOUNT.search(plain)
    return _amount(found, plain) if found else None


def read_currency(text: str, default: str = "CNY") -> str:
    """ISO 4217 of the currency named in `text`; `default` where none is named. ¥ is the yuan here."""
    if _SIMPLE.fullmatch(text):
        return default
    return next((code for sign, code in _CURRENCIES.items() if sign in text), default)


def tidy_price(text: str) -> str:
    """`text` on one line; blanks that markup left inside a number are closed up: "150. 00" is "150.00"."""
    if _SIMPLE.fullmatch(text):
        return text
    return _TORN.sub(lambda m: m[1] or "", " ".join(text.split()))


def _amount(found: re.Match[str], plain: str) -> Decimal | None:
    minus = found["minus"]
    if minus and not re.search(r"\d\s*$", plain[: found.start()]):
        return None  # -1 is no price; the dash of a range stands after a digit
    # a full stop is a decimal point here; only where commas stand before cents is 1.600 sixteen hundred
    # and behind a dollar, whose cents are two: $1.280 is twelve hundred and eighty pesos
    pesos = found["sign"] == "$" and not found["unit"] and _POINT_THOUSANDS.fullmatch(found["number"])
    point = None if pesos or _CONTINENTAL.search(plain) else "."
    parsed = Price.fromstring(found["number"].strip(",.'’"), decimal_separator=point).amount
    if parsed is None:
        return None
    value = _scaled(parsed, found, plain)
    try:
        return value if value.is_finite() and 0 <= value < _TOO_MUCH else None
    except InvalidOperation:
        return None


def _scaled(number: Decimal, found: re.Match[str], plain: str) -> Decimal:
    unit = (found["unit"] or "").lower()
    if not unit:
        # 1-2万: the unit of the upper end belongs to the lower one too
        upper = re.match(r"\s*[-~—–至到]+\s*[¥$]?\d[\d.,]*\s*([万亿])", plain[found.end() :])
        unit = upper[1] if upper else ""
    if not unit:
        return number
    value = number * _UNITS[unit] * (_UNITS["亿"] if found["tail"] and unit != "亿" else 1)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value
