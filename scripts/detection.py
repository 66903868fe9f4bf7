"""The figures in docs/detection.md and in the READMEs, measured anew: `python scripts/detection.py`.

`--check` writes nothing and ends with 1 where a page holds other figures than the program gives; a test calls it.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from keywords import Matcher, builtin  # noqa: E402 - the root must be on the path first
from keywords.evaluating import Evaluation, Rate, evaluate  # noqa: E402
from ops.commands.assess import KINDS, LEVELS, rows_of  # noqa: E402
from ops.labelled import read_samples  # noqa: E402
from ops.texts import Source  # noqa: E402
from tests.keywords.seams import Count, count, without_exclusions, without_jieba  # noqa: E402

SETS = ROOT / "tests" / "keywords" / "sets"
FIRST = "development"
OTHERS = (
    "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
)  # fmt: skip
PAGES = (ROOT / "docs" / "detection.md", ROOT / "README.md", ROOT / "README.zh-CN.md")


def blocks() -> dict[str, str]:
    """Name of each marked block and what belongs into it."""
    result = _measured(FIRST)
    kept = [count(builtin()), count(without_exclusions())]
    with without_jieba():
        lost = [count(builtin()), count(without_exclusions())]
    return {
        "techniques": _techniques(result),
        "categories": _categories(result),
        "failures": _failures(result),
        **dict(pair for name in OTHERS for pair in _of_a_set(name, _measured(name))),
        "seams": _seams(kept, lost),
        "seams-en": f"{lost[0].crossed} instead of {kept[0].crossed} of {kept[0].titles}",
        "seams-zh": f"{kept[0].titles} 条中有 {lost[0].crossed} 条误中（接通时 {kept[0].crossed} 条）",
    }


def _of_a_set(name: str, result: Evaluation) -> tuple[tuple[str, str], tuple[str, str]]:
    return (name, _techniques(result)), (f"{name}-failures", _failures(result))


def _measured(name: str) -> Evaluation:
    with (SETS / f"{name}.tsv").open("rb") as stream:
        return evaluate(read_samples(Source(name=name, stream=stream), builtin()), Matcher(builtin()))


def _techniques(result: Evaluation) -> str:
    rows = [_row("项目", "判对", "共", "比率"), _row("---", "--:", "--:", "--:")]
    rows += [_rate(f"查全：{name}", rate) for name, rate in rows_of(result)]
    rows.append(_rate("待核商品判为待看", result.borderline_at_review))
    rows.append(_rate("正常商品被误报", result.confusables_raised))
    rows.append(_rate("类别判对", result.category_right))
    rows += [_rate(f"查准：{LEVELS[one.level]}及以上", one.precision) for one in result.levels]
    rows += [_rate(f"查全：可疑判为{LEVELS[one.level]}及以上", one.recall) for one in result.levels]
    return "".join(rows)


def _categories(result: Evaluation) -> str:
    rows = [_row("类别", "查准", "查全", "类别判对"), _row("---", "--:", "--:", "--:")]
    for one in result.categories:
        rates = (f"{rate.hits}/{rate.of}" for rate in (one.precision, one.recall, one.right))
        rows.append(_row(builtin().category_name(one.key), *rates))
    return "".join(rows)


def _failures(result: Evaluation) -> str:
    rows = [_row("行", "结果", "手法", "标题"), _row("--:", "---", "---", "---")]
    for one in result.failures:
        title = "".join(char if char.isprintable() else " " for char in one.sample.title)
        rows.append(_row(str(one.sample.line), KINDS[one.kind], one.sample.technique, f"`{title}`"))
    return "".join(rows)


def _seams(kept: list[Count], lost: list[Count]) -> str:
    rows = [_row("词库", "标题", "有词界：误中（上报）", "无词界：误中（上报）"), _row("---", "--:", "--:", "--:")]
    for name, on, off in zip(("完整", "去掉全部排除语"), kept, lost, strict=True):
        rows.append(_row(name, str(on.titles), f"{on.crossed}（{on.raised}）", f"{off.crossed}（{off.raised}）"))
    return "".join(rows)


def _rate(name: str, rate: Rate) -> str:
    return _row(name, str(rate.hits), str(rate.of), "—" if rate.value is None else f"{rate.value:.1%}")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def written(page: str, known: dict[str, str]) -> str:
    """The page with every block filled in; a table on lines of its own, a figure within its sentence."""
    for name, body in known.items():
        inner = f"\n{body}" if body.startswith("|") else body
        page = re.sub(
            f"(<!-- {name} -->).*?(<!-- /{name} -->)", lambda m, inner=inner: m[1] + inner + m[2], page, flags=re.S
        )
    return page


def main() -> None:
    """Write the figures, or with --check compare them."""
    known, stale = blocks(), []
    for path in PAGES:
        page = path.read_text("utf-8")
        if (fresh := written(page, known)) != page:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(fresh, "utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"{', '.join(stale)}: run scripts/detection.py")


if __name__ == "__main__":
    main()
