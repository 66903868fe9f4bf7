"""What a scan is to ask: platforms × category pages and search terms."""

from collections.abc import Iterable
from pathlib import Path

from crawler import Definition, definition, definitions
from keywords import Lexicon
from ops.settings import Settings
from records import Fault, Query, QueryKind

#: Definitions of the make-believe markets carry this prefix; no real night ever includes them.
DEMO_PREFIX = "demo_"


class NothingToScan(Fault):
    """没有可监测的平台。

    There is no platform to scan.
    """

    code = "E-OPS-010"
    remedy = (
        "用 --platform 指定平台（`xunwang platform list` 列出全部），或在 xunwang.toml 的 crawl.platforms 中设置。",
        "Name one with --platform (`xunwang platform list` shows all) or set crawl.platforms in xunwang.toml.",
    )
    exit_code = 4


def chosen(settings: Settings, names: Iterable[str], *, demo: bool) -> list[Definition]:
    """The definitions of `names` (keys or files); without names those of the settings, else every one.

    Each stands at the address that the settings give for it. Raises NothingToScan.
    """
    picked = [definition(name if not Path(name).suffix else Path(name)) for name in names]
    if not picked:
        picked = [definition(key) for key in settings.crawl.platforms if not demo]
    if not picked:
        picked = [one for key, one in definitions().items() if key.startswith(DEMO_PREFIX) == demo]
    if not picked:
        raise NothingToScan
    return [one.at(settings.crawl.sites[one.key]) if one.key in settings.crawl.sites else one for one in picked]


def queries_for(platform: Definition, lexicon: Lexicon, *, terms: Iterable[str] = (), max_terms: int) -> list[Query]:
    """The queries of one platform: the given terms alone, or its category pages and the lexicon's first terms."""
    asked = list(dict.fromkeys(terms))
    if not asked:
        asked = list(lexicon.search_terms())[:max_terms] if platform.search_url else []
        browsed = [Query(platform=platform.key, kind=QueryKind.BROWSE, text=name) for name in platform.browse]
    else:
        browsed = []
    searched = [Query(platform=platform.key, kind=QueryKind.SEARCH, text=term) for term in asked]
    # a platform with neither still gets a query, so that its silence shows in the outcomes
    return browsed + searched or [Query(platform=platform.key, kind=QueryKind.BROWSE, text="")]
