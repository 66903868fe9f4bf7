"""Items out of JSON that nobody has described: a bare answer of an interface, or the state that a page carries."""

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crawler import values
from crawler.documents import Document, read_json
from crawler.found import Found, address
from crawler.layout import width_of

_MOST_VALUES = 200_000
_DEEPEST = 24
_LEAVES = 250
_MOST_LISTS = 2_000
#: Bytes of script that are tried as JSON, all attempts on a page together.
_MOST_READ = 30_000_000
_MOST_TRIES = 60
_ASSIGNED = re.compile(
    r"(?:[\w$.\]\"']{1,80}\s{0,20}=|^)\s{0,20}(?P<parse>JSON\.parse\(\s{0,20})?(?=[{\[\"'])|\.push\(\s{0,20}(?=[{\[])",
    re.MULTILINE,
)

#: What interfaces call each field, best first, in lower case without underscores and dashes.
_NAMES = {
    "title": "title itemtitle goodstitle producttitle rawtitle goodsname productname itemname warename subject name "
    "displayname shorttitle headline text",
    "url": "url itemurl detailurl goodsurl producturl link href permalink canonicalurl weburl "
    "shareurl jumpurl targeturl "
    "urlpath path slug",
    "id": "itemid id goodsid productid nid sku skuid infoid adid listingid wareid spuid goodssn uid",
    "price": "price pricetext currentprice saleprice viewprice finalprice soldprice priceinfo "
    "displayprice formattedprice "
    "goodsprice minprice lowprice promotionprice actualprice reserveprice priceamount amount jiage "
    "pricecents priceincents amountcents pricefen",
    "seller": "usernick usernickname sellername sellernick nick nickname shopname storename "
    "shoptitle sellernickname seller "
    "username merchantname vendor author owner shop store",
    "place": "area location place city cityname itemloc region regionname province address locality district provcity "
    "ipaddress",
    "picture": "picurl image imageurl pic img imgurl cover coverurl mainpic mainimage picture "
    "thumbnail thumb thumburl goodsthumb "
    "photo images pics pictures photos",
    "published": "publishtime publishedat createdat createtime ctime date pubdate posttime time gmtcreate",
    "description": "description desc content detail summary",
}  # fmt: skip
_RANKS = {name: {word: rank for rank, word in enumerate(words.split())} for name, words in _NAMES.items()}
_FIELDS: dict[str, tuple[str, ...]] = {
    word: tuple(name for name in _NAMES if word in _RANKS[name]) for ranks in _RANKS.values() for word in ranks
}
#: A name made up of one above and a word of the house: infoPrice. Not what a thing once cost.
_HOUSE_NAME = re.compile(
    r"(?!ori|old|market|former|before|was|list|line|retail|tag|del|cross|max|high|unit|ship|express)\w*(?P<field>price|title)"
)
_HOUSE_RANK = 30
_UNIT_OF_PRICE = re.compile(r"(?:\w*(?:price|money|amount|currency)\w*)?unit")
_MINOR_KEY = re.compile(r"(?:cents?|fen)$", re.IGNORECASE)
#: Names that say nothing without the one around them.
_INNER = frozenset(
    ("value", "text", "amount", "src", "url", "name", "content", "cent", "cents", "fen", "display", "formatted", "path")
)
_MINOR_UNITS = frozenset(("分", "fen", "cent", "cents"))
_ASIDE = re.compile(
    r"recommend|related|similar|guess|history|banner|nav|menu|filter|facet|categor|breadcrumb|config|hotword|suggest",
    re.I,
)
_PERSON = re.compile(r"user|seller|shop|store|nick|author|owner|brand|categor|tag|label|icon", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The best list of objects in JSON, as items."""

    found: tuple[Found, ...]
    score: float
    #: JMESPath to the list, and of each field inside an object.
    path: str
    fields: dict[str, str]


def states(document: Document) -> Iterator[tuple[str, Any]]:
    """The JSON values that a page carries in its scripts and attributes, largest sources first within bounds.

    Each with what stands before it, as `state` in a definition wants it; empty where it stands in an attribute.
    """
    if document.tree is None:
        return
    budget, tries = _MOST_READ, 0
    streamed: list[str] = []
    scripts = document.tree.xpath("//script[not(@src)][not(contains(@type,'ld+json'))]")
    texts = sorted(((script.text or "", script.get("id") or "") for script in scripts[:400]), key=_length, reverse=True)
    carried = document.tree.xpath("//@data-page | //@data-props | //@data-state | //@data-initial-state | //@data-json")
    for text, name in [*texts[:40], *((str(one), "") for one in carried[:20])]:
        at = 0
        while (found := _ASSIGNED.search(text, at)) is not None and tries < _MOST_TRIES and budget > 0:
            tries, budget = tries + 1, budget - (len(text) - found.end())
            value, at = _value_at(text, found.end(), parse=bool(found.groupdict().get("parse")))
            if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
                streamed.append(value[1])
            elif isinstance(value, dict | list):
                yield name or found[0].split("=")[0].strip(" .()[\"'"), value
    # what a page streams piece by piece: a line each, its number before a colon
    for line in "".join(streamed).split("\n")[:_MOST_TRIES]:
        value = read_json(line.partition(":")[2])
        if isinstance(value, dict | list):
            yield "", value


def _length(source: tuple[str, str]) -> int:
    return len(source[0])


def _value_at(text: str, at: int, *, parse: bool) -> tuple[Any, int]:
    """The JSON value at `at` and where to go on; None where there is none."""
    if text[at] in "\"'":
        return _quoted(text, at) if parse else (None, at + 1)
    try:
        value, end = json.JSONDecoder(parse_constant=lambda _: None).raw_decode(text, at)
    except RecursionError:
        return None, len(text)
    except ValueError:
        # undefined and the like: the repairing reader, once, for what is large enough to matter
        return (read_json(text[at:]), len(text)) if len(text) - at > 500 else (None, at + 1)
    return value, end


def _quoted(text: str, at: int) -> tuple[Any, int]:
    literal = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL).match(text, at)
    if literal is None:
        return None, at + 1
    inner = literal[0][1:-1]
    try:
        inner = json.loads('"' + inner.replace("\\'", "'") + '"', strict=False)
    except ValueError:
        return None, literal.end()
    return read_json(inner), literal.end()


def best_list(data: Any, base: str) -> Answer | None:
    """The list of objects in `data` that looks most like a list of items; None where none does."""
    answers = (_answer(path, rows, base) for path, rows in _lists(data) if len(rows) > 1)
    return max((one for one in answers if one is not None), key=lambda one: one.score, default=None)


def lone_item(data: Any, base: str) -> Found | None:
    """The one item that an answer is about: the object that has most of a title, price, id and link; None for none."""
    best, worth = None, 0.0
    for path, thing in _objects(data):
        answer = _answer(path, [thing], base)
        if answer is not None and answer.found[0].worth > worth and answer.found[0].price_text:
            best, worth = answer.found[0], answer.found[0].worth
    return best


def _walk(data: Any) -> Iterator[tuple[str, Any, int]]:
    waiting: list[tuple[str, Any, int]] = [("", data, 0)]
    seen = 0
    while waiting and seen < _MOST_VALUES:
        batch, waiting = waiting, []
        for path, value, depth in batch:
            seen += 1
            if seen > _MOST_VALUES:
                return
            yield path, value, depth
            if depth >= _DEEPEST:
                continue
            if isinstance(value, dict):
                waiting += [
                    (_under(path, key), one, depth + 1) for key, one in value.items() if isinstance(one, dict | list)
                ]
            elif isinstance(value, list):
                waiting += [
                    (f"{path}[{at}]", one, depth + 1)
                    for at, one in enumerate(value[:1_000])
                    if isinstance(one, dict | list)
                ]


def _under(path: str, key: Any) -> str:
    name = str(key) if re.fullmatch(r"[A-Za-z_]\w*", str(key)) else json.dumps(str(key), ensure_ascii=False)
    return f"{path}.{name}" if path else name


def _lists(data: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    count = 0
    for path, value, _ in _walk(data):
        rows: list[Any] = []
        if isinstance(value, list):
            rows = value
        elif isinstance(value, dict) and len(value) >= 3 and all(isinstance(one, dict) for one in value.values()):
            rows, path = list(value.values()), f"{path}.*" if path else "*"  # items by id, as stores of state keep them
        objects = [one for one in rows[:1_000] if isinstance(one, dict) and len(one) >= 1]
        if objects and len(objects) * 2 > len(rows[:1_000]):
            count += 1
            yield path, objects
        if count >= _MOST_LISTS:
            return


def _objects(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, (path, value, _) in enumerate(_walk(data)):
        if at > 5_000:
            return
        if isinstance(value, dict) and len(value) >= 3 and not _ASIDE.search(path):
            yield path, value


def _leaves(thing: dict[str, Any]) -> dict[str, Any]:
    """Path → text of everything in an object, lists of one-text pieces joined, at most _LEAVES."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any, int]] = [("", thing, 0)]
    while waiting and len(found) < _LEAVES:
        path, value, depth = waiting.pop(0)
        if isinstance(value, dict):
            if depth < 7:
                waiting += [(_under(path, key), one, depth + 1) for key, one in list(value.items())[:80]]
        elif isinstance(value, list):
            if value and all(isinstance(one, dict) and isinstance(one.get("text"), str) for one in value[:10]):
                found[f"join('', {path}[].text)"] = "".join(one["text"] for one in value[:10])
            elif value and isinstance(value[0], str):
                found[f"{path}[0]"] = value[0]
            elif value and isinstance(value[0], dict) and depth < 5:
                waiting.append((f"{path}[0]", value[0], depth + 2))
        elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            found[path] = value
    return found


@lru_cache(maxsize=20_000)
def _key_of(path: str) -> str:
    bare = re.sub(r"^join\('', (.*)\[\]\.text\)$", r"\1", path)
    parts = [part.strip('"') for part in re.sub(r"\[\d+\]", "", bare).split(".")]
    last = re.sub(r"[_-]", "", parts[-1]).lower()
    # {"price": {"value": 3}}: the outer name says what it is
    if last in _INNER and len(parts) > 1:
        outer = re.sub(r"[_-]", "", parts[-2]).lower()
        if any(
            outer in ranks for field, ranks in _RANKS.items() if not (last in ("url", "src") and field != "picture")
        ):
            return outer
    return last


@lru_cache(maxsize=20_000)
def _fields_of(key: str) -> tuple[str, ...]:
    """The fields that may stand under a key."""
    made_up = None if key in _FIELDS else _HOUSE_NAME.fullmatch(key)
    return (made_up["field"],) if made_up else _FIELDS.get(key, ())


def _mark(name: str, path: str, value: Any) -> float:
    """How well the value at `path` does as the field `name`; 0 for not at all."""
    key = _key_of(path)
    if name not in _fields_of(key):
        return 0.0
    rank = _RANKS[name].get(key, _HOUSE_RANK)
    text = values.plain(value)[:600]
    mark = 3.0 - rank * 0.06 - 0.12 * path.count(".") - 0.3 * path.count("[0]")
    if name == "title" and (
        width_of(text) < 3
        or not re.search(r"[^\W\d_]", text)
        or text.startswith("http")
        or _PERSON.search(path.rpartition(".")[0])
    ):
        return 0.0
    if name == "price" and not ((re.search(r"\d", text[:40]) and len(text) < 40) or text in ("面议", "免费")):
        return 0.0
    if name == "url" and not (re.match(r"https?://|//|/", text) or "/" in text):
        return 0.0
    if name == "url" and re.search(r"\.(?:jpe?g|png|gif|webp|svg|heic)(?:$|\?)", text, re.IGNORECASE):
        return 0.0
    if name in ("url", "id") and _PERSON.search(path):
        return 0.0
    if name == "picture" and not re.match(r"(?:https?:)?//|/", text):
        return 0.0
    if name in ("seller", "place") and (len(text) > 60 or text.isdigit() or "://" in text):
        return 0.0
    return mark


def _answer(path: str, rows: list[dict[str, Any]], base: str) -> Answer | None:
    leaves = [_leaves(row) for row in rows]
    totals: dict[str, dict[str, float]] = {name: defaultdict(float) for name in _NAMES}
    for one in leaves:
        for where, value in one.items():
            for name in _fields_of(_key_of(where)):
                if mark := _mark(name, where, value):
                    totals[name][where] += mark
    order = {name: sorted(total, key=lambda where: -total[where]) for name, total in totals.items()}
    for name in ("url", "id", "title"):
        order[name] = [where for where in order[name] if _tells_apart(leaves, where)]
    if not order["title"]:
        return None
    found = tuple(
        item for item in (_found(one, order, base) for one in leaves) if item.title and (item.url or item.item_id)
    )
    if not found or len(found) * 2 < len(rows):
        return None
    mean = sum(one.worth for one in found) / len(rows)
    score = mean**2 * min(len(rows), 200) ** 0.7 * (0.1 if _ASIDE.search(path) else 1.0)
    return Answer(found=found, score=score, path=path, fields={name: ways[0] for name, ways in order.items() if ways})


def _tells_apart(leaves: list[dict[str, Any]], where: str) -> bool:
    """True for a place whose values differ from row to row."""
    values_there = [one[where] for one in leaves if where in one]
    return len({str(value)[:300] for value in values_there}) >= 0.7 * len(values_there)


def _found(leaves: dict[str, Any], order: dict[str, list[str]], base: str) -> Found:
    def first(name: str) -> str:
        return next(
            (
                values.plain(leaves[where])
                for where in order[name]
                if where in leaves and _mark(name, where, leaves[where])
            ),
            "",
        )

    links = [where for where in order["url"] if where in leaves]
    url = next((u for u in (address(base, html.unescape(values.plain(leaves[where]))) for where in links) if u), "")
    return Found(
        title=first("title"),
        url=url,
        item_id=first("id"),
        price_text=_price(leaves, order["price"]),
        seller=first("seller"),
        place=first("place"),
        pictures=tuple(filter(None, [address(base, first("picture"))])),
        description=first("description"),
        published=first("published"),
    )


def _price(leaves: dict[str, Any], places: list[str]) -> str:
    """A price in yuan where the object or its key says that it counts in fen, or the like; else as it stands."""
    where = next((one for one in places if one in leaves and _mark("price", one, leaves[one])), "")
    price = values.plain(leaves[where]) if where else ""
    units = (str(value).lower() for where, value in leaves.items() if _UNIT_OF_PRICE.fullmatch(_key_of(where)))
    minor = _MINOR_KEY.search(where) is not None or not _MINOR_UNITS.isdisjoint(units)
    return f"{int(price) / 100:.2f}" if minor and price.isascii() and price.isdigit() and len(price) < 15 else price
