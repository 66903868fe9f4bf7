"""One address for one item: relative links resolved, tracking parameters dropped, nothing but http(s) let through."""

import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

#: Parameters that say where a visitor came from, never what is shown. Names compared in lower case.
TRACKERS = frozenset(
    (
        "spm", "scm", "pvid", "abbucket", "ns", "rn", "sourceid", "gclid", "fbclid", "msclkid", "yclid",
        "dclid", "igshid", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "ad_id", "am_id", "cm_id", "pm_id",
        "share_token", "sharesource", "share_crt_v", "shareurl", "share_from", "from_source", "refrom",
        "bxsign", "ut_sk", "_t_track", "_openstat", "trackid", "track_id", "tracking_id", "traceid",
        "trace_id", "wt_mc",
    )
)  # fmt: skip
_TRACKER_PREFIXES = ("utm_", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "scm_", "spm_", "pk_campaign", "pk_kwd")
_LONGEST = 2_000
#: Control characters, spaces, quotes and template braces have no place in an address.
_IMPOSSIBLE = re.compile(r'[\x00-\x20\x7f<>"\\^`]|\{\{|\}\}|[\ud800-\udfff]')
_DROPPED = re.compile(r"[\t\r\n]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Most addresses of pages: nothing in them to be resolved, quoted, dropped or doubted. The first group is the origin.
_PLAIN = re.compile(
    r"(https?://[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,5}"
    r"(?::(?!80/|443/)(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}))?)/(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*/?)?"
)


def absolute(base: str, link: str) -> str:
    """The absolute http(s) address that `link` means on a page at `base`; empty when it means none."""
    link = link.strip()
    if link.startswith("/") and (origin := _origin(base)) and _is_plain(origin + link):
        return origin + link
    if not link or len(link) > _LONGEST or re.match(r"#|//(?:$|[/?#])", link):
        return ""
    # browsers drop line breaks and tabs inside links and encode blanks
    link = _DROPPED.sub("", link).replace(" ", "%20")
    try:
        joined = urljoin(base, link)
    except ValueError:
        return ""
    return joined if _parts(joined) else ""


def canonical(url: str, keeps: Collection[str] = ()) -> str:
    """`url` without fragment, default port and tracking parameters, the rest sorted; empty when not http(s).

    With `keeps` only those parameters stay. Two addresses that may show different items stay two.
    """
    if _is_plain(url):
        return url
    parts = _parts(url)
    if parts is None:
        return ""
    scheme, host, path, query = parts
    pairs = [(name, value) for name, value in _pairs(query) if _stays(name, keeps)]
    # a query of one bare word is an item's number on some sites, and some take it for another one with a sign behind
    asked = query if "=" not in query and "&" not in query and pairs else _query(sorted(pairs))
    return urlunsplit((scheme, host, quote(path, safe="/%:@!$&'()*+,;=~-._") or "/", asked, ""))


def host_of(url: str) -> str:
    """Host of `url` in lower case without port; empty when it has none."""
    parts = _parts(url)
    return re.sub(r":\d+$", "", parts[1]) if parts else ""


def _is_plain(url: str) -> bool:
    return len(url) < _LONGEST and _PLAIN.fullmatch(url) is not None


@lru_cache(maxsize=64)
def _origin(base: str) -> str:
    """Scheme, host and port of a base address where they are plain; else empty."""
    found = _PLAIN.match(base.partition("?")[0])
    return found[1] if found else ""


def _stays(name: str, keeps: Collection[str]) -> bool:
    if keeps:
        return name in keeps
    lowered = name.lower()
    return lowered not in TRACKERS and not lowered.startswith(_TRACKER_PREFIXES)


def _pairs(query: str) -> list[tuple[str, str]]:
    # latin-1 keeps every percent-encoded byte, whatever charset the site speaks
    return parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=None)


def _query(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, encoding="latin-1", errors="xmlcharrefreplace", safe="/:@!$'()*,;~-._")


def _parts(url: str) -> tuple[str, str, str, str] | None:
    """Scheme, host with port, path and query of a usable http(s) address; None for anything else."""
    if len(url) > _LONGEST or _IMPOSSIBLE.search(url):
        return None
    try:
        split = urlsplit(url)
        port = split.port
        host = split.hostname or ""
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one: labels too long, bad IPv6, bad port
        return None
    scheme = split.scheme.lower()
    if scheme not in _DEFAULT_PORTS or "@" in split.netloc:
        return None
    if ":" in host:
        host = f"[{host}]"
    if not _HOST.fullmatch(host.lower()) or len(host) > 253 or max(map(len, host.split("."))) > 63:
        return None
    shown = host.lower() if port in (None, _DEFAULT_PORTS[scheme]) else f"{host.lower()}:{port}"
    query = quote(split.query, safe="%/:@!$&'()*+,;=~-._?")
    return scheme, shown, split.path, query
