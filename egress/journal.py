"""The security log of a guard: a JSON object a line on standard error, holding what no client is told."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from egress.guard import Event
from records import Barred

#: What happens on any day: a site is down, a page wants what is none of the platform's.
_ORDINARY = (Barred.HOST, Barred.UNRESOLVED, Barred.UNREACHABLE, Barred.SLOW)
#: Lines of log for one host, port and reason: a page may ask a thousand times.
_LINES_A_REASON = 20


class Journal:
    """Writes down what was refused; what was let out is no entry."""

    def __init__(self) -> None:
        self._written: Counter[tuple[str, int, str]] = Counter()

    def __call__(self, event: Event) -> None:
        if event.why is None:
            return
        reason = (event.host, event.port, str(event.why))
        self._written[reason] += 1
        if self._written[reason] > _LINES_A_REASON:
            return
        told = {
            "event": "egress_refused",
            "level": "info" if event.why in _ORDINARY else "warning",
            "timestamp": datetime.now(UTC).isoformat(),
            **{name: value for name, value in asdict(event).items() if value},
        }
        if self._written[reason] == _LINES_A_REASON:
            told["more"] = "not logged"
        sys.stderr.write(json.dumps(told) + "\n")  # ASCII: no name that a page thought of can forge a line
        sys.stderr.flush()
