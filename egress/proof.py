"""The guard asked for what it must refuse: what `xunwang doctor` shows."""

import socket
from urllib.parse import urlsplit

from egress.policy import Policy
from egress.way_out import guarded

#: This machine, its cloud's metadata, a neighbour, a disguise; each with the address under which the guard tells of it.
FORBIDDEN = {
    "127.0.0.1:80": "http://127.0.0.1/",
    "169.254.169.254:80": "http://169.254.169.254/",
    "100.100.100.200:80": "http://100.100.100.200/",
    "192.168.1.1:443": "https://192.168.1.1/",
    "[::1]:80": "http://[::1]/",
    "localhost:443": "https://localhost/",
    "2130706433:80": "",
}
_SECONDS = 20


def let_through() -> list[str]:
    """What of FORBIDDEN a guard did not refuse: nothing, where all is well. Raises GuardDown."""
    wrong = []
    with guarded(Policy(hosts=("*",))) as way_out:
        for place, url in FORBIDDEN.items():
            answer = _ask(way_out.proxy, f"CONNECT {place} HTTP/1.1\r\n\r\n")
            barred = way_out.barred(url)
            if not answer.startswith(b"HTTP/1.1 403") or barred is None or not barred.forbidden:
                wrong.append(place)
    return wrong


def _ask(proxy: str, words: str) -> bytes:
    guard = urlsplit(proxy)
    with socket.create_connection((guard.hostname, guard.port), timeout=_SECONDS) as line:
        line.sendall(words.encode())
        answer = b""
        while piece := line.recv(4096):
            answer += piece
            if answer.endswith(b"\r\n\r\n"):
                break
    return answer
