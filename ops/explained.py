"""An explained judgement as lines of Chinese for `xunwang lexicon test`: no table, so nothing is cut at 80 columns."""

import sys
from collections.abc import Iterable, Iterator

from keywords import Lexicon
from keywords.explaining import Explanation
from ops.screen import PlainConsole, visible
from records import Match

LEVELS = {"none": "不报", "review": "待看", "high": "高风险"}
DIRECTIONS = {"sale": "出售", "wanted": "求购", "service": "服务", "information": "资讯"}
TIERS = {"T1": "确定", "T2": "推测", "T3": "缺省不用"}
STRENGTHS = {"strong": "强词", "weak": "弱词"}
FIELDS = {"title": "", "description": "描述", "title+description": "标题与描述"}


def explained(told: Explanation, words: Lexicon) -> Iterator[str]:
    """The lines, the verdict first."""
    judged = told.assessment
    name = words.category_name(judged.category) if judged.category else "—"
    yield f"级别：{LEVELS[judged.level]}  分值：{judged.score}  类别：{name}"
    if judged.matches:
        yield f"交易方向：{DIRECTIONS.get(judged.direction, judged.direction)}  词库：{words.version}"
    else:
        yield f"词库：{words.version}"
    if told.verdict:
        yield f"为什么不报：{told.verdict}"
    numbered = list(enumerate(judged.matches))
    counting = [(i, match) for i, match in numbered if match.counts]
    taken = [(i, match) for i, match in numbered if not match.counts]
    for title, matches in (("计入：", counting), ("未计入：", taken)):
        if matches:
            yield title
            for index, match in matches:
                yield from _match(match, words, told.wanting.get(index, ""))
    if judged.parts:
        yield "分值构成："
        yield from (f"  {part.points:+d}  {part.label}" for part in judged.parts)
    if not judged.matches:
        yield "没有命中任何词条。"
        if told.near:
            yield "最接近的词条："
            yield from (f"  {one.term}（{words.category_name(one.category)}）：{one.detail}" for one in told.near)


def _match(match: Match, words: Lexicon, wanting: str) -> Iterator[str]:
    place = f"{FIELDS.get(match.field, match.field)}第 {match.start + 1}–{match.end} 字"
    written = "" if match.surface == match.term else f"  词条：{match.term}"
    yield f"  “{match.surface}”{written}  {words.category_name(match.category)}  {place}"
    how = match.how
    yield f"    {how}  {TIERS.get(match.tier, match.tier)}  {STRENGTHS.get(match.strength, match.strength)}"
    if match.cancelled_by:
        yield f"    原因：{match.cancelled_by}"
    if match.covered_by:
        yield f"    原因：被更长的“{match.covered_by}”覆盖"
    if wanting:
        yield f"    还缺：{wanting}"


def print_lines(lines: Iterable[str]) -> None:
    """Lines for a person on standard output: folded at the edge of a terminal, whole elsewhere."""
    console = PlainConsole(soft_wrap=not sys.stdout.isatty())
    for line in lines:
        console.print(visible(line))  # line ends too: a text cannot begin a line of its own
