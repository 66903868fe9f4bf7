"""What a whole run shows of single queries: which "nothing" can be believed, which pages were no answer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.baseline import covered, share, unread
from records import FIELD_LABELS, Control, Figures, Finding, Measures, Outcome, QueryKind

#: A word that was answered so often with so many cards in the middle does not run dry in a night.
_OFTEN, MANY = 3, 5
#: Listings of the same night with the word in their title, above which the search cannot have nothing.
_SHOWN = 2
#: Above this share of copies no page of the run is an answer.
_COPIES = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """One query of a run as it ended."""

    id: int
    kind: QueryKind
    text: str
    region: str = ""
    outcome: Outcome
    note: str
    pages: int
    cards: int
    new: int = 0
    measures: Measures


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of the words for which the platform had nothing."""

    #: None where no control word was asked.
    control: Control | None = None
    #: Word → how often it was answered lately, and the median of the cards that it gave.
    usual: Mapping[str, tuple[int, float]]
    #: Word → listings with it in their title that other queries of the night brought.
    shown: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """Another end for a query."""

    id: int
    outcome: Outcome
    note: str


def reconsider_empty(ends: Sequence[End], known: Known) -> list[Changed]:
    """Another end, or a clearer note, for each query for which the platform had nothing."""
    empty = [one for one in ends if one.outcome is Outcome.EMPTY]
    searched = [one for one in ends if one.kind is QueryKind.SEARCH and one.cards]
    proof = _proof(searched, known.control)
    if proof:
        return [_word(one, proof, known) for one in empty if one.kind is QueryKind.SEARCH]
    control = known.control
    if control is None:
        return [_noted(one, "没有问对照词，真假未核实") for one in empty if one.kind is QueryKind.SEARCH]
    lost = [one for one in empty if one.kind is QueryKind.SEARCH or not any(end.cards for end in ends)]
    if control.outcome in (Outcome.EMPTY, Outcome.DRIFTED):
        why = f"平台称无结果，但普通词“{control.word}”也读不出商品，不可信：检索已失效或页面已改版"
        return [Changed(id=one.id, outcome=Outcome.DRIFTED, note=_was(one, why)) for one in lost]
    if control.outcome in (Outcome.BLOCKED, Outcome.LOGIN_REQUIRED):
        why = f"平台称无结果，但普通词“{control.word}”被拦截（{control.note}），不可信"
        return [Changed(id=one.id, outcome=control.outcome, note=_was(one, why)) for one in lost]
    return [_noted(one, f"对照词“{control.word}”没有问成（{control.note}），真假未核实") for one in empty]


def _proof(searched: Sequence[End], control: Control | None) -> str:
    """Why the platform's search can be said to answer tonight; empty where it cannot."""
    if control is not None and control.works:
        return f"普通词“{control.word}”有 {control.cards} 条"
    best = max(searched, key=lambda one: one.cards, default=None)
    return f"同晚“{best.text}”有 {best.cards} 条" if best else ""


def _word(one: End, proof: str, known: Known) -> Changed:
    """A search that works and has nothing for this word: honestly, or because the word is filtered."""
    if one.region:  # what everywhere has says nothing of one city
        return _noted(one, f"{proof}，检索可用")
    times, usual = known.usual.get(one.text, (0, 0.0))
    shown = known.shown.get(one.text, 0)
    if shown >= _SHOWN:
        why = f"平台对此词不给结果，而同晚其他检索见到 {shown} 条标题含此词的商品，{proof}：平台屏蔽了这个词"
        return Changed(id=one.id, outcome=Outcome.BLOCKED, note=_was(one, why))
    if times >= _OFTEN and usual >= MANY:
        why = f"平台对此词不给结果，而平时约 {usual:g} 条，{proof}：疑似屏蔽了这个词"
        return Changed(id=one.id, outcome=Outcome.BLOCKED, note=_was(one, why))
    if usual or shown:
        return _noted(one, f"{proof}，检索可用；此词平时约 {usual:g} 条，确已没有还是被屏蔽，无法分辨")
    return _noted(one, f"{proof}，检索可用；此词近来没有过结果，确无此物还是被屏蔽，无法分辨")


def reconsider_searched(ends: Sequence[End], figures: Figures, findings: Sequence[Finding]) -> list[Changed]:
    """Queries that read pages which a finding shows to be no answer, or without a field: drifted."""
    changed: dict[int, Changed] = {}
    for finding in findings:
        for one in ends:
            read = one.outcome in (Outcome.SEARCHED, Outcome.BUDGET_SPENT) and one.pages > 0
            if read and one.id not in changed and _touches(finding, one, figures):
                changed[one.id] = Changed(id=one.id, outcome=Outcome.DRIFTED, note=_was(one, finding.sentence))
    return list(changed.values())


def _touches(finding: Finding, one: End, figures: Figures) -> bool:
    own = Figures(pages=one.pages, cards=one.cards, measures=one.measures)
    if finding.key == "repeated":
        # the first of the copies cannot be told from the others
        return one.measures.repeated > 0 or share(figures.measures.repeated, figures.pages) >= _COPIES
    if finding.key == "title":
        return unread(own) >= unread(figures)
    return finding.key in FIELD_LABELS and covered(finding.key, own) <= covered(finding.key, figures)


def _was(one: End, why: str) -> str:
    return f"{why}（原记：{one.outcome.label}，{one.note}）"


def _noted(one: End, more: str) -> Changed:
    return Changed(id=one.id, outcome=one.outcome, note=f"{one.note}；{more}" if one.note else more)
