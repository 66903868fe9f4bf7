"""Where the picture is that an element shows, or will show once its page has been scrolled."""

import re
from typing import Any

from crawler.found import address
from crawler.layout import names_of

_PICTURES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-ks-lazyload", "data-img",
             "data-image", "data-url", "original", "_src", "lazy-src", "src")  # fmt: skip
_BLANK = re.compile(
    (
        r"^data:|"
        r"\{\{|blank|placeholder|(?:^|/)(?:grey|gray|loading|spacer|pixel|lazy|default|transparent|none|1x1)[\w-]*\."
    ),
    re.I,
)
_SHOWN = re.compile(r"^[^\s,{}]+\.(?:jpe?g|png|webp|gif|avif)(?:$|[?_!@])", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]*url\(\s*['\"]?([^'\")]{1,1000})", re.IGNORECASE)


def picture_of(element: Any, base: str) -> str:
    """The address of the picture that an element shows or will show; empty for icons and for none."""
    if element.tag == "img":
        if (element.get("width") or "").removesuffix("px").isdigit() and int(
            (element.get("width") or "0").removesuffix("px")[:5]
        ) < 33:
            return ""
        if re.search(r"icon|avatar|logo|emoji|badge", names_of(element), re.IGNORECASE):
            return ""
        for name in _PICTURES:
            written = element.get(name) or ""
            if written and not _BLANK.search(written):
                return address(base, written)
        for name, written in element.items():
            if name.startswith("data-") and _SHOWN.search(written[:1_000]) and not _BLANK.search(written[:1_000]):
                return address(base, written)
        wider = element.get("data-srcset") or element.get("srcset") or ""
        return address(base, wider.split()[0].rstrip(",")) if wider.split() and not wider.startswith("data:") else ""
    styled = _BACKGROUND.search(element.get("style") or "")
    return address(base, styled[1]) if styled and not styled[1].startswith("data:") else ""
