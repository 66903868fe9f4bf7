"""Logs: one JSON object a line on standard error, so that no listing's text can forge a line or move a cursor."""

import logging
import sys
from types import TracebackType

import structlog


def log_to_stderr(*, quiet: bool) -> None:
    """Set up logging for this process: warnings alone when `quiet` (a person watches), else everything from info up."""
    level = logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),  # ASCII: escapes every control character and lone surrogate
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)  # on the handler: libraries set levels of their own on their loggers
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def log_unforeseen(caught: tuple[type[BaseException], BaseException, TracebackType | None]) -> None:
    """The line of log for what nobody foresaw."""
    structlog.get_logger("ops").error("unforeseen", exc_info=caught)
