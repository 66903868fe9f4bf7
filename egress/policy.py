"""What one guard lets out."""

from dataclasses import dataclass, field

#: Ports of the web; nothing else is anybody's shop.
PORTS = (80, 443)


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The rules of one guard, decided by whoever starts it and never by what is visited."""

    #: Host patterns (`*` and `?`) that may be asked for.
    hosts: tuple[str, ...]
    #: `address:port` pairs that may be reached although they are not public: make-believe markets, the canary.
    #: Empty wherever real platforms are asked.
    allowed: tuple[str, ...] = ()
    #: Host → addresses in place of the resolver's, for tests.
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Seconds: a request's head, one resolution, one connection, silence of the other side, a whole connection.
    head_seconds: float = 20.0
    resolve_seconds: float = 10.0
    connect_seconds: float = 10.0
    idle_seconds: float = 90.0
    longest_seconds: float = 1_800.0
    #: Bytes that one connection may bring and send.
    most_down: int = 64 * 1024 * 1024
    most_up: int = 8 * 1024 * 1024
    #: Connections at once.
    most_at_once: int = 256
    #: Seconds for which a host keeps the addresses it was found at: the peer that is told of is the one that answered.
    pinned_seconds: float = 300.0
