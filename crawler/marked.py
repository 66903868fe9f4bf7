"""The selectors that most fields have, tags and classes one inside another, answered without XPath.

A list page holds thirty cards, and each is asked a dozen times where something stands. Taking down once which elements
carry which class answers all of that in a third of the time; whatever else a selector says goes to XPath.
"""

import re
from dataclasses import dataclass
from typing import Any

_STEP = r"[a-z][a-z0-9]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*|(?:\.[A-Za-z_][A-Za-z0-9_-]*)+"
_ORDINARY = re.compile(rf"(?P<steps>(?:{_STEP})(?: (?:{_STEP}))*)(?:::attr\((?P<attribute>[a-z][a-z0-9-]*)\))?")
#: What XPath takes for blanks.
_NAMES = re.compile(r"[^ \t\r\n]+")


class Value(str):
    """The value of an attribute: like every text that XPath finds, it has lost its tags and references already."""

    __slots__ = ()

    def getparent(self) -> None:
        """There, as with texts of XPath, to be told from a text out of JSON."""


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
                for name in dict.fromkeys(_NAMES.findall(named)):
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
    """A selector of steps, each inside the one before."""

    steps: tuple[Step, ...]
    #: What is read of the elements; empty for themselves.
    attribute: str = ""

    def find(self, marked: Marked) -> list[Any]:
        """What XPath would find from `marked.root` on, in the order of the page."""
        found = marked.matching(self.steps[0])
        for step in self.steps[1:]:
            around = set(found)
            found = [one for one in marked.matching(step) if any(outer in around for outer in _outside(one, marked))]
        if not self.attribute:
            return found
        values = (one.get(self.attribute) for one in found)
        return [Value(value) for value in values if value is not None]


def _outside(element: Any, marked: Marked) -> list[Any]:
    """The elements around one, from the inside to the root of `marked`."""
    around = []
    while element is not marked.root:
        element = element.getparent()
        around.append(element)
    return around


def ordinary(css: str) -> Ordinary | None:
    """`css` as steps; None where it says more than tags and classes."""
    found = _ORDINARY.fullmatch(css)
    if found is None:
        return None
    parts = [step.split(".") for step in found["steps"].split(" ")]
    return Ordinary(tuple(Step(tag, tuple(classes)) for tag, *classes in parts), found["attribute"] or "")
