"""Work that must not grow with the square of a text: counted as calls and characters, never as time."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, SupportsIndex

import pytest

from keywords import Matcher, Term, boundaries, requiring
from tests.keywords.conftest import lexicon_of


class Counted(str):
    """A text that counts the characters which are cut out of it or searched through."""

    seen: int

    def __new__(cls, text: str) -> "Counted":
        made = super().__new__(cls, text)
        made.seen = 0
        return made

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        piece = str(self)[key]
        self.seen += len(piece)
        return piece

    def find(self, *asked: Any) -> int:
        start = asked[1] if len(asked) > 1 else 0
        end = asked[2] if len(asked) > 2 else len(self)
        self.seen += max(0, min(end, len(self)) - max(0, start))
        return str(self).find(*asked)


def work_of_parted(around: int) -> int:
    text = Counted("的" * around + "牙虎" + "的" * around)
    assert boundaries.parted(text, around, around + 2, around + 1)
    return text.seen


def test_whether_words_part_is_asked_of_a_window() -> None:
    """`parted` looks at six characters on each side, however long the text is around them."""
    assert 0 < work_of_parted(20) == work_of_parted(20_000)


def work_of_companion(text: str) -> int:
    """Characters that the search for a companion of each code word in the text looks at."""
    skeleton = Counted(text)
    term = Term(text="白料", category="ivory", strength="weak", kind="code", company=("人字纹", "鳞"))
    at = str(text).find("白料")
    while at >= 0:
        item: Any = SimpleNamespace(term=term, found=SimpleNamespace(start=at, end=at + 2))
        view: Any = SimpleNamespace(skeleton=skeleton)
        assert requiring._companion(view, item, 40) == ""
        at = text.find("白料", at + 1)
    return skeleton.seen


def test_a_companion_is_searched_for_beside_the_word_alone() -> None:
    """Ten times the text is ten times the work; a companion that stands too far away makes no difference."""
    piece = "白料" + "的" * 24 + "鳞" + "的" * 23
    once, ten = (work_of_companion("的" * 100 + piece * times + "的" * 100) for times in (20, 200))
    assert ten == 10 * once
    assert work_of_companion("人字纹" + "的" * 100 + piece * 20 + "的" * 100) == once


@pytest.mark.parametrize("function", ["_others", "_talk"])
def test_talk_is_looked_for_near_the_word_alone(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    given: list[int] = []
    ours: Callable[..., Any] = getattr(requiring, function)

    def counted(*asked: Any) -> Any:
        given.append(len(asked[-1]))
        return ours(*asked)

    monkeypatch.setattr(requiring, function, counted)
    words = ("山魈爷", "钻地翁")
    small = lexicon_of(*words, strength="weak", kind="code", company=("獠",), variants=())
    Matcher(small).explain(("山魈爷" + "的" * 30 + "钻地翁" + "的" * 30 + "现杀 ") * 150)
    assert len(given) > 100
    assert max(given) <= 6
