"""What a scan is to ask: platforms × category pages and search terms."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain, zip_longest
from pathlib import Path
from zlib import crc32

from crawler import Definition, definition, definitions
from db.history import LastAsked
from keywords import Lexicon
from ops.gateway import DEMO_PREFIX, allowed, check_platform
from ops.house import House
from ops.settings import Crawl, Settings
from pipelines import MANY
from records import Fault, Outcome, Query, QueryKind


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

    @property
    def standing(self) -> Definition:
        """The definition at the address where it is asked."""
        return self.definition.at(self.site) if self.site else self.definition


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
    file, site = str(Path(name).resolve()) if is_file else "", settings.crawl.sites.get(found.key, "")
    return Chosen(definition=found, file=file, site=site)


def check_chosen(house: House, platforms: Iterable[Chosen]) -> None:
    """Raises InternalPlatform for a definition that points inside: said at once to the person who asked for it.

    A night goes on without it: there its queries end as failed, and say why.
    """
    for one in platforms:
        check_platform(one.standing, allowed_for(house, one))


def allowed_for(house: House, one: Chosen) -> tuple[str, ...]:
    """What of this machine a visit to a chosen platform may reach; see `ops.gateway.allowed`."""
    return allowed(house.settings, one.standing, file=one.file, site=one.site, demo=house.demo)


@dataclass(frozen=True, kw_only=True, slots=True)
class Night:
    """What decides the queries of every platform alike."""

    lexicon: Lexicon
    crawl: Crawl
    #: The Shanghai date that the scan is of.
    on: date
    #: Search these terms alone, whatever was asked before; empty: category pages and the lexicon's terms.
    named: tuple[str, ...] = ()
    #: Platforms that have hits in open leads: their own pages are read again, on their own schedule.
    visited: frozenset[str] = frozenset()
    #: Platform and region of which the category pages were all seen to their end, or to what was known, the last time.
    covered: frozenset[tuple[str, str]] = frozenset()
    #: The unit's own city: asked first where a platform can narrow down to it.
    city: str = ""
    #: Terms that people took from leads, at most a quarter of the budget (`db.extra_terms`): first, and never resting.
    extra: tuple[str, ...] = ()


#: Nights that a term rests at most where category pages do not show all that is new.
_LONGEST_ALONE = 3

#: Region ("" for everywhere) → search term → how it ended when last asked.
History = Mapping[str, Mapping[str, LastAsked]]


def regions_of(platform: Definition, night: Night) -> tuple[str, ...]:
    """What a platform is asked for, in this order: the own city where it can narrow down to that, then everywhere.

    A term that a person names is asked everywhere at once.
    """
    here = "" if night.named else platform.region_of(night.city)
    return (here, "") if here else ("",)


def queries_for(platform: Definition, night: Night, last: History) -> tuple[list[Query], int]:
    """The queries of one platform, the own city's first, and how many terms rest."""
    queries: list[Query] = []
    rested = 0
    for region in regions_of(platform, night):
        asked, resting_here = _queries_in(region, platform, night, last.get(region, {}))
        queries += asked
        rested += resting_here
    if platform.key in night.visited and platform.detail != "none" and not night.named:
        # last: by then the lists have shown what they still hold
        queries.append(Query(platform=platform.key, kind=QueryKind.REVISIT, text="到期回访"))
    # a platform with neither still gets a query, so that its silence shows in the outcomes
    return queries or [Query(platform=platform.key, kind=QueryKind.BROWSE, text="")], rested


def _queries_in(
    region: str, platform: Definition, night: Night, last: Mapping[str, LastAsked]
) -> tuple[list[Query], int]:
    rested: set[str] = set()
    terms = list(dict.fromkeys(night.named))
    if not terms and platform.search_url:
        ranked = ranked_terms(night.lexicon, night.crawl.categories, night.on)
        others = [term for term in ranked if term not in night.extra]
        terms = in_turn(others, last, night.crawl.max_terms - len(night.extra))
        longest = night.crawl.longest_rest
        longest = longest if (platform.key, region) in night.covered else min(longest, _LONGEST_ALONE)
        rested = resting(platform, terms, last, night.on, longest)
        terms = [*night.extra, *terms]
    asked = [(QueryKind.BROWSE, name) for name in (() if night.named else platform.browse)]
    asked += [(QueryKind.SEARCH, term) for term in terms if term not in rested]
    asked = [(kind, text) for kind, text in asked if not region or platform.narrows(kind, text)]
    return [Query(platform=platform.key, kind=kind, text=text, region=region) for kind, text in asked], len(rested)


def in_turn(ranked: list[str], last: Mapping[str, LastAsked], most: int) -> list[str]:
    """At most `most` of the terms: the best three quarters of them every night, then what has waited longest.

    Without turns the terms behind `most` would never be asked at all.
    """
    if len(ranked) <= most:
        return ranked
    head = most - most // 4
    waiting = sorted(ranked[head:], key=lambda term: _last_on(last.get(term)))  # equal ones stay in their rank
    return ranked[:head] + waiting[: most - head]


def _last_on(asked: LastAsked | None) -> date:
    """What was planned and not run has not been asked."""
    return date.min if asked is None or asked.outcome is Outcome.NOT_RUN else asked.on


def resting(
    platform: Definition, terms: Collection[str], last: Mapping[str, LastAsked], on: date, longest: int
) -> set[str]:
    """The terms that are not asked on the night `on`, because it was no use a night or a few ago.

    Such terms take turns: a part of them a night, those that have waited longest, so that each rests `longest` nights
    at most and the nights cost alike, after a missed week too. What ended in any other way
    is asked again. A patrol that puts every idle search every night spends most of its requests on nothing, and what
    is new stands on the category pages too, which never rest. Where nothing would be left to ask, nothing rests: a
    platform that had nothing for any term may be broken, and its silence must show.
    """
    idle = {term for term in terms if term in last and _was_idle(platform, last[term])}
    if not longest:
        return set()
    waited = sorted(
        (term for term in idle if (on - last[term].on).days > 1),
        key=lambda term: (last[term].on, crc32(f"{platform.key}:{term}".encode())),
    )
    rested = idle - set(waited[: -(-len(idle) // longest)])
    return rested if platform.browse or len(rested) < len(terms) else set()


def _was_idle(platform: Definition, asked: LastAsked) -> bool:
    """True where the platform had nothing, or little that its category pages had not shown before.

    A term that gives much is asked every night: by these it shows on the same night whether words are filtered.
    """
    covered = bool(platform.browse) and asked.to_end and not asked.brought and asked.cards < MANY
    return asked.outcome is Outcome.EMPTY or (asked.outcome is Outcome.SEARCHED and covered)


def ranked_terms(lexicon: Lexicon, categories: Iterable[str] = (), on: date | None = None) -> list[str]:
    """Every category's first search term, then every second one, and so on: a small budget still asks for all kinds.

    Of the categories named; without names, of all. A category gives what its nightly budget allows on the date `on`.
    """
    keys = tuple(categories) or tuple(category.key for category in lexicon.categories)
    by_rank = zip_longest(*(lexicon.search_terms(key, on) for key in keys))
    return list(dict.fromkeys(term for term in chain.from_iterable(by_rank) if term))
