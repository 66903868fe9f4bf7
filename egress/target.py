"""Reading what a client asks of the guard: strictly, since every leniency is read otherwise by somebody else."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from records import Barred

#: Bytes of a request's head.
LONGEST_HEAD = 65_536

_LINE = re.compile(rb"([A-Z]{3,12}) ([\x21-\x7e]{1,32768}) HTTP/1\.1")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_PLAIN = re.compile(rb"http://([^/?#]+)(/[^#]*|\?[^#]*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
#: Meant for the next station alone (RFC 9110 §7.6.1), or rewritten here.
_NOT_PASSED_ON = frozenset(
    (b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive", b"te", b"trailer", b"upgrade",
     b"expect", b"host")
)  # fmt: skip


class Refusal(Exception):
    """A connection that is not let out; `detail` is for the security log alone."""

    def __init__(self, why: Barred, detail: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one request to the guard asks for."""

    #: Lower case; an IPv6 address without brackets.
    host: str
    port: int
    #: Head to send on, `Connection: close` in it; empty for a tunnel (CONNECT).
    head: bytes = b""
    #: Bytes of the body that follow.
    body: int = 0

    @property
    def tunnel(self) -> bool:
        """True for CONNECT."""
        return not self.head


def read_request(head: bytes) -> Asked:
    """The request whose head, up to and with the empty line, is given. Raises Refusal MALFORMED."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None or b"\\" in first:
        raise Refusal(Barred.MALFORMED, "request line")
    headers = [_header(one) for one in lines]
    method, target = line.groups()
    if method == b"CONNECT":
        host, port = read_authority(target.decode("ascii"), default=None)
        return Asked(host=host, port=port)
    plain = _PLAIN.fullmatch(target)
    if plain is None:
        raise Refusal(Barred.MALFORMED, "neither CONNECT nor an absolute http address")
    authority = plain[1].decode("ascii")
    host, port = read_authority(authority, default=80)
    path = plain[2] or b"/"
    onward = [b"%s %s HTTP/1.1" % (method, path if path.startswith(b"/") else b"/" + path)]
    onward += [b"Host: " + authority.encode()]
    kept = _kept_here(headers)
    onward += [b"%s: %s" % header for header in headers if header[0].lower() not in kept]
    return Asked(
        host=host, port=port, head=b"\r\n".join([*onward, b"Connection: close", b"", b""]), body=_body(headers)
    )


def read_authority(authority: str, default: int | None) -> tuple[str, int]:
    """Host in lower case and port. Raises Refusal MALFORMED for userinfo, odd spellings and odd ports."""
    parts = _AUTHORITY.fullmatch(authority)
    port = default if parts is None or parts[2] is None else int(parts[2])
    if parts is None or port is None or not 0 < port < 65_536:
        raise Refusal(Barred.MALFORMED, "authority")
    return read_host(parts[1]), port


def read_host(written: str) -> str:
    """A host name or address in its one spelling. Raises Refusal MALFORMED for every other.

    2130706433, 0x7f000001, 0177.0.0.1 and 127.1 are numbers to a resolver, `localhost.` is a name to it.
    """
    if written.startswith("["):
        try:
            return str(IPv6Address(written[1:-1]))
        except ValueError:
            raise Refusal(Barred.MALFORMED, "IPv6 address") from None
    host = written.lower()
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise Refusal(Barred.MALFORMED, "host name")
    if labels[-1][0].isdigit():
        try:
            return str(ip_address(host))
        except ValueError:
            raise Refusal(Barred.MALFORMED, "number in disguise") from None
    return host


def is_address(host: str) -> bool:
    """True where a host that `read_host` gave is an address and no name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def _header(line: bytes) -> tuple[bytes, bytes]:
    found = _HEADER.fullmatch(line)
    if found is None:
        raise Refusal(Barred.MALFORMED, "header")
    return found[1], found[2]


def _kept_here(headers: list[tuple[bytes, bytes]]) -> frozenset[bytes]:
    named = (value for name, value in headers if name.lower() in (b"connection", b"proxy-connection"))
    return _NOT_PASSED_ON | {one.strip().lower() for value in named for one in value.split(b",")} - {b"content-length"}


def _body(headers: list[tuple[bytes, bytes]]) -> int:
    """Bytes of the body. Two readings of where a body ends are how requests are smuggled: so one way alone."""
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        raise Refusal(Barred.MALFORMED, "transfer coding")
    lengths = [value.strip() for name, value in headers if name.lower() == b"content-length"]
    if len(lengths) > 1 or not all(re.fullmatch(rb"\d{1,12}", one) for one in lengths):
        raise Refusal(Barred.MALFORMED, "length")
    return int(lengths[0]) if lengths else 0
