"""摸底台账 on the command line: who runs the platforms, as their own pages say."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from db import ledger
from db.engine import transaction
from ops.commands.options import Demo
from ops.screen import say, screen, show
from records import now, shanghai


def register(platforms: typer.Typer) -> None:
    """Put the command under `platform`."""
    platforms.command("ledger")(platform_ledger)


def platform_ledger(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option(help="另写成这个 .xlsx 文件。")] = None,
    demo: Demo = False,
) -> None:
    """平台摸底台账：监测时从页脚读到的经营者、统一社会信用代码、ICP 备案、住所、亮照链接。"""
    from ops.labels import labels  # platforms and spreadsheets: needed here alone
    from reports import credit_code_says, export_ledger

    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        entries = ledger.entries(conn)
    table = Table("平台", "经营者（页面所示）", "统一社会信用代码", "校验位", "ICP 备案", "住所", "亮照", "读取日期")
    for entry in entries:
        said = entry.imprint
        shown = (said.operator, said.uscc, credit_code_says(said.uscc), said.icp, said.seat, said.license_url)
        table.add_row(entry.platform, *(one or "—" for one in shown), shanghai(said.read_at).strftime("%Y-%m-%d"))
    if entries:
        show(table)
        say("以上为平台页面自行公示的内容，未经登记机关核实。")
    else:
        say("台账是空的：下一次监测读到平台页脚后自动记入。")
    if out is not None:
        count = export_ledger(entries, out, labels=labels(house), made_at=now())
        say(f"已写 {out}：{count} 个平台。")
