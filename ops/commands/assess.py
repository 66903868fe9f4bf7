"""Judge texts: any file of them (assess), or one whose answers are known (lexicon evaluate)."""

import itertools
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from keywords import Lexicon, Matcher
from keywords.evaluating import Evaluation, Failure, Rate, evaluate
from ops.commands.options import AsJson
from ops.labelled import check_target, read_samples, write_failures
from ops.lexicons import chosen_lexicon
from ops.screen import print_json, say, screen, show
from ops.texts import Encoding, listing_of, opened, read_rows
from records import Assessment

LexiconName = Annotated[
    str, typer.Option("--lexicon", help="词库文件夹、词库 JSON 或已发布的版本名；缺省为随程序附带的词库。")
]
FileEncoding = Annotated[Encoding, typer.Option("--encoding", help="文件编码：auto、utf-8 或 gb18030。")]

#: The groups and the techniques that the product's own sets use, as people read them.
TECHNIQUES = {
    "all": "全部可疑",
    "overt": "明写",
    "disguised": "伪装（合计）",
    "code_word": "暗语",
    "separator": "插入符号",
    "space": "插入空格",
    "zerowidth": "零宽字符",
    "traditional": "繁体与异体",
    "width_case": "全角与大小写",
    "lookalike": "形近字",
    "homophone": "谐音",
    "pinyin": "拼音",
    "split": "拆字",
    "stuffing": "夹字母数字",
    "emoji": "表情符号",
    "repeat": "叠字",
    "reversed": "倒写",
    "html": "网页标记",
    "mixed": "汉字夹拼音",
    "across_fields": "标题与描述各一半",
}
LEVELS = {"none": "未报", "review": "待看", "high": "高风险"}
KINDS = {"missed": "漏报", "raised": "误报", "wrong_category": "类别不对"}
LABELS = {"suspicious": "可疑", "borderline": "待核", "confusable": "正常"}


def register(app: typer.Typer) -> None:
    """Put the command of this subject on the command line; `lexicon evaluate` is put there with the lexicon's."""
    app.command()(assess)


def assess(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="带表头的 TSV 或 JSONL；- 为标准输入。")] = "-",
    lexicon: LexiconName = "",
    encoding: FileEncoding = "auto",
) -> None:
    """研判文本：每行输出一条 JSON（级别、分值、各部分、命中及其位置）。读不出的行报出行号并跳过。"""
    with opened(file, encoding=encoding, tell=say) as source:
        matcher = Matcher(chosen_lexicon(screen(ctx), lexicon))
        rows, again = itertools.tee(read_rows(source))
        for row, judged in zip(rows, matcher.assess_many(listing_of(row) for row in again), strict=True):
            print_json(_judged(row, judged))
        source.finish()
        if not source.rows:
            say("没有可研判的行。")
            raise typer.Exit(4)


def _judged(row: dict[str, Any], judged: Assessment) -> dict[str, Any]:
    """The row's own columns, those that bear a name of ours as `input_…`, and the judgement."""
    ours = {field.name: getattr(judged, field.name) for field in fields(judged)}
    kept = {
        f"input_{key}" if key in ours else key: value
        for key, value in row.items()
        if key not in ("title", "description")
    }
    return kept | ours


def evaluate_set(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="TSV：label、category、text（或 title、description），可有 technique。")],
    lexicon: LexiconName = "",
    failures: Annotated[Path | None, typer.Option(help="把没有判对的行连同原因写到这个 TSV。")] = None,
    encoding: FileEncoding = "auto",
    as_json: AsJson = False,
) -> None:
    """用已标注的文本评测：按类别、手法、级别给出查准率与查全率，并逐条列出没有判对的及原因。"""
    words = chosen_lexicon(screen(ctx), lexicon)
    with opened(file, encoding=encoding, tell=say) as source:
        if failures is not None:
            check_target(failures, file)
        result = evaluate(read_samples(source, words), Matcher(words))
        if failures is not None and result.rows:
            write_failures(failures, result.failures)
        if as_json:
            print_json(figures(result))
        elif result.rows:
            _show(result, words)
        source.finish()
        if not result.rows:
            say("没有可评测的行。")
            raise typer.Exit(4)


def figures(result: Evaluation) -> dict[str, Any]:
    """What `--json` prints."""
    rates = ("borderline_at_review", "borderline_raised", "confusables_raised", "category_right")
    return {
        "rows": result.rows,
        "lexicon_version": result.lexicon_version,
        "matcher_version": result.matcher_version,
        "groups": {name: rate.to_data() for name, rate in result.groups.items()},
        "techniques": {name: rate.to_data() for name, rate in result.techniques.items()},
        **{name: getattr(result, name).to_data() for name in rates},
        "levels": [_data(one) | {"level": one.level} for one in result.levels],
        "categories": [_data(one) | {"category": one.key} for one in result.categories],
        "confusion": [{"category": own, "got": got, "rows": count} for own, got, count in result.confusion],
        "failures": [_failure(one) for one in result.failures],
    }


def _data(one: Any) -> dict[str, Any]:
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    return {name: value.to_data() for name, value in values.items() if isinstance(value, Rate)}


def _failure(one: Failure) -> dict[str, Any]:
    judged = one.assessment
    verdict = {"kind": one.kind, "level": judged.level, "score": judged.score, "got": judged.category, "why": one.why}
    return asdict(one.sample) | verdict


def _show(result: Evaluation, words: Lexicon) -> None:
    say(f"{result.rows} 行，词库 {result.lexicon_version}，匹配程序 {result.matcher_version}")
    show(_technique_table(result))
    show(_level_table(result))
    show(_category_table(result, words))
    for own, got, count in result.confusion:
        say(f"类别混淆：{words.category_name(own)} → {words.category_name(got)} {count} 行")
    for one in result.failures:
        sample, judged = one.sample, one.assessment
        asked = f"{LABELS[sample.label]} {words.category_name(sample.category)} {_technique(sample.technique)}".strip()
        got = LEVELS[judged.level] + (f" {words.category_name(judged.category)}" if judged.category else "")
        say(f"第 {sample.line} 行 {KINDS[one.kind]}（{asked}；判为 {got} {judged.score} 分）")
        say(f"    {' ／ '.join(filter(None, (sample.title, sample.description)))}")
        say(f"    {one.why}")


def _technique(name: str) -> str:
    return TECHNIQUES.get(name, name)


def _technique_table(result: Evaluation) -> Table:
    table = Table("项目", "判对", "共", "比率")
    for name, rate in rows_of(result):
        table.add_row(f"查全 {name}", *_cells(rate))
    table.add_row("待核商品判为待看", *_cells(result.borderline_at_review))
    table.add_row("正常商品被误报", *_cells(result.confusables_raised))
    table.add_row("类别判对", *_cells(result.category_right))
    return table


def _level_table(result: Evaluation) -> Table:
    table = Table("级别", "查准", "查全（可疑）", "正常商品被误报")
    for one in result.levels:
        table.add_row(f"{LEVELS[one.level]}及以上", *(_short(r) for r in (one.precision, one.recall, one.confusables)))
    return table


def _category_table(result: Evaluation, words: Lexicon) -> Table:
    table = Table("类别", "查准", "查全", "类别判对")
    for one in result.categories:
        table.add_row(words.category_name(one.key), *(_short(rate) for rate in (one.precision, one.recall, one.right)))
    return table


def _cells(rate: Rate) -> tuple[str, str, str]:
    return str(rate.hits), str(rate.of), "—" if rate.value is None else f"{rate.value:.1%}"


def _short(rate: Rate) -> str:
    return f"{rate.hits}/{rate.of}" + ("" if rate.value is None else f" {rate.value:.1%}")


def rows_of(result: Evaluation) -> Iterable[tuple[str, Rate]]:
    """Name in Chinese and rate of every group and technique, for the pages."""
    for name, rate in result.groups.items():
        yield _technique(name), rate
    for name, rate in result.techniques.items():
        if name not in result.groups:
            yield f"— {_technique(name)}", rate
