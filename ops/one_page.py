"""One page asked for by hand, as politely as a patrol asks for thousands."""

import re
from urllib.parse import urlsplit

from crawler import Definition, QueryEnd, refusal
from db.locks import leasing
from ops.courtesy import courtesy_for
from ops.gateway import way_out
from ops.house import House
from ops.planning import Chosen, allowed_for
from ops.slice import limits_of
from records import Fault, Page


class AddressRefused(Fault):
    """这个地址不属于该平台，或不允许访问，没有发出请求。

    The address is none of the platform's, or may not be asked for; nothing was sent.
    """

    code = "E-OPS-025"
    remedy = (
        "请用 --platform 指明平台（`xunwang platform list` 列出全部）；内部网络与本机地址一律不访问。",
        "Name the platform with --platform (`xunwang platform list`); internal and local addresses are never visited.",
    )
    exit_code = 2


class PageNotHad(Fault):
    """没有取得这个页面。

    The page could not be had.
    """

    code = "E-OPS-026"
    remedy = (
        "本程序不绕过平台的限制；可改用保存的页面（xunwang extract 文件）或人工录入（xunwang intake）。",
        "Nothing here gets around a wall; save the page and extract the file, or bring it in with `xunwang intake`.",
    )
    exit_code = 3


def fetch_page(house: House, chosen: Chosen, url: str) -> Page:
    """The page at `url`. Raises AddressRefused before anything is sent, and PageNotHad with the reason."""
    reader = chosen.standing
    allowed_here = allowed_for(house, chosen)
    limits = limits_of(house.settings, 1, allowed_here)
    if why := refusal(url, reader, allow_loopback=limits.allow_loopback):
        raise AddressRefused(f"{why}：{url[:200]}")
    if reader.access == "walled":
        raise PageNotHad(f"平台不对公众开放，未访问。{reader.lawful}")
    from crawler import fetch_one  # Scrapy and Playwright: only who goes out pays for them

    with leasing(house.engine, f"platform:{reader.key}") as lease, way_out(reader, allowed_here) as opened:
        courtesy = courtesy_for(house, reader.key, lease)
        try:
            return fetch_one(reader, url, limits=limits, courtesy=courtesy, way_out=opened)
        except QueryEnd as end:
            raise PageNotHad(f"{end.outcome.label}（{end.outcome.value}）：{end.note}") from None


def stranger(url: str) -> Definition:
    """A definition without facts for the site of an address that no definition knows: asked once, read by none.

    Raises AddressRefused for what is no address.
    """
    parts = urlsplit(url)
    host = re.sub(r"[^a-z0-9]+", "_", (parts.hostname or "").lower()).strip("_")
    site = f"{parts.scheme}://{parts.netloc}"
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise AddressRefused(url[:200])
    return Definition(
        key=f"auto_{host}"[:60], name=host, site=site, verified="—", render="never", delay=10,
        cards="xpath://nothing", id="xpath:@id", url="xpath:@href", title="xpath:.",
    )  # fmt: skip


def platform_of(url: str, known: dict[str, Definition]) -> str:
    """Key of the platform that an address belongs to. Raises AddressRefused where it is none's."""
    found = next((key for key, one in known.items() if not refusal(url, one, allow_loopback=True)), None)
    if found is None:
        raise AddressRefused(url[:200])
    return found
