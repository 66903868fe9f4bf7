"""What the make-believe markets are filled with: four YAML files, read into frozen tables."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class Ware:
    """One forbidden term, what is made of it, and how sellers hide it."""

    term: str
    #: What a person types into the market's search to find it.
    search: str
    goods: tuple[str, ...]
    #: (technique, spelling of the term).
    spellings: tuple[tuple[str, str], ...]
    #: (technique, spelling of term and goods together).
    phrases: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trade:
    """How one category of forbidden goods is offered."""

    category: str
    #: Lowest and highest, whole yuan.
    price: tuple[int, int]
    #: Titles that give nothing away; the words stand in the description then.
    covers: tuple[str, ...]
    wares: tuple[Ware, ...]
    claims: tuple[str, ...]
    closers: tuple[str, ...]
    #: Descriptions with `{item}`, `{claim}`, `{closer}`.
    texts: tuple[str, ...]
    #: Whole titles in the trade's code words, in company of their own kind.
    code: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusables:
    """Ordinary titles that hold the letters of a forbidden word of `category`."""

    category: str
    price: tuple[int, int]
    titles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One section of ordinary goods."""

    section: str
    price: tuple[int, int]
    makes: tuple[str, ...]
    nouns: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a seller sits. `district` is empty for the municipalities."""

    province: str
    city: str
    district: str


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Who sells, where, and what anyone writes under an ordinary thing."""

    shops: tuple[str, ...]
    rings: tuple[str, ...]
    home: tuple[Place, ...]
    away: tuple[Place, ...]
    openings: tuple[str, ...]
    talk: tuple[str, ...]
    #: The line that a reduced listing gets.
    reduced: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wares:
    """All of it."""

    trades: tuple[Trade, ...]
    confusables: tuple[Confusables, ...]
    #: Market key -> groups.
    ordinary: dict[str, tuple[Group, ...]]
    people: People


def load() -> Wares:
    """The four files beside this one."""
    return Wares(
        trades=tuple(_trade(key, row) for key, row in _read("planted").items()),
        confusables=tuple(
            Confusables(category=key, price=_range(row), titles=tuple(row["titles"]))
            for key, row in _read("confusable").items()
        ),
        ordinary={market: tuple(_group(row) for row in rows) for market, rows in _read("ordinary").items()},
        people=_people(_read("people")),
    )


def _read(name: str) -> dict[str, Any]:
    tables = yaml.safe_load((files(__name__) / f"{name}.yml").read_text("utf-8"))
    assert isinstance(tables, dict)
    return tables


def _range(row: dict[str, Any]) -> tuple[int, int]:
    low, high = row["price"]
    return low, high


def _trade(category: str, row: dict[str, Any]) -> Trade:
    return Trade(
        category=category,
        price=_range(row),
        covers=tuple(row["covers"]),
        wares=tuple(_ware(ware) for ware in row["wares"]),
        claims=tuple(row["claims"]),
        closers=tuple(row["closers"]),
        texts=tuple(row["texts"]),
        code=tuple(row["code"]),
    )


def _ware(row: dict[str, Any]) -> Ware:
    return Ware(
        term=row["term"],
        search=row["search"],
        goods=tuple(row["goods"]),
        spellings=_pairs(row.get("spellings", {})),
        phrases=_pairs(row.get("phrases", {})),
    )


def _pairs(table: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((technique, spelling) for technique, spellings in table.items() for spelling in spellings)


def _group(row: dict[str, Any]) -> Group:
    return Group(
        section=row["section"],
        price=_range(row),
        makes=tuple(row["makes"]),
        nouns=tuple(row["nouns"]),
        details=tuple(row["details"]),
    )


def _people(row: dict[str, Any]) -> People:
    return People(
        shops=tuple(row["shops"]),
        rings=tuple(row["rings"]),
        home=tuple(_place(place) for place in row["home"]),
        away=tuple(_place(place) for place in row["away"]),
        openings=tuple(row["openings"]),
        talk=tuple(row["talk"]),
        reduced=row["reduced"],
    )


def _place(names: list[str]) -> Place:
    province, city, district = names
    return Place(province=province, city=city, district=district)
