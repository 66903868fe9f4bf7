"""Which parts of a page repeat as the cards of a list do. Every element is looked at once per class that it carries."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.layout import Layout, names_of

MOST_CARDS = 1_000
_MOST_CLASSES = 6
_FEWEST_PRICED, _FEWEST = 2, 4
_FEWEST_ROWS = 8
_CANDIDATES = 60
_ROW_TAGS = frozenset(
    {
        "tr",
        "li",
        "article",
        "dl",
        "section",
        "form",
        "table",
        "ul",
        "div",
        "a",
        "td",
        "dd",
        "dt",
        "p",
        "figure",
        "span",
        "tbody",
    }
)
#: Classes that say how one card looks today, not what it is.
PASSING_CLASS = re.compile(
    r"\d{3,}|^(?:active|first|last|odd|even|hover|selected|current|on|cur|js-|is-|ng-)|^[a-z]$", re.I
)
ADVERTISED = re.compile(
    r"(?:^|[-_ ])(?:ads?|advert\w*|sponsor\w*|promo\w*|banner|guanggao|adbox|adslot|topad)(?:$|[-_ ])", re.I
)
_ID_LIKE = re.compile(r"\d{3,}|[?&](?:id|item\w*|goods\w*|pid|sku)=", re.IGNORECASE)
_DEAD = ("#", "javascript:", "mailto:", "tel:", "about:", "data:")
LINK_ATTRIBUTES = ("href", "data-href", "data-url", "data-link", "url", "data-detail-url")


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Parts of a page that stand alike."""

    members: tuple[int, ...]
    #: The class they share; empty where only their place is the same.
    shared: str
    score: float
    #: Share of members that show a price.
    priced: float


def link_in(element: Any) -> str:
    """The address that an element leads to as written; empty when it leads nowhere."""
    for name in LINK_ATTRIBUTES:
        written = (element.get(name) or "").strip()
        if written and not written.lower().startswith(_DEAD) and "{{" not in written:
            return written if name in ("href", "data-href") or "/" in written else ""
    clicked = re.search(r"(?:location(?:\.href)?\s*=|open\()\s*['\"]([^'\"]{1,500})['\"]", element.get("onclick") or "")
    return clicked[1] if clicked else ""


def shape_of(link: str) -> str:
    """What addresses of the same kind have in common: host, number of parts, first part, names of parameters."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    steps = [step for step in parts.path.split("/") if step]
    first = re.sub(r"\d+", "0", steps[0] if steps else "")
    first = first if len(steps) > 1 or parts.query else first[:1]
    names = sorted(re.findall(r"(?:^|&)([A-Za-z_][\w.]{0,30})=", parts.query))[:3]
    return f"{parts.netloc}/{len(steps)}/{first}?{'&'.join(names[:1])}"


def groups(layout: Layout) -> list[Group]:
    """The best groups of a page, best first."""
    candidates = sorted(_alike(layout), key=lambda one: len(one[1]), reverse=True)
    judged = (_judged(layout, members, shared) for shared, members in candidates)
    found = [one for one in judged if one is not None]
    # of boxes around the same cards the outermost says most about each
    found.sort(key=lambda one: (-round(one.score, 3), layout.depths[one.members[0]], not one.shared))
    kept: list[Group] = []
    for one in found[:_CANDIDATES]:
        if not any(_same(layout, one, other) for other in kept):
            kept.append(one)
    return kept


def _same(layout: Layout, inner: Group, outer: Group) -> bool:
    """True where every part of one group is, or stands in, the part of the other that has the same place in line."""
    if len(inner.members) != len(outer.members):
        return False
    pairs = zip(inner.members, outer.members, strict=True)
    return all(there <= at < layout.ends[there] for at, there in pairs)


def _alike(layout: Layout) -> Iterator[tuple[str, list[int]]]:
    named = layout.headline
    together: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for at, element in enumerate(layout.elements):
        # a tag with a dash is a component: it stands where a div would
        if (element.tag not in _ROW_TAGS and "-" not in element.tag) or layout.depths[at] < 2:
            continue
        if not layout.count(layout.links, at) and not link_in(element):
            continue
        path = layout.paths[at]
        together[path, "", ""].append(at)
        together[path, f"in {layout.parents[at]}", ""].append(at)
        classes = list(dict.fromkeys((element.get("class") or "")[:300].split()[:_MOST_CLASSES]))
        lasting = [name for name in classes if not PASSING_CLASS.search(name)]
        for name in lasting:
            together[path, "", name].append(at)
        # the same cards may stand in two places of the page
        if lasting and not layout.aside[at]:
            together[-1, element.tag, ".".join(lasting)].append(at)
    for (_, _, shared), members in together.items():
        inside = [at for at in members if not layout.aside[at]]
        # what stands aside is of the same make, and no answer to what was asked for
        alike = bool(shared) and 2 * len(inside) < len(members)
        members = _outermost(layout, members if alike or not inside else inside)[:MOST_CARDS]
        # nor is what stands on both sides of the headline, as strips of a shop do
        members = [at for at in members if layout.ends[at] > named] or members
        if len(members) >= _FEWEST_PRICED:
            yield shared, members


def _outermost(layout: Layout, members: list[int]) -> list[int]:
    """Without what stands inside another one of them."""
    kept: list[int] = []
    for at in members:
        if not kept or at >= layout.ends[kept[-1]]:
            kept.append(at)
    return kept


def _judged(layout: Layout, members: list[int], shared: str) -> Group | None:
    """The group with its score; None for one that is no list of things."""
    worth = priced = wide = linked = 0.0
    for at in members:
        price = layout.count(layout.prices, at) > 0
        width = layout.width(at)
        picture = layout.count(layout.images, at) > 0
        some = bool(layout.count(layout.links, at)) or bool(link_in(layout.elements[at]))
        told = min(width / 16, 1.0) + min(width / 80, 1.0) * 0.5
        penalty = 0.15 if layout.aside[at] else 0.3 if width > 3_000 else 1.0
        worth += penalty * some * (told + 3.0 * price + 1.5 * picture)
        priced += price
        wide += width
        linked += some
    count = len(members)
    mean = worth / count
    share = priced / count
    if count < (_FEWEST_PRICED if share > 0.5 else _FEWEST) or linked < 0.5 * count or mean < 1.2:
        return None
    if share < 0.3 and not _is_main(layout, members, wide):
        return None
    if _is_frame(layout, members, shared, wide):
        return None
    score = mean**2 * min(count, 200) ** 0.8 * _closeness(layout, members, wide)
    return Group(members=tuple(members), shared=shared, score=score, priced=share)


def _closeness(layout: Layout, members: list[int], wide: float) -> float:
    """1 where the members make up most of the part around them; less for strips that stand about the page."""
    around = members[0]
    while around >= 0 and layout.ends[around] <= members[-1]:
        around = layout.parents[around]
    told = 0.4 if members[-1] < layout.headline else 1.0  # what stands above the headline is not what it names
    return told * (min(1.0, wide / (0.6 * max(layout.width(around), 1))) if around >= 0 else 1.0)


def _is_frame(layout: Layout, members: list[int], shared: str, wide: float) -> bool:
    """True for parts that only stand side by side: each of a kind of its own, or one of them all there is."""
    if len(members) > 2 and wide > 400 and max(layout.width(at) for at in members) > 0.75 * wide:
        return True
    if shared or len(members) < 3:
        return False
    classes = Counter(re.sub(r"\d+", "", layout.elements[at].get("class") or "") for at in members)
    return len(classes) > 1 and classes[""] < 0.4 * len(members) and max(classes.values()) < 0.4 * len(members)


def _is_main(layout: Layout, members: list[int], wide: float) -> bool:
    """True where things without prices fill the page and link to numbered addresses: a list of offers all the same."""
    # rows of a board: a subject, who wrote it, who answered last
    rows = len(members) >= _FEWEST_ROWS and sum(layout.count(layout.links, at) for at in members) >= 3 * len(members)
    least = (0.2 if rows else 0.45) * layout.main_width()
    outside = [at for at in members if not layout.aside[at]]
    if wide < least or len(outside) < max(_FEWEST, 0.8 * len(members)) or wide < 20 * len(members):
        return False
    shapes = Counter(shape_of(link) for link in (first_link(layout, at) for at in members) if _ID_LIKE.search(link))
    return bool(shapes) and max(shapes.values()) >= 0.7 * len(members)


def first_link(layout: Layout, at: int) -> str:
    """The first address inside element `at`, itself included; empty when there is none among its first 60."""
    for inner in range(at, min(layout.ends[at], at + 60)):
        if link := link_in(layout.elements[inner]):
            return link
    return ""


def is_advertised(element: Any) -> bool:
    """True for what calls itself an advertisement."""
    return ADVERTISED.search(names_of(element)) is not None
