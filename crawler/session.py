"""A session that a person supplied for one platform: what is kept of it, and where its cookies go. Pure."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from crawler.definition import Definition

#: Cookies and local storage as Playwright writes and reads them: `{"cookies": […], "origins": […]}`.
State = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The login of an account that the unit owns, opened for one patrol."""

    #: Of the platform's hosts alone; never logged.
    state: State = field(repr=False)
    #: As captures and notes name it: number, approval, basis, by whom, until when.
    name: str


def own_state(definition: Definition, state: Mapping[str, Any]) -> State:
    """What of a browser's state belongs to the platform; everything else that the person visited is dropped."""
    cookies = [one for one in state.get("cookies", ()) if _concerns(definition, str(one["domain"]))]
    origins = [one for one in state.get("origins", ()) if definition.allows(str(one["origin"]))]
    return {"cookies": cookies, "origins": origins}


def cookie_header(state: State, url: str) -> str:
    """The Cookie header for `url` (RFC 6265 §5.4), empty for none: domain, path, secure and expiry decide."""
    parts = urlsplit(url)
    host, path, secure = (parts.hostname or "").lower(), parts.path or "/", parts.scheme == "https"
    sent = [
        one
        for one in state["cookies"]
        if _goes_to(str(one["domain"]).lower(), host)
        and _lies_under(path, str(one.get("path") or "/"))
        and (secure or not one.get("secure"))
        and not 0 <= one.get("expires", -1) <= time.time()
    ]
    sent.sort(key=lambda one: -len(str(one.get("path") or "/")))  # the nearest path first
    return "; ".join(f"{one['name']}={one['value']}" for one in sent)


def _goes_to(domain: str, host: str) -> bool:
    """Chromium writes a leading dot where subdomains get the cookie too."""
    return host == domain.lstrip(".") or (domain.startswith(".") and host.endswith(domain))


def _lies_under(path: str, prefix: str) -> bool:
    return path == prefix or (path.startswith(prefix) and (prefix.endswith("/") or path[len(prefix)] == "/"))


def _concerns(definition: Definition, domain: str) -> bool:
    """True where a cookie of `domain` can go to some host of the platform."""
    bare = domain.lstrip(".").lower()
    for host in (urlsplit(definition.site).hostname or "", *(pattern.lower() for pattern in definition.hosts)):
        family = host.removeprefix("*.")
        if _goes_to(domain.lower(), family) or (host != family and bare.endswith(f".{family}")):
            return True
    return False
