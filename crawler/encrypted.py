"""The encryption under which Scrapy's answers come: protocol, cipher and chain of the last connection to each host.

Scrapy tells no more of it than the server's own certificate, so the connections are noted as they are made.
"""

from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from records import Tls

#: Hosts whose last connection is remembered; a platform has a few.
_MOST = 64


class Encryption:
    """The book of a patrol's connections."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], SSL.Connection] = {}

    def noted(self, policy: Any) -> Any:
        """`policy`, every connection of which is noted here."""
        return _Policy(self, policy)

    def note(self, place: tuple[str, int], connection: SSL.Connection) -> None:
        """`place` is connected to anew."""
        self._last.pop(place, None)
        self._last[place] = connection
        if len(self._last) > _MOST:
            del self._last[next(iter(self._last))]

    def of(self, url: str) -> Tls | None:
        """Of the last connection to `url`'s host; None where there was none that got so far."""
        parts = urlsplit(url)
        connection = self._last.get((parts.hostname or "", parts.port or 443)) if parts.scheme == "https" else None
        chain = connection.get_peer_cert_chain(as_cryptography=True) if connection is not None else None
        if connection is None or not chain:
            return None
        return Tls(
            protocol=connection.get_protocol_version_name(),
            cipher=connection.get_cipher_name() or "",
            certificates=tuple(one.public_bytes(Encoding.PEM).decode("ascii") for one in chain),
        )


@implementer(IPolicyForHTTPS)
class _Policy:
    def __init__(self, book: Encryption, policy: Any) -> None:
        self._book = book
        self._policy = policy

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        """Called by Twisted for each connection."""
        place = (hostname.decode("ascii", "replace"), port)
        return _Creator(self._book, place, self._policy.creatorForNetloc(hostname, port))


@implementer(IOpenSSLClientConnectionCreator)
class _Creator:
    def __init__(self, book: Encryption, place: tuple[str, int], creator: Any) -> None:
        self._book = book
        self._place = place
        self._creator = creator

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """Called by Twisted as the connection is made."""
        connection: SSL.Connection = self._creator.clientConnectionForTLS(protocol)
        self._book.note(self._place, connection)
        return connection
