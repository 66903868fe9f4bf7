"""Looks for words that will not do what their author thinks, before they are released."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from typing import Literal

from keywords.boundaries import words
from keywords.folding import folding
from keywords.matcher import Matcher
from keywords.terms import Lexicon, Term

#: Words taken on each side of a seam, and how frequent a word must be in jieba's dictionary to be ordinary.
_NEIGHBOURS = 12
_ORDINARY = 30


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


def lint(lexicon: Lexicon, *, dictionary: bool = True) -> list[Problem]:
    """Every problem of a lexicon. With `dictionary`, ordinary words and their seams are run through a Matcher too,
    which takes some seconds."""
    found = [*_plain(lexicon), *_swallowed(lexicon), *_shadowed(lexicon)]
    if dictionary:
        matcher = Matcher(lexicon)
        found += [*_in_words(lexicon, matcher), *_collisions(lexicon, matcher)]
    return found


def _skeletons(lexicon: Lexicon) -> Iterator[tuple[Term, str]]:
    tables = folding()
    for term in lexicon.terms:
        # The parts of a pair may stand in any order.
        yield term, " ".join(sorted(tables.skeleton(part) for part in term.text.split()))


def _plain(lexicon: Lexicon) -> Iterator[Problem]:
    seen: dict[str, Term] = {}
    known = {category.key for category in lexicon.categories}
    for term, text in _skeletons(lexicon):
        if not text.strip() or term.category not in known:
            yield Problem(kind="empty", term=term.text, category=term.category, detail="折叠后为空，或类别不存在")
        elif len(text) == 1:
            yield Problem(kind="one_character", term=term.text, category=term.category, detail="只有一个字")
        elif text in seen:
            other = seen[text]
            detail = f"与类别“{lexicon.category_name(other.category)}”的“{other.text}”重复"
            yield Problem(kind="duplicate", term=term.text, category=term.category, detail=detail)
        seen.setdefault(text, term)


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
        if " " in text or len(text) != 2 or text.isascii():
            continue
        lefts = [word for _, word in nlargest(_NEIGHBOURS, ending[text[0]])]
        rights = [word for _, word in nlargest(_NEIGHBOURS, starting[text[1]])]
        raised = [f"{left}|{right}" for left in lefts for right in rights if _raises(matcher, left + right, term)]
        if raised:
            detail = f"跨词误报 {len(raised)} 种，如“{raised[0]}”"
            yield Problem(kind="collision", term=term.text, category=term.category, detail=detail, severity="notice")


def _raises(matcher: Matcher, joined: str, term: Term) -> bool:
    assessment = matcher.explain(joined)
    return assessment.level.is_hit and any(item.counts and item.term == term.text for item in assessment.matches)
