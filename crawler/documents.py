"""A page taken apart once: its text, its element tree, the JSON that it is or carries."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from crawler.encodings import decode
from records import Page

_DECODER = json.JSONDecoder(parse_constant=lambda _: None)
#: For numbers of thousands of digits, which Python refuses to read.
_WARY_DECODER = json.JSONDecoder(
    parse_constant=lambda _: None, parse_int=lambda text: int(text) if len(text) < 40 else None
)
#: `window.data =`, `setMdskip(`, `)]}',`, `for(;;);`: what stands before the JSON in answers that are scripts.
_PREFIX = re.compile(
    r"(?:\s|;|for\s*\(;;\)|\)\]\}',?|/\*[^*]{0,200}\*/|(?:var|let|const)\s|[A-Za-z_$][\w$.\[\]'\"]{0,80}\s*[=(])*"
)
_OPENING = re.compile(r"[^{\[<]{0,120}(?=[{\[])")
_UNDEFINED = re.compile(r'("(?:[^"\\]|\\.)*")|\bundefined\b|\bvoid 0\b')
_LONGEST_TEXT = 40_000_000
_SKIPPED = frozenset({"script", "style", "noscript", "template", "head"})


@dataclass(slots=True)
class Document:
    """One page, read lazily; lives as long as its page is being read and no longer."""

    page: Page
    #: Marker of the script variable that carries JSON, from the definition; empty where there is none.
    state: str = ""
    _text: str | None = field(default=None, repr=False)
    _base: str | None = field(default=None, repr=False)
    _tree: Any = field(default=None, repr=False)
    _data: Any = field(default=None, repr=False)
    _read: set[str] = field(default_factory=set, repr=False)

    @property
    def text(self) -> str:
        """The whole page as text, in the encoding that loses least."""
        if self._text is None:
            self._text = decode(self.page.body[:_LONGEST_TEXT], self.page.encoding)
        return self._text

    @property
    def is_json(self) -> bool:
        """True when the body itself is JSON, JSONP or a script that assigns JSON; then there is no tree."""
        return self.data is not None and not self._looks_like_markup()

    @property
    def data(self) -> Any:
        """The JSON value that the page is or carries; None where there is none."""
        if "data" not in self._read:
            self._read.add("data")
            self._data = _json_inside(self.text, self.state) if self._looks_like_markup() else read_json(self.text)
        return self._data

    @property
    def tree(self) -> Any:
        """The root element; None for JSON and for pages without an element."""
        if "tree" not in self._read:
            self._read.add("tree")
            self._tree = None if self.is_json else _tree(self.text)
        return self._tree

    @property
    def base(self) -> str:
        """The address that relative links are resolved against."""
        if self._base is None:
            hrefs = self.tree.xpath("/html/head/base/@href") if self.tree is not None else []
            stated = str(hrefs[0]) if hrefs else ""
            self._base = stated if stated.startswith(("http://", "https://")) else self.page.final_url
        return self._base

    def things(self) -> list[dict[str, Any]]:
        """The schema.org objects of the page's JSON-LD blocks, @graph and lists opened, in order."""
        if self.tree is None:
            return []
        blocks = self.tree.xpath("//script[@type='application/ld+json']/text()")
        return [thing for block in blocks[:50] for thing in _things(read_json(str(block)))]

    def visible_text(self, limit: int = 4_000) -> str:
        """What a visitor reads, roughly: text outside scripts, styles, hidden elements; at most `limit` characters."""
        pieces: list[str] = []
        length = 0
        for piece in _visible(self.tree) if self.tree is not None else iter(()):
            pieces.append(piece)
            length += len(piece)
            if length > limit:
                break
        return " ".join(pieces)[:limit]

    def _looks_like_markup(self) -> bool:
        return self.text[:2_000].lstrip("\ufeff \t\r\n\0").startswith("<")


def read_json(text: str) -> Any:
    """The JSON value at the start of `text`, after a JSONP call or an assignment; None when there is none.

    Nested too deep, numbers too long, NaN: what cannot be a value is None, never an error.
    """
    text = text.lstrip("\ufeff")
    start = _PREFIX.match(text)
    return _decode_at(text, start.end() if start else 0)


def _json_inside(text: str, state: str) -> Any:
    """The JSON that follows `state` in a page: an assignment, a script element with that id, a call."""
    if not state:
        return None
    at = text.find(state)
    while at >= 0:
        opening = _OPENING.match(text, at + len(state))
        value = _decode_at(text, opening.end()) if opening else None
        if value is not None:
            return value
        at = text.find(state, at + len(state))
    return None


def _decode_at(text: str, at: int) -> Any:
    for decoder, repaired in ((_DECODER, False), (_WARY_DECODER, False), (_WARY_DECODER, True)):
        source = _UNDEFINED.sub(lambda m: m[1] or "null", text[at:]) if repaired else text
        try:
            return decoder.raw_decode(source, 0 if repaired else at)[0]
        except RecursionError:
            return None
        except ValueError:
            continue
    return None


def _tree(text: str) -> Any:
    # plain elements: those of lxml.html are looked up in Python, one by one
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    body = text.replace("\0", "").encode("utf-8", "replace")
    try:
        return etree.fromstring(body, parser) if body.strip() else None
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError, ValueError):
        return None


def _things(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting = [*thing[:200], *waiting]
        elif isinstance(thing, dict):
            yield thing
            if "@graph" in thing:
                waiting = [thing["@graph"], *waiting]


def _visible(tree: Any) -> Iterator[str]:
    walker = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if _hidden(element):
                walker.skip_subtree()
            elif element.text and element.text.strip():
                yield " ".join(element.text.split())
        elif element.tail and element.tail.strip():
            yield " ".join(element.tail.split())


def _hidden(element: Any) -> bool:
    if not isinstance(element.tag, str) or element.tag in _SKIPPED or element.get("hidden") is not None:
        return True
    return bool(re.search(r"display\s*:\s*none", element.get("style") or "", re.IGNORECASE))
