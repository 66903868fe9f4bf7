"""Company: which weak terms count, by what stands beside them."""

from bisect import bisect_left, bisect_right

from keywords.boundaries import is_word, leads_away
from keywords.candidates import Candidate, Context, Places
from keywords.choosing import concerns
from keywords.company import TALK, folded, is_talk, reach
from keywords.terms import Scoring, Term
from keywords.view import View

#: Longest word of the dictionary that is heard everywhere.
_SHORT = 3
#: Why a weak term without company does not count.
_LONELY = "弱词，附近没有本类语境"


def require_company(view: View, candidates: list[Candidate], contexts: list[Context], scoring: Scoring) -> None:
    """A weak term without company of its own category within the window does not count."""
    if not any(item.alive and (item.weak or item.worded) for item in candidates):
        return
    places = Places(candidates)
    starts = [context.start for context in contexts]
    jargon = [
        item
        for item in sorted(candidates, key=lambda one: one.found.start)
        if item.alive and item.weak and item.term.everyday and not item.term.alone
    ]
    begun = [item.found.start for item in jargon]
    for item in candidates:
        if not item.alive or not (item.weak or item.worded):
            continue
        low, high = max(0, item.found.start - scoring.window), item.found.end + scoring.window
        near = [
            context
            for context in contexts[bisect_left(starts, low) : bisect_right(starts, high)]
            if context.end <= high
        ]
        if item.worded and len(_talk(view, item, near)) < TALK:
            item.cancelled_by = f"“{view.skeleton[item.found.start : item.found.end]}”本身是常用词"
        elif not (
            _company(view, item, places.between(low, high), near, scoring)
            or _among_others(view, item, jargon[bisect_left(begun, low) : bisect_left(begun, high)], near)
            # Nobody fills every gap of a name by chance: what stands beside it only adds to that.
            or item.found.reading == "filled"
        ):
            item.cancelled_by = _LONELY


def is_lonely(item: Candidate) -> bool:
    """True for a weak term that company alone is wanting for."""
    return item.cancelled_by == _LONELY


def believe(candidates: list[Candidate], category: str) -> None:
    """Lets lonely terms count: those of this category, or all where there is none."""
    lonely = [item for item in candidates if is_lonely(item)]
    for item in [item for item in lonely if item.term.category == category] or lonely:
        item.cancelled_by = ""


def _among_others(view: View, item: Candidate, jargon: list[Candidate], contexts: list[Context]) -> bool:
    """True for an everyday word among two more of its category, all apart: one of them says nothing, three are talk.

    Where no dictionary knows the word, what its category is talked of with counts as well.
    """
    if not item.term.everyday or item.term.alone:
        return False
    others = [(one.found.start, one.found.end, one.term.text) for one in _others(item, jargon)]
    if len(others) < TALK and not is_word(view.skeleton[item.found.start : item.found.end]):
        for context in _talk(view, item, contexts):
            if all(context.end <= start or end <= context.start for start, end, _ in others):
                others.append((context.start, context.end, context.word))
    if len(others) >= TALK:
        item.companion = others[0][2]
    return len(others) >= TALK


def _others(item: Candidate, jargon: list[Candidate]) -> list[Candidate]:
    """Everyday words of the same category as `item`: each once, none over another."""
    said, end = {item.term.text}, 0
    others = []
    for other in jargon:
        if other.term.category == item.term.category and other.term.text not in said:
            clear = other.found.end <= item.found.start or item.found.end <= other.found.start
            if clear and other.found.start >= end:
                others.append(other)
                said.add(other.term.text)
                end = other.found.end
    return others


def _talk(view: View, item: Candidate, contexts: list[Context]) -> list[Context]:
    """What is said near `item` as its category is talked of, once a group: 泡酒 is medicine, 现杀 is meat."""
    found: dict[str, Context] = {}
    for context in contexts:
        group, start, end = context.group, context.start, context.end
        apart = end <= item.found.start or item.found.end <= start
        if (
            apart
            and group.key not in found
            and is_talk(group, item.term.category)
            and context.word in group.words
            and _is_said(view, start, end)
        ):
            found[group.key] = context
    return list(found.values())


def _company(
    view: View, item: Candidate, candidates: list[Candidate], contexts: list[Context], scoring: Scoring
) -> bool:
    low, high = item.found.start - scoring.window, item.found.end + scoring.window
    item.companion = _companion(view, item, scoring.window)
    if item.companion:
        return True
    if item.term.everyday:
        contexts = [
            context for context in contexts if context.group.hints and not item.term.alone and not _common(item.term)
        ]  # an everyday word: that something is carved, or sold, gives it no second meaning
    elif item.term.kind == "code":
        contexts = [context for context in contexts if not context.group.bare]
    for context in contexts:
        start, end = item.found.start, item.found.end
        inside = start <= context.start and context.end <= end
        # 懂的 in 懂的来 is the same word, not one beside it.
        same = item.term.everyday and context.start <= start and end <= context.end
        speaks = context.group.company and concerns(context.group, item.term.category) and not (inside or same)
        if speaks and low <= context.start and context.end <= high and _is_said(view, context.start, context.end):
            return True
    other = next((other for other in candidates if _accompanies(other, item, low, high)), None)
    if other is not None:
        item.companion = other.term.text
    return other is not None


def _common(term: Term) -> bool:
    """True for a short word of the dictionary: 懂的来 is said of any goods and gives 塑料 no second meaning."""
    return len(term.text) <= _SHORT and is_word(term.text)


def _accompanies(other: Candidate, item: Candidate, low: int, high: int) -> bool:
    """True when another term of the same category is company: 升压 beside 电鱼."""
    return (
        other is not item
        and other.alive
        and not item.term.alone
        # Two everyday words side by side (快排 接头 气动) are no company for each other.
        and not (other.term.everyday and (item.term.everyday or other.term.alone))
        and other.term.category == item.term.category
        and _is_another(other, item)
        and (other.found.end <= item.found.start or item.found.end <= other.found.start)
        and low <= other.found.start
        and other.found.end <= high
    )


def _is_another(other: Candidate, item: Candidate) -> bool:
    """True for another term, or the same one disguised in another way: 凶胆 雄丹."""
    if other.term.text != item.term.text:
        return True
    ways = other.found.meaning.spelling, item.found.meaning.spelling
    return None not in ways and ways[0] != ways[1]


def _companion(view: View, item: Candidate, window: int) -> str:
    """The first of the term's own companions that stands beside it; empty for none."""
    beside = view.skeleton[max(0, item.found.start - window) : item.found.end + window]
    for word, text in folded(item.term.company):
        if text not in beside:
            continue
        far = reach(len(text), window)
        for start, end in (
            (max(0, item.found.start - far), item.found.start),
            (item.found.end, item.found.end + far),
        ):
            place = view.skeleton.find(text, start, end)
            if place >= 0 and _is_said(view, place, place + len(text)):
                return word
    return ""


def _is_said(view: View, start: int, end: int) -> bool:
    """False where a word of two characters only stands on a seam of others: 活体 in 生活体验, 上山 in 马上山东.

    And where a single one begins a word that says something else: 甲 in 甲级.

    Asked where it decides whether a weak term counts, and nowhere else: a segmentation costs more than all the rest.
    """
    if end - start > 2 or view.skeleton[start:end].isascii():
        return True
    first, last = view.origin[start], view.origin[end - 1]
    window = view.cut(first, last + 1)
    if end - start == 1:
        word = window.at(view.seen_at[first])
        return not (word.startswith(view.skeleton[start]) and leads_away(word))
    return view.seen_at[first] in window.edges or view.seen_at[last] + 1 in window.edges
