"""线索 on the command line: list, show, export."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from db import queue, review, unmasking
from db.engine import transaction
from db.queue import ANYWHERE, QueueFilter
from ops.commands.options import Demo, JsonLines
from ops.screen import print_json, say, screen, show
from records import Fault, LeadState, masking, now, shanghai


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
            print_json(veiled_data(lead))
        return
    table = Table("编号", "分值", "平台", "区（市）", "类别", "件数", "标题", "首见")
    for lead in found:
        seen = shanghai(lead.first_seen).strftime("%m-%d %H:%M")
        table.add_row(
            lead.number or str(lead.id), str(lead.score), lead.platform, lead.district, lead.category,
            str(lead.hits), masking.veiled(lead.title), seen,
        )  # fmt: skip
    show(table)
    say(f"共 {total} 条{state}，列出 {len(found)} 条。")


def show_lead(
    ctx: typer.Context,
    lead: Annotated[int, typer.Argument(help="线索 id。")],
    unmask: Annotated[str, typer.Option(help="不脱敏，写明事由；写入审计和保管链。")] = "",
    by: Annotated[str, typer.Option(help="谁查看未脱敏的内容，写入审计和保管链。")] = "命令行",
    demo: Demo = False,
) -> None:
    """一条线索的全部内容（JSON），个人信息已脱敏。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        page = review.lead_page(conn, lead)
        if page is not None and unmask.strip():
            unmasking.note(conn, by, lead, reason=unmask.strip(), at=now())
    if page is None:
        raise LeadUnknown(str(lead))
    print_json(page if unmask.strip() else veiled_data(page))


#: Names of fields: a person's own, addresses that lead to one, and what is no text of a page.
_PERSONS, _LEADING, _EXACT = ("seller_name",), ("seller_url",), ("url", "item_id", "sha256", "number", "id")


def veiled_data(value: Any, name: str = "") -> Any:
    """A record, and all that it holds, as it may be printed: texts veiled, sellers by their first character."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: veiled_data(getattr(value, one.name), one.name) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: veiled_data(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [veiled_data(one, name) for one in value]
    if not isinstance(value, str) or name in _EXACT:
        return value
    return masking.person(value) if name in _PERSONS else "" if name in _LEADING else masking.veiled(value)


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
