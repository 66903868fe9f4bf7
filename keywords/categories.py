"""A category that somebody brings as one YAML file, in the form of keywords/lexicon/*.yml, and its proof."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import yaml

from keywords.additions import LexiconFileRefused, Refusal
from keywords.files import read_category
from keywords.lint import lint
from keywords.matcher import Matcher
from keywords.terms import Category, Lexicon

#: A category of a thousand terms is 60 KB.
_MAX_FILE = 1 << 20


def holds_category(path: Path) -> bool:
    """True when `path` is YAML with a category in it, not a list of additions. Unreadable files hold none."""
    if path.suffix.lower() not in (".yml", ".yaml"):
        return False
    try:
        if path.stat().st_size > _MAX_FILE:
            return False
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return False
    return isinstance(data, dict) and "key" in data


def with_category(base: Lexicon, path: Path, version: str) -> Lexicon:
    """A new lexicon under `version` with the category of the file.

    Raises LexiconBroken for a file of another form, LexiconFileRefused where the category is there already, its terms
    have an error, or an example of its own or of another category is no longer kept.
    """
    category, terms = read_category(path)
    if any(known.key == category.key or known.name == category.name for known in base.categories):
        raise LexiconFileRefused([Refusal(place=path.name, reason=f"已有类别“{category.name}”（{category.key}）")])
    grown = dataclasses.replace(
        base, version=version, categories=(*base.categories, category), terms=(*base.terms, *terms)
    )
    refusals = [
        Refusal(place=f"{path.name}：{problem.term}", reason=problem.detail)
        for problem in lint(grown, dictionary=False)
        if problem.severity == "error" and problem.category == category.key
    ]
    refusals += _broken_promises(base, grown, path.name)
    if refusals:
        raise LexiconFileRefused(refusals)
    return grown


def _broken_promises(base: Lexicon, grown: Lexicon, name: str) -> Iterator[Refusal]:
    before, after = Matcher(base), Matcher(grown)
    for category in grown.categories:
        is_new = category not in base.categories
        for text, broken in _examples(category, after):
            if broken and (is_new or not dict(_examples(category, before))[text]):
                yield Refusal(place=f"{name}：{category.name} 的例子“{text}”", reason=broken)


def _examples(category: Category, matcher: Matcher) -> Iterator[tuple[str, str]]:
    """Every example with what is wrong with it; nothing where it is kept."""
    for text in category.must_match:
        judged = matcher.explain(text)
        right = judged.level.is_hit and judged.category == category.key
        got = matcher.lexicon.category_name(judged.category) if judged.level.is_hit else "不报"
        yield text, "" if right else f"应报为本类，实为{got}"
    for text in category.must_not_match:
        yield text, "不应报而报" if matcher.explain(text).level.is_hit else ""
