"""词库: lint, test, evaluate, import, versions."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from db import lexicon as released
from db import remarks
from db.engine import transaction
from keywords import Matcher, lint, read_additions, write_template
from keywords.categories import holds_category, with_category
from keywords.explaining import Explanation, Near, explain
from ops.commands.assess import LexiconName, evaluate_set
from ops.commands.options import AsJson, Demo
from ops.explained import explained, print_lines
from ops.house import House
from ops.lexicons import chosen_lexicon
from ops.screen import print_json, say, screen, show
from records import Assessment, Fault, Match, now, shanghai

#: What the lint finds, as people read it.
PROBLEMS = {
    "empty": "空词",
    "one_character": "单字",
    "duplicate": "重复",
    "shadowed": "弱词遮蔽强词",
    "swallowed": "被排除语吞掉",
    "in_a_word": "在常用词中",
    "collision": "跨词碰撞",
}


class LexiconHasProblems(Fault):
    """词库检查发现问题。

    The lexicon has problems.
    """

    code = "E-OPS-030"
    remedy = ("请按上面列出的文件与词条改正。", "Mend the terms listed above.")


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    words = typer.Typer(help="词库。", no_args_is_help=True)
    words.command("lint")(check)
    words.command("test")(try_text)
    words.command("evaluate")(evaluate_set)
    words.command("import")(take_in)
    words.command("template")(template)
    words.command("versions")(versions)
    words.command("misreads")(misreads)
    app.add_typer(words, name="lexicon")


def check(
    ctx: typer.Context,
    lexicon: LexiconName = "",
    as_json: AsJson = False,
) -> None:
    """检查词库：重复、被遮蔽、单字、被排除语吞掉、跨词碰撞。只有提示时通过，有错误时以 1 结束。"""
    words = chosen_lexicon(screen(ctx), lexicon)
    problems = lint(words)
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json(problems)
    else:
        for problem in (*errors, *(one for one in problems if one.severity == "notice")):
            kind = PROBLEMS.get(problem.kind, problem.kind)
            severity = "错误" if problem.severity == "error" else "提示"
            say(f"{severity}  {kind}  {problem.term}（{words.category_name(problem.category)}）：{problem.detail}")
    if errors:
        raise LexiconHasProblems(f"{len(errors)} 处错误")
    if not as_json:
        say("词库检查通过" + (f"，另有 {len(problems)} 条提示。" if problems else "。"))


def try_text(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="要试的文本。")],
    lexicon: LexiconName = "",
    live: Annotated[bool, typer.Option(help="用数据库中现行的词库；缺省为随程序附带的。")] = False,
    demo: Demo = False,
    as_json: AsJson = False,
) -> None:
    """试一段文本：命中了什么、为什么算或不算、还缺什么、分值怎么来的。"""
    words = chosen_lexicon(screen(ctx), lexicon, live=live, demo=demo)
    told = explain(Matcher(words), text)
    if as_json:
        print_json(_data(told))
        return
    print_lines(explained(told, words))


def _data(told: Explanation) -> dict[str, Any]:
    """The judgement as `assess` prints it, with what was wanting beside each match."""
    judged = told.assessment
    matches = [_plain(match) | {"wanting": told.wanting.get(i, "")} for i, match in enumerate(judged.matches)]
    return _plain(judged) | {"matches": matches, "verdict": told.verdict, "near": [_plain(one) for one in told.near]}


def _plain(record: Assessment | Match | Near) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def take_in(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="填好的 Excel 或 YAML。", exists=True, dir_okay=False)],
    note: Annotated[str, typer.Option(help="变更说明。")],
    author: Annotated[str, typer.Option(help="谁做的变更。")] = "词库员",
    dry_run: Annotated[bool, typer.Option(help="只检查，不发布。")] = False,
    demo: Demo = False,
) -> None:
    """导入新词条、排除语、语境词，或一个新类别（YAML）：检查通过后成为新版本，下一次监测即用。有一处错误则什么都不改。"""
    house = screen(ctx).house(demo=demo)
    version = import_additions(house, file, note=note, author=author, dry_run=dry_run)
    say(f"检查通过，未发布（--dry-run）：{version}" if dry_run else f"已发布词库 {version}，下一次监测起使用。")
    say(f"用 xunwang lexicon test {'--demo' if demo else '--live'} 文本 试一试。")


def import_additions(house: House, file: Path, *, note: str, author: str, dry_run: bool = False) -> str:
    """Add what `file` holds (words, or a whole category) to the live lexicon and make that the live version; its name.

    Raises keywords.LexiconFileRefused with the address of every cell at fault; then nothing has changed.
    """
    base = house.lexicon()
    brought = None if holds_category(file) else read_additions(file, against=base)
    with transaction(house.engine) as conn:
        name = released.next_name(conn)
        if brought is None:
            grown = with_category(base, file, version=name)
        else:
            grown = base.with_additions(brought, version=name)
        if not dry_run:
            released.publish(conn, name, grown.to_data(), author=author, note=note, at=now())
    return name


def template(
    path: Annotated[Path, typer.Argument(help="要写的 .xlsx 文件。")],
) -> None:
    """写一份可填的 Excel 模板。"""
    write_template(path)
    say(f"已写 {path}")


def versions(
    ctx: typer.Context,
    demo: Demo = False,
) -> None:
    """列出词库的各个版本。"""
    house = screen(ctx).house(demo=demo)
    table = Table("版本", "现行", "发布时间", "作者", "变更说明")
    with transaction(house.engine) as conn:
        found = released.versions(conn)
    for one in found:
        at = shanghai(one.released_at).strftime("%Y-%m-%d %H:%M")
        table.add_row(one.name, "●" if one.live else "", at, one.author, one.change_note)
    show(table)


def misreads(ctx: typer.Context, as_json: AsJson = False, demo: Demo = False) -> None:
    """列出核查员报告的误报词（此词误报），报告最多的在前。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        found = remarks.misread_terms(conn)
    if as_json:
        print_json([asdict(one) | {"last_said": shanghai(one.last_said).isoformat()} for one in found])
        return
    table = Table("词", "类别", "线索数", "最近报告", "报告人", "最近一条")
    for one in found:
        at = shanghai(one.last_said).strftime("%Y-%m-%d %H:%M")
        table.add_row(one.term, one.category, str(one.leads), at, one.said_by, one.title)
    show(table)
    say("可将例外写入词库表格的“排除语”后用 xunwang lexicon import 导入。" if found else "还没有误报词的报告。")
