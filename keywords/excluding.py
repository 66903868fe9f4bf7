"""What exclusions take away: what they cover, where their own edges are boundaries."""

from collections.abc import Iterable, Sequence

from keywords.boundaries import Cut, is_word
from keywords.candidates import Candidate, Places
from keywords.terms import Exclusion
from keywords.view import Found, View


def exclude(view: View, candidates: list[Candidate], exclusions: Sequence[Found]) -> None:
    """An exclusion cancels what it covers and is longer than, where its own edges are word boundaries."""
    # The lines between the heads of lines take nothing from what the heads spell.
    concerned = [item for item in candidates if not item.found.reading] if exclusions else []
    places = Places(concerned)
    parts = _parts_at(concerned)
    for found in exclusions:
        exclusion = found.meaning.exclusion
        assert exclusion is not None
        near = places.between(found.start, found.end)
        pairs = _named(found, parts)
        covered = [item for item in near if found.covers(item.found) or _same_place(found, item.found)]
        broken = [item for item in near if _cut_off(view, found, item)]
        longer = [item for item in near if item.alive and item.found.covers(found)]
        spaced = _spaced(view, found)
        if longer or not (covered or broken or pairs) or not (spaced or _whole(view, found)):
            continue
        if not _stands(view, found, exclusion):
            covered, pairs = [], []
        covered += broken
        for item in [*covered, *pairs, *_continued(found, covered, near)]:
            if exclusion.kind == "hard" and not spaced:
                item.cancelled_by = item.cancelled_by or f"排除语“{exclusion.text}”" + (
                    f"（{exclusion.why}）" if exclusion.why else ""
                )
            else:
                item.softened = exclusion


def _continued(found: Found, covered: list[Candidate], near: list[Candidate]) -> list[Candidate]:
    """Longer terms that only go on from a covered one: 象牙雕刻 in 植物象牙雕刻, 象牙手串 in 仿象牙手串."""
    starts = {(item.found.start, item.term.category) for item in covered if item.found.start > found.start}
    if found.meaning.exclusion is None or found.meaning.exclusion.edges == "none":
        return []
    return [item for item in near if item.found.end > found.end and (item.found.start, item.term.category) in starts]


def _parts_at(candidates: Iterable[Candidate]) -> dict[int, list[tuple[int, Candidate]]]:
    """By where a part beside the anchor of a pair starts: its end, and the pair."""
    found: dict[int, list[tuple[int, Candidate]]] = {}
    for candidate in candidates:
        for start, end in candidate.partners:
            found.setdefault(start, []).append((end, candidate))
    return found


def _named(found: Found, parts: dict[int, list[tuple[int, Candidate]]]) -> list[Candidate]:
    """Pairs of which the exclusion covers such a part and is longer: 鹦鹉 of 玄凤鹦鹉 … 人工繁育."""
    first, last = found.start, found.end
    held = ((at, *part) for at in range(first, last) if parts for part in parts.get(at, ()))
    return [item for at, end, item in held if end <= last and end - at < last - first]


def _cut_off(view: View, found: Found, item: Candidate) -> bool:
    """True when the exclusion takes a whole piece of a broken term, and more: 红 [珊瑚绒]."""
    start, end = item.found.start, item.found.end
    if item.partners or item.found.stuffed or found.covers(item.found) or item.found.covers(found):
        return False
    edge = found.start if start < found.start < end else found.end if start < found.end < end else start
    return edge > start and view.origin[edge] - view.origin[edge - 1] > 1


def _same_place(found: Found, other: Found) -> bool:
    # An exclusion equal to a generated spelling names an ordinary word; it never cancels a term as written.
    return found.start == other.start and found.end == other.end and other.meaning.spelling is not None


def _whole(view: View, found: Found) -> bool:
    return all(view.folding.is_unseen(char) for gap in view.gaps(found) for char in gap)


def _spaced(view: View, found: Found) -> bool:
    """True for an exclusion with one space inside, as titles are set: 八哥 犬. It only softens: 象牙 白 手串."""
    return view.gaps(found) == [" "]


def _stands(view: View, found: Found, exclusion: Exclusion) -> bool:
    if exclusion.edges == "none":
        return True
    start, end = view.seen_at[found.raw_start], view.seen_at[found.raw_end - 1] + 1
    window = view.cut(found.raw_start, found.raw_end)
    return start in window.edges and (end in window.edges or _goes_on(view, window, start, end))


def _goes_on(view: View, window: Cut, start: int, end: int) -> bool:
    """True where the last word of the exclusion only goes on: 象牙海岸|线. Of 象牙白|玉 a single character does."""
    begin = next((place for place, word in window.words if start < place < end < place + len(word)), end)
    return end - begin > 1 and is_word(view.seen[begin:end])
