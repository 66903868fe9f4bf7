"""The address that an alert goes to: decided like the guard's, for clients that resolve no name themselves."""

import socket
from collections.abc import Container

from egress.ranges import not_public


class InternalAddress(Exception):
    """The host stands, with at least one of its addresses, outside the public internet. Holds that one, for the log."""


def dial(host: str, port: int, *, internal: Container[str]) -> str:
    """The address of `host` to connect to: resolved once, and connecting to it is the caller's whole freedom.

    Hosts of `internal` may stand anywhere. Raises InternalAddress, and OSError where the name is nobody's.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    if host.lower() not in internal:
        inside = next((address for address in addresses if not_public(address)), None)
        if inside is not None:
            raise InternalAddress(inside)
    return addresses[0]
