"""Denials: which names a listing takes back (仿象牙, 不卖象牙、玳瑁等任何动物制品, 象牙犀角一律不收)."""

from collections.abc import Iterable, Mapping

from keywords.candidates import Candidate, Context
from keywords.choosing import weight
from keywords.terms import Scoring
from keywords.view import View

#: Marks across which nothing denies: 手续没有，象牙.
_BREAKS = frozenset("，。,.；;！!？?\n、：:")
#: Of these the ones that end a row: 、 does not.
_ENDS = _BREAKS - {"、"}
#: What joins two names of a row; the longest of them.
_JOINING = (
    *("和", "或", "与", "及", "跟", "以及", "或者", "还有"),
    *("等", "等等", "等任何", "等各种", "等一切", "之类", "之类的"),
)
_JOIN = 3
#: Steps of a row that are followed: a text that only repeats itself must not cost more than it is long.
_ROW = 60


def rows(
    view: View, denials: Iterable[Context], counting: list[Candidate], named: list[tuple[int, int]]
) -> dict[tuple[str, int], list[Candidate]]:
    """The names that each denial touches, by its group and where it stands."""
    return {(one.group.key, one.start): _touched(view, one, counting, named) for one in denials}


def denies(
    context: Context, found: Mapping[tuple[str, int], list[Candidate]], counting: list[Candidate], scoring: Scoring
) -> bool:
    """True when the word takes back what the listing is about: 仿象牙, 不是什么藏羚羊绒沙图什, 象牙犀角一律不收.

    虎爪 不是熊爪 takes back something else, and 不是猛犸 the lawful material, which is no denial of the other.
    What other words take back is no more on offer than what this one does: 不卖野味，拒绝野生动物.
    """
    row = found[context.group.key, context.start]
    if not row:
        return False
    most = max(weight(item, scoring) for item in row)
    texts = [item.term.text for item in row]
    away = [item for (_, start), other in found.items() if start != context.start for item in other]
    return not any(
        weight(item, scoring) >= most
        and item.term.kind != "review"
        and item not in away
        and not any(item.term.text in text or text in item.term.text for text in texts)
        for item in counting
    )


def _touched(view: View, context: Context, counting: list[Candidate], named: list[tuple[int, int]]) -> list[Candidate]:
    """The names in a row from where the word ends, or up to where it begins; 手续没有，象牙 is no such row.

    What else is `named` stands in it, and words that join two names: 不是什么牛角象牙, 不卖象牙、玳瑁等任何动物制品.
    """
    behind = context.group.key == "refused"
    beside = view.origin[context.start] - 1 if behind else view.origin[context.end - 1] + 1
    row: list[Candidate] = []
    if view.raw[beside : beside + 1] in _BREAKS:
        return row
    edges = _reached(view, context.start if behind else context.end, named, behind)
    for item in sorted(counting, key=lambda item: -item.found.end if behind else item.found.start):
        near, far = (item.found.end, item.found.start) if behind else (item.found.start, item.found.end)
        if near in edges and item.term.kind != "review":
            row.append(item)
            edges |= _reached(view, far, named, behind)
    return row


def _reached(view: View, edge: int, named: list[tuple[int, int]], behind: bool) -> set[int]:
    """The places from `edge` on, in the direction of the row, that joining words and what else is named lead to."""
    reached, todo = {edge}, [edge]
    while todo and len(reached) < _ROW:
        at = todo.pop()
        beside = view.skeleton[max(0, at - _JOIN) : at] if behind else view.skeleton[at : at + _JOIN]
        far = [at - len(word) if behind else at + len(word) for word in _joined(beside, behind)]
        far += [start if behind else end for start, end in named if at == (end if behind else start)]
        far = [place for place in far if not _broken(view, min(at, place), max(at, place))]
        todo += [place for place in far if place not in reached]
        reached.update(far)
    return reached


def _broken(view: View, start: int, end: int) -> bool:
    """True where a mark that ends a row stands right behind what lies there: 不是牛角，犀角扳指."""
    behind = view.origin[end - 1] + 1
    return start < end and view.raw[behind : behind + 1] in _ENDS


def _joined(text: str, behind: bool) -> list[str]:
    return [word for word in _JOINING if (text.endswith(word) if behind else text.startswith(word))]
