"""What a definition says about where things stand on a page, typed by a prefix and compiled once.

css:.price                    text of the first element; with ::attr(name) or ::text as in Scrapy
xpath://h1                    the same by XPath
jmes:data.items[].id          JMESPath over JSON (an answer, JSONP, a script variable)
jsonld:offers.price           JMESPath over the schema.org Product of the page
re:"infoid":(\\d+)            first group over the text of the page
url:/item/(\\d+)              first group over the address of the item
https://host/item?id={id}     a template over what was read before
A ?? B                        B where A finds nothing
A =~ (\\d+)                   first group of what A finds
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from lxml import etree
from parsel.csstranslator import HTMLTranslator

from crawler.marked import Ordinary, ordinary, own_attribute


class Kind(StrEnum):
    """The prefix of a selector."""

    CSS = "css"
    XPATH = "xpath"
    JMES = "jmes"
    JSONLD = "jsonld"
    RE = "re"
    URL = "url"
    TEMPLATE = "template"

    @property
    def markup(self) -> bool:
        """True for what is asked of an element tree."""
        return self is Kind.CSS or self is Kind.XPATH


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One alternative of a selector, compiled."""

    kind: Kind
    #: As written, without prefix and filter.
    expression: str
    #: Takes an element, a JSON value or a text, by kind; returns everything found, in order. None for a template.
    find: Callable[[Any], list[Any]] | None
    #: First group of each value is kept; values that do not match fall out.
    pattern: re.Pattern[str] | None = None
    #: The same as `find` for a card whose classes were taken down; None where it says more than tags and classes, or
    #: than an attribute of the card itself.
    ordinary: Ordinary | None = None


#: A selector: its alternatives in the order to try them. Empty where the definition says nothing.
Selector = tuple[Choice, ...]


class BadSelector(ValueError):
    """A selector that cannot be compiled; the message is Chinese and names the part at fault."""


_PLACEHOLDERS = re.compile(r"\{(\w+)\}")
_FILLED = {"id", "seller_id"}


def compile_selector(written: str) -> Selector:
    """The alternatives of `written`; raises BadSelector."""
    return tuple(_choice(part.strip()) for part in re.split(r"\s\?\?\s", written)) if written.strip() else ()


def fill(template: str, values: dict[str, str]) -> str:
    """`template` with its placeholders filled; empty when one of them has no value."""
    names = _PLACEHOLDERS.findall(template)
    return "" if any(not values.get(name) for name in names) else _PLACEHOLDERS.sub(lambda m: values[m[1]], template)


def _choice(part: str) -> Choice:
    body, _, pattern = part.partition(" =~ ")
    prefix, colon, expression = body.partition(":")
    if body.startswith(("http://", "https://", "/")):
        return Choice(kind=Kind.TEMPLATE, expression=_template(body), find=None, pattern=None)
    if not colon or prefix not in _COMPILERS:
        raise BadSelector(f"“{part}”没有认得的前缀，应以 css: xpath: jmes: jsonld: re: url: 或网址开头")
    try:
        find = _COMPILERS[prefix](expression.strip())
    except (JMESPathError, etree.XPathError, re.error, SyntaxError) as error:
        # cssselect's SelectorError is a SyntaxError
        raise BadSelector(f"“{part}”写法有误：{str(error)[:200]}") from error
    told = _READ_AT_ONCE[prefix](expression.strip()) if prefix in _READ_AT_ONCE else None
    return Choice(kind=Kind(prefix), expression=expression.strip(), find=find, pattern=_group(pattern), ordinary=told)


def _template(body: str) -> str:
    unknown = set(_PLACEHOLDERS.findall(body)) - _FILLED
    if unknown:
        raise BadSelector(f"“{body}”里的 {{{min(unknown)}}} 不认识，可用 {{id}} {{seller_id}}")
    return body


def _group(pattern: str) -> re.Pattern[str] | None:
    if not pattern:
        return None
    try:
        compiled = re.compile(pattern.strip())
    except re.error as error:
        raise BadSelector(f"正则“{pattern}”写法有误：{error}") from error
    if compiled.groups < 1:
        raise BadSelector(f"正则“{pattern}”里要有一个括号，取括号中的内容")
    return compiled


def _css(expression: str) -> Callable[[Any], list[Any]]:
    return _xpath(HTMLTranslator().css_to_xpath(expression))


def _xpath(expression: str) -> Callable[[Any], list[Any]]:
    compiled = etree.XPath(expression)

    def find(element: Any) -> list[Any]:
        found = compiled(element)
        return found if isinstance(found, list) else [found]

    return find


def _jmes(expression: str) -> Callable[[Any], list[Any]]:
    compiled = jmespath.compile(expression)

    def find(value: Any) -> list[Any]:
        try:
            found = compiled.search(value)
        except (JMESPathError, TypeError, ValueError, AttributeError):
            return []  # a function met a value of a type that it does not take: nothing stands there
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    return find


def _pattern(expression: str) -> Callable[[Any], list[Any]]:
    compiled = _group(expression)
    if compiled is None:
        raise BadSelector("re: 与 url: 之后要有正则")
    return lambda text: list(_first_groups(compiled, text))


def _first_groups(compiled: re.Pattern[str], text: str) -> Iterator[str]:
    for match in compiled.finditer(text):
        if match[1]:
            yield match[1]


_COMPILERS: dict[str, Callable[[str], Callable[[Any], list[Any]]]] = {
    "css": _css,
    "xpath": _xpath,
    "jmes": _jmes,
    "jsonld": _jmes,
    "re": _pattern,
    "url": _pattern,
}
_READ_AT_ONCE = {"css": ordinary, "xpath": own_attribute}
