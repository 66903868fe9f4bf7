"""Numbers, prices, dates and times as each language writes them: all of them by Babel, so that nobody invents one."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_datetime_format
from babel.numbers import format_currency, format_decimal, format_percent

from records import SHANGHAI, shanghai

#: Length of a date: short where that has four digits of the year and one order, as in Chinese.
_LENGTHS: Mapping[str, Literal["short", "medium"]] = {"zh-CN": "short", "en": "medium"}


@cache
def locale(language: str) -> Locale:
    """The language of a request (zh-CN or en) as Babel knows it."""
    return Locale.parse(language.replace("-", "_"))


def number(value: int | float | Decimal, language: str) -> str:
    """1,234,567."""
    return format_decimal(value, locale=locale(language))


def percent(share: float, language: str) -> str:
    """12.3%, of 0.123."""
    return format_percent(share, "0.0%", locale=locale(language))


def money(amount: Decimal, language: str) -> str:
    """¥1,234.00, or CN¥1,234.00 where that might be taken for another currency."""
    return format_currency(amount, "CNY", locale=locale(language))


def day(value: date, language: str) -> str:
    """2026/11/23, Nov 23, 2026. Of a moment the day in China."""
    of = shanghai(value).date() if isinstance(value, datetime) else value
    return format_date(of, _LENGTHS[language], locale=locale(language))


def day_of_year(value: date, language: str) -> str:
    """11月23日, Nov 23. Of a moment the day in China."""
    of = shanghai(value) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
    return format_skeleton("MMMd", of, locale=locale(language))


def time(value: datetime, language: str) -> str:
    """02:14, 2:14 AM, in China."""
    return format_time(value, "short", tzinfo=SHANGHAI, locale=locale(language))


def moment(value: datetime, language: str) -> str:
    """2026/11/23 02:14, in China."""
    whole = get_datetime_format(_LENGTHS[language], locale=locale(language))
    return str(whole).replace("{1}", day(value, language)).replace("{0}", time(value, language)).replace("'", "")


def anything(value: object, language: str) -> object:
    """What a sentence is filled with: numbers, dates and moments as the language writes them, all else as it is."""
    if isinstance(value, datetime):
        return moment(value, language)
    if isinstance(value, date):
        return day(value, language)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number(value, language)
    return value
