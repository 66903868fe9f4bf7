"""How well an element of a card does as each of its fields, by its names, its text and where it stands."""

import re
from typing import Any

from crawler.layout import BARE_NUMBER, BARE_SIGN, NO_PRICE, PRICE, PRICED_NAME, Layout, names_of, width_of

_TITLE_NAME = re.compile(
    r"title|name(?!d)|subject|headline|caption|(?:^|[-_ ])(?:tit|bt|biaoti|mingcheng)(?:$|[-_ ])", re.I
)
_TITLE_NOT = re.compile(
    r"sr-only|visually-?hidden|screen-?reader|sub-?title|shop|store|seller|user|nick|author|brand|vendor|tag|label|cat(?:egory)?name|subject-?line",
    re.I,
)
_SELLER_NAME = re.compile(
    r"seller|shop|store|vendor|merchant|dealer|owner|nick|author|maijia|verkäufer|anbieter|(?:^|[-_ ])user", re.I
)
_PLACE_NAME = re.compile(
    r"location|locality|(?:^|[-_ ])(?:place|loc|addr|address|area|city|region|province|"
    r"district|where|ort|standort|diqu|"
    r"didian|pos|adr|from)(?:$|[-_ ])|pin",
    re.IGNORECASE,
)
_TIME_NAME = re.compile(r"time|date|publish|posted|fabu|shijian|datum", re.IGNORECASE)
_FORMER_NAME = re.compile(
    r"(?:^|[-_ ])(?:old|orig|origin|original|was|list-?price|market|del|before|through|uvp|"
    r"rrp|regular|(?<!first-)(?<!second-)(?<!single-)(?<!one-)(?<!two-)line|"
    r"yuanjia|former|previous|compare\w*|retail|strike\w*)(?:$|[-_ ])|oldprice|price-?old",
    re.IGNORECASE,
)
_NOT_PRICE_NAME = re.compile(
    r"ship|freight|deal|sales|sold|count|deposit|save|discount|coupon|postage|versand|"
    r"(?<!with)(?<!out)(?<!cl)(?<!inc)(?<!with-)(?<!out-)(?<!cl-)tax|rating|review|monthly|instal",
    re.I,
)
_NOT_PRICE_TEXT = re.compile(
    r"运费|邮费|快递|定金|已省|立减|满\s*\d|返|人付款|销量|shipping|delivery|versand|save\b|off\b|/\s*(?:month|monat)|deposit",
    re.I,
)
#: Words before an amount that is not what has to be paid: what it cost once, and what it costs in the shops.
_FORMER_LABEL = re.compile(
    r"(?:^|[^a-z])(?:原价|原價|定價|市售?價|建議售價|市场价格?|参考价|吊牌价|划线价|定价|定価|希望小売価格|通常価格|参考価格|원가|정가|"
    r"list(?: price)?|msrp|rrp|uvp|was|"
    r"original(?: price)?(?: was)?|regular price|retail(?: price)?|statt|vorher|antes|prix (?:de base|conseillé)|avant|"
    r"ex(?:cl)?\.? tax)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_OTHER_LABEL = re.compile(
    r"(?:运费|邮费|快递|定金|押金|保证金|首付|月供|起拍价?|加价幅度|最高|立?减|立省|满|返|即決|即決価格|"
    r"shipping|delivery|versand|deposit|save|up ?to|bis zu)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"万?(?:元|円|원)|[万€₽₴]|zł|Kč|kr|руб\.?|грн\.?")
#: Between the ends of a range of prices.
RANGE = re.compile(r"\d\s*(?:[€$£¥￥元円]|zł|kr)?\s*(?:[-–~—至到]|to|bis)\s*\W{0,2}\d")
_STRUCK = re.compile(r"line-through", re.IGNORECASE)
#: What one metre or one pound costs is not the price of the thing.
_PER_UNIT = re.compile(r"\s*(?:元|[¥￥$€£₽])?\s*/\s*(?:平|㎡|m²|m2|sq|kg|斤|克)", re.IGNORECASE)
_FORMER_TAGS = frozenset({"del", "s", "strike"})
_PROVINCE = re.compile(
    r"^(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|"
    r"四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|台湾)(?:省|市|自治区)?"
    r"(?:\S{0,3}|\S{1,6}[市区县州])(?:[ \-·/]+\S{1,10}){0,3}$"
)


def marks_of(layout: Layout, at: int, root: int) -> dict[str, float]:
    """How well the element does as each field of the card at `root`, by itself; a field it cannot be is left out."""
    element, text = layout.elements[at], layout.text(at)
    names = names_of(element)
    leaf = layout.ends[at] - at <= 6
    marks: dict[str, float] = {}
    price = _price_mark(layout, at, element, text, names)
    if price > 0:
        marks["price"] = price
    if width_of(PRICE.sub("", text)) >= max(6, 0.4 * width_of(text)):
        marks["title"] = _title_mark(layout, at, element, text, names)
    if not leaf or price > 2 or at == root:
        return marks
    if width_of(text) <= 60 and (_SELLER_NAME.search(names) or element.get("itemprop") == "seller"):
        marks["seller"] = 3.0 + (element.tag in ("a", "span", "em", "b")) - 0.01 * width_of(text)
    if width_of(text) <= 80 and not PRICE.search(text):
        placed = 2.0 * bool(_PROVINCE.match(text)) + 2.0 * bool(_PLACE_NAME.search(names) or _has_pin(layout, at))
        if placed and not re.fullmatch(r"[\d\W]*", text):
            marks["place"] = placed - 0.01 * width_of(text)
    if element.tag == "time" or _TIME_NAME.search(names):
        marks["published"] = 2.0 + 2.0 * (element.tag == "time")
    return marks


def _has_pin(layout: Layout, at: int) -> bool:
    """True where a small icon in front of the text is a pin on a map."""
    inner = range(at + 1, min(layout.ends[at], at + 3))
    return any(
        re.search(r"(?:^|[-_ ])(?:pin|location|map|marker)", names_of(layout.elements[one]), re.I) for one in inner
    )


def _price_mark(layout: Layout, at: int, element: Any, text: str, names: str) -> float:
    width = width_of(text)
    if width > 60 or not width:
        return 0.0
    if NO_PRICE.match(text):
        return 2.5
    other = _NOT_PRICE_NAME.search(names) is not None
    named = PRICED_NAME.search(names) is not None and not other
    amount = PRICE.search(text) is not None or bool(sign_before(layout, at, text) or sign_behind(layout, at, text))
    if not (amount or (named and re.search(r"\d", text))):
        return 0.0
    # of two amounts alike the first counts, not the shorter
    mark = 3.0 * named + 2.0 * amount + 1.0 - 0.03 * width_of(PRICE.sub("", text))
    if is_former(layout, at):
        mark -= 8.0
    amounts = {found[0] for found in PRICE.finditer(text)}
    mark += 1.0 * (len(re.findall(r"[^\W\d_]", PRICE.sub("", text))) <= 2)
    if len(amounts) > 1 and not RANGE.search(text):
        mark -= 2.5  # the price of today beside the former one: each stands in an element of its own
    if other or _NOT_PRICE_TEXT.search(text) or per_unit(layout, at) or _OTHER_LABEL.search(label_of(layout, at)):
        mark -= 3.0
    return mark


def per_unit(layout: Layout, at: int) -> bool:
    """True for what a metre or a pound costs, though the element behind the number may say so."""
    stop = layout.stops[at]
    behind = re.split(r"\d(?!.*\d)", layout.text(at, 60))[-1] + "".join(layout.pieces[stop : stop + 2])
    return _PER_UNIT.match(behind) is not None


def label_of(layout: Layout, at: int) -> str:
    """What stands right before the amount of an element: in it, else in the piece of text before it; on one line."""
    amount = re.search(r"\d", layout.text(at, 80))
    led = layout.text(at, 80)[: amount.start()].rstrip("¥￥$€£ ") if amount else ""
    if led or not layout.begins[at]:
        return led
    before = " ".join(layout.pieces[layout.begins[at] - 1].split())
    return before if len(before) <= 30 and not re.search(r"\d", before) else ""


def sign_before(layout: Layout, at: int, text: str) -> str:
    """The sign that stands in an element of its own before a whole number, as in <small>￥</small><b>180</b>."""
    begin, stop = layout.begins[at], layout.stops[at]
    if not begin or not BARE_NUMBER.match(text) or not BARE_SIGN.match(layout.pieces[begin - 1]):
        return ""
    goes_on = re.match(r"[.,]\s*\d", "".join(layout.pieces[stop : stop + 2]).lstrip())
    return "" if goes_on else layout.pieces[begin - 1].strip()


def sign_behind(layout: Layout, at: int, text: str) -> str:
    """The unit that stands in an element of its own behind a whole number, as in <b>320</b><i>万</i>."""
    stop = layout.stops[at]
    if stop >= len(layout.pieces) or not BARE_NUMBER.match(text):
        return ""
    unit = layout.pieces[stop].strip()
    return unit if _UNIT.fullmatch(unit) else ""


def _is_struck(layout: Layout, at: int) -> bool:
    """True where the style of an element, or of the one that fills it, crosses it out."""
    inside = range(at, min(layout.ends[at], at + 3))
    alike = (one for one in inside if (layout.begins[one], layout.stops[one]) == (layout.begins[at], layout.stops[at]))
    return any(_STRUCK.search(layout.elements[one].get("style") or "") for one in alike)


def is_former(layout: Layout, at: int) -> bool:
    """True for what is crossed out or says that it was asked once, looking up four levels."""
    element = layout.elements[at]
    if element.tag in _FORMER_TAGS or _FORMER_NAME.search(names_of(element)):
        return True
    if _FORMER_LABEL.search(label_of(layout, at)) or _is_struck(layout, at):
        return True
    for _ in range(4):
        at = layout.parents[at]
        if at < 0:
            return False
        above = layout.elements[at]
        if above.tag in _FORMER_TAGS or (_FORMER_NAME.search(names_of(above)) and layout.width(at) < 30):
            return True
    return False


def _title_mark(layout: Layout, at: int, element: Any, text: str, names: str) -> float:
    width = width_of(text)
    if width < 4 or not re.search(r"[^\W\d_]", text):
        return -1.0
    mark = min(width, 40) / 20 - max(width - 120, 0) / 80
    mark += 3.0 * (element.tag in ("h1", "h2", "h3", "h4", "h5", "h6"))
    mark += 2.5 * (_TITLE_NAME.search(names) is not None) - 4.0 * (_TITLE_NOT.search(names) is not None)
    mark += 1.5 * (element.tag == "a" or layout.elements[layout.parents[at]].tag == "a")
    mark -= 1.5 * bool(layout.ends[at] - at > 1 and PRICE.search(text))
    mark -= 2.0 * bool(_PLACE_NAME.search(names) or _TIME_NAME.search(names) or _PROVINCE.match(text))
    return float(mark - 0.4 * min(layout.ends[at] - at - 1, 10))  # a box of several things is none of them
