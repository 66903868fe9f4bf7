"""The score: a sum of parts, each readable by an inspector. The numbers come from keywords/lexicon/scoring.yml."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from keywords.candidates import Candidate, Context
from keywords.choosing import concerns, heaviest_of, weight
from keywords.lowering import NEGATIONS, case_of, is_inside, is_named, speaks_against
from keywords.terms import ContextGroup, Scoring
from keywords.view import View
from records import Level, Part

#: Before a raising word they take it back: 不保真, 非天然. Of these groups alone: 无证 is itself what evades.
_DENIALS = ("不是", "并非", "不", "非", "无", "没有")
_DENIABLE = frozenset(("authentic", "nature", "contact", "material", "meat", "trade"))
#: Occurrences of one context word that are looked at, and matches that a score is made of.
_REPEATS = 20
_WEIGHED = 100
#: Of these the first word counts less beside a name that is talked of as its trade does.
_PASSED = frozenset(("goods", "wear"))
_DISBELIEVED = frozenset(("imitation", "imitation_prefix"))
_MENTIONS = frozenset(("mention", "tale"))
_TRUSTING = frozenset(("evasive", "authentic", "contact"))
#: Why a person should decide, but no reason to look where little else was found: an old year, a country, a farm.
_ONLY_CAPS = frozenset(("dated", "abroad", "civil"))
#: Whose words leave open what the goods are: hearsay, a copy that nobody tells apart, what the label says is in it.
_OPEN = frozenset(("unsure", "hearsay", "lifelike", "told", "claimed"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What the score says."""

    level: Level
    score: int
    parts: tuple[Part, ...]
    category: str
    direction: str
    #: The categories of what counts, where one is named outright; empty where all are but guessed at by weak terms.
    named: frozenset[str] = frozenset()
    #: True for goods that a person decides on, however ordinary they look.
    borderline: bool = False


@dataclass(kw_only=True, slots=True)
class _Sheet:
    """The parts as they are added up."""

    parts: list[Part] = field(default_factory=list)
    #: Raising points by group, to tell whether lowering words are believed.
    raised: dict[str, int] = field(default_factory=dict)

    def add(self, label: str, points: int) -> None:
        self.parts.append(Part(label=label, points=points))

    @property
    def total(self) -> int:
        return sum(part.points for part in self.parts)


def gather(found: Iterable[tuple[ContextGroup, str, int, int]]) -> list[Context]:
    """The context words of a text by place; of one repeated without end only so many."""
    seen: dict[tuple[str, str], int] = {}
    contexts = []
    for group, word, start, end in found:
        times = seen[group.key, word] = seen.get((group.key, word), 0) + 1
        if times <= _REPEATS:
            contexts.append(Context(group, word, start, end))
    return _longest(contexts)


def judge(
    view: View, candidates: list[Candidate], contexts: list[Context], scoring: Scoring, put: Part | None = None
) -> Verdict:
    """The verdict on a listing by what counts. Level none when no match does. `put`: what the whole's phrasing says."""
    counting = sorted((c for c in candidates if c.alive), key=lambda c: -weight(c, scoring))[:_WEIGHED]
    if not counting:
        return Verdict(level=Level.NONE, score=0, parts=(), category="", direction=_direction(contexts, ""))
    contexts = _without_mention(contexts)
    heaviest = heaviest_of(view, counting, contexts, scoring)
    category = heaviest.term.category
    sheet = _Sheet()
    _add_matches(view, sheet, heaviest, counting, scoring)
    if put:
        sheet.parts.append(put)
    _add_raising(view, sheet, counting, contexts, category, scoring)
    helped = (c.companion for c in counting if c.companion and c.term.category == category)
    companion = next(helped, "") if heaviest.weak else ""
    if companion and not any(c.group.company and c.group.key in sheet.raised for c in contexts):
        sheet.add(f"特定语境“{companion}”", scoring.points["companion"])
    negated = _add_negations(view, sheet, contexts, scoring)
    named = [(item.found.start, item.found.end) for item in candidates if not item.alive][:_WEIGHED]
    _add_lowering(view, sheet, counting, [c for c in contexts if c not in negated], named, scoring)
    return _verdict(sheet, heaviest, counting, contexts, scoring)


def _surface(view: View, item: Candidate) -> str:
    # Seen characters only: an inspector's screen must not be turned round by a bidi control.
    raw = view.raw[item.found.raw_start : item.found.raw_end]
    return "".join(char for char in raw if not view.folding.is_unseen(char) and char.isprintable())


def _add_matches(view: View, sheet: _Sheet, heaviest: Candidate, counting: list[Candidate], scoring: Scoring) -> None:
    name = "（待核类别）" if heaviest.term.kind == "review" else "（暗语）" if heaviest.term.kind == "code" else ""
    surface = _surface(view, heaviest)
    written = f"{heaviest.term.text}”←“{surface}" if heaviest.disguised else heaviest.term.text
    sheet.add(f"命中“{written}”{name}", weight(heaviest, scoring))
    if heaviest.disguised:
        sheet.add(f"变体写法“{surface}”", scoring.points["disguise"])
    seen = {heaviest.term.text}
    for item in counting:
        if item.term.text not in seen and len(seen) < 3:
            seen.add(item.term.text)
            sheet.add(f"另命中“{item.term.text}”", scoring.points["second"])


def _add_raising(
    view: View, sheet: _Sheet, counting: list[Candidate], contexts: list[Context], category: str, scoring: Scoring
) -> None:
    given: dict[str, int] = {}
    said: set[str] = set()
    raising = [c for c in contexts if c.group.effect == "up" and concerns(c.group, category)]
    for context in sorted(raising, key=lambda c: (_distance(c, counting), -c.group.points)):
        group = context.group
        text = view.skeleton[context.start : context.end]
        if text in said or _denied(view, context):
            continue
        inside = is_inside(context, counting)
        if inside and group.key != "product":
            continue  # 野猪 in 野猪夹 is the term itself; 手串 in 象牙手串 says what is made of it
        said.add(text)
        before = given.get(group.key, 0)
        points = group.points if not before else min(group.more, group.most - before)
        if points <= 0:
            continue
        near = not inside and _distance(context, counting) == 0
        if near and not before and group.company:
            points += scoring.points["adjacent"]
        given[group.key] = before + points
        sheet.add(f"{'紧邻' if near else group.name}“{context.word}”", points)
    sheet.raised = given


def _denied(view: View, context: Context) -> bool:
    return context.group.key in _DENIABLE and view.skeleton[: context.start].endswith(_DENIALS)


def _longest(contexts: Iterable[Context]) -> list[Context]:
    """Context words that lie inside a longer one say nothing of their own: 老药 in 老药铺."""
    kept: list[Context] = []
    reach = -1
    for one in sorted(contexts, key=lambda context: (context.start, -context.end)):
        longer = kept and kept[-1].start <= one.start and one.end <= kept[-1].end
        same = longer and (kept[-1].start, kept[-1].end) == (one.start, one.end)
        if same or one.end > reach:
            kept.append(one)
            reach = max(reach, one.end)
    return kept


def _distance(context: Context, counting: list[Candidate]) -> int:
    """Skeleton characters to the nearest match; 0 when it touches or lies inside."""
    start, end = context.start, context.end
    return min([max(item.found.start - end, start - item.found.end, 0) for item in counting])


def _add_negations(view: View, sheet: _Sheet, contexts: list[Context], scoring: Scoring) -> list[Context]:
    negated = [
        context
        for context in contexts
        if context.group.key == "imitation" and view.skeleton[: context.start].endswith(NEGATIONS)
    ]
    if negated:
        sheet.add(f"否认仿制“{negated[0].word}”", scoring.points["negated"])
    return negated


def _add_lowering(
    view: View,
    sheet: _Sheet,
    counting: list[Candidate],
    contexts: list[Context],
    named: list[tuple[int, int]],
    scoring: Scoring,
) -> None:
    case = case_of(view, counting, contexts, named, scoring)
    disbelieved = sum(sheet.raised.get(key, 0) for key in _TRUSTING) >= scoring.disbelief
    # 说是玳瑁 也可能赛璐珞: who does not know denies nothing.
    doubtful = any(context.group.key == "unsure" for context in contexts)
    firm = _is_firm(sheet, case.most, scoring)
    given: dict[str, int] = {}
    said: set[str] = set()
    # Of a word in two groups the heavier counts.
    for context in sorted(contexts, key=lambda context: -context.group.points):
        group = context.group
        if context.word in said or not speaks_against(view, context, case, scoring):
            continue
        said.add(context.word)
        if disbelieved and group.key in _DISBELIEVED:
            sheet.add(f"{group.name}“{context.word}”与回避用语并存，不予扣减", 0)
            continue
        if doubtful and group.key == "imitation":
            sheet.add(f"{group.name}“{context.word}”，卖家自称说不准，不予扣减", 0)
            continue
        before = given.get(group.key, 0)
        points = group.points if not before else min(group.more, group.most - before)
        if firm and group.key in _PASSED and not before:
            points = min(points, scoring.points["passing"])
        if points > 0:
            given[group.key] = before + points
            sheet.add(f"{group.name}“{context.word}”", -points)
    _add_softened(sheet, counting, disbelieved, scoring)


def _is_firm(sheet: _Sheet, most: int, scoring: Scoring) -> bool:
    """True for a name with talk of its own trade beside it: one word of other goods does not explain it.

    A lexicon released before there was such a measure has none.
    """
    points = scoring.points
    return "firm" in points and most >= points["strong"] and sum(sheet.raised.values()) >= points["firm"]


def _add_softened(sheet: _Sheet, counting: list[Candidate], disbelieved: bool, scoring: Scoring) -> None:
    if not all(item.softened for item in counting):
        return
    text = next(item.softened.text for item in counting if item.softened)
    sheet.add(
        f"常见用语“{text}”" + ("与回避用语并存，不予扣减" if disbelieved else ""),
        0 if disbelieved else -scoring.points["soft"],
    )


def _direction(contexts: list[Context], default: str = "sale") -> str:
    said = {context.group.direction for context in contexts} - {""}
    for direction in ("information", "service", "wanted"):
        if direction in said:
            return direction
    return default or "sale"


def _verdict(
    sheet: _Sheet, heaviest: Candidate, counting: list[Candidate], contexts: list[Context], scoring: Scoring
) -> Verdict:
    direction = _direction(contexts)
    lowered = any(part.points < 0 for part in sheet.parts)
    caps = {c.group.key for c in contexts if c.group.caps and concerns(c.group, heaviest.term.category)}
    borderline = heaviest.term.kind == "review" or not caps <= _ONLY_CAPS
    doubt = next((c for c in contexts if c.group.key in _OPEN and concerns(c.group, heaviest.term.category)), None)
    if direction != "information" and sheet.total < scoring.review:
        if borderline and not lowered and not _only_guesses(counting, sheet):
            sheet.add("待核类别，须人工核实", scoring.review - sheet.total)
        elif doubt is not None and is_named(heaviest) and not any(c.group.key == "toy" for c in contexts):
            # However much speaks against it, the seller leaves it open, and a person must look.
            sheet.add(f"{doubt.group.name}“{doubt.word}”，须人工核实", scoring.review - sheet.total)
    score = max(0, min(100, sheet.total))
    level = Level.HIGH if score >= scoring.high else Level.REVIEW if score >= scoring.review else Level.NONE
    if level is Level.HIGH and (borderline or caps or _only_guesses(counting, sheet)):
        level = Level.REVIEW
    return Verdict(
        level=level,
        score=score,
        parts=tuple(sheet.parts),
        category=heaviest.term.category,
        direction=direction,
        borderline=borderline,
        named=frozenset() if heaviest.weak else frozenset([item.term.category for item in counting]),
    )


def _without_mention(contexts: list[Context]) -> list[Context]:
    """Where papers, age or doubt are spoken of, one word of the news is about the goods: 法院拍卖, 做展览用."""
    mentions = {context.word for context in contexts if context.group.key in _MENTIONS}
    if len(mentions) == 1 and any(context.group.caps and context.group.key not in _ONLY_CAPS for context in contexts):
        return [context for context in contexts if context.group.key not in _MENTIONS]
    return contexts


def _only_guesses(counting: list[Candidate], sheet: _Sheet) -> bool:
    """Guessed spellings rise above review only with a second signal."""
    return all(item.tier == "T2" for item in counting) and not sheet.raised
