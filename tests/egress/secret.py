"""A service of this machine that nobody may reach: it remembers every connection, whatever was said on it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Access-Control-Allow-Headers: *\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"
)


@dataclass
class Secret:
    """What was heard: the target of each request's first line, empty where there was none, `udp` for a datagram."""

    port: int
    hits: list[str] = field(default_factory=list)


@contextmanager
def secret(address: str = "127.0.0.1") -> Iterator[Secret]:
    """The service on a free TCP port of `address`, and on the same UDP port, while the block runs."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    tcp = socket.create_server((address, 0), family=family, backlog=128)
    port = tcp.getsockname()[1]
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, port))
    standing = Secret(port)
    for listen in (lambda: _answer(tcp, standing), lambda: _hear(udp, standing)):
        threading.Thread(target=listen, daemon=True).start()
    try:
        yield standing
    finally:
        for sock in (tcp, udp):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _answer(tcp: socket.socket, standing: Secret) -> None:
    with suppress(OSError):
        while True:
            line, _ = tcp.accept()
            threading.Thread(target=_one, args=(line, standing), daemon=True).start()


def _one(line: socket.socket, standing: Secret) -> None:
    with line, suppress(OSError):
        line.settimeout(5)
        words: list[bytes] = []
        try:
            words = line.recv(65_536).split(b" ")
        finally:
            standing.hits.append(words[1].decode("latin-1") if len(words) > 1 else "")
        line.sendall(ANSWER)


def _hear(udp: socket.socket, standing: Secret) -> None:
    with suppress(OSError):
        while udp.recvfrom(2048)[0]:
            standing.hits.append("udp")
