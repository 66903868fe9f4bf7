"""Which match gives a listing its category."""

from keywords.candidates import Candidate, Context
from keywords.terms import ContextGroup, Scoring
from keywords.view import View

#: What names no kind of animal gives way to what does.
_GENERIC = "trade_generic"
#: Words after which something else is named, to hold the goods against it; the longest of them.
_AGAINST = ("比", "比那", "比这", "不是", "别拿", "不像", "好过", "胜过", "贵过", "赛过", "不输", "顶", "替", "冒充")
_HELD = 2
#: What a trained bird does as well as a net: 抓麻雀.
_CATCHING = frozenset("抓捉逮拿")
#: A name of several kinds, to be told by whatever else is named.
_SEVERAL = ("大猫",)


def heaviest_of(view: View, counting: list[Candidate], contexts: list[Context], scoring: Scoring) -> Candidate:
    """The match that gives the listing its category: what is sold killed is meat, whatever animal it was. Else the
    heaviest; of equal weight a tool, one named outright, the category named most, the first. What the goods are only
    held against (比XY贵, 不是唐冠) gives way to all else."""
    named: dict[str, set[str]] = {}
    for item in counting:
        named.setdefault(item.term.category, set()).add(item.term.text)

    def rank(item: Candidate) -> tuple[bool, int, bool, bool, bool, bool, int, int, int]:
        size = item.found.end - item.found.start
        category = item.term.category
        # A tool is sold with the name of its prey: 野猪 in 套 野猪 says what it is for. And with other tools.
        tool, outright = _is_for_use(item, named), item.technique != "pair"
        most = len(named[category])
        # Who hides a name for certain, or writes it in another language, names what he sells: เสือ beside 真牙.
        foreign = not any("\u3400" <= char <= "\u9fff" for char in item.term.text)
        hidden = category != _GENERIC and (foreign or (item.disguised and item.tier == "T1"))
        own = not view.skeleton[max(0, item.found.start - _HELD) : item.found.start].endswith(_AGAINST)
        own = own and not (category == "tiger" and "bigcat" in named and item.term.text.startswith(_SEVERAL))
        return own, weight(item, scoring), category != _GENERIC, tool, outright, hidden, most, -item.found.start, size

    heaviest = max(counting, key=rank)
    leant = [item for item in counting if item.term.kind != "review" and _leans(contexts, heaviest, item)]
    if heaviest.term.category == "bushmeat":
        cooked = any(context.group.leans == "bushmeat" for context in contexts)
        leant = [item for item in counting if _is_tool(item, named, 1 if cooked else 0)] or leant
    leant = leant or _told(heaviest, counting)
    return max(leant, key=rank) if leant else heaviest


def _is_for_use(item: Candidate, named: dict[str, set[str]]) -> bool:
    """True for a tool; what catches sparrows beside the name of a hawk is that hawk."""
    hawk = "raptor" in named and item.term.text[0] in _CATCHING
    return item.term.category.startswith("tool_") and not hawk


def _told(heaviest: Candidate, counting: list[Candidate]) -> list[Candidate]:
    """What says more than the heaviest: the animal of a trophy, the weapon that shoots the poison."""
    category = heaviest.term.category
    if category == _GENERIC and heaviest.term.kind == "review":
        return [item for item in counting if item.term.category != _GENERIC and item.term.kind == "term"]
    if category == "tool_poison":
        return [item for item in counting if item.term.category == "tool_crossbow" and item.term.kind == "term"]
    return []


def _is_tool(item: Candidate, named: dict[str, set[str]], others: int) -> bool:
    """True for a tool that so many others name too: the 野猪腿 beside it is what it breaks (野猪腿都断).

    One name is enough where nobody speaks of cooking: 弓弩 打野猪.
    """
    category = item.term.category
    # Or one that is hidden, or spelt in letters, as nobody writes it by chance: 列夹 獾子, yaodou 野鸡.
    hidden = item.disguised or item.term.text.isascii()
    return category.startswith("tool_") and item.term.kind != "review" and (hidden or len(named[category]) > others)


def _leans(contexts: list[Context], heaviest: Candidate, other: Candidate) -> bool:
    """True when the talk is of the other one's category: 活杀 and 拔毛 make meat of a snake, not of a pangolin."""
    return any(
        context.group.leans == other.term.category and concerns(context.group, heaviest.term.category)
        for context in contexts
        if context.group.leans
    )


def concerns(group: ContextGroup, category: str) -> bool:
    """True when the group speaks for the category."""
    return not group.categories or category in group.categories


def weight(item: Candidate, scoring: Scoring) -> int:
    """The points of a match by itself."""
    points = scoring.points
    if item.term.kind == "review":
        return points["review"] if item.term.strength == "strong" else points["weak"]
    if item.tier == "T2":
        return points["guess_short"] if item.weak else points["guess"]
    if item.term.kind == "code":
        return points["code"]
    return points["weak"] if item.weak else points["strong"]
