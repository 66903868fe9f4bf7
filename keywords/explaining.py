"""Why a text was judged as it was, and what would have been needed for another judgement. Pure; made for one text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from keywords.folding import folding
from keywords.matcher import Matcher
from keywords.terms import Lexicon, Term
from records import Assessment, Match

#: Near terms told, and words of company given as examples of a group.
_NEAREST = 5
_EXAMPLES = 4
#: Part of a longer term that must stand in the text for it to be near.
_SHARE = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A term that the text almost names."""

    term: str
    category: str
    #: In Chinese: what of it stands there.
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """A judgement with what a person needs to understand it."""

    assessment: Assessment
    #: Missing company, by index into the matches; in Chinese.
    wanting: dict[int, str]
    #: Why the level is not higher although something counts; empty where that is plain.
    verdict: str
    #: Only where nothing was found at all.
    near: tuple[Near, ...]


def explain(matcher: Matcher, text: str) -> Explanation:
    """The judgement of a bare text, explained. Costs the judgement and one walk over the terms."""
    judged = matcher.explain(text)
    put = _put(matcher, text)
    wanting = {
        index: company(matcher.lexicon, match) + put
        for index, match in enumerate(judged.matches)
        if match.strength == "weak" and "语境" in match.cancelled_by
    }
    near = () if judged.matches else tuple(_nearest(matcher.lexicon, text))
    return Explanation(
        assessment=judged, wanting=wanting, verdict=_verdict(judged, matcher.lexicon), near=near[:_NEAREST]
    )


def company(lexicon: Lexicon, match: Match) -> str:
    """What would count as company for a weak match, with examples."""
    own = [word for term in lexicon.terms if term.text == match.term for word in term.company]
    told = [f"本词条自己的语境（{'、'.join(own[:_EXAMPLES])}）"] if own else []
    told += [
        f"{group.name}（{'、'.join(group.words[:_EXAMPLES])}…）"
        for group in lexicon.contexts
        if group.company and (not group.categories or match.category in group.categories) and group.words
    ]
    told.append(f"“{lexicon.category_name(match.category)}”类的另一个词条")
    return f"前后 {lexicon.scoring.window} 字内须有：{'；'.join(told)}"


def _put(matcher: Matcher, text: str) -> str:
    """How the whole would have to be put; empty where that is not asked."""
    manner = matcher.phrasing.manner(folding().skeleton(text)) if matcher.phrasing else None
    if matcher.phrasing is None or manner is None:
        return ""
    return f"；或者整段措辞近似同类线索（须达 {matcher.phrasing.speaks / 1000:g}，本文 {manner.likeness:.1f}）"


def _verdict(judged: Assessment, lexicon: Lexicon) -> str:
    if judged.level.is_hit or not any(match.counts for match in judged.matches):
        return ""
    lowered = [part.label for part in judged.parts if part.points < 0]
    told = f"有词条命中，但分值 {judged.score} 不到待看线 {lexicon.scoring.review}"
    return told + (f"；扣分：{'、'.join(lowered)}" if lowered else "")


def _nearest(lexicon: Lexicon, text: str) -> list[Near]:
    skeleton = folding().skeleton(text)
    found: dict[str, tuple[float, Near]] = {}
    for term in lexicon.terms:
        for share, detail in _likeness(term, skeleton):
            if term.text not in found or found[term.text][0] < share:
                found[term.text] = (share, Near(term=term.text, category=term.category, detail=detail))
    return [near for _, near in sorted(found.values(), key=lambda item: (-item[0], item[1].term))]


def _likeness(term: Term, skeleton: str) -> Iterator[tuple[float, str]]:
    parts = [folding().skeleton(part) for part in term.text.split()]
    there = [part for part in parts if part and part in skeleton]
    if len(parts) > 1:
        if there:
            missing = "、".join(part for part in parts if part not in there)
            share = sum(map(len, there)) / sum(map(len, parts))
            yield share, f"只有“{'、'.join(there)}”，没有“{missing}”"
        return
    whole = parts[0] if parts else ""
    if len(whole) == 2:
        apart = re.search(f"{re.escape(whole[0])}(.{{1,3}}){re.escape(whole[1])}", skeleton)
        if apart:
            yield 0.5, f"“{whole[0]}”与“{whole[1]}”之间隔着“{apart[1]}”"
        return
    for size in range(len(whole) - 1, max(1, round(len(whole) * _SHARE) - 1), -1):
        for start in range(len(whole) - size + 1):
            piece = whole[start : start + size]
            if piece in skeleton:
                yield size / len(whole), f"只有其中的“{piece}”"
                return
