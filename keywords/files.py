"""The lexicon's own files: keywords/lexicon/*.yml, read strictly."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from keywords.terms import (
    Category,
    ContextGroup,
    Edges,
    Effect,
    Exclusion,
    ExclusionKind,
    Kind,
    Lexicon,
    Scoring,
    Strength,
    Term,
    Variant,
)
from records import Fault

#: Variants by what a term is. Weak terms and code words get none: their disguises collide with ordinary words.
_STRONG: tuple[Variant, ...] = ("pinyin", "mixed", "initial", "split", "homophone", "reversed")
_WEAK: tuple[Variant, ...] = ("mixed", "split")
_SHARED = ("exclusions.yml", "contexts.yml", "scoring.yml")
Model = TypeVar("Model", bound=BaseModel)


class LexiconBroken(Fault):
    """词库文件有错，无法读取。

    A lexicon file is broken and cannot be read.
    """

    code: ClassVar[str] = "E-KEYWORDS-001"
    remedy: ClassVar[tuple[str, str]] = (
        "按提示改正该文件后重试，或恢复原文件。",
        "Correct the file named above, or put the original back.",
    )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Entry(_Strict):
    text: str = Field(min_length=1, max_length=64)
    variants: tuple[Variant, ...] | None = None
    not_variants: tuple[str, ...] = ()
    company: tuple[str, ...] = ()
    note: str = ""


class _CategoryFile(_Strict):
    key: str = Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")
    name: str
    protection: str = ""
    law: tuple[str, ...] = Field(min_length=1)
    search: tuple[str, ...] = Field(min_length=1)
    strong: tuple[str | _Entry, ...] = ()
    weak: tuple[str | _Entry, ...] = ()
    #: Code words: weak by nature.
    code: tuple[str | _Entry, ...] = ()
    #: Borderline goods: strong words whose sale may be lawful.
    review: tuple[str | _Entry, ...] = ()
    #: Borderline goods whose name alone says too little.
    review_weak: tuple[str | _Entry, ...] = ()
    must_match: tuple[str, ...] = Field(min_length=1)
    must_not_match: tuple[str, ...] = Field(min_length=1)


class _ExclusionBlock(_Strict):
    why: str
    kind: ExclusionKind = "hard"
    edges: Edges = "both"
    words: tuple[str, ...]


class _ContextBlock(_Strict):
    key: str
    name: str
    effect: Effect
    points: int = Field(ge=0, le=100)
    more: int = Field(default=0, ge=0)
    most: int = Field(default=0, ge=0)
    company: bool = False
    caps: bool = False
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    direction: Literal["", "sale", "wanted", "service", "information"] = ""


class _ScoringFile(_Strict):
    review: int
    high: int
    points: dict[str, int]
    window: int
    pair_window: int
    gap: int
    disbelief: int


_GROUPS: tuple[tuple[str, Strength, Kind], ...] = (
    ("strong", "strong", "term"),
    ("weak", "weak", "term"),
    ("code", "weak", "code"),
    ("review", "strong", "review"),
    ("review_weak", "weak", "review"),
)


@cache
def builtin() -> Lexicon:
    """The lexicon that ships with the program; its version is `builtin-` and 8 hex digits of its content.

    Raises LexiconBroken when a file was damaged.
    """
    folder = files("keywords") / "lexicon"
    return read_folder(Path(str(folder)))


def read_folder(folder: Path) -> Lexicon:
    """The lexicon of a folder: one file per category, and exclusions.yml, contexts.yml, scoring.yml.

    Raises LexiconBroken with the file and the place in it.
    """
    paths = sorted(folder.glob("*.yml"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    shared = {name: _load(folder / name) for name in _SHARED}
    blocks = [_checked(_ExclusionBlock, item, folder / "exclusions.yml") for item in shared["exclusions.yml"]]
    groups = [_checked(_ContextBlock, item, folder / "contexts.yml") for item in shared["contexts.yml"]]
    scoring = _checked(_ScoringFile, shared["scoring.yml"], folder / "scoring.yml")
    categories = [_checked(_CategoryFile, _load(path), path) for path in paths if path.name not in _SHARED]
    return Lexicon(
        version=f"builtin-{digest.hexdigest()[:8]}",
        categories=tuple(_category(item) for item in categories),
        terms=tuple(term for item in categories for term in _terms(item)),
        exclusions=tuple(
            Exclusion(text=word, kind=block.kind, edges=block.edges, why=block.why)
            for block in blocks
            for word in block.words
        ),
        contexts=tuple(ContextGroup(**block.model_dump()) for block in groups),
        scoring=Scoring(**scoring.model_dump()),
    )


def default_variants(strength: Strength, kind: Kind) -> tuple[Variant, ...]:
    """The variants that a term gets when it names none itself."""
    if kind == "code":
        return ()
    return _STRONG if strength == "strong" and kind == "term" else _WEAK


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


def _category(item: _CategoryFile) -> Category:
    return Category(
        key=item.key,
        name=item.name,
        protection=item.protection,
        law=item.law,
        search=item.search,
        must_match=item.must_match,
        must_not_match=item.must_not_match,
    )


def _terms(item: _CategoryFile) -> list[Term]:
    found = []
    for group, strength, kind in _GROUPS:
        for raw in getattr(item, group):
            entry = _Entry(text=raw) if isinstance(raw, str) else raw
            variants = entry.variants if entry.variants is not None else default_variants(strength, kind)
            found.append(
                Term(
                    text=entry.text,
                    category=item.key,
                    strength=strength,
                    kind=kind,
                    variants=variants,
                    not_variants=entry.not_variants,
                    company=entry.company,
                )
            )
    return found
