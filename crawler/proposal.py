"""A definition proposed from one list page: where the general reader found each field, written as selectors.

What a page cannot tell (who runs the site, whether it may be asked) stands in it as a task for a person.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.addresses import host_of
from crawler.answers import Answer, best_list
from crawler.auto import best_group, best_state, is_list, resolvable
from crawler.documents import Document
from crawler.found import Found
from crawler.groups import LINK_ATTRIBUTES
from crawler.layout import Layout, lay_out
from crawler.next_page import PAGE_IN_ADDRESS, next_page
from crawler.selectors import compile_selector
from crawler.slots import Read, slot_of
from records import Page

_FIELDS = {"title": "title", "price": "price", "seller": "seller", "place": "place", "published": "published"}
_ID_PATTERNS = (
    r"[?&](?:id|itemId|item_id|goodsId|goods_id|productId|pid|sku|nid|tid)=([^&#]+)",
    r"(\d{5,})(?!.*\d{5,})",
    r"(\d{2,})(?!.*\d{2,})",
    r"/([^/?#]+?)(?:\.\w{2,5})?/?(?:[?#]|$)",
)
_HEAD = """\
# {name}：由一个列表页提出的定义，读出 {count} 件。用之前请人工核对：
# 1. name、operator、seat：看页脚的公司名称、亮照、ICP 备案；没有把握就留“待核”
# 2. access：要登录、有验证码或只有私有接口的改为 walled，并写 lawful；先看 robots.txt
# 3. verified：写明哪天按哪份页面核对过
# 4. search_url、browse、sort、item（商品页）：本页看不全，照 docs/adding-a-platform.md 补
# 5. 用 xunwang platform try 本文件 页面 逐行看标题、价格、卖家、所在地对不对
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A definition as text, and what the general reader read from the page that it was made from."""

    text: str
    count: int


def propose(page: Page) -> Proposal | None:
    """The definition that this list page suggests; None where no list of items repeats on it."""
    page = resolvable(page)
    document = Document(page=page)
    if document.is_json:
        answer = best_list(document.data, document.base)
        return _of_answer(document, answer, "") if answer is not None and is_list(list(answer.found)) else None
    if document.tree is None:
        return None
    layout = lay_out(document.tree)
    read = best_group(layout, document.base)
    state, answer = best_state(document)
    if read is not None and is_list(list(read.found)):
        return _of_cards(document, layout, read)
    return _of_answer(document, answer, state) if answer is not None and is_list(list(answer.found)) else None


def _of_cards(document: Document, layout: Layout, read: Read) -> Proposal:
    facts = _following(document)
    facts["cards"] = _cards(document, layout, read)
    facts["id"] = _identity(layout, read)
    for name, places in {"url": "url", **_FIELDS}.items():
        facts[name] = _selector(layout, read, places)
    facts["title"] = _spoken_title(layout, read) or facts["title"]
    facts["pictures"] = "css:img::attr(data-src) ?? css:img::attr(data-original) ?? css:img::attr(src)"
    return Proposal(text=_written(document, facts, read.found), count=len(read.found))


def _of_answer(document: Document, answer: Answer, state: str) -> Proposal:
    facts = {"state": state, "cards": f"jmes:{answer.path or '@'}{'' if answer.path.endswith('*') else '[]'}"}
    names = {"picture": "pictures"}
    for name in ("id", "url", "title", "description", "price", "seller", "place", "picture", "published"):
        if name in answer.fields:
            facts[names.get(name, name)] = f"jmes:{answer.fields[name]}"
    if "id" not in facts:
        facts["id"] = _pattern([one.url for one in answer.found])
    if not any(one.url for one in answer.found):
        facts["url"] = "/item/{id}  # 待核：回答里没有商品链接，请写出商品网址的样子"
    return Proposal(text=_written(document, facts, answer.found), count=len(answer.found))


def _written(document: Document, facts: dict[str, str], found: tuple[Found, ...]) -> str:
    site = urlsplit(document.page.final_url)
    listed = facts.pop("listed", "") or (site.path or "/") + (f"?{site.query}" if site.query else "")
    hosts = sorted({host_of(one.url) for one in found if one.url} - {host_of(document.page.final_url)})
    head = {
        "name": site.netloc,
        "site": f"{site.scheme}://{site.netloc}",
        "hosts": f"[{', '.join(_quoted(host) for host in hosts[:6])}]" if hosts else "",
        "operator": "待核",
        "seat": "待核",
        "access": "public",
        "verified": "待核（尚未按保存的页面核对）",
        "browse": "{列表: " + _quoted(listed) + "}",
        "render": "auto",
    }
    lines = [
        f"{key}: {value if key in ('hosts', 'browse') else _quoted(value)}" for key, value in head.items() if value
    ]
    rest = {"next_page": facts.pop("next_page", ""), "state": facts.pop("state", ""), "sort": "other", "delay": "10"}
    lines += [f"{key}: {_quoted(value)}" for key, value in rest.items() if value]
    lines += ["# 怎样读", *(f"{key}: {_line(value)}" for key, value in facts.items() if value)]
    return _HEAD.format(name=site.netloc, count=len(found)) + "\n".join(lines) + "\n"


def _line(value: str) -> str:
    told, mark, note = value.partition("  # ")
    return _quoted(told) + mark + note


def _quoted(value: str) -> str:
    """`value` as YAML reads it back; quoted unless it is plain without doubt."""
    if re.fullmatch(r"[\w./:=>()（）*+-]+", value) and not re.search(r":$|^[-*=>]", value):
        return value
    return "'" + value.replace("'", "''") + "'"


def _cards(document: Document, layout: Layout, read: Read) -> str:
    """The selector whose matches are most nearly the cards."""
    wanted = {id(layout.elements[at]) for at in read.cards}

    def fitness(selector: str) -> float:
        matched = {id(one) for one in compile_selector(selector)[0].find(document.tree)}  # type: ignore[misc]
        return len(matched & wanted) / max(len(matched | wanted), 1)

    return max(_card_selectors(layout, read), key=fitness)


def _card_selectors(layout: Layout, read: Read) -> Iterator[str]:
    first = layout.elements[read.cards[0]]
    own = f"{first.tag}{''.join(f'.{name}' for name in read.group.shared.split('.') if _plain(name))}"
    yield f"css:{own}"
    parent = first.getparent()
    for _ in range(3):
        if parent is None:
            return
        name = parent.get("id") or ""
        if _plain(name):
            yield f"css:#{name} {own}"
        for one in (parent.get("class") or "").split()[:3]:
            if _plain(one):
                yield f"css:{parent.tag}.{one} {own}"
                yield f"css:{parent.tag}.{one}>{own}"
        yield f"xpath://{parent.tag}/{first.tag}[.//a[@href]]"
        parent = parent.getparent()


def _plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][\w-]{0,60}", name) is not None


def _selector(layout: Layout, read: Read, name: str) -> str:
    """The selector inside a card that finds the field in most cards; empty where few cards have it."""
    placed = [(card, places[name]) for card, places in zip(read.cards, read.places, strict=True) if name in places]
    if len(placed) * 5 < len(read.cards):
        return ""
    suffix = _attribute(layout, [at for _, at in placed]) if name == "url" else ""
    clicked = " =~ (?:href\\s*=|open\\()\\s*['\"]([^'\"]+)" if suffix == "onclick" else ""
    ways = Counter(_css(layout, at, card) for card, at in placed) + Counter(
        _steps(layout, at, card) for card, at in placed
    )
    best, hits = "", -1
    for way, _ in ways.most_common(6):
        found = sum(_first_of(layout, way, card) is layout.elements[at] for card, at in placed)
        if found > hits:
            best, hits = way, found
    if not best:
        return ""
    if suffix:
        return (f"{best}/@{suffix}" if best.startswith("xpath:") else f"{best}::attr({suffix})") + clicked
    return best


def _first_of(layout: Layout, selector: str, card: int) -> Any:
    find = compile_selector(selector)[0].find
    found = find(layout.elements[card]) if find is not None else []
    return found[0] if found else None


def _attribute(layout: Layout, places: list[int]) -> str:
    names = Counter(next((n for n in LINK_ATTRIBUTES if layout.elements[at].get(n)), "onclick") for at in places)
    return names.most_common(1)[0][0]


def _css(layout: Layout, at: int, card: int) -> str:
    slot = slot_of(layout, at, card)
    return "xpath:." if at == card else f"css:{slot}" if re.fullmatch(r"[\w.>-]+", slot) else _steps(layout, at, card)


def _steps(layout: Layout, at: int, card: int) -> str:
    """The way from the card to the element, counted."""
    steps: list[str] = []
    while at > card:
        element = layout.elements[at]
        before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
        steps.append(f"{element.tag}[{before + 1}]")
        at = layout.parents[at]
    return "xpath:" + "/".join([".", *reversed(steps)])


def _spoken_title(layout: Layout, read: Read) -> str:
    """The attribute that holds the titles, where the page cuts them short or shows them as pictures."""
    for selector, words in (("css:a::attr(title)", ".//a/@title"), ("css:img::attr(alt)", ".//img/@alt")):
        spoken = 0
        for one, at, places in zip(read.found, read.cards, read.places, strict=True):
            first = layout.elements[at].xpath(words)[:1]
            shown = layout.text(places["title"], 20_000) if "title" in places else ""
            spoken += first == [one.title] and one.title != shown
        if spoken >= 0.6 * len(read.found):
            return selector
    return ""


def _identity(layout: Layout, read: Read) -> str:
    cards = [layout.elements[at] for at in read.cards]
    for name in ("data-id", "data-adid", "data-itemid", "data-item-id", "data-sku", "data-nid", "data-product-id"):
        if len({card.get(name) for card in cards if card.get(name)}) == len(cards):
            return f"xpath:@{name}"
    return _pattern([one.url for one in read.found])


def _pattern(urls: list[str]) -> str:
    """The first pattern that tells all the addresses apart."""
    for pattern in _ID_PATTERNS:
        found = [match[1] for match in (re.search(pattern, url) for url in urls) if match]
        if len(set(found)) >= 0.9 * len(set(urls)) > 0:
            return f"url:{pattern}"
    return "url:://[^/]+(/.+)$"


def _following(document: Document) -> dict[str, str]:
    """The link of the next page; where only its number tells it, the list's address with {page}."""
    if selector := _next_link(document.tree):
        return {"next_page": selector}
    following = next_page(document.tree, document.base, document.page.final_url)
    numbered = PAGE_IN_ADDRESS.search(following)
    if numbered is None:
        return {}
    listed = following[: numbered.start("number")] + "{page}" + following[numbered.end("number") :]
    parts = urlsplit(listed)
    return {"next_page": "number", "listed": parts.path + (f"?{parts.query}" if parts.query else "")}


def _next_link(tree: Any) -> str:
    for selector, words in (
        ("css:a[rel=next]::attr(href)", "//a[contains(concat(' ',@rel,' '),' next ')][@href]"),
        ("css:link[rel=next]::attr(href)", "//link[@rel='next'][@href]"),
        ("css:a.next::attr(href)", "//a[contains(concat(' ',@class,' '),' next ')][@href]"),
        ("xpath://a[contains(.,'下一页')]/@href", "//a[contains(.,'下一页')][@href]"),
        ("xpath://a[contains(.,'下页')]/@href", "//a[contains(.,'下页')][@href]"),
        ("xpath://a[normalize-space()='Next']/@href", "//a[normalize-space()='Next'][@href]"),
    ):
        if tree.xpath(words):
            return selector
    return ""
