"""Which addresses a patrol may ask for. Pure: decided on the text of the address, before anything is resolved."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from crawler.definition import Definition

#: Each kind of character is read differently by one library or another (GHSA-rph4-96w6-q594), so none may occur.
_AMBIGUOUS = frozenset("\\ \t\r\n\0")
_PORTS = {"http": 80, "https": 443}


def refusal(url: str, definition: Definition, *, allow_loopback: bool) -> str:
    """Why `url` may not be asked for on this platform, one Chinese phrase; empty where it may.

    http and https alone; only hosts of the definition, on the port of its site or the scheme's own; no credentials;
    no address of a private network, and this machine only where the site itself is on it and `allow_loopback` is set.
    """
    if _AMBIGUOUS.intersection(url) or not url.isprintable():
        return "地址含有歧义字符"
    try:
        parts, site = urlsplit(url), urlsplit(definition.site)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "地址无法解析"
    if parts.scheme not in _PORTS:
        return "只访问 http 与 https 地址"
    if not parts.hostname or "@" in parts.netloc:
        return "地址的主机部分不可接受"
    if not definition.allows(url):
        return "地址不在该平台的主机之内"
    if port not in (_PORTS[parts.scheme], site.port or _PORTS.get(site.scheme)):
        return "地址的端口不属于该平台"
    return _inside(parts, site, allow_loopback=allow_loopback)


def is_loopback(host: str) -> bool:
    """True for this machine, by number or by its usual name."""
    number = _number(host)
    return number.is_loopback if number else host == "localhost" or host.endswith(".localhost")


def _inside(parts: SplitResult, site: SplitResult, *, allow_loopback: bool) -> str:
    host = (parts.hostname or "").lower()
    if is_loopback(host):
        if not allow_loopback:
            return "未获准访问本机地址"
        return "" if host == site.hostname and parts.port == site.port else "只访问本机上该平台自己的端口"
    number = _number(host)
    if number is not None:
        return "" if number.is_global and not number.is_multicast else "不访问内部网络地址"
    # 2130706433, 0x7f000001, 0177.0.0.1: resolvers take them for numbers, so a name's last label must hold a letter
    last = host.rpartition(".")[2]
    return "不接受变形的数字地址" if not last or last[0].isdigit() else ""


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
