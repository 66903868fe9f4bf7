"""The selectors that most fields have, tags and classes one inside another, answered without XPath.

A list page holds thirty cards, and each is asked a dozen times where something stands. Taking down once which elements
carry which class answers all of that in a third of the time; whatever else a selector says goes to XPath.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_STEP = r"[a-z][a-z0-9]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*|(?:\.[A-Za-z_][A-Za-z0-9_-]*)+"
_ORDINARY = re.compile(rf"(?P<steps>(?:{_STEP})(?: (?:{_STEP}))*)(?:::attr\((?P<attribute>[a-z][a-z0-9-]*)\))?")
#: What XPath takes for blanks.
_NAMES = re.compile(r"[^ \t\r\n]+")
_OWN = re.compile(r"@([a-z][a-z0-9-]*)")
#: Longer class attributes are not remembered: a hostile page may have any.
_USUAL = 200


class Value(str):
    """The value of an attribute: like every text that XPath finds, it has lost its tags and references already."""

    __slots__ = ()

    def getparent(self) -> None:
        """There, as with texts of XPath, to be told from a text out of JSON."""


def _names(named: str) -> tuple[str, ...]:
    """The classes of an attribute, each once."""
    return _usual(named) if len(named) < _USUAL else tuple(dict.fromkeys(_NAMES.findall(named)))


@lru_cache(maxsize=1024)
def _usual(named: str) -> tuple[str, ...]:
    """The same, remembered: the cards of a page say the same few over and over."""
    return tuple(dict.fromkeys(_NAMES.findall(named)))


@dataclass(frozen=True, slots=True)
class Step:
    """`tag.class.class`: either part may be missing."""

    tag: str
    classes: tuple[str, ...]


class Marked:
    """An element with all that is in it, by class."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._by_class: dict[str, list[Any]] = {}
        for element in root.iter("*"):
            named = element.get("class")
            if named:
                for name in _names(named):
                    self._by_class.setdefault(name, []).append(element)

    def matching(self, step: Step) -> list[Any]:
        """The elements that a step means, itself included, in the order of the page."""
        if not step.classes:
            return list(self.root.iter(step.tag))
        found = self._by_class.get(step.classes[0], [])
        for name in step.classes[1:]:
            more = self._by_class.get(name, [])
            found = [one for one in found if one in more]
        return [one for one in found if one.tag == step.tag] if step.tag else found


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A selector of steps, each inside the one before; without any it means the root itself."""

    steps: tuple[Step, ...]
    #: What is read of the elements; empty for themselves.
    attribute: str = ""

    def find(self, marked: Marked) -> list[Any]:
        """What XPath would find from `marked.root` on, in the order of the page."""
        found = marked.matching(self.steps[0]) if self.steps else [marked.root]
        for step in self.steps[1:]:
            around = set(found)
            found = [one for one in marked.matching(step) if _stands_in(around, one, marked.root)]
        if not self.attribute:
            return found
        return [Value(value) for one in found if (value := one.get(self.attribute)) is not None]


def _stands_in(around: set[Any], element: Any, root: Any) -> bool:
    """True where one of the elements between this one and `root` is among those `around`."""
    while element is not root:
        element = element.getparent()
        if element in around:
            return True
    return False


def ordinary(css: str) -> Ordinary | None:
    """`css` as steps; None where it says more than tags and classes."""
    found = _ORDINARY.fullmatch(css)
    if found is None:
        return None
    parts = [step.split(".") for step in found["steps"].split(" ")]
    return Ordinary(tuple(Step(tag, tuple(classes)) for tag, *classes in parts), found["attribute"] or "")


def own_attribute(xpath: str) -> Ordinary | None:
    """`@name` as that; None where `xpath` says anything else."""
    found = _OWN.fullmatch(xpath)
    return Ordinary((), found[1]) if found else None
