"""往来: what was said between a client of ours and a site, kept with a capture."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: Headers that may be the key to an account: their names are kept, their values go into no evidence.
_KEYS = frozenset(("cookie", "set-cookie", "set-cookie2", "authorization", "proxy-authorization"))
_WITHHELD = "[withheld]"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """The encryption under which an answer came."""

    #: As the client names it: `TLSv1.3`, `QUIC`.
    protocol: str
    cipher: str = ""
    #: PEM, the server's own first, as the server sent them.
    certificates: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """For JSON."""
        return {"protocol": self.protocol, "cipher": self.cipher, "certificates": list(self.certificates)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and its answer. Each hop of a redirect is one of its own."""

    method: str = "GET"
    url: str
    #: 0 where no answer came.
    status: int
    #: As sent by the client, as far as the client tells; without the values that open accounts.
    asked: Headers = ()
    #: As received, in order; without the values that open accounts.
    answered: Headers = ()
    #: As the client received it, decoded of transfer and content coding; None where it was not kept, see `note`.
    body: bytes | None = field(default=None, repr=False)
    #: Why there is no body or no answer, or how the body differs from what came, in Chinese; empty for nothing of it.
    note: str = ""
    #: Address that the egress guard connected to; empty where it did not tell.
    peer: str = ""
    #: None for plain HTTP, and where the client does not tell.
    tls: Tls | None = None
    #: Aware, UTC: when the request left, when the answer was there.
    began: datetime
    ended: datetime
    #: `http` or `browser`.
    client: str = "http"

    @property
    def date(self) -> str:
        """The answer's Date header; empty where it has none."""
        return next((value for name, value in self.answered if name.lower() == "date"), "")

    def to_data(self) -> dict[str, Any]:
        """For JSON; the body stands for itself by its sha256, under which the store has it."""
        body = {} if self.body is None else {"sha256": hashlib.sha256(self.body).hexdigest(), "size": len(self.body)}
        return {
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "asked": [list(header) for header in self.asked],
            "answered": [list(header) for header in self.answered],
            "body": body or None,
            "note": self.note,
            "peer": self.peer,
            "tls": self.tls.to_data() if self.tls else None,
            "began": self.began.isoformat(timespec="milliseconds"),
            "ended": self.ended.isoformat(timespec="milliseconds"),
            "client": self.client,
        }


def withheld(headers: Headers) -> Headers:
    """The headers with the values left out that may open an account."""
    return tuple((name, _WITHHELD if name.lower() in _KEYS else value) for name, value in headers)
