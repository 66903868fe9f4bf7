"""Reading the Retry-After header (RFC 9110 §10.2.3). Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: No site may hold a patrol longer than this by one header; what asks for more is obeyed for this long.
CAP_SECONDS = 3600.0
_RATE_LIMITED = (429, 503)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds to stay away, 0 to `CAP_SECONDS`; None where the header is missing or says nothing readable."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        # int() of thousands of digits is refused by Python itself; so long a wait is the cap anyway
        return CAP_SECONDS if len(value) > 6 else min(CAP_SECONDS, float(value))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # "-0000" is UTC by RFC 5322
    return min(CAP_SECONDS, max(0.0, (moment - now).total_seconds()))


def asked_to_wait(status: int, header: str, now: datetime) -> float | None:
    """Seconds to stay away after an answer of that status with that Retry-After; None where it does not ask for it."""
    return retry_after(header, now) if status in _RATE_LIMITED else None
