"""What a scan is to ask: platforms × category pages and search terms."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from crawler import Definition, definition, definitions
from keywords import Lexicon
from ops.settings import Crawl, Settings
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A platform that a scan covers."""

    definition: Definition
    #: Absolute path of its file where it is not a built-in one; else empty.
    file: str
    #: Base address that the settings put in place of the definition's own; empty for none.
    site: str


def chosen(settings: Settings, names: Iterable[str], *, demo: bool) -> list[Chosen]:
    """The platforms of `names` (keys or files); without names those of the settings, else every one.

    Raises NothingToScan.
    """
    wanted = list(names) or [key for key in settings.crawl.platforms if not demo]
    wanted = wanted or [key for key in definitions() if key.startswith(DEMO_PREFIX) == demo]
    if not wanted:
        raise NothingToScan
    return [_choose(settings, name) for name in dict.fromkeys(wanted)]


def _choose(settings: Settings, name: str) -> Chosen:
    is_file = bool(Path(name).suffix)
    found = definition(Path(name) if is_file else name)
    return Chosen(
        definition=found,
        file=str(Path(name).resolve()) if is_file else "",
        site=settings.crawl.sites.get(found.key, ""),
    )


def queries_for(platform: Definition, lexicon: Lexicon, crawl: Crawl, *, terms: Iterable[str] = ()) -> list[Query]:
    """The queries of one platform: the given terms alone, or its category pages and the lexicon's first terms."""
    asked = list(dict.fromkeys(terms))
    if not asked:
        asked = ranked_terms(lexicon, crawl.categories)[: crawl.max_terms] if platform.search_url else []
        browsed = [Query(platform=platform.key, kind=QueryKind.BROWSE, text=name) for name in platform.browse]
    else:
        browsed = []
    searched = [Query(platform=platform.key, kind=QueryKind.SEARCH, text=term) for term in asked]
    # a platform with neither still gets a query, so that its silence shows in the outcomes
    return browsed + searched or [Query(platform=platform.key, kind=QueryKind.BROWSE, text="")]


def ranked_terms(lexicon: Lexicon, categories: Iterable[str] = ()) -> list[str]:
    """Every category's first search term, then every second one, and so on: a small budget still asks for all kinds.

    Of the categories named; without names, of all.
    """
    keys = tuple(categories) or tuple(category.key for category in lexicon.categories)
    by_rank = zip_longest(*(lexicon.search_terms(key) for key in keys))
    return list(dict.fromkeys(term for term in chain.from_iterable(by_rank) if term))
