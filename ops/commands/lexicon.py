"""词库: lint, explain, import, versions."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from db import lexicon as released
from db.engine import transaction
from keywords import Lexicon, Matcher, builtin, lint, read_additions, write_template
from ops.house import House
from ops.screen import print_json, say, screen, show
from records import Fault, Match, now, shanghai


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
    words.command("test")(explain)
    words.command("import")(take_in)
    words.command("template")(template)
    words.command("versions")(versions)
    app.add_typer(words, name="lexicon")


def check() -> None:
    """检查随程序附带的词库：重复、被遮蔽、单字、被排除语吞掉、跨词碰撞。"""
    problems = lint(builtin())
    for problem in problems:
        say(str(problem))
    if problems:
        raise LexiconHasProblems(f"{len(problems)} 处")
    say("词库检查通过。")


def explain(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="要试的文本。")],
    live: Annotated[bool, typer.Option(help="用数据库中现行的词库；缺省为随程序附带的。")] = False,
    demo: Annotated[bool, typer.Option(help="在演示库里。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出。")] = False,
) -> None:
    """试一段文本：命中了什么、为什么算或不算、分值怎么来的。"""
    words = screen(ctx).house(demo=demo).lexicon() if live or demo else builtin()
    judged = Matcher(words).explain(text)
    if as_json:
        print_json(judged)
        return
    say(
        f"级别 {judged.level}  分值 {judged.score}  "
        f"类别 {words.category_name(judged.category) or '—'}  词库 {words.version}"
    )
    show(_matches(judged.matches, words))
    say("；".join(f"{part.label}{part.points:+d}" for part in judged.parts) or "没有命中任何词条。")


def _matches(matches: tuple[Match, ...], words: Lexicon) -> Table:
    table = Table("词条", "原文", "位置", "类别", "手法", "层级", "强弱", "结论")
    for match in matches:
        end = match.cancelled_by or (f"被更长的“{match.covered_by}”覆盖" if match.covered_by else "计入")
        table.add_row(
            Text(match.term),
            Text(match.surface),
            f"{match.start}–{match.end}",
            words.category_name(match.category),
            match.technique,
            match.tier,
            match.strength,
            Text(end),
        )
    return table


def take_in(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="填好的 Excel 或 YAML。", exists=True, dir_okay=False)],
    note: Annotated[str, typer.Option(help="变更说明。")],
    author: Annotated[str, typer.Option(help="谁做的变更。")] = "词库员",
    dry_run: Annotated[bool, typer.Option(help="只检查，不发布。")] = False,
    demo: Annotated[bool, typer.Option(help="在演示库里。")] = False,
) -> None:
    """导入新词条、排除语、语境词：检查通过后成为新版本，下一次监测即用。有一处错误则什么都不改。"""
    house = screen(ctx).house(demo=demo)
    version = import_additions(house, file, note=note, author=author, dry_run=dry_run)
    say(f"检查通过，未发布（--dry-run）：{version}" if dry_run else f"已发布词库 {version}，下一次监测起使用。")
    say(f"用 xunwang lexicon test {'--demo' if demo else '--live'} 文本 试一试。")


def import_additions(house: House, file: Path, *, note: str, author: str, dry_run: bool = False) -> str:
    """Add what `file` holds to the live lexicon and make that the live version; its name.

    Raises keywords.LexiconFileRefused with the address of every cell at fault; then nothing has changed.
    """
    base = house.lexicon()
    additions = read_additions(file, against=base)
    with transaction(house.engine) as conn:
        name = released.next_name(conn)
        grown = base.with_additions(additions, version=name)
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
    demo: Annotated[bool, typer.Option(help="在演示库里。")] = False,
) -> None:
    """列出词库的各个版本。"""
    house = screen(ctx).house(demo=demo)
    table = Table("版本", "现行", "发布时间", "作者", "变更说明")
    with transaction(house.engine) as conn:
        found = released.versions(conn)
    for one in found:
        at = shanghai(one.released_at).strftime("%Y-%m-%d %H:%M")
        table.add_row(one.name, "●" if one.live else "", at, Text(one.author), Text(one.change_note))
    show(table)
