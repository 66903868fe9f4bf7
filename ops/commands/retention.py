"""保存期限 on the command line: what is kept how long, the purge, holds, tombstones."""

from typing import Annotated

import typer
from rich.table import Table

from db import holds, purges
from db.engine import transaction
from ops.commands.options import AsJson, Demo
from ops.retention import NAMES, purge, rules
from ops.screen import print_json, say, screen, show
from records import masking, now, shanghai


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    retention = typer.Typer(help="保存期限：各类记录留多久，到期清除，依法保留。", no_args_is_help=True)
    retention.command("show")(show_rules)
    retention.command("run")(run_now)
    retention.command("hold")(hold)
    retention.command("lift")(lift)
    retention.command("stones")(stones)
    app.add_typer(retention, name="retention")


def show_rules(ctx: typer.Context, as_json: AsJson = False, demo: Demo = False) -> None:
    """各类记录的保存天数、现在到期的数量、依法保留、最近一次清除。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        found = rules(conn, house.settings.retention, now())
        standing, last = holds.standing(conn), purges.latest(conn)
    if as_json:
        facts = [{"class": one.kind.value, "days": one.days, "due": one.due} for one in found]
        held = [{"id": one.id, "lead": one.lead_id, "seller": one.seller_id, "by": one.set_by} for one in standing]
        print_json({"rules": facts, "holds": held, "last": last[0] if last else None})
        return
    table = Table("类别", "保存", "现在到期")
    for one in found:
        table.add_row(one.name, f"{one.days} 天" if one.days else "长期", str(one.due))
    show(table)
    for each in standing:
        what = (
            f"线索 {each.lead_id}" if each.lead_id else f"卖家 {each.seller_id}（{masking.person(each.seller_name)}）"
        )
        say(f"依法保留 {each.id}：{what}，{each.reason}，{each.set_by} {shanghai(each.set_at):%Y-%m-%d}")
    if last:
        ended = f"{shanghai(last[0].finished_at):%Y-%m-%d %H:%M}" if last[0].finished_at else "未做完，时钟会接着做"
        say(f"最近一次清除：{ended}，{told(last[0].counts)}")


def told(counts: object) -> str:
    """What a purge took, in words."""
    named = {kind.value: name for kind, name in NAMES.items()} | {"swept": "磁盘上的文件"}
    parts = [f"{named.get(kind, kind)} {count}" for kind, count in dict(counts).items() if count]  # type: ignore[call-overload]
    return "、".join(parts) or "没有到期的"


def run_now(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说会清除多少，什么都不动。")] = False,
    by: Annotated[str, typer.Option(help="谁清除的，写入审计。")] = "命令行",
    as_json: AsJson = False,
    demo: Demo = False,
) -> None:
    """现在清除到期的：依法保留的、已制作证据包或已立案的不动；每一笔留下墓碑和审计。"""
    house = screen(ctx).house(demo=demo)
    if dry_run:
        with transaction(house.engine) as conn:
            found = rules(conn, house.settings.retention, now())
        if as_json:
            print_json({one.kind.value: one.due for one in found})
        else:
            say("试算，没有改动任何内容：" + told({one.kind.value: one.due for one in found}))
        raise typer.Exit(0 if any(one.due for one in found) else 4)
    done = purge(house, by=by)
    if done is None:
        say("另一个清除正在进行。")
        raise typer.Exit(3)
    if as_json:
        print_json(done)
    else:
        say(f"已清除：{told(done.counts)}")


def hold(
    ctx: typer.Context,
    lead: Annotated[int, typer.Argument(help="线索 id。")],
    why: Annotated[str, typer.Option("--why", help="事由：案号、协查函号等。")],
    by: Annotated[str, typer.Option("--by", help="谁决定的。")],
    seller: Annotated[bool, typer.Option("--seller", help="保留该卖家的全部线索，包括以后的。")] = False,
    demo: Demo = False,
) -> None:
    """依法保留一条线索，或它的卖家的全部线索：解除之前什么都不清除。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        holds.place(conn, lead, whole_seller=seller, reason=why, by=by, at=now())
    say("已保留。")


def lift(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(help="保留的编号，见 retention show。")],
    why: Annotated[str, typer.Option("--why", help="解除的事由。")],
    by: Annotated[str, typer.Option("--by", help="谁决定的。")],
    demo: Demo = False,
) -> None:
    """解除一项依法保留。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        holds.lift(conn, number, why=why, by=by, at=now())
    say("已解除，到期的会在下次清除。")


def stones(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: AsJson = False,
    demo: Demo = False,
) -> None:
    """墓碑：清除了什么、何时、依哪条规则、原内容的校验值，新的在前。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        found = purges.stones(conn, limit=limit)
    if as_json:
        for one in found:
            print_json(one)
        return
    table = Table("编号", "时间", "对象", "规则", "行数", "SHA-256")
    for one in found:
        table.add_row(
            str(one.id), f"{shanghai(one.at):%Y-%m-%d %H:%M}", one.subject, one.rule, str(one.rows), one.sha256
        )
    show(table)
