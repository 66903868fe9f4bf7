"""线索 on the command line: list, show, export."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from db import queue, review
from db.engine import transaction
from db.queue import ANYWHERE, QueueFilter
from ops.commands.options import Demo, JsonLines
from ops.screen import print_json, say, screen, show
from records import Fault, LeadState, shanghai


class LeadUnknown(Fault):
    """没有这条线索。

    There is no such lead.
    """

    code = "E-OPS-060"
    remedy = ("用 `xunwang leads list` 查看编号。", "`xunwang leads list` shows the ids.")
    exit_code = 2


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    leads = typer.Typer(help="线索。", no_args_is_help=True)
    leads.command("list")(list_leads)
    leads.command("show")(show_lead)
    leads.command("export")(export)
    app.add_typer(leads, name="leads")


def list_leads(
    ctx: typer.Context,
    state: Annotated[LeadState, typer.Option(help="疑似、核查中、已排除、待研判。")] = LeadState.CANDIDATE,
    platform: Annotated[str, typer.Option(help="平台代码。")] = "",
    category: Annotated[str, typer.Option(help="类别代码。")] = "",
    district: Annotated[str, typer.Option(help="区（市）；缺省为全部。")] = ANYWHERE,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: JsonLines = False,
    demo: Demo = False,
) -> None:
    """列出线索，分值高的在前。"""
    house = screen(ctx).house(demo=demo)
    wanted = QueueFilter(state=state, platform=platform, category=category, district=district)
    with transaction(house.engine) as conn:
        found = queue.queue(conn, wanted, limit=limit)
        total = queue.queue_length(conn, wanted)
    if as_json:
        for lead in found:
            print_json(lead)
        return
    table = Table("编号", "分值", "平台", "区（市）", "类别", "件数", "标题", "首见")
    for lead in found:
        seen = shanghai(lead.first_seen).strftime("%m-%d %H:%M")
        table.add_row(
            lead.number or str(lead.id), str(lead.score), lead.platform, lead.district, lead.category,
            str(lead.hits), lead.title, seen,
        )  # fmt: skip
    show(table)
    say(f"共 {total} 条{state}，列出 {len(found)} 条。")


def show_lead(ctx: typer.Context, lead: Annotated[int, typer.Argument(help="线索 id。")], demo: Demo = False) -> None:
    """一条线索的全部内容（JSON）。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        page = review.lead_page(conn, lead)
    if page is None:
        raise LeadUnknown(str(lead))
    print_json(page)


def export(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="要写的 .xlsx 文件。")],
    state: Annotated[LeadState | None, typer.Option(help="缺省为全部状态。")] = None,
    district: Annotated[str, typer.Option(help="区（市）；缺省为全部。")] = "",
    demo: Demo = False,
) -> None:
    """导出线索清单（Excel，卖家名称已遮蔽）。"""
    from ops.labels import labels  # these two bring platforms and spreadsheets, which listing and showing do without
    from reports import LeadFilter, export_leads

    house = screen(ctx).house(demo=demo)
    wanted = LeadFilter(states=(state,) if state else (), districts=(district,) if district else ())
    done = export_leads(house.engine, path, filters=wanted, labels=labels(house))
    say(f"已写 {done.path}：线索 {done.leads} 条，疑似信息 {done.hits} 条。")
