"""Looks for words that will not do what their author thinks, before they are released."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from importlib.resources import files
from typing import Literal

import yaml

from keywords.boundaries import words
from keywords.files import ORDINARY
from keywords.folding import folding
from keywords.matcher import Matcher
from keywords.patterns import parts_of
from keywords.terms import Lexicon, Term

#: Words taken on each side of a seam of a strong term of two characters, and of any other.
_NEIGHBOURS = 12
_FEWER = 4
#: How frequent a word must be in jieba's dictionary to be ordinary.
_ORDINARY = 30
#: Longest term whose seams are tried: a longer one does not come about by chance.
_SEAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One finding of the lint."""

    kind: Literal["empty", "one_character", "duplicate", "shadowed", "swallowed", "in_a_word", "collision"]
    #: The term concerned.
    term: str
    category: str
    #: In Chinese, for the analyst.
    detail: str
    #: `error` must be corrected before a release; `notice` should be read.
    severity: Literal["error", "notice"] = "error"
    #: The ordinary text that the term is found in; empty where there is none.
    text: str = ""


def lint(lexicon: Lexicon, *, dictionary: bool = True) -> list[Problem]:
    """Every problem of a lexicon. With `dictionary`, ordinary words and their seams are run through a Matcher too,
    which takes some seconds; what a person has reviewed in ordinary.yml is not told again."""
    found = [*_plain(lexicon), *_swallowed(lexicon), *_shadowed(lexicon)]
    if dictionary:
        matcher = Matcher(lexicon)
        known = reviewed()
        dry = [*_unheard(lexicon, matcher), *_in_words(lexicon, matcher), *_collisions(lexicon, matcher)]
        found += [problem for problem in dry if (problem.term, problem.text) not in known]
    return found


def reviewed() -> dict[tuple[str, str], str]:
    """(term, ordinary text) to the reason for which a person let the collision stand: keywords/lexicon/ordinary.yml."""
    rows = yaml.safe_load((files("keywords") / "lexicon" / ORDINARY).read_text(encoding="utf-8"))
    return {(row["term"], row["text"]): row["why"] for row in rows}


def _skeletons(lexicon: Lexicon) -> Iterator[tuple[Term, str]]:
    tables = folding()
    for term in lexicon.terms:
        # The parts of a pair may stand in any order.
        yield term, " ".join(sorted(map(tables.skeleton, parts_of(term))))


def _plain(lexicon: Lexicon) -> Iterator[Problem]:
    seen: dict[str, list[Term]] = {}
    known = {category.key for category in lexicon.categories}
    for term, text in _skeletons(lexicon):
        if not text.strip() or term.category not in known:
            yield Problem(kind="empty", term=term.text, category=term.category, detail="折叠后为空，或类别不存在")
        elif len(text) == 1:
            yield Problem(kind="one_character", term=term.text, category=term.category, detail="只有一个字")
        elif other := next((other for other in seen.get(text, ()) if _same(other, term)), None):
            detail = f"与类别“{lexicon.category_name(other.category)}”的“{other.text}”重复"
            yield Problem(kind="duplicate", term=term.text, category=term.category, detail=detail)
        seen.setdefault(text, []).append(term)


def _same(one: Term, other: Term) -> bool:
    """True where one says nothing new. Of a weak one its company tells the category: 斑鸠, alive or plucked."""
    return one.category == other.category or (one.strength == "strong" and other.strength == "strong")


def _swallowed(lexicon: Lexicon) -> Iterator[Problem]:
    """A term that a hard exclusion equals, or that stands only inside one that needs no boundaries."""
    tables = folding()
    exclusions = {tables.skeleton(item.text): item for item in lexicon.exclusions if item.kind == "hard"}
    for term, text in _skeletons(lexicon):
        if text in exclusions:
            detail = f"与排除语“{exclusions[text].text}”相同，永远不会命中"
            yield Problem(kind="swallowed", term=term.text, category=term.category, detail=detail)


def _shadowed(lexicon: Lexicon) -> Iterator[Problem]:
    """A weak term that contains a strong one of its own category takes its place and weakens it."""
    strong = {text: term for term, text in _skeletons(lexicon) if term.strength == "strong" and term.kind == "term"}
    for term, text in _skeletons(lexicon):
        if term.strength == "strong" or " " in text:
            continue
        for size in range(2, len(text)):
            for start in range(len(text) - size + 1):
                inner = strong.get(text[start : start + size])
                if inner is not None and inner.category == term.category:
                    detail = f"弱词包含强词“{inner.text}”"
                    yield Problem(
                        kind="shadowed", term=term.text, category=term.category, detail=detail, severity="notice"
                    )


def _unheard(lexicon: Lexicon, matcher: Matcher) -> Iterator[Problem]:
    """A strong term that does not count even where it stands alone: an exclusion or a boundary takes it away."""
    for term in lexicon.terms:
        if term.strength != "strong":
            continue
        told = [match for match in matcher.explain(term.text).matches if match.term == term.text]
        if told and not any(match.counts or match.covered_by for match in told):
            yield Problem(kind="swallowed", term=term.text, category=term.category, detail=told[0].cancelled_by)


def _in_words(lexicon: Lexicon, matcher: Matcher) -> Iterator[Problem]:
    """Ordinary dictionary words that reach the review level by themselves."""
    own = {text for _, text in _skeletons(lexicon)}
    for word, frequency in words().items():
        if frequency < _ORDINARY or len(word) < 3 or word in own:
            continue
        assessment = matcher.explain(word)
        if assessment.level.is_hit:
            match = next(item for item in assessment.matches if item.counts)
            yield Problem(
                kind="in_a_word",
                term=match.term,
                category=match.category,
                detail=f"词典中的“{word}”会被判为疑似",
                severity="notice",
                text=word,
            )


def _collisions(lexicon: Lexicon, matcher: Matcher) -> Iterator[Problem]:
    """Two ordinary words side by side whose seam spells a term: 清香|牙膏, 狩猎|夹克."""
    starting: dict[str, list[tuple[int, str]]] = defaultdict(list)
    ending: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for word, frequency in words().items():
        if frequency >= _ORDINARY and 2 <= len(word) <= 3:
            starting[word[0]].append((frequency, word))
            ending[word[-1]].append((frequency, word))
    for term, text in _skeletons(lexicon):
        if " " in text or not 2 <= len(text) <= _SEAMED or text.isascii():
            continue
        many = _NEIGHBOURS if term.strength == "strong" and len(text) == 2 else _FEWER
        for seam in range(1, len(text)):
            lefts = _around(ending[text[seam - 1]], text[:seam], many)
            rights = _around(starting[text[seam]], text[seam:], many)
            raised = [f"{left}|{right}" for left in lefts for right in rights if _raises(matcher, left, right, term)]
            if raised:
                detail = f"跨词误报 {len(raised)} 种，如“{raised[0]}”"
                yield Problem(
                    kind="collision",
                    term=term.text,
                    category=term.category,
                    detail=detail,
                    severity="notice",
                    text=raised[0],
                )


def _around(found: list[tuple[int, str]], piece: str, many: int) -> list[str]:
    """The most frequent words that begin or end with `piece`, itself not among them."""
    fitting = [one for one in found if one[1] != piece and (one[1].endswith(piece) or one[1].startswith(piece))]
    return [word for _, word in nlargest(many, fitting)]


def _raises(matcher: Matcher, left: str, right: str, term: Term) -> bool:
    """Whether the term counts across the seam; a weak one is given its company first."""
    text = " ".join([left + right, *term.company[:1]])
    assessment = matcher.explain(text)
    at = len(left)
    return assessment.level.is_hit and any(
        match.counts and match.term == term.text and match.start < at < match.end for match in assessment.matches
    )
