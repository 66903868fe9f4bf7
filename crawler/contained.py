"""One query's unreadable page must not end the others: what reading may stumble over, named."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog

from crawler.ends import QueryEnd
from records import Outcome

log = structlog.get_logger(__name__)

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Reading is pure and promises to raise none of these; hostile pages test promises.
_STUMBLES = (ValueError, LookupError, TypeError, ArithmeticError, RecursionError)


def contained(read: Callable[_P, _R], *arguments: _P.args, **named: _P.kwargs) -> _R:
    """`read(…)`. Raises QueryEnd FAILED, and logs the place, where it stumbles over a page."""
    try:
        return read(*arguments, **named)
    except _STUMBLES as fault:
        log.exception("reading stumbled", reader=read.__name__)
        raise QueryEnd(Outcome.FAILED, f"读取页面时程序出错（{type(fault).__name__}）") from fault
