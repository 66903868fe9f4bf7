"""Which addresses lie in the public internet. Pure, and said only here: the guard, the alerts and the doctor ask it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Neither the flags of `ipaddress` nor `is_global` alone will do: each has holes (FAULTS §0.3). So everything that the
# IANA registries of special addresses name stands here, and `is_global` comes on top.
_SPECIAL = tuple(
    (ip_network(written), name)
    for written, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT, cloud metadata"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, broadcast"),
        ("::/96", "unspecified, loopback, IPv4-compatible"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/16", "discard-only"),
        ("2001::/23", "protocol assignments, Teredo, ORCHID"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
#: Prefixes under which an IPv4 address travels as an IPv6 one: judged by what they carry.
_CARRIERS = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))


def not_public(address: str | Address) -> str:
    """Why `address` is none of the public internet, a few words for the log; empty where it is one.

    Whatever does not read as a plain address is not public either.
    """
    try:
        number = ip_address(address)
    except ValueError:
        return "no address"
    if getattr(number, "scope_id", None):
        return "scoped"
    number = _carried(number)
    name = next((name for network, name in _SPECIAL if number in network), "")
    return name or ("" if number.is_global else "not global")


def names_inside(host: str) -> bool:
    """True where `host` (a name, an address, a host pattern) can mean nothing in the public internet, unresolved."""
    bare = host.strip("[]").lower().rstrip(".")
    last = bare.rpartition(".")[2]
    if last in ("localhost", "local", "internal", "localdomain", "lan"):
        return True
    reason = not_public(bare)
    # what is no address and ends in a number is a number in disguise to some resolver
    return bool(reason) if reason != "no address" else last[:1].isdigit()


def _carried(number: Address) -> Address:
    if isinstance(number, IPv6Address) and any(number in carrier for carrier in _CARRIERS):
        return IPv4Address(int(number) & 0xFFFFFFFF)
    return number
