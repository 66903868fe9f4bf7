"""The lexicon's own files: keywords/lexicon/*.yml, read strictly."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from keywords.boundaries import is_word
from keywords.compiled import compiled
from keywords.schema import (
    CategoryFile,
    CodedRule,
    ContextBlock,
    Entry,
    ExclusionBlock,
    LawEntry,
    LexiconBroken,
    ScoringFile,
)
from keywords.terms import (
    Category,
    ContextGroup,
    Exclusion,
    Kind,
    Law,
    Lexicon,
    Scoring,
    Strength,
    Term,
    Variant,
)

#: Variants by what a term is. Weak terms and code words get none: their disguises collide with ordinary words.
_STRONG: tuple[Variant, ...] = ("pinyin", "mixed", "initial", "repeated", "homophone", "reversed")
_WEAK: tuple[Variant, ...] = ("mixed", "repeated")
_SHARED = ("exclusions.yml", "contexts.yml", "scoring.yml", "law.yml")
#: Collisions that a person has looked at; the lint alone reads them.
ORDINARY = "ordinary.yml"
Model = TypeVar("Model", bound=BaseModel)


_GROUPS: dict[str, tuple[Strength, Kind]] = {
    "strong": ("strong", "term"),
    "weak": ("weak", "term"),
    "code": ("weak", "code"),
    "review": ("strong", "review"),
    "review_weak": ("weak", "review"),
    "review_code": ("weak", "review"),
    "foreign_code": ("weak", "code"),
}
#: Groups of everyday words that nothing but their own company explains.
_ALONE = ("review_code", "foreign_code")
#: What is generated of names that are seldom written.
_RARE: tuple[Variant, ...] = ("pinyin", "mixed", "reversed")


@cache
def builtin() -> Lexicon:
    """The lexicon that ships with the program; its version is `builtin-` and 8 hex digits of its content.

    Raises LexiconBroken when a file was damaged.
    """
    kept = compiled()
    return kept.lexicon if kept else own_lexicon()


def own_lexicon() -> Lexicon:
    """The same from its own files. Raises LexiconBroken when one was damaged."""
    return read_folder(_own_folder())


def builtin_version() -> str:
    """The version that `builtin` would have, without reading what the files say: a tenth of the time."""
    return _version(sorted(_own_folder().glob("*.yml")))


def _own_folder() -> Path:
    return Path(str(files("keywords") / "lexicon"))


def _version(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"builtin-{digest.hexdigest()[:8]}"


def read_folder(folder: Path) -> Lexicon:
    """The lexicon of a folder: one file per category, and the files that all share.

    Raises LexiconBroken with the file and the place in it.
    """
    paths = sorted(folder.glob("*.yml"))
    shared = {name: _load(folder / name) for name in ("exclusions.yml", "scoring.yml")}
    blocks = [_checked(ExclusionBlock, item, folder / "exclusions.yml") for item in shared["exclusions.yml"]]
    groups = _groups(folder)
    scoring = _checked(ScoringFile, shared["scoring.yml"], folder / "scoring.yml")
    laws = _laws(folder)
    categories = [_checked(CategoryFile, _load(path), path) for path in paths if path.name not in (*_SHARED, ORDINARY)]
    ambiguous = _shared_mentions(categories)
    categories = [_abroad(item, ambiguous) for item in categories]
    terms = [term for item in categories for term in _terms(item, groups)]
    return Lexicon(
        version=_version(paths),
        categories=tuple(_category(item, laws) for item in categories),
        terms=(*terms, *_traits(categories, groups, terms)),
        exclusions=tuple(
            Exclusion(text=word, kind=block.kind, edges=block.edges, why=block.why)
            for block in blocks
            for word in block.words
        ),
        contexts=tuple(ContextGroup(**block.model_dump()) for block in groups),
        scoring=Scoring(**scoring.model_dump()),
    )


def read_category(path: Path) -> tuple[Category, tuple[Term, ...]]:
    """One category file by itself, its laws named as in the built-in law.yml.

    Raises LexiconBroken with the place in it.
    """
    item = _checked(CategoryFile, _load(path), path)
    groups = _groups(_own_folder())
    return _category(item, _laws(_own_folder())), tuple(_terms(item, groups))


def default_variants(strength: Strength, kind: Kind) -> tuple[Variant, ...]:
    """The variants that a term gets when it names none itself."""
    if kind == "code":
        return ()
    return _STRONG if strength == "strong" and kind == "term" else _WEAK


def _laws(folder: Path) -> dict[str, tuple[LawEntry, ...]]:
    path = folder / "law.yml"
    return {name: tuple(_checked(LawEntry, item, path) for item in items) for name, items in _load(path).items()}


def _groups(folder: Path) -> list[ContextBlock]:
    path = folder / "contexts.yml"
    return [_checked(ContextBlock, item, path) for item in _load(path)]


def _abroad(item: CategoryFile, shared: Set[str]) -> CategoryFile:
    """The category with its rare names and those in other languages among its entries and rules; `shared`: see
    `_shortened`."""
    strong, review, coded = [*item.strong], [*item.review], [*item.coded]
    strong += (Entry(text=text, variants=_RARE) for text in item.rare)
    for block in item.foreign:
        strong += (Entry(text=text, variants=()) for text in _shortened(block.strong, shared))
        review += (Entry(text=text, variants=()) for text in _shortened(block.review, shared))
        named: dict[Any, tuple[str, ...]] = {"weak": block.weak, "foreign_code": block.code}
        coded += (CodedRule(of=of, company=block.company, group=group) for group, of in named.items() if of)
    return item.model_copy(update={"strong": tuple(strong), "review": tuple(review), "coded": tuple(coded)})


def _shared_mentions(categories: Iterable[CategoryFile]) -> Set[str]:
    blocks = (block for item in categories for block in item.foreign)
    times = Counter(_second_mention(name) for block in blocks for name in (*block.strong, *block.review))
    return {short for short, count in times.items() if count > 1}


def _shortened(names: Sequence[str], shared: Set[str]) -> Iterator[str]:
    """The names, and of a species in Latin also the form that its second mention has: M. javanica.

    Not where two share it (`shared`): A. sinensis is an alligator and a sturgeon.
    """
    yield from names
    yield from (short for name in names if (short := _second_mention(name)) and short not in shared)


def _second_mention(name: str) -> str:
    genus, _, species = name.partition(" ")
    latin = genus[:1].isupper() and genus.isascii() and name[1:].islower() and species.isascii() and species.isalpha()
    return f"{genus[0]}. {species}" if latin else ""


def _load(path: Path) -> Any:
    try:
        return _loader()(path.read_text(encoding="utf-8")).get_single_data()
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise LexiconBroken(f"{path.name}: {error}") from error


def _loader() -> Any:
    # The C loader is the same SafeLoader, ten times faster; it is missing from a few builds of PyYAML.
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _checked(model: type[Model], data: Any, path: Path) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise LexiconBroken(f"{path.name}: {place}: {first['msg']}") from error


def _category(item: CategoryFile, laws: Mapping[str, tuple[LawEntry, ...]]) -> Category:
    cited: list[LawEntry] = []
    for entry in item.law:
        cited += laws.get(entry, (LawEntry(text=entry),)) if isinstance(entry, str) else [entry]
    return Category(
        key=item.key,
        name=item.name,
        protection=item.protection,
        law=tuple(Law(text=one.text, since=_iso(one.since), until=_iso(one.until)) for one in cited),
        search=item.search.terms,
        nightly=item.search.budget,
        must_match=item.must_match,
        must_not_match=item.must_not_match,
    )


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _terms(item: CategoryFile, groups: Sequence[ContextBlock]) -> list[Term]:
    named = {group.key: group.words for group in groups} | item.companies
    entries = [
        (group, _named(Entry(text=raw) if isinstance(raw, str) else raw, named, item.key))
        for group in _GROUPS
        for raw in getattr(item, group, ())
    ]
    entries = _coded(item, entries, named)
    if unknown := set(item.heard) - {entry.text for _, entry in entries}:
        raise LexiconBroken(f"{item.key}.yml: heard: {sorted(unknown)[0]}")
    written = {entry.text for _, entry in entries}
    # And weak ones whose disguises somebody asked for: 玳瑁 in 玳瑁首饰.
    strong = {entry.text for group, entry in entries if group == "strong" or "homophone" in (entry.variants or ())}
    terms = []
    for group, entry in [*entries, *_composed(item, written)]:
        chosen = entry.variants if entry.variants is not None else _variants(group, entry.text, strong)
        if entry.text in item.heard:
            chosen = tuple(dict.fromkeys((*chosen, "pinyin", "mixed", "initial", "repeated", "reversed", "heard")))
        terms.append(_term(item.key, group, entry, chosen))
    return terms


def _named(entry: Entry, named: Mapping[str, tuple[str, ...]], key: str) -> Entry:
    return entry.model_copy(update={"company": _spelt_out(entry.company, named, key)})


def _spelt_out(company: Sequence[str], named: Mapping[str, tuple[str, ...]], key: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in company:
        if word.startswith("@") and word[1:] not in named:
            raise LexiconBroken(f"{key}.yml: company: {word}")
        words += named[word[1:]] if word.startswith("@") else [word]
    return tuple(dict.fromkeys(words))


def _coded(
    item: CategoryFile, entries: Sequence[tuple[str, Entry]], named: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, Entry]]:
    """The entries with those of the classes. One that the file writes out itself keeps the company of both."""
    joined = {entry.text: (group, entry) for group, entry in entries}
    strong = {entry.text for group, entry in entries if group == "strong"}
    for rule in item.coded:
        company = _spelt_out(rule.company, named, item.key)
        for text in _spelt_out(rule.of, named, item.key):
            if any(_holds(text, size, strong) for size in range(2, len(text))):
                continue  # the strong term inside says more
            new = Entry(text=text, variants=rule.variants, not_variants=rule.not_variants)
            group, entry = joined.get(text, (rule.group, new))
            if rule.variants:
                entry = entry.model_copy(update={"variants": rule.variants})
            # A code word without companions of its own counts beside more than these: leave it so.
            alone = text in joined and group == "code" and not entry.company
            if group in ("weak", "code", "review_weak", *_ALONE) and not alone:
                both = tuple(dict.fromkeys([*entry.company, *company]))
                joined[text] = group, entry.model_copy(update={"company": both})
    return list(joined.values())


#: 三个月, 七钱, 两斤一只 are said of anything.
_COUNTS = re.compile("[一二两三四五六七八九十半几]+(?:个月|斤一只|钱)")


def _traits(
    categories: Sequence[CategoryFile], groups: Sequence[ContextBlock], terms: Iterable[Term]
) -> Iterator[Term]:
    """What companions of code words are jargon themselves: no dictionary knows them, and one category alone has them.

    One says nothing; of three the category may be told (requiring.py).
    """
    written = {term.text for term in terms}.union(*(group.words for group in groups))
    strong = {term.text for term in terms if term.strength == "strong" and " " not in term.text}
    heard: dict[str, dict[str, tuple[str, ...]]] = {}
    for item in categories:
        named = {group.key: group.words for group in groups} | item.companies
        for rule in item.coded:
            names = _spelt_out(rule.of, named, item.key)
            for word in _spelt_out(rule.company, named, item.key) if rule.group == "code" else ():
                heard.setdefault(word, {}).setdefault(item.key, names)
    for word, keys in heard.items():
        short = len(word) < 2 or word.isascii() or is_word(word) or _COUNTS.match(word)
        if len(keys) > 1 or short or word in written or any(_holds(word, size, strong) for size in range(2, len(word))):
            continue
        [(key, names)] = keys.items()
        # Of company of its own one word is enough: the name that it was written down for.
        yield _term(key, "code", Entry(text=word, company=names[:1]), ())


def _variants(group: str, text: str, strong: set[str]) -> tuple[Variant, ...]:
    """What the group gets; less where the disguises of a shorter strong term inside are enough: 象牙 in 象牙手串."""
    given = default_variants(*_GROUPS[group])
    inner = max((size for size in range(2, len(text)) if _holds(text, size, strong)), default=0)
    if not inner:
        return given
    # 酒骨虎: turned round, the shorter term inside is hidden too.
    return () if inner > 2 else tuple(one for one in given if one in ("pinyin", "reversed"))


def _holds(text: str, size: int, strong: set[str]) -> bool:
    return any(text[start : start + size] in strong for start in range(len(text) - size + 1))


def _composed(item: CategoryFile, written: set[str]) -> Iterator[tuple[str, Entry]]:
    """What the file writes out itself, or composed once already, is not composed again."""
    for rule in item.compose:
        between = " " if rule.near else ""
        for first, part in product(rule.of, rule.parts):
            text = first + between + part
            # A pair says the same in either order.
            known = text in written or (rule.near and f"{part} {first}" in written)
            if not known and text not in rule.leave_out:
                written.add(text)
                yield rule.group, Entry(text=text, variants=rule.variants)


def _term(category: str, group: str, entry: Entry, variants: tuple[Variant, ...]) -> Term:
    strength, kind = _GROUPS[group]
    return Term(
        text=entry.text,
        category=category,
        strength=strength,
        kind=kind,
        variants=variants,
        not_variants=entry.not_variants,
        company=entry.company,
        alone=group in _ALONE,
        until=_iso(entry.until),
    )
