"""Which findings are matches, and what took the others away: gaps, boundaries, exclusions, longer terms."""

from collections.abc import Sequence

from keywords.borne import borne_by, echoed
from keywords.boundaries import OFTEN, Cut, frequency, is_word, leads_away, parted
from keywords.candidates import Candidate, Places
from keywords.excluding import exclude
from keywords.outlandish import spelt_out
from keywords.parts import is_sounded
from keywords.scanning import SOUNDED
from keywords.terms import Scoring, Term
from keywords.variants import GUESSES, binds
from keywords.view import Found, View, stuttered, whole_latin

#: Never inside a word.
_STOPS = frozenset("。？?!！\n\r；;")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半整每")
#: Longest term that comes about by chance on the seam of two words: 上海|象牙塔, 爆炸|麻雀战.
_SHORT = 3
#: What says that a name before it is that of an animal.
_KINDS = frozenset(("鸟", "龟", "蛇"))
#: Letters from which a foreign name without its marks says enough.
_TELLING = 9


def resolve(view: View, findings: Sequence[Found], scoring: Scoring, joint: int) -> list[Candidate]:
    """All candidates, also those that were taken away; company and then `cover` come later.

    `joint` is the raw index of the newline between title and description, or -1.
    """
    candidates = []
    for found in findings:
        if found.meaning.term is not None:
            candidate = _candidate(view, found, found.meaning.term, scoring)
            if candidate is not None:
                _judge_shape(view, candidate, scoring, joint)
                candidates.append(candidate)
    exclusions = [found for found in findings if found.meaning.exclusion is not None and not found.stuffed]
    exclude(view, candidates, exclusions)
    return candidates


def _candidate(view: View, found: Found, term: Term, scoring: Scoring) -> Candidate | None:
    if not whole_latin(view, found.start, found.end) or _inside_a_sign(view, found):
        return None
    spelling = found.meaning.spelling
    candidate = Candidate(
        found=found,
        term=term,
        technique=spelling.technique if spelling else "plain",
        tier=spelling.tier if spelling else "T1",
        weak=term.strength == "weak" or bool(spelling and spelling.weak),
        disguised=spelling is not None,
    )
    if candidate.technique == "reversed" and _turned(view, found):
        # Shown the right way round: what the reader sees is the term itself.
        candidate.technique, candidate.weak = "bidi", term.strength == "weak"
    if candidate.weak and candidate.technique in SOUNDED and _known(term) and spelt_out(view, found):
        candidate.weak = False
    if found.continued and candidate.technique in GUESSES:
        candidate.weak = False
    if _bare(view, found, term):
        candidate.weak = True
    if found.split or found.reading:
        # Nobody takes a character apart who does not hide it: even a weak term needs no company then. Nor spells it so.
        sounded = is_sounded(view.skeleton[found.start : found.end])
        candidate.technique = found.reading or ("zhuyin" if sounded else "split")
        candidate.disguised = True
        candidate.weak = candidate.weak and (term.kind != "term" or found.reading == "filled")
    if candidate.technique == "plain" and stuttered(view.skeleton, found.start, found.end):
        candidate.technique, candidate.disguised = "repeated", True
        candidate.weak = candidate.weak and term.kind != "term"
    if found.stuffed:
        candidate.technique, candidate.tier, candidate.disguised = "stuffed", "T2", True
    if found.meaning.partners and not _join_partners(view, candidate, scoring):
        return None
    return candidate


def _inside_a_sign(view: View, found: Found) -> bool:
    """True where one sign stands for several characters and the finding has but some of them: 鹰 in 🦉, an owl."""
    start, end, origin = found.start, found.end, view.origin
    return (start > 0 and origin[start - 1] == origin[start]) or (end < len(origin) and origin[end - 1] == origin[end])


def _bare(view: View, found: Found, term: Term) -> bool:
    """True for a short foreign name without its marks, which may be anything: da báo is leopard skin, da bao 打包."""
    size = found.end - found.start
    if size >= _TELLING or not view.raw[found.raw_start : found.raw_end].isascii():
        return False
    foreign = not (term.text.isascii() or found.meaning.spelling or found.meaning.partners)
    return foreign and view.skeleton[found.start : found.end].isascii()


def _known(term: Term) -> bool:
    return term.kind == "term" and (term.strength == "strong" or "heard" in term.variants)


def _turned(view: View, found: Found) -> bool:
    """True when a right-to-left override stands before the finding on its line and has not ended."""
    line = view.raw[view.raw.rfind("\n", 0, found.raw_start) + 1 : found.raw_start]
    return line.rfind("\u202e") > max(line.rfind("\u202c"), line.rfind("\u202d"))


def _join_partners(view: View, candidate: Candidate, scoring: Scoring) -> bool:
    """Finds the other parts of a pair beside the anchor; False when one is missing."""
    found = candidate.found
    low = max(0, found.start - scoring.pair_window)
    high = found.end + scoring.pair_window
    for part in found.meaning.partners:
        before = view.skeleton.rfind(part, low, found.start)
        after = view.skeleton.find(part, found.end, high)
        if len(part) == 1:
            before, after = (place if _alone(view, place) else -1 for place in (before, after))
        if before < 0 and after < 0:
            return False
        place = after if before < 0 or 0 <= after - found.end < found.start - before else before
        candidate.partners.append((place, place + len(part)))
    candidate.technique = "pair"
    return True


def _alone(view: View, place: int) -> bool:
    """True where the character is a word of its own or counts something: 套 but not 套装, 只 also in 一只."""
    if place < 0:
        return False
    raw = view.origin[place]
    start = view.seen_at[raw]
    holder = view.cut(raw, raw + 1).holding(start, start + 1)
    return not holder or (holder.endswith(view.skeleton[place]) and holder[0] in _NUMERALS)


def _judge_shape(view: View, candidate: Candidate, scoring: Scoring, joint: int) -> None:
    """Gaps and word boundaries (DESIGN §4.4): evidence for short, interrupted and guessed spellings only."""
    found = candidate.found
    if found.reading:
        return  # what stands between the heads of lines is no gap, and no words are read from the end
    if view.skeleton[found.start : found.start + 1] == "真" and view.skeleton[: found.start].endswith("仿"):
        candidate.cancelled_by = "跨词“仿真|…”"
        return
    if candidate.term.kind == "term" and (other := borne_by(view, found)):
        candidate.cancelled_by = f"另有所指“{other}”"
        return
    if candidate.technique in SOUNDED and (word := echoed(view, found)):
        candidate.cancelled_by = f"旁边“{word}”的拼音"
        return
    untouched = view.raw[found.raw_start : found.raw_end] == view.skeleton[found.start : found.end]
    gaps = [] if untouched else view.gaps(found)
    visible = [gap for gap in gaps if any(not view.folding.is_unseen(char) for char in gap)]
    if gaps and not found.stuffed and candidate.technique == "plain":
        candidate.technique = "gap" if visible else "invisible"
    if gaps:
        candidate.disguised = candidate.disguised or not visible or _breaks_a_word(view, found)
    if visible and not _gaps_allowed(view, found, visible, scoring, joint):
        candidate.cancelled_by = "字间间隔过长或跨句"
        return
    if candidate.technique == "plain" and not untouched:
        candidate.technique = _folded_technique(view, found)
        candidate.disguised = candidate.technique != "plain"
    short = found.end - found.start <= _SHORT
    # 虎虎油油: every character twice is no seam of two words.
    doubled = candidate.technique == "repeated" and not visible
    if not doubled and (short or visible or found.stuffed or candidate.technique in GUESSES):
        _judge_boundaries(view, candidate, bool(visible) or found.stuffed)


def _gaps_allowed(view: View, found: Found, visible: list[str], scoring: Scoring, joint: int) -> bool:
    spelling = found.meaning.spelling
    if spelling is not None and spelling.joints and not (found.stuffed or found.split):
        places = [view.origin[index] for index in range(found.start, found.end)]
        broken = {index for index in range(1, len(places)) if places[index] - places[index - 1] > 1}
        if not broken <= spelling.joints:
            return False
    upright = _one_a_line(view, found) or _evenly(visible, found)
    for gap in visible:
        seen = [char for char in gap if not view.folding.is_unseen(char)]
        across = found.raw_start < joint < found.raw_end and "\n" in gap
        if len(seen) > scoring.gap:
            return False
        if not across and not upright and _STOPS & set(seen) - {"!", "?"}:
            return False
    return True


def _evenly(visible: list[str], found: Found) -> bool:
    """True where one sign stands between all characters: 犀。牛。角 is no three sentences."""
    size = found.end - found.start
    return size >= _SHORT and len(visible) == size - 1 and len({*visible}) == 1 and "\n" not in visible[0]


def _one_a_line(view: View, found: Found) -> bool:
    """True when the characters stand one below the other, or each apart and over several lines."""
    text = view.fold[found.raw_start : found.raw_end]
    return "\n" in text and all(len(piece) <= 1 for piece in text.split())


def _breaks_a_word(view: View, found: Found) -> bool:
    """True when the interruption is not one that an ordinary writer leaves: more than a space between two words."""
    pieces, last = [""], found.start
    for index in range(found.start, found.end):
        if index > found.start and view.origin[index] - view.origin[last] > 1:
            pieces.append("")
        pieces[-1] += view.skeleton[index]
        last = index
    return any(len(piece) == 1 for piece in pieces)


def _folded_technique(view: View, found: Found) -> str:
    """What the fold undid: width or case, emoji, a traditional or look-alike form; `plain` when nothing."""
    raw = view.raw[found.raw_start : found.raw_end]
    if raw == view.fold[found.raw_start : found.raw_end] and len(raw) == found.end - found.start:
        return "plain"
    if raw.casefold() == view.skeleton[found.start : found.end]:
        return "plain"
    others = [char for char in raw if char not in view.skeleton[found.start : found.end]]
    if any(ord(char) >= 0x1F000 or "\u2600" <= char <= "\u27bf" for char in others):
        return "emoji"
    if any("\uff00" <= char <= "\uffef" or not "\u2e80" <= char <= "\uffff" for char in others):
        return "width"
    return "traditional" if all("\u3400" <= char <= "\u9fff" for char in others) else "radical"


def _judge_boundaries(view: View, candidate: Candidate, interrupted: bool) -> None:
    found = candidate.found
    start, end = view.seen_at[found.raw_start], view.seen_at[found.raw_end - 1] + 1
    pair = found.end - found.start == 2
    if candidate.technique not in GUESSES:
        sure = parted(view.seen, start, end, start), parted(view.seen, start, end, end)
        # Both edges for certain, or one of a strong term: whatever the words are, nothing is wrong with it.
        if all(sure) or (any(sure) and not (interrupted or candidate.weak or candidate.term.kind == "code")):
            if not sure[1]:
                _judge_tail(view, candidate, start, end)
            if pair and not candidate.cancelled_by and not all(sure):
                _judge_seam(view, candidate, start, end)
            return
    window = view.cut(found.raw_start, found.raw_end)
    left, right = start in window.edges, end in window.edges
    if interrupted and not (left and right):
        candidate.cancelled_by = f"跨词“{_around(window, start, end)}”"
        return
    if candidate.technique in GUESSES:
        _judge_guess(view, candidate, window, start, end)
        return
    if interrupted or view.skeleton[found.start : found.end].isascii():
        return
    holder = window.holding(start, end)
    if candidate.weak and len(holder) >= 3:
        candidate.cancelled_by = f"在词语“{holder}”之中"
    elif (not left and not right) or (pair and candidate.term.kind == "code" and not (left and right)):
        if not holder:
            candidate.cancelled_by = f"跨词“{_around(window, start, end)}”"
        elif candidate.weak:
            candidate.cancelled_by = f"在词语“{holder}”之中"


def _judge_seam(view: View, candidate: Candidate, start: int, end: int) -> None:
    """印象|足道, 商网|鸟瞰图: of two characters one belongs to a word that everybody uses, and that says else."""
    window = view.cut(candidate.found.raw_start, candidate.found.raw_end)
    head = start not in window.edges and frequency(window.at(start)) >= OFTEN
    if head or (end not in window.edges and leads_away(window.at(end))):
        candidate.cancelled_by = f"跨词“{_around(window, start, end)}”"


def _judge_tail(view: View, candidate: Candidate, start: int, end: int) -> None:
    """海龟|甲板: the last character begins a word in frequent use, and what is before it is a word of its own."""
    window = view.cut(candidate.found.raw_start, candidate.found.raw_end)
    tail = window.at(end)
    begin = next((place for place, word in window.words if place < end < place + len(word)), end)
    if begin == end - 1 > start + 1 and leads_away(tail) and is_word(view.seen[start:begin]):
        candidate.cancelled_by = f"跨词“{_around(window, start, end)}”"


def _judge_guess(view: View, candidate: Candidate, window: Cut, start: int, end: int) -> None:
    """A homophone is believed only where nothing else makes sense: what was changed stands alone, and it is no word."""
    text = view.seen[start:end]
    whole = start in window.edges and end in window.edges
    if binds(text, candidate.term.text):
        candidate.cancelled_by = f"“{text}”是行文用字"
    elif is_word(text) and candidate.technique == "homophone" and whole and "heard" in candidate.term.variants:
        # 话梅鸟: whatever 话梅 is, no bird is called so.
        candidate.worded = not _names_a_kind(view, candidate.found)
    elif is_word(text):
        candidate.cancelled_by = f"“{text}”本身是常用词"
    elif whole and end - start == _SHORT and candidate.technique == "homophone" and not candidate.weak:
        # 海归|壳: what was changed lies in a word, but three characters are a name of their own in company.
        if not _changed_alone(view, candidate, window):
            candidate.weak = True
    elif not whole or not (candidate.technique == "reversed" or _changed_alone(view, candidate, window)):
        candidate.cancelled_by = f"跨词“{_around(window, start, end)}”"


def _names_a_kind(view: View, found: Found) -> bool:
    return found.continued and view.skeleton[found.end : found.end + 1] in _KINDS


def _changed_alone(view: View, candidate: Candidate, window: Cut) -> bool:
    """True when every character that was changed is a word of its own; of a pair both must be: 果子|理, 湘|芽.

    Of a name that everybody knows, which is in company anyway, three characters heard alike are enough, unless one
    lies in a word that everybody uses: 红山|胡, but not 川|三甲.
    """
    found = candidate.found
    size = found.end - found.start
    accompanied = candidate.weak or found.continued
    if size > _SHORT:
        return True
    if size == _SHORT and accompanied and "heard" in candidate.term.variants and _seldom(view, found, window):
        return True
    places = [view.seen_at[view.origin[at]] for at in range(found.start, found.end)]
    alone = [place in window.edges and place + 1 in window.edges for place in places]
    if all(alone):
        return True
    # What was left may be a word, and then it says less: 果子.
    candidate.weak = True
    spelt, meant = view.skeleton[found.start : found.end], view.folding.skeleton(candidate.term.text)
    if not size == len(meant) == _SHORT:
        return False
    return all(whole or one == other for whole, one, other in zip(alone, spelt, meant, strict=True))


def _seldom(view: View, found: Found, window: Cut) -> bool:
    """True where no word in frequent use touches the finding."""
    start, end = view.seen_at[found.raw_start], view.seen_at[found.raw_end - 1] + 1
    touched = (word for begin, word in window.words if begin < end and start < begin + len(word) and len(word) > 1)
    return all(frequency(word) < OFTEN for word in touched)


def _around(window: Cut, start: int, end: int) -> str:
    touched = [word for begin, word in window.words if begin < end and start < begin + len(word)]
    return "|".join(word.strip() for word in touched if word.strip())


def cover(candidates: list[Candidate]) -> None:
    """The longest term counts; a partly overlapping one of the same category gives way to it.

    A longer term that does not count itself (crossing words, no company) hides nothing.
    """
    kept = Places(())
    shapely = [item for item in candidates if item.alive]
    order = sorted(shapely, key=lambda c: (c.found.start - c.found.end, c.tier, c.disguised, c.found.start))
    for item in order:
        near = kept.between(item.found.start, item.found.end)
        holder = next((other for other in near if _takes(other, item)), None)
        if holder is None:
            kept.add(item)
        else:
            item.covered_by = holder.term.text


def _takes(holder: Candidate, item: Candidate) -> bool:
    if holder.technique == "acrostic":
        return item.technique == "acrostic"  # what stands in the lines themselves stands for itself
    if holder.tier == "T2" and item.tier == "T1" and not holder.found.covers(item.found):
        return False
    if holder.technique == "reversed" and item.technique == "pair":
        return False  # 弩 猎: as written down, not 猎弩 turned round
    if holder.found.covers(item.found):
        return True
    if holder.term.category != item.term.category or (holder.weak and not item.weak):
        return False
    return holder.found.start < item.found.end and item.found.start < holder.found.end
