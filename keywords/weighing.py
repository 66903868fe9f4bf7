"""The verdict: by what counts, and where that does not settle it by how the whole listing is put."""

from dataclasses import replace

from keywords.candidates import Candidate, Context
from keywords.phrasing import Manner, Phrasing
from keywords.requiring import believe, is_lonely
from keywords.resolving import cover
from keywords.scoring import Verdict, judge
from keywords.terms import Lexicon, Scoring
from keywords.view import View
from records import Level, Part


def weigh(
    view: View, candidates: list[Candidate], contexts: list[Context], lexicon: Lexicon, phrasing: Phrasing | None
) -> Verdict:
    """The verdict on a listing. Level none when no match counts. `phrasing`: None where it is not asked."""
    scoring = lexicon.scoring
    cover(candidates)
    verdict = judge(view, candidates, contexts, scoring)
    if phrasing is None:
        return verdict
    if not verdict.level.is_hit:
        manner = _spoken_for(view, candidates, phrasing)
        if manner is None:
            return verdict
        believe(candidates, phrasing.likeliest(manner))
        cover(candidates)
        verdict = _calm(judge(view, candidates, contexts, scoring, _for(phrasing.stretches(view.skeleton), scoring)))
    elif len(verdict.named) == 1 or (manner := phrasing.manner(view.skeleton)) is None:
        # One name outright, or too few words to tell how they are put.
        return verdict
    elif manner.likeness < 0 and _is_guess(verdict, candidates):
        verdict = judge(view, candidates, contexts, scoring, _against(manner, scoring))
    # What is sold killed is meat, however much is said of the snake that it was.
    settled = any(context.group.leans == verdict.category for context in contexts)
    return verdict if settled else _leant(verdict, phrasing, manner, lexicon)


def _spoken_for(view: View, candidates: list[Candidate], phrasing: Phrasing) -> Manner | None:
    """How a listing is put of which something nearly counts, where that is enough for it to count."""
    if not any(item.alive or is_lonely(item) for item in candidates) or not phrasing.may_speak(view.skeleton):
        return None
    manner = phrasing.manner(view.skeleton)
    return manner if manner and manner.speaks else None


def _is_guess(verdict: Verdict, candidates: list[Candidate]) -> bool:
    """True where nothing is named outright, none of it is a person's to decide, and nothing is hidden."""
    sure = verdict.named or verdict.borderline
    return not sure and not any(item.disguised for item in candidates if item.alive)


def _for(stretches: tuple[str, ...], scoring: Scoring) -> Part:
    told = "".join(f"“{stretch}”" for stretch in stretches)
    return Part(label=f"整段措辞近似同类线索{told}", points=scoring.points["phrasing"])


def _against(manner: Manner, scoring: Scoring) -> Part:
    points = min(scoring.points["ordinary_most"], round(scoring.points["ordinary"] * -manner.likeness))
    return Part(label="整段措辞像普通商品", points=-points)


def _calm(verdict: Verdict) -> Verdict:
    """How it is put makes nobody hurry."""
    return replace(verdict, level=Level.REVIEW) if verdict.level is Level.HIGH else verdict


def _leant(verdict: Verdict, phrasing: Phrasing, manner: Manner, lexicon: Lexicon) -> Verdict:
    """海金 手镯 花斑透 is put as turtle shell is, though 海金 is hornbill too."""
    if not verdict.level.is_hit:
        return verdict
    among = verdict.named or {category.key for category in lexicon.categories}
    category = phrasing.leaning(manner, verdict.category, among)
    if category == verdict.category:
        return verdict
    told = Part(label=f"类别按整段措辞定为“{lexicon.category_name(category)}”", points=0)
    return replace(verdict, category=category, parts=(*verdict.parts, told))
