"""A page laid out flat, in the order of its source, so that every question about a part of it is a subtraction.

Built in one walk. A part is the run of elements from its own number up to its end; counts over parts are differences
of running totals, so that no part is walked twice however deep parts are nested in one another.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

#: More than any list page has; what stands behind is not looked at.
MOST_ELEMENTS = 150_000
_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select", "textarea"}
)
_HIDING = frozenset({"is-hidden", "ng-hide", "d-none", "hidden-text"})
_INLINE = frozenset(
    (
        "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i", "img", "ins", "kbd",
        "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "del", "strike",
        "var", "wbr",
    )
)  # fmt: skip
_CURRENCY = (
    r"(?:[¥￥$€£₩₹₽฿₫₱₴₺₸₦₪]|R\$|(?:RMB|CNY|USD|EUR|GBP|HKD|CHF|JPY|TWD|SGD|AUD|CAD|PLN)(?![a-z])|元|円|원|zł|Kč|kr\b|"
    r"(?:TL|lei)(?![a-z])|лв|"
    r"(?<![a-z])(?:Rp|Rs|RM)\.?(?=\s*\d)|руб|грн)"
)
_NUMBER = r"\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
#: An amount with its currency; the sign may stand before or behind.
PRICE = re.compile(
    rf"{_CURRENCY}\s*(?:{_NUMBER})|"
    rf"(?<![a-z\d])(?:{_NUMBER})\s*(?:(?:[万亿千]\s*)?(?:{_CURRENCY}|块(?!头))|[万亿](?=\s*(?:起|$)))",
    re.IGNORECASE,
)
NO_PRICE = re.compile(
    r"^\W{0,3}(?:价格|售价)?\W{0,3}(?:面[议谈商]|详谈|电联|议价|电议|询价|待议|免费|VB|Zu verschenken|Free)\W{0,3}$",
    re.I,
)
#: The sign of a currency and nothing else.
BARE_SIGN = re.compile(rf"^\s*{_CURRENCY}\s*$", re.IGNORECASE)
_SIGN_BEHIND = re.compile(r"\s*(?:[万千]\s*)?(?:元(?!/(?:平|㎡|m|斤|kg))|块(?!头)|€|円|원|₽|₴|zł|Kč|kr\b)")
#: A number and nothing else.
BARE_NUMBER = re.compile(rf"^\s*(?:{_NUMBER})\s*$")
PRICED_NAME = re.compile(
    r"(?:^|[-_ ])pri(?:$|[-_ ])|price|preis|prix|prezzo|precio|jiage|money|amount(?!s)|(?:^|[-_])cost", re.IGNORECASE
)
_RAISED = re.compile(r"vertical-align|super|cents|fraction|decimal", re.IGNORECASE)
#: A whole number at the end of a piece of text.
_WHOLE_BEFORE = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[.,]\d{3})+|\d+)$")
#: Parts of a page that are about the site or about other things than what was asked for.
_ASIDE_TAGS = frozenset({"nav", "footer", "aside", "header"})
_ASIDE_NAME = re.compile(
    r"(?:^|[-_ ])(?:nav|navbar|navigation|menu|submenu|footer|foot|sidebar|side|breadcrumbs?|crumbs?|pagination|pager|"
    r"related|relate|recommend(?:ed|ations?)?|recommand|similar|upsells?|crosssells?|"
    r"cross-sell|also|guess|history|recent|"
    r"tuijian|xiangguan|hot|toolbar|filters?|facets?|tags?|tagcloud|mega-?menu|drawer|dialog|popup|mini-?cart|"
    r"cart-?drawer|off-?canvas|cookies?|consent|newsletter|copyright|friendlinks?|links|topbar|modal|"
    r"combo|viewed|trending|suggest(?:ed|ions?)?|bestsellers?)(?:$|[-_ ])",
    re.IGNORECASE,
)
#: Of a part that stands alone; cards whose pictures slide say it too.
_SLIDING_NAME = re.compile(r"(?:^|[-_ ])(?:carousel|slider)(?:$|[-_ ])", re.IGNORECASE)
_ASIDE_HEADING = re.compile(
    r"猜你喜欢|为[您你]推荐|^\W*相关(?:推荐|商品|阅读|文章|搜索)|看了又看|还(?:看了|买了)|热门(?:推荐|商品|搜索)?$|"
    r"最近浏览|浏览记录|^\W*(?:其[他它](?:卖家|专场|商品|宝贝|物品)|附近的|周边|更多推荐)|(?:可能|也)还?会?喜欢|"
    r"同类(?:推荐|商品)|店长推荐|猜您喜欢|"
    r"\brelated\b|similar|\bnearby\b|\bother (?!results)|fewer words|more (?:from|like)|alternativ|\bumgebung\b|"
    r"similaires|vous aimerez|ook interessant|potrebbe|también|relacionad|correlat|"
    r"you (?:may|might)|also (?:like|bought|viewed)|recommended|recently viewed|sponsored|"
    r"ähnliche|das könnte|passend dazu|empfehlung|zuletzt|auch interess|kunden kauften|おすすめ|関連",
    re.IGNORECASE,
)
_BASKET_HEADING = re.compile(
    r"^\W*(?:我的)?购物[车袋]\W*$|^\W*(?:(?:your|my|shopping) )?(?:bag|cart|basket)\W*$|^\W*(?:mein )?warenkorb\W*$",
    re.IGNORECASE,
)
#: What says so outside a heading; most of the words above may stand in a card as well.
_ASIDE_LINE = re.compile(
    r"喜欢$|^为[您你]推荐|^看了又看|also like$|^recently viewed|^vous aimerez|^das könnte", re.IGNORECASE
)
#: Attributes that say what an element is; some are for the site's own tests, and outlive its styles.
_NAMING = frozenset(
    {"class", "id", "itemprop", "data-testid", "data-test-id", "data-qa-id", "data-qa", "data-marker", "data-cy"}
)
#: Of what is a heading by its class.
_LOWEST_RANK = 7
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "legend", "caption"})


@dataclass(slots=True)
class Layout:
    """The elements of a page by number. All lists are parallel; `ends[i]` is one past the last element inside i."""

    elements: list[Any] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    #: Number of the chain of tags that leads to the element: alike for what stands alike on the page.
    paths: list[int] = field(default_factory=list)
    #: First piece of text inside the element, and one past its last.
    begins: list[int] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    #: True inside navigation, footers, recommendations.
    aside: list[bool] = field(default_factory=list)
    #: The one h1 outside the frame; -1 where there is none, or more.
    headline: int = -1
    #: True inside cards that repeat, each with a link and a price: a shop's strips, and the goods of a list.
    carded: list[bool] = field(default_factory=list)
    #: Running totals before element i: links, pictures, prices; one longer than `elements`.
    links: list[int] = field(default_factory=lambda: [0])
    images: list[int] = field(default_factory=lambda: [0])
    prices: list[int] = field(default_factory=lambda: [0])
    #: Running total of characters before piece i, a Chinese one counted twice.
    widths: list[int] = field(default_factory=lambda: [0])

    def text(self, at: int, most: int = 400) -> str:
        """The text inside element `at` on one line, at most `most` characters."""
        begin, stop = self.begins[at], self.stops[at]
        return " ".join("".join(self.pieces[begin : min(stop, begin + 200)]).split())[:most]

    def width(self, at: int) -> int:
        """Width of the text inside element `at`."""
        return self.widths[self.stops[at]] - self.widths[self.begins[at]]

    def main_width(self) -> int:
        """Width of the text outside navigation, footers, recommendations."""
        roots = (at for at, aside in enumerate(self.aside) if aside and not self.aside[self.parents[at]])
        return max(self.widths[-1] - sum(self.width(at) for at in roots), 1)

    def count(self, totals: list[int], at: int) -> int:
        """How many of what `totals` counts there are inside element `at`, itself included."""
        return totals[self.ends[at]] - totals[at]


def names_of(element: Any) -> str:
    """Class, id and the like of an element, as one text to look for hints in."""
    return " ".join([value for name, value in element.items() if name in _NAMING])[:300]


def lay_out(tree: Any) -> Layout:
    """The layout of an element tree, of its first MOST_ELEMENTS elements."""
    builder = _Builder()
    walker = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walker:
        if event == "end":
            builder.leave(element)
        elif len(builder.layout.elements) >= MOST_ELEMENTS or _unread(element):
            walker.skip_subtree()
        else:
            builder.enter(element)
    return builder.finished()


def _unread(element: Any) -> bool:
    """True for what no visitor sees."""
    if not isinstance(element.tag, str) or element.tag in _SKIPPED:
        return True
    classes = element.get("class") or ""
    return (
        _is_footnote(element)
        or element.get("hidden") is not None
        or element.get("type") == "hidden"
        or (bool(classes) and not _HIDING.isdisjoint(classes[:300].split()) and "block" not in classes)
    )


def _is_footnote(element: Any) -> bool:
    """True for the raised 1 in € 12.450¹, which would make the amount another one."""
    if element.tag != "sup" or len(element) or not re.fullmatch(r"\s*[\d*†]\s*", element.text or ""):
        return False
    before = element.getprevious()
    above = element.getparent()
    text = before.tail if before is not None else above.text if above is not None else ""
    return re.search(r"[\d€$£-]\s*$", text or "") is not None


def _is_raised(element: Any, names: str) -> bool:
    """True for two raised digits without a point: the 99 of $12⁹⁹, which would make the amount a hundredfold."""
    if len(element) or not re.fullmatch(r"\s*\d\d\s*", element.text or ""):
        return False
    return element.tag == "sup" or _RAISED.search(f"{element.get('style') or ''} {names}") is not None


def _repeats(element: Any) -> bool:
    """True where what stands beside an element has its classes too."""
    beside = [one for one in (element.getprevious(), element.getnext()) if one is not None]
    return bool(element.get("class")) and any(one.get("class") == element.get("class") for one in beside)


class _Builder:
    """Takes a walk's steps and keeps the lists of a layout in step."""

    def __init__(self) -> None:
        self.layout = Layout()
        self._open: list[int] = []
        self._known: dict[tuple[int, str], int] = {}
        self._blank = False
        #: Where a heading made the rest of a part an aside: rank of that heading, 0 once another one has ended it.
        self._suspects: dict[int, int] = {}
        #: Box that begins with such a heading: the part around it, what that was before, and links so far.
        self._led: dict[int, tuple[int, int, int]] = {}

    def enter(self, element: Any) -> None:
        lay, at = self.layout, len(self.layout.elements)
        parent = self._open[-1] if self._open else -1
        path = self._known.setdefault((lay.paths[parent] if parent >= 0 else -1, element.tag), len(self._known))
        lay.elements.append(element)
        lay.parents.append(parent)
        lay.ends.append(at + 1)
        lay.depths.append(len(self._open))
        lay.paths.append(path)
        lay.begins.append(len(lay.pieces))
        lay.stops.append(len(lay.pieces))
        names = names_of(element)
        lay.aside.append(self._is_aside(element, parent))
        lay.carded.append(False)
        text = element.text or ""
        lay.links.append(lay.links[-1] + (element.tag == "a" and bool(element.get("href"))))
        lay.images.append(lay.images[-1] + (element.tag == "img" or "background-image" in (element.get("style") or "")))
        lay.prices.append(lay.prices[-1] + _is_priced(names, text))
        self._blank = self._blank or element.tag not in _INLINE
        self._open.append(at)
        if _is_raised(element, names) and lay.pieces and (before := _WHOLE_BEFORE.search(lay.pieces[-1])):
            text = ("," if "." in before[0] else ".") + text.strip()
        self._say(text)

    def leave(self, element: Any) -> None:
        if not isinstance(element.tag, str) or not self._open or self.layout.elements[self._open[-1]] is not element:
            self._say(element.tail or "")
            return
        lay, at = self.layout, self._open.pop()
        lay.ends[at], lay.stops[at] = len(lay.elements), len(lay.pieces)
        above, before, links = self._led.pop(at, (-1, 0, 0))
        if above >= 0 and lay.links[-1] - links > 1:
            self._suspects[above] = before  # the goods stood in the box with their heading
        if lay.depths[at] and (element.tag in _HEADINGS or lay.width(at) <= 40):
            self._heed(at, element)
        self._blank = self._blank or element.tag not in _INLINE
        self._say(element.tail or "")
        if lay.prices[-1] == lay.prices[at] and lay.ends[at] - at > 1 and 0 < lay.width(at) <= 30:
            # <p class="price"><span>320</span></p>
            lay.prices[-1] += bool(PRICED_NAME.search(names_of(element)) and re.search(r"\d", lay.text(at)))
        # <b>320</b>元
        if _SIGN_BEHIND.match(element.tail or "") and BARE_NUMBER.match(lay.text(at, 40)):
            lay.prices[-1] += 1

    def finished(self) -> Layout:
        while self._open:
            at = self._open.pop()
            self.layout.ends[at], self.layout.stops[at] = len(self.layout.elements), len(self.layout.pieces)
        named = [at for at, one in enumerate(self.layout.elements) if one.tag == "h1" and not self.layout.aside[at]]
        self.layout.headline = named[0] if len(named) == 1 else -1
        return self.layout

    def _is_aside(self, element: Any, parent: int) -> bool:
        if parent >= 0 and (self.layout.aside[parent] or self._suspects.get(parent)):
            return True
        if element.tag in ("body", "html", "main", "a", "span", "img", "i", "b", "em", "p"):
            return False
        names = f"{element.get('class') or ''} {element.get('id') or ''}"[:300]
        sliding = _SLIDING_NAME.search(names) is not None and not _repeats(element)
        return (
            element.tag in _ASIDE_TAGS
            or element.get("role") == "dialog"
            or sliding
            or _ASIDE_NAME.search(names) is not None
        )

    def _heed(self, at: int, element: Any) -> None:
        """A heading such as 猜你喜欢 makes what follows it in its own part an aside, until another one of its rank."""
        lay = self.layout
        text = lay.text(at, 80)
        basket = element.tag in _HEADINGS and not lay.count(lay.links, at) and _BASKET_HEADING.search(text)
        aside = bool(_ASIDE_HEADING.search(text) or basket)
        headed = element.tag in _HEADINGS or re.search(r"tit|head|hd", names_of(element), re.IGNORECASE)
        # a line of its own says it as well, but for one that leads elsewhere
        line = lay.width(at) <= 24 and not lay.count(lay.links, at) and _ASIDE_LINE.search(lay.text(at))
        if not headed and not line:
            return
        rank = int(element.tag[1]) if element.tag[1:].isdigit() else _LOWEST_RANK
        parent = lay.parents[at]
        self._rank(parent, rank, aside=aside)
        above = lay.parents[parent] if parent >= 0 else -1
        # the heading may stand in a box of its own beside the goods
        if lay.begins[parent] == lay.begins[at] and above >= 0:
            if aside:
                self._led[parent] = (above, self._suspects.get(above, 0), lay.links[-1])
            self._rank(above, rank, aside=aside)

    def _rank(self, part: int, rank: int, *, aside: bool) -> None:
        if aside or self._suspects.get(part, 0) >= rank:
            self._suspects[part] = rank if aside else 0

    def _say(self, text: str) -> None:
        if not text:
            return
        if not text.strip():
            self._blank = True
            return
        lay = self.layout
        piece = (" " if self._blank or text[0].isspace() else "") + " ".join(text[:20_000].split())
        self._blank = text[-1].isspace()
        lay.pieces.append(piece)
        lay.widths.append(lay.widths[-1] + width_of(piece))


def _is_priced(names: str, text: str) -> bool:
    short = text[:200]
    if not short.strip():
        return False
    digits = any(char.isdigit() for char in short)
    return bool((digits and PRICED_NAME.search(names)) or (digits and PRICE.search(short)) or BARE_SIGN.match(short))


def width_of(text: str) -> int:
    """Columns that `text` takes, roughly: a Chinese character says as much as two letters."""
    return len(text) + sum("\u2e80" <= char <= "\uffef" for char in text[:2_000])
