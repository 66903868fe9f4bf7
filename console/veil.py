"""Whether the page under way may show personal data: masked, unless a route lifts the veil for a reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from records import masking

_lifted: ContextVar[bool] = ContextVar("lifted", default=False)


@contextmanager
def lifting(lifted: bool) -> Iterator[None]:
    """While the block lasts texts are shown as they stand, where `lifted`."""
    token = _lifted.set(lifted)
    try:
        yield
    finally:
        _lifted.reset(token)


def lifted() -> bool:
    """True where texts are shown as they stand."""
    return _lifted.get()


def veil(text: str) -> str:
    """`text` as the page under way may show it, at the same length."""
    return text if _lifted.get() else masking.veiled(text)


def veil_on_paper(text: str) -> str:
    """`text` as a printed page may show it, which may leave the house: more is masked than on the screen."""
    return text if _lifted.get() else masking.veiled(text, paper=True)


def person(name: str) -> str:
    """A seller's name as the page under way may show it."""
    return name if _lifted.get() else masking.person(name)
