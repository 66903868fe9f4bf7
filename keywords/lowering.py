"""Lowering words: which of them say something of the goods where they stand, and which only stand beside them."""

from collections.abc import Mapping
from typing import NamedTuple

from keywords.bait import Bait, strung
from keywords.candidates import Candidate, Context
from keywords.choosing import concerns, weight
from keywords.denying import denies, rows
from keywords.terms import Scoring
from keywords.view import View

#: Written before a word of imitation they turn it round: 不是树脂, 绝非塑料.
NEGATIONS = ("不是", "绝非", "并非", "不含", "没有", "拒绝", "不做", "非", "无", "不")
#: Code words from which other goods beside them explain nothing.
_TALK = 3
#: Groups of words for other goods, and how near before one of them 吃 and 喂 make it fodder.
_OTHER_GOODS = frozenset(("goods", "wear", "forage", "other_material", "named", "toy"))
_EATING, _FED = frozenset("吃喂拌撒"), 4
#: Stands behind what the goods came in or with: 行李箱夹着, 卡车司机捎.
_CARRIES = (
    "夹着",
    "夹带",
    "装着",
    "里夹",
    "里装",
    "里塞",
    "里藏",
    "里带",
    "里放",
    "司机",
    "捎",
    "带过来",
    "带回",
    "带出",
    "托运",
)
#: Stands before what a parcel is said to hold: 写木雕, 申报工艺品.
_DECLARED = ("写", "填", "申报", "报关", "报的", "品名")
#: Groups of words for what else it may be made of, and what asks which of two it is.
_MATERIALS, _OR = frozenset(("imitation", "other_material", "named")), "还是"
#: Of these a word in the description says nothing of goods that the title names outright and without them.
_ASIDE = frozenset(("toy", "tale"))
_HIDES = frozenset("皮毛绒裘")
#: Between two characters they end what the first says: no word goes on behind them.
_STOPS = frozenset("，。；！？")
#: What takes back the name that it touches: 仿 before it, 一律不收 behind it.
_DENYING = frozenset(("imitation_prefix", "refused"))


class Case(NamedTuple):
    """What is weighed against lowering words, told once a listing."""

    counting: list[Candidate]
    contexts: list[Context]
    #: The points of the heaviest match.
    most: int
    #: Of a skin purses and coats are made: they are no other goods.
    worn: bool
    papers: bool
    bait: Bait | None
    denied: Mapping[tuple[str, int], list[Candidate]]


def case_of(
    view: View,
    counting: list[Candidate],
    contexts: list[Context],
    named: list[tuple[int, int]],
    scoring: Scoring,
) -> Case:
    """What the lowering words of a listing are heard against."""
    most = max(weight(item, scoring) for item in counting)
    heaviest = [item for item in counting if weight(item, scoring) == most]
    named = named + [(one.start, one.end) for one in contexts if one.group.key == "other_material"]
    return Case(
        counting,
        contexts,
        most,
        worn=any(not _HIDES.isdisjoint(item.term.text) for item in heaviest),
        papers=any(context.group.key == "legal" for context in contexts),
        bait=strung(view, heaviest, contexts),
        denied=rows(view, [one for one in contexts if one.group.key in _DENYING], counting, named),
    )


def speaks_against(view: View, context: Context, case: Case, scoring: Scoring) -> bool:
    """True for a lowering word that says something of the goods, where it stands."""
    group, counting = context.group, case.counting
    concerned = any(concerns(group, item.term.category) for item in counting)
    if group.effect != "down" or not concerned or is_inside(context, counting):
        return False
    if _torn(view, context) or (group.key == "wear" and case.worn):
        return False
    if group.codes and not _renames(view, context, counting, case.papers):
        return False
    if group.field and not _same_field(view, context, counting, scoring):
        return False
    if view.skeleton[: context.start].endswith(_DECLARED) or (group.key in _MATERIALS and _is_asked(view, context)):
        return False
    if (group.key in _OTHER_GOODS and _passing(view, context)) or (case.bait and case.bait.holds(context)):
        return False
    if group.key in _ASIDE and _aside(view, context, case.contexts, counting, scoring):
        return False
    return group.key not in _DENYING or denies(context, case.denied, counting, scoring)


def _is_asked(view: View, context: Context) -> bool:
    """True for one of two things that it may be: 赛璐珞还是玳瑁, 豹皮还是印花."""
    return view.skeleton[: context.start].endswith(_OR) or view.skeleton.startswith(_OR, context.end)


def _passing(view: View, context: Context) -> bool:
    """True where the word names what the goods are not, what they eat or what they came with: 不是盆栽, 吃香蕉蜂蜜."""
    before = view.skeleton[max(0, context.start - _FED) : context.start]
    carries = view.skeleton.startswith(_CARRIES, context.end)
    return carries or before.endswith(NEGATIONS) or not _EATING.isdisjoint(before)


def _renames(view: View, context: Context, counting: list[Candidate], papers: bool) -> bool:
    """True when words of every day alone were found and this one says what they mean: 和田玉 beside 白料.

    Not where it is but one of two things that it may be: 牛骨还是牙; nor of goods for which papers are claimed, which
    stand beside others that need none: 玄凤和小太阳，办了专用标识; nor where the talk is of more than these goods.
    """
    before, after = view.skeleton[: context.start], view.skeleton[context.end :]
    left_open = before.endswith((*NEGATIONS, "还是", "像")) or after.startswith("还是")
    many = context.group.field and len({item.term.text for item in counting if item.term.kind == "code"}) >= _TALK
    return not (left_open or many) and all(
        item.term.kind == "code" or (item.term.alone and is_named(item) and not (papers and item.term.kind == "review"))
        for item in counting
    )


def _same_field(view: View, context: Context, counting: list[Candidate], scoring: Scoring) -> bool:
    """True when a match that weighs most stands on the same side of the first line break.

    Or when all are but weak names below, where the title says what is sold: of a lens its birds are told.
    """
    title = view.raw.find("\n")
    most = max(weight(item, scoring) for item in counting)
    below = view.origin[context.start] > title
    if not below and all(item.weak and item.term.kind == "term" and not item.disguised for item in counting):
        return True
    places = {item.found.raw_start > title for item in counting if weight(item, scoring) == most}
    return title < 0 or places == {below} or (not below and below in places)


def _aside(view: View, context: Context, contexts: list[Context], counting: list[Candidate], scoring: Scoring) -> bool:
    """True where the title names the goods outright and only the description speaks of toys: 陪着孩子的玩具长大."""
    title = view.raw.find("\n")
    most = max(weight(item, scoring) for item in counting)
    outright = most >= scoring.points["strong"] and all(
        item.found.raw_start < title for item in counting if weight(item, scoring) == most
    )
    return outright and all(view.origin[one.start] > title for one in contexts if one.group.key == context.group.key)


def is_inside(context: Context, counting: list[Candidate]) -> bool:
    return any(item.found.start <= context.start and context.end <= item.found.end for item in counting)


def _torn(view: View, context: Context) -> bool:
    """True for a word that the seam of two others spells: 发带 in 直发 带检疫, 网课 in 雾网，课题组.

    Not where all is set with spaces.
    """
    start, end = context.start, context.end
    first, last = view.origin[start], view.origin[end - 1]
    if not _STOPS.isdisjoint(view.raw[first + 1 : last]):
        return True
    seam = end - start == 2 and view.raw[first + 1 : last].isspace()
    return seam and not (view.raw[first - 1 : first] + view.raw[last + 1 : last + 2]).isspace()


def is_named(item: Candidate) -> bool:
    """True for goods that are called by their name, lawful or not; not for tools and code words."""
    return item.term.kind != "code" and not item.term.category.startswith("tool_")
