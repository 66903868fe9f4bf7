"""The page after this one: what the page links to as such, the pager's next number, or the number in the address."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from crawler.addresses import absolute, host_of
from crawler.layout import names_of

_SAYS_NEXT = re.compile(
    r"^\W*(?:下一页|下一頁|下页|下頁|后一页|下一屏|next(?: page)?|nächste(?: seite)?|weiter|vor|suivante?|"
    r"siguiente|successiv[ao]|próxima?|volgende|następna|次へ|次のページ|다음)\W*$",
    re.IGNORECASE,
)
_ARROW = re.compile(r"^\s*(?:»|›|>|>>|→|&gt;|❯|⟩)\s*$")
_NEXT_NAME = re.compile(
    r"(?:^|[-_ ])(?:next|next-?page|nextpage|pagination-?next|pager-?next|page-?next)(?:$|[-_ ])", re.IGNORECASE
)
_NO_PAGER = re.compile(r"carousel|slide|swiper|gallery|slick|owl|month|calendar|comment", re.IGNORECASE)
_PAGER_NAME = re.compile(r"pag(?:e|er|ination|ing|enav)|fenye|seiten|pg", re.IGNORECASE)
_CURRENT_NAME = re.compile(
    r"(?:^|[-_ ])(?:active|current|cur|on|selected|now|curr|thisclass|this)(?:$|[-_ ])", re.IGNORECASE
)
#: A page number in an address, and what stands before it.
PAGE_IN_ADDRESS = re.compile(
    r"(?P<before>[?&](?:page|p|pn|pg|pageno|page_no|pageindex|pagenum|page_num|currentpage|curpage|seite|paged)=|"
    r"/(?:page|seite|p|pn|w|pg)[-/_:]?|[,/]seite:|[-_](?:page|p)[-_]?)(?P<number>\d{1,5})(?=$|[/&?#.])",
    re.IGNORECASE,
)
_MOST_LINKS = 5_000


def next_page(tree: Any, base: str, here: str) -> str:
    """The absolute address of the page after the one at `here`; empty where there is none."""
    links = tree.xpath("//a[@href] | //link[@rel][@href]")[:_MOST_LINKS]
    for found in (_by_rel(links), _by_word(links), _by_number(links, here)):
        for href in found:
            address = absolute(base, href)
            if address and host_of(address) == host_of(base) and _bare(address) not in (_bare(here), _bare(base)):
                return address
    return "" if _has_numbers(links) else _counted(here)


def _bare(url: str) -> str:
    return url.partition("#")[0]


def _dead(link: Any) -> bool:
    href = (link.get("href") or "").strip()
    off = re.search(
        r"disabled|unavailable",
        names_of(link) + " " + names_of(link.getparent()) if link.getparent() is not None else "",
    )
    return not href or href.startswith("#") or href.lower().startswith("javascript:") or off is not None


def _text(link: Any) -> str:
    return " ".join("".join(_some_text(link)).split())


def _some_text(link: Any) -> Iterator[str]:
    for count, text in enumerate(link.itertext()):
        if count > 12:
            return
        yield str(text)[:100]


def _by_rel(links: list[Any]) -> Iterator[str]:
    return (link.get("href") for link in links if "next" in (link.get("rel") or "").lower().split() and not _dead(link))


def _by_word(links: list[Any]) -> Iterator[str]:
    ranked: list[tuple[int, str]] = []
    for link in links:
        if link.tag != "a" or _dead(link) or _NO_PAGER.search(_names_around(link)):
            continue
        text = _text(link)[:60]
        spoken = [(link.get(name) or "")[:60] for name in ("aria-label", "title")]
        paged = (
            _PAGER_NAME.search(_names_around(link)) is not None or PAGE_IN_ADDRESS.search(link.get("href")) is not None
        )
        if _SAYS_NEXT.match(text) and (paged or not text.isascii()):
            ranked.append((0, link.get("href")))
        elif any(_SAYS_NEXT.match(one) for one in spoken):
            ranked.append((1, link.get("href")))
        elif _NEXT_NAME.search(names_of(link)) or (_NEXT_NAME.search(names_of(link.getparent())) and paged):
            ranked.append((2, link.get("href")))
        elif _SAYS_NEXT.match(text) or (_ARROW.match(text) and paged):
            ranked.append((3, link.get("href")))
    return (href for _, href in sorted(ranked, key=lambda one: one[0]))


def _names_around(link: Any) -> str:
    names: list[str] = []
    for _ in range(4):
        if link is None:
            break
        names.append(names_of(link))
        link = link.getparent()
    return " ".join(names)


def _numbered(links: list[Any]) -> dict[int, Any]:
    """The links of a pager by number: the first of each number that is like an address of a page."""
    found: dict[int, Any] = {}
    for link in links:
        text = _text(link)[:8]
        paged = link.tag == "a" and re.fullmatch(r"\d{1,4}", text)
        if paged and (_PAGER_NAME.search(_names_around(link)) or PAGE_IN_ADDRESS.search(link.get("href"))):
            found.setdefault(int(text), link)
    return found


def _has_numbers(links: list[Any]) -> bool:
    return bool(_numbered(links))


def _by_number(links: list[Any], here: str) -> Iterator[str]:
    numbered = _numbered(links)
    if not numbered:
        return
    current = _current(numbered, here)
    after = numbered.get(current + 1)
    if after is not None and not _dead(after):
        yield after.get("href")


def _current(numbered: dict[int, Any], here: str) -> int:
    for number, link in numbered.items():
        marked = f"{names_of(link)} {names_of(link.getparent())}"
        if _CURRENT_NAME.search(marked) or link.get("aria-current") or _dead(link):
            return number
    some = next(iter(numbered.values()))
    pager = some.getparent()
    pager = pager.getparent() if pager is not None and pager.tag in ("li", "span") else pager
    if pager is not None:
        for one in pager.xpath(".//*[self::span or self::strong or self::em or self::b or self::i or self::li]")[:60]:
            text = _text(one)
            if re.fullmatch(r"\d{1,4}", text) and not one.xpath("self::*[.//a[@href]] | ancestor::a"):
                return int(text)
    stated = PAGE_IN_ADDRESS.search(here)
    missing = next(number for number in range(1, 10_001) if number not in numbered)
    return int(stated["number"]) if stated else 1 if missing > 1 or missing == 1 else missing


def _counted(here: str) -> str:
    """The address with its page number one up, where it names one in its query; a path may number anything."""
    stated = PAGE_IN_ADDRESS.search(here)
    if stated is None or not urlsplit(here).query or stated["before"][0] not in "?&":
        return ""
    return here[: stated.start("number")] + str(int(stated["number"]) + 1) + here[stated.end("number") :]
